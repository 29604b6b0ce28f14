//! What can be wrong with a source.

use std::fmt;

use crate::Span;

/// One error, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What sort of error it is.
    pub kind: ErrorKind,
    /// What is wrong, in lower case.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it, where that can be said.
    pub help: Option<String>,
    /// A second place that explains, and what is to be seen there.
    pub related: Option<(Span, String)>,
    /// Index of the document it lies in.
    pub document: usize,
}

/// Sorts of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not UTF-8, or a character that YAML doesn't allow.
    Encoding,
    /// The grammar.
    Syntax,
    /// An alias to an anchor that isn't there.
    UnknownAnchor,
    /// An alias within the node that its anchor names.
    RecursiveAlias,
    /// Nested too deeply.
    DepthLimit,
    /// Too large.
    SizeLimit,
    /// Aliases that expand to too much.
    AliasLimit,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    // Boxed, so that the results which every token passes through stay small.
    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>, span: Span) -> Box<Self> {
        Box::new(Self {
            kind,
            message: message.into(),
            span,
            help: None,
            related: None,
            document: 0,
        })
    }

    #[cold]
    pub(crate) fn syntax(message: impl Into<String>, at: usize) -> Box<Self> {
        Self::new(ErrorKind::Syntax, message, Span::new(at, at))
    }

    pub(crate) fn related(mut self: Box<Self>, at: usize, message: impl Into<String>) -> Box<Self> {
        self.related = Some((Span::new(at, at), message.into()));
        self
    }

    pub(crate) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }
}
