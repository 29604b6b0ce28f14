//! A container without a memory request.
//!
//! ## What it does
//! Reports every container whose effective memory request is missing or zero. In this order, these
//! count:
//!
//! 1. `spec.resources` of the pod as a whole;
//! 2. the container's own `resources`; a limit alone implies the request;
//! 3. the defaults of a LimitRange in the pod's namespace: `defaultRequest`, else `default`, `max` or `min`.
//!
//! Init containers and sidecars count. Ephemeral containers can't have resources and are left out.
//!
//! ## Why
//! The scheduler places pods by what they request. A container that requests nothing may land on a
//! node without room, and is among the first to be evicted when memory runs out.
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
//!           memory: 0
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
//!           memory: 128Mi
//! ```
//!
//! ## Options
//! `resources.require` lists what is asked for; without `memory-request` in it this rule is silent.
//!
//! ## Limits
//! Resources of the whole pod are on by default since Kubernetes 1.34; older API servers ignore them.
//! A value that isn't known or isn't a quantity counts as not checked. A default that another
//! admission webhook sets is not seen.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/>
//! - <https://kubernetes.io/docs/concepts/policy/limit-range/>

use super::{
    presence::{self, Asked},
    requirements::Half,
};
use crate::{
    check::{Findings, Scope},
    config::ResourceRequirement,
    finding::Level,
    kube::Pod,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "resources/memory-request",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container without a memory request",
    check: Check::Pod(check),
    source: include_str!("memory_request.rs"),
};

const ASKED: Asked = Asked {
    requirement: ResourceRequirement::MemoryRequest,
    half: Half::Requests,
    resource: "memory",
};

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    presence::check(&ASKED, pod, scope, findings);
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn every_container_but_ephemeral_ones_is_held_to_it() {
        check(
            &RULE,
            r#"
#- deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: x}
spec:
  template:
    spec:
      initContainers:
      - name: init
#       ^^^^^^^^^^ resources/memory-request: init container "init" has no memory request
      - {name: sidecar, restartPolicy: Always, resources: {requests: {memory: 128Mi}}}
      containers:
      - name: web
        resources:
          requests:
#         ^^^^^^^^ resources/memory-request: container "web" has no memory request
            cpu: 1
      - name: zero
        resources: {requests: {memory: 0}}
#                                      ^ resources/memory-request: container "zero" has a memory request of zero
      - name: minus
        resources: {requests: {memory: "-1"}}
#                                      ^^^^ resources/memory-request: container "minus" has a memory request below zero
      ephemeralContainers:
      - {name: debug}
"#,
        );
    }

    #[test]
    fn resources_of_the_pod_count_for_all_its_containers() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  resources: {requests: {memory: 128Mi}}
  containers:
  - name: web
"#,
        );
    }

    #[test]
    fn a_limit_range_of_the_namespace_gives_defaults() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: l, namespace: shop}
spec:
  limits:
  - type: Pod
    max: {memory: 2}
  - type: Container
    defaultRequest: {memory: 128Mi}
#- pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  containers:
  - name: web
---
apiVersion: v1
kind: Pod
metadata: {name: b, namespace: other}
spec:
  containers:
  - name: web
#   ^^^^^^^^^ resources/memory-request: container "web" has no memory request
"#,
        );
    }

    #[test]
    fn what_is_not_known_is_a_gap() {
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
    resources: {requests: {memory: "${VALUE}"}}
#                                  ^^^^^^^^^^ gap unknown-value: ${VALUE} is only known once Flux substitutes it
  - name: b
    resources: {requests: {memory: lots}}
#                                  ^^^^ gap unreadable: the value's type is not what Kubernetes reads here
  - name: c
    resources: ${RESOURCES}
#              ^^^^^^^^^^^^ gap unknown-value: ${RESOURCES} is only known once Flux substitutes it
"#,
        );
    }

    #[test]
    fn it_is_silent_unless_asked_for() {
        check_with(
            &RULE,
            "resources: {require: []}",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: web
"#,
        );
    }

    #[test]
    fn a_limit_alone_implies_the_request() {
        check(
            &RULE,
            r#"
#- pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: own}
spec:
  containers:
  - name: web
    resources: {limits: {memory: 128Mi}}
---
apiVersion: v1
kind: Pod
metadata: {name: of-the-pod}
spec:
  resources: {limits: {memory: 128Mi}}
  containers:
  - name: web
---
apiVersion: v1
kind: Pod
metadata: {name: of-the-pod-with-a-zero}
spec:
  resources: {limits: {memory: 128Mi}}
  containers:
  - name: web
    resources: {requests: {memory: 0}}
#                                  ^ resources/memory-request: container "web" has a memory request of zero
"#,
        );
    }

    #[test]
    fn defaults_of_a_limit_range_imply_each_other() {
        check(
            &RULE,
            r#"
#- limits.yaml
apiVersion: v1
kind: LimitRange
metadata: {name: min, namespace: a}
spec: {limits: [{type: Container, min: {memory: 128Mi}}]}
---
apiVersion: v1
kind: LimitRange
metadata: {name: max, namespace: b}
spec: {limits: [{type: Container, max: {memory: 128Mi}}]}
---
apiVersion: v1
kind: LimitRange
metadata: {name: zero, namespace: c}
spec: {limits: [{type: Container, defaultRequest: {memory: 0}, min: {memory: 128Mi}}]}
#- pods.yaml
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: a}
spec: {containers: [{name: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: b}
spec: {containers: [{name: web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: c}
spec: {containers: [{name: web}]}
#                    ^^^^^^^^^ resources/memory-request: container "web" has no memory request, and LimitRange zero gives it none above zero
"#,
        );
    }
}
