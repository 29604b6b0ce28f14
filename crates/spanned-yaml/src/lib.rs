//! YAML as libyaml reads it, in a flat tree whose every node knows its place in
//! the source.
//!
//! Kubernetes' tools read YAML through libyaml's grammar (go-yaml is a port of
//! it), and then decide lazily what a plain `0644` or `on` means. This crate
//! does the same: [`parse`] takes a text to a [`Tree`] without judging scalars,
//! and [`Node::scalar`] resolves one in either of go-yaml's [`Dialect`]s.
//!
//! ```
//! let tree = spanned_yaml::parse("spec:\n  replicas: 0x10\n");
//! let root = tree.root(0).unwrap();
//! let replicas = root.at_pointer("/spec/replicas").unwrap();
//! assert_eq!(replicas.text(), "0x10");
//! assert_eq!(replicas.as_i64(), Some(16));
//! let at = tree.position(replicas.span().start);
//! assert_eq!((at.line, at.column), (2, 13));
//! ```
//!
//! A parse never fails as a whole: errors stand in the tree, each with its
//! place, and parsing goes on at the next document.
//!
//! ```
//! let tree = spanned_yaml::parse("a: [1\n---\nb: 2\n");
//! assert_eq!(tree.errors().len(), 1);
//! assert!(tree.documents()[0].broken);
//! assert_eq!(tree.root(1).unwrap().get("b").unwrap().as_i64(), Some(2));
//! ```
//!
//! Time and memory are linear in the size of the input, whatever the input;
//! [`Limits`] says where it stops.

mod block_scalar;
mod builder;
mod bytes;
mod characters;
mod composer;
mod document;
mod error;
pub mod event;
mod flow_scalar;
mod limits;
mod lines;
mod node;
mod parser;
mod path;
mod plain_scalar;
mod record;
mod resolve;
mod scanner;
mod span;
mod tag;
mod timestamp;
mod tree;

pub use bytes::parse_bytes;
pub use characters::{is_printable, is_printable_ascii};
pub use composer::Composer;
pub use error::{Error, ErrorKind};
pub use limits::Limits;
pub use lines::{LineIndex, Position};
pub use node::{Entries, Entry, Items, Kind, Node, NodeId, RawEntries, RawItems, Style};
pub use path::PathSegment;
pub use resolve::{Dialect, Scalar, may_be_word, resolve_plain};
pub use span::Span;
pub use tree::{Document, Tree, parse, parse_with};
