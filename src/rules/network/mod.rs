//! `network/*`.

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[];
