//! A volume that mounts a path of the node.
//!
//! ## What it does
//!
//! Reports volumes of the type `hostPath`. At the restricted level `pod-
//! security/restricted-volumes` stands in for it.
//!
//! ## Why
//!
//! A path of the node leads to its credentials, its container runtime and the
//! files of other pods.
//!
//! ## Fails
//!
//! ```yaml
//! #- portcullis.yaml
//! podSecurity: {level: baseline}
//! #- pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!   volumes:
//!     - name: logs
//!       hostPath: {path: /var/log}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- portcullis.yaml
//! podSecurity: {level: baseline}
//! #- pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!   volumes:
//!     - name: logs
//!       emptyDir: {}
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_hostPathVolumes.go`

use super::{Standard, volumes};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::Pod,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/host-path-volumes",
    level: Level::Error,
    since: "0.1.0",
    summary: "a volume that mounts a path of the node",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("host_path_volumes.rs"),
};

static STANDARD: Standard = Standard {
    id: "hostPathVolumes",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for volume in volumes(pod) {
        if let Some(source) = volume.get("hostPath").filter(|source| !source.is_null()) {
            let name = volume.get("name").map_or("", |name| name.text());
            findings.report(
                Violation::at(
                    pod.object,
                    source,
                    format!("volume \"{name}\" mounts a path of the node"),
                )
                .help("use a persistentVolumeClaim, a configMap, or an emptyDir"),
            );
        }
    }
}
