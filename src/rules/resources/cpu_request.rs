//! A container without a CPU request.
//!
//! ## What it does
//! Reports every container whose effective CPU request is missing or zero. In this order, these
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
//! full node, and when CPU is short it gets next to nothing.
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
//!           cpu: 0
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
//!           cpu: 250m
//! ```
//!
//! ## Options
//! `resources.require` lists what is asked for; without `cpu-request` in it this rule is silent.
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
    id: "resources/cpu-request",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container without a CPU request",
    check: Check::Pod(check),
    source: include_str!("cpu_request.rs"),
};

const ASKED: Asked =
    Asked { requirement: ResourceRequirement::CpuRequest, half: Half::Requests, resource: "cpu" };

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    presence::check(&ASKED, pod, scope, findings);
}

// What all four rules share is tried in memory_limit.rs and memory_request.rs.
#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

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
#       ^^^^^^^^^^ resources/cpu-request: init container "init" has no CPU request
      - {name: sidecar, restartPolicy: Always, resources: {requests: {cpu: 250m}}}
      containers:
      - name: web
        resources:
          requests:
#         ^^^^^^^^ resources/cpu-request: container "web" has no CPU request
            memory: 1
      - name: zero
        resources: {requests: {cpu: 0}}
#                                   ^ resources/cpu-request: container "zero" has a CPU request of zero
      - name: minus
        resources: {requests: {cpu: "-1"}}
#                                   ^^^^ resources/cpu-request: container "minus" has a CPU request below zero
      ephemeralContainers:
      - {name: debug}
"#,
        );
    }
}
