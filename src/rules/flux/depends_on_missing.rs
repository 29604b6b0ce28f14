//! A Kustomization that depends on one that isn't there.
//!
//! ## What it does
//!
//! Reports entries of `dependsOn` that name no Kustomization of the cluster.
//!
//! ## Why
//!
//! Flux waits for the dependency for ever, and never applies what depends on it.
//!
//! ## Fails
//!
//! ```yaml
//! #- clusters/production/apps.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: {name: apps, namespace: flux-system}
//! spec:
//!   path: ./apps
//!   dependsOn: [{name: infrastructure}]
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/web.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- clusters/production/apps.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: {name: apps, namespace: flux-system}
//! spec:
//!   path: ./apps
//!   dependsOn: [{name: infrastructure}]
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/web.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! #- clusters/production/infrastructure.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: {name: infrastructure, namespace: flux-system}
//! spec:
//!   path: ./infrastructure
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- infrastructure/namespace.yaml
//! apiVersion: v1
//! kind: Namespace
//! metadata: {name: shop}
//! ```
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/depends-on-missing",
    level: Level::Error,
    since: "0.2.0",
    summary: "a Kustomization that depends on one that isn't there",
    check: Check::Fleet(check),
    source: include_str!("depends_on_missing.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members() {
        for dependency in &member.spec.depends_on {
            if cluster.members.iter().any(|other| other.spec.name == dependency.name) {
                continue;
            }
            let near = cluster
                .members
                .iter()
                .find(|other| other.spec.name.name == dependency.name.name)
                .map(|other| other.spec.name.namespace.clone());
            let violation = FleetViolation::new(
                fleet.spot(&dependency.origin, &format!("{}/", cluster.path)),
                format!("cluster {} has no Kustomization {}", cluster.name, dependency.name),
            )
            .cluster(Some(&cluster.name))
            .kustomization(&member.spec, "spec.dependsOn");
            findings.report(match near {
                Some(namespace) => violation
                    .help(format!("there is one in {namespace}: add `namespace: {namespace}`")),
                None => violation.help("correct the name, or delete the entry"),
            });
        }
    }
}
