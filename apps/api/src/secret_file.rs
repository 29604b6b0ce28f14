//! Files with secrets, which change while a service runs.
//!
//! Kubernetes replaces a mounted Secret by moving a symbolic link, so neither the file's inode nor
//! its time says for sure that it changed. The files are small: they are read again every
//! [`INTERVAL`], and parsed if their bytes differ.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;

/// How often files are read again.
pub const INTERVAL: Duration = Duration::from_secs(2);

/// Largest file that is taken for a secret, in bytes.
const MAX_BYTES: usize = 1024 * 1024;

/// The text of a file with one secret: without the line end that editors add.
///
/// # Errors
/// If the file can't be read, isn't UTF-8, or is empty or larger than 1 MiB.
pub fn read_secret(path: &Path) -> io::Result<String> {
    let text = String::from_utf8(read(path)?).map_err(io::Error::other)?;
    let secret = text.strip_suffix('\n').unwrap_or(&text);
    let secret = secret.strip_suffix('\r').unwrap_or(secret);
    if secret.is_empty() {
        return Err(io::Error::other("the file is empty"));
    }
    Ok(secret.to_owned())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if bytes.len() > MAX_BYTES {
        return Err(io::Error::other("the file is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// What a file with secrets means, as of its last valid content.
pub struct SecretFile<T> {
    path: PathBuf,
    parse: fn(&[u8]) -> Result<T, String>,
    /// The bytes that were seen last, valid or not.
    seen: Mutex<Vec<u8>>,
    current: ArcSwap<T>,
}

// By hand, so that no secret is ever written into a log.
impl<T> std::fmt::Debug for SecretFile<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretFile").field("path", &self.path).finish_non_exhaustive()
    }
}

impl<T: Send + Sync + 'static> SecretFile<T> {
    /// Reads a file for the first time.
    ///
    /// # Errors
    /// If it can't be read, is larger than 1 MiB, or means nothing.
    pub fn open(path: &Path, parse: fn(&[u8]) -> Result<T, String>) -> Result<Self, String> {
        let bytes = read(path).map_err(|error| error.to_string())?;
        let current = ArcSwap::from_pointee(parse(&bytes)?);
        Ok(Self { path: path.to_owned(), parse, seen: Mutex::new(bytes), current })
    }

    /// What the file means now.
    pub fn current(&self) -> Arc<T> {
        self.current.load_full()
    }

    /// Reads the file again. If what it has now can't be read or means nothing, what it meant
    /// before stays in force, and the log has an error.
    pub fn reload(&self) {
        let path = self.path.display();
        let bytes = match read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%path, %error, "can't read; the last content stays in force");
                return;
            }
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == bytes {
            return;
        }
        match (self.parse)(&bytes) {
            Ok(value) => {
                self.current.store(Arc::new(value));
                tracing::info!(%path, "read again");
            }
            Err(error) => {
                tracing::error!(%path, error, "wrong; the last content stays in force");
            }
        }
        *seen = bytes;
    }

    /// Starts a task that reads the file again every [`INTERVAL`], as long as it is used.
    pub fn watch(self: &Arc<Self>) {
        let file = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(INTERVAL).await;
                let Some(file) = file.upgrade() else { return };
                let _ = tokio::task::spawn_blocking(move || file.reload()).await;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> Result<u32, String> {
        std::str::from_utf8(bytes).unwrap().trim().parse().map_err(|_| "isn't a number".into())
    }

    #[test]
    fn what_a_file_means_changes_with_it_unless_it_becomes_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        fs::write(&path, "1\n").unwrap();
        let file = SecretFile::open(&path, number).unwrap();
        assert_eq!(*file.current(), 1);
        fs::write(&path, "2").unwrap();
        file.reload();
        assert_eq!(*file.current(), 2);
        fs::write(&path, "x").unwrap();
        file.reload();
        assert_eq!(*file.current(), 2);
        fs::remove_file(&path).unwrap();
        file.reload();
        assert_eq!(*file.current(), 2);
        fs::write(&path, "3").unwrap();
        file.reload();
        assert_eq!(*file.current(), 3);
        assert!(SecretFile::open(&folder.path().join("none"), number).is_err());
    }

    #[test]
    fn one_line_end_is_not_part_of_a_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, secret) in [("a b", "a b"), ("a\n", "a"), ("a\r\n", "a"), (" a\n\n", " a\n")]
        {
            fs::write(&path, content).unwrap();
            assert_eq!(read_secret(&path).unwrap(), secret);
        }
        fs::write(&path, "\n").unwrap();
        assert!(read_secret(&path).is_err());
    }
}
