//! Requests, limits or claims outside of what a LimitRange of the namespace allows.
//!
//! ## What it does
//! Holds pods and PersistentVolumeClaims against `min` and `max` of every LimitRange in their
//! namespace, as the API server's LimitRanger does: entries of type `Container` against each
//! container's effective requests and limits, entries of type `Pod` against the sums (with init
//! containers counted as the scheduler counts them), entries of type `PersistentVolumeClaim` against
//! storage requests, those of StatefulSet claim templates included.
//!
//! ## Why
//! The API server refuses such pods. A Deployment is accepted all the same, and then has none.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: LimitRange
//! metadata:
//!   name: limits
//! spec:
//!   limits:
//!     - type: Container
//!       max:
//!         memory: 1Gi
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       resources:
//!         limits:
//!           memory: 2Gi
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: LimitRange
//! metadata:
//!   name: limits
//! spec:
//!   limits:
//!     - type: Container
//!       max:
//!         memory: 1Gi
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       resources:
//!         limits:
//!           memory: 512Mi
//! ```
//!
//! ## Limits
//! `maxLimitRequestRatio` is not checked. LimitRanges that aren't in the repository are not seen.
//! Values that aren't known count as not checked.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/policy/limit-range/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/plugin/pkg/admission/limitranger/admission.go>

use std::cmp::Ordering;

use spanned_yaml::Node;

use super::{
    limit_ranges::{Effective, Item, items},
    requirements::{Half, Requirements, containers},
    title,
};
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{Container, ContainerRole, Object, Pod, Quantity, QuantityField},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "resources/limit-range",
    level: Level::Error,
    since: "0.1.0",
    summary: "requests, limits or claims outside of what a LimitRange of the namespace allows",
    check: Check::PodsAndObjects {
        kinds: &["PersistentVolumeClaim", "StatefulSet"],
        pod: check_pod,
        object: check_object,
    },
    source: include_str!("limit_range.rs"),
};

/// One entry of `min` or `max`.
struct Bound<'a> {
    item: Item<'a>,
    is_max: bool,
    resource: &'a str,
    quantity: Quantity,
    node: Node<'a>,
}

/// The bounds of an entry. Those that can't be read are gaps.
fn bounds<'a>(item: Item<'a>, findings: &mut Findings<'a>) -> Vec<Bound<'a>> {
    let mut bounds = Vec::new();
    for (field, is_max) in [("min", false), ("max", true)] {
        for (resource, value) in item.bounds(field) {
            match value {
                QuantityField::Known(quantity, node) => {
                    bounds.push(Bound { item, is_max, resource, quantity, node });
                }
                QuantityField::Invalid(_, node) | QuantityField::Unknown(node) => {
                    findings.unknown(item.object, node);
                }
                QuantityField::Absent => {}
            }
        }
    }
    bounds
}

impl<'a> Bound<'a> {
    /// Whether a quantity lies beyond it.
    fn is_broken_by(&self, quantity: &Quantity) -> bool {
        let broken = if self.is_max { Ordering::Greater } else { Ordering::Less };
        quantity.cmp_rounded(&self.quantity) == broken
    }

    /// `above the maximum of 1Gi`.
    fn relation(&self) -> String {
        let relation = if self.is_max { "above the maximum" } else { "below the minimum" };
        format!("{relation} of {}", self.node.text())
    }

    fn violation(&self, place: Place<'a>, message: &str) -> Violation<'a> {
        let name = self.item.object.name.unwrap_or_default();
        let what = if self.is_max { "the maximum" } else { "the minimum" };
        Violation::new(place, format!("{message} in LimitRange {name}"))
            .help("stay within the LimitRange, or change it")
            .related(Place::node(self.item.object, self.node), what)
    }
}

fn check_pod<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if scope.namespace.is_none_or(|namespace| namespace.limit_ranges.is_empty()) {
        return;
    }
    for item in items(scope, "Container") {
        for bound in bounds(item, findings) {
            for container in containers(pod) {
                check_container(&bound, pod, container, scope, findings);
            }
        }
    }
    for item in items(scope, "Pod") {
        for bound in bounds(item, findings) {
            check_sum(&bound, pod, scope, findings);
        }
    }
}

/// `minConstraint` and `maxConstraint` of upstream on one container.
fn check_container<'a>(
    bound: &Bound<'a>,
    pod: &'a Pod<'a>,
    container: &Container<'a>,
    scope: &Scope<'a>,
    findings: &mut Findings<'a>,
) {
    let own = Requirements::of(container.node);
    let mut reported = None;
    // A request that a limit implies is reported once, at the limit.
    for half in [Half::Limits, Half::Requests] {
        let effective = Effective::of(&own, half, bound.resource, scope);
        if effective.report_unusable(pod.object, findings) {
            continue;
        }
        let Some((quantity, node)) = effective.value.known() else { continue };
        if !bound.is_broken_by(quantity) || reported == Some(node.id()) {
            continue;
        }
        reported = Some(node.id());
        let path = format!("resources.{}.{}", half.field(), bound.resource);
        let (place, default) = match effective.from {
            Some(_) => (Place::missing(pod.object, container.node, path), "default "),
            None => (Place::node(pod.object, node), ""),
        };
        let message = format!(
            "{}: the {default}{} {} of {} is {}",
            container.title(),
            title(bound.resource),
            half.noun(),
            node.text(),
            bound.relation()
        );
        findings.report(bound.violation(place, &message));
    }
}

/// The same on the sums of a pod. A sum that has no value at all is refused as well.
fn check_sum<'a>(
    bound: &Bound<'a>,
    pod: &'a Pod<'a>,
    scope: &Scope<'a>,
    findings: &mut Findings<'a>,
) {
    let title = title(bound.resource);
    let mut broken = Vec::new();
    for half in [Half::Requests, Half::Limits] {
        match sum(pod, half, bound.resource, scope) {
            Err((object, node)) => return findings.unknown(object, node),
            Ok(Some(sum)) if bound.is_broken_by(&sum) => {
                broken.push(format!("{title} {}s {}", half.noun(), bound.relation()));
            }
            // A minimum asks for a request, a maximum for a limit.
            Ok(None) if bound.is_max == (half == Half::Limits) => {
                let name = bound.bound_name();
                broken.push(format!("no {title} {}, which {name} asks for", half.noun()));
            }
            Ok(_) => {}
        }
    }
    let place = || Place::field(pod.object, pod.spec, "containers");
    if let Some(what) = broken.into_iter().next() {
        let message = format!("the pod has {what}");
        findings.report(bound.violation(place(), &message));
    }
}

impl Bound<'_> {
    fn bound_name(&self) -> &'static str {
        if self.is_max { "a maximum" } else { "a minimum" }
    }
}

/// A value that can't be used, with the object that it is written in.
type Unusable<'a> = (&'a Object<'a>, Node<'a>);

/// What a pod requests or may use altogether: `podRequests` and `podLimits` of
/// upstream. None if nothing of it is set.
fn sum<'a>(
    pod: &'a Pod<'a>,
    half: Half,
    resource: &str,
    scope: &Scope<'a>,
) -> Result<Option<Quantity>, Unusable<'a>> {
    if matches!(resource, "cpu" | "memory") {
        let of_pod = Requirements::of(pod.spec).written(half, resource);
        if let Some(node) = of_pod.unusable() {
            return Err((pod.object, node));
        }
        if let Some((quantity, _)) = of_pod.known() {
            return Ok(Some(quantity.clone()));
        }
    }
    let mut running: Option<Quantity> = None;
    let mut sidecars: Option<Quantity> = None;
    let mut starting: Option<Quantity> = None;
    for container in containers(pod) {
        let own = Requirements::of(container.node);
        let effective = Effective::of(&own, half, resource, scope);
        if let Some(node) = effective.value.unusable() {
            return Err((effective.from.unwrap_or(pod.object), node));
        }
        let value = effective.value.known().map(|(quantity, _)| quantity.clone());
        if container.role == ContainerRole::Regular {
            running = plus(running, value);
        } else if container.is_sidecar() {
            running = plus(running, value.clone());
            sidecars = plus(sidecars, value);
            starting = starting.max(sidecars.clone());
        } else {
            starting = starting.max(plus(sidecars.clone(), value));
        }
    }
    Ok(running.max(starting))
}

fn plus(sum: Option<Quantity>, value: Option<Quantity>) -> Option<Quantity> {
    match (sum, value) {
        (Some(sum), Some(value)) => Some(sum.plus(&value)),
        (sum, value) => sum.or(value),
    }
}

fn check_object<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if scope.namespace.is_none_or(|namespace| namespace.limit_ranges.is_empty()) {
        return;
    }
    let Some(spec) = object.spec() else { return };
    let claims: Vec<Node<'a>> = match (object.kind, object.group()) {
        ("PersistentVolumeClaim", "") => vec![spec],
        ("StatefulSet", "apps") => {
            let templates = spec.get("volumeClaimTemplates").into_iter().flat_map(Node::items);
            templates.filter_map(|template| template.get("spec")).collect()
        }
        _ => return,
    };
    for item in items(scope, "PersistentVolumeClaim") {
        for bound in bounds(item, findings) {
            for claim in &claims {
                check_claim(&bound, object, *claim, findings);
            }
        }
    }
}

/// `PersistentVolumeClaimValidateLimitFunc` of upstream: only requests count,
/// and one must be there.
fn check_claim<'a>(
    bound: &Bound<'a>,
    object: &'a Object<'a>,
    claim: Node<'a>,
    findings: &mut Findings<'a>,
) {
    let resource = bound.resource;
    match Requirements::of(claim).written(Half::Requests, resource) {
        QuantityField::Known(quantity, node) if bound.is_broken_by(&quantity) => {
            let message =
                format!("the claim requests {} of {resource}, {}", node.text(), bound.relation());
            findings.report(bound.violation(Place::node(object, node), &message));
        }
        QuantityField::Known(..) => {}
        QuantityField::Invalid(_, node) | QuantityField::Unknown(node) => {
            findings.unknown(object, node);
        }
        QuantityField::Absent => {
            let place = Place::field(object, claim, &format!("resources.requests.{resource}"));
            let message =
                format!("the claim requests no {resource}, which {} asks for", bound.bound_name());
            findings.report(bound.violation(place, &message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn containers_are_held_to_minimum_and_maximum() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec:
  limits:
  - type: Container
    min: {cpu: 100m}
    max: {cpu: "2", memory: 1Gi}
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers:
  - name: init
    resources: {requests: {cpu: 50m}}
#                               ^^^ resources/limit-range: init container "init": the CPU request of 50m is below the minimum of 100m in LimitRange l
  containers:
  - name: a
    resources: {limits: {cpu: 3}}
#                             ^ resources/limit-range: container "a": the CPU limit of 3 is above the maximum of 2 in LimitRange l
  - name: b
    resources: {requests: {cpu: 2, memory: 2Gi}, limits: {cpu: 2000m, memory: 1Gi}}
#                                          ^^^ resources/limit-range: container "b": the memory request of 2Gi is above the maximum of 1Gi in LimitRange l
  - name: c
  ephemeralContainers:
  - name: debug
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: elsewhere}
spec:
  containers:
  - name: a
    resources: {limits: {cpu: 3}}
"#,
        );
    }

    #[test]
    fn pods_are_held_to_their_sums() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec:
  limits:
  - type: Pod
    max: {memory: 1Gi}
#- pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: within}
spec:
  initContainers:
  - {name: init, resources: {limits: {memory: 1Gi}}}
  containers:
  - {name: a, resources: {limits: {memory: 512Mi}}}
  - {name: b, resources: {limits: {memory: 512Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: sidecar}
spec:
  initContainers:
  - {name: sidecar, restartPolicy: Always, resources: {limits: {memory: 512Mi}}}
  - {name: init, resources: {limits: {memory: 513Mi}}}
  containers:
# ^^^^^^^^^^ resources/limit-range: the pod has memory requests above the maximum of 1Gi in LimitRange l
  - {name: a, resources: {limits: {memory: 512Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: none}
spec:
  containers:
# ^^^^^^^^^^ resources/limit-range: the pod has no memory limit, which a maximum asks for in LimitRange l
  - {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: whole}
spec:
  resources: {limits: {memory: 1Gi}, requests: {memory: 1Gi}}
  containers:
  - {name: a}
"#,
        );
    }

    #[test]
    fn claims_are_held_to_storage_bounds() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec:
  limits:
  - type: PersistentVolumeClaim
    min: {storage: 1Gi}
    max: {storage: 10Gi}
#- claims.yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a}
spec: {resources: {requests: {storage: 100Mi}}}
#                                      ^^^^^ resources/limit-range: the claim requests 100Mi of storage, below the minimum of 1Gi in LimitRange l
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  template: {spec: {containers: []}}
  volumeClaimTemplates:
  - spec: {resources: {requests: {storage: 20Gi}}}
#                                          ^^^^ resources/limit-range: the claim requests 20Gi of storage, above the maximum of 10Gi in LimitRange l
  - spec: {resources: {requests: {storage: 5Gi}}}
"#,
        );
    }

    #[test]
    fn what_is_not_known_is_a_gap() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec:
  limits:
  - type: Container
    max: {cpu: "${MAX}", memory: 1Gi}
#              ^^^^^^^^ gap unknown-value: ${MAX} is only known once Flux substitutes it
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    resources: {limits: {memory: "${MEMORY}"}}
#                                ^^^^^^^^^^^ gap unknown-value: ${MEMORY} is only known once Flux substitutes it
"#,
        );
    }
}
