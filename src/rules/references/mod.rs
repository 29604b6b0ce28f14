//! `references/*`: names of objects that nothing provides. spec: docs/references.md.

mod backend;
mod config_map;
mod disruption_budget;
#[cfg(test)]
mod fields;
mod gateway;
mod ingress_class;
mod key;
mod nearest;
mod part;
mod persistent_volume_claim;
mod platform;
mod role;
mod scale_target;
mod secret;
mod service;
mod service_account;
mod storage_class;
mod unknown;
mod volume;

use spanned_yaml::Node;

use super::Rule;
use crate::{
    check::{Entry, Findings, Place, Scope, Violation},
    finding::GapKind,
    kube::{Object, Reference, Subject, is_unresolved},
};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &backend::RULE,
    &config_map::RULE,
    &disruption_budget::RULE,
    &gateway::RULE,
    &ingress_class::RULE,
    &key::RULE,
    &persistent_volume_claim::RULE,
    &role::RULE,
    &scale_target::RULE,
    &secret::RULE,
    &service::RULE,
    &service_account::RULE,
    &storage_class::RULE,
    &volume::RULE,
];

/// What comes of looking a reference up.
pub(crate) enum Said<'a> {
    /// It isn't there.
    Violation(Violation<'a>),
    /// It can't be told, for this reason.
    Gap(GapKind, Node<'a>, String),
    /// It can't be told, as this value isn't known.
    Unknown(Node<'a>),
}

impl<'a> Said<'a> {
    /// Reports it.
    pub(crate) fn tell(self, object: &'a Object<'a>, findings: &mut Findings<'a>) {
        match self {
            Self::Violation(violation) => findings.report(violation),
            Self::Gap(kind, node, message) => {
                findings.gap(kind, Place::node(object, node), message);
            }
            Self::Unknown(node) => findings.unknown(object, node),
        }
    }
}

/// Looks a reference up. `say` is called with each thing that is wrong, and the rule that it is a
/// matter of.
pub(crate) fn check<'a>(
    reference: &Reference<'a>,
    scope: &Scope<'a>,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    let name = reference.name.text();
    let namespace = reference.namespace.unwrap_or_default();
    if reference.subject == Subject::ScaleTarget {
        let provided = scope.cluster.of_all_kinds();
        let is_of_group = |entry: &Entry<'_>| {
            reference.group.is_none_or(|asked| match entry.object.group() {
                "extensions" => asked == "apps",
                group => group == asked,
            })
        };
        let found = provided.find(reference.kind, namespace, name);
        if !found.is_some_and(|mut entries| entries.any(is_of_group)) {
            missing(reference, scope, say);
        }
        return;
    }
    match scope.cluster.provided().find(reference.kind, namespace, name) {
        Some(entries) => part::check(reference, entries, say),
        None => missing(reference, scope, say),
    }
}

/// Nothing is there: a finding, unless it may be missing, or may be there all the same.
fn missing<'a>(
    reference: &Reference<'a>,
    scope: &Scope<'a>,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    let optional = reference.optional.filter(|node| !node.is_null());
    if optional.and_then(Node::as_bool) == Some(true) || platform::provides(reference) {
        return;
    }
    let mut say = |said| say(reference.subject, said);
    if let Some(optional) = optional
        && is_unresolved(optional.text())
    {
        return say(Said::Unknown(optional));
    }
    if is_unresolved(reference.name.text()) || reference.name.as_str().is_none() {
        return say(Said::Unknown(reference.name));
    }
    match unknown::reason(reference, scope) {
        unknown::Verdict::Provided => {}
        unknown::Verdict::Unknown(kind, reason) => {
            let message = format!("whether {} is not known: {reason}", is_there(reference));
            say(Said::Gap(kind, reference.name, message));
        }
        unknown::Verdict::Missing => {
            let violation =
                Violation::at(reference.object, reference.name, format!("no {}", title(reference)));
            say(Said::Violation(decided_in(
                nearest::explain(violation, reference, scope),
                reference,
            )));
        }
    }
}

/// Says whose objects decide about a finding. What is cluster-scoped counts as of `default`, as
/// everywhere else.
fn decided_in<'a>(violation: Violation<'a>, reference: &Reference<'a>) -> Violation<'a> {
    Violation { decided_in: Some(reference.namespace.unwrap_or("default")), ..violation }
}

/// How messages name what is referred to: `Secret db in namespace shop`.
fn title(reference: &Reference<'_>) -> String {
    title_of(reference.kind, reference.name.text(), reference.namespace)
}

fn title_of(kind: &str, name: &str, namespace: Option<&str>) -> String {
    match namespace.filter(|namespace| !namespace.is_empty()) {
        Some(namespace) => format!("{kind} {name} in namespace {namespace}"),
        None => format!("{kind} {name}"),
    }
}

/// The same as a clause: `Secret db is in namespace shop`.
fn is_there(reference: &Reference<'_>) -> String {
    let (kind, name) = (reference.kind, reference.name.text());
    match reference.namespace {
        Some(namespace) => format!("{kind} {name} is in namespace {namespace}"),
        None => format!("{kind} {name} is there"),
    }
}
