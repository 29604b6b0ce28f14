//! Who reaches whom among the services of this repository, once all policies of a cluster add up: as
//! written down here, and as Cyclonus predicts it.

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    disagreements::Disagreements,
    judge::judges,
    platform::{built, text},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("reachability::production", || agree("production", "10.20")),
        Trial::test("reachability::staging", || agree("staging", "10.10")),
    ]
}

const SERVICES: [&str; 4] = ["counter", "greeter", "predictor", "recommender"];

#[derive(Serialize)]
struct Input {
    objects: Vec<Value>,
    queries: Vec<Query>,
}

#[derive(Clone, Debug, Serialize)]
struct Query {
    src: String,
    dst: String,
    protocol: &'static str,
    port: u16,
    direction: &'static str,
}

#[derive(Deserialize)]
struct Judged {
    answers: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    allowed: bool,
    #[serde(default)]
    error: String,
}

/// What the cluster applies about the services, and pods of others that they meet.
fn objects(cluster: &str) -> Result<Vec<Value>, Failed> {
    let mut objects: Vec<Value> = built(cluster)?
        .into_iter()
        .filter(|object| match text(object, "/kind") {
            "Namespace" => SERVICES.contains(&text(object, "/metadata/name")),
            "Deployment" | "NetworkPolicy" => {
                SERVICES.contains(&text(object, "/metadata/namespace"))
            }
            _ => false,
        })
        .collect();
    let proxy = json!({
        "gateway.envoyproxy.io/owning-gateway-namespace": "gateway",
        "gateway.envoyproxy.io/owning-gateway-name": "public",
    });
    let others = [
        ("kube-system", "dns", json!({"k8s-app": "kube-dns"})),
        ("kube-system", "other", json!({})),
        ("monitoring", "prometheus", json!({"app.kubernetes.io/name": "prometheus"})),
        ("monitoring", "grafana", json!({"app.kubernetes.io/name": "grafana"})),
        ("envoy-gateway-system", "proxy", proxy.clone()),
        // Who only has the right labels.
        ("shop", "proxy", proxy),
        ("shop", "dns", json!({"k8s-app": "kube-dns"})),
    ];
    for namespace in ["kube-system", "monitoring", "envoy-gateway-system", "shop"] {
        let labels = json!({"kubernetes.io/metadata.name": namespace});
        objects.push(json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace, "labels": labels},
        }));
    }
    let strangers = SERVICES.map(|service| (service, "stranger", json!({})));
    for (namespace, name, labels) in others.into_iter().chain(strangers) {
        let port = |name: &str, port: u16, protocol: &str| json!({"name": name, "containerPort": port, "protocol": protocol});
        let ports = [port("http", 8080, "TCP"), port("dns", 53, "UDP"), port("dns-tcp", 53, "TCP")];
        objects.push(json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"containers": [{"name": name, "ports": ports}]},
        }));
    }
    Ok(objects)
}

/// What may come in at each service: source and verdict.
fn ways_in(service: &str, network: &str) -> Vec<(String, bool)> {
    let by_application_gateway = matches!(service, "predictor" | "recommender");
    let other = if service == "counter" { "greeter/greeter" } else { "counter/counter" };
    [
        (format!("{network}.12.10"), by_application_gateway),
        (format!("{network}.4.10"), false),
        ("10.30.12.10".to_owned(), false),
        ("1.1.1.1".to_owned(), false),
        ("envoy-gateway-system/proxy".to_owned(), !by_application_gateway),
        ("shop/proxy".to_owned(), false),
        ("monitoring/prometheus".to_owned(), true),
        ("monitoring/grafana".to_owned(), false),
        (other.to_owned(), false),
        (format!("{service}/stranger"), false),
    ]
    .into()
}

/// What each service may reach: destination, protocol, port and verdict.
fn ways_out(service: &str, network: &str) -> Vec<(String, &'static str, u16, bool)> {
    let asks_names = matches!(service, "counter" | "greeter");
    let counter = service == "counter";
    let greeter = service == "greeter";
    let redis = format!("{network}.16.9");
    let postgres = format!("{network}.17.9");
    // The other environment's.
    let foreign = if network == "10.20" { "10.10" } else { "10.20" };
    vec![
        ("kube-system/dns".to_owned(), "UDP", 53, asks_names),
        ("kube-system/dns".to_owned(), "TCP", 53, asks_names),
        ("kube-system/other".to_owned(), "UDP", 53, false),
        ("shop/dns".to_owned(), "UDP", 53, false),
        ("1.1.1.1".to_owned(), "UDP", 53, false),
        (redis.clone(), "TCP", 10_000, counter),
        (redis.clone(), "TCP", 8_500, counter),
        (redis.clone(), "TCP", 8_599, counter),
        (redis.clone(), "TCP", 8_499, false),
        (redis.clone(), "TCP", 8_600, false),
        (redis, "TCP", 443, false),
        (format!("{foreign}.16.9"), "TCP", 10_000, false),
        (postgres.clone(), "TCP", 5_432, greeter),
        (postgres, "TCP", 6_432, false),
        (format!("{foreign}.17.9"), "TCP", 5_432, false),
        ("1.1.1.1".to_owned(), "TCP", 443, false),
        // Azure's metadata service, which would give away a node's identity.
        ("169.254.169.254".to_owned(), "TCP", 80, false),
        (format!("{service}/stranger"), "TCP", 8_080, false),
        ("monitoring/prometheus".to_owned(), "TCP", 8_080, false),
    ]
}

fn agree(cluster: &str, network: &str) -> Result<(), Failed> {
    let mut expected: Vec<(Query, bool)> = Vec::new();
    for service in SERVICES {
        let pod = format!("{service}/{service}");
        for (src, allowed) in ways_in(service, network) {
            let query =
                Query { src, dst: pod.clone(), protocol: "TCP", port: 8080, direction: "ingress" };
            expected.push((query, allowed));
        }
        // At no other port, from nobody.
        for src in ["monitoring/prometheus", "envoy-gateway-system/proxy"] {
            let (src, dst) = (src.to_owned(), pod.clone());
            let query = Query { src, dst, protocol: "TCP", port: 9090, direction: "ingress" };
            expected.push((query, false));
        }
        for (dst, protocol, port, allowed) in ways_out(service, network) {
            let query = Query { src: pod.clone(), dst, protocol, port, direction: "egress" };
            expected.push((query, allowed));
        }
        // A pod that nobody thought of is closed from its first second.
        for (dst, port) in [(format!("{network}.16.9"), 10_000), (format!("{network}.17.9"), 5_432)]
        {
            let src = format!("{service}/stranger");
            let query = Query { src, dst, protocol: "TCP", port, direction: "egress" };
            expected.push((query, false));
        }
    }
    let queries = expected.iter().map(|(query, _)| query.clone()).collect();
    let input = Input { objects: objects(cluster)?, queries };
    let judged: Judged = judges()?.ask("egress", &input)?;
    let mut disagreements = Disagreements::default();
    for ((query, allowed), answer) in expected.iter().zip(&judged.answers) {
        disagreements.compare(format!("{query:?} {}", answer.error), allowed, &answer.allowed);
        disagreements.compare(format!("{query:?}"), &"", &answer.error.as_str());
    }
    disagreements.compare("answers", &expected.len(), &judged.answers.len());
    disagreements.verdict(expected.len())
}
