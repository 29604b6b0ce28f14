//! `schema/*`: objects against the schemas of their kinds. spec: docs/schemas.md.

mod autoscaler;
mod config_data;
mod container_name;
mod cron_schedule;
mod disruption_budget;
mod duplicate_item;
mod environment;
mod immutable_field;
mod ingress_path;
mod invalid_value;
mod metadata;
mod missing_field;
mod port;
mod probe;
mod selector;
mod unknown_field;
mod unknown_kind;
mod volume;
mod workload;
mod wrong_type;

use flux_render::{Operation, Origin};
use spanned_yaml::Node;

use super::Rule;
use crate::{
    check::{Place, Violation},
    kube::Object,
    schema::{Complaint, Problem, Spot, Versions},
};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &autoscaler::RULE,
    &config_data::RULE,
    &container_name::RULE,
    &cron_schedule::RULE,
    &disruption_budget::RULE,
    &duplicate_item::RULE,
    &environment::RULE,
    &immutable_field::RULE,
    &ingress_path::RULE,
    &invalid_value::RULE,
    &metadata::RULE,
    &missing_field::RULE,
    &port::RULE,
    &probe::RULE,
    &selector::RULE,
    &unknown_field::RULE,
    &unknown_kind::RULE,
    &volume::RULE,
    &workload::RULE,
    &wrong_type::RULE,
];

/// What a walk found, as a finding. It names its versions unless it holds for all that were asked for.
pub(crate) fn violation<'a>(
    object: &'a Object<'a>,
    complaint: Complaint<'a>,
    asked: Versions,
) -> Violation<'a> {
    let place = match complaint.spot.clone() {
        Spot::Key(node) => Place::key(object, node),
        Spot::Value(node) => Place::node(object, node),
        Spot::Missing(parent, field) => Place::missing(object, parent, field),
    };
    let message = format!("{}{}", complaint.message, suffix(complaint.versions, asked));
    let mut violation = Violation::new(place, message);
    let is_substituted =
        complaint.problem == Problem::WrongType && is_substituted(object, complaint.node());
    let of_project = complaint.project.map(|project| format!("this is the schema of {project}"));
    let help = match complaint.problem {
        _ if is_substituted => Some(VARIABLE.to_owned()),
        Problem::Deprecated => super::deprecation::instead(complaint.node().text()),
        _ => complaint.help,
    };
    violation.help = match (help, of_project) {
        (Some(help), Some(of_project)) if !is_substituted => Some(format!("{help} ({of_project})")),
        (help, of_project) => help.or(of_project),
    };
    match complaint.first {
        Some(first) => violation.related(Place::node(object, first), "the first is here"),
        None => violation,
    }
}

/// Quotes around a variable are gone once kustomize has built the object.
const VARIABLE: &str = "Flux reads what a variable leaves as YAML, without the quotes around it: \
                        `portcullis explain flux/scalar-changed-by-substitution`";

/// Whether a variable of Flux stood in a value.
fn is_substituted(object: &Object<'_>, node: Node<'_>) -> bool {
    let origin = object.file.origin(node.span());
    let mut steps = origin.into_iter().flat_map(Origin::steps);
    steps.any(|step| matches!(step.operation, Operation::Variable(_)))
}

/// The versions that a finding holds for, unless those are all.
pub(in crate::rules) fn suffix(versions: Versions, asked: Versions) -> String {
    if versions == asked { String::new() } else { format!(" (Kubernetes {versions})") }
}

/// Those versions whose schemas don't say by which keys the items of lists are told apart, so that
/// `schema/duplicate-item` finds few.
fn before_list_types(asked: Versions) -> Versions {
    asked.and((0..30).map(Versions::minor).fold(Versions::NONE, Versions::or))
}
