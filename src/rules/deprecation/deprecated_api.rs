//! An API that the target version of Kubernetes serves, and warns about.
//!
//! ## What it does
//! Reports objects whose API version is deprecated in the version that `kubernetes` names (the newest that is
//! known, unless set), with the release that removes it, if that is known, and what to use instead. So are
//! custom resources in a version that their CRD says is deprecated.
//!
//! ## Why
//! It works until the cluster is upgraded to the release that removes it. To change it before is a matter of
//! a line; after, the cluster can't be reconciled.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Endpoints
//! metadata:
//!   name: web
//! subsets:
//! - addresses: [{ip: 10.0.0.1}]
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: discovery.k8s.io/v1
//! kind: EndpointSlice
//! metadata:
//!   name: web
//! addressType: IPv4
//! endpoints:
//! - addresses: [10.0.0.1]
//! ```
//!
//! ## Limits
//! Fields have a rule of their own, `deprecation/deprecated-field`, and so have Flux' own kinds:
//! `flux/deprecated-api`.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>
//! - <https://kubernetes.io/docs/reference/using-api/deprecation-policy/>

use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::Object,
    rules::{Check, Rule},
    schema::lifecycle::Lifecycle,
};

pub(super) static RULE: Rule = Rule {
    id: "deprecation/deprecated-api",
    level: Level::Warn,
    since: "0.2.0",
    summary: "an API that Kubernetes has deprecated",
    check: Check::Object(&[], check),
    source: include_str!("deprecated_api.rs"),
};

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(lifecycle) = Lifecycle::of(object.api_version, object.kind) else {
        check_custom(object, scope, findings);
        return;
    };
    let versions = lifecycle.warning(scope.versions);
    if let Some(minor) = lifecycle.deprecated.filter(|_| !versions.is_empty()) {
        let mut said = format!("is deprecated since Kubernetes 1.{minor}");
        if let Some(minor) = lifecycle.removed {
            said.push_str(&format!(", and not served from 1.{minor} on"));
        }
        findings.report(super::violation(object, &lifecycle, &said, versions, scope.versions));
    }
}

/// A version that its CRD says is deprecated.
fn check_custom<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    // `flux/deprecated-api` reports those.
    if object.group().is_empty() || object.group().ends_with(".toolkit.fluxcd.io") {
        return;
    }
    let Some((warning, others, project)) = scope.customs.deprecation(object) else { return };
    let (kind, api_version) = (object.kind, object.api_version);
    let node = object.root.get("apiVersion").unwrap_or(object.root);
    let said = match warning {
        "" => format!("{kind} of {api_version} is deprecated"),
        warning if warning.contains(kind) => warning.to_owned(),
        warning => format!("{kind} of {api_version} is deprecated: {warning}"),
    };
    let mut violation = Violation::at(object, node, said);
    let serves = (!others.is_empty()).then(|| others.join(", "));
    violation.help = match (project, serves) {
        (Some(project), Some(serves)) => Some(format!("{project} serves {serves}")),
        (Some(project), None) => Some(format!("as {project} says")),
        (None, Some(serves)) => Some(format!("its CRD serves {serves}")),
        (None, None) => None,
    };
    findings.report(violation);
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn the_release_that_removes_it_is_named() {
        check(
            &RULE,
            r#"
#- a.yaml
apiVersion: v1
#           ^^ deprecation/deprecated-api: ComponentStatus of v1 is deprecated since Kubernetes 1.19
kind: ComponentStatus
metadata: {name: x}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: x}
"#,
        );
    }

    #[test]
    fn crds_say_which_of_their_versions_are_deprecated() {
        check(
            &RULE,
            r#"
#- crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  names: {kind: Database, plural: databases}
  scope: Namespaced
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}
  - name: v1beta1
    served: true
    storage: false
    deprecated: true
    deprecationWarning: it goes in June
    schema: {openAPIV3Schema: {type: object}}
#- database.yaml
apiVersion: example.com/v1beta1
#           ^^^^^^^^^^^^^^^^^^^ deprecation/deprecated-api: Database of example.com/v1beta1 is deprecated: it goes in June
kind: Database
metadata: {name: x}
---
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
---
apiVersion: kyverno.io/v1
#           ^^^^^^^^^^^^^ deprecation/deprecated-api: kyverno.io/v1 ClusterPolicy is deprecated and will be removed in a future release; migrate to ValidatingPolicy, MutatingPolicy, GeneratingPolicy or ImageValidatingPolicy (policies.kyverno.io), see https://kyverno.io/docs/guides/migration-to-cel/
kind: ClusterPolicy
metadata: {name: x}
"#,
        );
    }

    #[test]
    fn versions_decide() {
        check_with(
            &RULE,
            "kubernetes: ['1.25', '1.26', '1.31', '1.32']",
            r#"
#- a.yaml
apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
#           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ deprecation/deprecated-api: FlowSchema of flowcontrol.apiserver.k8s.io/v1beta3 is deprecated since Kubernetes 1.29, and not served from 1.32 on (Kubernetes 1.31)
kind: FlowSchema
metadata: {name: x}
"#,
        );
    }
}
