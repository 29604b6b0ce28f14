//! SELinux options that widen what a container may do.
//!
//! ## What it does
//!
//! Reports `seLinuxOptions.type` other than `container_t`, `container_init_t`,
//! `container_kvm_t` and (since 1.31) `container_engine_t`, and any `user` or
//! `role`, on the pod or a container.
//!
//! ## Why
//!
//! Other types and users take the confinement away that the runtime sets up.
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
//!     seLinuxOptions: {type: spc_t}
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
//!     seLinuxOptions: {type: container_t}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_seLinuxOptions.go`

use super::{Standard, holders};
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/se-linux-options",
    level: Level::Error,
    since: "0.1.0",
    summary: "SELinux options that widen what a container may do",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("se_linux_options.rs"),
};

static STANDARD: Standard = Standard {
    id: "seLinuxOptions",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, f_1_0), (31, f_1_31)],
};

const TYPES_1_0: &[&str] = &["", "container_t", "container_init_t", "container_kvm_t"];
const TYPES_1_31: &[&str] =
    &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, TYPES_1_0, findings);
}

fn f_1_31<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, TYPES_1_31, findings);
}

fn check<'a>(pod: &'a Pod<'a>, types: &[&str], findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        let options = holder.context.and_then(|context| context.get("seLinuxOptions"));
        for (field, allowed) in [("type", types), ("user", &[""]), ("role", &[""])] {
            match Value::str(options, field) {
                Value::Known(value, node) if !allowed.contains(&value) => {
                    let message = format!("{} sets the SELinux {field} \"{value}\"", holder.title);
                    let help = match field {
                        "type" => format!(
                            "delete it, or use one of{}",
                            allowed.join(", ").trim_start_matches(',')
                        ),
                        _ => "delete it".to_owned(),
                    };
                    findings.report(Violation::at(pod.object, node, message).help(help));
                }
                Value::Unknown(node) => findings.unknown(pod.object, node),
                Value::Known(..) | Value::Absent => {}
            }
        }
    }
}
