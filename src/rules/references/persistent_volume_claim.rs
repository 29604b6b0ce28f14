//! A PersistentVolumeClaim that nothing provides.
//!
//! ## What it does
//! Looks up the claims that pods name in their volumes. What a StatefulSet makes from its
//! `volumeClaimTemplates` counts.
//!
//! ## Why
//! A pod whose claim is missing is never scheduled.
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
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!       volumes:
//!       - name: data
//!         persistentVolumeClaim: {claimName: data}
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
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!       volumes:
//!       - name: data
//!         persistentVolumeClaim: {claimName: data}
//! ---
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: {name: data, namespace: shop}
//! spec:
//!   accessModes: [ReadWriteOnce]
//!   resources: {requests: {storage: 1Gi}}
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/storage/persistent-volumes/#claims-as-volumes>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/persistent-volume-claim",
    level: Level::Error,
    since: "0.2.0",
    summary: "a PersistentVolumeClaim that nothing provides",
    check: Check::Reference(Subject::PersistentVolumeClaim),
    source: include_str!("persistent_volume_claim.rs"),
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
  containers: [{name: a}]
  volumes:
  - {name: a, persistentVolumeClaim: {claimName: absent}}
#                                                ^^^^^^ references/persistent-volume-claim: no PersistentVolumeClaim absent in namespace shop
  - {name: b, persistentVolumeClaim: {claimName: there}}
  - {name: c, persistentVolumeClaim: {claimName: data-db-0}}
  - {name: d, persistentVolumeClaim: {claimName: data-db}}
#                                                ^^^^^^^ references/persistent-volume-claim: no PersistentVolumeClaim data-db in namespace shop
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: there, namespace: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  volumeClaimTemplates: [{metadata: {name: data}}]
  template:
    spec:
      containers: [{name: a}]
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: replaced}}
      - {name: other, persistentVolumeClaim: {claimName: left}}
#                                                        ^^^^ references/persistent-volume-claim: no PersistentVolumeClaim left in namespace shop
"#,
        );
    }
}
