//! An object as text, with the origin of every scalar in it.

use std::sync::Arc;

use crate::{
    emit,
    error::Error,
    place::{Operation, Origin, Place, Step},
    tree::{Kind, Tree},
};

/// An object as Flux would apply it: its YAML, and who wrote each part of it.
#[derive(Debug)]
pub struct Manifest {
    tree: Arc<spanned_yaml::Tree>,
    pieces: Box<[Piece]>,
    /// Mappings that a patch took something from, by where they begin.
    removals: Box<[(u32, Origin)]>,
}

/// A scalar of the text: a key, a value, or an empty collection.
#[derive(Clone, Debug)]
pub struct Piece {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
    /// Who wrote it.
    pub origin: Origin,
}

impl Manifest {
    /// Writes an object.
    ///
    /// # Errors
    /// As [`emit::yaml`].
    pub fn new(object: &Tree) -> Result<Self, Error> {
        let (tree, written) = emit::parsed(object)?;
        Ok(Self::of(object, Arc::new(tree), &written))
    }

    /// An object that is written already.
    pub(crate) fn of(
        object: &Tree,
        tree: Arc<spanned_yaml::Tree>,
        written: &[emit::Written],
    ) -> Self {
        let removals = removals(object, written);
        let pieces = written
            .iter()
            .map(|one| Piece {
                start: one.start,
                end: one.end,
                origin: object.node(one.id).origin.clone(),
            })
            .collect();
        Self { tree, pieces, removals }
    }

    /// The same object, with another place for what one step has set.
    pub(crate) fn with_place_of(&self, step: &Arc<Step>, place: Option<Place>) -> Self {
        let is_set = |origin: &Origin| origin.step.as_ref().is_some_and(|it| Arc::ptr_eq(it, step));
        let placed = |piece: &Piece| {
            let mut piece = piece.clone();
            if is_set(&piece.origin) {
                piece.origin.place = place;
            }
            piece
        };
        Self {
            tree: Arc::clone(&self.tree),
            pieces: self.pieces.iter().map(placed).collect(),
            removals: self.removals.clone(),
        }
    }

    /// Its YAML.
    pub fn text(&self) -> &str {
        self.tree.source()
    }

    /// Its YAML, parsed.
    pub fn tree(&self) -> &Arc<spanned_yaml::Tree> {
        &self.tree
    }

    /// The object itself.
    pub fn root(&self) -> Option<spanned_yaml::Node<'_>> {
        self.tree.root(0)
    }

    /// The scalars, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The origin of the scalar that holds this byte, else of the one before it.
    pub fn origin(&self, offset: u32) -> Option<&Origin> {
        let behind = self.pieces.partition_point(|piece| piece.start <= offset);
        self.pieces.get(behind.checked_sub(1)?).map(|piece| &piece.origin)
    }

    /// The step by which a patch took a field away from the mapping that begins at this byte.
    pub fn removal(&self, mapping: u32, field: &str) -> Option<&Step> {
        let at = self.removals.binary_search_by_key(&mapping, |(start, _)| *start).ok()?;
        let (_, origin) = self.removals.get(at)?;
        origin
            .steps()
            .find(|step| matches!(&step.operation, Operation::Removed(name) if **name == *field))
    }
}

fn removals(object: &Tree, written: &[emit::Written]) -> Box<[(u32, Origin)]> {
    let is_removal = |step: &Step| matches!(step.operation, Operation::Removed(_));
    if !object.any_origin(|origin| origin.steps().any(is_removal)) {
        return Box::default();
    }
    let mut found = Vec::new();
    let mut queue = vec![object.root()];
    while let Some(id) = queue.pop() {
        let node = object.node(id);
        if node.kind == Kind::Mapping && node.origin.steps().any(is_removal) {
            let keys: Vec<_> = object.entries(id).map(|(key, _)| key).collect();
            let begins = |one: &&emit::Written| one.id == id || keys.contains(&one.id);
            if let Some(first) = written.iter().find(begins) {
                found.push((first.start, node.origin.clone()));
            }
        }
        match node.kind {
            Kind::Mapping => queue.extend(object.entries(id).map(|(_, value)| value)),
            Kind::Sequence => queue.extend(object.items(id)),
            Kind::Scalar => {}
        }
    }
    found.sort_by_key(|(start, _)| *start);
    found.into()
}
