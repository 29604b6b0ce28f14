//! A privileged container.
//!
//! ## What it does
//!
//! Reports `securityContext.privileged` that is true.
//!
//! ## Why
//!
//! A privileged container has all capabilities and all devices of the node: it
//! is root there.
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
//!       securityContext:
//!         privileged: true
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
//!         privileged: false
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_privileged.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/privileged",
    level: Level::Error,
    since: "0.1.0",
    summary: "a privileged container",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("privileged.rs"),
};

static STANDARD: Standard = Standard {
    id: "privileged",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        match Value::bool(container.security_context(), "privileged") {
            Value::Known(true, node) => findings.report(
                Violation::at(pod.object, node, format!("{} runs privileged", container.title()))
                    .label("privileged here")
                    .help("delete privileged; add the one capability that it needs, if any"),
            ),
            Value::Unknown(node) => findings.unknown(pod.object, node),
            Value::Known(false, _) | Value::Absent => {}
        }
    }
}
