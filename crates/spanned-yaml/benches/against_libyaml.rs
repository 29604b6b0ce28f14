//! spanned-yaml against libyaml-safer, in one run: `cargo bench -p spanned-yaml`.
//!
//! The rival's events are consumed and dropped; ours end up in a tree. Each
//! figure is the median of alternating rounds.
#![allow(clippy::cast_precision_loss, reason = "ratios for people")]
#![allow(clippy::print_stdout, reason = "prints a table")]

use std::{
    fmt::Write,
    hint::black_box,
    time::{Duration, Instant},
};

use libyaml_safer::{EventData, Parser};

const ROUNDS: usize = 15;

fn main() {
    println!(
        "{:<22}{:>9}{:>20}{:>20}{:>8}",
        "input", "KiB", "spanned-yaml MB/s", "libyaml-safer MB/s", "ratio"
    );
    for (name, text) in [
        ("ordinary manifests", manifests(400)),
        ("CRDs", definitions(40)),
        ("manifests as JSON", json(2000)),
        ("comments and quotes", remarks(4000)),
    ] {
        let mut ours = Vec::new();
        let mut theirs = Vec::new();
        for _ in 0..ROUNDS {
            ours.push(time(|| black_box(spanned_yaml::parse(&*text)).node_count()));
            theirs.push(time(|| libyaml(&text)));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        let speed = |time: Duration| text.len() as f64 / time.as_secs_f64() / 1e6;
        println!(
            "{name:<22}{:>9}{:>20.0}{:>20.0}{:>8.1}",
            text.len() >> 10,
            speed(ours),
            speed(theirs),
            theirs.as_secs_f64() / ours.as_secs_f64()
        );
    }
}

fn time(work: impl FnOnce() -> usize) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn libyaml(text: &str) -> usize {
    let mut bytes = text.as_bytes();
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let mut count = 0;
    while let Ok(event) = parser.parse() {
        count += 1;
        if matches!(event.data, EventData::StreamEnd) {
            break;
        }
        black_box(event);
    }
    count
}

/// Deployments with what usually surrounds them.
fn manifests(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "---\n# Service number {n}.\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{n}\n  namespace: team-{}\n  labels:\n    app.kubernetes.io/name: app-{n}\n    app.kubernetes.io/part-of: shop\nspec:\n  replicas: 3\n  selector:\n    matchLabels:\n      app.kubernetes.io/name: app-{n}\n  template:\n    metadata:\n      labels:\n        app.kubernetes.io/name: app-{n}\n      annotations:\n        prometheus.io/scrape: \"true\"\n    spec:\n      serviceAccountName: app-{n}\n      securityContext:\n        runAsNonRoot: true\n        seccompProfile:\n          type: RuntimeDefault\n      containers:\n        - name: app\n          image: contoso.azurecr.io/shop/app:1.{n}.0\n          args: [\"--port\", \"8080\", \"--level=info\"]\n          env:\n            - name: DATABASE_URL\n              valueFrom:\n                secretKeyRef:\n                  name: database\n                  key: url\n          ports:\n            - name: http\n              containerPort: 8080\n          resources:\n            requests: {{cpu: 100m, memory: 128Mi}}\n            limits: {{cpu: \"1\", memory: 256Mi}}\n          readinessProbe:\n            httpGet:\n              path: /healthz\n              port: http\n",
            n % 20
        );
    }
    text
}

/// Schemas of custom resources: deep, with long descriptions.
fn definitions(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things{n}.example.com\nspec:\n  versions:\n    - name: v1\n      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n"
        );
        for field in 0..60 {
            let _ = write!(
                text,
                "            field{field}:\n              description: |-\n                Field {field} says how the controller treats the objects that it\n                selects. It is optional, and when it is absent the default holds.\n\n                More: https://example.com/docs/field{field}\n              type: object\n              properties:\n                matchLabels:\n                  additionalProperties:\n                    type: string\n                  description: a map of key and value pairs, each of which must be\n                    present on an object for it to be selected\n                  type: object\n              x-kubernetes-map-type: atomic\n"
            );
        }
    }
    text
}

fn json(count: usize) -> String {
    let mut text = String::from("[");
    for n in 0..count {
        let comma = if n == 0 { "" } else { ",\n" };
        let _ = write!(
            text,
            "{comma}{{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {{\"name\": \"s{n}\", \"labels\": {{\"a\": \"b\"}}}}, \"spec\": {{\"ports\": [{{\"port\": {n}, \"protocol\": \"TCP\"}}]}}}}"
        );
    }
    text + "]\n"
}

fn remarks(count: usize) -> String {
    let mut text = String::new();
    for n in 0..count {
        let _ = write!(
            text,
            "# What follows was set after a long talk, and is to stay (number {n}).\nkey{n}: \"a value with \\\"quotes\\\" and a tab\\t in it\" # and why\nother{n}: 'it''s plain enough, isn''t it'\n"
        );
    }
    text
}
