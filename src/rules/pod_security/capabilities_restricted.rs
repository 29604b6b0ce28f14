//! A container that keeps or adds capabilities.
//!
//! ## What it does
//!
//! Reports containers whose `capabilities.drop` does not have `ALL`, and
//! capabilities in `capabilities.add` other than NET_BIND_SERVICE. It holds
//! since 1.22; since 1.25 not for Windows pods.
//!
//! ## Why
//!
//! A container that dropped all capabilities has no part of root left to abuse.
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
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//!       securityContext:
//!         capabilities: {drop: [ALL]}
//! ```
//!
//! ## Limits
//!
//! Names are compared as written: `all` is not `ALL`.
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_capabilities_restricted.go`

use super::{Standard, capabilities_baseline::report_added, is_windows};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, is_unresolved},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/capabilities-restricted",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container that keeps or adds capabilities",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("capabilities_restricted.rs"),
};

static STANDARD: Standard = Standard {
    id: "capabilities_restricted",
    level: PodSecurityLevel::Restricted,
    overrides: &["capabilities_baseline"],
    revisions: &[(22, f_1_22), (25, f_1_25)],
};

fn f_1_22<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for container in &pod.containers {
        let capabilities =
            container.security_context().and_then(|context| context.get("capabilities"));
        let dropped = capabilities.and_then(|capabilities| capabilities.get("drop"));
        let dropped = || dropped.into_iter().flat_map(|dropped| dropped.items());
        if !dropped().any(|capability| capability.text() == "ALL") {
            if let Some(unknown) = dropped().find(|capability| is_unresolved(capability.text())) {
                findings.unknown(pod.object, unknown);
            } else {
                let place =
                    Place::field(pod.object, container.node, "securityContext.capabilities.drop");
                let message = format!("{} does not drop all capabilities", container.title());
                findings.report(
                    Violation::new(place, message)
                        .help("set securityContext.capabilities.drop: [ALL] on this container"),
                );
            }
        }
        report_added(pod, container, &["NET_BIND_SERVICE"], findings);
    }
}

fn f_1_25<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_windows(pod, findings) {
        f_1_22(pod, findings);
    }
}
