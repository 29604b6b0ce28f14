//! Kinds that the CRDs of a repository define.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node, NodeId};

use super::{custom_read, model::Schema};
use crate::{kube::Object, repo::File};

/// Why the schema of a CRD can't be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct BrokenSchema<'a> {
    /// The file of the CRD.
    pub file: &'a File,
    /// What is wrong in it.
    pub node: Node<'a>,
    /// Why.
    pub message: String,
}

/// The kinds of some CRDs. Schemas are read when an object asks for them.
#[derive(Debug, Default)]
pub struct CustomKinds<'a> {
    /// By kind, then by group.
    kinds: FxHashMap<&'a str, Vec<(&'a str, Vec<CustomKind<'a>>)>>,
    /// CRDs of a kind that another has defined already: that one, and the later one.
    pub rivals: Vec<(Object<'a>, Object<'a>)>,
}

/// As [`BrokenSchema`], for a file that is known.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) node: NodeId,
    pub(super) message: String,
}

#[derive(Debug)]
struct CustomKind<'a> {
    file: &'a File,
    version: &'a str,
    /// `schema.openAPIV3Schema`.
    schema: Option<Node<'a>>,
    read: OnceLock<Result<Schema, Broken>>,
}

impl<'a> CustomKinds<'a> {
    /// The kinds that the CRDs among these objects define; of several for one kind, the first.
    pub fn of(objects: impl Iterator<Item = Object<'a>>) -> Self {
        let mut all = Self::default();
        let mut owners: FxHashMap<(&'a str, &'a str), Object<'a>> = FxHashMap::default();
        for object in objects.filter(is_crd) {
            let Some(spec) = object.spec() else { continue };
            let text = |node: Option<Node<'a>>| node.and_then(Node::as_str);
            let group = text(spec.get("group"));
            let kind = text(spec.get("names").and_then(|names| names.get("kind")));
            let (Some(group), Some(kind)) = (group, kind) else { continue };
            if let Some(first) = owners.get(&(group, kind)) {
                all.rivals.push((*first, object));
                continue;
            }
            owners.insert((group, kind), object);
            let versions = spec.get("versions");
            let served =
                versions.iter().flat_map(|versions| versions.items()).filter_map(|version| {
                    if version.get("served").and_then(Node::as_bool) == Some(false) {
                        return None;
                    }
                    Some(CustomKind {
                        file: object.file,
                        version: text(version.get("name"))?,
                        schema: version.get("schema").and_then(|it| it.get("openAPIV3Schema")),
                        read: OnceLock::new(),
                    })
                });
            all.kinds.entry(kind).or_default().push((group, served.collect()));
        }
        all
    }

    /// The CRDs that files hold, as they are written.
    pub fn in_files(files: &'a [File]) -> Self {
        let roots = files.iter().flat_map(|file| {
            let documents = file.tree.documents().iter().filter(|document| !document.broken);
            documents.filter_map(|document| document.root).map(move |id| (file, file.tree.node(id)))
        });
        Self::of(roots.filter_map(|(file, root)| {
            let is_crd = root.get("kind").is_some_and(|kind| kind.text() == CRD);
            is_crd.then(|| Object::read(file, root)).flatten()
        }))
    }

    fn get(&self, object: &Object<'_>) -> Option<&[CustomKind<'a>]> {
        let groups = self.kinds.get(object.kind)?;
        groups.iter().find(|(group, _)| *group == object.group()).map(|(_, kinds)| kinds.as_slice())
    }
}

/// The group and kind that a CRD defines; none for other objects.
pub fn kind_defined_by(object: &Object<'_>) -> Option<(String, String)> {
    let spec = object.spec().filter(|_| is_crd(object))?;
    let kind = spec.get("names")?.get("kind")?.as_str()?;
    Some((spec.get("group")?.as_str()?.to_owned(), kind.to_owned()))
}

const CRD: &str = "CustomResourceDefinition";

fn is_crd(object: &Object<'_>) -> bool {
    object.kind == CRD && object.api_version == "apiextensions.k8s.io/v1"
}

/// The custom kinds that an environment has: those that it brings itself, and for others those that
/// are somewhere in the repository.
#[derive(Clone, Copy, Debug)]
pub struct Customs<'c> {
    /// Of the environment.
    pub own: &'c CustomKinds<'c>,
    /// Of the repository.
    pub repository: &'c CustomKinds<'c>,
}

impl<'c> Customs<'c> {
    fn get(&self, object: &Object<'_>) -> Option<&'c [CustomKind<'c>]> {
        self.own.get(object).or_else(|| self.repository.get(object))
    }

    /// The versions in which an object's kind is served, if a CRD defines it.
    pub fn versions_of(&self, object: &Object<'_>) -> Option<Vec<&'c str>> {
        Some(self.get(object)?.iter().map(|kind| kind.version).collect())
    }

    /// The schema of an object's kind: none if no CRD has one.
    pub(super) fn schema(
        &self,
        object: &Object<'_>,
    ) -> Option<Result<&'c Schema, BrokenSchema<'c>>> {
        let version = object.api_version.rsplit('/').next()?;
        let kind = self.get(object)?.iter().find(|kind| kind.version == version)?;
        let schema = kind.schema.filter(|schema| schema.kind() == Kind::Mapping)?;
        let read = kind.read.get_or_init(|| custom_read::read(schema));
        Some(read.as_ref().map_err(|broken| BrokenSchema {
            file: kind.file,
            node: kind.file.tree.node(broken.node),
            message: broken.message.clone(),
        }))
    }

    /// Why an object's kind has no schema although a CRD gives one.
    pub fn broken(&self, object: &Object<'_>) -> Option<BrokenSchema<'c>> {
        self.schema(object)?.err()
    }
}
