//! What a rule says, in terms of nodes: places become lines and columns later,
//! in one place, so that no rule does arithmetic on positions.

use spanned_yaml::Node;

use crate::{finding::GapKind, kube::Object, repo::File, rules::Rule};

/// A place in a file, named by the tree.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a File,
    /// The object in which field paths start; none for what concerns a document.
    pub object: Option<&'a Object<'a>>,
    /// What it points at.
    pub target: Target<'a>,
}

/// What a [`Place`] points at.
#[derive(Clone, Debug)]
pub enum Target<'a> {
    /// A value: all of its text if it is a scalar; of a mapping or sequence, the
    /// key that holds it, or, for an item of a list, its `name` or first key.
    Node(Node<'a>),
    /// A key of a mapping.
    Key(Node<'a>),
    /// A field that isn't there: shown at `parent` as [`Target::Node`] has it,
    /// and named by `field`, a path below `parent` as `resources.limits`.
    Missing {
        /// Closest existing ancestor.
        parent: Node<'a>,
        /// Path below it.
        field: String,
    },
}

/// One offence, as a rule reports it.
#[derive(Clone, Debug)]
pub struct Violation<'a> {
    /// The place to edit.
    pub place: Place<'a>,
    /// What is wrong: one line, lower case, no full stop.
    pub message: String,
    /// A few words shown under the place itself.
    pub label: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Places that explain, in order.
    pub related: Vec<(Place<'a>, String)>,
    /// The namespace whose objects decide it, if that isn't the object's own.
    pub decided_in: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A value in an object.
    pub fn node(object: &'a Object<'a>, node: Node<'a>) -> Self {
        Self { file: object.file, object: Some(object), target: Target::Node(node) }
    }

    /// A key in an object.
    pub fn key(object: &'a Object<'a>, key: Node<'a>) -> Self {
        Self { file: object.file, object: Some(object), target: Target::Key(key) }
    }

    /// A field that is missing below `parent`; `field` is its path from there.
    pub fn missing(object: &'a Object<'a>, parent: Node<'a>, field: impl Into<String>) -> Self {
        Self {
            file: object.file,
            object: Some(object),
            target: Target::Missing { parent, field: field.into() },
        }
    }

    /// The field `path` (keys joined by `.`, no indices) below `parent`: the
    /// field itself if it is there, else missing at the closest ancestor that is.
    pub fn field(object: &'a Object<'a>, parent: Node<'a>, path: &str) -> Self {
        let mut node = parent;
        let mut rest = path;
        while !rest.is_empty() {
            let (key, after) = rest.split_once('.').unwrap_or((rest, ""));
            match node.get(key).filter(|next| !next.is_null()) {
                Some(next) => (node, rest) = (next, after),
                None => return Self::missing(object, node, rest),
            }
        }
        Self::node(object, node)
    }

    /// A place in a document that no object claims.
    pub fn in_file(file: &'a File, target: Target<'a>) -> Self {
        Self { file, object: None, target }
    }
}

impl<'a> Violation<'a> {
    /// An offence at `place`.
    pub fn new(place: Place<'a>, message: impl Into<String>) -> Self {
        Self {
            place,
            message: message.into(),
            label: None,
            help: None,
            related: Vec::new(),
            decided_in: None,
        }
    }

    /// An offence at a value of an object.
    pub fn at(object: &'a Object<'a>, node: Node<'a>, message: impl Into<String>) -> Self {
        Self::new(Place::node(object, node), message)
    }

    /// Adds a few words for the place itself.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a place that explains.
    #[must_use]
    pub fn related(mut self, place: Place<'a>, message: impl Into<String>) -> Self {
        self.related.push((place, message.into()));
        self
    }
}

/// Collects what rules say about one object, document or namespace.
#[derive(Default)]
pub struct Findings<'a> {
    /// Offences with the rule that each is against.
    pub(super) violations: Vec<(&'static Rule, Violation<'a>)>,
    /// What a rule could not tell.
    pub(super) gaps: Vec<(GapKind, Place<'a>, String)>,
    rule: Option<&'static Rule>,
}

impl<'a> Findings<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.violations.is_empty() && self.gaps.is_empty()
    }

    /// Whether any offence was reported.
    pub fn has_violations(&self) -> bool {
        !self.violations.is_empty()
    }

    /// Says which rule reports next.
    pub(crate) fn set_rule(&mut self, rule: &'static Rule) {
        self.rule = Some(rule);
    }

    /// Reports an offence against the running rule.
    pub fn report(&mut self, violation: Violation<'a>) {
        if let Some(rule) = self.rule {
            self.violations.push((rule, violation));
        }
    }

    /// Says that the rule can't tell, because the value at `node` isn't known
    /// offline or is of a wrong type: a coverage gap. Several rules may say it
    /// of one node; it is listed once.
    pub fn unknown(&mut self, object: &'a Object<'a>, node: Node<'a>) {
        if crate::kube::is_unresolved(node.text()) {
            let message = format!("{} is only known once Flux substitutes it", node.text());
            self.gaps.push((GapKind::UnknownValue, Place::node(object, node), message));
        } else {
            let message = "the value's type is not what Kubernetes reads here".to_owned();
            self.gaps.push((GapKind::Unreadable, Place::node(object, node), message));
        }
    }

    /// Says that something was not checked, and why.
    pub fn gap(&mut self, kind: GapKind, place: Place<'a>, message: impl Into<String>) {
        self.gaps.push((kind, place, message.into()));
    }
}
