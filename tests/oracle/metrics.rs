//! Dashboards and alert rules name metrics that exist, and each alert a runbook.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    disagreements::Disagreements,
    judge::judges,
    platform::{built, root, text},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("metrics::named_ones_exist", named_ones_exist),
        Trial::test("metrics::alerts_have_runbooks", alerts_have_runbooks),
    ]
}

/// What the services export: the names of their series, with labels.
fn of_services() -> BTreeMap<String, Vec<&'static str>> {
    let mut series = BTreeMap::new();
    for metric in api::metrics::NAMES {
        for name in metric.series() {
            let mut labels = metric.labels.to_vec();
            if name.ends_with("_bucket") {
                labels.push("le");
            }
            series.insert(name, labels);
        }
    }
    series
}

/// What Prometheus adds to each of them.
const OF_TARGETS: &[&str] =
    &["container", "endpoint", "instance", "job", "namespace", "pod", "service"];

/// What others export about pods.
const OF_THE_PLATFORM: &[(&str, &[&str])] = &[
    // Prometheus itself
    ("up", &[]),
    // cAdvisor, in the kubelet
    ("container_cpu_cfs_periods_total", &[]),
    ("container_cpu_cfs_throttled_periods_total", &[]),
    ("container_cpu_usage_seconds_total", &[]),
    ("container_memory_working_set_bytes", &[]),
    // kube-state-metrics
    ("kube_deployment_status_replicas_available", &["deployment"]),
    ("kube_horizontalpodautoscaler_spec_max_replicas", &["horizontalpodautoscaler"]),
    ("kube_horizontalpodautoscaler_status_current_replicas", &["horizontalpodautoscaler"]),
    ("kube_pod_container_resource_limits", &["resource", "unit"]),
    ("kube_pod_container_resource_requests", &["resource", "unit"]),
    ("kube_pod_container_status_restarts_total", &[]),
];

#[derive(Serialize)]
struct Input {
    text: String,
}

#[derive(Deserialize)]
struct Parsed {
    ok: bool,
    selectors: Vec<Selector>,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Selector {
    metric: String,
    labels: Vec<String>,
}

/// The items of a list in an object.
fn items<'o>(object: &'o Value, pointer: &str) -> impl Iterator<Item = &'o Value> + use<'o> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// All alert rules among objects.
fn alerts(objects: &[Value]) -> Vec<&Value> {
    objects
        .iter()
        .filter(|object| text(object, "/kind") == "PrometheusRule")
        .flat_map(|object| items(object, "/spec/groups"))
        .flat_map(|group| items(group, "/rules"))
        .collect()
}

/// Where an expression stands, and the expression.
type Expressions = Vec<(String, String)>;

/// Every expression of alert rules and dashboards.
fn expressions(objects: &[Value]) -> Result<Expressions, Failed> {
    let mut found = Vec::new();
    for alert in alerts(objects) {
        found.push((text(alert, "/alert").to_owned(), text(alert, "/expr").to_owned()));
    }
    let rules = found.len();
    for object in
        objects.iter().filter(|one| text(one, "/metadata/labels/grafana_dashboard") == "1")
    {
        for (file, dashboard) in object.get("data").and_then(Value::as_object).into_iter().flatten()
        {
            let dashboard: Value = serde_json::from_str(dashboard.as_str().unwrap_or_default())?;
            collect(&dashboard, file, &mut found);
        }
    }
    if rules == 0 || found.len() == rules {
        return Err("no alert rules, or no dashboards".into());
    }
    Ok(found)
}

/// Finds `expr` of targets, and what the queries of variables ask for.
fn collect(value: &Value, path: &str, found: &mut Expressions) {
    match value {
        Value::Object(entries) => {
            for (key, entry) in entries {
                let path = format!("{path}/{key}");
                match (key.as_str(), entry) {
                    ("expr", Value::String(expression)) => {
                        found.push((path, expression.replace("$__rate_interval", "5m")));
                    }
                    // label_values(metric, label)
                    ("query", Value::String(query)) if query.starts_with("label_values(") => {
                        let inner = query.trim_start_matches("label_values(").trim_end_matches(')');
                        let metric = inner.rsplit_once(',').map_or(inner, |(metric, _)| metric);
                        found.push((path, metric.to_owned()));
                    }
                    _ => collect(entry, &path, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn named_ones_exist() -> Result<(), Failed> {
    let of_platform =
        OF_THE_PLATFORM.iter().map(|(name, labels)| ((*name).to_owned(), labels.to_vec()));
    let mut known = of_services();
    known.extend(of_platform);
    let expressions = expressions(&built("production")?)?;
    let inputs: Vec<Input> =
        expressions.iter().map(|(_, text)| Input { text: text.clone() }).collect();
    let mut disagreements = Disagreements::default();
    let mut selectors = 0;
    let parsed = judges()?.ask_all::<_, Parsed>("promql-metrics", &inputs)?;
    for ((place, expression), parsed) in expressions.iter().zip(parsed) {
        let parsed = parsed?;
        if !parsed.ok || parsed.selectors.is_empty() {
            disagreements.note(format!("{place}: {expression}: {}", parsed.error));
        }
        for selector in parsed.selectors {
            selectors += 1;
            let Some(labels) = known.get(selector.metric.as_str()) else {
                disagreements.note(format!("{place}: nothing exports {:?}", selector.metric));
                continue;
            };
            for label in selector.labels {
                if !labels.contains(&label.as_str()) && !OF_TARGETS.contains(&label.as_str()) {
                    disagreements.note(format!("{place}: {} has no {label}", selector.metric));
                }
            }
        }
    }
    disagreements.verdict(selectors)
}

const RUNBOOKS: &str = "https://github.com/portcullis-dev/portcullis/blob/main/docs/runbooks/";

fn alerts_have_runbooks() -> Result<(), Failed> {
    let objects = built("production")?;
    let mut disagreements = Disagreements::default();
    let mut names = BTreeSet::new();
    for alert in alerts(&objects) {
        let name = text(alert, "/alert");
        if !names.insert(name.to_owned()) {
            disagreements.note(format!("{name} is there twice"));
        }
        if !matches!(text(alert, "/labels/severity"), "critical" | "warning") {
            disagreements.note(format!("{name} has no severity"));
        }
        let url = text(alert, "/annotations/runbook_url");
        let page = url.strip_prefix(RUNBOOKS).map(|file| root().join("docs/runbooks").join(file));
        let title = page.and_then(|page| std::fs::read_to_string(page).ok());
        let title = title.as_deref().and_then(|text| text.lines().next()).unwrap_or_default();
        disagreements.compare(
            format!("the title of {url}"),
            &format!("# {name}"),
            &title.to_owned(),
        );
    }
    disagreements.verdict(names.len())
}
