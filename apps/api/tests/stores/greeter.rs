//! greeter on PostgreSQL.

use std::{fs, time::Duration};

use api::greeter::SERVICE;
use http::StatusCode;

use crate::{
    Case, cases,
    postgres_server::{PASSWORD, PostgresServer},
    support::{Answer, Running, start, until},
};

const SOON: Duration = Duration::from_secs(20);

pub(crate) fn cases() -> Vec<Case> {
    cases![
        remembers_across_replicas_and_restarts,
        replicas_that_start_together_migrate_once,
        starts_beside_a_newer_release,
        without_migrations_it_waits_for_the_table,
        postgres_down_fails_readiness_not_liveness_and_recovers,
        a_new_password_needs_no_restart,
        tls_needs_a_certificate_that_is_trusted,
        many_at_once_share_few_connections,
    ]
}

async fn greeter(postgres: &PostgresServer, more: &[(&str, &str)]) -> Running {
    let (url, password) = (postgres.url("require"), postgres.file("password"));
    let given =
        [("DATABASE_URL", url.as_str()), ("DATABASE_PASSWORD_FILE", password.to_str().unwrap())];
    // What is said more counts.
    let kept = given.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let variables: Vec<_> = kept.chain(more.iter().copied()).collect();
    start(&SERVICE, &variables).await
}

async fn ready(running: &Running) -> Answer {
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 200).await
}

async fn unready(running: &Running) -> Answer {
    until(running.address, "GET", "/readyz", SOON, |answer| answer.status == 503).await
}

async fn put(running: &Running, name: &str, born: &str) -> Answer {
    let body = format!("{{\"dateOfBirth\":\"{born}\"}}");
    let json = [("content-type", "application/json")];
    running.http1().await.ask_with("PUT", &format!("/hello/{name}"), &json, &body).await
}

async fn get(running: &Running, name: &str) -> Answer {
    running.http1().await.ask("GET", &format!("/hello/{name}")).await
}

async fn remembers_across_replicas_and_restarts() {
    let mut postgres = PostgresServer::start().await;
    let running = greeter(&postgres, &[]).await;
    ready(&running).await;
    assert_eq!(get(&running, "Ann").await.problem(), "unknown-person");
    for (name, born) in [("Ann", "1990-06-15"), ("Zo%C3%AB", "2000-02-29"), ("Old", "0001-01-01")] {
        assert_eq!(put(&running, name, born).await.status, StatusCode::NO_CONTENT);
    }
    let first = get(&running, "Ann").await;
    assert!(first.text().contains("Hello, Ann! "), "{first:?}");
    postgres.kill();
    postgres.restart().await;
    let other = greeter(&postgres, &[]).await;
    ready(&other).await;
    assert_eq!(get(&other, "Ann").await.body, first.body);
    assert!(get(&other, "Zo%C3%AB").await.text().contains("Zoë"));
    assert_eq!(get(&other, "Old").await.status, StatusCode::OK);
    // A later date of birth replaces the earlier.
    assert_eq!(put(&other, "Ann", "1990-12-31").await.status, StatusCode::NO_CONTENT);
    assert_ne!(get(&other, "Ann").await.body, first.body);
    assert_eq!(postgres.number("SELECT count(*) FROM people").await, 3);
    let metrics = other.http1().await.ask("GET", "/metrics").await;
    assert!(metrics.text().contains("\nstore_up 1\n"));
}

async fn replicas_that_start_together_migrate_once() {
    let postgres = PostgresServer::start().await;
    let (a, b, c, d) = tokio::join!(
        greeter(&postgres, &[]),
        greeter(&postgres, &[]),
        greeter(&postgres, &[]),
        greeter(&postgres, &[])
    );
    for running in [&a, &b, &c, &d] {
        ready(running).await;
    }
    assert_eq!(postgres.number("SELECT count(*) FROM _sqlx_migrations WHERE success").await, 1);
}

async fn starts_beside_a_newer_release() {
    let postgres = PostgresServer::start().await;
    ready(&greeter(&postgres, &[]).await).await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (999, 'of a newer release', true, '\\x00', 1)";
    postgres.run("greeter", newer).await;
    let running = greeter(&postgres, &[]).await;
    ready(&running).await;
    assert_eq!(put(&running, "Ann", "1990-06-15").await.status, StatusCode::NO_CONTENT);
}

async fn without_migrations_it_waits_for_the_table() {
    let postgres = PostgresServer::start().await;
    let waiting = greeter(&postgres, &[("RUN_MIGRATIONS", "false")]).await;
    unready(&waiting).await;
    assert_eq!(put(&waiting, "Ann", "1990-06-15").await.problem(), "store-unavailable");
    ready(&greeter(&postgres, &[]).await).await;
    ready(&waiting).await;
    assert_eq!(put(&waiting, "Ann", "1990-06-15").await.status, StatusCode::NO_CONTENT);
}

async fn postgres_down_fails_readiness_not_liveness_and_recovers() {
    let mut postgres = PostgresServer::start().await;
    let running = greeter(&postgres, &[]).await;
    ready(&running).await;
    put(&running, "Ann", "1990-06-15").await;
    postgres.kill();
    unready(&running).await;
    for answer in [get(&running, "Ann").await, put(&running, "Ann", "1990-06-16").await] {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "2"));
        assert!(["store-unavailable", "outcome-unknown"].contains(&answer.problem().as_str()));
        assert!(!answer.text().contains("127.0.0.1"), "{}", answer.text());
    }
    assert_eq!(running.http1().await.ask("GET", "/livez").await.status, StatusCode::OK);
    let metrics = running.http1().await.ask("GET", "/metrics").await;
    assert!(metrics.text().contains("\nstore_up 0\n"));
    assert!(metrics.text().contains("store_errors_total{operation=\"write\"} 1\n"));
    postgres.restart().await;
    ready(&running).await;
    assert_eq!(get(&running, "Ann").await.status, StatusCode::OK);
    // And from a start without a database.
    postgres.kill();
    let later = greeter(&postgres, &[]).await;
    unready(&later).await;
    postgres.restart().await;
    ready(&later).await;
}

async fn a_new_password_needs_no_restart() {
    let postgres = PostgresServer::start().await;
    postgres.run("greeter", "CREATE ROLE app LOGIN PASSWORD 'first' IN ROLE greeter").await;
    postgres.run("greeter", "GRANT ALL ON SCHEMA public TO app").await;
    let (url, file) =
        (postgres.url("require").replace("greeter@", "app@"), postgres.file("of-app"));
    fs::write(&file, "not the password").unwrap();
    let variables =
        [("DATABASE_URL", url.as_str()), ("DATABASE_PASSWORD_FILE", file.to_str().unwrap())];
    let running = greeter(&postgres, &variables).await;
    unready(&running).await;
    assert_eq!(get(&running, "Ann").await.problem(), "store-unavailable");
    fs::write(&file, "first\n").unwrap();
    ready(&running).await;
    postgres.run("greeter", "ALTER ROLE app PASSWORD 'second'").await;
    fs::write(&file, "second").unwrap();
    postgres
        .run(
            "greeter",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'",
        )
        .await;
    until(running.address, "GET", "/hello/Ann", SOON, |answer| answer.status == 404).await;
    ready(&running).await;
    assert_ne!(PASSWORD, "second");
}

async fn tls_needs_a_certificate_that_is_trusted() {
    let postgres = PostgresServer::start().await;
    let full = postgres.url("verify-full");
    let ca = postgres.file("ca.pem");
    let trusting = [("DATABASE_URL", full.as_str()), ("DATABASE_CA_FILE", ca.to_str().unwrap())];
    let running = greeter(&postgres, &trusting).await;
    ready(&running).await;
    assert_eq!(put(&running, "Ann", "1990-06-15").await.status, StatusCode::NO_CONTENT);
    // By the system's certificates, and by those of somebody else.
    let untrusting = greeter(&postgres, &[("DATABASE_URL", full.as_str())]).await;
    let other = tempfile::tempdir().unwrap();
    crate::tls::write(other.path());
    let other = other.path().join("ca.pem");
    let wrong = [("DATABASE_URL", full.as_str()), ("DATABASE_CA_FILE", other.to_str().unwrap())];
    let mistaken = greeter(&postgres, &wrong).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    for running in [untrusting, mistaken] {
        assert_eq!(running.http1().await.ask("GET", "/readyz").await.status, 503);
        assert_eq!(get(&running, "Ann").await.problem(), "store-unavailable");
    }
}

async fn many_at_once_share_few_connections() {
    let postgres = PostgresServer::start().await;
    let running = greeter(&postgres, &[("DATABASE_MAX_CONNECTIONS", "3")]).await;
    ready(&running).await;
    let client = running.http2().await;
    let tasks: tokio::task::JoinSet<_> = (0..200)
        .map(|index| {
            let mut client = client.share();
            let name: String =
                format!("{index:03}").bytes().map(|b| char::from(b - b'0' + b'a')).collect();
            async move {
                let (path, json) =
                    (format!("/hello/{name}"), [("content-type", "application/json")]);
                let body = "{\"dateOfBirth\":\"1990-06-15\"}";
                client.ask_with("PUT", &path, &json, body).await.status
            }
        })
        .collect();
    let all = tasks.join_all().await;
    assert!(all.iter().all(|status| *status == StatusCode::NO_CONTENT), "{all:?}");
    assert_eq!(postgres.number("SELECT count(*) FROM people").await, 200);
    let open = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'greeter'";
    assert!(postgres.number(open).await <= 3);
}
