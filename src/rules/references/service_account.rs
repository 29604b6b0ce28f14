//! A ServiceAccount that nothing provides.
//!
//! ## What it does
//! Looks up the ServiceAccount of every pod (`serviceAccountName`), the subjects of RoleBindings and
//! ClusterRoleBindings, and `serviceAccountName` of Flux's objects. Every namespace has `default`.
//!
//! ## Why
//! No pod is created for a workload whose ServiceAccount is missing. A binding to one that isn't there
//! grants nothing, until somebody makes an account of that name.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       serviceAccountName: api
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       serviceAccountName: web
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/service-account",
    level: Level::Error,
    since: "0.2.0",
    summary: "a ServiceAccount that nothing provides",
    check: Check::Reference(Subject::ServiceAccount),
    source: include_str!("service_account.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn what_is_not_there_is_reported() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: shop}
spec:
  serviceAccountName: absent
#                     ^^^^^^ references/service-account: no ServiceAccount absent in namespace shop
  containers: [{name: a}]
---
apiVersion: v1
kind: Pod
metadata: {name: other, namespace: shop}
spec:
  serviceAccount: default
  containers: [{name: a}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web, namespace: shop}
- {kind: ServiceAccount, name: api, namespace: shop}
#                              ^^^ references/service-account: no ServiceAccount api in namespace shop
- {kind: ServiceAccount, name: replicaset-controller, namespace: kube-system}
#                              ^^^^^^^^^^^^^^^^^^^^^ gap skipped: whether ServiceAccount replicaset-controller is in namespace kube-system is not known: kube-system holds what the cluster's provider puts there
- {kind: User, name: jane}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
"#,
        );
    }
}
