//! A field that Kubernetes has deprecated.
//!
//! ## What it does
//! Reports fields of Kubernetes' own kinds that its API documents as deprecated in the version that
//! `kubernetes` names, with what to use instead, where that is known.
//!
//! ## Why
//! Such a field is kept for old manifests. Many of them do nothing any more, or are handed to a driver that
//! must be installed: a volume of `gitRepo` is no longer mounted by default since Kubernetes 1.33.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   serviceAccount: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Limits
//! Fields of custom resources aren't looked at.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/deprecation-policy/>
//! - <https://kubernetes.io/docs/concepts/storage/volumes/>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "deprecation/deprecated-field",
    level: Level::Note,
    since: "0.2.0",
    summary: "a field that Kubernetes has deprecated",
    check: Check::Schema(Problem::Deprecated),
    source: include_str!("deprecated_field.rs"),
};

/// What to use instead of a field: what the API's documentation says of it, in short.
const INSTEAD: [(&str, &str); 16] = [
    ("serviceAccount", "write serviceAccountName"),
    ("loadBalancerIP", "use what the load balancer's own annotations offer"),
    ("gitRepo", "clone into an emptyDir volume in an init container"),
    ("tcpSocket", "no lifecycle hook runs it: use exec or httpGet"),
    ("flexVolume", "use a CSI driver"),
    ("awsElasticBlockStore", "use the CSI driver ebs.csi.aws.com"),
    ("azureDisk", "use the CSI driver disk.csi.azure.com"),
    ("azureFile", "use the CSI driver file.csi.azure.com"),
    ("cinder", "use the CSI driver cinder.csi.openstack.org"),
    ("gcePersistentDisk", "use the CSI driver pd.csi.storage.gke.io"),
    ("portworxVolume", "use the CSI driver pxd.portworx.com"),
    ("vsphereVolume", "use the CSI driver csi.vsphere.vmware.com"),
    ("cephfs", "Kubernetes mounts it no more since 1.31: use a CSI driver"),
    ("rbd", "Kubernetes mounts it no more since 1.31: use a CSI driver"),
    ("glusterfs", "Kubernetes mounts it no more since 1.26: use a CSI driver"),
    ("selfLink", "the API server writes it no more: remove it"),
];

pub(in crate::rules) fn instead(field: &str) -> Option<String> {
    let found = INSTEAD.iter().find(|(name, _)| *name == field);
    found.map(|(_, instead)| (*instead).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{INSTEAD, RULE};
    use crate::check::testing::{check, check_with};

    #[test]
    fn fields_are_told_with_what_to_use_instead() {
        check(
            &RULE,
            r#"
#- objects.yaml
apiVersion: v1
kind: Service
metadata: {name: x}
spec: {loadBalancerIP: 10.0.0.1, ports: [{port: 80}]}
#      ^^^^^^^^^^^^^^ deprecation/deprecated-field: the field loadBalancerIP is deprecated
---
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  serviceAccountName: a
  serviceAccount: a
# ^^^^^^^^^^^^^^ deprecation/deprecated-field: the field serviceAccount is deprecated
  volumes:
  - name: a
    azureDisk: {diskName: a, diskURI: b}
#   ^^^^^^^^^ deprecation/deprecated-field: the field azureDisk is deprecated
  containers:
  - name: a
    livenessProbe: {tcpSocket: {port: 80}}
"#,
        );
    }

    #[test]
    fn versions_are_told_apart() {
        check_with(
            &RULE,
            "kubernetes: ['1.31', '1.32']",
            r#"
#- volume.yaml
apiVersion: v1
kind: PersistentVolume
metadata: {name: x}
spec: {azureFile: {secretName: a, shareName: b}}
#      ^^^^^^^^^ deprecation/deprecated-field: the field azureFile is deprecated (Kubernetes 1.32)
"#,
        );
    }

    #[test]
    fn what_has_a_hint_is_deprecated() {
        let table = include_str!("../../../schemas/kubernetes.txt");
        for (name, _) in INSTEAD {
            let start = format!("{name} ");
            let mut lines = table.lines().filter(|line| line.contains(" deprecated"));
            assert!(lines.any(|line| line.starts_with(&start)), "{name}");
        }
    }
}
