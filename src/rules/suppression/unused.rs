//! A suppression that matches nothing.
//!
//! ## What it does
//!
//! Reports suppressions, and entries of a baseline, that match nothing.
//!
//! ## Why
//!
//! What was mended needs no suppression; left in place it hides the next
//! offence.
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
//!       image: contoso.azurecr.io/nginx:1.29 # portcullis: ignore[images/registry] moving to our registry
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
//! ## Limits
//!
//! Suppressions of rules that did not run (by configuration, `--rule` or
//! `--skip`) are left alone.
//!
//! ## References
//!
//! - docs/suppressions.md

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
