//! `kustomize/*`: kustomization files, and whether they can be built.

mod build_failed;
mod deprecated_field;
mod failures;
mod patch_without_target;
mod remarks;
mod unknown_field;
pub(super) mod unused;
mod unused_file;

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &build_failed::RULE,
    &deprecated_field::RULE,
    &patch_without_target::RULE,
    &unknown_field::RULE,
    &unused_file::RULE,
];
