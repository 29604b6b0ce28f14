//! A suppression that gives no reason.
//!
//! ## What it does
//!
//! Reports suppressions that give no reason. They suppress all the same, but
//! this finding stands in for what they hide.
//!
//! ## Why
//!
//! Whoever reads the line next must know whether it still holds.
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
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore[images/registry]
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
    id: "suppression/missing-reason",
    level: Level::Error,
    since: "0.1.0",
    summary: "a suppression that gives no reason",
    check: Check::Engine,
    source: include_str!("missing_reason.rs"),
};
