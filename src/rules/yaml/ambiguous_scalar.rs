//! A text without quotes that readers of YAML take for different values.
//!
//! ## What it does
//! Looks at the values that Kubernetes wants as strings: labels, annotations, names, selectors by
//! label, data of ConfigMaps and Secrets, arguments, commands and environment variables of
//! containers. It reports a value without quotes that kubectl and kustomize, or YAML 1.1 and YAML
//! 1.2, read as different things: `on`, `yes`, `0644`, `1_000`, `12:30`, `1e3`.
//!
//! ## Why
//! `on` is a boolean to kubectl, which the API server refuses here, and a string to kustomize,
//! which may pass it through. The same file works through one tool and fails through another.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   cache: on
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   cache: "on"
//! ```
//!
//! ## Limits
//! Strings of custom resources are not looked at: only a schema tells where they are. Values that
//! all readers take for a number or a boolean (`8080`, `true`) are wrong in these places, but not
//! ambiguous. Neither are dates, which reach Kubernetes as the text that they are.
//!
//! ## References
//! - <https://yaml.org/type/>
//! - <https://yaml.org/spec/1.2.2/#103-core-schema>

use spanned_yaml::{Dialect, Kind, Node, Style};

use super::readings::{go_yaml, yaml_1_1, yaml_1_2};
use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{Object, Pod},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "yaml/ambiguous-scalar",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a text without quotes that readers of YAML take for different values",
    check: Check::PodsAndObjects { kinds: &[], pod: check_pod, object: check_object },
    source: include_str!("ambiguous_scalar.rs"),
};

fn check_object<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut strings = Strings { object, findings };
    strings.metadata(object.metadata());
    match (object.kind, object.group()) {
        ("ConfigMap", "") => strings.values(object.root.get("data")),
        ("Secret", "") => strings.values(object.root.get("stringData")),
        ("Service", "") => strings.values(object.spec().and_then(|spec| spec.get("selector"))),
        _ => {}
    }
    let selectors = ["selector", "podSelector"];
    for selector in selectors.into_iter().filter_map(|key| object.spec()?.get(key)) {
        strings.values(selector.get("matchLabels"));
    }
}

fn check_pod<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut strings = Strings { object: pod.object, findings };
    if pod.metadata.map(Node::id) != pod.object.metadata().map(Node::id) {
        strings.metadata(pod.metadata);
    }
    strings.values(pod.spec.get("nodeSelector"));
    for container in &pod.containers {
        for key in ["command", "args"] {
            for item in container.node.get(key).into_iter().flat_map(Node::items) {
                strings.value(item);
            }
        }
        for variable in container.node.get("env").into_iter().flat_map(Node::items) {
            strings.field(Some(variable), "name");
            strings.field(Some(variable), "value");
        }
    }
}

/// Walks over values that are to be strings.
struct Strings<'f, 'a> {
    object: &'a Object<'a>,
    findings: &'f mut Findings<'a>,
}

impl<'a> Strings<'_, 'a> {
    fn metadata(&mut self, metadata: Option<Node<'a>>) {
        let Some(metadata) = metadata else { return };
        self.field(Some(metadata), "name");
        self.field(Some(metadata), "namespace");
        self.values(metadata.get("labels"));
        self.values(metadata.get("annotations"));
    }

    fn field(&mut self, parent: Option<Node<'a>>, key: &str) {
        if let Some(node) = parent.and_then(|parent| parent.get(key)) {
            self.value(node);
        }
    }

    fn values(&mut self, mapping: Option<Node<'a>>) {
        for entry in mapping.into_iter().flat_map(Node::raw_entries) {
            self.value(entry.value);
        }
    }

    fn value(&mut self, node: Node<'a>) {
        if node.kind() != Kind::Scalar || node.style() != Style::Plain || node.tag().is_some() {
            return;
        }
        let text = node.text();
        // Only these start what any reader takes for more than text.
        let may_be_more = text.starts_with(|c: char| {
            c.is_ascii_digit()
                || matches!(c, '+' | '-' | '.' | '~')
                || matches!(c.to_ascii_lowercase(), 'y' | 'n' | 't' | 'f' | 'o')
        });
        if !may_be_more || text.len() > 64 {
            return;
        }
        let kubectl = go_yaml(node, Dialect::GoYamlV2);
        let kustomize = go_yaml(node, Dialect::GoYamlV3);
        let (old, new) = (yaml_1_1(text), yaml_1_2(text));
        let difference = if kubectl != kustomize {
            [("kubectl", kubectl), ("kustomize", kustomize)]
        } else if old != new {
            [("YAML 1.1", old), ("YAML 1.2", new)]
        } else {
            return;
        };
        let [(one, as_one), (other, as_other)] = difference;
        let message = format!(
            "{one} reads {text} as {}, {other} as {}",
            as_one.describe(),
            as_other.describe()
        );
        self.findings.report(
            Violation::at(self.object, node, message)
                .help(format!("put it in quotes: \"{text}\""))
                .label("a string is wanted here"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn strings_that_readers_take_apart_are_reported() {
        check(
            &RULE,
            r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {on: yes, n: "no"}
#              ^^^ yaml/ambiguous-scalar: kubectl reads yes as true, kustomize as text
  annotations: {sha: 1234e5, date: 2026-01-01, port: 80}
#                    ^^^^^^ yaml/ambiguous-scalar: YAML 1.1 reads 1234e5 as text, YAML 1.2 as the number 123400000.0
spec:
  replicas: 0644
  selector: {matchLabels: {a: off}}
#                             ^^^ yaml/ambiguous-scalar: kubectl reads off as false, kustomize as text
  template:
    metadata: {labels: {a: off}}
#                          ^^^ yaml/ambiguous-scalar: kubectl reads off as false, kustomize as text
    spec:
      containers:
      - name: a
        args: [-v, 0644, --at=12:30, 12:30, 10.0.0.1, "0644", !!str 0644]
#                  ^^^^ yaml/ambiguous-scalar: YAML 1.1 reads 0644 as the number 420, YAML 1.2 as the number 644
#                                    ^^^^^ yaml/ambiguous-scalar: YAML 1.1 reads 12:30 as the number 750, YAML 1.2 as text
        env:
        - {name: A, value: 1_000}
#                          ^^^^^ yaml/ambiguous-scalar: YAML 1.1 reads 1_000 as the number 1000, YAML 1.2 as text
        ports: [{containerPort: 0644}]
"#,
        );
    }

    #[test]
    fn data_is_text() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
  a: NO
#    ^^ yaml/ambiguous-scalar: kubectl reads NO as false, kustomize as text
  b: true
  c: |
    on
  d: one
---
apiVersion: example.com/v1
kind: ConfigMap
metadata: {name: x}
data: {a: on}
"#,
        );
    }
}
