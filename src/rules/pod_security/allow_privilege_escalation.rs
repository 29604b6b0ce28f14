//! A container that may gain privileges.
//!
//! ## What it does
//!
//! Reports containers that do not set `allowPrivilegeEscalation: false`. It
//! holds since 1.8; since 1.25 not for Windows pods.
//!
//! ## Why
//!
//! Unless it is false, a process can gain more privileges than its parent,
//! through a setuid program.
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
//!       securityContext:
//!         allowPrivilegeEscalation: false
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_allowPrivilegeEscalation.go`

use super::{Standard, is_windows};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/allow-privilege-escalation",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that may gain privileges",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("allow_privilege_escalation.rs"),
};

static STANDARD: Standard = Standard {
    id: "allowPrivilegeEscalation",
    level: PodSecurityLevel::Restricted,
    overrides: &[],
    revisions: &[(8, f_1_8), (25, f_1_25)],
};

fn f_1_8<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        let (place, message) =
            match Value::bool(container.security_context(), "allowPrivilegeEscalation") {
                Value::Known(false, _) => continue,
                Value::Known(true, node) => (
                    Place::node(pod.object, node),
                    format!("{} allows privilege escalation", container.title()),
                ),
                Value::Absent => (
                    Place::field(
                        pod.object,
                        container.node,
                        "securityContext.allowPrivilegeEscalation",
                    ),
                    format!("{} does not forbid privilege escalation", container.title()),
                ),
                Value::Unknown(node) => {
                    findings.unknown(pod.object, node);
                    continue;
                }
            };
        findings.report(
            Violation::new(place, message)
                .help("set securityContext.allowPrivilegeEscalation: false on this container"),
        );
    }
}

fn f_1_25<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_windows(pod, findings) {
        f_1_8(pod, findings);
    }
}
