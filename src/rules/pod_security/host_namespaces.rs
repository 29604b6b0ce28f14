//! A pod that joins a namespace of its node.
//!
//! ## What it does
//!
//! Reports `hostNetwork`, `hostPID` and `hostIPC` that are true.
//!
//! ## Why
//!
//! Such a pod sees the traffic, processes or shared memory of everything on its
//! node, and no NetworkPolicy applies to a pod in the host network.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   hostNetwork: true
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
//!   hostNetwork: false
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_hostNamespaces.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/host-namespaces",
    level: Level::Error,
    since: "0.1.0",
    summary: "a pod that joins a namespace of its node",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("host_namespaces.rs"),
};

static STANDARD: Standard = Standard {
    id: "hostNamespaces",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

/// Fields and what each shares with the node.
const FIELDS: [(&str, &str); 3] =
    [("hostNetwork", "network"), ("hostPID", "process namespace"), ("hostIPC", "IPC namespace")];

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for (field, shared) in FIELDS {
        match Value::bool(Some(pod.spec), field) {
            Value::Known(true, node) => findings.report(
                Violation::at(pod.object, node, format!("pod uses the host's {shared}"))
                    .label("joins the node here")
                    .help(format!("delete {field}")),
            ),
            Value::Unknown(node) => findings.unknown(pod.object, node),
            Value::Known(false, _) | Value::Absent => {}
        }
    }
}
