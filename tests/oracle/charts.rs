//! The charts of services give the same objects as their overlays.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    disagreements::Disagreements,
    judge::judges,
    platform::{built, name_of, read, root, text},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("charts::same_as_overlays", same_as_overlays),
        Trial::test("charts::behind_values", behind_values),
        Trial::test("charts::schemas_refuse", schemas_refuse),
    ]
}

const CHARTS: [&str; 2] = ["predictor", "greeter"];
const OVERLAYS: [&str; 2] = ["staging", "production"];

#[derive(Serialize)]
struct Input {
    chart: String,
    release: String,
    namespace: String,
    values: String,
    kubernetes: &'static str,
}

#[derive(Deserialize)]
struct Rendered {
    ok: bool,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    error: String,
    lint: Vec<String>,
}

fn helm(service: &str, values: &Value) -> Result<Rendered, Failed> {
    Ok(judges()?.ask(
        "helm-template",
        &Input {
            chart: root().join("apps").join(service).join("chart").display().to_string(),
            release: service.to_owned(),
            namespace: service.to_owned(),
            values: values.to_string(),
            kubernetes: "v1.34.0",
        },
    )?)
}

/// The values that stand for an overlay, with the image that the overlay sets: Flux moves that.
fn values_of(service: &str, overlay: &str) -> Result<Value, Failed> {
    let mut values: Value = read(&format!("apps/{service}/chart/ci/{overlay}-values.yaml"))?;
    let kustomization: Value =
        read(&format!("apps/{service}/overlays/{overlay}/kustomization.yaml"))?;
    let image = |key: &str| text(&kustomization, &format!("/images/0/{key}")).to_owned();
    let image = json!({"tag": image("newTag"), "digest": image("digest")});
    values.as_object_mut().ok_or("values are no mapping")?.insert("image".to_owned(), image);
    Ok(values)
}

fn by_name(objects: Vec<Value>) -> Result<BTreeMap<String, Value>, Failed> {
    let mut named = BTreeMap::new();
    for object in objects {
        let name = name_of(&object);
        if named.insert(name.clone(), object).is_some() {
            return Err(format!("{name} is there twice").into());
        }
    }
    Ok(named)
}

fn same_as_overlays() -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let mut compared = 0;
    for service in CHARTS {
        for overlay in OVERLAYS {
            let rendered = helm(service, &values_of(service, overlay)?)?;
            if !rendered.ok {
                return Err(format!("{service}, {overlay}: {}", rendered.error).into());
            }
            disagreements.compare(
                format!("{service}: lint"),
                &Vec::<String>::new(),
                &rendered.lint,
            );
            let chart = by_name(rendered.objects)?;
            let kustomize = by_name(built(&format!("apps/{service}/overlays/{overlay}"))?)?;
            for name in
                chart.keys().chain(kustomize.keys().filter(|name| !chart.contains_key(*name)))
            {
                compared += 1;
                let what = format!("{service}, {overlay}: {name}");
                disagreements.compare(what, &kustomize.get(name), &chart.get(name));
            }
        }
    }
    disagreements.verdict(compared)
}

/// A chart, values, the objects that these turn off, and the object that they change.
type Switch = (&'static str, Value, &'static [&'static str], &'static str);

/// What a value turns off is gone, and nothing else changes but what is named here.
fn behind_values() -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let switches: [Switch; 5] = [
        (
            "greeter",
            json!({"httpRoute": {"enabled": false}}),
            &["HTTPRoute/greeter/greeter", "NetworkPolicy/greeter/from-gateway"],
            "",
        ),
        (
            "greeter",
            json!({"autoscaling": {"enabled": false}, "replicas": 4}),
            &["HorizontalPodAutoscaler/greeter/greeter"],
            "Deployment/greeter/greeter",
        ),
        (
            "greeter",
            json!({"externalSecret": {"enabled": false}}),
            &["ExternalSecret/greeter/greeter-database", "SecretStore/greeter/key-vault"],
            "ServiceAccount/greeter/greeter",
        ),
        ("greeter", json!({"namespace": {"create": false}}), &["Namespace/greeter"], ""),
        (
            "predictor",
            json!({"serviceMonitor": {"enabled": false}}),
            &["ServiceMonitor/predictor/predictor"],
            "",
        ),
    ];
    for (service, switch, gone, changed) in &switches {
        let values = values_of(service, "production")?;
        let before = by_name(helm(service, &values)?.objects)?;
        let mut values = values;
        merge(&mut values, switch);
        let rendered = helm(service, &values)?;
        let after = by_name(rendered.objects)?;
        let lost: Vec<&str> =
            before.keys().filter(|name| !after.contains_key(*name)).map(String::as_str).collect();
        disagreements.compare(
            format!("{service}, {switch}: {}", rendered.error),
            &lost,
            &gone.to_vec(),
        );
        let differ: Vec<&str> = after
            .iter()
            .filter(|(name, object)| before.get(*name) != Some(object))
            .map(|(name, _)| name.as_str())
            .collect();
        let expected: Vec<&str> =
            Some(*changed).into_iter().filter(|name| !name.is_empty()).collect();
        disagreements.compare(format!("{service}, {switch}: changed"), &differ, &expected);
        if let Some(replicas) = switch.get("replicas") {
            let found = after.get(*changed).and_then(|object| object.pointer("/spec/replicas"));
            disagreements.compare(format!("{service}, {switch}"), &found, &Some(replicas));
        }
    }
    disagreements.verdict(switches.len())
}

fn schemas_refuse() -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let wrong = [
        ("greeter", json!({"image": {"digest": ""}})),
        ("greeter", json!({"image": {"digest": "sha256:1234"}})),
        ("greeter", json!({"image": {"repository": "docker.io/library/greeter"}})),
        ("greeter", json!({"httproute": {"enabled": false}})),
        ("greeter", json!({"httpRoute": {"hostnames": []}})),
        ("greeter", json!({"httpRoute": {"enabled": "yes"}})),
        ("greeter", json!({"autoscaling": {"minReplicas": 0}})),
        ("greeter", json!({"autoscaling": {"maxReplicas": "12"}})),
        ("greeter", json!({"resources": {"limits": null}})),
        ("greeter", json!({"config": {"log_level": "info"}})),
        ("greeter", json!({"config": {"DATABASE_MAX_CONNECTIONS": 10}})),
        ("greeter", json!({"database": {"cidr": ""}})),
        ("greeter", json!({"externalSecret": {"clientId": ""}})),
        ("predictor", json!({"ingress": {"host": ""}})),
        ("predictor", json!({"keyVault": {"name": ""}})),
        ("predictor", json!({"resources": {"limits": {"cpu": null}}})),
        ("predictor", json!({"autoscaling": {"enabled": true}})),
    ];
    for (service, change) in &wrong {
        let mut values = values_of(service, "production")?;
        merge(&mut values, change);
        let rendered = helm(service, &values)?;
        let why_not = rendered.error.contains("values don't meet the specifications of the schema");
        let what = format!("{service} with {change}: {}", rendered.error);
        disagreements.compare(what, &true, &(why_not && !rendered.ok));
    }
    disagreements.verdict(wrong.len())
}

/// Merges as helm merges values.
fn merge(into: &mut Value, change: &Value) {
    match (into, change) {
        (Value::Object(into), Value::Object(change)) => {
            for (key, value) in change {
                merge(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
            }
        }
        (into, change) => *into = change.clone(),
    }
}
