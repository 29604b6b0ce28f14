//! A suppression whose end date has passed.
//!
//! ## What it does
//!
//! Reports suppressions whose `until` lies before today. They suppress nothing
//! any more, so what they covered is reported again.
//!
//! ## Why
//!
//! An end date is a promise to look again; this is the reminder.
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
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore[images/registry] until=2020-01-31 moving to our registry
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
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore[images/registry] until=2999-12-31 moving to our registry
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
    id: "suppression/expired",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a suppression whose end date has passed",
    check: Check::Engine,
    source: include_str!("expired.rs"),
};
