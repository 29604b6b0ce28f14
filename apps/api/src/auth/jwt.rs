//! JSON Web Tokens: HS256 with a shared secret, RS256 with keys of a JWK Set.
//!
//! A token's header only chooses among what is configured. An RSA key is never used as a secret of
//! HS256, because keys are kept by algorithm; `none` and every other algorithm are refused. `exp`,
//! `iss` and `aud` must be there and right; `nbf` must be right if it is there.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation, decode, decode_header,
    errors::{Error, ErrorKind},
};
use serde::Deserialize;

use super::ring_provider;
use crate::secret_file::SecretFile;

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// Shortest secret of HS256 in bytes, and shortest modulus of RS256: RFC 7518, 3.2 and 3.3.
const MIN_SECRET: usize = 32;
const MIN_MODULUS: usize = 256;

/// Reads the secret of HS256. One line end at its end isn't part of it.
pub(super) fn parse_secret(bytes: &[u8]) -> Result<DecodingKey, String> {
    let secret = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let secret = secret.strip_suffix(b"\r").unwrap_or(secret);
    if secret.len() < MIN_SECRET {
        return Err(format!("a secret for HS256 is {MIN_SECRET} or more bytes"));
    }
    Ok(DecodingKey::from_secret(secret))
}

/// The RSA keys of a JWK Set (RFC 7517) that verify RS256.
pub struct Jwks(Vec<(Option<String>, DecodingKey)>);

#[derive(Deserialize)]
struct Set {
    // Keys of kinds that aren't known here must not make the set unreadable.
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    n: Option<String>,
    e: Option<String>,
}

impl Jwks {
    /// Reads a set. Keys that aren't for verifying RS256 are skipped.
    ///
    /// # Errors
    /// If it isn't a JWK Set, has no key for RS256, one that is too small, or two of one `kid`.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let set: Set = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        let mut keys = Vec::new();
        let mut kids = BTreeSet::new();
        for (index, value) in set.keys.into_iter().enumerate() {
            let key: Jwk =
                serde_json::from_value(value).map_err(|error| format!("key {index}: {error}"))?;
            if !key.verifies_rs256() {
                continue;
            }
            let decoding = key.decoding().map_err(|error| format!("key {index}: {error}"))?;
            if !kids.insert(key.kid.clone()) {
                return Err(format!("key {index}: its `kid` is another's too"));
            }
            keys.push((key.kid, decoding));
        }
        if keys.is_empty() {
            return Err("there is no RSA key for RS256 in it".into());
        }
        Ok(Self(keys))
    }

    /// The key of a token: that of its `kid`, or the only one if the token names none.
    fn find(&self, kid: Option<&str>) -> Option<&DecodingKey> {
        match (kid, self.0.as_slice()) {
            (None, [(_, key)]) => Some(key),
            (None, _) => None,
            (Some(kid), keys) => {
                keys.iter().find(|(of, _)| of.as_deref() == Some(kid)).map(|(_, key)| key)
            }
        }
    }
}

impl Jwk {
    fn verifies_rs256(&self) -> bool {
        self.kty == "RSA"
            && self.alg.as_deref().is_none_or(|alg| alg == "RS256")
            && self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"))
    }

    fn decoding(&self) -> Result<DecodingKey, String> {
        let part = |name: &str, value: &Option<String>| {
            let text = value.as_deref().ok_or_else(|| format!("no `{name}`"))?;
            URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("`{name}`: {error}"))
        };
        let (n, e) = (part("n", &self.n)?, part("e", &self.e)?);
        if n.len() < MIN_MODULUS {
            return Err("a key for RS256 has 2048 or more bits".into());
        }
        Ok(DecodingKey::from_rsa_raw_components(&n, &e))
    }
}

/// What tokens must be like.
#[derive(Debug)]
pub struct Tokens {
    issuer: String,
    audience: String,
    jwks: Option<Arc<SecretFile<Jwks>>>,
    secret: Option<Arc<SecretFile<DecodingKey>>>,
}

/// The claims that matter are checked while they are read.
#[derive(Deserialize)]
struct Claims {}

impl Tokens {
    pub(super) fn new(
        issuer: String,
        audience: String,
        jwks: Option<SecretFile<Jwks>>,
        secret: Option<SecretFile<DecodingKey>>,
    ) -> Self {
        ring_provider::install();
        Self { issuer, audience, jwks: jwks.map(Arc::new), secret: secret.map(Arc::new) }
    }

    /// Starts the tasks that read keys again. Must be called within the runtime.
    pub(super) fn watch(&self) {
        if let Some(jwks) = &self.jwks {
            jwks.watch();
        }
        if let Some(secret) = &self.secret {
            secret.watch();
        }
    }

    /// Tells whether a token is valid now.
    ///
    /// # Errors
    /// What is wrong with it: for the log, not for the client.
    pub fn verify(&self, token: &str) -> Result<(), Error> {
        let header = decode_header(token)?;
        if header.crit.is_some() {
            // RFC 7515, 4.1.11: what must be understood isn't.
            return Err(ErrorKind::InvalidToken.into());
        }
        let refused = || Error::from(ErrorKind::InvalidAlgorithm);
        match header.alg {
            Algorithm::RS256 => {
                let jwks = self.jwks.as_ref().ok_or_else(refused)?.current();
                let key = jwks.find(header.kid.as_deref()).ok_or(ErrorKind::InvalidSignature)?;
                self.decode(token, key, Algorithm::RS256)
            }
            Algorithm::HS256 => {
                let key = self.secret.as_ref().ok_or_else(refused)?.current();
                self.decode(token, &key, Algorithm::HS256)
            }
            _ => Err(refused()),
        }
    }

    fn decode(&self, token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<(), Error> {
        let mut validation = Validation::new(algorithm);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.validate_nbf = true;
        validation.leeway = LEEWAY;
        decode::<Claims>(token, key, &validation).map(|_| ())
    }
}
