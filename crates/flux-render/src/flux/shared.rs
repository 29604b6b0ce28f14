//! What clusters have in common is made once. A folder that several of them apply is rendered for
//! the first one; for the others, only what depends on the cluster is made anew.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{
    manifest::Manifest,
    objects::ObjectId,
    pipeline::{Job, Object, Rendering},
    spec::Name,
};
use crate::{
    emit::{self, Written},
    error::Error,
    tree::Tree,
};

/// What was made for a cluster, for others to use.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// By folder and the Kustomization's name.
    folders: Mutex<HashMap<(String, Name), Slot>>,
    large: Mutex<HashMap<(ObjectId, usize), Arc<Large>>>,
}

/// A folder; none where each cluster must render its own.
type Slot = Arc<OnceLock<Option<Folder>>>;

/// A folder, as it was rendered for one Kustomization.
#[derive(Debug)]
struct Folder {
    /// Without objects and problems.
    built: Rendering,
    objects: Vec<Object>,
}

/// A large object that was written.
#[derive(Debug)]
struct Large {
    object: Tree,
    tree: Arc<spanned_yaml::Tree>,
    written: Vec<Written>,
}

/// Nodes from which on an object is large: Deployments and definitions of custom resources are.
const LARGE: usize = 48;

impl Shared {
    /// Renders a Kustomization whose spec adds nothing to its folder.
    pub(super) fn render(&self, job: Job<'_>) -> Result<Rendering, Error> {
        let key = (job.spec.folder(), job.spec.name.clone());
        let slot = {
            let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(folders.entry(key).or_default())
        };
        let mut first = None;
        let folder = slot.get_or_init(|| {
            let mut objects = Vec::new();
            let rendered = job.fresh(|object| objects.push(object));
            let built = rendered.as_ref().ok().map(Rendering::without_objects);
            first = Some(rendered);
            let own = objects.iter().any(|object| object.is_own());
            built.filter(|_| !own).map(|built| Folder { built, objects })
        });
        match (first, folder) {
            (Some(first), _) => first,
            (None, Some(folder)) => job.again(folder.built.without_objects(), &folder.objects),
            (None, None) => job.fresh(drop),
        }
    }

    /// As [`Manifest::new`]; one of two large objects with the same text is written.
    pub(super) fn manifest(&self, id: &ObjectId, object: Tree) -> Result<Manifest, Error> {
        if object.len() < LARGE {
            return Manifest::new(&object);
        }
        let large = || self.large.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id.clone(), object.len());
        let known = large().get(&key).cloned();
        if let Some(known) = known.filter(|known| known.object.reads_as(&object)) {
            return Ok(Manifest::of(&object, Arc::clone(&known.tree), &known.written));
        }
        let (tree, written) = emit::parsed(&object)?;
        let tree = Arc::new(tree);
        let manifest = Manifest::of(&object, Arc::clone(&tree), &written);
        large().insert(key, Arc::new(Large { object, tree, written }));
        Ok(manifest)
    }
}
