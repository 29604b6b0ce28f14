//! A source of variables that nothing provides.
//!
//! ## What it does
//!
//! Reports entries of `postBuild.substituteFrom` without `optional: true` for which no cluster
//! renders the ConfigMap or Secret, nor an ExternalSecret or SealedSecret that makes it.
//!
//! ## Why
//!
//! Until somebody makes the object by hand, the Kustomization fails. And its values can't be
//! checked here.
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
//!   postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}
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
//!   postBuild: {substituteFrom: [{kind: ConfigMap, name: settings, optional: true}]}
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
//! Objects that Terraform or a person makes are not seen. `variables` in portcullis.yaml gives
//! their values; the finding stays, to be suppressed with that reason.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution

use std::collections::BTreeMap;

use flux_render::flux::{Member, Problem, ProblemKind};

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/substitute-from-missing",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a source of variables that nothing provides",
    check: Check::Fleet(check),
    source: include_str!("substitute_from_missing.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for cluster in &fleet.clusters {
        // Many Kustomizations share one set of variables: that is one thing to do.
        let mut missing: BTreeMap<&str, Vec<(&Member, &Problem)>> = BTreeMap::new();
        for member in &cluster.members {
            for problem in &member.problems {
                if problem.kind == ProblemKind::SubstituteFromMissing {
                    missing.entry(&problem.message).or_default().push((member, problem));
                }
            }
        }
        for (message, users) in missing {
            let Some(((member, first), others)) = users.split_first() else { continue };
            let message = match others.len() {
                0 => message.to_owned(),
                count => format!("{message}, from which {} Kustomizations substitute", count + 1),
            };
            let mut violation = FleetViolation::new(
                fleet.spot(&first.origin, &format!("{}/", cluster.path)),
                message,
            )
            .cluster(Some(&cluster.name))
            .kustomization(&member.spec, "spec.postBuild.substituteFrom");
            for (member, problem) in others {
                let location = fleet.location_of(&problem.origin);
                violation = violation.related(location, format!("{} needs it", member.spec.name));
            }
            findings.report(match &first.help {
                Some(help) => violation.help(help),
                None => violation,
            });
        }
    }
}
