//! The counter in Redis.
//!
//! One task looks after the connection: it connects, asks for the counter every [`PROBE_INTERVAL`],
//! and connects anew, with the password as it is then, when that fails. Requests use the connection
//! that there is; while there is none they fail at once.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, ServerErrorKind, Value};
use tokio::{
    sync::{Notify, Semaphore},
    time::{sleep, timeout},
};

use super::redis_settings::{ConnectError, Connection, RedisSettings};
use crate::health::Health;
use crate::store_error::StoreError;

/// Time for connecting to a node, and for its answer to a command.
pub(super) const CONNECT_TIME: Duration = Duration::from_secs(2);
pub(super) const RESPONSE_TIME: Duration = Duration::from_secs(2);

/// How often the store is asked whether it answers.
const PROBE_INTERVAL: Duration = Duration::from_secs(1);
/// From a failed connection to the next attempt: the first time, and at the most.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// Commands that Redis has at a time. What waits here when a connection breaks wasn't sent, so that
/// few outcomes are unknown; for throughput this is plenty.
const COMMANDS: usize = 64;
/// How often a command is sent if the server refuses it for a state that passes, and how long
/// between. A refused command wasn't carried out, so that this never counts twice.
const ATTEMPTS: u32 = 4;
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct RedisStore(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: RedisSettings,
    health: Health,
    connection: ArcSwapOption<Connection>,
    commands: Semaphore,
    /// Told when a command failed: the connection is looked at without waiting.
    suspect: Notify,
}

impl RedisStore {
    /// Starts the task that keeps a connection. Must be called within the runtime.
    pub(super) fn start(settings: RedisSettings, health: Health) -> Self {
        // The provider of TLS is one a process; who set it before has set the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        health.store(false);
        let connection = ArcSwapOption::empty();
        let (commands, suspect) = (Semaphore::new(COMMANDS), Notify::new());
        let inner = Arc::new(Inner { settings, health, connection, commands, suspect });
        let task = Arc::clone(&inner);
        tokio::spawn(async move { task.keep_connected().await });
        Self(inner)
    }

    /// The counter; 0 if there is none yet.
    pub(super) async fn read(&self) -> Result<i64, StoreError> {
        let counter: Option<i64> = self.0.command(redis::cmd("GET")).await?;
        Ok(counter.unwrap_or(0))
    }

    /// Adds one, and returns what the counter is then.
    pub(super) async fn increment(&self) -> Result<i64, StoreError> {
        self.0.command(redis::cmd("INCR")).await
    }
}

impl Inner {
    async fn keep_connected(&self) {
        let mut backoff = BACKOFF.0;
        loop {
            match self.connect_and_probe().await {
                Ok(connection) => {
                    self.connection.store(Some(Arc::new(connection)));
                    self.health.store(true);
                    backoff = BACKOFF.0;
                    let error = self.until_it_fails().await;
                    self.connection.store(None);
                    self.health.store(false);
                    tracing::warn!(error, "redis: lost");
                }
                Err(error) => {
                    tracing::warn!(error, "redis: can't connect");
                    sleep(backoff).await;
                    backoff = (backoff * 2).min(BACKOFF.1);
                }
            }
        }
    }

    async fn connect_and_probe(&self) -> Result<Connection, String> {
        // Nodes of a cluster are connected to one after another.
        let connection = timeout(CONNECT_TIME * 3, self.settings.connect())
            .await
            .map_err(|_| "no connection in time".to_owned())?
            .map_err(|error: ConnectError| error.to_string())?;
        self.probe(&connection).await?;
        Ok(connection)
    }

    async fn until_it_fails(&self) -> String {
        loop {
            let _ = timeout(PROBE_INTERVAL, self.suspect.notified()).await;
            let Some(connection) = self.connection.load_full() else {
                return "a command failed".into();
            };
            if let Err(error) = self.probe(&connection).await {
                return error;
            }
        }
    }

    /// Asks for the counter itself, because in a cluster its node is the one that matters. That it
    /// is no number is an answer too.
    async fn probe(&self, connection: &Connection) -> Result<(), String> {
        let asked = self.send::<Value>(connection, &redis::cmd("GET")).await;
        match asked.map_err(|error| classify(&error)) {
            Ok(_) | Err(Failure { error: StoreError::Broken(_), .. }) => Ok(()),
            Err(failure) => Err(failure.error.to_string()),
        }
    }

    async fn command<T: FromRedisValue>(&self, command: Cmd) -> Result<T, StoreError> {
        let mut attempt = 1;
        loop {
            let Ok(Ok(turn)) = timeout(RESPONSE_TIME, self.commands.acquire()).await else {
                return Err(StoreError::Unavailable("too many commands wait for Redis".into()));
            };
            let Some(connection) = self.connection.load_full() else {
                return Err(StoreError::Unavailable("there is no connection".into()));
            };
            let error = match self.send(&connection, &command).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            drop(turn);
            let failure = classify(&error);
            if failure.connection_lost {
                // Only this connection: the task may have made a new one by now.
                self.connection.compare_and_swap(&connection, None);
            }
            if !failure.passes || attempt == ATTEMPTS {
                self.suspect.notify_one();
                return Err(failure.error);
            }
            sleep(BETWEEN_ATTEMPTS * attempt).await;
            attempt += 1;
        }
    }

    async fn send<T: FromRedisValue>(
        &self,
        connection: &Connection,
        command: &Cmd,
    ) -> RedisResult<T> {
        let mut command = command.clone();
        command.arg(&self.settings.key);
        let answer = async {
            match connection.clone() {
                Connection::Single(mut connection) => command.query_async(&mut connection).await,
                Connection::Cluster(mut connection) => command.query_async(&mut connection).await,
            }
        };
        // A cluster's connection waits for its slots without a limit of its own.
        timeout(RESPONSE_TIME, answer).await.unwrap_or_else(|_| {
            Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))
        })
    }
}

/// What follows from an error.
#[derive(Debug)]
struct Failure {
    error: StoreError,
    /// Whether the same command may succeed soon, and wasn't carried out.
    passes: bool,
    connection_lost: bool,
}

fn classify(error: &RedisError) -> Failure {
    let text = error.to_string();
    let (error_of, passes): (fn(String) -> StoreError, _) = match error.kind() {
        // The server answered: it didn't carry the command out.
        ErrorKind::Server(kind) => match kind {
            ServerErrorKind::Moved
            | ServerErrorKind::Ask
            | ServerErrorKind::TryAgain
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::BusyLoading
            | ServerErrorKind::ReadOnly => (StoreError::Unavailable, true),
            ServerErrorKind::ResponseError => (StoreError::Broken, false),
            _ => (StoreError::Unavailable, false),
        },
        ErrorKind::Extension if error.code() == Some("WRONGTYPE") => (StoreError::Broken, false),
        ErrorKind::UnexpectedReturnType => (StoreError::Broken, false),
        ErrorKind::Extension
        // Nothing was sent.
        | ErrorKind::AuthenticationFailed
        | ErrorKind::ClusterConnectionNotFound
        | ErrorKind::InvalidClientConfig => (StoreError::Unavailable, false),
        _ if error.is_connection_refusal() => (StoreError::Unavailable, false),
        _ => (StoreError::Unknown, false),
    };
    let connection_lost = error.is_connection_dropped();
    Failure { error: error_of(text), passes, connection_lost }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn of_server(line: &str) -> Failure {
        let value = redis::parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap();
        classify(&value.extract_error().unwrap_err())
    }

    #[test]
    fn what_the_server_refused_was_not_counted() {
        for line in ["MOVED 5461 127.0.0.1:7001", "CLUSTERDOWN x", "LOADING x", "READONLY x"] {
            let failure = of_server(line);
            assert!(matches!(failure.error, StoreError::Unavailable(_)), "{failure:?}");
            assert!(failure.passes, "{failure:?}");
        }
        for line in ["NOAUTH x", "OOM x", "MISCONF x", "NOPERM x", "NOREPLICAS x"] {
            let failure = of_server(line);
            assert!(matches!(failure.error, StoreError::Unavailable(_)), "{failure:?}");
            assert!(!failure.passes, "{failure:?}");
        }
        for line in ["WRONGTYPE x", "ERR value is not an integer or out of range"] {
            let failure = of_server(line);
            assert!(matches!(failure.error, StoreError::Broken(_)), "{failure:?}");
        }
    }

    #[test]
    fn what_broke_off_may_have_been_counted_and_is_not_sent_again() {
        for kind in [
            io::ErrorKind::BrokenPipe,
            io::ErrorKind::ConnectionReset,
            io::ErrorKind::UnexpectedEof,
            io::ErrorKind::TimedOut,
        ] {
            let failure = classify(&RedisError::from(io::Error::from(kind)));
            assert!(matches!(failure.error, StoreError::Unknown(_)), "{failure:?}");
            assert!(!failure.passes);
        }
        let refused =
            classify(&RedisError::from(io::Error::from(io::ErrorKind::ConnectionRefused)));
        assert!(matches!(refused.error, StoreError::Unavailable(_)));
    }
}
