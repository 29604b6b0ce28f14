//! `kustomize build` (api/krusty).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{
    accumulate::{Accumulated, Run},
    copies::Copies,
    generate::Overlay,
    resource::Resource,
};
use crate::{error::Error, files::Files, place::Place};

/// Something about a kustomization file that doesn't stop the build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub kind: RemarkKind,
    /// What to tell.
    pub message: String,
    /// Where it is written.
    pub place: Place,
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemarkKind {
    /// kustomize wants another field in the place of this one.
    DeprecatedField,
    /// The field drops out, as Flux reads the file leniently.
    DroppedField,
    /// The patch selects nothing.
    PatchWithoutTarget,
}

/// What was built.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The objects in order.
    pub objects: Vec<Arc<Resource>>,
    /// What to say besides.
    pub remarks: Vec<Remark>,
    /// Patches with a target that selected something, by their places.
    pub patched: Vec<Place>,
    /// Folders with a kustomization file that took part.
    pub folders: Vec<String>,
    /// Files that were read, by their paths.
    pub read: Vec<String>,
}

pub(super) type Shared = Arc<OnceLock<Result<Arc<Accumulated>, Error>>>;

/// Builds kustomizations of one set of files. Folders that several of them use are built once.
pub struct Builder<'f> {
    pub(super) files: &'f dyn Files,
    pub(super) shared: Mutex<HashMap<String, Shared>>,
    pub(super) copies: Copies,
}

/// Folders that were built for several others.
#[derive(Debug, Default)]
#[allow(dead_code, reason = "only freed")]
pub struct Bases(HashMap<String, Shared>, Copies);

/// How a kustomization is built.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Unknown fields of the topmost file drop out, as where Flux writes that file anew.
    pub lenient_root: bool,
}

impl<'f> Builder<'f> {
    /// A builder over files.
    pub fn new(files: &'f dyn Files) -> Self {
        Self { files, shared: Mutex::default(), copies: Copies::default() }
    }

    /// Builds a folder, as `kustomize build --reorder none --load-restrictor LoadRestrictionsNone`.
    ///
    /// # Errors
    /// What kustomize refuses, what Flux refuses, and what passes the limits.
    pub fn build(&self, folder: &str, options: Options) -> Result<Built, Error> {
        self.run(folder, options, None)
    }

    /// Builds a folder as Flux does for a Kustomization: with what its spec adds to the folder's
    /// kustomization file, or to one made from what the folder holds.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub(crate) fn build_with(&self, folder: &str, overlay: &Overlay) -> Result<Built, Error> {
        self.run(folder, Options { lenient_root: true }, Some(overlay))
    }

    /// What was built, for those who have a better time to free it.
    pub fn into_bases(self) -> Bases {
        let shared = self.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        Bases(shared, self.copies)
    }

    /// The files that are built from.
    pub fn files(&self) -> &'f dyn Files {
        self.files
    }

    fn run(
        &self,
        folder: &str,
        options: Options,
        overlay: Option<&Overlay>,
    ) -> Result<Built, Error> {
        let (log, openapi) = (Mutex::default(), Mutex::default());
        let run = Run { builder: self, log: &log, openapi: &openapi, options, overlay };
        let mut built = run.root(folder)?;
        built.read.extend(log.into_inner().unwrap_or_else(PoisonError::into_inner));
        built.read.sort_unstable();
        built.read.dedup();
        built.folders.sort_unstable();
        built.folders.dedup();
        Ok(built)
    }
}
