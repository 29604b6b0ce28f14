//! A file that was read, and its tree.

use std::sync::{Arc, OnceLock};

use spanned_yaml::{LineIndex, Span, Tree};

use crate::finding::{Location, Position};

/// A file of the repository, parsed.
#[derive(Debug)]
pub struct File {
    /// Path relative to the repository's root, with `/`.
    pub path: Arc<str>,
    /// Its documents.
    pub tree: Tree,
    lines: OnceLock<LineIndex>,
}

impl File {
    /// A file from its tree.
    pub fn new(path: impl Into<Arc<str>>, tree: Tree) -> Self {
        Self { path: path.into(), tree, lines: OnceLock::new() }
    }

    /// Its text.
    pub fn source(&self) -> &str {
        self.tree.source()
    }

    /// Turns a span into lines and columns. The index of lines is made when it
    /// is first asked for: most files never need one.
    pub fn location(&self, span: Span) -> Location {
        let lines = self.lines.get_or_init(|| self.tree.line_index());
        let position = |offset| {
            let at = lines.position(self.tree.source(), offset);
            Position { line: at.line, column: at.column, offset: at.offset }
        };
        Location { file: self.path.clone(), start: position(span.start), end: position(span.end) }
    }
}
