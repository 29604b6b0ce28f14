//! A parsed stream.

use std::sync::OnceLock;

use crate::{
    Error, ErrorKind, Limits, LineIndex, Node, NodeId, Position, Span, builder::Properties,
    characters::bad_characters, document::parse_stream, record::Record,
};

/// A YAML stream: its documents in one arena, its comments and its errors.
#[derive(Debug)]
pub struct Tree {
    source: Box<str>,
    pub(crate) nodes: Box<[Record]>,
    properties: Box<[(u32, Properties)]>,
    decoded: Box<str>,
    documents: Box<[Document]>,
    comments: Box<[Span]>,
    errors: Box<[Error]>,
    /// No mapping has a key twice.
    pub(crate) keys_differ: bool,
    lines: OnceLock<LineIndex>,
}

/// One document of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// From its first token (directives and `---` included) to the next
    /// document's, or past its `...`.
    pub span: Span,
    /// Its value; none if it holds nothing but comments, or is broken.
    pub root: Option<NodeId>,
    /// An error lies in it: nothing that is known of it may be relied on.
    pub broken: bool,
    /// Begun with `---`.
    pub explicit_start: bool,
    /// Ended with `...`.
    pub explicit_end: bool,
    /// `%YAML` directive: major and minor version.
    pub version: Option<(u32, u32)>,
    /// `%TAG` directives: handle and prefix.
    pub tag_directives: Vec<(String, String)>,
}

/// Parses a text. Never fails: errors are in the tree.
///
/// ```
/// let tree = spanned_yaml::parse("name: web # the front\n");
/// let name = tree.root(0).unwrap().get("name").unwrap();
/// assert_eq!(name.text(), "web");
/// assert_eq!(&tree.source()[tree.comments()[0].range()], "# the front");
/// ```
pub fn parse(source: impl Into<Box<str>>) -> Tree {
    parse_with(source, &Limits::default())
}

/// Parses a text within `limits`. Never fails: errors are in the tree.
pub fn parse_with(source: impl Into<Box<str>>, limits: &Limits) -> Tree {
    parse_checked(source.into(), &[], limits)
}

/// Parses a text in which `invalid` are the places of bytes that weren't UTF-8.
pub(crate) fn parse_checked(source: Box<str>, invalid: &[Error], limits: &Limits) -> Tree {
    if source.len() > limits.max_bytes.min(MAX_BYTES) as usize {
        return Tree::refused(
            ErrorKind::SizeLimit,
            format!("larger than {} bytes", limits.max_bytes),
            None,
        );
    }
    let mut bad = bad_characters(&source);
    bad.extend_from_slice(invalid);
    bad.sort_by_key(|error| error.span);
    parse_stream(source, &bad, limits)
}

/// Spans are 32 bits wide; node numbers, too, and there are no more nodes than
/// twice the bytes.
const MAX_BYTES: u32 = 1 << 30;

impl Tree {
    pub(crate) fn new(
        source: Box<str>,
        nodes: &[Record],
        properties: Vec<(u32, Properties)>,
        decoded: String,
        documents: Vec<Document>,
        comments: Vec<Span>,
        errors: Vec<Error>,
    ) -> Self {
        // An allocator may leave a vector that shrinks the room that it had; a copy has what it needs.
        let mut nodes: Box<[Record]> = nodes.into();
        for record in &mut nodes {
            record.complete(source.as_bytes(), decoded.as_bytes());
        }
        Self {
            source,
            nodes,
            properties: properties.into_boxed_slice(),
            decoded: decoded.into_boxed_str(),
            documents: documents.into_boxed_slice(),
            comments: comments.into_boxed_slice(),
            errors: errors.into_boxed_slice(),
            keys_differ: false,
            lines: OnceLock::new(),
        }
    }

    /// A tree of nothing but an error.
    pub(crate) fn refused(kind: ErrorKind, message: String, help: Option<String>) -> Self {
        let mut error = Error::new(kind, message, Span::default());
        error.help = help;
        let document = Document { broken: true, ..Document::default() };
        let empty: &str = "";
        Self::new(
            empty.into(),
            &[],
            Vec::new(),
            String::new(),
            vec![document],
            Vec::new(),
            vec![*error],
        )
    }

    /// The text that was parsed.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The documents, in order.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// What is wrong, in order; at most one error a document.
    pub fn errors(&self) -> &[Error] {
        &self.errors
    }

    /// The comments, in order: from `#` to the line's end, without the break.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// The comments that lie in `span`.
    pub fn comments_within(&self, span: Span) -> &[Span] {
        let from = self.comments.partition_point(|comment| comment.start < span.start);
        let to = self.comments.partition_point(|comment| comment.end <= span.end);
        self.comments.get(from..to).unwrap_or_default()
    }

    /// The node of this id. An id of another tree gives some node of this one,
    /// or an empty scalar.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node::new(self, id)
    }

    /// Whether a text stands anywhere in the source, or in what its escapes and line breaks mean: no
    /// scalar holds any other.
    pub fn mentions(&self, text: &str) -> bool {
        self.source.contains(text) || self.decoded.contains(text)
    }

    /// The value of the document at `index`, from 0.
    pub fn root(&self, index: usize) -> Option<Node<'_>> {
        self.documents.get(index)?.root.map(|id| self.node(id))
    }

    /// Number of nodes in all documents.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The places of the lines. They are found when first asked for: few trees are.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.source))
    }

    /// Line and column of a byte offset, as [`LineIndex::position`].
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(&self.source, offset)
    }

    /// Texts that differ from their source.
    pub(crate) fn decoded(&self) -> &str {
        &self.decoded
    }

    pub(crate) fn properties(&self, id: u32) -> Option<&Properties> {
        let at = self.properties.binary_search_by_key(&id, |(of, _)| *of).ok()?;
        self.properties.get(at).map(|(_, properties)| properties)
    }
}
