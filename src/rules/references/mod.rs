//! `references/*`: what objects name, and nothing provides.

mod volume;

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[&volume::RULE];
