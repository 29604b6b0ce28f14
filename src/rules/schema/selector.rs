//! A selector that the API server refuses, or that its own template's labels don't match.
//!
//! ## What it does
//! - The selector of a Deployment, ReplicaSet, DaemonSet or StatefulSet isn't empty and matches the labels of
//!   the template; that of a ReplicationController likewise.
//! - Keys, values and operators are such as there can be: there, in PodDisruptionBudgets, in the `selector`
//!   of Services and the `nodeSelector` of pods.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either. It happens
//! where an overlay changes the labels of one and not of the other.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: shop}}
//!     spec:
//!       containers:
//!         - {name: web, image: contoso.azurecr.io/web:1.27}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!         - {name: web, image: contoso.azurecr.io/web:1.27}
//! ```
//!
//! ## Limits
//! Selectors of Jobs, which Kubernetes makes itself, and of affinities aren't looked at. Those of
//! NetworkPolicies are coverage gaps where the API server refuses them.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#selector>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/apps/validation/validation.go>

use spanned_yaml::{Kind, Node};

use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        Labels, Match, Object, Pod, Selector, invalid_label_key, invalid_label_value, is_unresolved,
    },
    rules::{
        Check, Rule,
        fields::{Fields, given},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/selector",
    level: Level::Error,
    since: "0.2.0",
    summary: "a selector that is refused, or that its own template's labels don't match",
    check: Check::PodsAndObjects {
        kinds: &[
            "DaemonSet",
            "Deployment",
            "PodDisruptionBudget",
            "ReplicaSet",
            "ReplicationController",
            "Service",
            "StatefulSet",
        ],
        pod: check_pod,
        object: check_object,
    },
    source: include_str!("selector.rs"),
};

fn check_pod<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    if let Some(selector) = given(pod.spec, "nodeSelector") {
        check_labels("nodeSelector", selector, &mut Fields::new(pod.object, findings));
    }
}

fn check_object<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec() else { return };
    let Some(selector) = given(spec, "selector") else { return };
    let mut fields = Fields::new(object, findings);
    match (object.group(), object.kind) {
        ("", "Service") => check_labels("selector", selector, &mut fields),
        ("", "ReplicationController") => {
            let template = given(spec, "template").and_then(|it| it.get("metadata"));
            if selector.kind() == Kind::Mapping && !fits(selector, template) {
                mismatch(spec, selector, &mut fields);
            }
        }
        ("policy", "PodDisruptionBudget") if !is_plain(selector) => {
            read(selector, &mut fields);
        }
        ("apps", _) => check_workload(spec, selector, &mut fields),
        _ => {}
    }
}

/// Labels that are asked for one by one.
fn check_labels<'a>(what: &str, labels: Node<'a>, fields: &mut Fields<'_, 'a>) {
    for entry in labels.entries() {
        let key = entry.key.text();
        if is_unresolved(key) {
            fields.is_unknown(entry.key);
        } else if let Some(must) = invalid_label_key(key) {
            let place = Place::key(fields.object, entry.key);
            let message = format!("{what}: \"{key}\" is no key of a label: {must}");
            fields.report(Violation::new(place, message));
        }
        if let Some(value) = fields.text(entry.value)
            && let Some(must) = invalid_label_value(value)
        {
            let message = format!("{what}: \"{value}\" is no value of a label: {must}");
            fields.wrong(entry.value, message);
        }
    }
}

fn check_workload<'a>(spec: Node<'a>, selector: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if selector.kind() != Kind::Mapping {
        return;
    }
    let is_empty = |key: &str| given(selector, key).is_none_or(Node::is_empty);
    if is_empty("matchLabels") && is_empty("matchExpressions") {
        let message = format!("selector: is empty, which a {} can't have", fields.object.kind);
        fields.wrong_with_help(selector, message, "name a label of the template");
        return;
    }
    let Some(template) = given(spec, "template") else { return };
    let metadata = template.get("metadata");
    // Most selectors need no more than a look.
    if is_plain(selector) && given(selector, "matchLabels").is_some_and(|it| fits(it, metadata)) {
        return;
    }
    let Some(read) = read(selector, fields) else { return };
    let labels = Labels::read(metadata);
    match read.matches(&labels) {
        Match::Yes => {}
        Match::Maybe => {
            let unknown = read.unknowns.iter().copied().chain(labels.unknowns()).next();
            if let Some(node) = unknown {
                fields.is_unknown(node);
            }
        }
        Match::No => {
            let unmet = read.unmet(&labels).map(|requirement| requirement.text());
            let place = Place::field(fields.object, spec, "template.metadata.labels");
            let message = format!(
                "the template's labels don't match the selector, which asks for {}",
                unmet.unwrap_or_default()
            );
            let selector = Place::node(fields.object, selector);
            fields.report(Violation::new(place, message).related(selector, "the selector is here"));
        }
    }
}

fn mismatch<'a>(spec: Node<'a>, selector: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let entries = selector.entries();
    let unknown = entries.map(|entry| entry.value).find(|value| is_unresolved(value.text()));
    if unknown.is_some_and(|node| fields.is_unknown(node)) {
        return;
    }
    let template = given(spec, "template").and_then(|it| it.get("metadata"));
    if let Some(node) = Labels::read(template).unknowns().next() {
        fields.is_unknown(node);
        return;
    }
    let place = Place::field(fields.object, spec, "template.metadata.labels");
    let selector = Place::node(fields.object, selector);
    let message = "the template's labels don't match the selector";
    fields.report(Violation::new(place, message).related(selector, "the selector is here"));
}

/// Whether it has labels alone, which are good and known.
fn is_plain(selector: Node<'_>) -> bool {
    given(selector, "matchExpressions").is_none()
        && given(selector, "matchLabels").into_iter().flat_map(Node::entries).all(|entry| {
            invalid_label_key(entry.key.text()).is_none()
                && entry.value.as_str().is_some_and(|value| {
                    invalid_label_value(value).is_none() && !is_unresolved(value)
                })
        })
}

/// Whether the labels of `metadata` are known to have all of these.
fn fits(wanted: Node<'_>, metadata: Option<Node<'_>>) -> bool {
    let labels = metadata.and_then(|metadata| metadata.get("labels"));
    wanted.entries().all(|entry| {
        let label = labels.and_then(|labels| labels.get(entry.key.text()));
        let value = label.and_then(|label| label.as_str());
        value.is_some() && value == entry.value.as_str()
    })
}

/// Reads a selector, and reports what is wrong with it; none if something is.
fn read<'a>(selector: Node<'a>, fields: &mut Fields<'_, 'a>) -> Option<Selector<'a>> {
    let mut invalid = Vec::new();
    let read = Selector::read(selector, &mut invalid);
    let is_good = invalid.is_empty();
    for problem in invalid {
        // What is of a wrong type, or missing, is reported as such.
        let is_type =
            problem.message.contains(" must be a ") || problem.message.contains(" has no ");
        if !is_type {
            fields.wrong(problem.node, format!("selector: {}", problem.message));
        }
    }
    is_good.then_some(read)
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn selectors_match_their_templates() {
        check(
            &RULE,
            r#"
#- workloads.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  selector: {matchLabels: {app: web, tier: back}}
  template:
    metadata:
      labels: {app: web, tier: front}
#     ^^^^^^ schema/selector: the template's labels don't match the selector, which asks for tier=back
    spec: {containers: []}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: b}
spec:
  selector: {matchExpressions: [{key: app, operator: in, values: [web]}]}
#                                                    ^^ schema/selector: selector: "in" is no operator: write In, NotIn, Exists or DoesNotExist
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [], nodeSelector: {"a b": c}}
#                                         ^^^^^ schema/selector: nodeSelector: "a b" is no key of a label: it must be 1 to 63 letters, digits, -, _ and ., and start and end with a letter or digit
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: c}
spec:
  selector: {}
# ^^^^^^^^ schema/selector: selector: is empty, which a StatefulSet can't have
  template: {spec: {containers: []}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  selector: {matchLabels: {app: "${APP}"}}
#                               ^^^^^^^^ gap unknown-value: ${APP} is only known once Flux substitutes it
  template:
    metadata: {labels: {app: web}}
    spec: {containers: []}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: e}
spec:
  selector: {matchExpressions: [{key: app, operator: Exists}, {key: old, operator: DoesNotExist}]}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: []}
---
apiVersion: v1
kind: Service
metadata: {name: f}
spec: {selector: {app: "a b"}}
#                      ^^^^^ schema/selector: selector: "a b" is no value of a label: it must be at most 63 letters, digits, -, _ and ., and start and end with a letter or digit
"#,
        );
    }
}
