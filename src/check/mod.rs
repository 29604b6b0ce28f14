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
mod inventory;
mod locate;
mod makers;
mod plan;
mod provenance;
mod provided;
mod suppress;
mod update;
mod violation;
mod written;

#[cfg(test)]
pub(crate) mod testing;

pub use baseline::{Baseline, BaselineError};
pub use changed::Changed;
pub use cluster::{Cluster, Extent, Namespace, Scope, Whole};
pub use engine::{Options, check_fleet, check_update, render_and_check, run};
pub use inventory::{ImageUse, images};
pub use makers::Makers;
pub use provided::{Entry, Has, Provided};
pub use update::Earlier;
pub use violation::{Findings, Place, Target, Violation};
pub use written::Written;
