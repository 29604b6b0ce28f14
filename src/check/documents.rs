//! From documents to objects: opens lists, and says of every other document
//! why it isn't checked.

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node, Span};

use crate::{
    finding::{Gap, GapKind},
    kube::Object,
    repo::{self, File},
};

/// What one file holds.
#[derive(Debug, Default)]
pub(super) struct Documents<'a> {
    /// Number of documents, empty ones included.
    pub(super) count: usize,
    /// Roots of the documents that hold objects (lists unopened), and of kustomizations.
    pub(super) roots: Vec<Node<'a>>,
    /// The objects, lists opened.
    pub(super) objects: Vec<Object<'a>>,
    /// Documents and objects that are not checked, or not fully.
    pub(super) gaps: Vec<Gap>,
}

/// Lists within lists: deeper ones are reported, not opened.
const MAX_LIST_DEPTH: usize = 16;

/// Paths of files that kustomizations apply as patches, with the kustomization
/// that names them.
pub(super) type Patches = FxHashMap<String, String>;

/// Opens the documents of a file.
pub(super) fn open<'a>(file: &'a File, patches: &Patches) -> Documents<'a> {
    let mut found = Documents::default();
    if let Some(kustomization) = patches.get(&*file.path) {
        let message = format!("a patch that {kustomization} applies, not an object of its own");
        found.gap(GapKind::Skipped, file, Span::default(), message);
        found.count = file.tree.documents().len();
        return found;
    }
    let documents = file.tree.documents();
    if documents.is_empty() && file.tree.errors().is_empty() {
        found.gap(GapKind::Skipped, file, Span::default(), "the file holds no document".into());
    }
    for document in documents {
        found.count += 1;
        if document.broken {
            let span = Span { start: document.span.start, end: document.span.start };
            found.gap(GapKind::Unreadable, file, span, "the document can't be parsed".into());
            continue;
        }
        match document.root.map(|id| file.tree.node(id)).filter(|root| !root.is_null()) {
            None => {
                let span = Span { start: document.span.start, end: document.span.start };
                found.gap(GapKind::Skipped, file, span, "the document is empty".into());
            }
            Some(root) => {
                let before = found.objects.len();
                found.open_value(file, root, 0);
                if found.objects.len() > before || is_overlay(file, root) {
                    found.roots.push(root);
                }
            }
        }
    }
    found
}

impl<'a> Documents<'a> {
    fn gap(&mut self, kind: GapKind, file: &File, span: Span, message: String) {
        self.gaps.push(Gap { kind, message, location: file.location(span) });
    }

    fn open_value(&mut self, file: &'a File, root: Node<'a>, depth: usize) {
        let start = Span { start: root.span().start, end: root.span().start };
        if root.kind() != Kind::Mapping {
            self.gap(
                GapKind::Skipped,
                file,
                start,
                "not a Kubernetes object: not a mapping".into(),
            );
            return;
        }
        let is_kustomization_file = is_kustomization_file(&file.path);
        let Some(object) = Object::read(file, root) else {
            let (kind, message) = match (root.get("apiVersion"), root.get("kind")) {
                _ if is_kustomization_file => (GapKind::Unrendered, OVERLAY.to_owned()),
                (None, None) => {
                    (GapKind::Skipped, "not a Kubernetes object: no apiVersion, no kind".to_owned())
                }
                (Some(_), None) if repo::chart_folder(&file.path).is_some() => {
                    (GapKind::Skipped, "not a Kubernetes object: says what a Helm chart is".into())
                }
                (None, Some(_)) => (GapKind::Unreadable, "has a kind but no apiVersion".to_owned()),
                (Some(_), None) => {
                    (GapKind::Unreadable, "has an apiVersion but no kind".to_owned())
                }
                (Some(_), Some(_)) => (
                    GapKind::Unreadable,
                    "apiVersion and kind must be strings that aren't empty".to_owned(),
                ),
            };
            self.gap(kind, file, start, message);
            return;
        };
        if let Some(items) = list_items(&object) {
            if depth == MAX_LIST_DEPTH {
                let message = format!("lists nested deeper than {MAX_LIST_DEPTH} are not opened");
                self.gap(GapKind::Unreadable, file, start, message);
                return;
            }
            for item in items.items() {
                self.open_value(file, item, depth + 1);
            }
            return;
        }
        match (object.kind, object.group()) {
            ("Kustomization" | "Component", "kustomize.config.k8s.io") => {
                self.gap(GapKind::Unrendered, file, start, OVERLAY.to_owned());
                return;
            }
            ("Kustomization", "kustomize.toolkit.fluxcd.io") => {
                let message = format!(
                    "no cluster uses the Kustomization {}: what its path holds is checked as written",
                    object.name.unwrap_or_default()
                );
                self.gap(GapKind::Unrendered, file, start, message);
            }
            ("HelmRelease", _) => self.gaps.extend(not_rendered(&object)),
            _ => {
                let metadata = root.get("metadata");
                let generated = metadata.and_then(|m| m.get("generateName")).is_some();
                let written = metadata.and_then(|m| m.get("name")).filter(|name| !name.is_null());
                match written {
                    Some(name) if object.name.is_none() => {
                        let message = match name.text() {
                            "" => "metadata.name must be a string that isn't empty".to_owned(),
                            text => format!(
                                "metadata.name must be a string, which {text} without quotes isn't"
                            ),
                        };
                        self.gap(GapKind::Unreadable, file, name.span(), message);
                    }
                    None if !generated => {
                        let message = format!("{} has no metadata.name", object.kind);
                        self.gap(GapKind::Unreadable, file, start, message);
                    }
                    _ => {}
                }
            }
        }
        self.objects.push(object);
    }
}

const OVERLAY: &str = "nothing uses this kustomization: its files are checked as written";

/// What an object stands for that isn't rendered.
pub(super) fn not_rendered(object: &Object<'_>) -> Option<Gap> {
    if object.kind != "HelmRelease" {
        return None;
    }
    let message = format!(
        "HelmRelease {}: the chart is not rendered, what it installs is not checked",
        object.name.unwrap_or_default()
    );
    let start = Span { start: object.root.span().start, end: object.root.span().start };
    let location = object.file.location(start);
    Some(Gap { kind: GapKind::Unrendered, message, location })
}

/// The items of `kind: List`, or of any `*List` that has items, as kustomize
/// and Flux flatten them.
fn list_items<'a>(object: &Object<'a>) -> Option<Node<'a>> {
    let items = object.root.get("items")?;
    let is_list = items.kind() == Kind::Sequence || items.is_null();
    (object.kind.ends_with("List") && is_list).then_some(items)
}

fn is_overlay(file: &File, root: Node<'_>) -> bool {
    let api_version = root.get("apiVersion").map_or("", Node::text);
    is_kustomization_file(&file.path) || api_version.starts_with("kustomize.config.k8s.io/")
}

pub(super) fn is_kustomization_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization")
}

/// Finds the files that kustomizations apply as patches and no kustomization
/// lists among its resources: they are parts of objects.
pub(super) fn patches(files: &[File]) -> Patches {
    let kustomizations = files.par_iter().filter(|file| is_kustomization_file(&file.path));
    let named: Vec<Named> = kustomizations.map(Named::by).collect();
    let mut patches = Patches::default();
    let mut resources = Vec::new();
    for named in named {
        patches.extend(named.patches);
        resources.extend(named.resources);
    }
    for path in resources {
        patches.remove(&path);
    }
    patches
}

/// Files that a kustomization names.
#[derive(Default)]
struct Named {
    /// With its own path.
    patches: Vec<(String, String)>,
    resources: Vec<String>,
}

impl Named {
    fn by(file: &File) -> Self {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // What lies outside of the repository is none of its files.
        let joined = |path: &str| flux_render::join(folder, path).unwrap_or_default();
        let mut named = Self::default();
        let mut patch = |path: &str| {
            named.patches.push((joined(path), file.path.to_string()));
        };
        let roots = file.tree.documents().iter().filter_map(|document| document.root);
        for root in roots.map(|id| file.tree.node(id)) {
            let items = |list| root.get(list).into_iter().flat_map(Node::items);
            for list in ["patches", "patchesJson6902", "replacements"] {
                items(list).filter_map(|item| item.get("path")?.as_str()).for_each(&mut patch);
            }
            for list in ["patchesStrategicMerge", "configurations"] {
                items(list).map(Node::text).for_each(&mut patch);
            }
            named.resources.extend(items("resources").map(|item| joined(item.text())));
        }
        named
    }
}
