//! What git knows of the repository. The `git` command is asked, as hooks and
//! CI always have it.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread::JoinHandle,
};

/// git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The command isn't there.
    #[error("git can't be started: {0}")]
    Start(std::io::Error),
    /// It refused.
    #[error("git {command}: {message}")]
    Failed {
        /// The subcommand.
        command: String,
        /// The last line of what it said.
        message: String,
    },
    /// The folder is in no git repository.
    #[error("{0} is not in a git repository")]
    NoRepository(String),
}

/// Runs git in `root` and returns what it prints.
fn git<S: AsRef<OsStr>>(root: &Path, arguments: &[S]) -> Result<Vec<u8>, GitError> {
    run(Command::new("git").arg("-C").arg(root).args(arguments), arguments)
}

fn git_with_index(root: &Path, index: &Path, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(arguments).env("GIT_INDEX_FILE", index);
    run(&mut command, arguments)
}

fn run<S: AsRef<OsStr>>(command: &mut Command, arguments: &[S]) -> Result<Vec<u8>, GitError> {
    let output = command.stdin(Stdio::null()).output().map_err(GitError::Start)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(GitError::Failed {
        command: arguments
            .first()
            .map(|a| a.as_ref().to_string_lossy().into_owned())
            .unwrap_or_default(),
        message: said
            .lines()
            .next()
            .unwrap_or("no reason given")
            .trim_start_matches("fatal: ")
            .to_owned(),
    })
}

/// The addresses of the remotes; none where there is no repository, or no git.
pub fn remotes(root: &Path) -> Vec<String> {
    let output = git(root, &["config", "--get-regexp", r"^remote\..*\.url$"]).unwrap_or_default();
    String::from_utf8_lossy(&output)
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_, url)| url.to_owned())
        .collect()
}

/// [`remotes`] that are asked for in the background, as git takes some milliseconds.
pub struct Remotes(Option<JoinHandle<Vec<String>>>);

impl Remotes {
    /// Asks, where the folder lies in a repository.
    pub fn ask(root: &Path) -> Self {
        let is_repository = std::env::var_os("GIT_DIR").is_some()
            || root.ancestors().any(|folder| folder.join(".git").exists());
        let root = root.to_owned();
        Self(is_repository.then(|| std::thread::spawn(move || remotes(&root))))
    }

    /// Waits for the answer.
    pub fn answer(self) -> Vec<String> {
        self.0.and_then(|asked| asked.join().ok()).unwrap_or_default()
    }
}

/// Writes the files of a revision below an empty folder. Returns the folder there that stands for
/// `root`, which may lie below the top of its repository. Nothing in the repository changes.
///
/// # Errors
/// When git is missing, or doesn't know the revision.
pub fn check_out(root: &Path, revision: &str, into: &Path) -> Result<PathBuf, GitError> {
    let prefix = git(root, &["rev-parse", "--show-prefix"])?;
    let prefix = String::from_utf8_lossy(&prefix).trim_end().to_owned();
    let tree = into.join("tree");
    // An index of its own: the repository's is left alone.
    let index = into.join("index");
    git_with_index(root, &index, &["read-tree", "--end-of-options", revision])?;
    let target = format!("--prefix={}/", tree.display());
    git_with_index(root, &index, &["checkout-index", "--all", "--force", &target])?;
    let folder = tree.join(prefix);
    std::fs::create_dir_all(&folder).map_err(GitError::Start)?;
    Ok(folder)
}

fn paths(output: &[u8]) -> impl Iterator<Item = String> + '_ {
    output
        .split(|byte| *byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).into_owned())
}

/// Files that .gitignore names and git tracks all the same: they are part of
/// the repository. Paths are relative to `root`. Empty outside git.
///
/// # Errors
/// When git is missing or refuses.
pub fn tracked_but_ignored(root: &Path) -> Result<Vec<String>, GitError> {
    if !root.join(".git").exists() {
        return Ok(Vec::new());
    }
    let output = git(root, &["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"])?;
    Ok(paths(&output).collect())
}

/// Files that differ between `revision` and the working tree, deleted and
/// untracked ones included; relative to `root`.
///
/// # Errors
/// When `root` is in no repository, or git doesn't know the revision.
pub fn changed_since(root: &Path, revision: &str) -> Result<BTreeSet<String>, GitError> {
    if git(root, &["rev-parse", "--git-dir"]).is_err() {
        return Err(GitError::NoRepository(root.display().to_string()));
    }
    let tracked = git(
        root,
        &[
            "diff",
            "--name-only",
            "-z",
            "--no-renames",
            "--relative",
            "--end-of-options",
            revision,
            "--",
        ],
    )?;
    let untracked = git(root, &["ls-files", "-z", "--others", "--exclude-standard"])?;
    Ok(paths(&tracked).chain(paths(&untracked)).collect())
}

/// A file's bytes as `revision` had it; none if it didn't exist.
pub fn file_at(root: &Path, revision: &str, path: &str) -> Option<Vec<u8>> {
    git(root, &["show", "--end-of-options", &format!("{revision}:./{path}")]).ok()
}
