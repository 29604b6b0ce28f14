//! The objects of a build in their order (api/resmap/reswrangler.go).

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{
    gvk::{Gvk, ResId},
    resource::{GENERATOR_BEHAVIOR, Resource},
    selector::SelectorRegex,
};
use crate::{
    error::{Error, ErrorKind},
    place::Origin,
};

/// Objects. They are shared between builds until they are changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResMap {
    pub(crate) list: Vec<Arc<Resource>>,
}

/// What makes ids equal.
type Key<'i> = (&'i Gvk, &'i str, &'i str);

fn key(id: &ResId) -> Key<'_> {
    (&id.gvk, &id.name, id.effective_namespace())
}

/// Fails if, from a number on, an object has the id of one before it.
fn expect_new(list: &[Arc<Resource>], from: usize) -> Result<(), Error> {
    // Most differ in name or kind, which is told without making their ids.
    let mut named = FxHashSet::with_capacity_and_hasher(list.len(), FxBuildHasher);
    if list.iter().all(|resource| named.insert((resource.name(), resource.kind()))) {
        return Ok(());
    }
    let ids: Vec<ResId> = list.iter().map(|resource| resource.id()).collect();
    let mut known = FxHashSet::with_capacity_and_hasher(ids.len(), FxBuildHasher);
    for (number, (id, resource)) in ids.iter().zip(list).enumerate() {
        if !known.insert(key(id)) && number >= from {
            return Err(already_there(id, resource));
        }
    }
    Ok(())
}

impl ResMap {
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.list.iter_mut().map(Arc::make_mut)
    }

    pub(crate) fn drop_empty(&mut self) {
        self.list.retain(|resource| {
            !resource.deleted && !resource.tree.node(resource.tree.root()).is_nil_or_empty()
        });
    }

    /// Appends, unless an id is there already.
    pub(crate) fn append_all(
        &mut self,
        more: impl IntoIterator<Item = Arc<Resource>>,
    ) -> Result<(), Error> {
        let before = self.list.len();
        self.list.extend(more);
        expect_new(&self.list, before)
    }

    /// Fails if two objects have the same id.
    pub(crate) fn expect_unique(&self) -> Result<(), Error> {
        expect_new(&self.list, 0)
    }

    /// Indices of the objects of which an id, present or past, is asked for.
    pub(crate) fn matching_any_id(
        &self,
        matches: impl Fn(&ResId) -> bool,
    ) -> Result<Vec<usize>, Error> {
        self.indices(|resource| resource.any_id(&matches))
    }

    /// Indices of the objects that are so.
    fn indices(
        &self,
        is_so: impl Fn(&Resource) -> Result<bool, Error>,
    ) -> Result<Vec<usize>, Error> {
        let mut found = Vec::new();
        for (index, resource) in self.list.iter().enumerate() {
            if !resource.deleted && is_so(resource)? {
                found.push(index);
            }
        }
        Ok(found)
    }

    /// The one object with the id (`GetById`).
    pub(crate) fn by_id(
        &self,
        id: &ResId,
        place: Option<crate::place::Place>,
    ) -> Result<usize, Error> {
        match *self.indices(|own| own.has_id(id))?.as_slice() {
            [index] => Ok(index),
            [] => Err(Error::new(
                ErrorKind::NoTarget,
                format!("the patch is for {}, which isn't among the resources", describe(id)),
            )
            .at(place)),
            _ => Err(Error::invalid(format!(
                "the patch is for {}, which several resources are",
                describe(id)
            ))
            .at(place)),
        }
    }

    /// Indices of what a selector selects (`Select`).
    pub(crate) fn select(&self, selector: &SelectorRegex<'_>) -> Result<Vec<usize>, Error> {
        let mut found = Vec::new();
        for (index, resource) in self.list.iter().enumerate() {
            let (now, before) = (resource.id(), resource.original_id()?);
            let selected = (selector.namespace(before.effective_namespace())
                || selector.namespace(now.effective_namespace()))
                && (selector.name(&before.name) || selector.name(&now.name))
                && selector.gvk(&now.gvk)
                && selector.labels(&resource.tree)?
                && selector.annotations(&resource.tree)?;
            if selected {
                found.push(index);
            }
        }
        Ok(found)
    }

    /// Takes in what a generator made: new, in the place of what is there, or merged with it.
    pub(crate) fn absorb(&mut self, mut made: Resource) -> Result<(), Error> {
        let id = made.id();
        let matches = self.indices(|own| own.has_id(&id))?;
        let behavior = made.tree.annotation(GENERATOR_BEHAVIOR).unwrap_or_default().to_owned();
        match *matches.as_slice() {
            [] if matches!(behavior.as_str(), "merge" | "replace") => Err(Error::new(
                ErrorKind::NoTarget,
                format!("there is no {} to {behavior}", describe(&id)),
            )),
            [] => self.append_all([Arc::new(made)]),
            [index] => {
                let Some(old) = self.list.get(index).map(Arc::clone) else { return Ok(()) };
                match behavior.as_str() {
                    "replace" => made.copy_metadata_from(&old)?,
                    "merge" => {
                        let origin =
                            old.tree.annotation(super::resource::ORIGIN).map(str::to_owned);
                        made.copy_metadata_from(&old)?;
                        super::generators::merge_data(&mut made, &old, "data")?;
                        super::generators::merge_data(&mut made, &old, "binaryData")?;
                        if let Some(origin) = origin {
                            made.tree.set_annotation(
                                super::resource::ORIGIN,
                                &origin,
                                &Origin::default(),
                            )?;
                        }
                    }
                    _ => {
                        return Err(Error::invalid(format!(
                            "{} is there already: set `behavior: merge` or `behavior: replace`",
                            describe(&id)
                        )));
                    }
                }
                // `Replace` looks the object up by its present id, which must be where it was.
                let id = made.id();
                let mut at = Vec::new();
                for (number, resource) in self.list.iter().enumerate() {
                    if id.equals(&resource.id()) {
                        at.push(number);
                    }
                }
                if at != [index] {
                    return Err(Error::invalid(format!(
                        "{} can't be merged or replaced where it is",
                        describe(&id)
                    )));
                }
                if let Some(slot) = self.list.get_mut(index) {
                    *slot = Arc::new(made);
                }
                Ok(())
            }
            _ => Err(Error::invalid(format!(
                "several resources are {}: it can't be merged with any",
                describe(&id)
            ))),
        }
    }
}

fn already_there(id: &ResId, resource: &Resource) -> Error {
    let place = resource
        .tree
        .at(&["metadata", "name"])
        .and_then(|name| resource.tree.node(name).origin.place);
    Error::invalid(format!("{} is there already", describe(id))).at(place)
}

/// An id as people write it.
pub(crate) fn describe(id: &ResId) -> String {
    let namespace = if id.namespace.is_empty() || id.cluster_scoped {
        String::new()
    } else {
        format!(" in namespace {}", id.namespace)
    };
    format!("{} {} ({}){namespace}", id.gvk.kind, id.name, id.gvk.api_version())
}
