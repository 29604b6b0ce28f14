//! What a walk finds.

use spanned_yaml::Node;

use super::versions::Versions;

/// What kind of thing is wrong. A rule of `schema/*` reports each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// A field that the schema hasn't.
    UnknownField,
    /// A value of a type that isn't allowed there.
    WrongType,
    /// A field that must be there, and isn't.
    MissingField,
    /// A value that the schema rules out.
    InvalidValue,
    /// An item of a list that is there already.
    DuplicateItem,
    /// A field that Kubernetes has deprecated.
    Deprecated,
    /// A value that isn't known before Flux substitutes it, where it matters.
    Unknown,
}

/// Where something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot<'a> {
    /// A key.
    Key(Node<'a>),
    /// A value.
    Value(Node<'a>),
    /// A field of this mapping that isn't there.
    Missing(Node<'a>, String),
}

/// One thing that is wrong with an object.
#[derive(Clone, Debug)]
pub struct Complaint<'a> {
    /// What kind of thing.
    pub problem: Problem,
    /// Where.
    pub spot: Spot<'a>,
    /// The versions for which it is.
    pub versions: Versions,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The item that was there first.
    pub first: Option<Node<'a>>,
    /// It is about a value that isn't among those of an enumeration.
    pub is_choice: bool,
    /// It is about how a quantity is written.
    pub is_quantity: bool,
    /// The project, with its release, whose schema portcullis carries.
    pub project: Option<&'static str>,
}

impl<'a> Complaint<'a> {
    pub(super) fn new(problem: Problem, spot: Spot<'a>, versions: Versions) -> Self {
        Self {
            problem,
            spot,
            versions,
            message: String::new(),
            help: None,
            first: None,
            is_choice: false,
            is_quantity: false,
            project: None,
        }
    }

    pub(super) fn says(self, message: String) -> Self {
        Self { message, ..self }
    }

    pub(super) fn help(self, help: Option<String>) -> Self {
        Self { help, ..self }
    }

    pub(super) fn first(self, first: Node<'a>) -> Self {
        Self { first: Some(first), ..self }
    }

    pub(super) fn choice(self, is_choice: bool) -> Self {
        Self { is_choice, ..self }
    }

    pub(super) fn quantity(self, is_quantity: bool) -> Self {
        Self { is_quantity, ..self }
    }

    /// The node that it is about.
    pub fn node(&self) -> Node<'a> {
        match &self.spot {
            Spot::Key(node) | Spot::Value(node) | Spot::Missing(node, _) => *node,
        }
    }
}

/// Puts complaints in order of place, and makes one of those that versions have in common.
pub(super) fn merge(complaints: &mut Vec<Complaint<'_>>) {
    let order = |one: &Complaint<'_>| (one.node().id(), one.problem);
    complaints.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.message.cmp(&b.message)));
    complaints.dedup_by(|later, first| {
        let same = order(later) == order(first) && later.message == first.message;
        if same {
            first.versions = first.versions.or(later.versions);
        }
        same
    });
}
