//! A NetworkPolicy that selects no pod, or a peer that matches none.
//!
//! ## What it does
//! Reports a NetworkPolicy whose `podSelector` matches no pod of its namespace, and a peer whose
//! selectors match no pod, where that can be told: peers in the policy's own namespace, and peers
//! in namespaces that `kubernetes.io/metadata.name` names and that have pods in the repository.
//!
//! ## Why
//! Such a policy mostly is a label that was renamed on one side only: what it was to close is open,
//! or what it was to open is closed.
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
//!   name: website
//!   namespace: shop
//! spec:
//!   podSelector:
//!     matchLabels: {app: website}
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
//! ## Limits
//! Pods that Helm charts or operators make aren't seen; where a HelmRelease installs into the
//! namespace, nothing is reported.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use crate::{
    check::{Cluster, Findings, Namespace, Place, Scope, Violation},
    finding::Level,
    kube::Selector,
    netpol::{NAMESPACE_NAME, Peer, PeerKind, Policy},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "network/dead-policy",
    level: Level::Note,
    since: "0.1.0",
    summary: "a NetworkPolicy that selects no pod, or a peer that matches none",
    check: Check::Namespace(check),
    source: include_str!("dead_policy.rs"),
};

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if namespace.network_policies.is_empty() {
        return;
    }
    let mut is_alive = vec![false; namespace.network_policies.len()];
    let pods = 0..namespace.pods.len();
    for selected in pods.flat_map(|pod| namespace.selection.selecting(pod)) {
        if let Some(alive) = is_alive.get_mut(selected.policy) {
            *alive = true;
        }
    }
    for (policy, is_alive) in namespace.network_policies.iter().zip(is_alive) {
        if policy.is_refused() {
            continue;
        }
        if !is_alive && !policy.selector.is_everything() && namespace.helm_releases.is_empty() {
            report_policy(policy, namespace, findings);
            continue;
        }
        let rules = policy.egress.rules.iter().chain(&policy.ingress.rules);
        for peer in rules.flat_map(|rule| &rule.peers) {
            if matches_nothing(peer, namespace, scope.cluster) {
                let message =
                    format!("this peer of NetworkPolicy {} matches no pod", policy.name());
                findings.report(
                    Violation::at(policy.object, peer.node, message)
                        .help("correct its labels, or remove it"),
                );
            }
        }
    }
}

fn report_policy<'a>(
    policy: &'a Policy<'a>,
    namespace: &Namespace<'_>,
    findings: &mut Findings<'a>,
) {
    let message =
        format!("NetworkPolicy {} selects no pod of namespace {}", policy.name(), namespace.name);
    let spec = policy.object.spec().unwrap_or(policy.object.root);
    let requirement = policy.selector.requirements.first();
    let place = match requirement {
        Some(requirement) => Place::node(policy.object, requirement.node),
        None => Place::field(policy.object, spec, "podSelector"),
    };
    findings.report(Violation::new(place, message).help("correct its labels, or remove it"));
}

/// Whether a peer certainly matches no pod of the repository, in namespaces that are in it.
fn matches_nothing<'a>(
    peer: &'a Peer<'a>,
    own: &'a Namespace<'a>,
    cluster: &'a Cluster<'a>,
) -> bool {
    let PeerKind::Pods { namespaces, pods: Some(pods) } = &peer.kind else { return false };
    if pods.is_everything() {
        return false;
    }
    let named: Vec<&Namespace<'_>> = match namespaces {
        None => vec![own],
        Some(selector) => match only_names(selector) {
            Some(names) => {
                let known: Vec<_> =
                    names.iter().filter_map(|name| cluster.namespace(name)).collect();
                if known.len() < names.len() {
                    return false;
                }
                known
            }
            None => return false,
        },
    };
    named.iter().all(|namespace| {
        let has_pods = !namespace.pods.is_empty() && namespace.helm_releases.is_empty();
        has_pods && !namespace.selection.may_match_any(pods)
    })
}

/// The names that a namespace selector lists, if that is all it does.
fn only_names<'s>(selector: &'s Selector<'_>) -> Option<&'s [&'s str]> {
    match selector.requirements.as_slice() {
        [only]
            if only.key == NAMESPACE_NAME
                && only.operator == crate::kube::Operator::In
                && selector.unknowns.is_empty() =>
        {
            Some(&only.values)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn selectors_that_match_nothing_are_reported() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: pg, namespace: db, labels: {app: pg}}
spec: {containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: dead, namespace: shop}
spec:
  podSelector: {matchLabels: {app: website}}
#                                  ^^^^^^^ network/dead-policy: NetworkPolicy dead selects no pod of namespace shop
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: alive, namespace: shop}
spec:
  podSelector: {}
  egress:
  - to:
    - podSelector: {matchLabels: {app: api}}
#     ^^^^^^^^^^^ network/dead-policy: this peer of NetworkPolicy alive matches no pod
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: db}}
#     ^^^^^^^^^^^^^^^^^ network/dead-policy: this peer of NetworkPolicy alive matches no pod
      podSelector: {matchLabels: {app: mysql}}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: db}}
      podSelector: {matchLabels: {app: pg}}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    - namespaceSelector: {matchLabels: {team: a}}
      podSelector: {matchLabels: {app: api}}
    - podSelector: {}
"#,
        );
    }

    #[test]
    fn charts_may_install_what_is_selected() {
        check(
            &RULE,
            r#"
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux-system}
spec: {targetNamespace: shop}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: shop}
spec: {podSelector: {matchLabels: {app: website}}}
"#,
        );
    }
}
