//! A container that runs as user 0.
//!
//! ## What it does
//!
//! Reports `runAsUser: 0`, on the pod or a container, even where a container
//! overrides the pod. It holds since 1.23; since 1.35 not for pods with
//! `hostUsers: false`.
//!
//! ## Why
//!
//! User 0 is root, whatever else is set.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   securityContext: {runAsUser: 0}
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
//!   securityContext: {runAsUser: 1000}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_runAsUser.go`

use super::{Standard, holders, is_relaxed_by_user_namespace};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/run-as-user",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that runs as user 0",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("run_as_user.rs"),
};

static STANDARD: Standard = Standard {
    id: "runAsUser",
    level: PodSecurityLevel::Restricted,
    overrides: &[],
    revisions: &[(23, f_1_23), (35, f_1_35)],
};

fn f_1_23<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        match Value::int(holder.context, "runAsUser") {
            Value::Known(0, node) => findings.report(
                Violation::at(pod.object, node, format!("{} runs as user 0, root", holder.title))
                    .help("use another user id, or delete runAsUser and let the image say"),
            ),
            Value::Unknown(node) => findings.unknown(pod.object, node),
            Value::Known(..) | Value::Absent => {}
        }
    }
}

fn f_1_35<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_relaxed_by_user_namespace(pod, findings) {
        f_1_23(pod, findings);
    }
}
