//! A suppression that gives no reason.
//!
//! MANUAL

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/missing-reason",
    level: Level::Error,
    since: "0.1.0",
    summary: "a suppression that gives no reason",
    check: Check::Engine,
    source: include_str!("missing_reason.rs"),
};
