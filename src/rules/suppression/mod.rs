//! `suppression/*`: suppressions are held to account like everything else.
//! The engine reports them (check/suppress.rs), once every finding was matched.

mod expired;
mod malformed;
mod missing_reason;
mod unknown_rule;
mod unused;

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] =
    &[&expired::RULE, &malformed::RULE, &missing_reason::RULE, &unknown_rule::RULE, &unused::RULE];

pub(crate) use expired::RULE as EXPIRED;
pub(crate) use malformed::RULE as MALFORMED;
pub(crate) use missing_reason::RULE as MISSING_REASON;
pub(crate) use unknown_rule::RULE as UNKNOWN_RULE;
pub(crate) use unused::RULE as UNUSED;
