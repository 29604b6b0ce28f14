//! Opening a repository, for the commands that render it.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::{
    config::{self, Config, ConfigError},
    fleet::Fleet,
    repo::{self, Contents, Progress},
};

/// A repository, rendered.
pub(super) struct Repository {
    /// Absolute.
    pub(super) root: PathBuf,
    pub(super) contents: Contents,
    pub(super) config: Config,
    pub(super) fleet: Fleet,
}

impl Repository {
    /// Reads and renders the repository around a path.
    pub(super) fn open(path: &Path, root: Option<&Path>) -> Result<Self, Failure> {
        let root = match root {
            Some(root) => root
                .canonicalize()
                .map_err(|error| Failure::new(format!("--root {}: {error}", root.display())))?,
            None => repo::find_root(&[path]).map_err(|error| Failure::new(error.to_string()))?,
        };
        let remotes = repo::git::remotes(&root);
        Self::at(root, &remotes)
    }

    /// Reads and renders the repository in a folder.
    pub(super) fn at(root: PathBuf, remotes: &[String]) -> Result<Self, Failure> {
        let listing = repo::list(&root, &[]);
        let contents = repo::read(&root, listing, &Progress::default());
        let config = load_config(&root)?;
        let fleet = Fleet::render(&contents, &config, remotes, None);
        Ok(Self { root, contents, config, fleet })
    }
}

fn load_config(root: &Path) -> Result<Config, Failure> {
    let path = root.join(repo::CONFIG_FILE);
    if !path.is_file() {
        return Ok(Config::default());
    }
    let unreadable = |error| Failure::new(format!("{}: can't be read: {error}", path.display()));
    let input = std::fs::File::open(&path).map_err(unreadable)?;
    let file = repo::read_text(repo::CONFIG_FILE, input).map_err(unreadable)?;
    config::load(&file).map_err(|errors| config_failure(&errors))
}

/// All that is wrong with a portcullis.yaml.
pub(super) fn config_failure(errors: &[ConfigError]) -> Failure {
    let lines: Vec<String> = errors
        .iter()
        .map(|error| match &error.help {
            Some(help) => format!("{error}; {help}"),
            None => error.to_string(),
        })
        .collect();
    Failure::new(lines.join("\n       "))
}
