//! A Flux Kustomization (kustomize.toolkit.fluxcd.io), read from a rendered manifest.

use spanned_yaml::{Kind, Node, Span};

use super::{manifest::Manifest, objects::ObjectId};
use crate::{
    files::Files,
    kustomize::{Image, Overlay, Patch, ResId, Selector, Text, block_lines},
    place::Origin,
};

/// The API group of Flux's Kustomizations.
pub(crate) const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// A name in a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Name {
    /// An object's name, in the namespace that it gets where it has none.
    pub(crate) fn of(id: &ObjectId) -> Self {
        let namespace = if id.namespace.is_empty() { "default" } else { &id.namespace };
        Self { namespace: namespace.to_owned(), name: id.name.clone() }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// A value, and who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Who wrote it.
    pub origin: Origin,
}

/// `sourceRef`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRef {
    /// GitRepository, OCIRepository, Bucket or ExternalArtifact.
    pub kind: String,
    /// Its name and namespace, which defaults to the Kustomization's own.
    pub name: Name,
    /// Where the name is written.
    pub origin: Origin,
}

/// An entry of `dependsOn`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// What it depends on.
    pub name: Name,
    /// Where the name is written.
    pub origin: Origin,
}

/// An entry of `postBuild.substituteFrom`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubstituteFrom {
    /// ConfigMap or Secret.
    pub kind: String,
    /// Its name, in the Kustomization's namespace.
    pub name: String,
    /// It needn't be there.
    pub optional: bool,
    /// Where the name is written.
    pub origin: Origin,
}

/// `postBuild`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PostBuild {
    /// Variables with their values.
    pub substitute: Vec<(String, Located<String>)>,
    /// Objects whose data are variables, later ones before earlier ones.
    pub substitute_from: Vec<SubstituteFrom>,
    /// `substituteStrategy: Always`: also where there are no variables.
    pub always: bool,
}

/// A Flux Kustomization.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kustomization {
    /// Its name.
    pub name: Name,
    /// Where the name is written.
    pub origin: Origin,
    /// `apiVersion`.
    pub api_version: Located<String>,
    /// `spec.path`; empty if it has none.
    pub path: Located<String>,
    /// `spec.sourceRef`; none for what stands for a cluster's own folder.
    pub source: Option<SourceRef>,
    /// `spec.dependsOn`.
    pub depends_on: Vec<Dependency>,
    /// Where `suspend: true` is written.
    pub suspended: Option<Origin>,
    /// `spec.prune`, and where it is written.
    pub prune: Located<bool>,
    /// `spec.targetNamespace`.
    pub target_namespace: Option<String>,
    /// `spec.postBuild`.
    pub post_build: Option<PostBuild>,
    /// `spec.decryption` asks for SOPS.
    pub decrypts: bool,
    /// It applies to another cluster (`spec.kubeConfig`).
    pub remote: bool,
    /// `spec.force`: objects are made anew where the API server refuses an update.
    pub force: bool,
    /// Fields of a wrong type, which the API server refuses.
    pub malformed: Vec<Located<String>>,
    /// Where the folders of its source are in this repository, if it isn't all of the repository:
    /// path in the source, path here.
    pub(crate) mounts: Vec<(String, String)>,
    pub(crate) common_labels: Vec<(String, Located<String>)>,
    pub(crate) common_annotations: Vec<(String, Located<String>)>,
    pub(crate) overlay: Overlay,
}

impl Kustomization {
    /// One that stands for a folder which Flux is pointed at from outside.
    pub fn of_folder(path: &str) -> Self {
        Self {
            name: Name { namespace: "flux-system".into(), name: "flux-system".into() },
            path: Located { value: path.to_owned(), origin: Origin::default() },
            prune: Located { value: true, origin: Origin::default() },
            ..Self::default()
        }
    }

    /// Whether it adds nothing to its folder but variables and its name.
    pub(crate) fn adds_nothing(&self) -> bool {
        self.common_labels.is_empty()
            && self.common_annotations.is_empty()
            && self.overlay.adds_nothing()
    }

    /// Whether a manifest is one.
    pub fn is_one(root: Node<'_>) -> bool {
        let text = |key| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
        text("kind") == "Kustomization" && text("apiVersion").split('/').next() == Some(GROUP)
    }

    /// Reads a manifest; none if it is no Kustomization of Flux.
    pub fn read(manifest: &Manifest, files: &dyn Files) -> Option<Self> {
        let root = manifest.root().filter(|root| Self::is_one(*root))?;
        let mut reader = Reader { manifest, files, malformed: Vec::new() };
        let metadata = root.get("metadata");
        let name_node = metadata?.get("name")?;
        let namespace = metadata?.get("namespace").and_then(|node| node.as_str());
        let namespace = namespace.filter(|text| !text.is_empty()).unwrap_or("default").to_owned();
        let spec = root.get("spec");
        let get = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|node| !node.is_null());
        let path = get("path").and_then(|node| reader.located(node)).unwrap_or_default();
        let path_origin = get("path").or(spec).map(|node| reader.origin(node)).unwrap_or_default();
        let prune = get("prune").map(|node| Located {
            value: node.as_bool() == Some(true),
            origin: reader.origin(node),
        });
        let provider = get("decryption").and_then(|node| node.get("provider"));
        let mut read = Self {
            name: Name { namespace: namespace.clone(), name: name_node.as_str()?.to_owned() },
            origin: reader.origin(name_node),
            api_version: root
                .get("apiVersion")
                .and_then(|node| reader.located(node))
                .unwrap_or_default(),
            path: Located { value: path.value, origin: path_origin },
            suspended: get("suspend")
                .filter(|node| node.as_bool() == Some(true))
                .map(|node| reader.origin(node)),
            prune: prune.unwrap_or_default(),
            decrypts: provider.is_some_and(|node| node.text() == "sops"),
            remote: get("kubeConfig").is_some(),
            force: get("force").and_then(|node| node.as_bool()) == Some(true),
            ..Self::default()
        };
        read.source = get("sourceRef").and_then(|node| {
            let name = reader.located(node.get("name")?)?;
            let own = node.get("namespace").and_then(|node| reader.located(node));
            let source_namespace = own.map(|own| own.value).filter(|own| !own.is_empty());
            Some(SourceRef {
                kind: node.get("kind").map(|kind| kind.text().to_owned()).unwrap_or_default(),
                name: Name {
                    namespace: source_namespace.unwrap_or_else(|| namespace.clone()),
                    name: name.value,
                },
                origin: name.origin,
            })
        });
        for item in reader.items(get("dependsOn")) {
            let Some(name) = item.get("name").and_then(|node| reader.located(node)) else {
                continue;
            };
            let other = item.get("namespace").and_then(|node| reader.located(node));
            let other = other.map(|other| other.value).filter(|other| !other.is_empty());
            read.depends_on.push(Dependency {
                name: Name {
                    namespace: other.unwrap_or_else(|| namespace.clone()),
                    name: name.value,
                },
                origin: name.origin,
            });
        }
        if let Some(metadata) = get("commonMetadata") {
            read.common_labels = reader.map(metadata.get("labels"));
            read.common_annotations = reader.map(metadata.get("annotations"));
        }
        read.post_build = get("postBuild").map(|node| reader.post_build(node));
        let text = |reader: &mut Reader<'_>, key: &str| {
            get(key).and_then(|node| reader.text(node)).filter(|text| !text.value.is_empty())
        };
        read.overlay = Overlay {
            place: read.path.origin.place,
            target_namespace: text(&mut reader, "targetNamespace"),
            name_prefix: text(&mut reader, "namePrefix"),
            name_suffix: text(&mut reader, "nameSuffix"),
            patches: reader
                .items(get("patches"))
                .into_iter()
                .map(|item| reader.patch(item))
                .collect(),
            components: reader.texts(get("components")),
            ignore_missing_components: get("ignoreMissingComponents")
                .is_some_and(|node| node.as_bool() == Some(true)),
            images: reader
                .items(get("images"))
                .into_iter()
                .map(|item| reader.image(item))
                .collect(),
            build_metadata: reader.texts(get("buildMetadata")),
        };
        read.target_namespace =
            read.overlay.target_namespace.as_ref().map(|text| text.value.to_string());
        read.malformed = reader.malformed;
        Some(read)
    }

    /// Its folder in this repository.
    pub fn folder(&self) -> String {
        let path = folder_named(&self.path.value);
        let within = |mount: &str| {
            let rest = path.strip_prefix(mount)?;
            (mount.is_empty() || rest.is_empty() || rest.starts_with('/')).then_some(rest)
        };
        let mounts = self.mounts.iter().filter_map(|(to, from)| Some((to, from, within(to)?)));
        match mounts.max_by_key(|(to, _, _)| to.len()) {
            Some((_, from, rest)) => {
                let joined = format!("{from}/{}", rest.trim_start_matches('/'));
                joined.trim_matches('/').to_owned()
            }
            None => path,
        }
    }
}

/// The folder in a source that `spec.path` names, without `.` and `..`: joined as securejoin does
/// it, which never leaves the source (github.com/cyphar/filepath-securejoin).
pub(crate) fn folder_named(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Reads fields of a manifest. What is of a wrong type is noted and left out.
struct Reader<'m> {
    manifest: &'m Manifest,
    files: &'m dyn Files,
    malformed: Vec<Located<String>>,
}

impl<'m> Reader<'m> {
    fn origin(&self, node: Node<'_>) -> Origin {
        self.manifest.origin(node.span().start).cloned().unwrap_or_default()
    }

    fn wrong(&mut self, node: Node<'_>, wanted: &str) {
        let origin = self.origin(node);
        self.malformed.push(Located { value: format!("{wanted} is expected here"), origin });
    }

    fn located(&mut self, node: Node<'_>) -> Option<Located<String>> {
        let Some(value) = node.as_str() else {
            if !node.is_null() {
                self.wrong(node, "a string");
            }
            return None;
        };
        Some(Located { value: value.to_owned(), origin: self.origin(node) })
    }

    fn text(&mut self, node: Node<'_>) -> Option<Text> {
        let located = self.located(node)?;
        let place = located.origin.place;
        let lines = || {
            let place = place?;
            let file = self.files.by_id(place.file)?;
            let written = file.source().get(place.start as usize..)?;
            let span = Span { start: place.start, end: place.end };
            written.starts_with('|').then(|| block_lines(&located.value, span, file.source()))
        };
        let lines = lines().unwrap_or_default();
        Some(Text { value: located.value.into(), place, lines })
    }

    fn items(&mut self, list: Option<Node<'m>>) -> Vec<Node<'m>> {
        let Some(list) = list else { return Vec::new() };
        if list.kind() != Kind::Sequence {
            self.wrong(list, "a list");
            return Vec::new();
        }
        let (items, wrong): (Vec<_>, Vec<_>) =
            list.items().partition(|item| item.kind() == Kind::Mapping);
        for item in wrong {
            if item.kind() != Kind::Scalar {
                self.wrong(item, "a mapping");
            }
        }
        items
    }

    fn texts(&mut self, list: Option<Node<'_>>) -> Vec<Text> {
        let items: Vec<_> = list.map(|list| list.items().collect()).unwrap_or_default();
        items.into_iter().filter_map(|item| self.text(item)).collect()
    }

    fn map(&mut self, map: Option<Node<'_>>) -> Vec<(String, Located<String>)> {
        let entries: Vec<_> = map.map(|map| map.entries().collect()).unwrap_or_default();
        entries
            .into_iter()
            .filter_map(|entry| Some((entry.key.text().to_owned(), self.located(entry.value)?)))
            .collect()
    }

    fn post_build(&mut self, node: Node<'m>) -> PostBuild {
        let mut read = PostBuild {
            substitute: self.map(node.get("substitute")),
            always: node.get("substituteStrategy").is_some_and(|node| node.text() == "Always"),
            ..PostBuild::default()
        };
        let list = node.get("substituteFrom").filter(|list| !list.is_null());
        for item in self.items(list) {
            let Some(name) = item.get("name").and_then(|node| self.located(node)) else { continue };
            read.substitute_from.push(SubstituteFrom {
                kind: item.get("kind").map(|kind| kind.text().to_owned()).unwrap_or_default(),
                name: name.value,
                optional: item.get("optional").is_some_and(|node| node.as_bool() == Some(true)),
                origin: name.origin,
            });
        }
        read
    }

    fn field(&mut self, item: Node<'_>, key: &str) -> Text {
        item.get(key).and_then(|node| self.text(node)).unwrap_or_default()
    }

    fn patch(&mut self, item: Node<'_>) -> Patch {
        let place = self.origin(item).place;
        let target = item.get("target").filter(|node| !node.is_null()).map(|target| {
            let mut id = ResId::default();
            id.gvk.group = self.field(target, "group").value;
            id.gvk.version = self.field(target, "version").value;
            id.gvk.kind = self.field(target, "kind").value;
            id.name = self.field(target, "name").value;
            id.namespace = self.field(target, "namespace").value;
            Selector {
                id,
                annotations: self.field(target, "annotationSelector").value,
                labels: self.field(target, "labelSelector").value,
                place: self.origin(target).place,
            }
        });
        Patch { inline: self.field(item, "patch"), target, place, ..Patch::default() }
    }

    fn image(&mut self, item: Node<'_>) -> Image {
        Image {
            name: self.field(item, "name"),
            new_name: self.field(item, "newName"),
            new_tag: self.field(item, "newTag"),
            digest: self.field(item, "digest"),
            place: self.origin(item).place,
            ..Image::default()
        }
    }
}
