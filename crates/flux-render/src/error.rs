//! Why something can't be rendered.

use crate::{
    files::Files,
    place::Place,
    tree::{Kind, Node},
};

/// Why something can't be rendered: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What sort of trouble.
    pub kind: ErrorKind,
    /// What is wrong and what to do about it.
    pub message: String,
    /// Where it is written; none if there is no file to point at.
    pub place: Option<Place>,
}

/// What sort of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// A file isn't readable YAML.
    Malformed,
    /// A file or folder isn't there.
    NotFound,
    /// A file or folder is there, but not in the artifact from which Flux builds.
    LeftOut,
    /// A kustomization file has a key that kustomize doesn't know.
    UnknownField,
    /// A patch or a replacement has nothing that it is for.
    NoTarget,
    /// Folders refer to each other in a circle.
    Cycle,
    /// It lies outside of what is rendered.
    Outside,
    /// Flux refuses it: Helm charts, plugins that run programs.
    Refused,
    /// It is fetched from elsewhere, which isn't done here.
    Remote,
    /// It is larger or deeper than the documented limits.
    Limit,
    /// kustomize wouldn't build it for another reason.
    Invalid,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), place: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    pub(crate) fn wrong_kind(wanted: Kind, node: &Node) -> Self {
        Self {
            place: node.origin.place,
            ..Self::invalid(format!(
                "{} stands where {} is expected",
                name_of(node.kind),
                name_of(wanted)
            ))
        }
    }

    /// A file or folder isn't there, or is hidden.
    pub(crate) fn missing(files: &dyn Files, path: &str, what: &str) -> Self {
        match files.left_out(path) {
            Some(why) => Self::new(ErrorKind::LeftOut, why),
            None => Self::new(ErrorKind::NotFound, format!("there is no {what} {path}")),
        }
    }

    /// The same at a place, unless it has one already.
    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = self.place.or(place);
        self
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Scalar => "a single value",
        Kind::Sequence => "a list",
        Kind::Mapping => "a mapping",
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
