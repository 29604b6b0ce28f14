//! What the four services share, and the services themselves.
//!
//! A [`Service`](service::Service) is its name, the environment variables that it reads, and a
//! function that makes its routes. Everything around the routes is the same for all: configuration
//! ([`config`]), logging ([`telemetry`]), metrics ([`metrics`]), health ([`health`]), limits and
//! errors ([`http`]), the OpenAPI document ([`openapi`]), and the end of a process ([`server`]).
//! [`run::main`] puts it together; a binary is one call of it.

pub mod app;
pub mod auth;
pub mod config;
pub mod counter;
pub mod greeter;
pub mod health;
pub mod http;
pub mod metrics;
pub mod openapi;
pub mod predictor;
pub mod recommender;
pub mod run;
pub mod secret_file;
pub mod server;
pub mod service;
mod store_error;
pub mod telemetry;

/// Memory of every binary. musl's own allocator takes one lock for all threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Every service, in the order of the documentation.
pub const SERVICES: [&service::Service; 4] =
    [&predictor::SERVICE, &counter::SERVICE, &greeter::SERVICE, &recommender::SERVICE];
