//! Errors as RFC 9457 describes them.
//!
//! A handler returns a [`Problem`]; what the client sees of it is written in one place,
//! [`super::errors`], which knows the request's id. The cause of a failure is logged, and never told
//! to the client.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{ALLOW, RETRY_AFTER},
};
use serde::Serialize;
use utoipa::ToSchema;

/// What `type` of a problem starts with. A tag (RFC 4151) names it without promising a page.
pub const TYPE_PREFIX: &str = "tag:contoso.example,2026:problems/";

macro_rules! kinds {
    ($($variant:ident $name:literal $status:ident $title:literal)*) => {
        /// What went wrong, for programs: `type` of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $(#[doc = $title] $variant),* }

        impl Kind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The end of its `type`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The status that it is answered with.
            pub fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),* }
            }

            /// What it is called, for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title),* }
            }
        }
    };
}

kinds! {
    InvalidRequest "invalid-request" BAD_REQUEST "The request isn't valid"
    Unauthenticated "unauthenticated" UNAUTHORIZED "No valid credential was given"
    NotFound "not-found" NOT_FOUND "There is no such route"
    UnknownSymbol "unknown-symbol" NOT_FOUND "There is no such symbol"
    UnknownPerson "unknown-person" NOT_FOUND "Nobody of that name is known"
    UnknownBicycle "unknown-bicycle" NOT_FOUND "There is no such bicycle"
    MethodNotAllowed "method-not-allowed" METHOD_NOT_ALLOWED "The route has no such method"
    BodyTimeout "body-timeout" REQUEST_TIMEOUT "The body didn't arrive in time"
    BodyTooLarge "body-too-large" PAYLOAD_TOO_LARGE "The body is too large"
    UnsupportedMediaType "unsupported-media-type" UNSUPPORTED_MEDIA_TYPE "The body isn't of a type that is read here"
    Internal "internal" INTERNAL_SERVER_ERROR "The service failed"
    Overloaded "overloaded" SERVICE_UNAVAILABLE "Too many requests are in flight; nothing was done"
    NotReady "not-ready" SERVICE_UNAVAILABLE "The service can't do its work now"
    StoreUnavailable "store-unavailable" SERVICE_UNAVAILABLE "The store can't be reached; nothing was written"
    OutcomeUnknown "outcome-unknown" SERVICE_UNAVAILABLE "The store didn't confirm; it may have been written or not"
    Timeout "timeout" GATEWAY_TIMEOUT "No answer in time; what was asked may have been done or not"
}

/// An error as a client sees it, with its cause for the log.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Option<Kind>,
    status: StatusCode,
    detail: String,
    cause: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of a kind, with what is to say of this occurrence.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        let (status, detail) = (kind.status(), detail.into());
        Self { kind: Some(kind), status, detail, cause: None, headers: Vec::new() }
    }

    /// A problem that only its status is known of.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self { kind: None, status, detail: String::new(), cause: None, headers: Vec::new() }
    }

    /// A failure of the service, with its cause for the log.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(Kind::Internal, "the log has its cause, by the request's id").caused_by(cause)
    }

    /// Adds the cause, which is logged.
    #[must_use]
    pub(crate) fn caused_by(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds when it makes sense to ask again, in seconds.
    #[must_use]
    pub(crate) fn retry_after(self, seconds: u16) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// Adds a header of the answer.
    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// What is logged of it, if anything is.
    pub(crate) fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The body, for the request of this id.
    pub(crate) fn body(&self, request_id: &str) -> Body {
        let (kind, title) = match self.kind {
            Some(kind) => (format!("{TYPE_PREFIX}{}", kind.name()), kind.title()),
            // As RFC 9457 has it where a status says all.
            None => ("about:blank".into(), self.status.canonical_reason().unwrap_or("Error")),
        };
        Body {
            kind,
            title: title.into(),
            status: self.status.as_u16(),
            detail: (!self.detail.is_empty()).then(|| self.detail.clone()),
            request_id: request_id.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        for (name, value) in &self.headers {
            // More than one `Allow` or `Retry-After` would contradict each other.
            if name == ALLOW || name == RETRY_AFTER {
                response.headers_mut().insert(name, value.clone());
            } else {
                response.headers_mut().append(name, value.clone());
            }
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// An error, as RFC 9457 describes it
#[derive(Debug, Serialize, ToSchema)]
#[schema(title = "Problem", as = Problem)]
#[serde(rename_all = "camelCase")]
pub struct Body {
    /// What went wrong, for programs
    #[serde(rename = "type")]
    #[schema(example = "tag:contoso.example,2026:problems/invalid-request")]
    kind: String,
    /// What went wrong, for people
    #[schema(example = "The request isn't valid")]
    title: String,
    /// The status of the answer
    #[schema(example = 400)]
    status: u16,
    /// What is to say of this occurrence
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The request's id, as in the header `X-Request-Id` and in the log
    request_id: String,
}
