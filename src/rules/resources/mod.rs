//! `resources/*`: what pods ask for and what they may use.

mod cpu_limit;
mod cpu_request;
mod invalid_quantity;
mod limit_range;
mod limit_ranges;
mod memory_limit;
mod memory_request;
mod presence;
mod request_exceeds_limit;
mod requirements;

use super::{Check, Rule};
use crate::kube::Object;

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &cpu_limit::RULE,
    &cpu_request::RULE,
    &invalid_quantity::RULE,
    &limit_range::RULE,
    &memory_limit::RULE,
    &memory_request::RULE,
    &request_exceeds_limit::RULE,
];

/// The rule about how quantities are written.
pub(crate) static INVALID_QUANTITY: &Rule = &invalid_quantity::RULE;

/// Whether [`INVALID_QUANTITY`] looks at an object beyond its pods.
pub(crate) fn has_quantities(object: &Object<'_>) -> bool {
    match invalid_quantity::RULE.check {
        Check::PodsAndObjects { kinds, .. } => kinds.contains(&object.kind),
        _ => false,
    }
}

/// How messages name a resource.
fn title(resource: &str) -> &str {
    if resource == "cpu" { "CPU" } else { resource }
}
