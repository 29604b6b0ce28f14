//! A service that runs, and a client that asks it, over HTTP/1.1 or HTTP/2.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{net::SocketAddr, time::Duration};

use api::{
    app::App,
    config::{Environment, Shared},
    health::Health,
    server::{self, End, Shutdown},
    service::Service,
};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

/// A service behind a real listener.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) health: Health,
    pub(crate) document: utoipa::openapi::OpenApi,
    signals: mpsc::Sender<()>,
    end: JoinHandle<End>,
}

/// Starts a service with some variables.
pub(crate) async fn start(service: &Service, variables: &[(&str, &str)]) -> Running {
    let quick = [("SHUTDOWN_DELAY_SECONDS", "0")];
    let mut environment = Environment::of(quick.into_iter().chain(variables.iter().copied()));
    let shared = Shared::read(&mut environment);
    let build = (service.configure)(&mut environment);
    environment.finish().unwrap();
    let app = App::new(service, &shared, build).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (signals, receiver) = mpsc::channel(1);
    let shutdown = Shutdown { delay: shared.shutdown_delay, grace: shared.shutdown_grace };
    let (health, document) = (app.health.clone(), app.document);
    let end = tokio::spawn(async move {
        server::serve(listener, app.router, &app.health, shutdown, receiver).await
    });
    Running { address, health, document, signals, end }
}

impl Running {
    /// Sends what a signal sends.
    pub(crate) async fn signal(&self) {
        self.signals.send(()).await.unwrap();
    }

    /// Waits for the end, which a signal has begun.
    pub(crate) async fn end(self) -> End {
        self.end.await.unwrap()
    }

    pub(crate) async fn http1(&self) -> Client {
        Client::http1(self.address).await
    }

    pub(crate) async fn http2(&self) -> Client {
        Client::http2(self.address).await
    }
}

/// An answer, received whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The name of the problem that it is; every error must be one.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body = self.json();
        assert_eq!(body["status"], self.status.as_u16());
        assert_eq!(body["requestId"], self.header("x-request-id"));
        assert!(!body["title"].as_str().unwrap().is_empty());
        let kind = body["type"].as_str().unwrap();
        kind.strip_prefix(api::http::problem::TYPE_PREFIX).unwrap_or(kind).to_owned()
    }
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// One connection.
pub(crate) struct Client(Sender);

impl Client {
    pub(crate) async fn http1(address: SocketAddr) -> Self {
        Self::try_http1(address).await.unwrap()
    }

    pub(crate) async fn try_http1(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
        let (sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        tokio::spawn(connection);
        Ok(Self(Sender::Http1(sender)))
    }

    pub(crate) async fn http2(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (sender, connection) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self(Sender::Http2(sender))
    }

    /// Another handle on the same connection of HTTP/2.
    pub(crate) fn share(&self) -> Self {
        match &self.0 {
            Sender::Http2(sender) => Self(Sender::Http2(sender.clone())),
            Sender::Http1(_) => panic!("HTTP/1.1 has one request at a time"),
        }
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let response = match &mut self.0 {
            Sender::Http1(sender) => {
                sender.ready().await.map_err(|error| error.to_string())?;
                let (mut parts, body) = request.into_parts();
                parts.uri = parts.uri.path_and_query().unwrap().as_str().parse().unwrap();
                parts.headers.insert("host", "test".parse().unwrap());
                sender.send_request(Request::from_parts(parts, body)).await
            }
            Sender::Http2(sender) => sender.send_request(request).await,
        }
        .map_err(|error| format!("{error:?}"))?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
        Ok(Answer { status: parts.status, version: parts.version, headers: parts.headers, body })
    }

    pub(crate) async fn ask(&mut self, method: &str, path: &str) -> Answer {
        self.send(request(method, path, &[], "")).await.unwrap()
    }

    pub(crate) async fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send(request(method, path, headers, body)).await.unwrap()
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request<Full<Bytes>> {
    let method: Method = method.parse().unwrap();
    let mut request = Request::builder().method(method).uri(format!("http://test{path}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap()
}

/// Asks again and again until an answer is as wanted; fails after a time.
pub(crate) async fn until(
    address: SocketAddr,
    method: &str,
    path: &str,
    within: Duration,
    wanted: impl Fn(&Answer) -> bool,
) -> Answer {
    let begun = tokio::time::Instant::now();
    loop {
        let answer = Client::http1(address).await.ask(method, path).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(begun.elapsed() < within, "not in {within:?}; last: {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether `PORTCULLIS_REQUIRE` names something that must not be missing.
pub(crate) fn required(word: &str) -> bool {
    std::env::var("PORTCULLIS_REQUIRE").is_ok_and(|value| {
        value.split(|c: char| !c.is_ascii_alphanumeric()).any(|found| found == word)
    })
}
