//! counter on one Redis.

use std::{fs, time::Duration};

use api::counter::SERVICE;
use nix::sys::signal::Signal;
use serde_json::json;

use crate::{
    Case, cases,
    redis_server::{Kind, PASSWORD, RedisServer},
    support::{Answer, Client, Running, start, until},
};

const SOON: Duration = Duration::from_secs(15);

pub(crate) fn cases() -> Vec<Case> {
    cases![
        counts_and_keeps_what_it_counted,
        redis_down_fails_readiness_not_liveness_and_recovers,
        starts_while_redis_is_down,
        a_new_password_needs_no_restart,
        tls_needs_a_certificate_that_is_trusted,
        a_frozen_redis_is_noticed_and_nothing_is_sent_twice,
        what_is_no_counter_is_a_failure_and_left_as_it_is,
        without_auth,
    ]
}

async fn counter(redis: &RedisServer, more: &[(&str, &str)]) -> Running {
    let (url, password) = (redis.url(), redis.file("password"));
    let mut variables =
        vec![("REDIS_URL", url.as_str()), ("REDIS_PASSWORD_FILE", password.to_str().unwrap())];
    variables.extend(more);
    start(&SERVICE, &variables).await
}

async fn ready(running: &Running) -> Answer {
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await
}

async fn unready(running: &Running) -> Answer {
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 503).await
}

async fn value(running: &Running, method: &str, path: &str) -> i64 {
    let answer = running.http1().await.ask(method, path).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["counter"].as_i64().unwrap()
}

async fn metric(running: &Running, line: &str) -> bool {
    let metrics = running.http1().await.ask("GET", "/metrics").await;
    metrics.text().lines().any(|found| found == line)
}

async fn counts_and_keeps_what_it_counted() {
    let mut redis = RedisServer::start(Kind::Single).await;
    let running = counter(&redis, &[("REDIS_KEY", "visits")]).await;
    ready(&running).await;
    assert_eq!(value(&running, "GET", "/read").await, 0);
    let client = running.http2().await;
    let writes: tokio::task::JoinSet<_> = (0..500)
        .map(|_| {
            let mut client = client.share();
            async move { client.ask("POST", "/write").await.json()["counter"].as_i64().unwrap() }
        })
        .collect();
    let mut seen = writes.join_all().await;
    seen.sort_unstable();
    assert_eq!(seen, (1..=500).collect::<Vec<_>>());
    assert_eq!(redis.ask::<i64>(redis::cmd("GET").arg("visits")).await, 500);
    assert_eq!(running.http1().await.ask("GET", "/health").await.json()["store"], "up");
    assert!(metric(&running, "store_up 1").await);
    redis.kill();
    redis.restart().await;
    // Another replica, on what the crash left.
    let other = counter(&redis, &[("REDIS_KEY", "visits")]).await;
    ready(&other).await;
    assert_eq!(value(&other, "GET", "/read").await, 500);
    assert_eq!(value(&other, "POST", "/write").await, 501);
}

async fn redis_down_fails_readiness_not_liveness_and_recovers() {
    let mut redis = RedisServer::start(Kind::Single).await;
    let running = counter(&redis, &[("RETRY_AFTER_SECONDS", "7")]).await;
    ready(&running).await;
    value(&running, "POST", "/write").await;
    redis.kill();
    unready(&running).await;
    for (method, path) in [("GET", "/read"), ("POST", "/write")] {
        let answer = running.http1().await.ask(method, path).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "7"));
        // There is no connection: nothing can have been counted.
        assert_eq!(answer.problem(), "store-unavailable");
    }
    assert_eq!(running.http1().await.ask("GET", "/livez").await.status, 200);
    assert_eq!(running.http1().await.ask("GET", "/health").await.problem(), "not-ready");
    assert!(metric(&running, "store_up 0").await);
    assert!(metric(&running, "store_errors_total{operation=\"write\"} 1").await);
    assert!(metric(&running, "store_errors_total{operation=\"read\"} 1").await);
    redis.restart().await;
    ready(&running).await;
    assert_eq!(value(&running, "POST", "/write").await, 2);
    assert!(metric(&running, "store_up 1").await);
}

async fn starts_while_redis_is_down() {
    let mut redis = RedisServer::start(Kind::Single).await;
    redis.kill();
    let running = counter(&redis, &[]).await;
    unready(&running).await;
    assert_eq!(running.http1().await.ask("GET", "/livez").await.status, 200);
    redis.restart().await;
    ready(&running).await;
    assert_eq!(value(&running, "POST", "/write").await, 1);
}

async fn a_new_password_needs_no_restart() {
    let redis = RedisServer::start(Kind::Single).await;
    let file = redis.file("password");
    fs::write(&file, "not the password").unwrap();
    let running = counter(&redis, &[]).await;
    unready(&running).await;
    let answer = running.http1().await.ask("POST", "/write").await;
    assert_eq!(answer.problem(), "store-unavailable");
    assert!(!answer.text().contains("password"), "{}", answer.text());
    fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    ready(&running).await;
    assert_eq!(value(&running, "POST", "/write").await, 1);
    // A user of its own, and a password that changes while connections are cut.
    let mut user = redis::cmd("ACL");
    user.arg(&["SETUSER", "counter", "on", ">first", "~counter", "+get", "+incr"]);
    redis.ask::<()>(&user).await;
    fs::write(&file, "first").unwrap();
    let limited = counter(&redis, &[("REDIS_USERNAME", "counter")]).await;
    ready(&limited).await;
    assert_eq!(value(&limited, "POST", "/write").await, 2);
    let mut rotated = redis::cmd("ACL");
    rotated.arg(&["SETUSER", "counter", "<first", ">second"]);
    redis.ask::<()>(&rotated).await;
    fs::write(&file, "second").unwrap();
    redis.ask::<i64>(redis::cmd("CLIENT").arg(&["KILL", "USER", "counter"])).await;
    ready(&limited).await;
    until(limited.address, "POST", "/write", SOON, |answer| answer.status == 200).await;
}

async fn tls_needs_a_certificate_that_is_trusted() {
    let redis = RedisServer::start(Kind::Tls).await;
    let running =
        counter(&redis, &[("REDIS_CA_FILE", redis.file("ca.pem").to_str().unwrap())]).await;
    ready(&running).await;
    assert_eq!(value(&running, "POST", "/write").await, 1);
    // By the system's certificates, and by those of somebody else.
    let untrusting = counter(&redis, &[]).await;
    let other = tempfile::tempdir().unwrap();
    crate::tls::write(other.path());
    let other = other.path().join("ca.pem");
    let mistaken = counter(&redis, &[("REDIS_CA_FILE", other.to_str().unwrap())]).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    for running in [untrusting, mistaken] {
        assert_eq!(running.http1().await.ask("GET", "/readyz").await.status, 503);
        assert_eq!(
            running.http1().await.ask("POST", "/write").await.problem(),
            "store-unavailable"
        );
    }
    assert_eq!(redis.ask::<i64>(redis::cmd("GET").arg("counter")).await, 1);
}

async fn a_frozen_redis_is_noticed_and_nothing_is_sent_twice() {
    let redis = RedisServer::start(Kind::Single).await;
    let running = counter(&redis, &[]).await;
    ready(&running).await;
    assert_eq!(value(&running, "POST", "/write").await, 1);
    redis.signal(Signal::SIGSTOP);
    let answer = running.http1().await.ask("POST", "/write").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "outcome-unknown"));
    assert!(!answer.header("retry-after").is_empty());
    unready(&running).await;
    redis.signal(Signal::SIGCONT);
    ready(&running).await;
    // What was sent when Redis froze may be counted when it thaws, once.
    let now = value(&running, "GET", "/read").await;
    assert!((1..=2).contains(&now), "{now}");
}

async fn what_is_no_counter_is_a_failure_and_left_as_it_is() {
    let redis = RedisServer::start(Kind::Single).await;
    let running = counter(&redis, &[]).await;
    ready(&running).await;
    for content in ["many", "9223372036854775807"] {
        redis.ask::<()>(redis::cmd("SET").arg("counter").arg(content)).await;
        let answer = running.http1().await.ask("POST", "/write").await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "internal"));
        assert_eq!(redis.ask::<String>(redis::cmd("GET").arg("counter")).await, content);
    }
    redis.ask::<()>(redis::cmd("DEL").arg("counter")).await;
    redis.ask::<()>(redis::cmd("LPUSH").arg("counter").arg("a")).await;
    let answer = running.http1().await.ask("GET", "/read").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "internal"));
    // Redis answers: that is all that readiness asks.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(running.http1().await.ask("GET", "/readyz").await.status, 200);
}

async fn without_auth() {
    let redis = RedisServer::start(Kind::Single).await;
    let mut none = redis::cmd("CONFIG");
    none.arg(&["SET", "requirepass", ""]);
    redis.ask::<()>(&none).await;
    let url = redis.url();
    let running = start(&SERVICE, &[("REDIS_URL", url.as_str())]).await;
    ready(&running).await;
    let mut client: Client = running.http1().await;
    assert_eq!(client.ask("POST", "/write").await.json(), json!({"counter": 1}));
}
