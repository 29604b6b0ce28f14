//! A suppression that names no rule, or one that doesn't exist.
//!
//! ## What it does
//!
//! Reports suppressions that name no rule, or one that does not exist.
//!
//! ## Why
//!
//! A rule that is named wrongly is not suppressed, and a list without names is
//! no decision.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!     - name: app
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore[image/registry] moving to our registry
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web}
//! spec:
//!   containers:
//!     - name: app
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore[images/registry] moving to our registry
//! ```
//!
//! ## References
//!
//! - docs/suppressions.md

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
