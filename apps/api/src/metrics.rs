//! Metrics in Prometheus' text format.
//!
//! [`NAMES`] is the whole list: dashboards and alert rules are tested against it, and a test of this
//! crate compares it with what each service exports.

use std::{sync::Arc, time::Duration};

use prometheus::{
    Encoder, Gauge, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry,
    TextEncoder,
};

use crate::service::StartError;

/// What kind of a metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Exported as `_bucket`, `_sum` and `_count`.
    Histogram,
}

/// A metric that services export.
#[derive(Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels, `le` of histograms aside.
    pub labels: &'static [&'static str],
    /// The services that export it.
    pub services: &'static [&'static str],
    /// What it tells.
    pub help: &'static str,
}

impl Metric {
    /// The names of its series, as a query names them.
    pub fn series(&self) -> Vec<String> {
        match self.kind {
            Kind::Counter | Kind::Gauge => vec![self.name.to_owned()],
            Kind::Histogram => {
                ["bucket", "sum", "count"].map(|part| format!("{}_{part}", self.name)).into()
            }
        }
    }
}

const ALL: &[&str] = &["predictor", "counter", "greeter", "recommender"];
const WITH_STORE: &[&str] = &["counter", "greeter"];

const REQUESTS: Metric = Metric {
    name: "http_requests_total",
    kind: Kind::Counter,
    labels: &["method", "route", "status"],
    services: ALL,
    help: "Requests answered; status 499 is a client that went away first.",
};
const DURATION: Metric = Metric {
    name: "http_request_duration_seconds",
    kind: Kind::Histogram,
    labels: &["method", "route"],
    services: ALL,
    help: "Time from a request's head to its answer's, in seconds.",
};
const IN_FLIGHT: Metric = Metric {
    name: "http_requests_in_flight",
    kind: Kind::Gauge,
    labels: &[],
    services: ALL,
    help: "Requests that are being answered.",
};
const BUILD_INFO: Metric = Metric {
    name: "build_info",
    kind: Kind::Gauge,
    labels: &["service", "version"],
    services: ALL,
    help: "Always 1; its labels tell what runs.",
};
const STORE_ERRORS: Metric = Metric {
    name: "store_errors_total",
    kind: Kind::Counter,
    labels: &["operation"],
    services: WITH_STORE,
    help: "Operations of the store that failed.",
};
const STORE_UP: Metric = Metric {
    name: "store_up",
    kind: Kind::Gauge,
    labels: &[],
    services: WITH_STORE,
    help: "1 if the store answered last time, else 0.",
};
const PREDICTIONS: Metric = Metric {
    name: "predictions_total",
    kind: Kind::Counter,
    labels: &["symbol"],
    services: &["predictor"],
    help: "Predictions made.",
};

/// Every metric. Those that start with `process_` come from Linux's /proc, and are there only on it.
pub const NAMES: &[Metric] = &[
    REQUESTS,
    DURATION,
    IN_FLIGHT,
    BUILD_INFO,
    STORE_ERRORS,
    STORE_UP,
    PREDICTIONS,
    process("process_cpu_seconds_total", Kind::Counter, "Time on the CPU, in seconds."),
    process("process_resident_memory_bytes", Kind::Gauge, "Resident memory, in bytes."),
    process("process_virtual_memory_bytes", Kind::Gauge, "Virtual memory, in bytes."),
    process("process_open_fds", Kind::Gauge, "Open file descriptors."),
    process("process_max_fds", Kind::Gauge, "Most file descriptors that may be open."),
    process("process_threads", Kind::Gauge, "Threads."),
    process("process_start_time_seconds", Kind::Gauge, "Start, in seconds since 1970 in UTC."),
];

const fn process(name: &'static str, kind: Kind, help: &'static str) -> Metric {
    Metric { name, kind, labels: &[], services: ALL, help }
}

/// Upper bounds of the histogram, in seconds: up to the default of a request's time.
const BUCKETS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The metrics of one service.
#[derive(Debug, Clone)]
pub struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: IntCounterVec,
    duration: HistogramVec,
    in_flight: IntGauge,
    store_errors: IntCounterVec,
    store_up: IntGauge,
    predictions: IntCounterVec,
}

impl Metrics {
    /// Registers the metrics of a service.
    ///
    /// # Errors
    /// If a name or label isn't Prometheus', which a test would have seen.
    pub fn new(service: &str) -> Result<Self, StartError> {
        let registry = Registry::new();
        let inner = Inner {
            requests: counter(&REQUESTS)?,
            duration: HistogramVec::new(
                HistogramOpts::new(DURATION.name, DURATION.help).buckets(BUCKETS.to_vec()),
                DURATION.labels,
            )?,
            in_flight: IntGauge::new(IN_FLIGHT.name, IN_FLIGHT.help)?,
            store_errors: counter(&STORE_ERRORS)?,
            store_up: IntGauge::new(STORE_UP.name, STORE_UP.help)?,
            predictions: counter(&PREDICTIONS)?,
            registry,
        };
        let register = |metric: &Metric, collector: Box<dyn prometheus::core::Collector>| {
            if metric.services == ALL || metric.services.contains(&service) {
                inner.registry.register(collector)
            } else {
                Ok(())
            }
        };
        register(&REQUESTS, Box::new(inner.requests.clone()))?;
        register(&DURATION, Box::new(inner.duration.clone()))?;
        register(&IN_FLIGHT, Box::new(inner.in_flight.clone()))?;
        register(&STORE_ERRORS, Box::new(inner.store_errors.clone()))?;
        register(&STORE_UP, Box::new(inner.store_up.clone()))?;
        register(&PREDICTIONS, Box::new(inner.predictions.clone()))?;
        let info = Gauge::with_opts(
            Opts::new(BUILD_INFO.name, BUILD_INFO.help)
                .const_label("service", service)
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        info.set(1.0);
        register(&BUILD_INFO, Box::new(info))?;
        #[cfg(target_os = "linux")]
        inner
            .registry
            .register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self(Arc::new(inner)))
    }

    /// Everything in Prometheus' text format.
    ///
    /// # Errors
    /// If a metric has no name or type, which a test would have seen.
    pub fn text(&self) -> Result<Vec<u8>, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.0.registry.gather(), &mut text)?;
        Ok(text)
    }

    /// The gauge of requests that are being answered.
    pub(crate) fn in_flight(&self) -> &IntGauge {
        &self.0.in_flight
    }

    /// Counts a request that was answered.
    pub(crate) fn answered(&self, method: &str, route: &str, status: &str, time: Duration) {
        self.0.requests.with_label_values(&[method, route, status]).inc();
        self.0.duration.with_label_values(&[method, route]).observe(time.as_secs_f64());
    }

    /// The counter of a store's errors in one operation, which is exported from now on.
    pub(crate) fn store_errors(&self, operation: &str) -> prometheus::IntCounter {
        self.0.store_errors.with_label_values(&[operation])
    }

    /// Tells whether the store can be reached.
    pub(crate) fn store_up(&self, up: bool) {
        self.0.store_up.set(up.into());
    }

    /// The counter of a symbol's predictions, which is exported from now on.
    pub(crate) fn predictions(&self, symbol: &str) -> prometheus::IntCounter {
        self.0.predictions.with_label_values(&[symbol])
    }
}

fn counter(metric: &Metric) -> Result<IntCounterVec, prometheus::Error> {
    IntCounterVec::new(Opts::new(metric.name, metric.help), metric.labels)
}
