//! Every error is a problem, whatever it comes from.

use std::time::Duration;

use api::{http::problem::Kind, service::Service};
use axum::routing::{get, post};
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use utoipa_axum::router::OpenApiRouter;

use crate::support::{Running, start};

/// A service that does what no other should.
const AWKWARD: Service = Service {
    name: "awkward",
    summary: "Panics, sleeps, and fails in ways of its own",
    variables: &[],
    configure: |_| {
        Box::new(|_| {
            Ok(OpenApiRouter::new()
                .route("/panic", get(|| async { panicking() }))
                .route("/sleep", get(|| tokio::time::sleep(Duration::from_mins(1))))
                .route("/teapot", get(|| async { (StatusCode::IM_A_TEAPOT, "short and stout") }))
                .route("/echo", post(|body: String| async { body })))
        })
    },
};

fn panicking() {
    panic!("the password is hunter2");
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems() {
    for service in api::SERVICES {
        let running = start(service, &[]).await;
        for mut client in [running.http1().await, running.http2().await] {
            assert_eq!(client.ask("GET", "/nowhere").await.problem(), "not-found");
            assert_eq!(client.ask("GET", "/").await.problem(), "not-found");
            assert_eq!(client.ask("GET", "/docs/none.js").await.problem(), "not-found");
            let refused = client.ask("DELETE", "/health").await;
            assert_eq!(refused.problem(), "method-not-allowed");
            assert_eq!(refused.header("allow"), "GET,HEAD");
            assert_eq!(client.ask("BREW", "/livez").await.problem(), "method-not-allowed");
        }
    }
    let counter = start(&api::counter::SERVICE, &[]).await;
    let refused = counter.http1().await.ask("GET", "/write").await;
    assert_eq!(
        (refused.problem().as_str(), refused.header("allow")),
        ("method-not-allowed", "POST")
    );
}

#[tokio::test]
async fn an_error_without_a_body_to_head_keeps_its_headers() {
    let running = start(&api::counter::SERVICE, &[]).await;
    let answer = running.http1().await.ask("HEAD", "/nowhere").await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::NOT_FOUND, 0));
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_panic_is_one_500_that_tells_nothing() {
    let running = start(&AWKWARD, &[]).await;
    let mut client = running.http1().await;
    let answer = client.ask("GET", "/panic").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "internal"));
    assert!(!answer.text().contains("hunter2"));
    assert_eq!(client.ask("GET", "/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn errors_that_no_handler_of_ours_made_are_problems_too() {
    let running = start(&AWKWARD, &[]).await;
    let answer = running.http2().await.ask("GET", "/teapot").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (418, "about:blank"));
    assert!(!answer.text().contains("stout"));
}

#[tokio::test]
async fn a_handler_that_is_late_is_504() {
    let running = start(&AWKWARD, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    for mut client in [running.http1().await, running.http2().await] {
        let answer = client.ask("GET", "/sleep").await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (504, "timeout"));
    }
}

/// Sends text as it is and reads until the server closes the connection.
async fn raw(running: &Running, text: &str) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_body_that_is_late_is_408_and_ends_the_connection() {
    let running = start(&AWKWARD, &[("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    let head = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 10\r\n\r\nhalf";
    let answer = raw(&running, head).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    assert!(answer.contains("application/problem+json") && answer.contains("/body-timeout\""));
}

#[tokio::test]
async fn a_body_that_is_too_large_is_413_announced_or_not() {
    let running = start(&AWKWARD, &[("MAX_BODY_BYTES", "8")]).await;
    let mut client = running.http2().await;
    assert_eq!(client.ask_with("POST", "/echo", &[], "12345678").await.text(), "12345678");
    let answer = client.ask_with("POST", "/echo", &[], "123456789").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (413, "body-too-large"));
    let announced = "POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 1000000\r\n\r\n";
    assert!(raw(&running, announced).await.starts_with("HTTP/1.1 413 "));
    let chunked =
        "POST /echo HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n9\r\n123456789\r\n";
    assert!(raw(&running, chunked).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn one_request_too_many_is_503_at_once_and_probes_are_not_counted() {
    let running = start(&AWKWARD, &[("MAX_IN_FLIGHT", "2")]).await;
    let client = running.http2().await;
    let sleeping: Vec<_> = (0..2)
        .map(|_| {
            let mut client = client.share();
            tokio::spawn(async move { client.ask("GET", "/sleep").await })
        })
        .collect();
    let begun = tokio::time::Instant::now();
    // Both, and the scrape that says so.
    let busy = "\nhttp_requests_in_flight 3\n";
    while !client.share().ask("GET", "/metrics").await.text().contains(busy) {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let answer = client.share().ask("POST", "/echo").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "overloaded"));
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(client.share().ask("GET", "/livez").await.status, StatusCode::OK);
    assert_eq!(client.share().ask("GET", "/readyz").await.status, StatusCode::OK);
    sleeping.iter().for_each(tokio::task::JoinHandle::abort);
    // Those that their client gave up make room again.
    let begun = tokio::time::Instant::now();
    while client.share().ask("POST", "/echo").await.status != StatusCode::OK {
        assert!(begun.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let metrics = client.share().ask("GET", "/metrics").await;
    assert!(metrics.text().contains("route=\"/sleep\",status=\"499\"} 2\n"), "{}", metrics.text());
}

#[test]
fn kinds_of_problems_have_names_of_their_own_and_statuses_of_errors() {
    let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        assert!(kind.status().is_client_error() || kind.status().is_server_error());
    }
}
