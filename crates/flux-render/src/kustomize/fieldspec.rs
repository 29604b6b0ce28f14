//! Where a transformer writes: objects of a kind, and a path in them (api/types/fieldspec.go,
//! api/filters/fieldspec).

use std::{cmp::Ordering, sync::Arc};

use smol_str::SmolStr;

use super::{fields::split_path, gvk::Gvk, kustomization::read_gvk, read::Record};
use crate::{
    error::Error,
    place::Origin,
    tree::{Id, Kind, Node, Tag, Tree},
};

/// Specs that several configurations share.
pub(crate) type Specs = Arc<Vec<FieldSpec>>;

/// A place to write at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldSpec {
    /// The objects; empty parts select all.
    pub(crate) gvk: Gvk,
    /// Keys with `/` between them; `[]` behind one that holds a list.
    pub(crate) path: SmolStr,
    /// The path, split.
    pub(crate) parts: Arc<[Part]>,
    /// Whether it is made where it is missing.
    pub(crate) create: bool,
}

/// A part of a spec's path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The key, without the `[]` behind it.
    pub(crate) name: SmolStr,
    /// There was a `[]`.
    pub(crate) list: bool,
    /// The name is that of a field, and surely no index of a list.
    pub(crate) is_field: bool,
}

impl From<&str> for Part {
    fn from(part: &str) -> Self {
        let name = part.strip_suffix("[]").unwrap_or(part);
        let is_field = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Self { name: name.into(), list: name.len() < part.len(), is_field }
    }
}

impl FieldSpec {
    pub(crate) fn new(gvk: Gvk, path: &str, create: bool) -> Self {
        let parts = split_path(path, '/').iter().map(|part| part.as_str().into()).collect();
        Self { gvk, path: path.into(), parts, create }
    }

    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let gvk = read_gvk(record)?;
        let path = record.text("path")?.value;
        Ok(Self::new(gvk, &path, record.bool("create")?))
    }

    pub(crate) fn order(&self, other: &Self) -> Ordering {
        self.gvk.order(&other.gvk)
    }
}

/// Adds a spec unless there is one for the same.
///
/// # Errors
/// There is one, and the two differ in whether the field is made.
pub(crate) fn merge_one(specs: &mut Vec<FieldSpec>, spec: FieldSpec) -> Result<(), Error> {
    let same =
        specs.iter().find(|known| known.gvk.is_selected(&spec.gvk) && known.path == spec.path);
    match same {
        Some(known) if known.create != spec.create => {
            Err(Error::invalid(format!("two field specs for {} differ in `create`", spec.path)))
        }
        Some(_) => Ok(()),
        None => {
            specs.push(spec);
            Ok(())
        }
    }
}

pub(crate) fn merge_all(
    specs: &mut Vec<FieldSpec>,
    more: impl IntoIterator<Item = FieldSpec>,
) -> Result<(), Error> {
    more.into_iter().try_for_each(|spec| merge_one(specs, spec))
}

/// [`merge_all`] of shared specs, which are mostly the same ones.
pub(crate) fn merge_shared(specs: &mut Specs, more: Specs) -> Result<(), Error> {
    if more.is_empty() || Arc::ptr_eq(specs, &more) {
        return Ok(());
    }
    if specs.is_empty() {
        *specs = more;
        return Ok(());
    }
    merge_all(Arc::make_mut(specs), more.iter().cloned())
}

/// What is made where a path ends in nothing.
pub(crate) type Create<'o> = Option<(Kind, &'o Tag, &'o Origin)>;

/// Calls `set` on what the spec points at, if it is for this object.
pub(crate) fn apply(
    tree: &mut Tree,
    spec: &FieldSpec,
    create: Create<'_>,
    set: &mut dyn FnMut(&mut Tree, Id) -> Result<(), Error>,
) -> Result<(), Error> {
    apply_all(tree, std::iter::once(spec), create, set)
}

/// [`apply`] for one spec after the other.
pub(crate) fn apply_all<'s>(
    tree: &mut Tree,
    specs: impl IntoIterator<Item = &'s FieldSpec>,
    create: Create<'_>,
    set: &mut dyn FnMut(&mut Tree, Id) -> Result<(), Error>,
) -> Result<(), Error> {
    let gvk_of = |tree: &Tree| Gvk::new(tree.top("apiVersion"), tree.top("kind"));
    let mut gvk = gvk_of(tree);
    for spec in specs {
        // Most specs are for other kinds.
        if !gvk.is_selected(&spec.gvk) {
            continue;
        }
        walk(tree, tree.root(), spec, &spec.parts, create, set)?;
        // One that isn't may write what tells the kind.
        if spec
            .parts
            .first()
            .is_none_or(|first| matches!(first.name.as_str(), "kind" | "apiVersion"))
        {
            gvk = gvk_of(tree);
        }
    }
    Ok(())
}

fn walk(
    tree: &mut Tree,
    id: Id,
    spec: &FieldSpec,
    parts: &[Part],
    create: Create<'_>,
    set: &mut dyn FnMut(&mut Tree, Id) -> Result<(), Error>,
) -> Result<(), Error> {
    let Some((part, rest)) = parts.split_first() else { return set(tree, id) };
    let node = tree.node(id);
    if node.is_null() {
        return Ok(());
    }
    match node.kind {
        Kind::Sequence => {
            for item in tree.items(id).to_vec() {
                walk(tree, item, spec, parts, create, set)?;
            }
            Ok(())
        }
        Kind::Mapping => into_map(tree, id, spec, (part, rest), create, set),
        Kind::Scalar => Err(Error::invalid(format!(
            "the path {} ends at a single value before its end",
            spec.path
        ))
        .at(node.origin.place)),
    }
}

fn into_map(
    tree: &mut Tree,
    map: Id,
    spec: &FieldSpec,
    (part, rest): (&Part, &[Part]),
    create: Create<'_>,
    set: &mut dyn FnMut(&mut Tree, Id) -> Result<(), Error>,
) -> Result<(), Error> {
    let (name, list) = (part.name.as_str(), part.list);
    if name.is_empty() {
        return Err(Error::invalid(format!("the path {} has an empty part", spec.path)));
    }
    let make = create.filter(|_| spec.create && !list);
    let (field, becomes) = match make {
        None => {
            // Most objects don't have it.
            let found = if part.is_field {
                tree.field(map, name)?
            } else {
                tree.lookup(map, [name], None)?
            };
            (found, list.then_some((Kind::Sequence, &Tag::None)))
        }
        Some((kind, tag, origin)) => {
            let (kind, tag) =
                if rest.is_empty() { (kind, tag) } else { (Kind::Mapping, &Tag::Map) };
            (tree.lookup(map, [name], Some((kind, origin)))?, Some((kind, tag)))
        }
    };
    let Some(field) = field else { return Ok(()) };
    if let Some((kind, tag)) = becomes.filter(|_| tree.node(field).is_null()) {
        let node = tree.node_mut(field);
        (node.kind, node.tag) = (kind, tag.clone());
    }
    walk(tree, field, spec, rest, create, set)
}

/// A setter that writes an entry into a mapping, one and the same node wherever it is new.
pub(crate) fn set_entry(key: &str, value: Node) -> impl FnMut(&mut Tree, Id) -> Result<(), Error> {
    let key = key.to_owned();
    let mut shared: Option<Id> = None;
    move |tree, id| {
        let node = *shared.get_or_insert_with(|| tree.add(value.clone()));
        tree.set_field(id, &key, Some(node), false)?;
        Ok(())
    }
}
