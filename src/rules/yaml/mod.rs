//! `yaml/*`.

use super::Rule;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[];

/// Reported by the engine.
pub static SYNTAX: Rule = Rule {
    id: "yaml/syntax",
    level: crate::finding::Level::Error,
    since: "0.1.0",
    summary: "a file that YAML readers refuse",
    check: super::Check::Engine,
    source: include_str!("mod.rs"),
};
