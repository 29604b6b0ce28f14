//! Whether the process lives, and whether it should get requests.
//!
//! Liveness asks nothing but that the process answers: a store that is down is no reason to start
//! it again. Readiness fails while the store can't be reached, and from the signal to end on.
//! `/health` says the same as readiness, with the service and its version; it is what a gateway
//! outside of the cluster probes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    http::problem::{Kind, Problem},
    metrics::Metrics,
};

/// State of the store that a service needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Store {
    /// It needs none.
    None,
    /// It answered last time.
    Up,
    /// It didn't.
    Down,
}

/// Whether the service should get requests.
#[derive(Debug, Clone)]
pub struct Health(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    service: &'static str,
    draining: AtomicBool,
    store: AtomicU8,
    metrics: Metrics,
}

impl Health {
    /// The health of a service that needs no store, until [`Health::store`] is called.
    pub fn new(service: &'static str, metrics: Metrics) -> Self {
        let store = AtomicU8::new(Store::None as u8);
        Self(Arc::new(Inner { service, draining: AtomicBool::new(false), store, metrics }))
    }

    /// Tells whether the store can be reached.
    pub fn store(&self, up: bool) {
        let now = if up { Store::Up } else { Store::Down };
        self.0.metrics.store_up(up);
        let before = self.0.store.swap(now as u8, Ordering::Relaxed);
        if before != now as u8 && before != Store::None as u8 {
            tracing::info!(up, "store");
        }
    }

    /// Readiness fails from now on, and connections are asked to close.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Relaxed);
    }

    /// Tells whether the process is about to end.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Tells whether the store answered last time.
    pub(crate) fn is_store_up(&self) -> bool {
        self.store_state() == Store::Up
    }

    fn store_state(&self) -> Store {
        match self.0.store.load(Ordering::Relaxed) {
            up if up == Store::Up as u8 => Store::Up,
            down if down == Store::Down as u8 => Store::Down,
            _ => Store::None,
        }
    }

    fn check(&self) -> Result<Status, Problem> {
        let store = self.store_state();
        if self.is_draining() {
            return Err(Problem::new(Kind::NotReady, "shutting down").retry_after(1));
        }
        if store == Store::Down {
            return Err(Problem::new(Kind::NotReady, "the store can't be reached").retry_after(1));
        }
        let version = env!("CARGO_PKG_VERSION");
        Ok(Status { status: "ok", service: self.0.service, version, store })
    }
}

/// That all is well, and with what.
#[allow(clippy::struct_field_names, reason = "the answer names it so")]
#[derive(Debug, Serialize, ToSchema)]
pub struct Status {
    /// Always `ok`: anything else is a problem.
    #[schema(example = "ok")]
    status: &'static str,
    /// The service.
    #[schema(example = "counter")]
    service: &'static str,
    /// Its version.
    #[schema(example = "1.2.3")]
    version: &'static str,
    /// The store that it needs.
    store: Store,
}

/// Whether the service can do its work
#[utoipa::path(
    get, path = "/health", tag = "platform",
    responses((status = 200, description = "It can", body = Status), (status = 503, description = "It can't now",
        body = crate::http::problem::Body, content_type = "application/problem+json"))
)]
pub(crate) async fn health(State(health): State<Health>) -> Result<Json<Status>, Problem> {
    health.check().map(Json)
}

/// Whether the process lives
#[utoipa::path(
    get, path = "/livez", tag = "platform",
    responses((status = 200, description = "It does", body = String, example = "ok"))
)]
pub(crate) async fn livez() -> &'static str {
    "ok"
}

/// Whether the process should get requests
#[utoipa::path(
    get, path = "/readyz", tag = "platform",
    responses((status = 200, description = "It should", body = Status), (status = 503, description = "It shouldn't now",
        body = crate::http::problem::Body, content_type = "application/problem+json"))
)]
pub(crate) async fn readyz(State(health): State<Health>) -> Result<Json<Status>, Problem> {
    health.check().map(Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_follows_the_store_and_ends_with_the_process() {
        let health = Health::new("counter", Metrics::new("counter").unwrap());
        assert_eq!(health.check().unwrap().store, Store::None);
        health.store(false);
        assert!(health.check().is_err());
        health.store(true);
        assert_eq!(health.check().unwrap().store, Store::Up);
        health.drain();
        assert!(health.check().is_err());
    }
}
