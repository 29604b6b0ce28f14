//! A namespace with pods that has no policy which closes egress for all of them.
//!
//! ## What it does
//! Reports a namespace that holds pods, unless one NetworkPolicy selects all of its pods
//! (`podSelector: {}`), has `Egress` among its policy types, and allows nothing.
//!
//! ## Why
//! Policies that select by label leave the next workload open until somebody thinks of it. With a
//! default deny, a new workload is closed from its first second, and every opening is written down.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//!   labels: {app: web}
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   podSelector:
//!     matchLabels: {app: web}
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
//!   name: default-deny
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Ingress, Egress]
//! ```
//!
//! ## Options
//! `egress.exempt.namespaces` lists namespaces that need none.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-deny-all-egress-traffic>

use super::is_exempt;
use crate::{
    check::{Findings, Namespace, Place, Scope, Violation},
    finding::Level,
    kube::Match,
    netpol::Policy,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "network/namespace-default-deny",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a namespace with pods that has no policy which closes egress for all of them",
    check: Check::Namespace(check),
    source: include_str!("namespace_default_deny.rs"),
};

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if is_exempt(scope, namespace.name) {
        return;
    }
    let governed = namespace.pods.iter().find(|pod| !pod.is_host_network());
    let Some(pod) = governed else { return };
    let denies = namespace.network_policies.iter().map(denies_all_egress).max();
    if denies.unwrap_or(Match::No) > Match::No {
        // What keeps it from being certain is reported with the policy.
        return;
    }
    let message =
        format!("namespace {} has no policy that closes egress for all its pods", namespace.name);
    let place = match namespace.object {
        Some(object) => Place::node(object, object.root),
        None => Place::node(pod.object, pod.object.root),
    };
    let mut violation = Violation::new(place, message).help(
        "add a NetworkPolicy with podSelector: {}, policyTypes: [Egress] and no egress rules, and \
         open what is needed in others",
    );
    let nearest = namespace.network_policies.iter().find(|policy| {
        policy.selector.is_everything()
            && !policy.is_refused()
            && policy.egress.isolates == Match::Yes
    });
    if let Some((policy, rule)) = nearest.and_then(|p| Some((p, p.egress.rules.first()?))) {
        let why = format!("{} selects all pods, but allows this", policy.name());
        violation = violation.related(Place::node(policy.object, rule.node), why);
    }
    findings.report(violation);
}

/// Whether a policy closes egress for all pods, present and future.
fn denies_all_egress(policy: &Policy<'_>) -> Match {
    let selects_all = match policy.selector.requirements.as_slice() {
        [] if policy.selector.unknowns.is_empty() => Match::Yes,
        [] => Match::Maybe,
        _ => Match::No,
    };
    let allows_nothing = match policy.egress.rules.as_slice() {
        [] if policy.egress.has_unknown_rules => Match::Maybe,
        [] => Match::Yes,
        _ => Match::No,
    };
    if policy.is_refused() {
        return Match::No;
    }
    selects_all.min(policy.egress.isolates).min(allows_nothing)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn only_a_policy_for_all_pods_that_allows_nothing_will_do() {
        for (policy, is_reported) in [
            ("{podSelector: {}, policyTypes: [Egress]}", false),
            ("{podSelector: {}, policyTypes: [Egress], egress: []}", false),
            ("{podSelector: {matchLabels: {}}, policyTypes: [Egress]}", false),
            ("{policyTypes: [Egress]}", false),
            ("{podSelector: {}, policyTypes: [Ingress]}", true),
            ("{podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}", true),
            ("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}", true),
            ("{podSelector: {}, policyTypes: [Egress, Both]}", true),
            ("{podSelector: {matchLabels: {\"${K}\": x}}, policyTypes: [Egress]}", false),
        ] {
            let expected = if is_reported {
                "#                ^^^^ network/namespace-default-deny: namespace shop has no policy that closes egress for all its pods\n"
            } else {
                ""
            };
            check(
                &RULE,
                &format!(
                    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                     metadata: {{name: p, namespace: shop}}\nspec: {policy}\n---\n\
                     apiVersion: v1\nkind: Pod\n\
                     metadata: {{name: x, namespace: shop, labels: {{app: x}}}}\n\
                     spec: {{containers: [{{name: a}}]}}\n---\n\
                     apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop}}\n{expected}"
                ),
            );
        }
    }

    #[test]
    fn it_is_reported_once_and_only_where_there_are_pods() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Namespace
metadata: {name: empty}
---
apiVersion: v1
kind: Pod
metadata: {name: x}
#                ^ network/namespace-default-deny: namespace default has no policy that closes egress for all its pods
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: y}
spec: {containers: [{name: a}]}
"#,
        );
    }
}
