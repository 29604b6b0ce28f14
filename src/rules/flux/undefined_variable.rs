//! A variable without a value.
//!
//! ## What it does
//!
//! Reports variables `${name}` in what a Kustomization with `postBuild` renders, for which
//! neither `substitute` nor `substituteFrom` has a value and which have no default.
//!
//! ## Why
//!
//! From kustomize-controller v1.9 on, the Kustomization fails. Before, and with the feature
//! gate StrictPostBuildSubstitutions off, the text becomes empty.
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
//!   postBuild: {substitute: {region: westeurope}}
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/settings.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data:
//!   region: ${regoin}
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
//!   postBuild: {substitute: {region: westeurope}}
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/settings.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data:
//!   region: ${region}
//! ```
//!
//! ## Limits
//!
//! Where an object that `substituteFrom` names isn't rendered, any variable may be in it: that
//! is a coverage gap, not a finding.
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution

use flux_render::flux::ProblemKind;

use super::problems;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/undefined-variable",
    level: Level::Error,
    since: "0.2.0",
    summary: "a variable without a value",
    check: Check::Fleet(check),
    source: include_str!("undefined_variable.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    problems::report(fleet, ProblemKind::UndefinedVariable, findings);
}
