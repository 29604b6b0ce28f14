//! What there is to say of kustomization files that can be built.

use flux_render::kustomize::RemarkKind;

use crate::fleet::{Fleet, FleetFindings, FleetViolation};

/// Reports the remarks of a kind, with what to do about them.
pub(super) fn report(fleet: &Fleet, kind: RemarkKind, help: &str, findings: &mut FleetFindings) {
    for (cluster, rendering) in fleet.renderings() {
        for remark in rendering.remarks.iter().filter(|remark| remark.kind == kind) {
            findings.report(
                FleetViolation::new(fleet.location(remark.place), &remark.message)
                    .cluster(cluster)
                    .help(help),
            );
        }
    }
}
