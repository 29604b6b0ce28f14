//! Nodes, and ways through them.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::{
    Dialect, Scalar, Span, Tree,
    record::{MERGE, NOTHING, Record, ends_of},
    resolve,
};

/// A node's number in its tree. Numbers follow the order of writing: a
/// collection comes before what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The number, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// A list.
    Sequence,
    /// Keys with values.
    Mapping,
    /// `*name`: another node, once more.
    Alias,
}

/// How a node is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// A scalar without quotes.
    Plain,
    /// `'...'`
    SingleQuoted,
    /// `"..."`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
    /// A collection by indentation.
    Block,
    /// `[...]` or `{...}`
    Flow,
}

/// A node of a tree. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree,
    id: NodeId,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.tree, other.tree)
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:?} {:?} at {:?}", self.id.0, self.kind(), self.span())?;
        if self.kind() == Kind::Scalar {
            write!(f, " {:?}", self.text())?;
        }
        f.write_str(")")
    }
}

/// A key of a mapping and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The key as written.
    pub key: Node<'t>,
    /// The value; what it names, if it is an alias.
    pub value: Node<'t>,
    /// The value as written.
    pub raw_value: Node<'t>,
}

impl<'t> Node<'t> {
    pub(crate) fn new(tree: &'t Tree, id: NodeId) -> Self {
        Self { tree, id }
    }

    #[inline]
    fn record(self) -> Record {
        self.tree.nodes.get(self.id.index()).copied().unwrap_or(NOTHING)
    }

    /// Its number.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The tree that it is part of.
    pub fn tree(self) -> &'t Tree {
        self.tree
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.record().kind()
    }

    /// How it is written.
    pub fn style(self) -> Style {
        self.record().style()
    }

    /// Its place: quotes, brackets and the head of a block scalar included,
    /// anchor and tag not, nor what trails a block.
    #[inline]
    pub fn span(self) -> Span {
        let record = self.record();
        Span { start: record.start, end: record.end }
    }

    /// Its place with its anchor and tag.
    pub fn full_span(self) -> Span {
        let span = self.span();
        match self.tree.properties(self.id.0) {
            Some(properties) => Span { start: properties.start.min(span.start), end: span.end },
            None => span,
        }
    }

    /// Its tag, resolved: `tag:yaml.org,2002:str`, `!local`.
    pub fn tag(self) -> Option<&'t str> {
        self.tree.properties(self.id.0)?.tag.as_deref()
    }

    /// Its anchor, or of an alias the name of one, without `&` or `*`.
    pub fn anchor(self) -> Option<&'t str> {
        let span = match self.kind() {
            Kind::Alias => Span { start: self.span().start + 1, end: self.span().end },
            _ => self.tree.properties(self.id.0)?.anchor?,
        };
        self.tree.source().get(span.range())
    }

    /// The text of a scalar, decoded; of an alias, that of what it names; empty
    /// for collections.
    #[inline]
    pub fn text(self) -> &'t str {
        let record = self.record();
        match record.kind() {
            Kind::Scalar => {
                let buffer = self.tree.buffer_of(&record);
                buffer.get(record.a as usize..(record.a + record.b) as usize).unwrap_or_default()
            }
            Kind::Alias => self.target().text(),
            Kind::Sequence | Kind::Mapping => "",
        }
    }

    /// What an alias names; itself for every other node.
    #[inline]
    pub fn target(self) -> Self {
        let record = self.record();
        match record.kind() {
            // An alias names a node before it, and never an alias.
            Kind::Alias => Self { tree: self.tree, id: NodeId(record.a) },
            _ => self,
        }
    }

    /// A scalar as `dialect` reads it; null for collections.
    pub fn scalar(self, dialect: Dialect) -> Scalar<'t> {
        let node = self.target();
        match node.kind() {
            Kind::Scalar => resolve::resolve(node.tag(), node.style(), node.text(), dialect),
            _ => Scalar::Null,
        }
    }

    /// Whether it is a null, as Kubernetes reads it.
    pub fn is_null(self) -> bool {
        let node = self.target();
        node.kind() == Kind::Scalar && node.scalar(Dialect::GoYamlV2) == Scalar::Null
    }

    /// The boolean that Kubernetes reads.
    pub fn as_bool(self) -> Option<bool> {
        match self.scalar(Dialect::GoYamlV2) {
            Scalar::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number that Kubernetes reads.
    pub fn as_i64(self) -> Option<i64> {
        match self.scalar(Dialect::GoYamlV2) {
            Scalar::Int(value) => Some(value),
            _ => None,
        }
    }

    /// The string that Kubernetes reads; none for numbers, booleans and nulls.
    pub fn as_str(self) -> Option<&'t str> {
        match self.scalar(Dialect::GoYamlV2) {
            Scalar::Str(text) => Some(text),
            // A date without quotes reaches Kubernetes as the text that it was.
            Scalar::Timestamp(text) => Some(text),
            _ => None,
        }
    }

    /// The id behind its last descendant.
    pub(crate) fn subtree_end(self) -> u32 {
        let record = self.record();
        match record.kind() {
            Kind::Sequence | Kind::Mapping => record.b.max(self.id.0 + 1),
            Kind::Scalar | Kind::Alias => self.id.0 + 1,
        }
    }

    fn children(self) -> Children<'t> {
        Children { tree: self.tree, next: self.id.0 + 1, end: self.subtree_end() }
    }

    /// The nodes within it and itself, in order of writing; aliases aren't followed.
    pub fn descendants(self) -> impl ExactSizeIterator<Item = Self> + use<'t> {
        let tree = self.tree;
        (self.id.0..self.subtree_end()).map(move |id| Self { tree, id: NodeId(id) })
    }

    /// The items of a sequence, aliases followed; none for other nodes.
    pub fn items(self) -> Items<'t> {
        Items(self.target().raw_items())
    }

    /// The items of a sequence as written.
    pub fn raw_items(self) -> RawItems<'t> {
        let none = Children { tree: self.tree, next: 0, end: 0 };
        RawItems(if self.kind() == Kind::Sequence { self.children() } else { none })
    }

    /// The entries of a mapping as written: merge keys and duplicates, too.
    pub fn raw_entries(self) -> RawEntries<'t> {
        let none = Children { tree: self.tree, next: 0, end: 0 };
        RawEntries(if self.kind() == Kind::Mapping { self.children() } else { none })
    }

    /// The entries that count: its own in order of writing, then those that
    /// merge keys (`<<`) add. A duplicate key is given as often as it is written.
    pub fn entries(self) -> Entries<'t> {
        Entries {
            own: self.target().raw_entries(),
            merged: Vec::new(),
            merges: Vec::new(),
            mapping: self.target(),
        }
    }

    /// Number of items, or of entries as written.
    pub fn len(self) -> usize {
        let node = self.target();
        match node.kind() {
            Kind::Sequence => node.raw_items().count(),
            Kind::Mapping => node.raw_entries().count(),
            Kind::Scalar | Kind::Alias => 0,
        }
    }

    /// Whether it has no items and no entries.
    pub fn is_empty(self) -> bool {
        self.target().children().next().is_none()
    }

    /// The value of a key, aliases and merge keys followed.
    #[inline]
    pub fn get(self, key: &str) -> Option<Self> {
        self.entry(key).map(|entry| entry.value)
    }

    /// The entry of a key. Its own come before merged ones; of duplicate keys
    /// the last counts, of several merged mappings the first.
    pub fn entry(self, key: &str) -> Option<Entry<'t>> {
        let mapping = self.target();
        if mapping.kind() != Kind::Mapping {
            return None;
        }
        let tree = self.tree;
        let node = |id: u32| Self { tree, id: NodeId(id) };
        let (length, ends) = (key.len(), ends_of(key.as_bytes()));
        let mut found = None;
        let mut has_merge = false;
        let (mut at, end) = (mapping.id.0 + 1, mapping.subtree_end());
        // The most walked loop of all: over records, and nodes are made of what is found alone.
        while at < end {
            let Some(record) = tree.nodes.get(at as usize) else { break };
            let value = match record.kind() {
                Kind::Scalar => {
                    let may_be = record.b as usize == length && record.ends == ends;
                    if may_be && tree.bytes_of(record) == key.as_bytes() {
                        found = Some((at, at + 1));
                        if tree.keys_differ {
                            break;
                        }
                    }
                    has_merge |= record.ends == MERGE && node(at).is_merge();
                    at + 1
                }
                _ => {
                    let value = node(at).subtree_end();
                    if node(at).has_text(key) {
                        found = Some((at, value));
                    }
                    value
                }
            };
            at = match tree.nodes.get(value as usize) {
                Some(record) if matches!(record.kind(), Kind::Sequence | Kind::Mapping) => {
                    record.b.max(value + 1)
                }
                _ => value + 1,
            };
        }
        if let Some((key, value)) = found {
            let raw_value = node(value);
            return Some(Entry { key: node(key), value: raw_value.target(), raw_value });
        }
        if has_merge { self.entries().find(|entry| entry.key.text() == key) } else { None }
    }

    /// Whether its text is this. Most keys differ in length already, which the
    /// record tells without looking at the source.
    #[inline]
    fn has_text(self, text: &str) -> bool {
        let record = self.record();
        match record.kind() {
            Kind::Scalar => {
                record.b as usize == text.len()
                    && record.ends == ends_of(text.as_bytes())
                    && self.tree.bytes_of(&record) == text.as_bytes()
            }
            Kind::Alias => self.text() == text,
            Kind::Sequence | Kind::Mapping => text.is_empty(),
        }
    }

    /// Whether it is the key `<<` that merges.
    #[inline]
    fn is_merge(self) -> bool {
        self.kind() == Kind::Scalar
            && self.has_text("<<")
            && match self.tag() {
                None => self.style() == Style::Plain,
                Some(tag) => matches!(tag, "!!merge" | "tag:yaml.org,2002:merge"),
            }
    }

    /// Keys of this mapping that are written more than once: the first of each
    /// and every later one. Linear in the mapping's size; merge keys may repeat.
    pub fn duplicate_keys(self) -> Vec<(Self, Self)> {
        let keys = || {
            self.raw_entries().map(|entry| entry.key).filter(|key| {
                key.kind() != Kind::Sequence && key.kind() != Kind::Mapping && !key.is_merge()
            })
        };
        // Keys of different lengths are different, and so are most keys of a mapping.
        let (mut lengths, mut may_repeat) = (0_u64, false);
        for key in self.raw_entries().map(|entry| entry.key) {
            let length = 1 << (key.record().b & 63);
            may_repeat |= lengths & length != 0 || key.kind() != Kind::Scalar;
            lengths |= length;
        }
        let mut found = Vec::new();
        if !may_repeat {
            return found;
        }
        let mut few = [None; 12];
        let mut count = 0;
        for key in keys() {
            if let Some(slot) = few.get_mut(count) {
                *slot = Some(key);
            }
            count += 1;
        }
        if count <= few.len() {
            for (at, key) in few.iter().flatten().enumerate().skip(1) {
                let own = key.record();
                let is_same = |known: &&Self| {
                    let other = known.record();
                    let are_scalars = own.kind() == Kind::Scalar && other.kind() == Kind::Scalar;
                    let may_be = (other.b, other.ends) == (own.b, own.ends);
                    (!are_scalars || may_be) && known.text() == key.text()
                };
                if let Some(first) = few.iter().take(at).flatten().find(is_same) {
                    found.push((*first, *key));
                }
            }
            return found;
        }
        let mut firsts: FxHashMap<&str, Self> =
            FxHashMap::with_capacity_and_hasher(count, rustc_hash::FxBuildHasher);
        for key in keys() {
            match firsts.get(key.text()) {
                Some(first) => found.push((*first, key)),
                None => {
                    firsts.insert(key.text(), key);
                }
            }
        }
        found
    }
}

/// Children of a collection in the arena: each starts where the one before ends.
#[derive(Clone, Copy)]
struct Children<'t> {
    tree: &'t Tree,
    next: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    #[inline]
    fn next(&mut self) -> Option<Node<'t>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, id: NodeId(self.next) };
        self.next = node.subtree_end();
        Some(node)
    }
}

/// Items of a sequence as written.
#[derive(Clone)]
pub struct RawItems<'t>(Children<'t>);

impl<'t> Iterator for RawItems<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        self.0.next()
    }
}

/// Items of a sequence, aliases followed.
#[derive(Clone)]
pub struct Items<'t>(RawItems<'t>);

impl<'t> Iterator for Items<'t> {
    type Item = Node<'t>;

    fn next(&mut self) -> Option<Node<'t>> {
        self.0.next().map(Node::target)
    }
}

/// Entries of a mapping as written.
#[derive(Clone)]
pub struct RawEntries<'t>(Children<'t>);

impl<'t> Iterator for RawEntries<'t> {
    type Item = Entry<'t>;

    #[inline]
    fn next(&mut self) -> Option<Entry<'t>> {
        let key = self.0.next()?;
        let raw_value = self.0.next()?;
        Some(Entry { key, value: raw_value.target(), raw_value })
    }
}

/// Entries of a mapping with those that it merges.
#[derive(Clone)]
pub struct Entries<'t> {
    mapping: Node<'t>,
    own: RawEntries<'t>,
    merges: Vec<Node<'t>>,
    merged: Vec<Entry<'t>>,
}

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        for entry in self.own.by_ref() {
            if !entry.key.is_merge() {
                return Some(entry);
            }
            self.merges.push(entry.value);
        }
        if !self.merges.is_empty() {
            self.merged = self.merge();
            self.merged.reverse();
        }
        self.merged.pop()
    }
}

impl<'t> Entries<'t> {
    /// The entries that merge keys add: of each key the first found. Mappings
    /// merge into mappings, so this walks them with a stack; each is entered
    /// once, which also bounds the work.
    fn merge(&mut self) -> Vec<Entry<'t>> {
        let mut known: FxHashSet<&str> =
            self.mapping.raw_entries().map(|entry| entry.key.text()).collect();
        let mut entered: FxHashSet<NodeId> = FxHashSet::default();
        let mut found = Vec::new();
        let mut stack: Vec<Node<'t>> = std::mem::take(&mut self.merges);
        stack.reverse();
        while let Some(node) = stack.pop() {
            if !entered.insert(node.id()) {
                continue;
            }
            if node.kind() == Kind::Sequence {
                let items: Vec<Node<'t>> = node.items().collect();
                stack.extend(items.into_iter().rev());
                continue;
            }
            let mut merges = Vec::new();
            for entry in node.raw_entries() {
                if entry.key.is_merge() {
                    merges.push(entry.value);
                } else if known.insert(entry.key.text()) {
                    found.push(entry);
                }
            }
            stack.extend(merges.into_iter().rev());
        }
        found
    }
}
