//! The engine: opens documents into objects, runs the rules over them, gives
//! every finding its place, level and fingerprint, and accounts for what was
//! not checked.

mod cluster;
mod documents;
mod engine;
mod fingerprint;
mod locate;
mod violation;

#[cfg(test)]
pub(crate) mod testing;

pub use cluster::{Cluster, Namespace, Scope};
pub use engine::{Options, Report, run};
pub use violation::{Findings, Place, Target, Violation};
