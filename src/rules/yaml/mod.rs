//! `yaml/*`: what readers of YAML refuse, or read in different ways.

mod ambiguous_scalar;
mod duplicate_key;
mod readings;
mod syntax;

pub(crate) use syntax::RULE as SYNTAX;

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[&ambiguous_scalar::RULE, &duplicate_key::RULE, &syntax::RULE];
