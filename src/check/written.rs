//! What the files of a repository hold, whether or not anything uses them: it tells whether a name that
//! isn't there lies somewhere else. Read when it is first asked for.

use std::{collections::hash_map::Entry, sync::OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};
use spanned_yaml::{Node, NodeId};

use super::{
    documents::is_kustomization_file,
    violation::{Place, Target},
};
use crate::{kube::Object, repo::File};

/// The objects of all files, by kind and name.
#[derive(Debug)]
pub struct Written<'a> {
    files: &'a [File],
    index: OnceLock<Index>,
}

#[derive(Debug, Default)]
struct Index {
    /// File and node of the name.
    objects: FxHashMap<(String, String), (usize, NodeId)>,
    /// Folders that have a kustomization file.
    folders: FxHashSet<String>,
}

impl<'a> Written<'a> {
    /// All files of a repository.
    pub(super) fn new(files: &'a [File]) -> Self {
        Self { files, index: OnceLock::new() }
    }

    /// Where an object of this kind and name is written, in whatever namespace.
    pub fn find(&self, kind: &str, name: &str) -> Option<Place<'a>> {
        let index = self.index.get_or_init(|| Index::of(self.files));
        let (file, node) = index.objects.get(&(kind.to_owned(), name.to_owned()))?;
        let file = self.files.get(*file)?;
        Some(Place::in_file(file, Target::Node(file.tree.node(*node))))
    }

    /// Whether a file lies in the folder of a kustomization, or below it: it may be part of something.
    pub fn is_fragment(&self, path: &str) -> bool {
        let index = self.index.get_or_init(|| Index::of(self.files));
        let mut folders = path.rmatch_indices('/').filter_map(|(at, _)| path.get(..at));
        let at_root = !path.contains('/') && index.folders.contains("");
        at_root || folders.any(|folder| index.folders.contains(folder))
    }
}

impl Index {
    fn of(files: &[File]) -> Self {
        let mut index = Self::default();
        for (number, file) in files.iter().enumerate() {
            if is_kustomization_file(&file.path) {
                let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
                index.folders.insert(folder.to_owned());
            }
            let roots = file.tree.documents().iter().filter_map(|document| document.root);
            for root in roots.map(|id| file.tree.node(id)) {
                index.add(number, file, root);
                for item in root.get("items").into_iter().flat_map(Node::items) {
                    index.add(number, file, item);
                }
                for (list, kind) in
                    [("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret")]
                {
                    for item in root.get(list).into_iter().flat_map(Node::items) {
                        index.insert(number, kind, item.get("name"));
                    }
                }
            }
        }
        index
    }

    fn add(&mut self, number: usize, file: &File, root: Node<'_>) {
        if let Some(object) = Object::read(file, root) {
            self.insert(number, object.kind, object.metadata().and_then(|node| node.get("name")));
        }
    }

    fn insert(&mut self, file: usize, kind: &str, name: Option<Node<'_>>) {
        let Some(name) = name else { return };
        if let Entry::Vacant(entry) = self.objects.entry((kind.to_owned(), name.text().to_owned()))
        {
            entry.insert((file, name.id()));
        }
    }
}
