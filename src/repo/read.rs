//! Reading files, once each.

use std::{
    collections::HashMap,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use flux_render::{LONG_TEXT, flux::IgnoreFile};
use rayon::prelude::*;
use spanned_yaml::{Limits, Tree};

use super::{CONFIG_FILE, File, Listing};
use crate::finding::{Gap, GapKind, Location};

/// Larger files are reported and not read: 64 MiB. etcd takes objects of 1.5
/// MiB at the most.
pub const MAX_FILE_BYTES: u64 = 64 << 20;

/// Everything that was read of a repository.
#[derive(Debug, Default)]
pub struct Contents {
    /// In lexical order of their paths.
    pub files: Vec<File>,
    /// portcullis.yaml, if there is one.
    pub config: Option<File>,
    /// What Flux is told to leave out of its artifacts, whatever the source.
    pub source_ignores: Vec<IgnoreFile>,
    /// What could not be read, and what was left out.
    pub gaps: Vec<Gap>,
    /// The folder that all paths are relative to; none for what doesn't come from a folder.
    pub root: Option<PathBuf>,
}

/// How far a long run has come.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files to read.
    pub total: AtomicUsize,
    /// Files read.
    pub done: AtomicUsize,
}

/// Reads and parses the listed files.
pub fn read(root: &Path, listing: Listing, progress: &Progress) -> Contents {
    progress.total.store(listing.files.len(), Ordering::Relaxed);
    let copies = Copies::default();
    let read: Vec<Result<File, Gap>> = listing
        .files
        .par_iter()
        .filter(|path| *path != CONFIG_FILE)
        .map(|path| {
            let read = read_file(root, path, &copies);
            progress.done.fetch_add(1, Ordering::Relaxed);
            read
        })
        .collect();
    let mut contents =
        Contents { gaps: listing.gaps, root: Some(root.to_owned()), ..Contents::default() };
    contents.files.reserve_exact(read.len());
    for result in read {
        match result {
            Ok(file) => contents.files.push(file),
            Err(gap) => contents.gaps.push(gap),
        }
    }
    for path in &listing.source_ignores {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        match read_bytes(&root.join(path)) {
            Ok(content) => contents.source_ignores.push(IgnoreFile { folder, content }),
            Err(error) => contents.gaps.push(Gap {
                kind: GapKind::Unreadable,
                message: format!("can't be read: {error}"),
                location: Location::file(path.as_str().into()),
            }),
        }
    }
    contents
}

fn read_file(root: &Path, path: &str, copies: &Copies) -> Result<File, Gap> {
    let unreadable = |message: String| Gap {
        kind: GapKind::Unreadable,
        message,
        location: Location::file(path.into()),
    };
    let bytes = read_bytes(&root.join(path))
        .map_err(|error| unreadable(format!("can't be read: {error}")))?;
    let file = File::new(path, copies.parse(bytes));
    // JSON files of other tools may have comments; only a manifest must parse.
    let other_json =
        Path::new(path).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
            && !file.tree.errors().is_empty()
            && !file.source().contains("\"apiVersion\"");
    if other_json {
        return Err(Gap {
            kind: GapKind::Skipped,
            ..unreadable("not a Kubernetes object, and not plain JSON".into())
        });
    }
    Ok(file)
}

/// Long texts that were parsed, by their length.
#[derive(Default)]
struct Copies(Mutex<HashMap<usize, Vec<Arc<Tree>>>>);

impl Copies {
    fn parse(&self, bytes: Vec<u8>) -> Arc<Tree> {
        let parse = |bytes| Arc::new(spanned_yaml::parse_bytes(bytes, &Limits::default()));
        let length = bytes.len();
        if length < LONG_TEXT {
            return parse(bytes);
        }
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_copy = |tree: &&Arc<Tree>| tree.source().as_bytes() == bytes;
        if let Some(copy) = known().get(&length).and_then(|trees| trees.iter().find(is_copy)) {
            return Arc::clone(copy);
        }
        let tree = parse(bytes);
        // Bytes that aren't UTF-8 are others in the tree's text.
        if tree.errors().is_empty() {
            known().entry(length).or_default().push(Arc::clone(&tree));
        }
        tree
    }
}

/// The content of a file that isn't too large.
pub(super) fn read_bytes(path: &Path) -> io::Result<Vec<u8>> {
    let file = fs::File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let size = metadata.len();
    let too_large = || io::Error::other(format!("it is larger than {} MiB", MAX_FILE_BYTES >> 20));
    if size > MAX_FILE_BYTES {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    // The file may grow meanwhile.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Parses manifests that come from elsewhere, as from standard input.
///
/// # Errors
/// When reading fails, or there is too much of it.
pub fn read_text(name: &str, input: impl Read) -> io::Result<File> {
    let mut bytes = Vec::new();
    input.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::other(format!("more than {} MiB", MAX_FILE_BYTES >> 20)));
    }
    Ok(File::new(name, spanned_yaml::parse_bytes(bytes, &Limits::default())))
}
