//! A probe or lifecycle hook that names a host.
//!
//! ## What it does
//!
//! Reports `host` in the `httpGet` and `tcpSocket` of probes and lifecycle
//! hooks, even 127.0.0.1. It holds since Kubernetes 1.34.
//!
//! ## Why
//!
//! The kubelet connects to that host from the node, past every NetworkPolicy: a
//! way to reach what the pod itself may not.
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
//!       livenessProbe:
//!         httpGet: {host: 10.0.0.1, port: 80}
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
//!       livenessProbe:
//!         httpGet: {port: 80}
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_hostProbesAndhostLifecycle.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/host-probes-and-host-lifecycle",
    level: Level::Error,
    since: "0.1.0",
    summary: "a probe or lifecycle hook that names a host",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("host_probes_and_host_lifecycle.rs"),
};

static STANDARD: Standard = Standard {
    id: "hostProbesAndHostLifecycle",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(34, check)],
};

const HANDLERS: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        for path in HANDLERS {
            let handler = path.iter().try_fold(container.node, |node, key| node.get(key));
            let Some(handler) = handler else { continue };
            for action in ["httpGet", "tcpSocket"] {
                match Value::str(handler.get(action), "host") {
                    Value::Known("", _) | Value::Absent => {}
                    Value::Known(host, node) => {
                        let message = format!(
                            "{} of {} names the host {host}",
                            path.join("."),
                            container.title()
                        );
                        findings.report(
                            Violation::at(pod.object, node, message)
                                .help("delete host: the kubelet then asks the pod itself"),
                        );
                    }
                    Value::Unknown(node) => findings.unknown(pod.object, node),
                }
            }
        }
    }
}
