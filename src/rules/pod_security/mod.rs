//! `pod-security/*`: the Pod Security Standards, one file a check.

use super::Rule;
use crate::{
    check::Findings,
    config::{PodSecurityExemptions, PodSecurityLevel, PodSecurityVersion},
    kube::Pod,
};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[];

/// One check of the standards: when it applies and what each revision decides.
pub struct Standard {
    /// Upstream's id, as `runAsNonRoot`.
    pub id: &'static str,
    /// Baseline or restricted.
    pub level: PodSecurityLevel,
    /// Upstream ids that this check replaces at the restricted level.
    pub overrides: &'static [&'static str],
    /// First minor version of each revision, ascending, and its function.
    pub revisions: &'static [(u16, PodCheck)],
}

/// Decides one check for one pod.
pub type PodCheck = for<'a> fn(&'a Pod<'a>, &mut Findings<'a>);

/// A check as it applies at a level and version.
pub struct Applied {
    /// The rule.
    pub rule: &'static Rule,
    /// The revision's function.
    pub check: PodCheck,
}

/// The checks that apply at a level and version, in upstream's order.
pub fn applied(_level: PodSecurityLevel, _version: PodSecurityVersion) -> Vec<Applied> {
    Vec::new()
}

/// Whether a pod is exempt.
pub fn is_exempt(_pod: &Pod<'_>, _exempt: &PodSecurityExemptions) -> bool {
    false
}
