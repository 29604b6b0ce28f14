//! A log line, a span and metrics for each request.

use std::time::Instant;

use axum::{
    Extension,
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, Version, header};
use tracing::{Instrument, Span};

use super::request_id::RequestId;
use crate::{health::Health, metrics::Metrics};

/// Routes that the platform asks all the time.
const QUIET: [&str; 4] = ["/health", "/livez", "/readyz", "/metrics"];

/// Observes a request, from its head to its answer's.
pub(crate) async fn layer(
    State(metrics): State<Metrics>,
    Extension(id): Extension<RequestId>,
    path: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let route = path.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = method_label(request.method());
    let span = tracing::info_span!("request", id = id.as_str(), method, route);
    let mut observed = Observed::start(metrics, method, route, span.clone());
    let response = next.run(request).instrument(span).await;
    observed.status = response.status().as_u16();
    response
}

/// A request until it is answered, or given up by its client.
struct Observed {
    metrics: Metrics,
    method: &'static str,
    route: String,
    status: u16,
    start: Instant,
    span: Span,
}

/// What is counted if a client went away before its answer.
const CLIENT_CLOSED_REQUEST: u16 = 499;

impl Observed {
    fn start(metrics: Metrics, method: &'static str, route: String, span: Span) -> Self {
        metrics.in_flight().inc();
        Self { metrics, method, route, status: CLIENT_CLOSED_REQUEST, start: Instant::now(), span }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        let time = self.start.elapsed();
        self.metrics.in_flight().dec();
        self.metrics.answered(self.method, &self.route, &self.status.to_string(), time);
        let _entered = self.span.enter();
        let (status, micros) = (self.status, time.as_micros() as u64);
        if QUIET.contains(&self.route.as_str()) {
            tracing::debug!(status, micros, "answered");
        } else {
            tracing::info!(status, micros, "answered");
        }
    }
}

/// A label has few values, whatever clients send.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Headers of every answer; and, once the process is about to end, the wish that the client closes
/// the connection, so that none is idle when it is closed under it.
pub(crate) async fn headers(
    State(health): State<Health>,
    request: Request,
    next: Next,
) -> Response {
    let persistent = request.version() < Version::HTTP_2;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if persistent && health.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
