//! A suppression that can't be understood.
//!
//! ## What it does
//!
//! Reports comments that begin with `portcullis:` and are not understood, and
//! dates that are none. They suppress nothing.
//!
//! ## Why
//!
//! A suppression with a slip of the pen would be taken for one that works.
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
//!       image: docker.io/library/nginx:1.29 # portcullis: ignore images/registry
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
    id: "suppression/malformed",
    level: Level::Error,
    since: "0.1.0",
    summary: "a suppression that can't be understood",
    check: Check::Engine,
    source: include_str!("malformed.rs"),
};
