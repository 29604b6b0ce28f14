//! The files of a build, and paths among them.

use std::{collections::BTreeMap, sync::Arc};

use spanned_yaml::Tree;

use crate::{
    error::{Error, ErrorKind},
    flux::ArtifactFiles,
    place::FileId,
};

/// What is built from. Paths are relative to the root, with `/` between their parts and without
/// `.` and `..`; the root itself is the empty path.
pub trait Files: Sync {
    /// The content of a file; none if there is no such file or it can't be read.
    fn bytes(&self, path: &str) -> Option<Arc<[u8]>>;
    /// A file as YAML. Asked often: an implementation parses each file once.
    fn tree(&self, path: &str) -> Option<Arc<Tree>>;
    /// The number by which [`crate::Place`]s name the file.
    fn id(&self, path: &str) -> FileId;
    /// Whether there is a folder at the path. Links that lead out of the root don't count.
    fn is_folder(&self, path: &str) -> bool;
    /// What a folder holds, by name; nothing if there is no such folder.
    fn list(&self, folder: &str) -> Vec<Listed>;
    /// The file of a number, as YAML, if it was read as such.
    fn by_id(&self, id: FileId) -> Option<Arc<Tree>>;

    /// What hides files from a build, where something does.
    fn artifact(&self) -> Option<&ArtifactFiles<'_>> {
        None
    }

    /// Why a file or folder is hidden, if it is: one line, no full stop.
    fn left_out(&self, _path: &str) -> Option<String> {
        None
    }
}

/// Length from which on it is worth while to look for files with the same text, in bytes. Every
/// cluster's folder has the same gotk-components.yaml, of some 300 KiB.
pub const LONG_TEXT: usize = 16 << 10;

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name, without the folder's path.
    pub name: String,
    /// It is a folder itself.
    pub is_folder: bool,
}

/// Path, content, and the content as YAML.
type MemoryFile = (String, Arc<[u8]>, Arc<Tree>);

/// Files in memory.
#[derive(Debug, Default)]
pub struct MemoryFiles {
    files: Vec<MemoryFile>,
    numbers: BTreeMap<String, usize>,
}

impl MemoryFiles {
    /// Files by path, with their contents.
    pub fn new<P: Into<String>, C: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, C)>) -> Self {
        let mut memory = Self::default();
        for (path, content) in files {
            let (path, bytes): (String, Vec<u8>) = (path.into(), content.into());
            let tree = spanned_yaml::parse_bytes(bytes.clone(), &spanned_yaml::Limits::default());
            let tree = Arc::new(tree);
            memory.numbers.insert(path.clone(), memory.files.len());
            memory.files.push((path, bytes.into(), tree));
        }
        memory
    }

    /// The path of a file.
    pub fn path(&self, id: FileId) -> Option<&str> {
        self.files.get(id.index()).map(|(path, _, _)| path.as_str())
    }

    /// All files with their contents as YAML.
    pub fn trees(&self) -> impl Iterator<Item = (String, Arc<Tree>)> + '_ {
        self.files.iter().map(|(path, _, tree)| (path.clone(), Arc::clone(tree)))
    }

    fn get(&self, path: &str) -> Option<&MemoryFile> {
        self.files.get(*self.numbers.get(path)?)
    }
}

impl Files for MemoryFiles {
    fn bytes(&self, path: &str) -> Option<Arc<[u8]>> {
        self.get(path).map(|(_, bytes, _)| Arc::clone(bytes))
    }

    fn tree(&self, path: &str) -> Option<Arc<Tree>> {
        self.get(path).map(|(_, _, tree)| Arc::clone(tree))
    }

    fn id(&self, path: &str) -> FileId {
        FileId(self.numbers.get(path).map_or(u32::MAX, |number| *number as u32))
    }

    fn is_folder(&self, path: &str) -> bool {
        if path.is_empty() {
            return true;
        }
        let below = format!("{path}/");
        self.numbers
            .range(below.clone()..)
            .next()
            .is_some_and(|(found, _)| found.starts_with(&below))
    }

    fn list(&self, folder: &str) -> Vec<Listed> {
        listed(self.numbers.keys().map(String::as_str), folder)
    }

    fn by_id(&self, id: FileId) -> Option<Arc<Tree>> {
        self.files.get(id.index()).map(|(_, _, tree)| Arc::clone(tree))
    }
}

/// What a folder holds, from the sorted paths of all files.
pub fn listed<'p>(paths: impl Iterator<Item = &'p str>, folder: &str) -> Vec<Listed> {
    let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    let mut found: Vec<Listed> = paths
        .filter_map(|path| path.strip_prefix(&below))
        .map(|rest| match rest.split_once('/') {
            Some((name, _)) => Listed { name: name.to_owned(), is_folder: true },
            None => Listed { name: rest.to_owned(), is_folder: false },
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A path from a folder, cleaned.
///
/// # Errors
/// It leaves the root, as Flux doesn't allow, or is absolute.
pub fn join(folder: &str, path: &str) -> Result<String, Error> {
    if path.starts_with('/') {
        return Err(Error::new(
            ErrorKind::Outside,
            format!("the path `{path}` is absolute: write it from this file's folder"),
        ));
    }
    if is_clean(folder) && is_clean(path) {
        return Ok(match (folder, path) {
            ("", path) => path.to_owned(),
            (folder, "") => folder.to_owned(),
            (folder, path) => [folder, path].join("/"),
        });
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Outside,
                        format!("the path `{path}` leaves the repository, which Flux refuses"),
                    )
                })?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Whether a path has no parts that are empty or made of dots; some that haven't, either, aren't
/// told.
fn is_clean(path: &str) -> bool {
    let mut before = b'/';
    let is_clean = path.bytes().all(|byte| {
        let fits = before != b'/' || !matches!(byte, b'/' | b'.');
        before = byte;
        fits
    });
    is_clean && (before != b'/' || path.is_empty())
}

#[cfg(test)]
mod tests {
    use super::join;

    #[test]
    fn paths_are_joined_as_kustomize_does() {
        for (folder, path, joined) in [
            ("apps/a", "../b/patch.yaml", "apps/b/patch.yaml"),
            ("", "./patch.yaml", "patch.yaml"),
            ("a", "b//c.yaml", "a/b/c.yaml"),
            ("a", "b/c.yaml", "a/b/c.yaml"),
            ("a", "", "a"),
            ("", "a/", "a"),
            ("a/b", ".hidden/c", "a/b/.hidden/c"),
            ("a", "b/../../c", "c"),
        ] {
            assert_eq!(join(folder, path).unwrap(), joined, "{folder} {path}");
        }
        assert!(join("a", "../../b").is_err() && join("a", "/b").is_err());
    }
}
