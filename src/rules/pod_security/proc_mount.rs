//! A container that unmasks /proc.
//!
//! ## What it does
//!
//! Reports `securityContext.procMount` other than `Default`. Since 1.35 any
//! value is allowed in a pod with `hostUsers: false`. At the restricted level
//! `pod-security/proc-mount-restricted` stands in for it.
//!
//! ## Why
//!
//! The default mask hides parts of /proc through which a container can harm its
//! node.
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
//!       securityContext:
//!         procMount: Unmasked
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
//!   hostUsers: false
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!       securityContext:
//!         procMount: Unmasked
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_procMount_baseline.go`

use super::{Standard, is_relaxed_by_user_namespace};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/proc-mount",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that unmasks /proc",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("proc_mount.rs"),
};

static STANDARD: Standard = Standard {
    id: "procMount",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, f_1_0), (35, f_1_35)],
};

/// Whatever the pod's users are.
pub(super) fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        match Value::str(container.security_context(), "procMount") {
            Value::Known("Default", _) | Value::Absent => {}
            Value::Known(value, node) => {
                let message = format!("{} mounts /proc as \"{value}\"", container.title());
                findings.report(Violation::at(pod.object, node, message).help("delete procMount"));
            }
            Value::Unknown(node) => findings.unknown(pod.object, node),
        }
    }
}

fn f_1_35<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_relaxed_by_user_namespace(pod, findings) {
        f_1_0(pod, findings);
    }
}
