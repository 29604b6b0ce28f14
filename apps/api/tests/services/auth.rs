//! API keys and tokens.
//!
//! The keys in `keys/` were made for these tests and are used nowhere else.

use std::{fs, path::Path, time::Duration};

use api::predictor::SERVICE;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac, rand,
    signature::{self, RsaKeyPair},
};
use serde_json::{Value, json};

use crate::support::{Running, start};

const SECRET: &str = "a secret of thirty-two bytes, or more";
const FIRST: &[u8] = include_bytes!("keys/first.pk8");
const SECOND: &[u8] = include_bytes!("keys/second.pk8");

async fn status(running: &Running, header: (&str, &str)) -> u16 {
    let answer = running.http1().await.ask_with("POST", "/predict?symbol=BTC", &[header], "").await;
    if answer.status.as_u16() != 200 {
        assert_eq!(answer.problem(), "unauthenticated");
        assert!(!answer.header("www-authenticate").is_empty());
    }
    answer.status.as_u16()
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn claims() -> Value {
    json!({"iss": "https://issuer.example", "aud": "predictor", "exp": now() + 60})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn hs256(secret: &[u8], header: &Value, claims: &Value) -> String {
    let message = unsigned(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}

fn rs256(key: &[u8], header: &Value, claims: &Value) -> String {
    let key = RsaKeyPair::from_pkcs8(key).unwrap();
    let message = unsigned(header, claims);
    let mut signed = vec![0; key.public().modulus_len()];
    let random = rand::SystemRandom::new();
    key.sign(&signature::RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signed).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signed))
}

fn modulus(key: &[u8]) -> Vec<u8> {
    let key = RsaKeyPair::from_pkcs8(key).unwrap();
    let public: signature::RsaPublicKeyComponents<Vec<u8>> = key.public().into();
    public.n
}

fn jwk(key: &[u8], kid: &str) -> Value {
    json!({"kty": "RSA", "kid": kid, "alg": "RS256", "use": "sig", "e": "AQAB",
        "n": URL_SAFE_NO_PAD.encode(modulus(key))})
}

async fn tokens(folder: &Path, jwks: Option<&Value>, secret: Option<&str>) -> Running {
    let (jwks_file, secret_file) = (folder.join("jwks"), folder.join("secret"));
    let mut variables = vec![
        ("AUTH_MODE", "jwt"),
        ("JWT_ISSUER", "https://issuer.example"),
        ("JWT_AUDIENCE", "predictor"),
    ];
    if let Some(jwks) = jwks {
        fs::write(&jwks_file, jwks.to_string()).unwrap();
        variables.push(("JWT_JWKS_FILE", jwks_file.to_str().unwrap()));
    }
    if let Some(secret) = secret {
        fs::write(&secret_file, secret).unwrap();
        variables.push(("JWT_HS256_SECRET_FILE", secret_file.to_str().unwrap()));
    }
    start(&SERVICE, &variables).await
}

async fn bearer(running: &Running, token: &str) -> u16 {
    status(running, ("authorization", &format!("Bearer {token}"))).await
}

#[tokio::test]
async fn an_api_key_opens_predict_and_nothing_needs_one_besides() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys");
    fs::write(&keys, "first-key-of-the-team\n").unwrap();
    let variables = [("AUTH_MODE", "api-key"), ("API_KEYS_FILE", keys.to_str().unwrap())];
    let running = start(&SERVICE, &variables).await;
    assert_eq!(status(&running, ("x-api-key", "first-key-of-the-team")).await, 200);
    assert_eq!(status(&running, ("x-api-key", "first-key-of-the-tea")).await, 401);
    assert_eq!(status(&running, ("x-api-key", "")).await, 401);
    assert_eq!(status(&running, ("authorization", "Bearer first-key-of-the-team")).await, 401);
    for path in ["/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs/"] {
        assert_eq!(running.http1().await.ask("GET", path).await.status.as_u16(), 200, "{path}");
    }
    // Rotation: the file changes, and the service follows without a restart.
    fs::write(&keys, "second-key-of-the-team\n").unwrap();
    let begun = tokio::time::Instant::now();
    while status(&running, ("x-api-key", "second-key-of-the-team")).await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status(&running, ("x-api-key", "first-key-of-the-team")).await, 401);
}

#[tokio::test]
async fn claims_of_a_token_must_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let running = tokens(folder.path(), None, Some(SECRET)).await;
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let valid = |claims: &Value| hs256(SECRET.as_bytes(), &header, claims);
    for (claims, expected) in [
        (claims(), 200),
        (with("aud", json!(["other", "predictor"])), 200),
        (with("nbf", json!(now() - 5)), 200),
        (with("exp", json!(now() - 5)), 200), // within what clocks may differ
        (with("exp", json!(now() - 120)), 401),
        (with("exp", json!("soon")), 401),
        (without("exp"), 401),
        (with("nbf", json!(now() + 120)), 401),
        (with("nbf", json!("now")), 401),
        (with("iss", json!("https://other.example")), 401),
        (without("iss"), 401),
        (with("aud", json!("other")), 401),
        (with("aud", json!([])), 401),
        (without("aud"), 401),
    ] {
        assert_eq!(bearer(&running, &valid(&claims)).await, expected, "{claims}");
    }
    assert_eq!(status(&running, ("authorization", "Basic dTpw")).await, 401);
    assert_eq!(status(&running, ("x-api-key", &valid(&claims()))).await, 401);
}

#[tokio::test]
async fn a_token_is_only_verified_by_the_key_of_its_algorithm() {
    let folder = tempfile::tempdir().unwrap();
    let jwks = json!({"keys": [jwk(FIRST, "one")]});
    let running = tokens(folder.path(), Some(&jwks), None).await;
    let rs = json!({"alg": "RS256", "kid": "one"});
    assert_eq!(bearer(&running, &rs256(FIRST, &rs, &claims())).await, 200);
    assert_eq!(bearer(&running, &rs256(FIRST, &json!({"alg": "RS256"}), &claims())).await, 200);
    assert_eq!(bearer(&running, &rs256(SECOND, &rs, &claims())).await, 401);
    // The public key as a secret, in each form in which an attacker knows it.
    for secret in [modulus(FIRST), jwks.to_string().into_bytes(), Vec::new()] {
        for kid in [json!({"alg": "HS256", "kid": "one"}), json!({"alg": "HS256"})] {
            assert_eq!(bearer(&running, &hs256(&secret, &kid, &claims())).await, 401);
        }
    }
    for alg in ["none", "None", "RS384", "RS512", "PS256", "ES256", "HS512", "EdDSA", ""] {
        let header = json!({"alg": alg, "kid": "one"});
        assert_eq!(bearer(&running, &rs256(FIRST, &header, &claims())).await, 401, "{alg}");
        let unsigned = format!("{}.", unsigned(&header, &claims()));
        assert_eq!(bearer(&running, &unsigned).await, 401, "{alg}");
    }
    let critical = json!({"alg": "RS256", "kid": "one", "crit": ["exp"]});
    assert_eq!(bearer(&running, &rs256(FIRST, &critical, &claims())).await, 401);
    for broken in ["", ".", "..", "a.b.c", "é.é.é"] {
        assert_eq!(bearer(&running, &broken.replace('é', "%")).await, 401, "{broken}");
    }
    // A signature of something else.
    let (other, signed) = (with("sub", json!("admin")), rs256(FIRST, &rs, &claims()));
    let moved = format!("{}.{}", unsigned(&rs, &other), signed.rsplit('.').next().unwrap());
    assert_eq!(bearer(&running, &moved).await, 401);
}

#[tokio::test]
async fn both_algorithms_may_be_configured_each_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let jwks = json!({"keys": [jwk(FIRST, "one")]});
    let running = tokens(folder.path(), Some(&jwks), Some(SECRET)).await;
    let (hs, rs) = (json!({"alg": "HS256", "kid": "one"}), json!({"alg": "RS256", "kid": "one"}));
    assert_eq!(bearer(&running, &hs256(SECRET.as_bytes(), &hs, &claims())).await, 200);
    assert_eq!(bearer(&running, &rs256(FIRST, &rs, &claims())).await, 200);
    assert_eq!(bearer(&running, &hs256(&modulus(FIRST), &hs, &claims())).await, 401);
}

#[tokio::test]
async fn the_key_is_chosen_by_kid_and_the_set_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let elliptic = json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"});
    let for_encryption = json!({"kty": "RSA", "kid": "enc", "use": "enc", "n": "AA", "e": "AQAB"});
    let both = json!({"keys": [elliptic, for_encryption, jwk(FIRST, "one"), jwk(SECOND, "two")]});
    let running = tokens(folder.path(), Some(&both), None).await;
    let header = |kid: &str| json!({"alg": "RS256", "kid": kid});
    assert_eq!(bearer(&running, &rs256(FIRST, &header("one"), &claims())).await, 200);
    assert_eq!(bearer(&running, &rs256(SECOND, &header("two"), &claims())).await, 200);
    assert_eq!(bearer(&running, &rs256(FIRST, &header("two"), &claims())).await, 401);
    assert_eq!(bearer(&running, &rs256(FIRST, &header("none"), &claims())).await, 401);
    // Which of two keys a token without `kid` means isn't guessed.
    assert_eq!(bearer(&running, &rs256(FIRST, &json!({"alg": "RS256"}), &claims())).await, 401);

    let rotated = json!({"keys": [jwk(SECOND, "two")]}).to_string();
    fs::write(folder.path().join("jwks"), rotated).unwrap();
    let begun = tokio::time::Instant::now();
    while bearer(&running, &rs256(FIRST, &header("one"), &claims())).await != 401 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(bearer(&running, &rs256(SECOND, &header("two"), &claims())).await, 200);
}
