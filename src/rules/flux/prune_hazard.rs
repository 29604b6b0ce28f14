//! Data that is deleted with a file.
//!
//! ## What it does
//!
//! Reports PersistentVolumeClaims and CustomResourceDefinitions that a Kustomization with
//! `prune: true` applies, unless they carry `kustomize.toolkit.fluxcd.io/prune: disabled`, as
//! label or annotation.
//!
//! ## Why
//!
//! When the file moves, or the Kustomization is deleted, Flux deletes the object: with a claim
//! its data, with a definition every object of that kind. The annotation has to be in the
//! cluster before: one that comes with the same commit protects nothing.
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
//! #- apps/data.yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata: {name: data, namespace: shop}
//! spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
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
//! #- apps/data.yaml
//! apiVersion: v1
//! kind: PersistentVolumeClaim
//! metadata:
//!   name: data
//!   namespace: shop
//!   annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}
//! spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
//! ```
//!
//! ## Limits
//!
//! The cluster's own Kustomization is left out, with Flux's definitions in it.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources

use spanned_yaml::Node;

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/prune-hazard",
    level: Level::Note,
    since: "0.2.0",
    summary: "data that is deleted with a file",
    check: Check::Fleet(check),
    source: include_str!("prune_hazard.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members().filter(|(_, member)| member.spec.prune.value) {
        // Flux's own definitions go only when Flux does.
        if member.parent.is_none() {
            continue;
        }
        for applied in member.objects().iter().filter(|one| one.control.is_applied()) {
            let lost = match applied.id.kind.as_str() {
                "PersistentVolumeClaim" => "its data",
                "CustomResourceDefinition" => "every object of its kind",
                _ => continue,
            };
            let Some(root) = applied.manifest.root() else { continue };
            if keeps(root) {
                continue;
            }
            let name = root.get("metadata").and_then(|metadata| metadata.get("name"));
            let origin = name.and_then(|name| applied.manifest.origin(name.span().start));
            let Some(location) = origin.and_then(|origin| fleet.location_of(origin)) else {
                continue;
            };
            findings.report(
                FleetViolation::new(
                    location,
                    format!(
                        "once no Kustomization lists this {} any more, Flux deletes it with {lost}",
                        applied.id.kind
                    ),
                )
                .cluster(Some(&cluster.name))
                .object(&applied.id)
                .help("annotate it with kustomize.toolkit.fluxcd.io/prune: disabled")
                .related(fleet.location_of(&member.spec.prune.origin), "pruning is on here"),
            );
        }
    }
}

/// Whether an object asks not to be pruned.
fn keeps(root: Node<'_>) -> bool {
    let metadata = root.get("metadata");
    ["labels", "annotations"].iter().any(|field| {
        ["kustomize.toolkit.fluxcd.io/prune", "kustomize.toolkit.fluxcd.io/reconcile"]
            .iter()
            .filter_map(|key| metadata?.get(field)?.get(key))
            .any(|value| value.text().eq_ignore_ascii_case("disabled"))
    })
}
