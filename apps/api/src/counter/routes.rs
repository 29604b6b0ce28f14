//! `GET /read`, `POST /write`.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::store::Store;
use crate::{
    http::problem::{self, Kind, Problem},
    metrics::Metrics,
    store_error::StoreError,
};

#[derive(Clone)]
struct App(Arc<Inner>);

struct Inner {
    store: Store,
    retry_after: u16,
    read_errors: prometheus::IntCounter,
    write_errors: prometheus::IntCounter,
}

pub(super) fn routes(store: Store, retry_after: u16, metrics: &Metrics) -> OpenApiRouter {
    let app = App(Arc::new(Inner {
        store,
        retry_after,
        read_errors: metrics.store_errors("read"),
        write_errors: metrics.store_errors("write"),
    }));
    OpenApiRouter::new().routes(routes!(read)).routes(routes!(write)).with_state(app)
}

/// The counter.
#[derive(Serialize, ToSchema)]
struct Counter {
    /// Its value
    #[schema(example = 42)]
    counter: i64,
}

/// The counter as it is
#[utoipa::path(
    get, path = "/read", tag = "counter",
    responses(
        (status = 200, description = "The counter", body = Counter),
        (status = 503, description = "Redis is down: see Retry-After", body = problem::Body,
            content_type = "application/problem+json"),
    )
)]
async fn read(State(App(app)): State<App>) -> Result<Json<Counter>, Problem> {
    let counter = app.store.read().await.map_err(|error| {
        app.read_errors.inc();
        match error {
            StoreError::Broken(cause) => Problem::internal(cause),
            StoreError::Unavailable(cause) | StoreError::Unknown(cause) => {
                Problem::new(Kind::StoreUnavailable, "the counter can't be read now")
                    .retry_after(app.retry_after)
                    .caused_by(cause)
            }
        }
    })?;
    Ok(Json(Counter { counter }))
}

/// Adds one to the counter
#[utoipa::path(
    post, path = "/write", tag = "counter",
    responses(
        (status = 200, description = "One was added", body = Counter),
        (status = 503, description = "Redis is down: see Retry-After. `store-unavailable`: nothing \
            was added. `outcome-unknown`: one was added, or nothing", body = problem::Body,
            content_type = "application/problem+json"),
        (status = 504, description = "No answer in time: one was added, or nothing",
            body = problem::Body, content_type = "application/problem+json"),
    )
)]
async fn write(State(App(app)): State<App>) -> Result<Json<Counter>, Problem> {
    let counter = app.store.increment().await.map_err(|error| {
        app.write_errors.inc();
        let (kind, detail, cause) = match error {
            StoreError::Broken(cause) => return Problem::internal(cause),
            StoreError::Unavailable(cause) => {
                (Kind::StoreUnavailable, "nothing was counted: it is safe to ask again", cause)
            }
            StoreError::Unknown(cause) => {
                (Kind::OutcomeUnknown, "it was counted once or not at all", cause)
            }
        };
        Problem::new(kind, detail).retry_after(app.retry_after).caused_by(cause)
    })?;
    Ok(Json(Counter { counter }))
}
