//! A text that becomes a number, a boolean or null.
//!
//! ## What it does
//!
//! Reports values that were written in quotes, or stand where only a text may (labels,
//! annotations, data, `env`), and that are no text any more once their variables are replaced.
//!
//! ## Why
//!
//! Flux writes the object without quotes that it doesn't need, replaces variables, and reads
//! the text again: `"${port}"` becomes the number 8080. The API server refuses a number where
//! it wants a text; where it takes both, it means something else.
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
//!   postBuild: {substitute: {port: "8080"}}
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/settings.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data:
//!   region: "${port}"
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
//!   postBuild: {substitute: {port: "8080", quote: '"'}}
//!   prune: true
//!   sourceRef: {kind: GitRepository, name: flux-system}
//! #- apps/settings.yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data:
//!   region: "${quote}${port}${quote}"
//! ```
//!
//! ## References
//!
//! - https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-substitution-of-numbers-and-booleans

use flux_render::flux::ProblemKind;

use super::problems;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/scalar-changed-by-substitution",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a text that becomes a number, a boolean or null",
    check: Check::Fleet(check),
    source: include_str!("scalar_changed_by_substitution.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    problems::report(fleet, ProblemKind::ScalarChanged, findings);
}
