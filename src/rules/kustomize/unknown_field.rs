//! A field that kustomize doesn't know.
//!
//! ## What it does
//!
//! Reports keys of kustomization files that kustomize doesn't know. In a nested file such a key
//! ends the build; in the topmost file Flux drops it without a word, as it decodes that file
//! leniently.
//!
//! ## Why
//!
//! A misspelt `resource:` or `patch:` does nothing, and nothing says so.
//!
//! ## Fails
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml]
//! image: [{name: web, newTag: 1.4.2}]
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml]
//! images: [{name: web, newTag: 1.4.2}]
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## References
//!
//! - github.com/fluxcd/pkg/kustomize, kustomize_generator.go (GenerateManifest)

use flux_render::{ErrorKind, kustomize::RemarkKind};

use super::{failures, remarks};
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "kustomize/unknown-field",
    level: Level::Error,
    since: "0.2.0",
    summary: "a field that kustomize doesn't know",
    check: Check::Fleet(check),
    source: include_str!("unknown_field.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    for failure in failures::all(fleet) {
        if failure.error.kind == ErrorKind::UnknownField {
            findings.report(failure.violation(fleet));
        }
    }
    let help = "correct its name, or delete it";
    remarks::report(fleet, RemarkKind::DroppedField, help, findings);
}
