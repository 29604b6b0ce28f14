//! What somebody may have meant by a name that isn't there.

use super::unknown::title;
use crate::{
    check::{Entry, Place, Provided, Scope, Violation},
    kube::{Reference, Subject},
};

/// Of more names than this none is looked for.
const MANY: usize = 256;

/// Adds to a finding what is close to it, and what to do about it.
pub(super) fn explain<'a>(
    violation: Violation<'a>,
    reference: &Reference<'a>,
    scope: &Scope<'a>,
) -> Violation<'a> {
    let provided = match reference.subject {
        Subject::ScaleTarget => scope.cluster.of_all_kinds(),
        _ => scope.cluster.provided(),
    };
    let (kind, name) = (reference.kind, reference.name.text());
    let namespace = reference.namespace.unwrap_or_default();
    let is_here =
        |entry: &&Entry<'a>| reference.namespace.is_none() || entry.namespace == namespace;
    let mut same = provided.anywhere(kind, name).take(MANY);
    let elsewhere = provided.anywhere(kind, name).take(MANY).find(|entry| !is_here(entry));
    if let Some(entry) = same.find(is_here) {
        let object = entry.object;
        let help = if reference.subject == Subject::ScaleTarget {
            format!("{kind} {name} is of {}: write that as its apiVersion", object.api_version)
        } else {
            format!("{} only adds keys to it: it makes none (creationPolicy)", title(object))
        };
        return violation.help(help).related(Place::node(object, object.root), "this is here");
    }
    let close = close(provided, reference);
    if let Some(close) = close {
        let help = if is_generated(close.1, name) {
            format!(
                "kustomize calls it {}, and doesn't know that this field names it: add a \
                 nameReference, or set disableNameSuffixHash",
                close.1
            )
        } else {
            format!("did you mean {}?", close.1)
        };
        return violation.help(help).related(close.0, format!("{} is here", close.1));
    }
    if let Some(entry) = elsewhere {
        let place = Place::node(entry.object, entry.object.root);
        let place_of_it = format!("one of this name is in namespace {}", entry.namespace);
        let help = if is_bound_to_namespace(reference) {
            format!("it can't be used from namespace {}", entry.namespace)
        } else {
            format!("if you mean the one in namespace {}, say so", entry.namespace)
        };
        return violation.help(help).related(place, place_of_it);
    }
    let violation = violation.help(advice(reference));
    match scope.written.find(kind, name) {
        Some(place) => violation.related(place, "this one is not applied here"),
        None => violation,
    }
}

/// Whether a reference can only lead into the namespace of the object that has it.
fn is_bound_to_namespace(reference: &Reference<'_>) -> bool {
    let object = reference.object;
    object.group() != "gateway.networking.k8s.io"
        && !matches!(object.kind, "ClusterRoleBinding" | "RoleBinding")
        && reference.namespace == Some(object.effective_namespace())
}

/// The closest name of the same kind in the same namespace, with its place.
fn close<'a>(provided: &Provided<'a>, reference: &Reference<'a>) -> Option<(Place<'a>, &'a str)> {
    let (kind, name) = (reference.kind, reference.name.text());
    let namespace = reference.namespace.unwrap_or_default();
    let there = || provided.in_namespace(kind, namespace).filter(|entry| entry.name != name);
    if there().nth(MANY).is_some() {
        return None;
    }
    let place = |entry: &Entry<'a>| (Place::node(entry.object, entry.object.root), entry.name);
    if let Some(entry) = there().find(|entry| is_generated(entry.name, name)) {
        return Some(place(entry));
    }
    let scored = there()
        .filter(|entry| entry.name.len().abs_diff(name.len()) <= 3)
        .map(|entry| (strsim::normalized_damerau_levenshtein(entry.name, name), entry));
    let (score, entry) =
        scored.max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.name.cmp(x.name)))?;
    // Of short names one letter is much.
    let is_close = score > 0.75 || strsim::damerau_levenshtein(entry.name, name) == 1;
    is_close.then(|| place(entry))
}

/// Whether `generated` is `name` with the hash that kustomize puts behind it.
fn is_generated(generated: &str, name: &str) -> bool {
    let suffix = generated.strip_prefix(name).and_then(|rest| rest.strip_prefix('-'));
    suffix.is_some_and(|hash| {
        hash.len() == 10 && hash.bytes().all(|byte| b"bcdfghkmt2456789".contains(&byte))
    })
}

/// What to do where nothing is close.
fn advice(reference: &Reference<'_>) -> &'static str {
    match reference.subject {
        Subject::Secret => {
            "add it (sealed, encrypted, or as an ExternalSecret), or accept this with the reason why it \
             is there"
        }
        Subject::StorageClass | Subject::IngressClass => {
            "add it, or accept this with the reason why the cluster has it"
        }
        _ => "add it, or accept this with the reason why it is there",
    }
}

#[cfg(test)]
mod tests {
    use super::is_generated;

    #[test]
    fn hashes_of_kustomize_are_told_from_words() {
        assert!(is_generated("settings-7c9f2b4t6k", "settings"));
        assert!(!is_generated("settings-production", "settings"));
        assert!(!is_generated("settings", "settings"));
    }
}
