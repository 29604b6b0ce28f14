//! A Kustomization that is suspended.
//!
//! ## What it does
//!
//! Reports Kustomizations with `suspend: true`.
//!
//! ## Why
//!
//! Flux doesn't reconcile it: what is merged isn't applied, and drift stays. It is meant for a
//! while, and easily forgotten in Git.
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
//!   suspend: true
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
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/web.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## Limits
//!
//! What it holds is checked all the same: it is applied once somebody resumes it.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#suspend

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/suspended",
    level: Level::Note,
    since: "0.2.0",
    summary: "a Kustomization that is suspended",
    check: Check::Fleet(check),
    source: include_str!("suspended.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members() {
        let Some(origin) = &member.spec.suspended else { continue };
        findings.report(
            FleetViolation::new(
                fleet.spot(origin, &format!("{}/", cluster.path)),
                format!(
                    "the Kustomization {} is suspended: Flux doesn't apply it",
                    member.spec.name
                ),
            )
            .cluster(Some(&cluster.name))
            .kustomization(&member.spec, "spec.suspend")
            .help("delete the line when the reason is gone"),
        );
    }
}
