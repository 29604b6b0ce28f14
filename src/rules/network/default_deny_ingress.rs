//! A workload whose ingress no NetworkPolicy closes.
//!
//! ## What it does
//! Reports every pod that no NetworkPolicy of its namespace isolates for ingress. A policy isolates
//! the pods that its `podSelector` matches, if `Ingress` is among its policy types; without
//! `policyTypes` it is.
//!
//! ## Why
//! Any pod of the cluster may connect to a pod that no policy isolates, on every port that it
//! listens on, whether a Service names the port or not.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-egress
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-all
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ```
//!
//! ## Options
//! `egress.exempt.namespaces` lists namespaces whose pods are let alone.
//!
//! ## Limits
//! What ingress rules open is not judged. Pods in the host's network are left to
//! `network/default-deny-egress`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-ingress-traffic>

use super::{
    is_exempt,
    isolation::{self, Way},
};
use crate::{
    check::{Findings, Namespace, Scope},
    finding::Level,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "network/default-deny-ingress",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a workload whose ingress no NetworkPolicy closes",
    check: Check::Namespace(check),
    source: include_str!("default_deny_ingress.rs"),
};

const INGRESS: Way = Way {
    policy_type: "Ingress",
    name: "ingress",
    open: "any pod may reach it",
    of: |policy| &policy.ingress,
};

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if !is_exempt(scope, namespace.name) {
        isolation::check(namespace, &INGRESS, findings);
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn policies_are_for_ingress_unless_they_say_otherwise() {
        for (policy, is_open) in [
            ("{podSelector: {}}", false),
            ("{podSelector: {}, policyTypes: [Ingress]}", false),
            ("{podSelector: {}, egress: [{}]}", false),
            ("{podSelector: {}, policyTypes: [Egress]}", true),
            ("{podSelector: {matchLabels: {app: other}}}", true),
        ] {
            let expected = if is_open {
                "#                ^ network/default-deny-ingress: no NetworkPolicy isolates Pod x for ingress: any pod may reach it\n"
            } else {
                ""
            };
            check(
                &RULE,
                &format!(
                    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                     metadata: {{name: p}}\nspec: {policy}\n---\n\
                     apiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\n{expected}\
                     spec: {{containers: [{{name: a}}]}}\n"
                ),
            );
        }
    }
}
