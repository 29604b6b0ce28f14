//! The listener, its connections, and the end of both.
//!
//! On SIGTERM (or SIGINT) readiness fails at once, while requests are still taken for the delay:
//! that is how long load balancers need to hear of it. In this time answers over HTTP/1.1 ask the
//! client to close the connection, so that none is closed under a request on its way. Then the
//! listener closes, connections end with the request that they carry (HTTP/2: GOAWAY), and the
//! process ends when the last has, or when the grace is over.

use std::{io, time::Duration};

use axum::Router;
use hyper::server::conn::{http1, http2};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};

use crate::health::Health;

/// Time for a connection's first bytes, for a request's head, and between requests. Longer than the
/// idle time of usual gateways, so that they close first.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Time for the first bytes of a connection once the listener is closed.
const LAST_CHANCE: Duration = Duration::from_millis(500);
/// Largest head of a request over HTTP/1.1, and largest list of headers over HTTP/2, in bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Requests at a time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 256;
/// How often a silent connection of HTTP/2 is asked whether it lives, and how long it has to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// What HTTP/2 starts with.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How the end goes.
#[derive(Debug, Clone, Copy)]
pub struct Shutdown {
    /// From the signal to the end of accepting.
    pub delay: Duration,
    /// From the end of accepting on, at the most.
    pub grace: Duration,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every request was answered.
    Drained,
    /// The grace was over while some were still in flight.
    Cut,
}

/// Serves until the first signal, then ends as [`Shutdown`] says. A second signal ends the delay.
/// A closed channel counts as a signal.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    health: &Health,
    shutdown: Shutdown,
    mut signals: mpsc::Receiver<()>,
) -> End {
    let graceful = GracefulShutdown::new();
    let (closing, closed) = watch::channel(false);
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    spawn(stream, router.clone(), graceful.watcher(), closed.clone());
                }
                Err(error) => refused(&error).await,
            }
        }
    };
    let ended = async {
        let _ = signals.recv().await;
        tracing::info!(delay = shutdown.delay.as_secs(), "draining");
        health.drain();
        let _ = timeout(shutdown.delay, signals.recv()).await;
    };
    tokio::select! {
        () = ended => {}
        () = accept => {}
    }
    // Who is in the listener's queue has connected, and may have asked already.
    while let Ok(Ok((stream, _))) = timeout(Duration::ZERO, listener.accept()).await {
        spawn(stream, router.clone(), graceful.watcher(), closed.clone());
    }
    drop(listener);
    let _ = closing.send(true);
    tracing::info!(connections = graceful.count(), "no longer listening");
    match timeout(shutdown.grace, graceful.shutdown()).await {
        Ok(()) => End::Drained,
        Err(_) => End::Cut,
    }
}

/// The signals that end a process, SIGTERM and SIGINT, as [`serve`] takes them.
///
/// # Errors
/// If a handler can't be installed.
pub fn signals() -> io::Result<mpsc::Receiver<()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if sender.send(()).await.is_err() {
                break;
            }
        }
    });
    Ok(receiver)
}

/// Out of descriptors, most likely: accepting again at once would only burn the CPU.
async fn refused(error: &io::Error) {
    let connection_only = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    );
    if !connection_only {
        tracing::error!(%error, "can't accept");
        sleep(Duration::from_millis(100)).await;
    }
}

fn spawn(stream: TcpStream, router: Router, watcher: Watcher, closed: watch::Receiver<bool>) {
    tokio::spawn(async move {
        // Answers are small and whole: waiting to fill packets only delays them.
        let _ = stream.set_nodelay(true);
        let version = tokio::select! {
            version = timeout(HEAD_TIMEOUT, version_of(&stream)) => version,
            // A connection that has never asked must not hold up the end.
            () = last_chance(closed) => return,
        };
        let Ok(Some(version)) = version else { return };
        let io = TokioIo::new(stream);
        let service = TowerToHyperService::new(router);
        let served = match version {
            Version::Http1 => {
                let mut builder = http1::Builder::new();
                builder
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .max_buf_size(MAX_HEAD_BYTES);
                watcher.watch(builder.serve_connection(io, service)).await
            }
            Version::Http2 => {
                let mut builder = http2::Builder::new(TokioExecutor::new());
                builder
                    .timer(TokioTimer::new())
                    .max_concurrent_streams(MAX_STREAMS)
                    .max_header_list_size(MAX_HEAD_BYTES as u32)
                    .keep_alive_interval(KEEP_ALIVE.0)
                    .keep_alive_timeout(KEEP_ALIVE.1);
                watcher.watch(builder.serve_connection(io, service)).await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection");
        }
    });
}

async fn last_chance(mut closed: watch::Receiver<bool>) {
    let _ = closed.wait_for(|closed| *closed).await.map(|_| ());
    sleep(LAST_CHANCE).await;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    Http1,
    Http2,
}

/// The protocol that a client speaks, by its first bytes, which stay unread.
async fn version_of(stream: &TcpStream) -> Option<Version> {
    let mut start = [0; PREFACE.len()];
    let begun = Instant::now();
    loop {
        let length = stream.peek(&mut start).await.ok()?;
        let read = start.get(..length)?;
        if read.is_empty() {
            return None;
        }
        if read == PREFACE {
            return Some(Version::Http2);
        }
        if !PREFACE.starts_with(read) {
            return Some(Version::Http1);
        }
        // A part of the preface: what is there can't be waited for, only for more of it.
        if begun.elapsed() > HEAD_TIMEOUT {
            return None;
        }
        sleep(Duration::from_millis(5)).await;
    }
}
