//! Limits of a request: how many at a time, how large, how long.
//!
//! The body is received whole before a handler runs, because every body here is small. So a client
//! that is slow to send it (408) is told apart from a handler that is slow to answer (504), and no
//! handler holds anything while it waits for a client.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, Version,
    header::{CONNECTION, CONTENT_LENGTH},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use super::problem::{Kind, Problem};

/// The limits of the requests to a service.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    in_flight: Arc<Semaphore>,
    body_bytes: usize,
    time: Duration,
}

impl Limits {
    pub(crate) fn new(in_flight: usize, body_bytes: usize, time: Duration) -> Self {
        Self { in_flight: Arc::new(Semaphore::new(in_flight)), body_bytes, time }
    }
}

/// Holds requests to the limits.
pub(crate) async fn layer(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(_permit) = limits.in_flight.try_acquire() else {
        return Problem::new(Kind::Overloaded, "try again soon").retry_after(1).into_response();
    };
    let deadline = Instant::now() + limits.time;
    let persistent = request.version() < Version::HTTP_2;
    let request = match receive(request, limits.body_bytes, deadline).await {
        Ok(request) => request,
        // The rest of the body would have to be read before a next request.
        Err(problem) if persistent => {
            return problem
                .with_header(CONNECTION, HeaderValue::from_static("close"))
                .into_response();
        }
        Err(problem) => return problem.into_response(),
    };
    match timeout_at(deadline, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Kind::Timeout, seconds(limits.time)).into_response(),
    }
}

async fn receive(request: Request, limit: usize, deadline: Instant) -> Result<Request, Problem> {
    let too_large = || Problem::new(Kind::BodyTooLarge, format!("at most {limit} bytes are taken"));
    let (parts, body) = request.into_parts();
    let announced = parts.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if announced.and_then(|text| text.parse::<u64>().ok()).is_some_and(|n| n > limit as u64) {
        return Err(too_large());
    }
    let received = timeout_at(deadline, Limited::new(body, limit).collect()).await;
    match received {
        Ok(Ok(body)) => Ok(Request::from_parts(parts, Body::from(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(error)) => {
            Err(Problem::new(Kind::InvalidRequest, "the body broke off").caused_by(error))
        }
        Err(_) => Err(Problem::new(Kind::BodyTimeout, "send the body sooner")),
    }
}

fn seconds(time: Duration) -> String {
    format!("a request has {} s", time.as_secs())
}
