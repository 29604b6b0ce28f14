//! `flux/*`: Kustomizations of Flux, their variables, and what they apply.

mod depends_on_cycle;
mod depends_on_missing;
mod deprecated_api;
mod dropped_field;
mod duplicate_owner;
mod invalid_substitution;
mod path_not_found;
pub(super) mod problems;
mod prune_hazard;
mod scalar_changed_by_substitution;
mod source_not_found;
mod substitute_from_missing;
mod suspended;
mod undefined_variable;
mod unreached_file;

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &depends_on_cycle::RULE,
    &depends_on_missing::RULE,
    &deprecated_api::RULE,
    &dropped_field::RULE,
    &duplicate_owner::RULE,
    &invalid_substitution::RULE,
    &path_not_found::RULE,
    &prune_hazard::RULE,
    &scalar_changed_by_substitution::RULE,
    &source_not_found::RULE,
    &substitute_from_missing::RULE,
    &suspended::RULE,
    &undefined_variable::RULE,
    &unreached_file::RULE,
];
