//! What Flux's kustomize-controller makes of a Kustomization (v1.9, with fluxcd/pkg/kustomize
//! v1.41.0 and fluxcd/pkg/ssa v0.78.0), and the graph of a cluster's Kustomizations.

mod artifact;
mod discover;
mod file_match;
mod graph;
mod manifest;
mod objects;
mod pipeline;
mod shared;
mod source;
mod source_ignore;
mod spec;
mod stages;
mod substitution;
mod typed;
mod variables;

pub use artifact::{ArtifactFiles, IgnoreFile, SourceSettings};
pub use discover::{Discovered, discover};
pub use graph::{Cluster, ClusterSettings, Member, Outcome, render, render_all};
pub use manifest::{Manifest, Piece};
pub use objects::{Control, ObjectId};
pub use pipeline::{Applied, Problem, ProblemKind, Rendering, render_folder};
pub use source::{Reason, SourceVerdict, same_repository};
pub use source_ignore::SOURCE_IGNORE;
pub use spec::{Dependency, Kustomization, Located, Name, PostBuild, SourceRef, SubstituteFrom};
pub use stages::{Stage, apply_order};
