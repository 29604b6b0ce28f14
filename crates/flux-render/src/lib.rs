//! What Flux would apply to a cluster, worked out offline: `kustomize build` and the steps of
//! Flux's kustomize-controller around it, on trees whose every value knows who wrote it.
//!
#![doc = include_str!("../README.md")]

pub mod emit;
mod error;
mod files;
pub mod flux;
mod key_order;
pub mod kustomize;
mod place;
mod scalar_style;
pub mod substitute;
mod timestamp;
mod tree;
pub mod value;

pub use error::{Error, ErrorKind};
pub use files::{Files, LONG_TEXT, Listed, MemoryFiles, join, listed};
pub use place::{FileId, Operation, Origin, Place, Step};
pub use tree::{Id, Kind, Node, Style, Tag, Tree};

/// Deepest nesting of a document once its aliases are written out.
pub(crate) const MOST_LEVELS: usize = 200;
/// Most nodes of a document once its aliases are written out.
pub(crate) const MOST_NODES: usize = 4_000_000;
/// Most folders that lead from a kustomization to one that it uses.
pub(crate) const MOST_FOLDERS: usize = 100;
