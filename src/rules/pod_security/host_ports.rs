//! A container port bound on the node.
//!
//! ## What it does
//!
//! Reports `hostPort` that is not 0. In the host network Kubernetes sets it to
//! the container port, so each port of such a pod is reported.
//!
//! ## Why
//!
//! A port on the node is reachable past Services and NetworkPolicies, and only
//! one pod a node can have it.
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
//!       ports:
//!         - containerPort: 8080
//!           hostPort: 8080
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
//!       ports:
//!         - containerPort: 8080
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_hostPorts.go`

use super::Standard;
use crate::{
    check::{Findings, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{ContainerRole, Pod, Value},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/host-ports",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container port bound on the node",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("host_ports.rs"),
};

static STANDARD: Standard = Standard {
    id: "hostPorts",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    let host_network = pod.is_host_network();
    for container in &pod.containers {
        for port in container.node.get("ports").into_iter().flat_map(|ports| ports.items()) {
            match Value::int(Some(port), "hostPort") {
                Value::Known(0, _) | Value::Absent => {}
                Value::Known(number, node) => {
                    let message = format!("{} binds port {number} of the node", container.title());
                    findings.report(
                        Violation::at(pod.object, node, message)
                            .help("delete hostPort; publish the port through a Service"),
                    );
                    continue;
                }
                Value::Unknown(node) => {
                    findings.unknown(pod.object, node);
                    continue;
                }
            }
            // API defaulting: pkg/apis/core/v1/defaults.go, defaultHostNetworkPorts.
            if host_network && container.role != ContainerRole::Ephemeral {
                match Value::int(Some(port), "containerPort") {
                    Value::Known(0, _) | Value::Absent => {}
                    Value::Known(number, node) => {
                        let message = format!(
                            "{} binds port {number} of the node, as the pod uses the host's network",
                            container.title()
                        );
                        findings.report(
                            Violation::at(pod.object, node, message).help("delete hostNetwork"),
                        );
                    }
                    Value::Unknown(node) => findings.unknown(pod.object, node),
                }
            }
        }
    }
}
