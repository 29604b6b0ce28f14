//! The tree that is rendered: nodes in an arena, which may be shared within one object, because
//! kustomize shares them, too, and what it then writes at one place shows at the other.

use smol_str::SmolStr;
use spanned_yaml::{Dialect, Scalar};

use crate::{
    error::Error,
    place::{FileId, Origin},
};

/// A node's number in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u32);

impl Id {
    /// The number, from 0.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A single value.
    Scalar,
    /// A list.
    Sequence,
    /// Keys with values.
    Mapping,
}

/// How a scalar is written, as far as it decides what it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes: its text decides what it is.
    Plain,
    /// In quotes or as a literal block: a string.
    Quoted,
    /// As a folded block: a string that kustomize doesn't write back as it read it.
    Folded,
}

/// A node's tag, in go-yaml's short form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    /// None: the text decides.
    None,
    /// `!!str`
    Str,
    /// `!!int`
    Int,
    /// `!!float`
    Float,
    /// `!!bool`
    Bool,
    /// `!!null`
    Null,
    /// `!!timestamp`
    Timestamp,
    /// `!!binary`
    Binary,
    /// `!!merge`
    Merge,
    /// `!!map`
    Map,
    /// `!!seq`
    Seq,
    /// Any other.
    Other(SmolStr),
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// How it is written.
    pub style: Style,
    /// Its tag.
    pub tag: Tag,
    /// The tag is written out, and so is kept whatever the text.
    pub tagged: bool,
    /// The text of a scalar.
    pub text: SmolStr,
    /// The items of a sequence; keys and values of a mapping in turn.
    pub children: Vec<Id>,
    /// Who wrote it.
    pub origin: Origin,
}

impl Node {
    /// A scalar whose text decides what it is.
    pub(crate) fn plain(text: impl Into<SmolStr>, origin: Origin) -> Self {
        Self::new(Kind::Scalar, Tag::None, text, origin)
    }

    /// A string.
    pub(crate) fn string(text: impl Into<SmolStr>, origin: Origin) -> Self {
        Self::new(Kind::Scalar, Tag::Str, text, origin)
    }

    /// A collection without anything in it.
    pub(crate) fn empty(kind: Kind, origin: Origin) -> Self {
        Self::new(kind, Tag::None, "", origin)
    }

    pub(crate) fn new(kind: Kind, tag: Tag, text: impl Into<SmolStr>, origin: Origin) -> Self {
        let (style, text) = (Style::Plain, text.into());
        Self { kind, style, tag, tagged: false, text, children: Vec::new(), origin }
    }

    /// The same node with other children.
    fn holding(&self, children: Vec<Id>) -> Self {
        Self {
            kind: self.kind,
            style: self.style,
            tag: self.tag.clone(),
            tagged: self.tagged,
            text: self.text.clone(),
            children,
            origin: self.origin.clone(),
        }
    }

    /// Whether it is tagged as a null.
    pub(crate) fn is_null(&self) -> bool {
        self.tag == Tag::Null
    }

    /// Nothing, or an empty collection (kyaml's `IsYNodeNilOrEmpty`).
    pub(crate) fn is_nil_or_empty(&self) -> bool {
        self.is_null() || (self.kind != Kind::Scalar && self.children.is_empty())
    }

    /// A scalar that is a string or has no tag (kyaml's `IsYNodeString`).
    pub(crate) fn is_string(&self) -> bool {
        self.kind == Kind::Scalar && matches!(self.tag, Tag::Str | Tag::None)
    }
}

/// The short tag that go-yaml v3 gives a scalar without tag and quotes.
pub(crate) fn resolved_tag(text: &str) -> Tag {
    match spanned_yaml::resolve_plain(text, Dialect::GoYamlV3) {
        Scalar::Null => Tag::Null,
        Scalar::Bool(_) => Tag::Bool,
        Scalar::Int(_) | Scalar::UInt(_) => Tag::Int,
        Scalar::Float(_) => Tag::Float,
        Scalar::Timestamp(_) => Tag::Timestamp,
        Scalar::Binary(_) => Tag::Binary,
        Scalar::Str(_) if text == "<<" => Tag::Merge,
        Scalar::Str(_) => Tag::Str,
    }
}

/// An object's tree.
#[derive(Debug, PartialEq)]
pub struct Tree {
    nodes: Vec<Node>,
    root: Id,
}

/// Nodes that a build adds to most objects: some labels and annotations.
pub(crate) const ROOM: usize = 48;

impl Clone for Tree {
    /// A copy is made to be changed, and so has room for more.
    fn clone(&self) -> Self {
        let mut nodes = Vec::with_capacity(self.nodes.len() + ROOM);
        nodes.extend_from_slice(&self.nodes);
        Self { nodes, root: self.root }
    }
}

/// Children of a node that isn't there.
const NOBODY: &[Id] = &[];

impl Tree {
    /// A tree of one node.
    pub(crate) fn new(root: Node) -> Self {
        Self { nodes: vec![root], root: Id(0) }
    }

    /// A tree whose root the closure adds, after what the root holds.
    pub(crate) fn made<E>(make: impl FnOnce(&mut Self) -> Result<Id, E>) -> Result<Self, E> {
        Self::with_room(0, make)
    }

    /// [`Self::made`], with room for so many nodes.
    pub(crate) fn with_room<E>(
        nodes: usize,
        make: impl FnOnce(&mut Self) -> Result<Id, E>,
    ) -> Result<Self, E> {
        let mut tree = Self::new(Node::empty(Kind::Mapping, Origin::default()));
        tree.nodes.reserve(nodes);
        tree.root = make(&mut tree)?;
        Ok(tree)
    }

    /// The node that holds all others.
    pub fn root(&self) -> Id {
        self.root
    }

    /// The node of an id. One of another tree gives some node of this one.
    pub fn node(&self, id: Id) -> &Node {
        // A tree always has its first node.
        self.nodes.get(id.index()).unwrap_or(&self.nodes[0])
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Node {
        let index = (id.index()).min(self.nodes.len() - 1);
        &mut self.nodes[index]
    }

    pub(crate) fn add(&mut self, node: Node) -> Id {
        let id = Id(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }

    /// Gives all nodes one origin.
    pub(crate) fn set_origins(&mut self, origin: &Origin) {
        for node in &mut self.nodes {
            node.origin.clone_from(origin);
        }
    }

    /// Whether any scalar reads as one of the texts, be it one that nothing holds any more.
    pub(crate) fn mentions(&self, texts: &[&str]) -> bool {
        self.nodes.iter().any(|node| texts.contains(&node.text.as_str()))
    }

    /// Whether any scalar's text, or anything that is written with it, has one of two bytes in it,
    /// be it one that nothing holds any more.
    pub(crate) fn has_byte(&self, one: u8, other: u8) -> bool {
        let has = |text: &str| memchr::memchr2(one, other, text.as_bytes()).is_some();
        self.nodes
            .iter()
            .any(|node| has(&node.text) || matches!(&node.tag, Tag::Other(tag) if has(tag)))
    }

    /// A copy of what was read from one file, as if it were from another one.
    pub(crate) fn in_file(&self, from: FileId, to: FileId) -> Self {
        let mut copy = self.clone();
        for node in &mut copy.nodes {
            if let Some(place) = node.origin.place.as_mut().filter(|place| place.file == from) {
                place.file = to;
            }
        }
        copy
    }

    /// Whether two trees differ in their origins alone.
    pub(crate) fn reads_as(&self, other: &Self) -> bool {
        let reads_as = |(a, b): (&Node, &Node)| {
            (a.kind, a.style, a.tagged) == (b.kind, b.style, b.tagged)
                && (&a.tag, &a.text, &a.children) == (&b.tag, &b.text, &b.children)
        };
        (self.root, self.nodes.len()) == (other.root, other.nodes.len())
            && self.nodes.iter().zip(&other.nodes).all(reads_as)
    }

    /// Makes room for so many nodes more.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
    }

    /// Whether any node has such an origin, be it one that nothing holds any more.
    pub(crate) fn any_origin(&self, is_so: impl Fn(&Origin) -> bool) -> bool {
        self.nodes.iter().any(|node| is_so(&node.origin))
    }

    /// Number of nodes, those that nothing holds any more included.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The text of a scalar.
    pub fn text(&self, id: Id) -> &str {
        &self.node(id).text
    }

    /// What a collection holds.
    pub fn children(&self, id: Id) -> &[Id] {
        &self.node(id).children
    }

    /// Keys with their values.
    pub fn entries(&self, id: Id) -> impl Iterator<Item = (Id, Id)> + '_ {
        self.pairs(id).iter().map(|[key, value]| (*key, *value))
    }

    /// As [`Self::entries`], where they stand.
    pub(crate) fn pairs(&self, id: Id) -> &[[Id; 2]] {
        let node = self.node(id);
        let children = if node.kind == Kind::Mapping { node.children.as_slice() } else { NOBODY };
        children.as_chunks().0
    }

    /// The items of a sequence.
    pub fn items(&self, id: Id) -> &[Id] {
        let node = self.node(id);
        if node.kind == Kind::Sequence { &node.children } else { NOBODY }
    }

    /// The value of a key; of duplicates the first, as kyaml's `Field`.
    pub fn get(&self, id: Id, key: &str) -> Option<Id> {
        self.entries(id).find(|(k, _)| self.text(*k) == key).map(|(_, value)| value)
    }

    /// The values of some keys, each as [`Tree::get`] finds it.
    pub(crate) fn first_of<const N: usize>(&self, id: Id, keys: [&str; N]) -> [Option<Id>; N] {
        let mut found = [None; N];
        for (key, value) in self.entries(id) {
            let text = self.text(key);
            let slot = keys.iter().position(|known| *known == text);
            if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
                slot.get_or_insert(value);
            }
        }
        found
    }

    /// The value at a chain of keys.
    pub fn at(&self, keys: &[&str]) -> Option<Id> {
        keys.iter().try_fold(self.root, |id, key| self.get(id, key))
    }

    /// Copies a node with what is below it, within this tree.
    pub(crate) fn copy(&mut self, id: Id) -> Id {
        let mut node = self.node(id).clone();
        let children = std::mem::take(&mut node.children);
        node.children = children.into_iter().map(|child| self.copy(child)).collect();
        self.add(node)
    }

    /// Copies a node of another tree with what is below it.
    pub(crate) fn import(&mut self, other: &Tree, id: Id) -> Id {
        let node = other.node(id);
        let children = node.children.iter().map(|child| self.import(other, *child)).collect();
        self.add(node.holding(children))
    }

    /// A tree of its own for a node and what is below it.
    pub(crate) fn extract(&self, id: Id) -> Tree {
        let mut tree = Tree::new(self.node(id).holding(Vec::new()));
        if id == self.root {
            tree.nodes.reserve(self.nodes.len() + ROOM);
        }
        let children: Vec<Id> =
            self.children(id).iter().map(|child| tree.import(self, *child)).collect();
        tree.node_mut(tree.root).children = children;
        tree
    }

    /// Whether a node is held by two, or by one twice.
    pub(crate) fn shares_nodes(&self) -> bool {
        let mut known = vec![false; self.nodes.len()];
        let mut queue = vec![self.root];
        while let Some(id) = queue.pop() {
            match known.get_mut(id.index()) {
                Some(known) if !*known => *known = true,
                _ => return true,
            }
            queue.extend_from_slice(self.children(id));
        }
        false
    }

    /// Fails unless the node is missing, null or of this kind (kyaml's `ErrorIfInvalid`).
    pub(crate) fn expect(&self, id: Option<Id>, kind: Kind) -> Result<(), Error> {
        let Some(node) = id.map(|id| self.node(id)) else { return Ok(()) };
        if node.is_null() || node.kind == kind {
            return Ok(());
        }
        Err(Error::wrong_kind(kind, node))
    }

    /// Whether there is nothing, or a null.
    pub(crate) fn is_missing_or_null(&self, id: Option<Id>) -> bool {
        id.is_none_or(|id| self.node(id).is_null())
    }
}
