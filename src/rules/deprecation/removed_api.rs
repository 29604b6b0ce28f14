//! An API that the target version of Kubernetes no longer serves.
//!
//! ## What it does
//! Reports objects whose API version was removed from Kubernetes before or in the version that `kubernetes`
//! names (the newest that is known, unless set), with the release and what to use instead.
//!
//! ## Why
//! The API server has no such resource any more. Flux stops at the object: nothing of its Kustomization is
//! applied, from the moment that the cluster is upgraded.
//!
//! ## Fails
//! ```yaml
//! apiVersion: policy/v1beta1
//! kind: PodDisruptionBudget
//! metadata:
//!   name: web
//! spec:
//!   minAvailable: 1
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: policy/v1
//! kind: PodDisruptionBudget
//! metadata:
//!   name: web
//! spec:
//!   minAvailable: 1
//! ```
//!
//! ## Limits
//! Custom resources are served as their CRDs say; those of Flux have a rule of their own,
//! `flux/deprecated-api`.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>
//! - <https://kubernetes.io/docs/reference/using-api/deprecation-policy/>

use crate::{
    check::{Findings, Scope},
    finding::Level,
    kube::Object,
    rules::{Check, Rule},
    schema::lifecycle::Lifecycle,
};

pub(super) static RULE: Rule = Rule {
    id: "deprecation/removed-api",
    level: Level::Error,
    since: "0.2.0",
    summary: "an API that the target version of Kubernetes no longer serves",
    check: Check::Object(&[], check),
    source: include_str!("removed_api.rs"),
};

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(lifecycle) = Lifecycle::of(object.api_version, object.kind) else { return };
    let versions = lifecycle.without_it(scope.versions);
    if let Some(minor) = lifecycle.removed.filter(|_| !versions.is_empty()) {
        let said = format!("was removed in Kubernetes 1.{minor}");
        findings.report(super::violation(object, &lifecycle, &said, versions, scope.versions));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn the_release_and_the_replacement_are_named() {
        check(
            &RULE,
            r#"
#- a.yaml
apiVersion: extensions/v1beta1
#           ^^^^^^^^^^^^^^^^^^ deprecation/removed-api: Ingress of extensions/v1beta1 was removed in Kubernetes 1.22
kind: Ingress
metadata: {name: x}
---
apiVersion: policy/v1beta1
#           ^^^^^^^^^^^^^^ deprecation/removed-api: PodSecurityPolicy of policy/v1beta1 was removed in Kubernetes 1.25
kind: PodSecurityPolicy
metadata: {name: x}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: x}
"#,
        );
    }

    #[test]
    fn versions_decide() {
        check_with(
            &RULE,
            "kubernetes: ['1.25', '1.26', '1.27']",
            r#"
#- a.yaml
apiVersion: autoscaling/v2beta2
#           ^^^^^^^^^^^^^^^^^^^ deprecation/removed-api: HorizontalPodAutoscaler of autoscaling/v2beta2 was removed in Kubernetes 1.26 (Kubernetes 1.26, 1.27)
kind: HorizontalPodAutoscaler
metadata: {name: x}
"#,
        );
    }
}
