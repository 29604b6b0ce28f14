//! Kinds that CRDs define: those of a repository, and those that portcullis carries.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node, NodeId};

use super::{
    custom_read,
    given::GivenSchemas,
    json_schema::JsonSchema,
    known::{Known, Slot},
    model::Schema,
    pack,
};
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
    /// The version is deprecated; what the CRD warns of, if it says.
    deprecated: Option<&'a str>,
    /// `schema.openAPIV3Schema`; of a constraint, the schema of its parameters.
    schema: Option<Node<'a>>,
    /// It is made by a ConstraintTemplate of Gatekeeper; whether parameters may have other fields, too.
    constraint: Option<bool>,
    read: Slot,
}

impl CustomKind<'_> {
    /// Its schema, if it has one.
    fn read(&self) -> Option<Result<&Schema, &Broken>> {
        let schema = self.schema.filter(|schema| schema.kind() == Kind::Mapping);
        if schema.is_none() && self.constraint.is_none() {
            return None;
        }
        let read = || match (self.constraint, schema) {
            (Some(is_open), parameters) => custom_read::read_constraint(parameters, is_open),
            (None, Some(schema)) => custom_read::read(schema),
            (None, None) => Ok(Schema::default()),
        };
        Some(self.read.get_or_init(read).as_ref())
    }
}

impl<'a> CustomKinds<'a> {
    /// The kinds that the CRDs among these objects define; of several for one kind, the first. What is
    /// known of their trees isn't read again.
    pub fn of(objects: impl Iterator<Item = Object<'a>>, known: Option<&Known>) -> Self {
        let mut all = Self::default();
        let mut owners: FxHashMap<(&'a str, &'a str), Object<'a>> = FxHashMap::default();
        for object in objects {
            if is_template(&object) {
                all.take_template(object, &mut owners, known);
                continue;
            }
            let Some(spec) = object.spec().filter(|_| is_crd(&object)) else { continue };
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
                    let is_deprecated = version.get("deprecated").and_then(Node::as_bool);
                    let warning = text(version.get("deprecationWarning")).unwrap_or_default();
                    let schema = version.get("schema").and_then(|it| it.get("openAPIV3Schema"));
                    Some(CustomKind {
                        file: object.file,
                        version: text(version.get("name"))?,
                        deprecated: is_deprecated.unwrap_or(false).then_some(warning),
                        schema,
                        constraint: None,
                        read: slot(object.file, schema, None, known),
                    })
                });
            all.kinds.entry(kind).or_default().push((group, served.collect()));
        }
        all
    }

    /// Takes the kind that a ConstraintTemplate makes.
    fn take_template(
        &mut self,
        object: Object<'a>,
        owners: &mut FxHashMap<(&'a str, &'a str), Object<'a>>,
        known: Option<&Known>,
    ) {
        let crd = object.spec().and_then(|spec| spec.get("crd")?.get("spec"));
        let kind = crd.and_then(|crd| crd.get("names")?.get("kind"));
        let Some(kind) = text(kind) else { return };
        if let Some(first) = owners.get(&(CONSTRAINTS, kind)) {
            self.rivals.push((*first, object));
            return;
        }
        owners.insert((CONSTRAINTS, kind), object);
        let validation = crd.and_then(|crd| crd.get("validation"));
        let legacy = validation.and_then(|it| it.get("legacySchema")).and_then(Node::as_bool);
        let is_open = legacy.unwrap_or(!object.api_version.ends_with("/v1"));
        let schema = validation.and_then(|validation| validation.get("openAPIV3Schema"));
        let versions = ["v1beta1", "v1alpha1"].map(|version| CustomKind {
            file: object.file,
            version,
            deprecated: None,
            schema,
            constraint: Some(is_open),
            read: slot(object.file, schema, Some(is_open), known),
        });
        self.kinds.entry(kind).or_default().push((CONSTRAINTS, versions.into()));
    }

    /// The CRDs that files hold, as they are written.
    pub fn in_files(files: &[&'a File]) -> Self {
        let crds_of = |file: &&'a File| {
            let file = *file;
            let documents = file.tree.documents().iter().filter(|document| !document.broken);
            let roots = documents.filter_map(|document| document.root);
            roots
                .map(|id| file.tree.node(id))
                .filter(|root| is_crd_root(*root))
                .filter_map(move |root| Object::read(file, root))
        };
        let crds: Vec<Object<'a>> = files.par_iter().flat_map_iter(crds_of).collect();
        Self::of(crds.into_iter(), None)
    }

    /// All kinds: group, version, kind, file.
    pub fn kinds(&self) -> Vec<(&'a str, &'a str, &'a str, &'a File)> {
        let mut all: Vec<_> = self
            .kinds
            .iter()
            .flat_map(|(kind, groups)| {
                groups.iter().flat_map(move |(group, versions)| {
                    versions.iter().map(move |one| (*group, one.version, *kind, one.file))
                })
            })
            .collect();
        all.sort_by_key(|(group, version, kind, _)| (*group, *kind, *version));
        all
    }

    /// The schemas that can be read: group, version, kind, schema.
    pub(super) fn schemas<'s>(&'s self) -> Vec<(&'a str, &'a str, &'a str, &'s Schema)> {
        let groups = self.kinds.iter().flat_map(|(kind, groups)| {
            groups.iter().map(move |(group, versions)| (*kind, *group, versions))
        });
        let of = |(kind, group, versions): (&'a str, &'a str, &'s Vec<CustomKind<'a>>)| {
            versions
                .iter()
                .filter_map(move |one| Some((group, one.version, kind, one.read()?.ok()?)))
        };
        let mut all: Vec<_> = groups.flat_map(of).collect();
        all.sort_by_key(|(group, version, kind, _)| (*group, *kind, *version));
        all
    }

    fn get(&self, object: &Object<'_>) -> Option<&[CustomKind<'a>]> {
        let groups = self.kinds.get(object.kind)?;
        groups.iter().find(|(group, _)| *group == object.group()).map(|(_, kinds)| kinds.as_slice())
    }
}

/// Where a schema is, or will be, read.
fn slot(
    file: &File,
    schema: Option<Node<'_>>,
    constraint: Option<bool>,
    known: Option<&Known>,
) -> Slot {
    let shared = known.zip(schema);
    shared.map(|(known, node)| known.schema(&file.tree, node, constraint)).unwrap_or_default()
}

/// The group and kind that a CRD defines; none for other objects.
pub fn kind_defined_by(object: &Object<'_>) -> Option<(String, String)> {
    let spec = object.spec().filter(|_| is_crd(object))?;
    let kind = spec.get("names")?.get("kind")?.as_str()?;
    Some((spec.get("group")?.as_str()?.to_owned(), kind.to_owned()))
}

/// Whether a document is a CRD, or makes one.
pub(super) fn is_crd_root(root: Node<'_>) -> bool {
    root.get("kind").is_some_and(|kind| matches!(kind.text(), CRD | TEMPLATE))
}

fn text(node: Option<Node<'_>>) -> Option<&str> {
    node.and_then(Node::as_str)
}

/// Gatekeeper makes a kind of this group of each.
const TEMPLATE: &str = "ConstraintTemplate";
const CONSTRAINTS: &str = "constraints.gatekeeper.sh";

fn is_template(object: &Object<'_>) -> bool {
    object.kind == TEMPLATE && object.group() == "templates.gatekeeper.sh"
}

const CRD: &str = "CustomResourceDefinition";

fn is_crd(object: &Object<'_>) -> bool {
    object.kind == CRD && object.api_version == "apiextensions.k8s.io/v1"
}

/// The custom kinds that an environment has: those that it brings itself, for others those that are
/// somewhere in the repository, then those of `schemas` in portcullis.yaml, and then those that
/// portcullis carries.
#[derive(Clone, Copy, Debug)]
pub struct Customs<'c> {
    own: &'c CustomKinds<'c>,
    repository: &'c CustomKinds<'c>,
    given: Option<&'c GivenSchemas<'c>>,
    known: Option<&'c Known>,
}

/// What is known of an object's kind, where it is none of Kubernetes' own.
pub(super) enum Found<'c> {
    /// It has a schema; of a project that portcullis carries, or of the repository.
    Schema(&'c Schema, Option<&'static str>),
    /// It has a JSON Schema.
    Json(&'c JsonSchema),
    /// Its CRD gives no schema for the version.
    NoSchema,
    /// The schema of its CRD can't be used.
    Broken(BrokenSchema<'c>),
    /// Its CRD serves other versions.
    Served(Vec<&'c str>),
    /// A project has it in other versions. Which release a cluster has isn't known.
    Packed(&'static str, Vec<&'static str>),
    /// A project has its group, and doesn't have the kind; nor has anything else.
    Group(&'static str),
    /// Nothing has it.
    Nothing,
}

impl<'c> Customs<'c> {
    /// Those of an environment, and those of the repository around it.
    pub fn new(own: &'c CustomKinds<'c>, repository: &'c CustomKinds<'c>) -> Self {
        Self { own, repository, given: None, known: None }
    }

    /// Those of `schemas` in portcullis.yaml, too.
    #[must_use]
    pub fn with_given(self, given: &'c GivenSchemas<'c>) -> Self {
        Self { given: Some(given), ..self }
    }

    /// With what is known of the trees of clusters.
    #[must_use]
    pub fn with_known(self, known: Option<&'c Known>) -> Self {
        Self { known, ..self }
    }

    /// What is known of the trees of clusters.
    pub(super) fn known(&self) -> Option<&'c Known> {
        self.known
    }

    fn crd(&self, object: &Object<'_>) -> Option<&'c [CustomKind<'c>]> {
        self.own
            .get(object)
            .or_else(|| self.repository.get(object))
            .or_else(|| self.given?.crds.get(object))
    }

    /// What is known of an object's kind.
    pub(super) fn find(&self, object: &Object<'_>) -> Found<'c> {
        let version = version_of(object.api_version);
        let Some(served) = self.crd(object) else {
            return match self.given.and_then(|given| given.json_schema(object)) {
                Some(Ok(schema)) => Found::Json(schema),
                Some(Err(broken)) => Found::Broken(broken),
                None => find_packed(object, version),
            };
        };
        let Some(kind) = served.iter().find(|kind| kind.version == version) else {
            return Found::Served(served.iter().map(|kind| kind.version).collect());
        };
        match kind.read() {
            None => Found::NoSchema,
            Some(Ok(schema)) => Found::Schema(schema, None),
            Some(Err(broken)) => Found::Broken(BrokenSchema {
                file: kind.file,
                node: kind.file.tree.node(broken.node),
                message: broken.message.clone(),
            }),
        }
    }

    /// Why an object's kind has no schema although a CRD gives one.
    pub fn broken(&self, object: &Object<'_>) -> Option<BrokenSchema<'c>> {
        match self.find(object) {
            Found::Broken(broken) => Some(broken),
            _ => None,
        }
    }

    /// What the API server warns of, if the CRD of an object's kind says that its version is
    /// deprecated; the versions that aren't; and the project, if it is one that portcullis carries.
    pub fn deprecation(
        &self,
        object: &Object<'_>,
    ) -> Option<(&'c str, Vec<&'c str>, Option<&'static str>)> {
        let version = version_of(object.api_version);
        let of = |all: Vec<(&'c str, Option<&'c str>)>, project| {
            let (_, warning) = all.iter().find(|(name, _)| *name == version)?;
            let others = all.iter().filter(|(_, deprecated)| deprecated.is_none());
            warning.map(|warning| (warning, others.map(|(name, _)| *name).collect(), project))
        };
        if let Some(served) = self.crd(object) {
            let is_deprecated = served.iter().any(|kind| kind.deprecated.is_some());
            let all = || served.iter().map(|kind| (kind.version, kind.deprecated)).collect();
            return if is_deprecated { of(all(), None) } else { None };
        }
        let group = object.group();
        let project = pack::project_of(group)?;
        let served = project.versions(group, object.kind);
        let is_deprecated = served.iter().any(|kind| kind.deprecated.is_some());
        let all = || served.iter().map(|kind| (kind.version, kind.deprecated)).collect();
        if is_deprecated { of(all(), Some(project.title)) } else { None }
    }
}

fn version_of(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or(api_version)
}

fn find_packed<'c>(object: &Object<'_>, version: &str) -> Found<'c> {
    let Some(project) = pack::project_of(object.group()) else { return Found::Nothing };
    let served = project.versions(object.group(), object.kind);
    if served.is_empty() {
        return Found::Group(project.title);
    }
    match served.iter().find(|kind| kind.version == version) {
        Some(kind) => match project.schema(kind) {
            Some(schema) => Found::Schema(schema, Some(project.title)),
            None => Found::Nothing,
        },
        None => Found::Packed(project.title, served.iter().map(|kind| kind.version).collect()),
    }
}
