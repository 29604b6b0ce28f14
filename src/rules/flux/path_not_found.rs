//! A Kustomization whose path isn't there.
//!
//! ## What it does
//!
//! Reports Kustomizations whose source is this repository and whose `spec.path` is no folder of
//! it, or one that `.sourceignore` or the source's `spec.ignore` leaves out of Flux's artifact.
//!
//! ## Why
//!
//! Flux can't reconcile it: nothing is applied, and what was applied before stays as it is.
//!
//! ## Fails
//!
//! ```yaml
//! #- clusters/production/apps.yaml
//! apiVersion: kustomize.toolkit.fluxcd.io/v1
//! kind: Kustomization
//! metadata: {name: apps, namespace: flux-system}
//! spec:
//!   path: ./app
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
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#path

use std::collections::BTreeSet;

use flux_render::flux::Outcome;

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    repo::CONFIG_FILE,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/path-not-found",
    level: Level::Error,
    since: "0.2.0",
    summary: "a Kustomization whose path isn't there",
    check: Check::Fleet(check),
    source: include_str!("path_not_found.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members() {
        let Outcome::NoFolder(left_out) = &member.outcome else { continue };
        let folder = member.spec.folder();
        // The cluster's own folder is named by portcullis.yaml, or it would not have been found.
        let violation = FleetViolation::new(
            fleet.spot(&member.spec.path.origin, CONFIG_FILE),
            match (left_out, member.parent) {
                (Some(why), _) => why.clone(),
                (None, None) => format!("there is no folder {folder} for cluster {}", cluster.name),
                (None, Some(_)) => format!("there is no folder {folder}"),
            },
        )
        .cluster(Some(&cluster.name))
        .kustomization(&member.spec, "spec.path");
        if left_out.is_some() {
            let violation = violation.left_out_by(fleet, member);
            findings.report(violation.help("bring the folder back there, or name another one"));
            continue;
        }
        findings.report(match nearest(fleet, &folder) {
            Some(near) => violation.help(format!("did you mean ./{near}?")),
            None => violation.help("`path` is relative to the root of the source"),
        });
    }
}

/// The folder whose path is most like one that isn't there.
fn nearest(fleet: &Fleet, folder: &str) -> Option<String> {
    let folders: BTreeSet<&str> = fleet
        .manifests
        .iter()
        .flat_map(|path| path.match_indices('/').filter_map(|(at, _)| path.get(..at)))
        .collect();
    let score = |candidate: &&str| strsim::jaro_winkler(candidate, folder);
    let best = folders.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) > 0.85).then(|| best.to_owned())
}
