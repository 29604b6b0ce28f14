//! Where a value comes from.

use std::sync::Arc;

/// A file of a build, by its number in the order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// The file of this number.
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// First byte, from 0.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
}

/// What changed a value after somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// A strategic merge patch set it.
    Patch,
    /// A JSON 6902 patch set it.
    JsonPatch,
    /// A patch took a field of this name away from it.
    Removed(Box<str>),
    /// `images`.
    Images,
    /// `replicas`.
    Replicas,
    /// `namespace`.
    Namespace,
    /// `namePrefix`.
    NamePrefix,
    /// `nameSuffix`.
    NameSuffix,
    /// `labels` or `commonLabels`.
    Labels,
    /// `commonAnnotations`.
    Annotations,
    /// `replacements`.
    Replacement,
    /// `vars`.
    Vars,
    /// `configMapGenerator` or `secretGenerator`.
    Generator,
    /// A name that another object got was followed.
    NameReference,
    /// A hash of the content was put behind the name.
    NameHash,
    /// kustomize itself set it: `buildMetadata`, a label of its own.
    Kustomize,
    /// A variable of this name stood in it, with a value that was known.
    Variable(Box<str>),
    /// `commonMetadata` of a Flux Kustomization.
    CommonMetadata,
    /// Flux itself set it: labels of the owner, defaults that it fills in.
    Flux,
}

/// An operation, where it is written, and the value's origin before it.
#[derive(Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub operation: Operation,
    /// Where it is written.
    pub place: Option<Place>,
    /// The origin that the value had before; none if there was no value.
    pub before: Option<Origin>,
}

/// Who wrote a value, and what was done to it since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where its present text is written; none if nobody wrote it.
    pub place: Option<Place>,
    /// The last operation on it; none if it is as written.
    pub step: Option<Arc<Step>>,
}

impl Origin {
    /// As written at a place.
    pub fn written(place: Place) -> Self {
        Self { place: Some(place), step: None }
    }

    /// The operations on the value, the last one first.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::successors(self.step.as_deref(), |step| {
            step.before.as_ref().and_then(|before| before.step.as_deref())
        })
    }
}
