//! Looking nodes up by path, and paths of nodes.

use crate::{Kind, Node};

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathSegment<'t> {
    /// Into the value of a key.
    Key(&'t str),
    /// Into an item of a list, from 0.
    Index(usize),
}

impl<'t> Node<'t> {
    /// The node at a path below this one; aliases and merge keys are followed.
    pub fn at(self, path: &[PathSegment<'_>]) -> Option<Self> {
        path.iter().try_fold(self, |node, segment| match segment {
            PathSegment::Key(key) => node.get(key),
            PathSegment::Index(index) => node.items().nth(*index),
        })
    }

    /// The node at a JSON pointer (RFC 6901) below this one; aliases and merge
    /// keys are followed.
    ///
    /// ```
    /// let tree = spanned_yaml::parse("a/b: [x, y]");
    /// let node = tree.root(0).unwrap().at_pointer("/a~1b/1").unwrap();
    /// assert_eq!(node.text(), "y");
    /// ```
    pub fn at_pointer(self, pointer: &str) -> Option<Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, segment| {
            let key = segment.replace("~1", "/").replace("~0", "~");
            match node.target().kind() {
                Kind::Sequence => node.items().nth(key.parse().ok()?),
                _ => node.get(&key),
            }
        })
    }

    /// The path from this node down to `to`, as written; none unless `to` lies
    /// in it. The path of a key is that of its value.
    pub fn path_to(self, to: Self) -> Option<Vec<PathSegment<'t>>> {
        let mut path = Vec::new();
        let mut node = self;
        while node.id() != to.id() {
            // Ids follow the order of writing: what holds `to` is the last child
            // that doesn't come after it.
            match node.kind() {
                Kind::Mapping => {
                    let entry =
                        node.raw_entries().take_while(|entry| entry.key.id() <= to.id()).last()?;
                    path.push(PathSegment::Key(entry.key.text()));
                    node =
                        if entry.raw_value.id() <= to.id() { entry.raw_value } else { entry.key };
                }
                Kind::Sequence => {
                    let (index, item) = node
                        .raw_items()
                        .enumerate()
                        .take_while(|(_, item)| item.id() <= to.id())
                        .last()?;
                    path.push(PathSegment::Index(index));
                    node = item;
                }
                Kind::Scalar | Kind::Alias => return None,
            }
        }
        Some(path)
    }
}
