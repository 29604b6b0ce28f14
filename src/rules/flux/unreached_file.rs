//! A manifest that no cluster reaches.
//!
//! ## What it does
//!
//! In a repository with clusters, reports manifests and overlays that none of them uses.
//!
//! ## Why
//!
//! What no Kustomization leads to is never applied, whatever the pull request says.
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
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/web.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! #- api/web.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: api, namespace: shop}
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
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#path

use flux_render::{Files, kustomize::FILE_NAMES};

use crate::rules::kustomize::unused;
use crate::{
    finding::{Level, Location},
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/unreached-file",
    level: Level::Note,
    since: "0.2.0",
    summary: "a manifest that no cluster reaches",
    check: Check::Fleet(check),
    source: include_str!("unreached_file.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    if fleet.clusters.is_empty() {
        return;
    }
    let artifact = fleet.artifact();
    for overlay in &fleet.overlays {
        let name = FILE_NAMES.iter().find_map(|name| {
            let path = flux_render::join(&overlay.folder, name).ok()?;
            fleet.manifests.iter().find(|known| ***known == *path)
        });
        let Some(path) = name.filter(|path| artifact.tree(path).is_some()) else { continue };
        findings.report(
            FleetViolation::new(Location::file(path.clone()), "no cluster uses this overlay")
                .help("point a Kustomization at its folder, or delete it"),
        );
    }
    for path in unused::manifests(fleet) {
        if unused::kustomization_above(&artifact, &path).is_none() {
            findings.report(
                FleetViolation::new(
                    Location::file(path.clone()),
                    "no Kustomization of a cluster reaches this manifest",
                )
                .help("move it below the path of one, or delete it"),
            );
        }
    }
}
