//! A StorageClass that nothing provides.
//!
//! ## What it does
//! Looks up `storageClassName` of PersistentVolumeClaims, of a StatefulSet's `volumeClaimTemplates` and of
//! ephemeral volumes. The classes that AKS brings are there (`managed-csi`, `azurefile-csi` and so on), and so
//! are those that a PersistentVolume carries.
//!
//! ## Why
//! Nothing makes a volume for the claim: pods that use it wait for ever.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: {name: data, namespace: shop}
//! spec:
//!   storageClassName: manged-csi
//!   accessModes: [ReadWriteOnce]
//!   resources: {requests: {storage: 1Gi}}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: {name: data, namespace: shop}
//! spec:
//!   storageClassName: managed-csi
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
//! - <https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/storage-class",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a StorageClass that nothing provides",
    check: Check::Reference(Subject::StorageClass),
    source: include_str!("storage_class.rs"),
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
kind: PersistentVolumeClaim
metadata: {name: a, namespace: shop}
spec: {storageClassName: fast}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: b, namespace: shop}
spec: {storageClassName: slow}
#                        ^^^^ references/storage-class: no StorageClass slow
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: c, namespace: shop}
spec: {storageClassName: slow, volumeName: disk}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: d, namespace: shop}
spec: {storageClassName: ""}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: e, namespace: shop}
spec: {storageClassName: manual}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: f, namespace: shop}
spec:
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {storageClassName: slow}
#                            ^^^^ references/storage-class: no StorageClass slow
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {storageClassName: manual}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
"#,
        );
    }
}
