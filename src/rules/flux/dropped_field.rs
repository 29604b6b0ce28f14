//! A field that Flux drops.
//!
//! ## What it does
//!
//! Reports fields that the kind doesn't have. Flux reads objects of Kubernetes' own kinds into
//! its types before it applies them, and what has no place there is gone.
//!
//! ## Why
//!
//! A misspelt `resource:` is not refused by the API server: it never gets there.
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
//! spec: {selector: {app: web}, port: 80, ports: [{port: 80}]}
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
//! Objects of the types of Kubernetes v1.36 that Flux is built with. Role and ClusterRole are
//! passed on as they are, and so are custom resources.
//!
//! ## References
//!
//! - github.com/fluxcd/pkg/ssa, normalize/normalize.go

use flux_render::flux::ProblemKind;

use super::problems;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/dropped-field",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a field that Flux drops",
    check: Check::Fleet(check),
    source: include_str!("dropped_field.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    problems::report(fleet, ProblemKind::DroppedField, findings);
}
