//! An AppArmor profile that confines nothing.
//!
//! ## What it does
//!
//! Reports `appArmorProfile.type` other than `RuntimeDefault` and `Localhost`,
//! on the pod or a container, and annotations
//! `container.apparmor.security.beta.kubernetes.io/*` other than empty,
//! `runtime/default` and `localhost/*`.
//!
//! ## Why
//!
//! AppArmor confines what a container may do to files and to the kernel;
//! Unconfined takes that away.
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
//!     appArmorProfile: {type: Unconfined}
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
//!     appArmorProfile: {type: RuntimeDefault}
//!   containers:
//!     - name: app
//!       image: contoso.azurecr.io/app:1
//! ```
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
//! - `k8s.io/pod-security-admission`, `policy/check_appArmorProfile.go`

use super::{Standard, holders};
use crate::{
    check::{Findings, Place, Violation},
    config::PodSecurityLevel,
    finding::Level,
    kube::{Pod, Value, is_unresolved},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/app-armor-profile",
    level: Level::Error,
    since: "0.1.0",
    summary: "an AppArmor profile that confines nothing",
    check: Check::PodSecurity(&STANDARD),
    source: include_str!("app_armor_profile.rs"),
};

static STANDARD: Standard = Standard {
    id: "appArmorProfile",
    level: PodSecurityLevel::Baseline,
    overrides: &[],
    revisions: &[(0, check)],
};

const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

fn check<'a>(pod: &'a Pod<'a>, findings: &mut Findings<'a>) {
    for holder in holders(pod) {
        let profile = holder.context.and_then(|context| context.get("appArmorProfile"));
        let Some(profile) = profile.filter(|profile| !profile.is_null()) else { continue };
        let (kind, place) = match Value::str(Some(profile), "type") {
            Value::Known("RuntimeDefault" | "Localhost", _) => continue,
            Value::Known(kind, node) => (kind, Place::node(pod.object, node)),
            Value::Absent => ("", Place::field(pod.object, profile, "type")),
            Value::Unknown(node) => {
                findings.unknown(pod.object, node);
                continue;
            }
        };
        let message = format!("{} has the AppArmor profile \"{kind}\"", holder.title);
        findings.report(
            Violation::new(place, message).help("use RuntimeDefault, or delete appArmorProfile"),
        );
    }
    let annotations = pod.metadata.and_then(|metadata| metadata.get("annotations"));
    for entry in annotations.into_iter().flat_map(|annotations| annotations.entries()) {
        let Some(container) = entry.key.text().strip_prefix(ANNOTATION) else { continue };
        let profile = entry.value.text();
        if is_unresolved(profile) {
            findings.unknown(pod.object, entry.value);
        } else if !matches!(profile, "" | "runtime/default") && !profile.starts_with("localhost/") {
            let message =
                format!("container \"{container}\" has the AppArmor profile \"{profile}\"");
            findings.report(
                Violation::at(pod.object, entry.value, message)
                    .help("use runtime/default, or delete the annotation"),
            );
        }
    }
}
