//! The end of a server, step by step.

use std::time::Duration;

use api::server::End;
use http::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

use crate::support::{Client, Running, start};

const COUNTER: &api::service::Service = &api::counter::SERVICE;

/// A request whose body is half there.
async fn half(running: &Running) -> TcpStream {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = "POST /write HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nha";
    stream.write_all(head.as_bytes()).await.unwrap();
    // In flight, as far as the service can know: its head has arrived.
    sleep(Duration::from_millis(100)).await;
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    stream.write_all(b"lf").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn during_the_delay_readiness_fails_and_requests_are_still_answered() {
    let running = start(COUNTER, &[("SHUTDOWN_DELAY_SECONDS", "60")]).await;
    let mut before = running.http1().await;
    assert_eq!(before.ask("GET", "/readyz").await.status, StatusCode::OK);
    running.signal().await;
    let begun = Instant::now();
    while !running.health.is_draining() {
        assert!(begun.elapsed() < Duration::from_secs(5));
        sleep(Duration::from_millis(10)).await;
    }
    let ready = before.ask("GET", "/readyz").await;
    assert_eq!(ready.problem(), "not-ready");
    assert_eq!(ready.header("connection"), "close");
    // New connections too, until the delay is over.
    let mut client = running.http1().await;
    assert_eq!(client.ask("POST", "/write").await.status, StatusCode::OK);
    let mut client = running.http2().await;
    assert_eq!(client.ask("GET", "/livez").await.status, StatusCode::OK);
    assert_eq!(client.ask("GET", "/health").await.problem(), "not-ready");
    running.signal().await;
    assert_eq!(running.end().await, End::Drained);
}

#[tokio::test]
async fn what_is_in_flight_is_answered_after_the_listener_closed() {
    let running = start(COUNTER, &[("SHUTDOWN_GRACE_SECONDS", "10")]).await;
    let stream = half(&running).await;
    running.signal().await;
    sleep(Duration::from_millis(300)).await;
    assert!(Client::try_http1(running.address).await.is_err(), "the listener is still open");
    let answer = rest(stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("{\"counter\":1}"));
    assert_eq!(running.end().await, End::Drained);
}

#[tokio::test]
async fn the_end_waits_for_nobody_longer_than_the_grace() {
    let running = start(COUNTER, &[("SHUTDOWN_GRACE_SECONDS", "1")]).await;
    let stream = half(&running).await;
    let begun = Instant::now();
    running.signal().await;
    assert_eq!(running.end().await, End::Cut);
    assert!((900..8_000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
    drop(stream);
}

#[tokio::test]
async fn silent_connections_do_not_hold_up_the_end() {
    let running = start(COUNTER, &[("SHUTDOWN_GRACE_SECONDS", "10")]).await;
    let never_asked = TcpStream::connect(running.address).await.unwrap();
    let mut partly = TcpStream::connect(running.address).await.unwrap();
    partly.write_all(b"PRI * HT").await.unwrap();
    let mut kept_alive = running.http1().await;
    kept_alive.ask("GET", "/livez").await;
    let mut multiplexed = running.http2().await;
    multiplexed.ask("GET", "/livez").await;
    sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    running.signal().await;
    assert_eq!(running.end().await, End::Drained);
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    drop((never_asked, partly));
}

#[tokio::test]
async fn a_second_signal_ends_the_delay() {
    let running = start(COUNTER, &[("SHUTDOWN_DELAY_SECONDS", "60")]).await;
    let begun = Instant::now();
    running.signal().await;
    sleep(Duration::from_millis(50)).await;
    running.signal().await;
    assert_eq!(running.end().await, End::Drained);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_preface_that_comes_in_pieces_is_http_2() {
    let running = start(COUNTER, &[]).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in [&b"P"[..], b"RI * HTTP/2.0\r\n", b"\r\nSM\r\n\r\n", b"\0\0\0\x04\0\0\0\0\0"] {
        stream.write_all(piece).await.unwrap();
        sleep(Duration::from_millis(30)).await;
    }
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the first frame is SETTINGS");
}
