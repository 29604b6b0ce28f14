//! The services as a client sees them: over real connections, without stores of their own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is how a test fails")]

#[path = "../support/mod.rs"]
mod support;

mod auth;
mod documentation;
mod errors;
mod metrics;
mod openapi;
mod platform;
mod process;
mod routes;
mod shutdown;
