//! A patch whose target selects nothing.
//!
//! ## What it does
//!
//! Reports patches with a `target` that selects none of the resources, in none of the builds
//! that use the patch: of kustomization files and of Flux Kustomizations. (A patch without
//! `target` that finds nothing ends the build.)
//!
//! ## Why
//!
//! kustomize passes over such a patch in silence. After a rename upstream, the limit or the
//! replica count that it set is gone.
//!
//! ## Fails
//!
//! ```yaml
//! #- overlay/kustomization.yaml
//! apiVersion: kustomize.config.k8s.io/v1beta1
//! kind: Kustomization
//! resources: [service.yaml]
//! patches:
//!   - target: {kind: Service, name: wep}
//!     patch: |-
//!       - op: replace
//!         path: /spec/ports/0/port
//!         value: 8080
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
//! patches:
//!   - target: {kind: Service, name: web}
//!     patch: |-
//!       - op: replace
//!         path: /spec/ports/0/port
//!         value: 8080
//! #- overlay/service.yaml
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec: {selector: {app: web}, ports: [{port: 80}]}
//! ```
//!
//! ## References
//!
//! - https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/patches/

use std::collections::HashSet;

use flux_render::{Place, kustomize::RemarkKind};

use crate::{
    finding::Level,
    fleet::{Fleet, FleetFindings, FleetViolation},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "kustomize/patch-without-target",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a patch whose target selects nothing",
    check: Check::Fleet(check),
    source: include_str!("patch_without_target.rs"),
};

fn check(fleet: &Fleet, findings: &mut FleetFindings) {
    let patched: HashSet<Place> =
        fleet.renderings().flat_map(|(_, rendering)| rendering.patched.iter().copied()).collect();
    for (cluster, rendering) in fleet.renderings() {
        for remark in &rendering.remarks {
            if remark.kind == RemarkKind::PatchWithoutTarget && !patched.contains(&remark.place) {
                findings.report(
                    FleetViolation::new(fleet.location(remark.place), &remark.message)
                        .cluster(cluster)
                        .help("correct the target, or delete the patch"),
                );
            }
        }
    }
}
