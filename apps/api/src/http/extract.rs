//! Extractors whose rejections are problems.

use axum::extract::{
    FromRequest, FromRequestParts, Request,
    rejection::{JsonRejection, PathRejection, QueryRejection},
};
use http::{StatusCode, request::Parts};
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};

fn rejected(status: StatusCode, text: String) -> Problem {
    match status {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Problem::new(Kind::UnsupportedMediaType, text),
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::BodyTooLarge, text),
        status if status.is_server_error() => Problem::internal(text),
        _ => Problem::new(Kind::InvalidRequest, text),
    }
}

/// The query, as axum reads it.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query: Result<axum::extract::Query<T>, QueryRejection> =
            axum::extract::Query::from_request_parts(parts, state).await;
        match query {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(rejected(rejection.status(), rejection.body_text())),
        }
    }
}

/// The parameters of the path, as axum reads them.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path: Result<axum::extract::Path<T>, PathRejection> =
            axum::extract::Path::from_request_parts(parts, state).await;
        match path {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) => Err(rejected(rejection.status(), rejection.body_text())),
        }
    }
}

/// A body of JSON, as axum reads it.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json: Result<axum::Json<T>, JsonRejection> =
            axum::Json::from_request(request, state).await;
        match json {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(rejected(rejection.status(), rejection.body_text())),
        }
    }
}
