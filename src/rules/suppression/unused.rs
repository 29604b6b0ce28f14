//! A suppression that matches nothing.
//!
//! MANUAL

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "suppression/unused",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a suppression that matches nothing",
    check: Check::Engine,
    source: include_str!("unused.rs"),
};
