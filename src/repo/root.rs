//! Where a repository begins.

use std::path::{Component, Path, PathBuf};

/// The configuration file's name, at the root.
pub const CONFIG_FILE: &str = "portcullis.yaml";

/// A path that can't be checked.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    /// It doesn't exist, or may not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It lies in another repository than the first path.
    #[error("{} lies outside the repository {}: check one repository a run, or set --root", path.display(), root.display())]
    Outside {
        /// As given.
        path: PathBuf,
        /// The root of the first path.
        root: PathBuf,
    },
}

/// The nearest folder, from the first of `paths` upwards, that holds
/// portcullis.yaml or `.git`; else the folder that holds them all (of a file,
/// the one that it is in).
///
/// # Errors
/// When a path can't be resolved.
pub fn find_root(paths: &[&Path]) -> Result<PathBuf, RootError> {
    let mut folders = Vec::new();
    for path in paths {
        let absolute = canonical(path)?;
        let folder = if absolute.is_dir() { None } else { absolute.parent() };
        folders.push(folder.map_or_else(|| absolute.clone(), Path::to_owned));
    }
    let Some(first) = folders.first() else { return canonical(Path::new(".")) };
    let marked =
        |folder: &&Path| folder.join(CONFIG_FILE).is_file() || folder.join(".git").exists();
    let holds_all = |folder: &&Path| folders.iter().all(|other| other.starts_with(folder));
    let root = first.ancestors().find(marked).or_else(|| first.ancestors().find(holds_all));
    Ok(root.unwrap_or(first).to_owned())
}

/// `path` relative to `root`, with `/`; empty for the root itself.
///
/// # Errors
/// When `path` can't be resolved, or lies outside `root`.
pub fn relative(root: &Path, path: &Path) -> Result<String, RootError> {
    let absolute = canonical(path)?;
    match absolute.strip_prefix(root) {
        Ok(relative) => Ok(slashed(relative)),
        Err(_) => Err(RootError::Outside { path: path.to_owned(), root: root.to_owned() }),
    }
}

/// A relative path with `/` between its parts.
pub(super) fn slashed(path: &Path) -> String {
    let mut text = String::with_capacity(path.as_os_str().len());
    for part in path.components() {
        if let Component::Normal(part) = part {
            if !text.is_empty() {
                text.push('/');
            }
            text.push_str(&part.to_string_lossy());
        }
    }
    text
}

/// Resolves the folder that holds `path`, but not `path` itself if it is a
/// link: a link is reported, not followed.
fn canonical(path: &Path) -> Result<PathBuf, RootError> {
    let unreadable = |source| RootError::Unreadable { path: path.to_owned(), source };
    let is_link = path.symlink_metadata().map_err(unreadable)?.is_symlink();
    match (is_link, path.parent(), path.file_name()) {
        (true, Some(parent), Some(name)) => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Ok(parent.canonicalize().map_err(unreadable)?.join(name))
        }
        _ => path.canonicalize().map_err(unreadable),
    }
}
