//! A HorizontalPodAutoscaler that the API server refuses.
//!
//! ## What it does
//! - `maxReplicas` is above zero and not below `minReplicas`, which is 1 at least; from Kubernetes 1.37 on it
//!   may be 0 beside a metric of the type Object or External.
//! - A metric has the source that its type names and no other; a target is of a type that there is, and has
//!   the value that its source needs.
//! - Behaviour: windows up to an hour, policies up to half an hour, above zero, of types that there are.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: autoscaling/v2
//! kind: HorizontalPodAutoscaler
//! metadata:
//!   name: web
//! spec:
//!   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
//!   minReplicas: 5
//!   maxReplicas: 3
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: autoscaling/v2
//! kind: HorizontalPodAutoscaler
//! metadata:
//!   name: web
//! spec:
//!   scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
//!   minReplicas: 3
//!   maxReplicas: 5
//! ```
//!
//! ## Limits
//! Of `autoscaling/v1` only the numbers are looked at. Whether quantities are above zero isn't.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/autoscaling/validation/validation.go>

use spanned_yaml::{Kind, Node};

use super::suffix;
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        Object,
        names::{invalid_dns_label, invalid_path_segment},
    },
    rules::{
        Check, Rule,
        fields::{Fields, given, items},
    },
    schema::Versions,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/autoscaler",
    level: Level::Error,
    since: "0.2.0",
    summary: "a HorizontalPodAutoscaler that the API server refuses",
    check: Check::Object(&["HorizontalPodAutoscaler"], check),
    source: include_str!("autoscaler.rs"),
};

/// The first minor version in which an autoscaler may scale to zero: the feature gate `HPAScaleToZero` is
/// on.
const SCALES_TO_ZERO: u8 = 37;

/// The sources of metrics: the field, and the type that names it.
const SOURCES: [(&str, &str); 5] = [
    ("object", "Object"),
    ("external", "External"),
    ("pods", "Pods"),
    ("resource", "Resource"),
    ("containerResource", "ContainerResource"),
];

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec().filter(|_| object.group() == "autoscaling") else { return };
    let mut fields = Fields::new(object, findings);
    let min = check_min(spec, scope.versions, &mut fields);
    if let Some((max, node)) = fields.number_at(spec, "maxReplicas") {
        if max < 1 {
            fields.wrong(node, format!("maxReplicas: {max} must be above zero"));
        } else if let Some(min) = min.filter(|min| *min > max) {
            fields.wrong(node, format!("maxReplicas: {max} is below minReplicas, which is {min}"));
        }
    }
    if let Some(target) = given(spec, "scaleTargetRef") {
        check_reference(target, &mut fields);
    }
    if object.api_version != "autoscaling/v2" {
        return;
    }
    for metric in items(spec, "metrics") {
        check_metric(metric, &mut fields);
    }
    if let Some(behavior) = given(spec, "behavior") {
        for direction in ["scaleUp", "scaleDown"] {
            if let Some(rules) = given(behavior, direction) {
                check_rules(rules, &mut fields);
            }
        }
    }
}

/// Without it, it is 1.
fn check_min<'a>(spec: Node<'a>, asked: Versions, fields: &mut Fields<'_, 'a>) -> Option<i64> {
    let Some(node) = given(spec, "minReplicas") else { return Some(1) };
    let min = fields.number(node)?;
    if min < 0 {
        fields.wrong(node, format!("minReplicas: {min} is below zero"));
    } else if min == 0 {
        let old = (0..SCALES_TO_ZERO).map(Versions::minor).fold(Versions::NONE, Versions::or);
        let old = old.and(asked);
        let can = items(spec, "metrics").any(|metric| {
            let kind = metric.get("type").and_then(|kind| kind.as_str());
            matches!(kind, Some("Object" | "External"))
        });
        if !can {
            let help = "only with a metric of the type Object or External can there be none";
            fields.wrong_with_help(node, "minReplicas: 0 must be above zero", help);
        } else if !old.is_empty() {
            let versions = suffix(old, asked);
            fields.wrong(node, format!("minReplicas: 0 must be above zero{versions}"));
        }
    }
    Some(min)
}

fn check_reference<'a>(reference: Node<'a>, fields: &mut Fields<'_, 'a>) {
    for key in ["kind", "name"] {
        if let Some((text, node)) = fields.text_at(reference, key) {
            if text.is_empty() {
                fields.wrong(node, format!("{key}: is empty"));
            } else if let Some(must) = invalid_path_segment(text) {
                fields.wrong(node, format!("{key}: \"{text}\" must {must}"));
            }
        }
    }
}

fn check_metric<'a>(metric: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let first = SOURCES.iter().find_map(|(field, _)| Some((*field, given(metric, field)?)));
    if let Some((field, source)) = first {
        check_source(field, source, fields);
    }
    let Some((kind, node)) = fields.text_at(metric, "type") else { return };
    let Some((wanted, _)) = SOURCES.iter().find(|(_, name)| *name == kind) else {
        let names: Vec<&str> = SOURCES.iter().map(|(_, name)| *name).collect();
        fields.wrong(node, format!("type: \"{kind}\" is none of {}", names.join(", ")));
        return;
    };
    if given(metric, wanted).is_none() {
        let place = Place::field(fields.object, metric, wanted);
        let message = format!("a metric of the type {kind} has no {wanted}");
        fields.report(Violation::new(place, message));
    }
    let sources = || SOURCES.iter().filter_map(|(field, _)| Some((*field, given(metric, field)?)));
    if sources().count() > 1 {
        for (field, source) in sources().filter(|(field, _)| field != wanted) {
            let message = format!("{field}: a metric of the type {kind} has {wanted} alone");
            fields.wrong(source, message);
        }
    }
}

fn check_source<'a>(kind: &str, source: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if matches!(kind, "resource" | "containerResource") {
        if let Some((name, node)) = fields.text_at(source, "name")
            && name.is_empty()
        {
            fields.wrong(node, "name: is empty");
        }
    } else if let Some(metric) = given(source, "metric")
        && let Some((name, node)) = fields.text_at(metric, "name")
    {
        if name.is_empty() {
            fields.wrong(node, "name: is empty");
        } else if let Some(must) = invalid_path_segment(name) {
            fields.wrong(node, format!("name: \"{name}\" must {must}"));
        }
    }
    if kind == "containerResource"
        && let Some((container, node)) = fields.text_at(source, "container")
        && let Some(must) = invalid_dns_label(container)
    {
        fields.wrong(node, format!("container: \"{container}\" must {must}"));
    }
    if kind == "object"
        && let Some(described) = given(source, "describedObject")
    {
        check_reference(described, fields);
    }
    let Some(target) = given(source, "target") else { return };
    if let Some((text, node)) = fields.text_at(target, "type")
        && !matches!(text, "Utilization" | "Value" | "AverageValue")
    {
        fields.wrong(node, format!("type: \"{text}\" is none of Utilization, Value, AverageValue"));
    }
    if let Some((share, node)) = fields.number_at(target, "averageUtilization")
        && share < 1
    {
        fields.wrong(node, format!("averageUtilization: {share} must be above zero"));
    }
    let has = |key: &str| given(target, key).is_some();
    let missing = match kind {
        "pods" if !has("averageValue") => Some("averageValue"),
        "object" | "external" if !has("value") && !has("averageValue") => Some("averageValue"),
        "resource" | "containerResource" if !has("averageUtilization") && !has("averageValue") => {
            Some("averageUtilization")
        }
        _ => None,
    };
    if let Some(key) = missing {
        let place = Place::field(fields.object, target, key);
        fields.report(Violation::new(place, format!("the target of the metric has no {key}")));
    }
    let both = match kind {
        "external" if has("value") && has("averageValue") => Some(("value", "averageValue")),
        "resource" | "containerResource" if has("averageUtilization") && has("averageValue") => {
            Some(("averageValue", "averageUtilization"))
        }
        _ => None,
    };
    if let Some((key, other)) = both
        && let Some(node) = given(target, key)
    {
        fields.wrong(node, format!("{key}: stands beside {other}: a target has one or the other"));
    }
}

fn check_rules<'a>(rules: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some((seconds, node)) = fields.number_at(rules, "stabilizationWindowSeconds")
        && !(0..=3600).contains(&seconds)
    {
        let message = format!("stabilizationWindowSeconds: {seconds} must be from 0 to 3600");
        fields.wrong(node, message);
    }
    if let Some((policy, node)) = fields.text_at(rules, "selectPolicy")
        && !matches!(policy, "Max" | "Min" | "Disabled")
    {
        fields.wrong(node, format!("selectPolicy: \"{policy}\" is none of Max, Min, Disabled"));
    }
    if given(rules, "policies").is_some_and(|it| it.kind() == Kind::Sequence && it.is_empty()) {
        let place = Place::field(fields.object, rules, "policies");
        fields.report(Violation::new(place, "policies: is empty"));
    }
    for policy in items(rules, "policies") {
        if let Some((kind, node)) = fields.text_at(policy, "type")
            && !matches!(kind, "Pods" | "Percent")
        {
            fields.wrong(node, format!("type: \"{kind}\" is none of Pods, Percent"));
        }
        if let Some((value, node)) = fields.number_at(policy, "value")
            && value < 1
        {
            fields.wrong(node, format!("value: {value} must be above zero"));
        }
        if let Some((seconds, node)) = fields.number_at(policy, "periodSeconds")
            && !(1..=1800).contains(&seconds)
        {
            fields.wrong(node, format!("periodSeconds: {seconds} must be from 1 to 1800"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check_with;

    #[test]
    fn bounds_metrics_and_behaviour() {
        check_with(
            &RULE,
            "kubernetes: ['1.36', '1.37']",
            r#"
#- autoscalers.yaml
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec:
  minReplicas: 0
#              ^ schema/autoscaler: minReplicas: 0 must be above zero (Kubernetes 1.36)
  maxReplicas: 0
#              ^ schema/autoscaler: maxReplicas: 0 must be above zero
  metrics:
  - {type: External, external: {metric: {name: a}, target: {type: Value}}}
#                                                  ^^^^^^ schema/autoscaler: the target of the metric has no averageValue
  - {type: Resource, pods: {}, object: {}}
#    ^^^^^^^^^^^^^^ schema/autoscaler: a metric of the type Resource has no resource
#                    ^^^^ schema/autoscaler: pods: a metric of the type Resource has resource alone
#                              ^^^^^^ schema/autoscaler: object: a metric of the type Resource has resource alone
  - {type: cpu}
#          ^^^ schema/autoscaler: type: "cpu" is none of Object, External, Pods, Resource, ContainerResource
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 0, averageValue: 1}}
#                                                                         ^ schema/autoscaler: averageUtilization: 0 must be above zero
#                                                                                          ^ schema/autoscaler: averageValue: stands beside averageUtilization: a target has one or the other
  behavior:
    scaleUp: {stabilizationWindowSeconds: 3601, policies: [{type: pods, value: 0, periodSeconds: 1801}]}
#                                         ^^^^ schema/autoscaler: stabilizationWindowSeconds: 3601 must be from 0 to 3600
#                                                                 ^^^^ schema/autoscaler: type: "pods" is none of Pods, Percent
#                                                                              ^ schema/autoscaler: value: 0 must be above zero
#                                                                                                ^^^^ schema/autoscaler: periodSeconds: 1801 must be from 1 to 1800
---
apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: b}
spec: {minReplicas: 3, maxReplicas: 2}
#                                   ^ schema/autoscaler: maxReplicas: 2 is below minReplicas, which is 3
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: c}
spec: {minReplicas: "${MIN}", maxReplicas: 2}
#                   ^^^^^^^^ gap unknown-value: ${MIN} is only known once Flux substitutes it
"#,
        );
    }
}
