//! A deprecated field of a kustomization file.
//!
//! ## What it does
//!
//! Reports `bases`, `commonLabels`, `imageTags`, `patchesJson6902`, `patchesStrategicMerge` and
//! `vars`, and names what stands in their place.
//!
//! ## Why
//!
//! kustomize will drop them, and Flux with it.
//!
//! ## Fails
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml]
//! commonLabels: {team: shop}
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
//! labels: [{pairs: {team: shop}}]
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## References
//!
//! - https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/

use flux_render::kustomize::RemarkKind;

use super::remarks;
use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "kustomize/deprecated-field",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a deprecated field of a kustomization file",
    check: Check::Fleet(check),
    source: include_str!("deprecated_field.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    let help = "`kustomize edit fix` rewrites the file";
    remarks::report(fleet, RemarkKind::DeprecatedField, help, findings);
}
