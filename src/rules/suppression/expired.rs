//! A suppression whose end date has passed.
//!
//! MANUAL

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/expired",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a suppression whose end date has passed",
    check: Check::Engine,
    source: include_str!("expired.rs"),
};
