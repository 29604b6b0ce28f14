//! Who may ask: for when no gateway stands in front.
//!
//! Health, metrics and the documentation stay open; the pod's network policy says who reaches them.

mod api_key;
mod jwt;
mod ring_provider;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, header::WWW_AUTHENTICATE};

use crate::{
    config::{Environment, Variable},
    http::problem::{Kind, Problem},
    secret_file::SecretFile,
};

pub use api_key::ApiKeys;
pub use jwt::{Jwks, Tokens};

/// The header of an API key.
pub const API_KEY_HEADER: HeaderName = HeaderName::from_static("x-api-key");

/// The variable that says what is asked for.
pub const AUTH_MODE: Variable = Variable {
    name: "AUTH_MODE",
    default: Some("none"),
    values: "`none`, `api-key`, `jwt`",
    meaning: "what a request must carry",
};
/// The file of API keys.
pub const API_KEYS_FILE: Variable = Variable {
    name: "API_KEYS_FILE",
    default: None,
    values: "path",
    meaning: "with `api-key`: one key a line, at least 16 characters each, for the header `X-Api-Key`. Read again when it changes",
};
/// The file of public keys.
pub const JWT_JWKS_FILE: Variable = Variable {
    name: "JWT_JWKS_FILE",
    default: None,
    values: "path",
    meaning: "with `jwt`: a JWK Set with the RSA keys (2048 bits or more) for RS256. Read again when it changes",
};
/// Who must have issued a token.
pub const JWT_ISSUER: Variable = Variable {
    name: "JWT_ISSUER",
    default: None,
    values: "text",
    meaning: "with `jwt`, required: what `iss` must be",
};
/// Whom a token must be for.
pub const JWT_AUDIENCE: Variable = Variable {
    name: "JWT_AUDIENCE",
    default: None,
    values: "text",
    meaning: "with `jwt`, required: what `aud` must be or contain",
};
/// The file of the shared secret.
pub const JWT_HS256_SECRET_FILE: Variable = Variable {
    name: "JWT_HS256_SECRET_FILE",
    default: None,
    values: "path",
    meaning: "with `jwt`: the shared secret for HS256, at least 32 bytes. Read again when it changes",
};

/// What a request must carry.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Nothing.
    None,
    /// An API key.
    ApiKey(Arc<SecretFile<ApiKeys>>),
    /// A JWT.
    Jwt(Arc<Tokens>),
}

#[derive(Clone, Copy)]
enum Mode {
    None,
    ApiKey,
    Jwt,
}

impl Auth {
    /// Reads the configuration.
    pub fn configure(environment: &mut Environment) -> Self {
        let mode = environment.choice(
            &AUTH_MODE,
            &[("none", Mode::None), ("api-key", Mode::ApiKey), ("jwt", Mode::Jwt)],
            Mode::None,
        );
        match mode {
            Mode::None => Self::None,
            Mode::ApiKey => match required_file(environment, &API_KEYS_FILE, ApiKeys::parse) {
                Some(keys) => Self::ApiKey(Arc::new(keys)),
                None => Self::None,
            },
            Mode::Jwt => match Self::jwt(environment) {
                Some(tokens) => Self::Jwt(Arc::new(tokens)),
                None => Self::None,
            },
        }
    }

    fn jwt(environment: &mut Environment) -> Option<Tokens> {
        let mut required = |variable: &Variable| {
            let text = environment.text(variable);
            if text.is_none() {
                environment.reject(variable, "is required where AUTH_MODE is `jwt`");
            }
            text
        };
        let (issuer, audience) = (required(&JWT_ISSUER), required(&JWT_AUDIENCE));
        if !environment.is_set(&JWT_JWKS_FILE) && !environment.is_set(&JWT_HS256_SECRET_FILE) {
            let problem = "this or JWT_HS256_SECRET_FILE is required where AUTH_MODE is `jwt`";
            environment.reject(&JWT_JWKS_FILE, problem);
            return None;
        }
        let jwks = file(environment, &JWT_JWKS_FILE, Jwks::parse);
        let secret = file(environment, &JWT_HS256_SECRET_FILE, jwt::parse_secret);
        Some(Tokens::new(issuer?, audience?, jwks, secret))
    }

    /// Starts the tasks that read files again. Must be called within the runtime.
    pub fn watch(&self) {
        match self {
            Self::None => {}
            Self::ApiKey(keys) => keys.watch(),
            Self::Jwt(tokens) => tokens.watch(),
        }
    }

    fn check(&self, request: &Request) -> Result<(), Problem> {
        match self {
            Self::None => Ok(()),
            Self::ApiKey(keys) => {
                let given = request.headers().get(API_KEY_HEADER);
                if given.is_some_and(|key| keys.current().contains(key.as_bytes())) {
                    return Ok(());
                }
                Err(refused("give a valid key in X-Api-Key", "ApiKey"))
            }
            Self::Jwt(tokens) => match bearer(request) {
                None => Err(refused("give a token as `Authorization: Bearer`", "Bearer")),
                Some(token) => tokens.verify(token).map_err(|error| {
                    tracing::info!(%error, "token refused");
                    refused("the token isn't valid here", "Bearer error=\"invalid_token\"")
                }),
            },
        }
    }
}

fn refused(detail: &str, challenge: &'static str) -> Problem {
    Problem::new(Kind::Unauthenticated, detail)
        .with_header(WWW_AUTHENTICATE, HeaderValue::from_static(challenge))
}

fn bearer(request: &Request) -> Option<&str> {
    let value = request.headers().get(http::header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn required_file<T: Send + Sync + 'static>(
    environment: &mut Environment,
    variable: &Variable,
    parse: fn(&[u8]) -> Result<T, String>,
) -> Option<SecretFile<T>> {
    if !environment.is_set(variable) {
        environment.reject(variable, "is required with this AUTH_MODE");
    }
    file(environment, variable, parse)
}

fn file<T: Send + Sync + 'static>(
    environment: &mut Environment,
    variable: &Variable,
    parse: fn(&[u8]) -> Result<T, String>,
) -> Option<SecretFile<T>> {
    environment.parse(variable, |path| SecretFile::open(path.as_ref(), parse))
}

/// Refuses requests that don't carry what they must.
pub(crate) async fn layer(State(auth): State<Auth>, request: Request, next: Next) -> Response {
    match auth.check(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}
