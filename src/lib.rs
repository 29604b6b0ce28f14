//! portcullis reads a Flux GitOps repository, checks what it holds against
//! policy, and points at the line that somebody wrote.
//!
//! The way through: [`repo`] finds and reads files, [`fleet`] renders what Flux
//! would apply, [`check`] runs the [`rules`] over it, [`report`] writes what was found.
//! [`cli`] alone prints and reads the environment. ARCHITECTURE.md states the
//! invariants that hold between them.

pub mod check;
pub mod cli;
pub mod config;
pub mod finding;
pub mod fleet;
pub mod kube;
pub mod netpol;
pub mod repo;
pub mod report;
pub mod rules;
pub mod schema;
