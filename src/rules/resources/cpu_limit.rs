//! A container without a CPU limit.
//!
//! ## What it does
//! Reports every container whose effective CPU limit is missing or zero. In this order, these
//! count:
//!
//! 1. `spec.resources` of the pod as a whole;
//! 2. the container's own `resources`;
//! 3. the defaults of a LimitRange in the pod's namespace: `default`, else `max`.
//!
//! Init containers and sidecars count. Ephemeral containers can't have resources and are left out.
//!
//! ## Why
//! A container without a CPU limit may use all of its node's idle CPU. Neighbours then see latencies
//! that nobody planned for, and load tests mean little.
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
//!         limits:
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
//!         limits:
//!           cpu: 250m
//! ```
//!
//! ## Options
//! `resources.require` lists what is asked for; without `cpu-limit` in it this rule is silent.
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
    id: "resources/cpu-limit",
    level: Level::Error,
    since: "0.1.0",
    summary: "a container without a CPU limit",
    check: Check::Pod(check),
    source: include_str!("cpu_limit.rs"),
};

const ASKED: Asked =
    Asked { requirement: ResourceRequirement::CpuLimit, half: Half::Limits, resource: "cpu" };

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
#       ^^^^^^^^^^ resources/cpu-limit: init container "init" has no CPU limit
      - {name: sidecar, restartPolicy: Always, resources: {limits: {cpu: 250m}}}
      containers:
      - name: web
        resources:
          limits:
#         ^^^^^^ resources/cpu-limit: container "web" has no CPU limit
            memory: 1
      - name: zero
        resources: {limits: {cpu: 0}}
#                                 ^ resources/cpu-limit: container "zero" has a CPU limit of zero
      - name: minus
        resources: {limits: {cpu: "-1"}}
#                                 ^^^^ resources/cpu-limit: container "minus" has a CPU limit below zero
      ephemeralContainers:
      - {name: debug}
"#,
        );
    }
}
