//! A Kustomization whose source isn't there.
//!
//! ## What it does
//!
//! Reports Kustomizations whose `sourceRef` names no source that the cluster has.
//!
//! ## Why
//!
//! Flux waits for the source for ever.
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
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-sytem}
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
//! The source by which the cluster's own folder is reconciled counts as being there: `flux
//! bootstrap` or a FluxInstance makes it.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#source-reference

use flux_render::flux::SourceVerdict;

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/source-not-found",
    level: Level::Error,
    since: "0.2.0",
    summary: "a Kustomization whose source isn't there",
    check: Check::Fleet(check),
    source: include_str!("source_not_found.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members() {
        let Some(source) = &member.spec.source else { continue };
        if member.source != SourceVerdict::Missing {
            continue;
        }
        let file = format!("{}/", cluster.path);
        findings.report(
            FleetViolation::new(
                fleet.spot(&source.origin, &file),
                format!("cluster {} has no {} {}", cluster.name, source.kind, source.name),
            )
            .cluster(Some(&cluster.name))
            .kustomization(&member.spec, "spec.sourceRef.name")
            .help(
                "render the source in this cluster; if it is this repository under another name, \
                 list it in portcullis.yaml: clusters.<name>.sources",
            ),
        );
    }
}
