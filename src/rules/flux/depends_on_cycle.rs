//! Kustomizations that wait for each other.
//!
//! ## What it does
//!
//! Reports Kustomizations whose `dependsOn` lead in a circle.
//!
//! ## Why
//!
//! Flux doesn't look for circles: all of them wait for ever.
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
//!   dependsOn: [{name: apps}]
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
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#dependencies

use std::collections::{BTreeMap, BTreeSet};

use flux_render::flux::{Dependency, Member, Name};

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/depends-on-cycle",
    level: Level::Error,
    since: "0.2.0",
    summary: "Kustomizations that wait for each other",
    check: Check::Fleet(check),
    source: include_str!("depends_on_cycle.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for cluster in &fleet.clusters {
        let by_name: BTreeMap<&Name, &Member> =
            cluster.members.iter().map(|member| (&member.spec.name, member)).collect();
        let mut reported: BTreeSet<&Name> = BTreeSet::new();
        for member in &cluster.members {
            if reported.contains(&member.spec.name) {
                continue;
            }
            let Some(circle) = circle_from(member, &by_name) else { continue };
            reported.extend(circle.iter().map(|(name, _)| *name));
            let names: Vec<&str> = circle.iter().map(|(name, _)| name.name.as_str()).collect();
            let Some((_, first)) = circle.first() else { continue };
            let file = format!("{}/", cluster.path);
            let mut violation = FleetViolation::new(
                fleet.spot(&first.origin, &file),
                format!(
                    "these wait for each other: {} -> {}",
                    names.join(" -> "),
                    member.spec.name.name
                ),
            )
            .cluster(Some(&cluster.name))
            .kustomization(&member.spec, "spec.dependsOn")
            .help("take one of the entries out");
            for (name, next) in circle.iter().skip(1) {
                violation = violation
                    .related(fleet.location_of(&next.origin), format!("{} waits here", name.name));
            }
            findings.report(violation);
        }
    }
}

/// The dependencies that lead from a Kustomization back to itself, if they do: each with the name
/// of the one that has it.
fn circle_from<'c>(
    start: &'c Member,
    by_name: &BTreeMap<&'c Name, &'c Member>,
) -> Option<Vec<(&'c Name, &'c Dependency)>> {
    let mut came_from: BTreeMap<&Name, (&Name, &Dependency)> = BTreeMap::new();
    let mut queue = vec![start];
    while let Some(member) = queue.pop() {
        for dependency in &member.spec.depends_on {
            let Some((name, next)) = by_name.get_key_value(&dependency.name) else { continue };
            if came_from.contains_key(name) {
                continue;
            }
            came_from.insert(name, (&member.spec.name, dependency));
            if **name == start.spec.name {
                let mut circle = Vec::new();
                let mut at = *name;
                while let Some((from, dependency)) = came_from.get(at) {
                    circle.push((*from, *dependency));
                    at = from;
                    if **from == start.spec.name {
                        break;
                    }
                }
                circle.reverse();
                return Some(circle);
            }
            queue.push(next);
        }
    }
    None
}
