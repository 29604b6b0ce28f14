//! Files that hold the same text, of which not every one is read: each cluster's folder has
//! gotk-components.yaml.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use by_address::ByAddress;

use super::{
    load::{self, LoadedFile, Source},
    openapi::Schema,
    resource::Resource,
};
use crate::{error::Error, files::LONG_TEXT, place::FileId, tree::Tree};

/// Long files that were read: files with the same text have the same tree.
#[derive(Debug, Default)]
pub(super) struct Copies(Mutex<HashMap<ByAddress<Arc<spanned_yaml::Tree>>, Slot>>);

/// What the second one that asked was given.
type Slot = Option<Arc<(FileId, Vec<Tree>)>>;

impl Copies {
    /// As [`load::objects`] of a file.
    pub(super) fn objects(
        &self,
        file: &LoadedFile,
        schema: &Arc<Schema>,
    ) -> Result<Vec<Resource>, Error> {
        let fresh = || load::objects(&Source::file(file), schema);
        if file.tree.source().len() < LONG_TEXT {
            return fresh();
        }
        let copies = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = ByAddress(Arc::clone(&file.tree));
        let known = copies().get(&key).cloned();
        if let Some(Some(read)) = &known {
            let (id, trees) = &**read;
            let moved = trees.iter().map(|tree| tree.in_file(*id, file.id));
            return Ok(moved.map(|tree| Resource::new(tree, schema)).collect());
        }
        let objects = fresh()?;
        // Most files are read once, and needn't be kept.
        let trees = || objects.iter().map(|object| object.tree.clone()).collect();
        let read = known.map(|_| Arc::new((file.id, trees())));
        copies().insert(key, read);
        Ok(objects)
    }
}
