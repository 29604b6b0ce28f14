//! stub
#![allow(missing_docs, clippy::all, clippy::pedantic, unused, clippy::todo)]
use std::sync::Arc;
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}
impl Span {
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn len(&self) -> u32 {
        todo!()
    }
}
pub struct Position {
    pub line: u32,
    pub column: u32,
    pub offset: u32,
}
#[derive(Debug)]
pub struct LineIndex;
impl LineIndex {
    pub fn position(&self, s: &str, o: u32) -> Position {
        todo!()
    }
}
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Scalar,
    Sequence,
    Mapping,
    Alias,
}
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Literal,
    Folded,
    Block,
    Flow,
}
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Dialect {
    GoYamlV2,
    GoYamlV3,
}
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Scalar<'t> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Timestamp(&'t str),
    Binary(&'t str),
    Str(&'t str),
}
#[derive(Default)]
pub struct Limits {}
pub fn parse(source: impl Into<Arc<str>>) -> Tree {
    todo!()
}
pub fn parse_bytes(bytes: Vec<u8>, l: &Limits) -> Tree {
    todo!()
}
#[derive(Debug)]
pub struct Tree(u8);
impl Tree {
    pub fn source(&self) -> &str {
        todo!()
    }
    pub fn documents(&self) -> &[Document] {
        todo!()
    }
    pub fn errors(&self) -> &[Error] {
        todo!()
    }
    pub fn comments(&self) -> &[Span] {
        todo!()
    }
    pub fn node(&self, id: NodeId) -> Node<'_> {
        todo!()
    }
    pub fn line_index(&self) -> LineIndex {
        todo!()
    }
}
pub struct Document {
    pub span: Span,
    pub root: Option<NodeId>,
    pub broken: bool,
}
pub struct Error {
    pub message: String,
    pub span: Span,
    pub help: Option<String>,
    pub related: Option<(Span, String)>,
    pub document: usize,
}
#[derive(Copy, Clone, Debug)]
pub struct Node<'t>(&'t Tree, NodeId);
#[derive(Copy, Clone, Debug)]
pub struct Entry<'t> {
    pub key: Node<'t>,
    pub value: Node<'t>,
    pub raw_value: Node<'t>,
}
impl<'t> Node<'t> {
    pub fn id(&self) -> NodeId {
        todo!()
    }
    pub fn kind(&self) -> Kind {
        todo!()
    }
    pub fn style(&self) -> Style {
        todo!()
    }
    pub fn span(&self) -> Span {
        todo!()
    }
    pub fn tag(&self) -> Option<&'t str> {
        todo!()
    }
    pub fn text(&self) -> &'t str {
        todo!()
    }
    pub fn scalar(&self, d: Dialect) -> Scalar<'t> {
        todo!()
    }
    pub fn is_null(&self) -> bool {
        todo!()
    }
    pub fn as_bool(&self) -> Option<bool> {
        todo!()
    }
    pub fn as_i64(&self) -> Option<i64> {
        todo!()
    }
    pub fn as_str(&self) -> Option<&'t str> {
        todo!()
    }
    pub fn get(&self, k: &str) -> Option<Node<'t>> {
        todo!()
    }
    pub fn entry(&self, k: &str) -> Option<Entry<'t>> {
        todo!()
    }
    pub fn entries(&self) -> std::vec::IntoIter<Entry<'t>> {
        todo!()
    }
    pub fn raw_entries(&self) -> std::vec::IntoIter<Entry<'t>> {
        todo!()
    }
    pub fn items(&self) -> std::vec::IntoIter<Node<'t>> {
        todo!()
    }
    pub fn raw_items(&self) -> std::vec::IntoIter<Node<'t>> {
        todo!()
    }
    pub fn len(&self) -> usize {
        todo!()
    }
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    pub fn descendants(&self) -> std::vec::IntoIter<Node<'t>> {
        todo!()
    }
    pub fn at_pointer(&self, p: &str) -> Option<Node<'t>> {
        todo!()
    }
    pub fn duplicate_keys(&self) -> Vec<(Node<'t>, Node<'t>)> {
        todo!()
    }
}
