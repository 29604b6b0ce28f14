//! `deprecation/*`: APIs that Kubernetes has given up, or is about to.

mod deprecated_api;
mod deprecated_field;
mod removed_api;

use super::Rule;
use crate::{
    check::Violation,
    kube::Object,
    schema::{Versions, lifecycle::Lifecycle},
};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[&deprecated_api::RULE, &deprecated_field::RULE, &removed_api::RULE];

pub(super) use deprecated_field::instead;

/// What became of an object's API, for these of the versions that were asked for.
fn violation<'a>(
    object: &'a Object<'a>,
    lifecycle: &Lifecycle,
    said: &str,
    versions: Versions,
    asked: Versions,
) -> Violation<'a> {
    let node = object.root.get("apiVersion").unwrap_or(object.root);
    let suffix = super::schema::suffix(versions, asked);
    let message = format!("{} of {} {said}{suffix}", object.kind, object.api_version);
    let mut violation = Violation::at(object, node, message);
    violation.help = lifecycle.help(object.api_version, object.kind);
    violation
}
