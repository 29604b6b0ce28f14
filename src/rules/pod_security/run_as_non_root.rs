//! A container that may run as root.
//!
//! ## What it does
//!
//! Reports `runAsNonRoot: false`, on the pod or a container, and containers for
//! which neither they nor the pod set it to true. Since 1.35 not for pods with
//! `hostUsers: false`.
//!
//! ## Why
//!
//! Root in a container is root on the node as soon as anything else fails to
//! hold.
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
//!   securityContext: {runAsNonRoot: true}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_runAsNonRoot.go`

use super::{Standard, holders, is_relaxed_by_user_namespace};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/run-as-non-root",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that may run as root",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("run_as_non_root.rs"),
};

static STANDARD: Standard = Standard {
    id: "runAsNonRoot",
    level: PodSecurityLevel::Restricted,
    overrides: &[],
    revisions: &[(0, f_1_0), (35, f_1_35)],
};

const HELP: &str = "set securityContext.runAsNonRoot: true on the pod or the container";

fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    let mut holds_for_pod = false;
    for holder in holders(pod) {
        match (Value::bool(holder.context, "runAsNonRoot"), holder.container) {
            (Value::Known(true, _), None) => holds_for_pod = true,
            (Value::Known(true, _), Some(_)) | (Value::Absent, None) => {}
            (Value::Known(false, node), _) => findings.report(
                Violation::at(pod.object, node, format!("{} allows running as root", holder.title))
                    .help(HELP),
            ),
            (Value::Unknown(node), container) => {
                findings.unknown(pod.object, node);
                holds_for_pod |= container.is_none();
            }
            (Value::Absent, Some(container)) if !holds_for_pod => {
                let place =
                    Place::field(pod.object, container.node, "securityContext.runAsNonRoot");
                let message = format!("{} may run as root", holder.title);
                findings.report(Violation::new(place, message).help(HELP));
            }
            (Value::Absent, Some(_)) => {}
        }
    }
}

fn f_1_35<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_relaxed_by_user_namespace(pod, findings) {
        f_1_0(pod, findings);
    }
}
