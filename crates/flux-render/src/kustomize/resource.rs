//! An object of a build, and what kustomize notes on it in annotations of its own while it builds
//! (api/resource/resource.go).

use std::sync::Arc;

use smol_str::{SmolStr, format_smolstr};

use super::{
    gvk::{Gvk, ResId},
    openapi::Schema,
    strategic_merge,
};
use crate::{
    emit,
    error::Error,
    place::Origin,
    tree::{Id, Kind, Node, Style, Tree},
};

pub(crate) const PREVIOUS_KINDS: &str = "internal.config.kubernetes.io/previousKinds";
pub(crate) const PREVIOUS_NAMES: &str = "internal.config.kubernetes.io/previousNames";
pub(crate) const PREVIOUS_NAMESPACES: &str = "internal.config.kubernetes.io/previousNamespaces";
pub(crate) const PREFIXES: &str = "internal.config.kubernetes.io/prefixes";
pub(crate) const SUFFIXES: &str = "internal.config.kubernetes.io/suffixes";
const REF_BY: &str = "internal.config.kubernetes.io/refBy";
pub(crate) const GENERATOR_BEHAVIOR: &str = "internal.config.kubernetes.io/generatorBehavior";
pub(crate) const NEEDS_HASH: &str = "internal.config.kubernetes.io/needsHashSuffix";
const ALLOW_NAME_CHANGE: &str = "internal.config.kubernetes.io/allowNameChange";
const ALLOW_KIND_CHANGE: &str = "internal.config.kubernetes.io/allowKindChange";
/// Of `buildMetadata: [originAnnotations]`.
pub(crate) const ORIGIN: &str = "config.kubernetes.io/origin";
/// Of `buildMetadata: [transformerAnnotations]`.
pub(crate) const TRANSFORMATIONS: &str = "alpha.config.kubernetes.io/transformations";
const ENABLED: &str = "enabled";

/// What kustomize takes off again at the end.
const BUILD_ANNOTATIONS: &[&str] = &[
    PREVIOUS_KINDS,
    PREVIOUS_NAMES,
    PREFIXES,
    SUFFIXES,
    PREVIOUS_NAMESPACES,
    ALLOW_NAME_CHANGE,
    ALLOW_KIND_CHANGE,
    REF_BY,
    GENERATOR_BEHAVIOR,
    NEEDS_HASH,
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/helm-generated",
];

/// Whether kustomize keeps the annotation over a JSON patch (`GetInternalAnnotations`).
pub(crate) fn is_internal(key: &str) -> bool {
    key.starts_with("internal.config.kubernetes.io/")
        || matches!(
            key,
            "config.kubernetes.io/path" | "config.kubernetes.io/index" | "config.k8s.io/id"
        )
}

/// An object.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its fields.
    pub tree: Tree,
    /// Names of the `vars` that read it.
    pub(crate) vars: Vec<SmolStr>,
    /// Nothing is left of it.
    pub(crate) deleted: bool,
    scopes: Arc<Schema>,
}

/// Lists in annotations, each with commas between.
struct Previous<'r> {
    names: &'r str,
    namespaces: &'r str,
    kinds: &'r str,
}

impl Resource {
    pub(crate) fn new(tree: Tree, scopes: &Arc<Schema>) -> Self {
        Self { tree, vars: Vec::new(), deleted: false, scopes: Arc::clone(scopes) }
    }

    /// The same object with other fields.
    pub(crate) fn with_tree(&self, tree: Tree) -> Self {
        let (vars, scopes) = (self.vars.clone(), Arc::clone(&self.scopes));
        Self { tree, vars, deleted: self.deleted, scopes }
    }

    /// Fails if it can't be written. Flux writes all objects of a build before it drops anything of
    /// them: what can't be written stops it, even where it would be dropped.
    pub(crate) fn expect_writable(&self) -> Result<(), Error> {
        emit::yaml(&self.tree).map(drop)
    }

    pub(crate) fn schema(&self) -> &Arc<Schema> {
        &self.scopes
    }

    pub(crate) fn kind(&self) -> &str {
        self.tree.top("kind")
    }

    pub(crate) fn gvk(&self) -> Gvk {
        Gvk::new(self.tree.top("apiVersion"), self.kind())
    }

    pub(crate) fn name(&self) -> &str {
        self.tree.meta("name")
    }

    pub(crate) fn namespace(&self) -> &str {
        self.tree.meta("namespace")
    }

    /// The id by its present fields (`CurId`).
    pub fn id(&self) -> ResId {
        let tree = &self.tree;
        let [api_version, kind, metadata] =
            tree.first_of(tree.root(), ["apiVersion", "kind", "metadata"]);
        let text = |id: Option<Id>| id.map_or("", |id| tree.text(id));
        let set = |id: &Id| !tree.node(*id).is_nil_or_empty();
        let [name, namespace] = match metadata.filter(set) {
            Some(metadata) => tree.first_of(metadata, ["name", "namespace"]),
            None => [None, None],
        };
        let gvk = Gvk::new(text(api_version), text(kind));
        ResId::scoped(gvk, text(name.filter(set)), text(namespace.filter(set)), &self.scopes)
    }

    /// The ids that it had before, the first one first. Their scope isn't looked up.
    pub(crate) fn previous_ids(&self) -> Result<impl Iterator<Item = ResId>, Error> {
        let api_version = self.tree.top("apiVersion");
        let id = |((name, namespace), kind): ((&str, &str), &str)| ResId {
            gvk: Gvk::new(api_version, kind),
            name: name.into(),
            namespace: namespace.into(),
            cluster_scoped: false,
        };
        let ids = self.previous()?.into_iter().flat_map(|previous| {
            let [names, namespaces, kinds] =
                [previous.names, previous.namespaces, previous.kinds].map(|list| list.split(','));
            names.zip(namespaces).zip(kinds)
        });
        Ok(ids.map(id))
    }

    /// What it was called before; none if it was always called the same.
    fn previous(&self) -> Result<Option<Previous<'_>>, Error> {
        let [names, namespaces, kinds] =
            self.tree.annotations([PREVIOUS_NAMES, PREVIOUS_NAMESPACES, PREVIOUS_KINDS]);
        let Some(names) = names else { return Ok(None) };
        let previous = Previous {
            names,
            namespaces: namespaces.unwrap_or_default(),
            kinds: kinds.unwrap_or_default(),
        };
        let count = |text: &str| text.bytes().filter(|byte| *byte == b',').count();
        if [previous.namespaces, previous.kinds].map(count) != [count(previous.names); 2] {
            return Err(Error::invalid(
                "kustomize's own annotations internal.config.kubernetes.io/previous... don't \
                 match: take them out of the manifest",
            ));
        }
        Ok(Some(previous))
    }

    /// The first id that it had (`OrgId`).
    pub(crate) fn original_id(&self) -> Result<ResId, Error> {
        Ok(self.previous_ids()?.next().unwrap_or_else(|| self.id()))
    }

    /// Whether any id, present or past, is asked for.
    pub(crate) fn any_id(&self, matches: impl Fn(&ResId) -> bool) -> Result<bool, Error> {
        Ok(self.previous_ids()?.any(|id| matches(&id)) || matches(&self.id()))
    }

    /// Whether it has, or had, this id.
    pub(crate) fn has_id(&self, id: &ResId) -> Result<bool, Error> {
        let names = self.previous()?.map_or("", |previous| previous.names);
        let was_named = names.split(',').any(|name| name == id.name);
        let had_it = was_named && self.previous_ids()?.any(|own| id.equals(&own));
        Ok(had_it || self.name() == id.name && id.equals(&self.id()))
    }

    pub(crate) fn store_previous_id(&mut self) -> Result<(), Error> {
        let id = self.id();
        self.append_to_annotations(&[
            (PREVIOUS_NAMES, &id.name),
            (PREVIOUS_NAMESPACES, id.effective_namespace()),
            (PREVIOUS_KINDS, &id.gvk.kind),
        ])
    }

    /// Adds to a list in an annotation; nothing for an empty text.
    pub(crate) fn append_to_annotation(
        &mut self,
        key: &'static str,
        value: &str,
    ) -> Result<(), Error> {
        self.append_to_annotations(&[(key, value)])
    }

    /// Writes annotations where the others stay as they are (kyaml's `SetAnnotation`).
    fn append_to_annotations(&mut self, values: &[(&'static str, &str)]) -> Result<(), Error> {
        let mut values = values.iter().filter(|(_, value)| !value.is_empty()).peekable();
        if values.peek().is_none() {
            return Ok(());
        }
        self.clear_empty("annotations")?;
        let none = Origin::default();
        let create = Some((Kind::Mapping, &none));
        let path = ["metadata", "annotations"];
        let Some(map) = self.tree.lookup(self.tree.root(), path, create)? else { return Ok(()) };
        self.tree.expect(Some(map), Kind::Mapping)?;
        for (key, value) in values {
            // Reading takes the last of duplicate keys, writing the first.
            let known =
                || self.tree.entries(map).filter(|(known, _)| self.tree.text(*known) == *key);
            let joined = match known().last() {
                Some((_, old)) => format_smolstr!("{},{value}", self.tree.text(old)),
                None => SmolStr::new(value),
            };
            let first = known().next();
            let mut node = Node::string(joined, none.clone());
            node.style = Style::Quoted;
            if let Some((_, old)) = first {
                node.style = self.tree.node(old).style;
                *self.tree.node_mut(old) = node;
            } else {
                let key = self.tree.add(Node::plain(SmolStr::new_static(key), none.clone()));
                let value = self.tree.add(node);
                self.tree.node_mut(map).children.extend([key, value]);
            }
        }
        Ok(())
    }

    /// Writes one label or annotation.
    pub(crate) fn put_metadata(
        &mut self,
        field: &str,
        key: &str,
        value: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        if field == "annotations" {
            self.clear_empty(field)?;
        }
        let create = Some((Kind::Mapping, origin));
        let path = ["metadata", field];
        let Some(map) = self.tree.lookup(self.tree.root(), path, create)? else { return Ok(()) };
        let mut node = Node::string(value, origin.clone());
        node.style = Style::Quoted;
        let node = self.tree.add(node);
        self.tree.set_field(map, key, Some(node), false)?;
        Ok(())
    }

    /// Takes an empty or null field of the metadata away, then an empty metadata
    /// (`ClearEmptyAnnotations`).
    fn clear_empty(&mut self, field: &str) -> Result<(), Error> {
        let root = self.tree.root();
        if let Some(metadata) = self.tree.field(root, "metadata")? {
            self.tree.expect(Some(metadata), Kind::Mapping)?;
            let empty = |tree: &Tree, id: Id| tree.children(id).is_empty();
            if self.tree.get(metadata, field).is_some_and(|id| empty(&self.tree, id)) {
                self.tree.clear(metadata, field)?;
            }
            if empty(&self.tree, metadata) {
                self.tree.clear(root, "metadata")?;
            }
        }
        Ok(())
    }

    pub(crate) fn is_enabled(&self, key: &str) -> bool {
        self.tree.annotation(key) == Some(ENABLED)
    }

    pub(crate) fn enable(&mut self, key: &str) -> Result<(), Error> {
        self.tree.set_annotation(key, ENABLED, &Origin::default())
    }

    pub(crate) fn allow_name_change(&mut self) -> Result<(), Error> {
        self.enable(ALLOW_NAME_CHANGE)
    }

    pub(crate) fn allow_kind_change(&mut self) -> Result<(), Error> {
        self.enable(ALLOW_KIND_CHANGE)
    }

    pub(crate) fn set_name(&mut self, name: &str, origin: &Origin) -> Result<(), Error> {
        self.tree.set_meta("name", name, origin)
    }

    /// Sets the namespace; an empty one is taken away.
    pub(crate) fn set_namespace(&mut self, namespace: &str, origin: &Origin) -> Result<(), Error> {
        if !namespace.is_empty() {
            return self.tree.set_meta("namespace", namespace, origin);
        }
        let root = self.tree.root();
        if let Some(metadata) = self.tree.field(root, "metadata")? {
            self.tree.clear(metadata, "namespace")?;
        }
        Ok(())
    }

    fn set_top(&mut self, key: &str, value: &str, origin: &Origin) -> Result<(), Error> {
        let node = self.tree.add(Node::plain(value, origin.clone()));
        let root = self.tree.root();
        self.tree.set_field(root, key, Some(node), false)?;
        Ok(())
    }

    pub(crate) fn origin_of(&self, path: &[&str]) -> Origin {
        self.tree.at(path).map(|id| self.tree.node(id).origin.clone()).unwrap_or_default()
    }

    /// A copy of the patch for a target that was selected: it takes the target's version, and
    /// keeps its own kind (`resWrangler.ApplySmPatch`).
    pub(crate) fn patch_for(&self, target: &Resource) -> Result<Resource, Error> {
        let mut patch = self.clone();
        patch.copy_metadata_from(self)?;
        let gvk = target.gvk();
        let kind = self.kind().to_owned();
        let (kind_origin, version_origin) =
            (self.origin_of(&["kind"]), self.origin_of(&["apiVersion"]));
        patch.set_top("kind", &gvk.kind, &kind_origin)?;
        patch.set_top("apiVersion", &gvk.api_version(), &version_origin)?;
        patch.set_top("kind", &kind, &kind_origin)?;
        Ok(patch)
    }

    /// Applies a strategic merge patch (`Resource.ApplySmPatch`).
    pub(crate) fn apply_strategic_merge(&mut self, patch: &Resource) -> Result<(), Error> {
        let (name, namespace) = (self.name().to_owned(), self.namespace().to_owned());
        let kind = self.kind().to_owned();
        let origins = (
            self.origin_of(&["kind"]),
            self.origin_of(&["metadata", "name"]),
            self.origin_of(&["metadata", "namespace"]),
        );
        let (free_name, free_kind) =
            (patch.is_enabled(ALLOW_NAME_CHANGE), patch.is_enabled(ALLOW_KIND_CHANGE));
        if free_name || free_kind {
            self.store_previous_id()?;
        }
        let schema = Arc::clone(&patch.scopes);
        let version = self.tree.top("apiVersion").to_owned();
        let version_origin = self.origin_of(&["apiVersion"]);
        self.tree.reserve(patch.tree.len());
        let imported = self.tree.import(&patch.tree, patch.tree.root());
        let left = strategic_merge::merge(&mut self.tree, imported, &schema)?;
        if !left || self.tree.node(self.tree.root()).is_nil_or_empty() {
            self.deleted = true;
            return Ok(());
        }
        // The patch names its target by it, and changes nothing.
        if let Some(id) = self.tree.at(&["apiVersion"]).filter(|id| self.tree.text(*id) == version)
        {
            self.tree.node_mut(id).origin = version_origin;
        }
        if !free_kind {
            self.set_top("kind", &kind, &origins.0)?;
        }
        if !free_name {
            self.set_name(&name, &origins.1)?;
        }
        self.set_namespace(&namespace, &origins.2)
    }

    /// Labels, annotations, name and namespace of another, under its own
    /// (`CopyMergeMetaDataFieldsFrom`).
    pub(crate) fn copy_metadata_from(&mut self, other: &Resource) -> Result<(), Error> {
        let none = Origin::default();
        let mut labels = other.tree.meta_map("labels");
        merge_maps(&mut labels, self.tree.meta_map("labels"));
        self.tree.set_meta_map("labels", labels, &none)?;
        self.take_origins("labels", other);

        let own = self.tree.meta_map("annotations");
        let hashed = own.iter().any(|(key, _)| key == NEEDS_HASH);
        let theirs = other.tree.meta_map("annotations");
        let mut annotations = theirs.clone();
        merge_maps(&mut annotations, own);
        annotations.retain(|(key, _)| {
            !BUILD_ANNOTATIONS.contains(&key.as_str())
                || theirs.iter().any(|(known, _)| known == key)
        });
        for (key, value) in &mut annotations {
            if BUILD_ANNOTATIONS.contains(&key.as_str())
                && let Some((_, theirs)) = theirs.iter().find(|(known, _)| known == key)
            {
                *value = theirs.clone();
            }
        }
        if !hashed {
            annotations.retain(|(key, _)| key != NEEDS_HASH);
        }
        self.tree.set_meta_map("annotations", annotations, &none)?;
        self.take_origins("annotations", other);
        self.set_name(other.name(), &other.origin_of(&["metadata", "name"]))?;
        self.set_namespace(other.namespace(), &other.origin_of(&["metadata", "namespace"]))?;
        self.vars.clone_from(&other.vars);
        Ok(())
    }

    /// Gives labels or annotations that came from another object the origins that they have there.
    fn take_origins(&mut self, field: &str, other: &Resource) {
        let find = |tree: &Tree| tree.metadata().and_then(|metadata| tree.get(metadata, field));
        let (Some(own), Some(theirs)) = (find(&self.tree), find(&other.tree)) else { return };
        for (key, value) in self.tree.entries(own).collect::<Vec<_>>() {
            if self.tree.node(value).origin.place.is_some() {
                continue;
            }
            let same = other
                .tree
                .entries(theirs)
                .find(|(k, _)| other.tree.text(*k) == self.tree.text(key));
            if let Some((their_key, their_value)) = same {
                self.tree.node_mut(key).origin = other.tree.node(their_key).origin.clone();
                self.tree.node_mut(value).origin = other.tree.node(their_value).origin.clone();
            }
        }
    }

    /// Takes kustomize's own annotations off, and those of `buildMetadata` that nobody asked for.
    /// Unless all were asked for, annotations are written anew, as strings, and an empty mapping goes.
    pub(crate) fn remove_build_annotations(
        &mut self,
        origins: bool,
        transformations: bool,
    ) -> Result<(), Error> {
        let mut annotations = self.tree.meta_map("annotations");
        if annotations.is_empty() && origins && transformations {
            return Ok(());
        }
        annotations.retain(|(key, _)| {
            !BUILD_ANNOTATIONS.contains(&key.as_str())
                && (origins || key != ORIGIN)
                && (transformations || key != TRANSFORMATIONS)
        });
        self.tree.set_meta_map("annotations", annotations, &Origin::default())
    }
}

/// Puts the second's entries over the first's.
pub(crate) fn merge_maps(under: &mut Vec<(SmolStr, SmolStr)>, over: Vec<(SmolStr, SmolStr)>) {
    for (key, value) in over {
        match under.iter_mut().find(|(known, _)| *known == key) {
            Some(entry) => entry.1 = value,
            None => under.push((key, value)),
        }
    }
}
