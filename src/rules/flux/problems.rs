//! What rendering found wrong, told as findings.

use flux_render::flux::{Cluster, Problem, ProblemKind};

use crate::fleet::{Fleet, FleetFindings, FleetViolation};

/// Reports the problems of a kind.
pub(in crate::rules) fn report(fleet: &Fleet, kind: ProblemKind, findings: &mut FleetFindings) {
    for (cluster, member) in fleet.members() {
        for problem in member.problems.iter().filter(|problem| problem.kind == kind) {
            let told = violation(fleet, cluster, problem);
            findings.report(told.kustomization(&member.spec, "spec.postBuild"));
        }
        let rendered = member.outcome.rendering().into_iter();
        for problem in rendered.flat_map(|rendering| &rendering.problems) {
            if problem.kind != kind {
                continue;
            }
            let mut told = violation(fleet, cluster, problem);
            if let Some(id) = &problem.object {
                told = told.object(id);
            }
            let built = fleet.location_of(&member.spec.path.origin);
            let message = format!("the Kustomization {} applies it", member.spec.name);
            findings.report(told.related(built, message));
        }
    }
}

fn violation(fleet: &Fleet, cluster: &Cluster, problem: &Problem) -> FleetViolation {
    let location = fleet.spot(&problem.origin, &format!("{}/", cluster.path));
    let violation = FleetViolation::new(location, &problem.message).cluster(Some(&cluster.name));
    match &problem.help {
        Some(help) => violation.help(help),
        None => violation,
    }
}
