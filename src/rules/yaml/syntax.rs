//! A file that YAML readers refuse.
//!
//! ## What it does
//! Reports text that isn't YAML as libyaml reads it, which is what kubectl, kustomize and Flux read
//! with. The file's other documents are still checked; the one at fault is listed as not checked.
//! Text that isn't UTF-8, and documents beyond the limits on depth and size, are reported too.
//!
//! ## Why
//! kustomize stops at such a file, and Flux then applies nothing of the whole Kustomization.
//!
//! ## Fails
//! A list that is never closed.
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//!   finalizers: [example.com/one
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! ```
//!
//! ## Limits
//! Of a document only the first error is reported.
//!
//! ## References
//! - <https://yaml.org/spec/1.1/>
//! - <https://github.com/yaml/libyaml>

use crate::{
    finding::Level,
    rules::{Check, Rule},
};

/// Reported by the engine, while it opens files.
pub(crate) static RULE: Rule = Rule {
    id: "yaml/syntax",
    level: Level::Error,
    since: "0.1.0",
    summary: "a file that YAML readers refuse",
    check: Check::Engine,
    source: include_str!("syntax.rs"),
};
