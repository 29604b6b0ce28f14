//! `pod-security/*`: the Pod Security Standards, one file a check.

use super::Rule;
use crate::{check::Findings, config::PodSecurityLevel, kube::Pod};

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
    pub revisions: &'static [(u16, for<'a> fn(&'a Pod<'a>, &mut Findings<'a>))],
}
