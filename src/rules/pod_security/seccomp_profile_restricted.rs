//! A container without a seccomp profile.
//!
//! ## What it does
//!
//! Reports containers for which neither they nor the pod set
//! `seccompProfile.type` to `RuntimeDefault` or `Localhost`, and any other type
//! that is written. It holds since 1.19; since 1.25 not for Windows pods.
//!
//! ## Why
//!
//! Without a profile the container may make every system call, also those that
//! only attacks need.
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
//!   securityContext:
//!     seccompProfile: {type: RuntimeDefault}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_seccompProfile_restricted.go`

use super::{
    Standard, holders, is_windows,
    seccomp_profile_baseline::{Explicit, report_explicit},
};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::Pod,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/seccomp-profile-restricted",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container without a seccomp profile",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("seccomp_profile_restricted.rs"),
};

static STANDARD: Standard = Standard {
    id: "seccompProfile_restricted",
    level: PodSecurityLevel::Restricted,
    overrides: &["seccompProfile_baseline"],
    revisions: &[(19, f_1_19), (25, f_1_25)],
};

fn f_1_19<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    let mut from_pod = Explicit::Absent;
    for holder in holders(pod) {
        let explicit = report_explicit(pod, &holder, findings);
        let Some(container) = holder.container else {
            from_pod = explicit;
            continue;
        };
        if explicit != Explicit::Absent || matches!(from_pod, Explicit::Valid | Explicit::Unknown) {
            continue;
        }
        let place = Place::field(pod.object, container.node, "securityContext.seccompProfile");
        let message = format!("{} has no seccomp profile", holder.title);
        findings.report(Violation::new(place, message).help(
            "set securityContext.seccompProfile.type: RuntimeDefault on the pod or the container",
        ));
    }
}

fn f_1_25<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    if !is_windows(pod, findings) {
        f_1_19(pod, findings);
    }
}
