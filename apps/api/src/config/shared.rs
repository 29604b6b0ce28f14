//! The variables that every service reads.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tracing_subscriber::EnvFilter;

use super::{Environment, Variable};

const LISTEN_ADDRESS: Variable = Variable {
    name: "LISTEN_ADDRESS",
    default: Some("0.0.0.0:8080"),
    values: "address:port",
    meaning: "where to listen, for HTTP/1.1 and HTTP/2 without TLS alike; `[::]:8080` for both IP families",
};
const LOG_LEVEL: Variable = Variable {
    name: "LOG_LEVEL",
    default: Some("info"),
    values: "a filter of tracing, such as `warn` or `info,api=debug`",
    meaning: "what is logged; requests at `info`, probes and scrapes at `debug`",
};
const LOG_FORMAT: Variable = Variable {
    name: "LOG_FORMAT",
    default: Some("json"),
    values: "`json`, `text`",
    meaning: "one JSON object a line, or text for people",
};
const REQUEST_TIMEOUT_SECONDS: Variable = Variable {
    name: "REQUEST_TIMEOUT_SECONDS",
    default: Some("10"),
    values: "1..=300",
    meaning: "time for a request, body included: 408 if its body is late, else 504",
};
const MAX_BODY_BYTES: Variable = Variable {
    name: "MAX_BODY_BYTES",
    default: Some("65536"),
    values: "0..=16777216",
    meaning: "largest body of a request; more is 413",
};
const MAX_IN_FLIGHT: Variable = Variable {
    name: "MAX_IN_FLIGHT",
    default: Some("512"),
    values: "1..=100000",
    meaning: "requests at a time; one more is 503 at once. Probes and scrapes don't count",
};
const SHUTDOWN_DELAY_SECONDS: Variable = Variable {
    name: "SHUTDOWN_DELAY_SECONDS",
    default: Some("5"),
    values: "0..=300",
    meaning: "after SIGTERM: how long readiness fails while requests are still taken, so that load balancers move on",
};
const SHUTDOWN_GRACE_SECONDS: Variable = Variable {
    name: "SHUTDOWN_GRACE_SECONDS",
    default: Some("20"),
    values: "1..=600",
    meaning: "after the delay: time for requests in flight. Delay and grace together must be less than the pod's `terminationGracePeriodSeconds`",
};

/// The variables that every service reads.
pub const SHARED: &[Variable] = &[
    LISTEN_ADDRESS,
    LOG_LEVEL,
    LOG_FORMAT,
    REQUEST_TIMEOUT_SECONDS,
    MAX_BODY_BYTES,
    MAX_IN_FLIGHT,
    SHUTDOWN_DELAY_SECONDS,
    SHUTDOWN_GRACE_SECONDS,
];

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What every service is told.
#[derive(Debug, Clone)]
pub struct Shared {
    /// Where to listen.
    pub listen_address: SocketAddr,
    /// What is logged, in tracing's syntax of filters.
    pub log_level: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Time for a request, its body included.
    pub request_timeout: Duration,
    /// Largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Requests at a time.
    pub max_in_flight: usize,
    /// From the signal to the end of accepting.
    pub shutdown_delay: Duration,
    /// From the end of accepting to the end of the process, at the most.
    pub shutdown_grace: Duration,
}

impl Shared {
    /// Reads them.
    pub fn read(environment: &mut Environment) -> Self {
        Self {
            listen_address: environment
                .parse(&LISTEN_ADDRESS, |text| {
                    text.parse().map_err(|_| "isn't an IP address with a port")
                })
                .unwrap_or_else(|| (Ipv4Addr::UNSPECIFIED, 0).into()),
            log_level: environment
                .parse(&LOG_LEVEL, |text| EnvFilter::try_new(text).map(|_| text.to_owned()))
                .unwrap_or_default(),
            log_format: environment.choice(
                &LOG_FORMAT,
                &[("json", LogFormat::Json), ("text", LogFormat::Text)],
                LogFormat::Json,
            ),
            request_timeout: seconds(environment.number(&REQUEST_TIMEOUT_SECONDS, 1..=300)),
            max_body_bytes: environment.number(&MAX_BODY_BYTES, 0..=16 * 1024 * 1024),
            max_in_flight: environment.number(&MAX_IN_FLIGHT, 1..=100_000),
            shutdown_delay: seconds(environment.number(&SHUTDOWN_DELAY_SECONDS, 0..=300)),
            shutdown_grace: seconds(environment.number(&SHUTDOWN_GRACE_SECONDS, 1..=600)),
        }
    }
}

fn seconds(count: u16) -> Duration {
    Duration::from_secs(count.into())
}
