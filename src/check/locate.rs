//! From places in trees to lines and columns, and to field paths.

use spanned_yaml::{Kind, Node, Span};

use super::{
    provenance,
    violation::{Place, Target},
};
use crate::finding::{Location, Related};

/// One step down from a root.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// Into the value of a key.
    Key(Node<'a>),
    /// Into an item of a list.
    Item(usize, Node<'a>),
}

/// A place with everything that reports need.
pub(super) struct Located {
    pub(super) location: Location,
    /// As `spec.containers[0].image`.
    pub(super) field: Option<String>,
    /// Like `field`, with list items by name where they have one, so that it
    /// stays the same when items move.
    pub(super) stable_field: String,
    /// Who else wrote what stands there, in order.
    pub(super) chain: Vec<Related>,
}

impl Place<'_> {
    /// Its file and line, as messages name them.
    pub fn file_and_line(&self) -> String {
        let at = self.locate().location;
        format!("{}:{}", at.file, at.start.line)
    }

    /// Where it is.
    pub(super) fn locate(&self) -> Located {
        let (node, suffix) = match &self.target {
            Target::Node(node) | Target::Key(node) => (*node, ""),
            Target::Missing { parent, field } => (*parent, field.as_str()),
        };
        let steps = self.steps_to(node);
        let span = match &self.target {
            Target::Key(key) => key.span(),
            Target::Node(_) | Target::Missing { .. } => {
                self.name_of_object(node).map_or_else(|| shown_span(node, steps.last()), Node::span)
            }
        };
        let field = |stable| {
            let mut path = String::new();
            for step in &steps {
                push_step(&mut path, step, stable);
            }
            if !suffix.is_empty() {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(suffix);
            }
            path
        };
        let (mut location, mut chain) = (self.file.location(span), Vec::new());
        if let Some((manifest, files)) = self.file.manifest() {
            if let Some(origin) = manifest.origin(span.start) {
                chain = provenance::chain(origin, files);
            }
            // What a patch took away is best put back there.
            let removed = suffix.split('.').next().unwrap_or_default();
            if let Some(step) = manifest.removal(node.span().start, removed)
                && let Some(place) = step.place.and_then(|place| files.location(place))
            {
                chain = vec![Related { message: "it belongs here".to_owned(), location }];
                location = place;
            }
        }
        let path = field(false);
        Located {
            location,
            field: (!path.is_empty()).then_some(path),
            stable_field: field(true),
            chain,
        }
    }

    /// What stands for an object as a whole: its name.
    fn name_of_object(&self, node: Node<'_>) -> Option<Node<'_>> {
        let root = self.object.map(|object| object.root).filter(|root| root.id() == node.id())?;
        let name = root.get("metadata")?.get("name")?;
        (name.kind() == Kind::Scalar && !name.span().is_empty()).then_some(name)
    }

    /// The steps from the object's root (else the document's) down to `target`,
    /// which is a value or a key.
    fn steps_to(&self, target: Node<'_>) -> Vec<Step<'_>> {
        let from_object = self.object.map(|object| object.root);
        let holds = |root: &Node<'_>| {
            root.span().start <= target.span().start && target.span().end <= root.span().end
        };
        let document = || {
            let documents = self.file.tree.documents().iter();
            documents
                .filter_map(|document| document.root)
                .map(|id| self.file.tree.node(id))
                .find(holds)
        };
        let Some(mut node) = from_object.filter(holds).or_else(document) else { return Vec::new() };
        let mut steps = Vec::new();
        // Nodes stand in the arena in order of writing: what holds the target is
        // the last child that doesn't come after it.
        while node.id() != target.id() {
            let step = match node.kind() {
                Kind::Mapping => node
                    .raw_entries()
                    .take_while(|entry| entry.key.id() <= target.id())
                    .last()
                    .map(|entry| {
                        (
                            Step::Key(entry.key),
                            if entry.key.id() == target.id() { entry.key } else { entry.raw_value },
                        )
                    }),
                Kind::Sequence => node
                    .raw_items()
                    .enumerate()
                    .take_while(|(_, item)| item.id() <= target.id())
                    .last()
                    .map(|(index, item)| (Step::Item(index, item), item)),
                Kind::Scalar | Kind::Alias => None,
            };
            let Some((step, next)) = step else { break };
            steps.push(step);
            node = next;
        }
        steps
    }
}

/// What to underline for a value: a scalar itself, of a collection only the key
/// that holds it or, in a list, its name; a whole block would hide the point.
fn shown_span(node: Node<'_>, last: Option<&Step<'_>>) -> Span {
    if matches!(node.kind(), Kind::Scalar | Kind::Alias) {
        let span = node.span();
        if span.is_empty()
            && let Some(Step::Key(key)) = last
        {
            return key.span();
        }
        return span;
    }
    match last {
        Some(Step::Key(key)) => key.span(),
        Some(Step::Item(..)) | None if node.kind() == Kind::Mapping => {
            let name = node.raw_entries().find(|entry| entry.key.text() == "name");
            match name.or_else(|| node.raw_entries().next()) {
                Some(entry)
                    if entry.raw_value.kind() == Kind::Scalar
                        && !entry.raw_value.span().is_empty() =>
                {
                    Span { start: entry.key.span().start, end: entry.raw_value.span().end }
                }
                Some(entry) => entry.key.span(),
                None => node.span(),
            }
        }
        _ => Span { start: node.span().start, end: node.span().start + 1 },
    }
}

fn push_step(path: &mut String, step: &Step<'_>, stable: bool) {
    use std::fmt::Write;
    match step {
        Step::Key(key) => {
            let key = key.text();
            if key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'$')) {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            } else {
                let _ = write!(path, "[{key}]");
            }
        }
        Step::Item(index, item) => {
            let name = item.get("name").filter(|_| stable).and_then(|name| name.as_str());
            let _ = match name {
                Some(name) => write!(path, "[name={name}]"),
                None => write!(path, "[{index}]"),
            };
        }
    }
}
