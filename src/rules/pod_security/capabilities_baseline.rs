//! A capability beyond what container runtimes give.
//!
//! ## What it does
//!
//! Reports capabilities in `capabilities.add` that are not among AUDIT_WRITE,
//! CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP,
//! SETGID, SETPCAP, SETUID and SYS_CHROOT. At the restricted level `pod-
//! security/capabilities-restricted` stands in for it.
//!
//! ## Why
//!
//! Each further capability is a part of root on the node.
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
//!         capabilities: {add: [NET_ADMIN]}
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
//!       securityContext:
//!         capabilities: {add: [CHOWN]}
//! ```
//!
//! ## Limits
//!
//! Names are compared as written: `CAP_CHOWN` and `chown` are not `CHOWN`.
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_capabilities_baseline.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Container, Pod, is_unresolved},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/capabilities-baseline",
    level: Level::Error,
    since: "0.1.0",
    summary: "a capability beyond what container runtimes give",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("capabilities_baseline.rs"),
};

static STANDARD: Standard = Standard {
    id: "capabilities_baseline",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

const ALLOWED: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        report_added(pod, container, ALLOWED, findings);
    }
}

/// Reports capabilities that a container adds beyond those allowed.
pub(super) fn report_added<'a>(
    pod: &'a Pod<'a>,
    container: &Container<'a>,
    allowed: &[&str],
    findings: &mut Findings<'a>,
) {
    let capabilities = container.security_context().and_then(|context| context.get("capabilities"));
    let Some(added) = capabilities.and_then(|capabilities| capabilities.get("add")) else { return };
    for capability in added.items() {
        let name = capability.text();
        if is_unresolved(name) {
            findings.unknown(pod.object, capability);
        } else if !allowed.contains(&name) {
            let message = format!("{} adds the capability \"{name}\"", container.title());
            findings.report(
                Violation::at(pod.object, capability, message)
                    .help(format!("delete it; allowed: {}", allowed.join(", "))),
            );
        }
    }
}
