//! All files of a repository as rendering asks for them: those that were read, then the disk. What
//! Flux leaves out of its artifacts is among them: [`flux_render::flux::ArtifactFiles`] hides it.

use std::{path::Path, sync::Arc};

use flux_render::{FileId, Files, Listed, Place};
use rustc_hash::{FxHashMap, FxHashSet};
use spanned_yaml::{Span, Tree};

use super::{Contents, DiskFiles, File};
use crate::finding::Location;

/// The files of a repository.
#[derive(Debug, Default)]
pub struct RepositoryFiles {
    files: Vec<Known>,
    numbers: FxHashMap<Arc<str>, u32>,
    /// The files' numbers, in order of their paths.
    by_path: Vec<u32>,
    /// Folders that hold manifests, and those above them.
    folders: Arc<FxHashSet<String>>,
    /// Files that aren't manifests: what generators read.
    disk: Option<DiskFiles>,
}

#[derive(Debug)]
struct Known {
    path: Arc<str>,
    tree: Arc<Tree>,
}

impl RepositoryFiles {
    /// The files that were read, and below `root` those that weren't.
    pub fn new(contents: &Contents, root: Option<&Path>) -> Self {
        let known = |file: &File| Known { path: file.path.clone(), tree: Arc::clone(&file.tree) };
        let files: Vec<Known> = contents.files.iter().map(known).collect();
        let mut by_path: Vec<u32> = (0..files.len() as u32).collect();
        // Most come in this order.
        by_path.sort_by_key(|number| files.get(*number as usize).map(|known| &known.path));
        let mut folders = FxHashSet::from_iter([String::new()]);
        let mut last = "";
        for file in &contents.files {
            let mut folder = &*file.path;
            while let Some((parent, _)) = folder.rsplit_once('/') {
                if parent == last || !folders.insert(parent.to_owned()) {
                    break;
                }
                folder = parent;
            }
            last = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        let folders = Arc::new(folders);
        let disk = root.and_then(|root| Some(DiskFiles::new(root).ok()?.with_real(&folders)));
        let numbers = files.iter().map(|known| known.path.clone()).zip(0..).collect();
        Self { files, numbers, by_path, folders, disk }
    }

    /// The path of a file.
    pub fn path(&self, id: FileId) -> Option<Arc<str>> {
        match self.files.get(id.index()) {
            Some(known) => Some(known.path.clone()),
            None => Some(self.on_disk(id)?.into()),
        }
    }

    fn on_disk(&self, id: FileId) -> Option<String> {
        let number = id.index().checked_sub(self.files.len())?;
        self.disk.as_ref()?.path(FileId::new(u32::try_from(number).ok()?))
    }

    /// A place as lines and columns.
    pub fn location(&self, place: Place) -> Option<Location> {
        let span = Span { start: place.start, end: place.end };
        if let Some(known) = self.files.get(place.file.index()) {
            return Some(Location::of(known.path.clone(), &known.tree, span));
        }
        let path = self.on_disk(place.file)?;
        let tree = self.disk.as_ref()?.tree(&path)?;
        Some(Location::of(path.into(), &tree, span))
    }

    /// Whether a path names a kustomization file: of those, only the ones that were read count.
    fn is_kustomization(path: &str) -> bool {
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        flux_render::kustomize::FILE_NAMES.contains(&name)
    }
}

impl Files for RepositoryFiles {
    fn bytes(&self, path: &str) -> Option<Arc<[u8]>> {
        if let Some(disk) = &self.disk {
            return disk.bytes(path);
        }
        let number = self.numbers.get(path)?;
        self.files.get(*number as usize).map(|known| known.tree.source().as_bytes().into())
    }

    fn tree(&self, path: &str) -> Option<Arc<Tree>> {
        match self.numbers.get(path) {
            Some(number) => self.files.get(*number as usize).map(|known| Arc::clone(&known.tree)),
            None if Self::is_kustomization(path) || self.folders.contains(path) => None,
            None => self.disk.as_ref()?.tree(path),
        }
    }

    fn id(&self, path: &str) -> FileId {
        match self.numbers.get(path) {
            Some(number) => FileId::new(*number),
            None => {
                let own = self.disk.as_ref().map_or(0, |disk| disk.id(path).index());
                FileId::new((self.files.len() + own) as u32)
            }
        }
    }

    fn is_folder(&self, path: &str) -> bool {
        // git has no empty folders, and so has no artifact of Flux.
        self.folders.contains(path)
            || !self.numbers.contains_key(path)
                && self.disk.as_ref().is_some_and(|disk| !disk.list(path).is_empty())
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let path_of =
            |number: &u32| self.files.get(*number as usize).map_or("", |known| &*known.path);
        let first = self.by_path.partition_point(|number| path_of(number) < below.as_str());
        let paths = self.by_path.get(first..).unwrap_or_default().iter().map(path_of);
        flux_render::listed(paths.take_while(|path| path.starts_with(&below)), folder)
    }

    fn by_id(&self, id: FileId) -> Option<Arc<Tree>> {
        match self.files.get(id.index()) {
            Some(known) => Some(Arc::clone(&known.tree)),
            None => self.disk.as_ref()?.tree(&self.on_disk(id)?),
        }
    }
}
