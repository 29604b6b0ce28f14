//! A volume of a type that reaches the node or the network.
//!
//! ## What it does
//!
//! Reports volumes other than configMap, csi, downwardAPI, emptyDir, ephemeral,
//! image, persistentVolumeClaim, projected and secret.
//!
//! ## Why
//!
//! The other types mount paths of the node, or storage that the cluster has no
//! say over.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!   volumes:
//!     - name: data
//!       nfs: {server: nfs.example.com, path: /}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!   volumes:
//!     - name: data
//!       persistentVolumeClaim: {claimName: data}
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_restrictedVolumes.go`

use super::{Standard, volumes};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::Pod,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/restricted-volumes",
    level: Level::Error,
    since: "0.1.0",
    summary: "a volume of a type that reaches the node or the network",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("restricted_volumes.rs"),
};

static STANDARD: Standard = Standard {
    id: "restrictedVolumes",
    level: PodSecurityLevel::Restricted,
    overrides: &["hostPathVolumes"],
    revisions: &[(0, check)],
};

const ALLOWED: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The other volume sources of k8s.io/api/core/v1. A volume with none of either
/// kind becomes an emptyDir by defaulting.
const FORBIDDEN: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "iscsi",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for volume in volumes(pod) {
        let mut forbidden = None;
        let mut allowed = false;
        for entry in volume.entries().filter(|entry| !entry.value.is_null()) {
            allowed |= ALLOWED.contains(&entry.key.text());
            if FORBIDDEN.contains(&entry.key.text()) {
                forbidden = Some(entry);
            }
        }
        // Upstream looks at the allowed types first; the API server refuses two sources anyway.
        if let Some(entry) = forbidden.filter(|_| !allowed) {
            let name = volume.get("name").map_or("", |name| name.text());
            let message = format!("volume \"{name}\" is of the type {}", entry.key.text());
            findings.report(
                Violation::new(Place::key(pod.object, entry.key), message)
                    .help("use a persistentVolumeClaim, a csi volume, or an emptyDir"),
            );
        }
    }
}
