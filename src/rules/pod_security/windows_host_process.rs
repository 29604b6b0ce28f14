//! A Windows container that runs as a process of its node.
//!
//! ## What it does
//!
//! Reports `windowsOptions.hostProcess` that is true, on the pod or a
//! container.
//!
//! ## Why
//!
//! A HostProcess container is not isolated from its node at all.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   securityContext:
//!     windowsOptions: {hostProcess: true}
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
//!   securityContext:
//!     windowsOptions: {hostProcess: false}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_windowsHostProcess.go`

use super::{Standard, holders};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/windows-host-process",
    level: Level::Error,
    since: "0.1.0",
    summary: "a Windows container that runs as a process of its node",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("windows_host_process.rs"),
};

static STANDARD: Standard = Standard {
    id: "windowsHostProcess",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        let options = holder.context.and_then(|context| context.get("windowsOptions"));
        match Value::bool(options, "hostProcess") {
            Value::Known(true, node) => findings.report(
                Violation::at(
                    pod.object,
                    node,
                    format!("{} runs as a process of the node", holder.title),
                )
                .help("delete hostProcess"),
            ),
            Value::Unknown(node) => findings.unknown(pod.object, node),
            Value::Known(false, _) | Value::Absent => {}
        }
    }
}
