//! A request above the limit of the same resource.
//!
//! ## What it does
//! Compares each request with its limit: of a container, of the pod as a whole, and of a container
//! with the limit of its pod. A container without a limit of its own is held against the default
//! that a LimitRange of its namespace would give it.
//!
//! ## Why
//! The API server refuses such a pod. Of a Deployment it accepts the object and refuses the pods, so
//! that nothing runs and only the ReplicaSet's events say why.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       resources:
//!         requests:
//!           memory: 1Gi
//!         limits:
//!           memory: 512Mi
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       resources:
//!         requests:
//!           memory: 512Mi
//!         limits:
//!           memory: 1Gi
//! ```
//!
//! ## Limits
//! Resources that can't be overcommitted, as `nvidia.com/gpu` and huge pages, must have a request
//! that equals the limit; a request below the limit is not reported here. Values that aren't known
//! count as not checked.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::Node;

use super::{
    limit_ranges::Effective,
    requirements::{Half, Requirements, containers},
    title,
};
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{Pod, QuantityField},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "resources/request-exceeds-limit",
    level: Level::Error,
    since: "0.1.0",
    summary: "a request above the limit of the same resource",
    check: Check::Pod(check),
    source: include_str!("request_exceeds_limit.rs"),
};

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let of_pod = Requirements::of(pod.spec);
    for (resource, request) in requests(&of_pod) {
        let limit = Effective { value: of_pod.written(Half::Limits, resource), from: None };
        compare(pod, "the pod", resource, &request, &limit, findings);
    }
    for container in containers(pod) {
        let own = Requirements::of(container.node);
        for (resource, request) in requests(&own) {
            let limit = Effective::of(&own, Half::Limits, resource, scope);
            let mut title = None;
            let mut who = || title.get_or_insert_with(|| container.title()).clone();
            if exceeds(&request, &limit) || !is_known(&request, &limit) {
                compare(pod, &who(), resource, &request, &limit, findings);
                continue;
            }
            // The limits of a pod hold for these two alone.
            if matches!(resource, "cpu" | "memory") {
                let limit = Effective { value: of_pod.written(Half::Limits, resource), from: None };
                if exceeds(&request, &limit) || !is_known(&request, &limit) {
                    let who = format!("{} in a pod with less", who());
                    compare(pod, &who, resource, &request, &limit, findings);
                }
            }
        }
    }
}

/// The requests that are written, by resource.
fn requests<'a>(
    of: &Requirements<'a>,
) -> impl Iterator<Item = (&'a str, QuantityField<'a>)> + use<'a> {
    let entries = of.half(Half::Requests).into_iter().flat_map(Node::entries);
    entries.map(|entry| (entry.key.text(), QuantityField::of(entry.value)))
}

/// Whether nothing hinders a comparison: there is no limit, or both are known.
fn is_known(request: &QuantityField<'_>, limit: &Effective<'_>) -> bool {
    matches!(limit.value, QuantityField::Absent)
        || (request.unusable().is_none() && limit.value.unusable().is_none())
}

fn exceeds(request: &QuantityField<'_>, limit: &Effective<'_>) -> bool {
    match (request.known(), limit.value.known()) {
        (Some((request, _)), Some((limit, _))) => request > limit,
        _ => false,
    }
}

fn compare<'a>(
    pod: &'a Pod<'a>,
    who: &str,
    resource: &str,
    request: &QuantityField<'a>,
    limit: &Effective<'a>,
    findings: &mut Findings<'a>,
) {
    if matches!(limit.value, QuantityField::Absent) {
        return;
    }
    if let Some(node) = request.unusable() {
        findings.unknown(pod.object, node);
    }
    limit.report_unusable(pod.object, findings);
    if !exceeds(request, limit) {
        return;
    }
    let (Some((_, node)), Some((_, limit_node))) = (request.known(), limit.value.known()) else {
        return;
    };
    let message = format!(
        "{who} requests {} of {}, above the limit of {}",
        node.text(),
        title(resource),
        limit_node.text()
    );
    let (object, what) = match limit.from {
        Some(range) => (range, "the namespace's default limit"),
        None => (pod.object, "the limit"),
    };
    findings.report(
        Violation::at(pod.object, node, message)
            .label("more than the limit")
            .help("lower the request or raise the limit")
            .related(Place::node(object, limit_node), what),
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn values_are_compared_however_they_are_written() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers:
  - name: init
    resources:
      requests: {cpu: 1.1}
#                     ^^^ resources/request-exceeds-limit: init container "init" requests 1.1 of CPU, above the limit of 1000m
      limits: {cpu: 1000m}
  containers:
  - name: equal
    resources: {requests: {memory: 1Gi}, limits: {memory: 1024Mi}}
  - name: close
    resources:
      requests: {memory: 1Gi, ephemeral-storage: 2G}
#                        ^^^ resources/request-exceeds-limit: container "close" requests 1Gi of memory, above the limit of 1G
#                                                ^^ resources/request-exceeds-limit: container "close" requests 2G of ephemeral-storage, above the limit of 1G
      limits: {memory: 1G, ephemeral-storage: 1G}
  - name: other
    resources: {requests: {memory: 1Gi}, limits: {cpu: 1m}}
"#,
        );
    }

    #[test]
    fn the_limits_of_the_pod_and_of_the_namespace_count() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l, namespace: shop}
spec: {limits: [{type: Container, default: {memory: 1Gi}}]}
#- pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  containers:
  - name: web
    resources: {requests: {memory: 2Gi}}
#                                  ^^^ resources/request-exceeds-limit: container "web" requests 2Gi of memory, above the limit of 1Gi
---
apiVersion: v1
kind: Pod
metadata: {name: b}
spec:
  resources:
    requests: {cpu: 3}
#                   ^ resources/request-exceeds-limit: the pod requests 3 of CPU, above the limit of 2
    limits: {cpu: 2}
  containers:
  - name: web
    resources: {requests: {cpu: 2500m}}
#                               ^^^^^ resources/request-exceeds-limit: container "web" in a pod with less requests 2500m of CPU, above the limit of 2
"#,
        );
    }

    #[test]
    fn what_is_not_known_is_a_gap_only_where_there_is_something_to_compare() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    resources: {requests: {cpu: "${CPU}"}, limits: {memory: 1Gi}}
  - name: b
    resources: {requests: {cpu: "${CPU}"}, limits: {cpu: 1}}
#                               ^^^^^^^^ gap unknown-value: ${CPU} is only known once Flux substitutes it
  - name: c
    resources: {requests: {cpu: 1}, limits: {cpu: "${CPU}"}}
#                                                 ^^^^^^^^ gap unknown-value: ${CPU} is only known once Flux substitutes it
"#,
        );
    }
}
