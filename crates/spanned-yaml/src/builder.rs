//! Puts nodes into the arena as they are parsed, and keeps watch over depth and
//! aliases.

use rustc_hash::FxHashMap;

use crate::{
    Error, ErrorKind, Kind, Limits, NodeId, Span, Style,
    limits::allowed_alias_ratio,
    record::{Record, TEXT_DECODED},
    scanner::Text,
};

/// Anchor, tag, and where they begin.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    pub(crate) anchor: Option<Span>,
    pub(crate) tag: Option<String>,
    pub(crate) start: u32,
}

/// An anchored node: its id, and how many nodes it stands for, aliases expanded.
struct Anchored {
    id: u32,
    expanded: u64,
    is_open: bool,
}

struct Open {
    id: u32,
    /// Nodes of the document before it, aliases expanded.
    expanded_before: u64,
    anchor: Option<Span>,
}

pub(crate) struct Builder<'s> {
    source: &'s str,
    limits: Limits,
    pub(crate) nodes: Vec<Record>,
    /// By id, ascending.
    pub(crate) properties: Vec<(u32, Properties)>,
    open: Vec<Open>,
    anchors: FxHashMap<&'s str, Anchored>,
    document_start: usize,
    properties_start: usize,
    /// Nodes of the document, aliases expanded, and those that aliases added.
    expanded: u64,
    from_aliases: u64,
    last_end: u32,
}

type Result<T> = std::result::Result<T, Box<Error>>;

impl<'s> Builder<'s> {
    pub(crate) fn new(source: &'s str, limits: &Limits) -> Self {
        Self {
            source,
            limits: *limits,
            // Ordinary manifests have a node every 12 to 16 bytes.
            nodes: Vec::with_capacity(source.len() / 12 + 4),
            properties: Vec::new(),
            open: Vec::new(),
            anchors: FxHashMap::default(),
            document_start: 0,
            properties_start: 0,
            expanded: 0,
            from_aliases: 0,
            last_end: 0,
        }
    }

    pub(crate) fn next_id(&self) -> NodeId {
        NodeId(self.nodes.len() as u32)
    }

    /// Where the last node, or part of one, ended.
    pub(crate) fn last_end(&self) -> u32 {
        self.last_end
    }

    #[inline]
    fn push_bare(&mut self, record: Record) -> u32 {
        let id = self.nodes.len() as u32;
        self.last_end = record.end;
        self.expanded += 1;
        self.nodes.push(record);
        id
    }

    #[inline]
    fn push(&mut self, record: Record, properties: Option<Box<Properties>>) -> u32 {
        let id = self.push_bare(record);
        if let Some(properties) = properties {
            self.add_properties(id, record, *properties);
        }
        id
    }

    #[cold]
    fn add_properties(&mut self, id: u32, record: Record, properties: Properties) {
        if let Some(anchor) = properties.anchor {
            let name = self.source.get(anchor.range()).unwrap_or_default();
            self.anchors
                .insert(name, Anchored { id, expanded: 1, is_open: record.kind() != Kind::Scalar });
        }
        self.properties.push((id, properties));
    }

    #[inline]
    pub(crate) fn scalar(
        &mut self,
        span: Span,
        style: Style,
        text: Text,
        properties: Option<Box<Properties>>,
    ) {
        let flags = if text.decoded { TEXT_DECODED } else { 0 };
        self.push(Record::new(Kind::Scalar, style, flags, span, text.start, text.len), properties);
    }

    pub(crate) fn open_sequence(
        &mut self,
        span: Span,
        style: Style,
        properties: Option<Box<Properties>>,
    ) -> Result<()> {
        self.open(Kind::Sequence, span, style, properties)
    }

    pub(crate) fn open_mapping(
        &mut self,
        span: Span,
        style: Style,
        properties: Option<Box<Properties>>,
    ) -> Result<()> {
        self.open(Kind::Mapping, span, style, properties)
    }

    fn open(
        &mut self,
        kind: Kind,
        span: Span,
        style: Style,
        properties: Option<Box<Properties>>,
    ) -> Result<()> {
        if self.open.len() >= self.limits.max_depth as usize {
            let message = format!("nested deeper than {} levels", self.limits.max_depth);
            return Err(Error::new(ErrorKind::DepthLimit, message, span));
        }
        let expanded_before = self.expanded;
        let anchor = properties.as_ref().and_then(|properties| properties.anchor);
        let id = self.push(Record::new(kind, style, 0, span, 0, 0), properties);
        self.open.push(Open { id, expanded_before, anchor });
        Ok(())
    }

    /// Closes the innermost collection at `end`.
    pub(crate) fn close(&mut self, end: u32) {
        let Some(open) = self.open.pop() else { return };
        let next = self.nodes.len() as u32;
        if let Some(record) = self.nodes.get_mut(open.id as usize) {
            record.end = end;
            record.b = next;
        }
        self.last_end = end;
        if let Some(anchor) = open.anchor {
            let name = self.source.get(anchor.range()).unwrap_or_default();
            if let Some(anchored) =
                self.anchors.get_mut(name).filter(|anchored| anchored.id == open.id)
            {
                anchored.is_open = false;
                anchored.expanded = self.expanded - open.expanded_before;
            }
        }
    }

    /// Closes the innermost collection where its last part ended.
    pub(crate) fn close_at_child(&mut self) {
        self.close(self.last_end);
    }

    pub(crate) fn alias(&mut self, span: Span) -> Result<()> {
        let name = self.source.get(span.start as usize + 1..span.end as usize).unwrap_or_default();
        let Some(anchored) = self.anchors.get(name) else {
            let message = format!("no anchor &{name} stands before this alias");
            return Err(Error::new(ErrorKind::UnknownAnchor, message, span)
                .help("quote the value if it is a text"));
        };
        if anchored.is_open {
            let at = self.nodes.get(anchored.id as usize).map_or(0, |record| record.start);
            let error =
                Error::new(ErrorKind::RecursiveAlias, format!("&{name} holds itself"), span);
            return Err(error.related(at as usize, "the node that it names starts here"));
        }
        let (target, size) = (anchored.id, anchored.expanded);
        self.push(Record::new(Kind::Alias, Style::Plain, 0, span, target, 0), None);
        self.expanded = self.expanded.saturating_add(size);
        self.from_aliases = self.from_aliases.saturating_add(size);
        #[allow(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = self.from_aliases as f64 / self.expanded as f64;
        let looked_at = self.from_aliases > self.limits.min_alias_expansion && self.expanded > 1000;
        if looked_at && ratio > allowed_alias_ratio(self.expanded) {
            return Err(Error::new(
                ErrorKind::AliasLimit,
                "the document's aliases expand to too much",
                span,
            )
            .help("write the values out, or use fewer aliases"));
        }
        Ok(())
    }

    pub(crate) fn end_document(&mut self) {
        self.document_start = self.nodes.len();
        self.properties_start = self.properties.len();
        self.reset();
    }

    /// Forgets what was built of a broken document.
    pub(crate) fn abandon(&mut self) {
        self.nodes.truncate(self.document_start);
        self.properties.truncate(self.properties_start);
        self.reset();
    }

    fn reset(&mut self) {
        self.open.clear();
        self.anchors.clear();
        self.expanded = 0;
        self.from_aliases = 0;
    }

    /// Adds to an error where the innermost collection starts.
    pub(crate) fn in_collection(&self, error: Box<Error>, message: &str) -> Box<Error> {
        let start = self
            .open
            .last()
            .and_then(|open| self.nodes.get(open.id as usize))
            .map(|record| record.start);
        match start {
            Some(start) => error.related(start as usize, message),
            None => error,
        }
    }
}
