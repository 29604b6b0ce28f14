//! Writes every error as `application/problem+json`, wherever it comes from.

use std::any::Any;

use axum::{
    Extension,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};

use super::{
    problem::{Kind, Problem},
    request_id::RequestId,
};

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Turns errors into problems: those of handlers, and those that axum made without one.
pub(crate) async fn layer(
    Extension(id): Extension<RequestId>,
    request: Request,
    next: Next,
) -> Response {
    let is_head = request.method() == Method::HEAD;
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = response.extensions_mut().remove().unwrap_or_else(|| Problem::of_status(status));
    if let Some(cause) = problem.cause() {
        if status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(cause, "request failed");
        } else {
            tracing::warn!(cause, "request failed");
        }
    }
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, PROBLEM_JSON);
    let body = if is_head {
        Vec::new()
    } else {
        // Strings and a number: this can't fail.
        serde_json::to_vec(&problem.body(id.as_str())).unwrap_or_default()
    };
    (parts, body).into_response()
}

/// What a path without a route is answered with.
pub(crate) async fn not_found(request: Request) -> Problem {
    Problem::new(Kind::NotFound, format!("{} has no route here", request.uri().path()))
}

/// What a route without the method is answered with; axum adds `Allow`.
pub(crate) async fn method_not_allowed(request: Request) -> Problem {
    Problem::new(
        Kind::MethodNotAllowed,
        format!("{} isn't answered here; `Allow` says what is", request.method()),
    )
}

/// What a handler that panicked is answered with.
#[allow(clippy::needless_pass_by_value, reason = "tower-http gives it so")]
pub(crate) fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("panic");
    Problem::internal(text).into_response()
}
