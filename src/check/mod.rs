//! The engine: opens documents into objects, runs the rules over them, gives
//! every finding its place, level and fingerprint, and accounts for what was
//! not checked.

mod baseline;
mod changed;
mod cluster;
mod directive;
mod documents;
mod engine;
mod environment;
mod fingerprint;
mod immutable;
mod inventory;
mod locate;
mod plan;
mod provenance;
mod suppress;
mod violation;

#[cfg(test)]
pub(crate) mod testing;

pub use baseline::{Baseline, BaselineError};
pub use changed::Changed;
pub use cluster::{Cluster, Namespace, Scope};
pub use engine::{Options, check_fleet, render_and_check, run};
pub use immutable::{ImmutableChange, immutable_changes};
pub use inventory::{ImageUse, images};
pub use violation::{Findings, Place, Target, Violation};
