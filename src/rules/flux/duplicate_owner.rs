//! An object that two Kustomizations apply.
//!
//! ## What it does
//!
//! Reports objects that several Kustomizations of a cluster apply.
//!
//! ## Why
//!
//! They overwrite each other at every reconciliation; and when one is deleted, or stops to list
//! the object, it prunes what the other still wants.
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
//! #- clusters/production/web.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: {name: web, namespace: flux-system}
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
//! Kustomizations with `spec.kubeConfig` apply to other clusters: they are compared among
//! themselves.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#prune

use flux_render::flux::Applied;
use rustc_hash::FxHashMap;

use crate::{
    finding::{Level, Location},
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/duplicate-owner",
    level: Level::Error,
    since: "0.2.0",
    summary: "an object that two Kustomizations apply",
    check: Check::Fleet(check),
    source: include_str!("duplicate_owner.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for cluster in &fleet.clusters {
        let mut owners: FxHashMap<(&str, &str, &str, &str), (usize, &Applied)> =
            FxHashMap::default();
        for (index, applied) in cluster.objects().filter(|(_, one)| one.control.is_applied()) {
            let id = &applied.id;
            let key = (id.group(), id.kind.as_str(), id.namespace.as_str(), id.name.as_str());
            let Some((first, earlier)) = owners.insert(key, (index, applied)) else { continue };
            let (Some(one), Some(other)) = (cluster.members.get(first), cluster.members.get(index))
            else {
                continue;
            };
            if first == index || one.spec.remote != other.spec.remote {
                continue;
            }
            findings.report(
                FleetViolation::new(
                    name_of(fleet, applied),
                    format!(
                        "the Kustomizations {} and {} both apply {id}",
                        one.spec.name, other.spec.name
                    ),
                )
                .cluster(Some(&cluster.name))
                .object(id)
                .help("let one of them apply it")
                .related(Some(name_of(fleet, earlier)), "the other one has it from here"),
            );
        }
        for (name, origin) in &cluster.rivals {
            findings.report(
                FleetViolation::new(
                    fleet.spot(origin, &format!("{}/", cluster.path)),
                    format!("cluster {} has another Kustomization {name}", cluster.name),
                )
                .cluster(Some(&cluster.name))
                .help("give it another name"),
            );
        }
    }
}

/// Where an object is named.
fn name_of(fleet: &Fleet, applied: &Applied) -> Location {
    let manifest = &applied.manifest;
    let name = manifest.root().and_then(|root| root.get("metadata")?.get("name"));
    let origin = name.and_then(|name| manifest.origin(name.span().start));
    origin.and_then(|origin| fleet.location_of(origin)).unwrap_or_else(|| Location::file("".into()))
}
