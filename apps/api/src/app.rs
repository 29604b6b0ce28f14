//! A service's routes, with everything that surrounds them.

use axum::{Router, extract::State, middleware, response::IntoResponse};
use http::header::CONTENT_TYPE;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    config::Shared,
    health::{self, Health},
    http::{errors, limits, observe, problem::Problem, request_id},
    metrics::Metrics,
    openapi,
    service::{Build, Context, Service, StartError},
};

/// A service that is ready to be served.
pub struct App {
    /// All of its routes.
    pub router: Router,
    /// Its OpenAPI document.
    pub document: OpenApi,
    /// Whether it should get requests.
    pub health: Health,
}

impl App {
    /// Puts a service together. Must be called within the runtime.
    ///
    /// # Errors
    /// If the service can't be built.
    pub fn new(service: &Service, shared: &Shared, build: Build) -> Result<Self, StartError> {
        let metrics = Metrics::new(service.name)?;
        let health = Health::new(service.name, metrics.clone());
        let context = Context {
            metrics: metrics.clone(),
            health: health.clone(),
            request_timeout: shared.request_timeout,
        };
        let limits = limits::Limits::new(
            shared.max_in_flight,
            shared.max_body_bytes,
            shared.request_timeout,
        );
        let own =
            build(&context)?.route_layer(middleware::from_fn_with_state(limits, limits::layer));
        let platform = OpenApiRouter::new()
            .routes(routes!(health::health))
            .routes(routes!(health::livez))
            .routes(routes!(health::readyz))
            .with_state(health.clone())
            .merge(OpenApiRouter::new().routes(routes!(scrape)).with_state(metrics.clone()));
        let (router, document) = OpenApiRouter::with_openapi(openapi::head(service))
            .merge(own)
            .merge(platform)
            .split_for_parts();
        // From the inside out: the last layer sees a request first.
        let router = router
            .merge(openapi::routes(document.clone()))
            .fallback(errors::not_found)
            .method_not_allowed_fallback(errors::method_not_allowed)
            .layer(CatchPanicLayer::custom(errors::panicked))
            .layer(middleware::from_fn(errors::layer))
            .layer(middleware::from_fn_with_state(health.clone(), observe::headers))
            .layer(middleware::from_fn_with_state(metrics, observe::layer))
            .layer(middleware::from_fn(request_id::layer));
        Ok(Self { router, document, health })
    }
}

/// Metrics in Prometheus' text format
#[utoipa::path(
    get, path = "/metrics", tag = "platform",
    responses((status = 200, description = "All metrics", body = String, content_type = "text/plain"))
)]
async fn scrape(State(metrics): State<Metrics>) -> Result<impl IntoResponse, Problem> {
    let text = metrics.text().map_err(Problem::internal)?;
    Ok(([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text))
}
