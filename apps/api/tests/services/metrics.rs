//! What is exported is what the list says, for each service.

use std::collections::{BTreeMap, BTreeSet};

use api::{
    SERVICES,
    metrics::{Kind, Metric, NAMES},
};

use crate::support::start;

/// Names of series, and of their labels.
fn series(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|pair| {
            let (label, _) = pair.split_once('=')?;
            (label != "le").then(|| label.to_owned())
        });
        found.entry(name.to_owned()).or_default().extend(labels);
    }
    found
}

fn is_here(metric: &Metric) -> bool {
    cfg!(target_os = "linux") || !metric.name.starts_with("process_")
}

#[tokio::test]
async fn each_service_exports_its_metrics_and_no_other() {
    for service in SERVICES {
        let running = start(service, &[]).await;
        let mut client = running.http1().await;
        client.ask("GET", "/livez").await;
        let scraped = client.ask("GET", "/metrics").await;
        let found = series(scraped.text());
        let mut expected = BTreeMap::new();
        for metric in NAMES.iter().filter(|metric| metric.services.contains(&service.name)) {
            let kind = match metric.kind {
                Kind::Counter => "counter",
                Kind::Gauge => "gauge",
                Kind::Histogram => "histogram",
            };
            if is_here(metric) {
                let line = format!("# TYPE {} {kind}\n", metric.name);
                assert!(scraped.text().contains(&line), "{}: {line}", service.name);
                for name in metric.series() {
                    let labels = metric.labels.iter().map(ToString::to_string).collect();
                    expected.insert(name, labels);
                }
            }
        }
        assert_eq!(found, expected, "{}", service.name);
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_not_by_path() {
    let running = start(&api::recommender::SERVICE, &[]).await;
    let mut client = running.http1().await;
    for id in 1..=5 {
        client.ask("GET", &format!("/bicycles/{id}/recommendations")).await;
    }
    for path in ["/a", "/b", "/c/d"] {
        client.ask("BREW", path).await;
    }
    let text = client.ask("GET", "/metrics").await.text().to_owned();
    let route = "/bicycles/{id}/recommendations";
    for line in [
        format!("http_requests_total{{method=\"GET\",route=\"{route}\",status=\"200\"}} 5\n"),
        "http_requests_total{method=\"other\",route=\"unmatched\",status=\"404\"} 3\n".into(),
        format!("http_request_duration_seconds_count{{method=\"GET\",route=\"{route}\"}} 5\n"),
        "http_requests_in_flight 1\n".into(),
    ] {
        assert!(text.contains(&line), "{line}{text}");
    }
}

#[tokio::test]
async fn predictions_are_counted_by_symbol() {
    let running = start(&api::predictor::SERVICE, &[("PREDICTOR_SYMBOLS", "BTC,ETH")]).await;
    let mut client = running.http1().await;
    for symbol in ["BTC", "BTC", "XXX", "???"] {
        client.ask("POST", &format!("/predict?symbol={symbol}")).await;
    }
    let text = client.ask("GET", "/metrics").await.text().to_owned();
    let counted: Vec<_> = text.lines().filter(|line| line.starts_with("predictions_")).collect();
    let expected = ["predictions_total{symbol=\"BTC\"} 2", "predictions_total{symbol=\"ETH\"} 0"];
    assert_eq!(counted, expected);
}
