//! What the four rules about missing requests and limits share.

use spanned_yaml::Node;

use super::{
    limit_ranges::Effective,
    requirements::{Half, Requirements, containers},
    title,
};
use crate::{
    check::{Findings, Place, Scope, Violation},
    config::ResourceRequirement,
    kube::{Container, Pod, QuantityField},
};

/// What one of the rules asks for.
pub(super) struct Asked {
    /// The entry of `resources.require` that turns it on.
    pub(super) requirement: ResourceRequirement,
    pub(super) half: Half,
    /// `cpu` or `memory`.
    pub(super) resource: &'static str,
}

/// Reports every container without an effective value above zero.
pub(super) fn check<'a>(
    asked: &Asked,
    pod: &'a Pod<'a>,
    scope: &Scope<'a>,
    findings: &mut Findings<'a>,
) {
    if !scope.config.resources.require.contains(&asked.requirement) {
        return;
    }
    let shared = pod_level(asked, pod);
    if shared == Shared::Positive {
        return;
    }
    for container in containers(pod) {
        let own = Requirements::of(container.node);
        // The most frequent case first, without a look at the namespace.
        let written = own.own(asked.half, asked.resource);
        if written.known().is_some_and(|(quantity, _)| quantity.is_positive()) {
            continue;
        }
        let effective = Effective::of(&own, asked.half, asked.resource, scope);
        if effective.value.known().is_some_and(|(quantity, _)| quantity.is_positive())
            || effective.report_unusable(pod.object, findings)
        {
            continue;
        }
        if let Shared::Unknown(node) = shared {
            findings.unknown(pod.object, node);
            continue;
        }
        findings.report(violation(asked, pod, container, &effective));
    }
}

fn violation<'a>(
    asked: &Asked,
    pod: &'a Pod<'a>,
    container: &Container<'a>,
    effective: &Effective<'a>,
) -> Violation<'a> {
    let (field, noun) = (asked.half.field(), asked.half.noun());
    let (resource, title) = (asked.resource, title(asked.resource));
    let path = format!("resources.{field}.{resource}");
    let container_title = container.title();
    let missing = || Place::field(pod.object, container.node, &path);
    let violation = match (effective.value.known(), effective.from) {
        (None, _) => Violation::new(missing(), format!("{container_title} has no {title} {noun}")),
        (Some((quantity, node)), None) => {
            let what = if quantity.is_negative() { "below zero" } else { "of zero" };
            let message = format!("{container_title} has a {title} {noun} {what}");
            Violation::at(pod.object, node, message)
        }
        (Some((_, node)), Some(range)) => {
            let name = range.name.unwrap_or_default();
            let message = format!(
                "{container_title} has no {title} {noun}, and LimitRange {name} gives it none above zero"
            );
            Violation::new(missing(), message).related(Place::node(range, node), "the default")
        }
    };
    violation.help(format!("set {path} on this container"))
}

/// What the pod's own `resources` say for all its containers.
#[derive(Clone, Copy, PartialEq)]
enum Shared<'a> {
    Positive,
    Nothing,
    Unknown(Node<'a>),
}

fn pod_level<'a>(asked: &Asked, pod: &'a Pod<'a>) -> Shared<'a> {
    let own = Requirements::of(pod.spec);
    match own.written(asked.half, asked.resource) {
        QuantityField::Known(quantity, _) if quantity.is_positive() => Shared::Positive,
        QuantityField::Known(..) => Shared::Nothing,
        QuantityField::Invalid(_, node) | QuantityField::Unknown(node) => Shared::Unknown(node),
        QuantityField::Absent if asked.half == Half::Limits => Shared::Nothing,
        QuantityField::Absent => match own.written(Half::Limits, asked.resource) {
            QuantityField::Known(limit, _) if limit.is_positive() => implied(asked, pod),
            QuantityField::Known(..) | QuantityField::Absent => Shared::Nothing,
            QuantityField::Invalid(_, node) | QuantityField::Unknown(node) => Shared::Unknown(node),
        },
    }
}

/// The request of a pod that only has a limit: the sum of its containers'
/// requests if any has one, else the limit (`defaultPodRequests` in
/// pkg/apis/core/v1/defaults.go).
fn implied<'a>(asked: &Asked, pod: &'a Pod<'a>) -> Shared<'a> {
    let mut shared = Shared::Positive;
    for container in containers(pod) {
        match Requirements::of(container.node).own(Half::Requests, asked.resource) {
            QuantityField::Known(quantity, _) if quantity.is_positive() => return Shared::Positive,
            QuantityField::Known(..) if shared == Shared::Positive => shared = Shared::Nothing,
            QuantityField::Known(..) | QuantityField::Absent => {}
            QuantityField::Invalid(_, node) | QuantityField::Unknown(node) => {
                shared = Shared::Unknown(node);
            }
        }
    }
    shared
}
