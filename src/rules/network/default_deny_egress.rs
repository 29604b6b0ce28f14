//! A workload whose egress no NetworkPolicy closes.
//!
//! ## What it does
//! Reports every pod that no NetworkPolicy of its namespace isolates for egress. A policy isolates
//! the pods that its `podSelector` matches, if `Egress` is among its effective policy types: those
//! that `policyTypes` names, else egress counts if the policy has egress rules. The nearest policy
//! is shown with the reason why it doesn't isolate the pod. Pods in the host's network are reported
//! as well: no NetworkPolicy governs them.
//!
//! ## Why
//! A pod that no policy isolates may send anything anywhere: data to the internet, requests to the
//! cloud's metadata service, scans through the cluster.
//!
//! ## Fails
//! The policy selects another label.
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   selector:
//!     matchLabels: {app: web}
//!   template:
//!     metadata:
//!       labels: {app: web}
//!     spec:
//!       containers:
//!         - name: web
//!           image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-egress
//!   namespace: shop
//! spec:
//!   podSelector:
//!     matchLabels: {app: website}
//!   policyTypes: [Egress]
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   selector:
//!     matchLabels: {app: web}
//!   template:
//!     metadata:
//!       labels: {app: web}
//!     spec:
//!       containers:
//!         - name: web
//!           image: contoso.azurecr.io/web:1.27
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
//! ## Options
//! `egress.exempt.namespaces` lists namespaces whose pods are let alone; `kube-system` and
//! `flux-system` unless set.
//!
//! ## Limits
//! Only networking.k8s.io NetworkPolicies count; those of Cilium, Calico and AdminNetworkPolicy are
//! listed as not checked. A policy that the API server would refuse isolates nothing.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation>
//! - <https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/>

use super::{
    is_exempt,
    isolation::{self, Way},
    title,
};
use crate::{
    check::{Findings, Namespace, Scope, Violation},
    finding::Level,
    kube::Value,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "network/default-deny-egress",
    level: Level::Error,
    since: "0.1.0",
    summary: "a workload whose egress no NetworkPolicy closes",
    check: Check::Namespace(check),
    source: include_str!("default_deny_egress.rs"),
};

const EGRESS: Way = Way {
    policy_type: "Egress",
    name: "egress",
    open: "it may reach anything",
    of: |policy| &policy.egress,
};

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if is_exempt(scope, namespace.name) {
        return;
    }
    for pod in &namespace.pods {
        match Value::bool(Some(pod.spec), "hostNetwork") {
            Value::Known(true, node) => findings.report(
                Violation::at(
                    pod.object,
                    node,
                    format!(
                        "{} uses the host's network, which no NetworkPolicy governs: it may reach \
                         anything",
                        title(pod.object)
                    ),
                )
                .help("run it in the pod network: remove hostNetwork"),
            ),
            Value::Unknown(node) => findings.unknown(pod.object, node),
            Value::Known(false, _) | Value::Absent => {}
        }
    }
    isolation::check(namespace, &EGRESS, findings);
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn without_policies_every_workload_is_open() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x}
#                ^ network/default-deny-egress: no NetworkPolicy isolates Pod x for egress: it may reach anything
spec: {containers: [{name: a}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: two, namespace: shop}
#                ^^^ network/default-deny-egress: no NetworkPolicy isolates CronJob two for egress: it may reach anything
spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a}]}}}}}
---
apiVersion: v1
kind: Pod
metadata: {name: z, namespace: kube-system}
spec: {containers: [{name: a}]}
"#,
        );
    }

    #[test]
    fn policy_types_decide_what_is_isolated() {
        for (policy, is_open) in [
            ("{podSelector: {}, policyTypes: [Egress]}", false),
            ("{podSelector: {}, policyTypes: [Ingress, Egress]}", false),
            ("{podSelector: {}, egress: [{}]}", false),
            ("{policyTypes: [Egress]}", false),
            ("{podSelector: {}}", true),
            ("{podSelector: {}, egress: []}", true),
            ("{podSelector: {}, policyTypes: []}", true),
            ("{podSelector: {}, policyTypes: [Ingress], egress: [{}]}", true),
            ("{podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}", false),
            ("{podSelector: {matchLabels: {app: y}}, policyTypes: [Egress]}", true),
            (
                "{podSelector: {matchExpressions: [{key: app, operator: Exists}]}, egress: [{}]}",
                false,
            ),
            (
                "{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [x]}]}, egress: [{}]}",
                true,
            ),
            // The API server refuses these.
            (
                "{podSelector: {matchExpressions: [{key: app, operator: in, values: [x]}]}, egress: [{}]}",
                true,
            ),
            ("{podSelector: {}, policyTypes: [egress]}", true),
            ("{podSelector: {}, policyTypes: [Egress], egress: [{to: [{}]}]}", true),
        ] {
            let expected = if is_open {
                "#                ^ network/default-deny-egress: no NetworkPolicy isolates Pod x for egress: it may reach anything\n"
            } else {
                ""
            };
            check(
                &RULE,
                &format!(
                    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
                     metadata: {{name: p}}\nspec: {policy}\n---\n\
                     apiVersion: v1\nkind: Pod\n\
                     metadata: {{name: x, labels: {{app: x}}}}\n{expected}\
                     spec: {{containers: [{{name: a}}]}}\n"
                ),
            );
        }
    }

    #[test]
    fn the_host_network_is_out_of_reach_of_policies() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  hostNetwork: true
#              ^^^^ network/default-deny-egress: Pod x uses the host's network, which no NetworkPolicy governs: it may reach anything
  containers: [{name: a}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {}, policyTypes: [Egress]}
"#,
        );
    }

    #[test]
    fn what_is_not_known_is_a_gap() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata:
  name: x
  labels: {app: "${APP}"}
#               ^^^^^^^^ gap unknown-value: ${APP} is only known once Flux substitutes it
spec: {containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p}
spec: {podSelector: {matchLabels: {app: x}}, policyTypes: [Egress]}
---
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: other}
spec: {containers: [{name: a}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: p, namespace: other}
spec: {podSelector: {matchLabels: {"${KEY}": x}}, policyTypes: [Egress]}
#                                  ^^^^^^^^ gap unknown-value: ${KEY} is only known once Flux substitutes it
"#,
        );
    }

    #[test]
    fn exempt_namespaces_are_let_alone() {
        check_with(
            &RULE,
            "egress: {exempt: {namespaces: [shop]}}",
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: shop}
spec: {hostNetwork: true, containers: [{name: a}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two, namespace: kube-system}
#                ^^^ network/default-deny-egress: no NetworkPolicy isolates Pod two for egress: it may reach anything
spec: {containers: [{name: a}]}
"#,
        );
    }
}
