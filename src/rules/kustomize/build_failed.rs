//! A kustomization that can't be built.
//!
//! ## What it does
//!
//! Reports kustomizations that `kustomize build`, as Flux runs it, refuses: of every cluster,
//! and of overlays that no cluster uses. The finding lies where the trouble is written.
//!
//! ## Why
//!
//! Flux applies nothing of a Kustomization whose build fails, and says so only in the cluster.
//! What it would have applied was not checked either.
//!
//! ## Fails
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [deployment.yaml]
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml]
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## Limits
//!
//! Nothing is fetched: a build that needs something from elsewhere is a coverage gap.
//!
//! ## References
//!
//! - docs/rendering.md

use flux_render::{ErrorKind, flux::ProblemKind};

use super::failures;
use crate::rules::flux::problems;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "kustomize/build-failed",
    level: Level::Error,
    since: "0.2.0",
    summary: "a kustomization that can't be built",
    check: Check::Fleet(check),
    source: include_str!("build_failed.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for failure in failures::all(fleet) {
        // What would be fetched is a coverage gap: Flux may well be able to.
        if !matches!(failure.error.kind, ErrorKind::UnknownField | ErrorKind::Remote) {
            findings.report(failure.violation(fleet));
        }
    }
    problems::report(fleet, ProblemKind::Refused, findings);
}
