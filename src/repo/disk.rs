//! The repository's files as rendering asks for them: read when they are needed, once each.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use flux_render::{FileId, Files, Listed};
use rustc_hash::FxHashSet;
use spanned_yaml::{Limits, Tree};

use super::read::read_bytes;

/// Files below a root.
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    /// Folders that were come upon without following a link.
    real: Arc<FxHashSet<String>>,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    paths: Vec<String>,
    numbers: HashMap<String, u32>,
    bytes: HashMap<String, Option<Arc<[u8]>>>,
    trees: HashMap<String, Option<Arc<Tree>>>,
}

impl DiskFiles {
    /// The files below a folder. Links in its own path are followed.
    ///
    /// # Errors
    /// When the folder can't be resolved.
    pub fn new(root: &Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize()?, real: Arc::default(), known: Mutex::default() })
    }

    /// The same files, some of whose folders no link leads to: files in them needn't be asked where
    /// they are.
    pub(super) fn with_real(self, folders: &Arc<FxHashSet<String>>) -> Self {
        Self { real: Arc::clone(folders), ..self }
    }

    /// The path of a file, relative to the root.
    pub fn path(&self, id: FileId) -> Option<String> {
        self.known().paths.get(id.index()).cloned()
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a path leads; none if that is outside of the root. Flux unpacks a repository into a
    /// folder of its own, in which such links are dead.
    fn resolve(&self, path: &str) -> Option<PathBuf> {
        let joined = self.root.join(path);
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        if self.real.contains(folder) && !path.contains("..") {
            let found = joined.symlink_metadata().ok()?;
            if !found.is_symlink() {
                return Some(joined);
            }
        }
        let resolved = joined.canonicalize().ok()?;
        resolved.starts_with(&self.root).then_some(resolved)
    }
}

impl Files for DiskFiles {
    fn bytes(&self, path: &str) -> Option<Arc<[u8]>> {
        if let Some(known) = self.known().bytes.get(path) {
            return known.clone();
        }
        let resolved = self.resolve(path);
        let bytes: Option<Arc<[u8]>> =
            resolved.and_then(|resolved| read_bytes(&resolved).ok()).map(Arc::from);
        self.known().bytes.insert(path.to_owned(), bytes.clone());
        bytes
    }

    fn tree(&self, path: &str) -> Option<Arc<Tree>> {
        if let Some(known) = self.known().trees.get(path) {
            return known.clone();
        }
        let tree = self
            .bytes(path)
            .map(|bytes| Arc::new(spanned_yaml::parse_bytes(bytes.to_vec(), &Limits::default())));
        self.known().trees.insert(path.to_owned(), tree.clone());
        tree
    }

    fn id(&self, path: &str) -> FileId {
        let mut known = self.known();
        if let Some(number) = known.numbers.get(path) {
            return FileId::new(*number);
        }
        let number = known.paths.len() as u32;
        known.paths.push(path.to_owned());
        known.numbers.insert(path.to_owned(), number);
        FileId::new(number)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.resolve(path).is_some_and(|resolved| resolved.is_dir())
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        let Some(entries) = self.resolve(folder).and_then(|folder| fs::read_dir(folder).ok())
        else {
            return Vec::new();
        };
        let mut found: Vec<Listed> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| {
                let kind = entry.file_type().ok()?;
                let name = entry.file_name().into_string().ok()?;
                // Flux leaves links out of its artifacts.
                (!kind.is_symlink()).then(|| Listed { name, is_folder: kind.is_dir() })
            })
            .collect();
        found.sort_unstable();
        found
    }

    fn by_id(&self, id: FileId) -> Option<Arc<Tree>> {
        let path = self.path(id)?;
        self.tree(&path)
    }
}
