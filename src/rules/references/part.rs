//! Parts of what is there: keys, ports, listeners.

use spanned_yaml::Node;

use super::{Said, decided_in, title};
use crate::{
    check::{Entry, Has, Place, Violation},
    finding::GapKind,
    kube::{Part, Reference, Subject, is_unresolved},
};

/// Looks for the part that a reference asks for in what provides its name.
pub(super) fn check<'e, 'a: 'e>(
    reference: &Reference<'a>,
    entries: impl Iterator<Item = &'e Entry<'a>> + Clone,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    match reference.part {
        Part::Whole => {}
        Part::Key(node) => key(reference, entries, node, node.text(), say),
        Part::DefaultKey(name) => key(reference, entries, reference.name, name, say),
        Part::Items(items) => {
            for node in items.items().filter_map(|item| item.get("key")) {
                key(reference, entries.clone(), node, node.text(), say);
            }
        }
        Part::Port(node) => port(reference, entries, node, say),
        Part::Listener(name, port) => {
            listener(reference, &entries, ("name", "listener"), name, say);
            listener(reference, &entries, ("port", "listener on port"), port, say);
        }
    }
}

fn key<'e, 'a: 'e>(
    reference: &Reference<'a>,
    entries: impl Iterator<Item = &'e Entry<'a>> + Clone,
    node: Node<'a>,
    name: &str,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    let found = entries.clone().fold(Has::No, |found, entry| found.or(entry.has_key(name)));
    if found == Has::Yes || name.is_empty() {
        return;
    }
    let optional = reference.optional.filter(|node| !node.is_null());
    if optional.and_then(Node::as_bool) == Some(true) {
        return;
    }
    let unresolved = [Some(node), optional].into_iter().flatten();
    if let Some(node) = unresolved.into_iter().find(|node| is_unresolved(node.text())) {
        return say(Subject::Key, Said::Unknown(node));
    }
    if found == Has::Unknown {
        let maker = entries.clone().find(|entry| entry.has_key(name) == Has::Unknown);
        let maker = maker.map(|entry| super::unknown::title(entry.object)).unwrap_or_default();
        let message = format!(
            "whether {} {} has the key {name} is not known: what {maker} puts into it isn't",
            reference.kind,
            reference.name.text()
        );
        return say(Subject::Key, Said::Gap(GapKind::UnknownValue, node, message));
    }
    let message = format!("{} has no key {name}", title(reference));
    let mut violation = Violation::at(reference.object, node, message);
    let known = entries.clone().flat_map(Entry::keys);
    let scored =
        known.take(256).map(|key| (strsim::normalized_damerau_levenshtein(key, name), key));
    let nearest = scored.max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.cmp(x)));
    violation = match nearest {
        Some((score, nearest)) if score > 0.65 => {
            violation.help(format!("did you mean {nearest}?"))
        }
        _ => violation.help("add the key, or say that it is optional"),
    };
    say(Subject::Key, Said::Violation(decided_in(provider(violation, entries), reference)));
}

/// Adds the place of what provides the name.
fn provider<'e, 'a: 'e>(
    violation: Violation<'a>,
    mut entries: impl Iterator<Item = &'e Entry<'a>>,
) -> Violation<'a> {
    match entries.next() {
        Some(entry) => {
            let object = entry.object;
            violation.related(Place::node(object, object.root), "this is what provides it")
        }
        None => violation,
    }
}

/// A port by number, or by name.
fn port<'e, 'a: 'e>(
    reference: &Reference<'a>,
    entries: impl Iterator<Item = &'e Entry<'a>> + Clone,
    node: Node<'a>,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    if node.is_null() || node.text().is_empty() {
        return;
    }
    // What isn't a Service itself, or has no ports of its own, isn't held against any.
    let is_open = |entry: &Entry<'_>| {
        let spec = entry.object.spec();
        let kind = spec.and_then(|spec| spec.get("type")).map_or("", Node::text);
        entry.object.kind != "Service" || kind == "ExternalName" || is_unresolved(kind)
    };
    if entries.clone().any(is_open) {
        return;
    }
    let ports = || {
        let specs = entries.clone().filter_map(|entry| entry.object.spec());
        specs.filter_map(|spec| spec.get("ports")).flat_map(Node::items)
    };
    let fields = |port: Node<'a>| [port.get("port"), port.get("name")].into_iter().flatten();
    let asked = node.text();
    if ports().flat_map(fields).any(|field| field.text() == asked) {
        return;
    }
    if is_unresolved(asked) {
        return say(reference.subject, Said::Unknown(node));
    }
    if ports().flat_map(fields).any(|field| is_unresolved(field.text())) {
        let message = format!("whether {} has the port {asked} is not known", title(reference));
        return say(reference.subject, Said::Gap(GapKind::UnknownValue, node, message));
    }
    let has: Vec<String> = ports()
        .map(|port| {
            let number = port.get("port").map_or("", Node::text);
            match port.get("name").map_or("", Node::text) {
                "" => number.to_owned(),
                name => format!("{number} ({name})"),
            }
        })
        .collect();
    let help = match has.as_slice() {
        [] => "the Service has no ports".to_owned(),
        [one] => format!("its port is {one}"),
        all => format!("its ports are {}", all.join(", ")),
    };
    let message = format!("{} has no port {asked}", title(reference));
    let violation = Violation::at(reference.object, node, message).help(help);
    say(reference.subject, Said::Violation(decided_in(provider(violation, entries), reference)));
}

/// A listener of a Gateway: one whose field has the value that is asked for.
fn listener<'e, 'a: 'e>(
    reference: &Reference<'a>,
    entries: &(impl Iterator<Item = &'e Entry<'a>> + Clone),
    (field, what): (&str, &str),
    asked: Option<Node<'a>>,
    say: &mut dyn FnMut(Subject, Said<'a>),
) {
    let asked = asked.filter(|node| !node.is_null() && !node.text().is_empty());
    let Some(node) = asked else { return };
    let listeners = || {
        let specs = entries.clone().filter_map(|entry| entry.object.spec());
        let listeners = specs.filter_map(|spec| spec.get("listeners")).flat_map(Node::items);
        listeners.filter_map(|listener| listener.get(field)).map(Node::text)
    };
    if listeners().any(|has| has == node.text()) {
        return;
    }
    if is_unresolved(node.text()) {
        return say(reference.subject, Said::Unknown(node));
    }
    if listeners().any(is_unresolved) {
        let message = format!("whether {} has this {what} is not known", title(reference));
        return say(reference.subject, Said::Gap(GapKind::UnknownValue, node, message));
    }
    let message = format!("{} has no {what} {}", title(reference), node.text());
    let has: Vec<&str> = listeners().collect();
    let help = match has.as_slice() {
        [] => "the Gateway has no listeners".to_owned(),
        all => format!("it has {}", all.join(", ")),
    };
    let violation = Violation::at(reference.object, node, message).help(help);
    let violation = decided_in(provider(violation, entries.clone()), reference);
    say(reference.subject, Said::Violation(violation));
}
