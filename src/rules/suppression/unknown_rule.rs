//! A suppression that names no rule, or one that doesn't exist.
//!
//! MANUAL

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/unknown-rule",
    level: Level::Error,
    since: "0.1.0",
    summary: "a suppression that names no rule, or one that doesn't exist",
    check: Check::Engine,
    source: include_str!("unknown_rule.rs"),
};
