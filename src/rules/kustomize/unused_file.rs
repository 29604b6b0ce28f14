//! A manifest beside a kustomization that doesn't list it.
//!
//! ## What it does
//!
//! Reports YAML manifests in the folder of a kustomization, or below it, that no kustomization
//! uses.
//!
//! ## Why
//!
//! With a kustomization file in the folder, Flux applies only what the file lists: a manifest
//! that somebody forgot to list is never applied.
//!
//! ## Fails
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
//! #- overlay/network-policy.yaml
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml, network-policy.yaml]
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! #- overlay/network-policy.yaml
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata: {name: default-deny, namespace: shop}
//! spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
//! ```
//!
//! ## Limits
//!
//! Files that hold no Kubernetes object are not looked at: values files, configuration of other
//! tools.

use super::unused;
use crate::{
    finding::{Level, Location},
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "kustomize/unused-file",
    level: Level::Note,
    since: "0.2.0",
    summary: "a manifest beside a kustomization that doesn't list it",
    check: Check::Fleet(check),
    source: include_str!("unused_file.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    if fleet.folders.is_empty() {
        return;
    }
    let artifact = fleet.artifact();
    for path in unused::manifests(fleet) {
        let Some(folder) = unused::kustomization_above(&artifact, &path) else { continue };
        if !fleet.folders.contains(folder) {
            continue;
        }
        let shown = if folder.is_empty() { "the root" } else { folder };
        findings.report(
            FleetViolation::new(
                Location::file(path.clone()),
                format!("the kustomization in {shown} doesn't use this manifest"),
            )
            .help("list it under `resources`, or delete it"),
        );
    }
}
