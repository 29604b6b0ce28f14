//! How the network rules grow with the pods and policies of one namespace:
//! `cargo bench --bench network`. A ratio near 1 is linear.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "prints a table")]

use std::{
    fmt::Write,
    hint::black_box,
    time::{Duration, Instant},
};

use portcullis::{
    check::{Options, run},
    config::Config,
    repo::{Contents, File},
};

const SIZES: [usize; 3] = [500, 5_000, 20_000];
const ROUNDS: usize = 5;

fn main() {
    println!("{:>8}{:>14}{:>16}{:>10}", "pods", "time", "us per pod", "ratio");
    let mut first = None;
    for size in SIZES {
        let contents = Contents {
            files: vec![File::new("a.yaml", spanned_yaml::parse(namespace(size)))],
            ..Contents::default()
        };
        let options = Options { only: vec!["network/*".to_owned()], ..Options::default() };
        let config = Config::default();
        let mut times: Vec<Duration> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                black_box(run(&contents, &config, &options));
                start.elapsed()
            })
            .collect();
        times.sort();
        let time = times.get(ROUNDS / 2).copied().unwrap_or_default();
        let each = time.as_secs_f64() * 1e6 / size as f64;
        let ratio = each / *first.get_or_insert(each);
        println!("{size:>8}{:>11.1} ms{each:>16.2}{ratio:>10.2}", time.as_secs_f64() * 1e3);
    }
}

/// Pods with a policy each, as teams write them.
fn namespace(size: usize) -> String {
    let mut text = String::from(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: n}\n\
         spec: {podSelector: {}, policyTypes: [Ingress, Egress]}\n",
    );
    for index in 0..size {
        let _ = write!(
            text,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}, namespace: n, labels: {{app: \
             a{index}}}}}\nspec: {{containers: [{{name: c}}]}}\n---\napiVersion: \
             networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{index}, namespace: \
             n}}\nspec:\n  podSelector: {{matchLabels: {{app: a{index}}}}}\n  policyTypes: \
             [Egress]\n  egress:\n  - to: [{{podSelector: {{matchLabels: {{app: a{}}}}}}}]\n    \
             ports: [{{port: 8080}}]\n",
            (index + 1) % size
        );
    }
    text
}
