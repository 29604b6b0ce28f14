//! An expression that Flux can't substitute.
//!
//! ## What it does
//!
//! Reports `${...}` that is no expression to Flux, names of variables that it refuses, and
//! objects that are no YAML any more once their variables are replaced.
//!
//! ## Why
//!
//! The Kustomization fails: nothing of it is applied.
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
//!   region: "${region-x}"
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
//!   region: "${region:-x}"
//! ```
//!
//! ## Limits
//!
//! A shell script in a ConfigMap is full of such expressions: write `$${`, or label the object
//! `kustomize.toolkit.fluxcd.io/substitute: disabled`.
//!
//! ## References
//!
//! - https://github.com/fluxcd/pkg/tree/main/envsubst

use flux_render::flux::ProblemKind;

use super::problems;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/invalid-substitution",
    level: Level::Error,
    since: "0.2.0",
    summary: "an expression that Flux can't substitute",
    check: Check::Fleet(check),
    source: include_str!("invalid_substitution.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    problems::report(fleet, ProblemKind::InvalidSubstitution, findings);
}
