//! `network/*`: what policies close, and what they open.

mod dead_policy;
mod default_deny_egress;
mod default_deny_ingress;
mod isolation;
mod namespace_default_deny;
mod open_egress;

use super::Rule;
use crate::{check::Scope, kube::Object};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &dead_policy::RULE,
    &default_deny_egress::RULE,
    &default_deny_ingress::RULE,
    &namespace_default_deny::RULE,
    &open_egress::RULE,
];

/// Whether the configuration lets the pods of a namespace do as they like.
fn is_exempt(scope: &Scope<'_>, namespace: &str) -> bool {
    scope.config.egress.exempt.namespaces.iter().any(|exempt| exempt == namespace)
}

/// How messages name a workload, as `Deployment web`.
fn title(object: &Object<'_>) -> String {
    let name = object.reference().name;
    if name.is_empty() { object.kind.to_owned() } else { format!("{} {name}", object.kind) }
}
