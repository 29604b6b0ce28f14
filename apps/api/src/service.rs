//! What a service is to everything around it.

use std::time::Duration;

use utoipa_axum::router::OpenApiRouter;

use crate::{
    config::{Environment, Variable},
    health::Health,
    metrics::Metrics,
};

/// A service: its name, its variables, and how its routes are made.
#[derive(Debug)]
pub struct Service {
    /// Its name: that of the binary, of the image, and in metrics and logs.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// The variables that it reads beyond those of all services.
    pub variables: &'static [Variable],
    /// Reads the configuration. What comes back is called only if it has no errors.
    pub configure: fn(&mut Environment) -> Build,
}

/// Makes the routes of a service. Called once, within the runtime: it may start tasks.
pub type Build = Box<dyn FnOnce(&Context) -> Result<OpenApiRouter, StartError> + Send>;

/// What is there for a service to use.
#[derive(Debug, Clone)]
pub struct Context {
    /// Its metrics.
    pub metrics: Metrics,
    /// Where it tells whether its store can be reached.
    pub health: Health,
    /// Time that a request has.
    pub request_timeout: Duration,
}

/// Why a service whose configuration is right didn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken, or the address isn't this host's.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// Where it should have listened.
        address: std::net::SocketAddr,
        /// Why it can't.
        error: std::io::Error,
    },
    /// The runtime or its signal handlers couldn't be made.
    #[error("can't start: {0}")]
    Runtime(#[from] std::io::Error),
    /// A metric couldn't be registered.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The catalogue in the binary can't be read.
    #[error("catalogue: {0}")]
    Catalogue(#[from] serde_json::Error),
    /// The logger couldn't be set up.
    #[error("logging: {0}")]
    Logging(String),
}
