//! The files of an artifact: what source-controller leaves of a repository.

use std::sync::Arc;

use spanned_yaml::Tree;

use super::source_ignore::{SOURCE_IGNORE, SourceIgnore, Written};
use crate::{
    files::{Files, Listed, join},
    place::FileId,
};

/// A `.sourceignore` file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IgnoreFile {
    /// The folder in which it is.
    pub folder: String,
    /// Its content.
    pub content: Vec<u8>,
}

/// What a source object says of what its artifact holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceSettings {
    /// What to call the object: `GitRepository flux-system/fleet`.
    pub title: String,
    /// It is a Bucket, for which other rules hold.
    pub is_bucket: bool,
    /// `spec.ignore`
    pub ignore: Option<String>,
    /// How the paths begin that are fetched at all, if not all are: `spec.sparseCheckout` of a
    /// GitRepository, `spec.prefix` of a Bucket.
    pub prefixes: Vec<String>,
}

/// Files without those that source-controller leaves out.
#[derive(Clone)]
pub struct ArtifactFiles<'f> {
    files: &'f dyn Files,
    ignore_files: Arc<[IgnoreFile]>,
    ignore: SourceIgnore,
    settings: Option<SourceSettings>,
    /// Files that are left out by default are there.
    keeps_defaults: bool,
}

impl<'f> ArtifactFiles<'f> {
    /// What is left by a repository's `.sourceignore` files, or by default, whatever the source.
    pub fn new(files: &'f dyn Files, ignore_files: impl Into<Arc<[IgnoreFile]>>) -> Self {
        Self::made(files, ignore_files.into(), None)
    }

    /// What is left by what a source object says. Where the files are an artifact's themselves, all
    /// of their repository is gone through anew.
    pub fn of_source(files: &'f dyn Files, settings: SourceSettings) -> Self {
        match files.artifact() {
            Some(artifact) => {
                Self::made(artifact.files, Arc::clone(&artifact.ignore_files), Some(settings))
            }
            None => Self::made(files, Arc::from([]), Some(settings)),
        }
    }

    /// The same with the files that Flux leaves out by default.
    #[must_use]
    pub fn with_defaults(&self) -> Self {
        Self { keeps_defaults: self.ignore.has_defaults_alone(), ..self.clone() }
    }

    fn made(
        files: &'f dyn Files,
        ignore_files: Arc<[IgnoreFile]>,
        settings: Option<SourceSettings>,
    ) -> Self {
        let spec = settings.as_ref().and_then(|settings| settings.ignore.as_deref());
        let is_bucket = settings.as_ref().is_some_and(|settings| settings.is_bucket);
        let ignore = if is_bucket {
            let root = ignore_files.iter().find(|file| file.folder.is_empty());
            SourceIgnore::of_bucket(root.map(|file| &*file.content), spec)
        } else {
            // What isn't checked out isn't read.
            let is_there = |file: &&IgnoreFile| {
                let path = join(&file.folder, SOURCE_IGNORE).unwrap_or_default();
                settings.as_ref().is_none_or(|settings| settings.fetches(&path))
            };
            let read = ignore_files.iter().filter(is_there);
            SourceIgnore::new(read.map(|file| (&*file.folder, &*file.content)), spec)
        };
        Self { files, ignore_files, ignore, settings, keeps_defaults: false }
    }

    fn has_file(&self, path: &str) -> bool {
        let is_fetched = self.settings.as_ref().is_none_or(|settings| settings.fetches(path));
        is_fetched && (self.keeps_defaults || !self.ignore.leaves_out(path, false))
    }

    /// Whether there is a folder in the artifact, of one that the files have.
    fn has_folder(&self, path: &str) -> bool {
        path.is_empty() || self.keeps_defaults || self.holds(path, 0)
    }

    /// Whether a folder stands on its own in the artifact, or anything below it is there.
    fn holds(&self, folder: &str, depth: usize) -> bool {
        let on_its_own = self
            .settings
            .as_ref()
            .is_none_or(|settings| !settings.is_bucket && settings.fetches(&format!("{folder}/")));
        (on_its_own && !self.ignore.leaves_out(folder, true))
            || depth <= crate::MOST_FOLDERS
                && self.files.list(folder).iter().any(|entry| {
                    let path = below(folder, &entry.name);
                    if entry.is_folder {
                        self.holds(&path, depth + 1)
                    } else {
                        self.has_file(&path)
                    }
                })
    }
}

impl SourceSettings {
    /// Whether the artifact can differ from what the repository's own files say.
    pub(crate) fn matter(&self) -> bool {
        self.is_bucket || self.ignore.is_some() || !self.prefixes.is_empty()
    }

    /// Whether a path is fetched (`index.SkipUnless` of go-git: any text that paths begin with).
    fn fetches(&self, path: &str) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| path.starts_with(&**prefix))
    }
}

fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

impl Files for ArtifactFiles<'_> {
    fn bytes(&self, path: &str) -> Option<Arc<[u8]>> {
        self.has_file(path).then(|| self.files.bytes(path)).flatten()
    }

    fn tree(&self, path: &str) -> Option<Arc<Tree>> {
        self.has_file(path).then(|| self.files.tree(path)).flatten()
    }

    fn id(&self, path: &str) -> FileId {
        self.files.id(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.files.is_folder(path) && self.has_folder(path)
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        let mut found = self.files.list(folder);
        found.retain(|entry| {
            let path = below(folder, &entry.name);
            if entry.is_folder { self.has_folder(&path) } else { self.has_file(&path) }
        });
        found
    }

    fn by_id(&self, id: FileId) -> Option<Arc<Tree>> {
        self.files.by_id(id)
    }

    fn artifact(&self) -> Option<&ArtifactFiles<'_>> {
        Some(self)
    }

    fn left_out(&self, path: &str) -> Option<String> {
        let is_folder = self.files.is_folder(path);
        let is_there = if is_folder { self.has_folder(path) } else { self.has_file(path) };
        if is_there || !is_folder && self.files.bytes(path).is_none() {
            return None;
        }
        let source = |settings: &SourceSettings, field: &str| {
            format!("{path} isn't in Flux's artifact: {} leaves it out, by {field}", settings.title)
        };
        if let Some(settings) = self.settings.as_ref().filter(|settings| !settings.fetches(path)) {
            let field = if settings.is_bucket { "spec.prefix" } else { "spec.sparseCheckout" };
            return Some(source(settings, field));
        }
        let Some(pattern) = self.ignore.deciding(path, is_folder) else {
            return Some(format!("{path} isn't in Flux's artifact, as nothing in it is"));
        };
        let text = &pattern.text;
        Some(match (&pattern.written, &self.settings) {
            (Written::File(file), _) => {
                let line = pattern.line;
                format!("{path} isn't in Flux's artifact: `{text}` leaves it out ({file}:{line})")
            }
            (Written::Spec, Some(settings)) => {
                source(settings, &format!("`{text}` in line {} of spec.ignore", pattern.line))
            }
            _ => format!(
                "{path} isn't in Flux's artifact: source-controller leaves `{text}` out by default"
            ),
        })
    }
}
