//! A sysctl outside the safe set.
//!
//! ## What it does
//!
//! Reports names in `securityContext.sysctls` that are not among the safe ones.
//! The set grew in 1.27, 1.29, 1.32 and 1.37.
//!
//! ## Why
//!
//! Other sysctls are not separate for each pod, or let one pod harm others on
//! its node.
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
//!     sysctls: [{name: kernel.msgmax, value: "65536"}]
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
//!     sysctls: [{name: net.ipv4.tcp_syncookies, value: "1"}]
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_sysctls.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/sysctls",
    level: Level::Error,
    since: "0.1.0",
    summary: "a sysctl outside the safe set",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("sysctls.rs"),
};

static STANDARD: Standard = Standard {
    id: "sysctls",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, f_1_0), (27, f_1_27), (29, f_1_29), (32, f_1_32), (37, f_1_37)],
};

/// Safe sysctls, and the minor version since which each counts as safe.
const SAFE: &[(&str, u16)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_notsent_lowat", 37),
];

fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, 0, findings);
}

fn f_1_27<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, 27, findings);
}

fn f_1_29<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, 29, findings);
}

fn f_1_32<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, 32, findings);
}

fn f_1_37<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    check(pod, 37, findings);
}

fn check<'a>(pod: &'a Pod<'a>, minor: u16, findings: &mut Findings<'a>) {
    let sysctls = pod.spec.get("securityContext").and_then(|context| context.get("sysctls"));
    for sysctl in sysctls.into_iter().flat_map(|sysctls| sysctls.items()) {
        match Value::str(Some(sysctl), "name") {
            Value::Known(name, node) => {
                let since = SAFE.iter().find(|(safe, _)| *safe == name).map(|(_, since)| *since);
                let message = match since {
                    Some(since) if since <= minor => continue,
                    Some(since) => format!(
                        "pod sets the sysctl {name}, which counts as safe only since 1.{since}"
                    ),
                    None => format!("pod sets the unsafe sysctl \"{name}\""),
                };
                findings.report(Violation::at(pod.object, node, message).help("delete it"));
            }
            Value::Unknown(node) => findings.unknown(pod.object, node),
            // Upstream reads a missing name as the name "".
            Value::Absent => findings.report(Violation::at(
                pod.object,
                sysctl,
                "pod sets a sysctl without a name",
            )),
        }
    }
}
