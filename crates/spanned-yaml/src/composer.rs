//! Builds a tree along with its text, for writers that know what stands where: their text need not
//! be parsed.

use crate::{
    Kind, Limits, Span, Style,
    builder::Builder,
    characters::is_printable,
    scanner::Text,
    tree::{Document, Tree},
};

/// A tree in the making: one document, without anchors, tags and comments. What is told of it must
/// be what [`parse`](crate::parse) would find in the text, and each key of a mapping another one.
///
/// ```
/// use spanned_yaml::{Composer, Kind, Span, Style};
///
/// let mut composer = Composer::new(2);
/// composer.open(Kind::Mapping, 0);
/// composer.scalar(Span::new(0, 4), Style::Plain);
/// composer.scalar(Span::new(6, 11), Style::DoubleQuoted);
/// composer.close();
/// let tree = composer.finish("name: \"web\"\n").unwrap();
/// assert_eq!(tree.root(0).unwrap().get("name").unwrap().text(), "web");
/// ```
pub struct Composer {
    builder: Builder<'static>,
    /// The texts of literal blocks, without their indentation.
    decoded: String,
    refused: bool,
}

impl Composer {
    /// A tree of about so many nodes.
    pub fn new(nodes: usize) -> Self {
        let mut builder = Builder::new("", &Limits::default());
        builder.nodes.reserve(nodes);
        Self { builder, decoded: String::new(), refused: false }
    }

    /// Opens a collection by indentation: at the first byte of its first key, or of its first `-`.
    pub fn open(&mut self, kind: Kind, start: u32) {
        let span = Span { start, end: start };
        let opened = match kind {
            Kind::Mapping => self.builder.open_mapping(span, Style::Block, None),
            Kind::Sequence => self.builder.open_sequence(span, Style::Block, None),
            Kind::Scalar | Kind::Alias => return self.refuse(),
        };
        self.refused |= opened.is_err();
    }

    /// Closes the innermost collection, where its last part ended.
    pub fn close(&mut self) {
        self.builder.close_at_child();
    }

    /// Adds a scalar of one line and without escapes: plain, or within its quotes.
    pub fn scalar(&mut self, span: Span, style: Style) {
        let quotes = match style {
            Style::Plain => 0,
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            Style::Literal | Style::Folded | Style::Block | Style::Flow => return self.refuse(),
        };
        let len = (span.end - span.start).saturating_sub(2 * quotes);
        let text = Text { start: span.start + quotes, len, decoded: false };
        self.builder.scalar(span, style, text, None);
    }

    /// Adds a scalar without anchor and tag whose text isn't what stands between its quotes: it has
    /// escapes, or goes over several lines.
    pub fn decoded(&mut self, span: Span, style: Style, text: &str) {
        let start = self.decoded.len() as u32;
        self.decoded.push_str(text);
        let text = Text { start, len: text.len() as u32, decoded: true };
        self.builder.scalar(span, style, text, None);
    }

    /// Adds a literal block below a collection, without an indentation indicator. `span` reaches
    /// from its `|` to the end of its last line that isn't empty. `text` is what it says: each of
    /// its lines is printable, and the first doesn't begin with a blank.
    pub fn literal(&mut self, span: Span, text: &str) {
        if text.starts_with([' ', '\n']) || text.is_empty() || !is_printable(text) {
            return self.refuse();
        }
        self.decoded(span, Style::Literal, text);
    }

    /// Adds `{}` or `[]`.
    pub fn empty(&mut self, kind: Kind, span: Span) {
        let opened = match kind {
            Kind::Mapping => self.builder.open_mapping(span, Style::Flow, None),
            Kind::Sequence => self.builder.open_sequence(span, Style::Flow, None),
            Kind::Scalar | Kind::Alias => return self.refuse(),
        };
        self.refused |= opened.is_err();
        self.builder.close(span.end);
    }

    /// What can't be told so: there will be no tree.
    pub fn refuse(&mut self) {
        self.refused = true;
    }

    /// The tree; none if there was something that can't be told, or that passes the limits.
    pub fn finish(self, source: impl Into<Box<str>>) -> Option<Tree> {
        let source = source.into();
        let nodes = self.builder.nodes;
        let too_large = source.len() > Limits::default().max_bytes as usize;
        if self.refused || too_large || nodes.is_empty() {
            return None;
        }
        let document = Document {
            span: Span::new(0, source.len()),
            root: Some(crate::NodeId(0)),
            ..Document::default()
        };
        let documents = vec![document];
        let (comments, errors) = (Vec::new(), Vec::new());
        let properties = Vec::new();
        let mut tree =
            Tree::new(source, &nodes, properties, self.decoded, documents, comments, errors);
        tree.keys_differ = true;
        Some(tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NodeId;

    fn same(composed: &Tree, parsed: &Tree) {
        assert_eq!(composed.documents(), parsed.documents());
        assert_eq!(composed.node_count(), parsed.node_count());
        for number in 0..parsed.node_count() {
            let node = |tree: &Tree| {
                let node = tree.node(NodeId(number as u32));
                (node.kind(), node.style(), node.span(), node.text().to_owned())
            };
            assert_eq!(node(composed), node(parsed));
        }
    }

    #[test]
    fn composes_what_would_be_parsed() {
        let text = "a: 'b'\nc:\n- {}\n- d: 1\n";
        let mut composer = Composer::new(8);
        composer.open(Kind::Mapping, 0);
        composer.scalar(Span::new(0, 1), Style::Plain);
        composer.scalar(Span::new(3, 6), Style::SingleQuoted);
        composer.scalar(Span::new(7, 8), Style::Plain);
        composer.open(Kind::Sequence, 10);
        composer.empty(Kind::Mapping, Span::new(12, 14));
        composer.open(Kind::Mapping, 17);
        composer.scalar(Span::new(17, 18), Style::Plain);
        composer.scalar(Span::new(20, 21), Style::Plain);
        composer.close();
        composer.close();
        composer.close();
        same(&composer.finish(text).unwrap(), &crate::parse(text));
    }

    #[test]
    fn composes_literal_blocks() {
        for (block, value) in [
            ("|\n  b\n   c\n\n  d\n", "b\n c\n\nd\n"),
            ("|-\n  b # c\n  \u{e9}", "b # c\n\u{e9}"),
            ("|+\n  b\n\n\n", "b\n\n\n"),
        ] {
            let text = format!("a: {block}");
            let mut composer = Composer::new(2);
            composer.open(Kind::Mapping, 0);
            composer.scalar(Span::new(0, 1), Style::Plain);
            composer.literal(Span::new(3, text.trim_end_matches('\n').len()), value);
            composer.close();
            same(&composer.finish(text.as_str()).unwrap(), &crate::parse(text.as_str()));
        }
        for value in ["", " b\n", "\nb", "b\tc\n", "b\rc\n", "b\u{85}c", "b\u{2028}c", "\u{feff}b"]
        {
            let mut composer = Composer::new(1);
            composer.literal(Span::new(0, 1), value);
            assert!(composer.finish("|").is_none(), "{value:?}");
        }
    }

    #[test]
    fn what_cannot_be_told_gives_no_tree() {
        let mut composer = Composer::new(1);
        composer.scalar(Span::new(0, 5), Style::Literal);
        assert!(composer.finish("|\n  a\n").is_none());
        let mut deep = Composer::new(0);
        (0..=Limits::default().max_depth).for_each(|at| deep.open(Kind::Sequence, at));
        assert!(deep.finish("").is_none());
    }
}
