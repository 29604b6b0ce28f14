//! A seccomp profile that filters nothing.
//!
//! ## What it does
//!
//! Reports `seccompProfile.type` other than `RuntimeDefault` and `Localhost`,
//! on the pod or a container. Before 1.19 the annotations
//! `seccomp.security.alpha.kubernetes.io/*` are looked at instead. At the
//! restricted level `pod-security/seccomp-profile-restricted` stands in for it.
//!
//! ## Why
//!
//! Seccomp keeps a container from system calls that it never needs and that
//! attacks do; Unconfined takes that away.
//!
//! ## Fails
//!
//! ```yaml
//! #- portcullis.yaml
//! podSecurity: {level: baseline}
//! #- pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   securityContext:
//!     seccompProfile: {type: Unconfined}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- portcullis.yaml
//! podSecurity: {level: baseline}
//! #- pod.yaml
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
//! - `k8s.io/pod-security-admission`, `policy/check_seccompProfile_baseline.go`

use spanned_yaml::Node;

use super::{Holder, Standard, holders};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value, is_unresolved},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/seccomp-profile-baseline",
    level: Level::Error,
    since: "0.1.0",
    summary: "a seccomp profile that filters nothing",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("seccomp_profile_baseline.rs"),
};

static STANDARD: Standard = Standard {
    id: "seccompProfile_baseline",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, f_1_0), (19, f_1_19)],
};

const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

fn f_1_0<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    let Some(annotations) = pod.metadata.and_then(|metadata| metadata.get("annotations")) else {
        return;
    };
    let mut check = |title: String, value: Option<Node<'a>>| {
        let Some(value) = value else { return };
        let profile = value.text();
        if is_unresolved(profile) {
            findings.unknown(pod.object, value);
        } else if !matches!(profile, "runtime/default" | "docker/default")
            && !profile.starts_with("localhost/")
        {
            let message = format!("{title} has the seccomp profile \"{profile}\"");
            findings.report(Violation::at(pod.object, value, message).help("use runtime/default"));
        }
    };
    check("pod".to_owned(), annotations.get(POD_ANNOTATION));
    for container in &pod.containers {
        let key = format!("{CONTAINER_ANNOTATION}{}", container.name);
        check(container.title(), annotations.get(&key));
    }
}

fn f_1_19<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        report_explicit(pod, &holder, findings);
    }
}

/// Reports a profile that is written and confines nothing. True if one is
/// written at all, whatever its type.
pub(super) fn report_explicit<'a>(
    pod: &'a Pod<'a>,
    holder: &Holder<'a>,
    findings: &mut Findings<'a>,
) -> Explicit {
    let profile = holder.context.and_then(|context| context.get("seccompProfile"));
    let Some(profile) = profile.filter(|profile| !profile.is_null()) else {
        return Explicit::Absent;
    };
    let (kind, place) = match Value::str(Some(profile), "type") {
        Value::Known("RuntimeDefault" | "Localhost", _) => return Explicit::Valid,
        Value::Known(kind, node) => (kind, Place::node(pod.object, node)),
        Value::Absent => ("", Place::field(pod.object, profile, "type")),
        Value::Unknown(node) => {
            findings.unknown(pod.object, node);
            return Explicit::Unknown;
        }
    };
    let message = format!("{} has the seccomp profile \"{kind}\"", holder.title);
    findings.report(Violation::new(place, message).help("use RuntimeDefault"));
    Explicit::Invalid
}

/// What is written of a seccomp profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Explicit {
    Absent,
    Valid,
    Invalid,
    /// A variable that isn't resolved.
    Unknown,
}
