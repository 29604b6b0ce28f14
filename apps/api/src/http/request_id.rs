//! A request's id: the caller's if it gave a sane one, else a new one.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderName, HeaderValue};

/// The header that carries it, both ways.
pub(crate) const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller.
const MAX_LENGTH: usize = 128;

/// A request's id. It is in the request's extensions, and in every answer.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    fn of(request: &Request) -> Self {
        let given = request.headers().get(&HEADER).filter(|value| is_sane(value.as_bytes()));
        Self(given.cloned().unwrap_or_else(|| {
            // A UUID is always a header's value; the other arm only keeps a panic out.
            HeaderValue::from_str(&uuid::Uuid::new_v4().to_string())
                .unwrap_or(HeaderValue::from_static("none"))
        }))
    }
}

/// Ids end up in logs and in other services: only what can't be mistaken there is taken over.
fn is_sane(id: &[u8]) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte))
}

/// Gives each request its id, and each answer its request's.
pub(crate) async fn layer(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, id.0);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_ids_are_taken_over() {
        assert!(is_sane(b"0194f3c2-3b2a-7c11-8a55-1f2e3d4c5b6a"));
        assert!(is_sane(b"a"));
        assert!(!is_sane(b""));
        assert!(!is_sane(&[b'a'; 129]));
        assert!(!is_sane(b"a\"b"));
        assert!(!is_sane("\u{202e}".as_bytes()));
    }
}
