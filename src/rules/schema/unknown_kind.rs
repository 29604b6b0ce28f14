//! A kind that Kubernetes doesn't have, or a kind without a schema.
//!
//! ## What it does
//! Looks up the kind of every object. A kind of one of Kubernetes' own groups that no version has, that
//! the version named by `kubernetes` doesn't have yet, or that a CRD of the repository doesn't serve in
//! that version, is reported.
//!
//! A kind that neither Kubernetes, nor a CRD in the repository, nor one of those that portcullis carries
//! defines has no schema: its objects aren't held against one, and a coverage gap `no-schema` says so,
//! once for each kind. So is a kind of a project that portcullis carries in other versions alone: which
//! release a cluster has isn't known.
//!
//! ## Why
//! The API server has no resource to put such an object into. Flux stops at it: nothing of its
//! Kustomization is applied.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deploymnet
//! metadata:
//!   name: web
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Limits
//! Whether an API that is alpha or beta is switched on in a cluster can't be seen from manifests. What
//! Kubernetes had once and has no more is reported by `deprecation/removed-api`.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/#api-groups>

use crate::{
    check::{Findings, Place, Scope, Target, Violation},
    finding::{GapKind, Level},
    kube::Object,
    rules::{Check, Rule},
    schema::Kind,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/unknown-kind",
    level: Level::Error,
    since: "0.2.0",
    summary: "a kind that Kubernetes does not have, or a kind without a schema",
    check: Check::Object(&[], check),
    source: include_str!("unknown_kind.rs"),
};

/// What to do about a kind without a schema.
const COMMAND: &str = "`portcullis schema add FILE` adds its CRD";

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let (api_version, kind) = (object.api_version, object.kind);
    match Kind::of(object, scope.versions, &scope.customs) {
        Kind::Known => {}
        Kind::NoSchema { known } => {
            if let Some(broken) = scope.customs.broken(object) {
                let place = Place::in_file(broken.file, Target::Node(broken.node));
                findings.gap(
                    GapKind::NoSchema,
                    place,
                    format!("the schema of {kind} ({api_version}) can't be used: {broken}"),
                );
                return;
            }
            findings.gap(
                GapKind::NoSchema,
                Place::node(object, object.root),
                match known {
                    Some(known) => {
                        format!("no schema for {kind} ({api_version}): {known}; {COMMAND}")
                    }
                    None => format!("no schema for {kind} ({api_version}): {COMMAND}"),
                },
            );
        }
        Kind::Missing { versions, help } => {
            let node = object.root.get("kind").unwrap_or(object.root);
            let suffix = super::suffix(versions, scope.versions);
            let mut violation =
                Violation::at(object, node, format!("there is no {kind} in {api_version}{suffix}"));
            violation.help = help;
            findings.report(violation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn kinds_are_looked_up() {
        check(
            &RULE,
            r#"
#- a.yaml
apiVersion: v1
kind: Services
#     ^^^^^^^^ schema/unknown-kind: there is no Services in v1
metadata: {name: x}
---
apiVersion: networking.k8s.io/v2
kind: Ingress
#     ^^^^^^^ schema/unknown-kind: there is no Ingress in networking.k8s.io/v2
metadata: {name: x}
---
apiVersion: v1
kind: Service
metadata: {name: x}
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: x}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: x}
#                ^ gap no-schema: no schema for Thing (example.com/v1): `portcullis schema add FILE` adds its CRD
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: other}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: x}
---
apiVersion: cert-manager.io/v1alpha2
kind: Certificate
metadata: {name: x}
#                ^ gap no-schema: no schema for Certificate (cert-manager.io/v1alpha2): cert-manager v1.21.2 has v1; `portcullis schema add FILE` adds its CRD
---
apiVersion: cert-manager.io/v1
kind: Certificates
metadata: {name: x}
#                ^ gap no-schema: no schema for Certificates (cert-manager.io/v1): cert-manager v1.21.2 has no such kind; `portcullis schema add FILE` adds its CRD
"#,
        );
    }

    #[test]
    fn what_a_version_does_not_have_yet_is_reported() {
        check_with(
            &RULE,
            "kubernetes: ['1.29', '1.30']",
            r#"
#- a.yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
#     ^^^^^^^^^^^^^^^^^^^^^^^^^ schema/unknown-kind: there is no ValidatingAdmissionPolicy in admissionregistration.k8s.io/v1 (Kubernetes 1.29)
metadata: {name: x}
"#,
        );
    }

    #[test]
    fn a_crd_serves_its_versions_and_a_broken_one_is_a_gap() {
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
  - name: v2
    served: true
    storage: false
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: objekt}}
#                                 ^^^^^^ gap no-schema: the schema of Database (example.com/v2) can't be used: there is no type objekt
#- database.yaml
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
---
apiVersion: example.com/v2
kind: Database
metadata: {name: x}
---
apiVersion: example.com/v3
kind: Database
#     ^^^^^^^^ schema/unknown-kind: there is no Database in example.com/v3
metadata: {name: x}
"#,
        );
    }
}
