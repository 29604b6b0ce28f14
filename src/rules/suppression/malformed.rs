//! A suppression that can't be understood.
//!
//! MANUAL

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/malformed",
    level: Level::Error,
    since: "0.1.0",
    summary: "a suppression that can't be understood",
    check: Check::Engine,
    source: include_str!("malformed.rs"),
};
