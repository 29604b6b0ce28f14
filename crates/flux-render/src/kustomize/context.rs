//! What the steps of one folder need: its files, and the schema.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    load::LoadedFile,
    openapi::Schema,
    read::{Reader, Record, Text},
};
use crate::{
    error::{Error, ErrorKind},
    files::{Files, join},
};

/// What the steps of one folder need to know.
pub(crate) struct Context<'a> {
    pub(crate) files: &'a dyn Files,
    pub(crate) schema: &'a Arc<Schema>,
    pub(crate) folder: &'a str,
    /// Files that were read.
    pub(super) log: &'a Mutex<Vec<String>>,
}

impl Context<'_> {
    pub(super) fn path(&self, text: &Text) -> Result<String, Error> {
        if is_remote(&text.value) {
            return Err(remote(text));
        }
        join(self.folder, &text.value).map_err(|error| error.at(text.place))
    }

    pub(super) fn note(&self, path: String) {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(path);
    }

    pub(crate) fn bytes(&self, text: &Text) -> Result<Arc<[u8]>, Error> {
        let path = self.path(text)?;
        let bytes = self.files.bytes(&path).ok_or_else(|| missing_file(self.files, text, &path))?;
        self.note(path);
        Ok(bytes)
    }

    /// A file of YAML that a field names.
    pub(crate) fn file(&self, text: &Text) -> Result<LoadedFile, Error> {
        let path = self.path(text)?;
        let tree = self.files.tree(&path).ok_or_else(|| missing_file(self.files, text, &path))?;
        let id = self.files.id(&path);
        self.note(path);
        Ok(LoadedFile { id, tree })
    }

    /// Reads a file in which unknown fields drop out.
    pub(super) fn read_leniently<T: Default>(
        &self,
        text: &Text,
        read: impl FnOnce(&mut Record<'_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let read = self.read_with(text, true, |reader, root| read(&mut reader.record(root)?))?;
        Ok(read.unwrap_or_default())
    }

    /// Reads a file with typed fields.
    pub(super) fn read<T>(
        &self,
        text: &Text,
        read: impl FnOnce(&Reader<'_>, spanned_yaml::Node<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        self.read_with(text, false, read)
    }

    fn read_with<T>(
        &self,
        text: &Text,
        lenient: bool,
        read: impl FnOnce(&Reader<'_>, spanned_yaml::Node<'_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let file = self.file(text)?;
        file.check()?;
        let reader = Reader {
            file: Some(file.id),
            from: None,
            lenient_root: lenient,
            lenient,
            source: file.text(),
        };
        file.tree.root(0).map(|root| read(&reader, root)).transpose()
    }
}

pub(super) fn remote(text: &Text) -> Error {
    Error::new(
        ErrorKind::Remote,
        format!(
            "{} would be fetched, which isn't done here: keep a copy in the repository",
            text.value
        ),
    )
    .at(text.place)
}

pub(super) fn missing_file(files: &dyn Files, text: &Text, path: &str) -> Error {
    Error::missing(files, path, "file").at(text.place)
}

/// What kustomize takes for an address instead of a path.
pub(super) fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.starts_with("git@")
        || path.starts_with("github.com/")
        || path.starts_with("github.com:")
        || path.starts_with("git::")
        || path.contains("?ref=")
        || path.contains("//")
            && path
                .split('/')
                .next()
                .is_some_and(|host| host.contains('.') && !host.starts_with('.'))
}
