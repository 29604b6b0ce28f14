//! The clusters of a repository, found by the Kustomizations and FluxInstances that are written
//! in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use memchr::memmem;
use rayon::prelude::*;
use spanned_yaml::{Node, Tree};

use super::{
    graph::ClusterSettings,
    pipeline::Applied,
    spec::{Kustomization, Name, folder_named},
};
use crate::{
    files::{Files, join},
    kustomize::{objects_of_file, uses},
};

/// A cluster that was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Discovered {
    /// The last part of its folder's path, or all of it where that isn't unique.
    pub name: String,
    /// The folder that Flux is pointed at.
    pub path: String,
    /// The source by which the folder is reconciled.
    pub source: Option<Name>,
}

impl From<Discovered> for ClusterSettings {
    fn from(Discovered { name, path, source }: Discovered) -> Self {
        Self { name, path, source, ..Self::default() }
    }
}

/// A Kustomization as it is written.
struct Written {
    file: String,
    /// Its folder; none where that isn't a path of this repository.
    path: Option<String>,
    source: Option<Name>,
}

/// Finds the clusters. A folder is one when a FluxInstance syncs it, when a Kustomization in it
/// reconciles the folder itself (as `flux bootstrap` writes it), or when it holds Kustomizations
/// that nothing else in the repository leads to.
pub fn discover<P: AsRef<str> + Sync>(
    files: &dyn Files,
    manifests: &[(P, Arc<Tree>)],
) -> Vec<Discovered> {
    let mut written = Vec::new();
    let mut found: BTreeMap<String, Option<Name>> = BTreeMap::new();
    // Most files have nothing of Flux.
    let flux = memmem::Finder::new("fluxcd.");
    let may_say = |(_, tree): &&(P, Arc<Tree>)| flux.find(tree.source().as_bytes()).is_some();
    let said = manifests.par_iter().filter(may_say).flat_map_iter(|(file, tree)| {
        let roots = tree.documents().iter().filter_map(|document| document.root);
        roots.map(|root| {
            let root = tree.node(root);
            (synced_by_instance(root), kustomization(file.as_ref(), root))
        })
    });
    for (synced, kustomization) in said.collect::<Vec<_>>() {
        found.extend(synced.map(|(path, source)| (path, Some(source))));
        written.extend(kustomization);
    }
    let mut reaches = Reaches { files, known: BTreeMap::new() };
    let edges: Vec<Arc<BTreeSet<String>>> = written
        .iter()
        .map(|one| one.path.as_deref().map_or_else(Arc::default, |path| reaches.of(path)))
        .collect();
    for (one, reached) in written.iter().zip(&edges) {
        let Some(path) = one.path.as_ref().filter(|_| reached.contains(&one.file)) else {
            continue;
        };
        if !found.contains_key(path) {
            found.insert(path.clone(), one.source.clone());
        }
    }
    let graph = Graph::new(&written, &edges);
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    for path in found.keys() {
        graph.cover(&mut covered, graph.among(&reaches.of(path)));
    }
    loop {
        let left: Vec<&Written> =
            written.iter().filter(|one| !covered.contains(one.file.as_str())).collect();
        // Of folders in a circle, the first one stands for all.
        let first = left
            .iter()
            .filter(|one| !graph.is_led_to(&one.file, &covered))
            .min_by_key(|one| (folder_of(&one.file).matches('/').count(), &one.file))
            .or_else(|| left.first());
        let Some(first) = first else { break };
        let folder = folder_of(&first.file).to_owned();
        // Beside clusters that are known, only a folder like theirs is another one: any other
        // Kustomization is a leftover, which nothing applies.
        if !found.is_empty() && !found.keys().any(|known| are_alike(known, &folder)) {
            covered.insert(&first.file);
            continue;
        }
        graph.cover(&mut covered, vec![&first.file]);
        graph.cover(&mut covered, graph.among(&reaches.of(&folder)));
        found.insert(folder, None);
    }
    named(found)
}

/// The files that a folder's kustomization leads to, by what is written, without building it.
pub(crate) fn files_below(files: &dyn Files, folder: &str) -> Arc<BTreeSet<String>> {
    Reaches { files, known: BTreeMap::new() }.of(folder)
}

/// The Kustomization that reconciles a folder, as it is written in there, if there is only one. To
/// begin with it saves a second build of most clusters' own folders.
pub(crate) fn written_root(files: &dyn Files, folder: &str) -> Option<Kustomization> {
    let mut found = None;
    let folder = Kustomization::of_folder(folder).folder();
    for path in files_below(files, &folder).iter() {
        let tree = files.tree(path)?;
        let mut roots = tree.documents().iter().filter_map(|document| document.root);
        let may_be_root = |root: Node<'_>| {
            let path = text(root, &["spec", "path"]).unwrap_or_default();
            Kustomization::is_one(root) && folder_named(path) == folder
        };
        if !roots.any(|id| may_be_root(tree.node(id))) {
            continue;
        }
        for resource in objects_of_file(files, path).ok()? {
            let written = Applied::as_written(&resource).ok()?;
            let spec = Kustomization::read(&written.manifest, files);
            if let Some(spec) = spec.filter(|spec| spec.folder() == folder)
                && found.replace(spec).is_some()
            {
                return None;
            }
        }
    }
    found
}

/// The files that hold Kustomizations, and which of them lead to which.
struct Graph<'w> {
    leads_to: BTreeMap<&'w str, BTreeSet<&'w str>>,
    led_to_by: BTreeMap<&'w str, BTreeSet<&'w str>>,
}

impl<'w> Graph<'w> {
    fn new(written: &'w [Written], edges: &[Arc<BTreeSet<String>>]) -> Self {
        let mut graph = Self { leads_to: BTreeMap::new(), led_to_by: BTreeMap::new() };
        for one in written {
            graph.leads_to.entry(&one.file).or_default();
        }
        for (one, reached) in written.iter().zip(edges) {
            for file in graph.among(reached) {
                graph.leads_to.entry(&one.file).or_default().insert(file);
                graph.led_to_by.entry(file).or_default().insert(&one.file);
            }
        }
        graph
    }

    /// Those of the files that hold Kustomizations.
    fn among(&self, files: &BTreeSet<String>) -> Vec<&'w str> {
        let known = |file: &String| self.leads_to.get_key_value(file.as_str()).map(|(k, _)| *k);
        files.iter().filter_map(known).collect()
    }

    /// Adds files, and all that they lead to.
    fn cover(&self, covered: &mut BTreeSet<&'w str>, files: Vec<&'w str>) {
        let mut queue = files;
        while let Some(file) = queue.pop() {
            if covered.insert(file) {
                queue.extend(self.leads_to.get(file).into_iter().flatten());
            }
        }
    }

    /// Whether another file that isn't covered leads to one.
    fn is_led_to(&self, file: &str, covered: &BTreeSet<&str>) -> bool {
        let by = self.led_to_by.get(file).into_iter().flatten();
        by.into_iter().any(|other| *other != file && !covered.contains(other))
    }
}

fn named(found: BTreeMap<String, Option<Name>>) -> Vec<Discovered> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in found.keys() {
        *counts.entry(last(path)).or_default() += 1;
    }
    found
        .into_iter()
        .map(|(path, source)| {
            let name = last(&path);
            let name = match counts.get(&name) {
                _ if path.is_empty() => "cluster".to_owned(),
                Some(1) => name,
                _ => path.clone(),
            };
            Discovered { name, path, source }
        })
        .collect()
}

/// Whether two paths differ in one of their parts: `clusters/production` and `clusters/staging`.
fn are_alike(a: &str, b: &str) -> bool {
    let (a, b): (Vec<&str>, Vec<&str>) = (a.split('/').collect(), b.split('/').collect());
    a.len() == b.len() && a.iter().zip(&b).filter(|(a, b)| a != b).count() <= 1
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn text<'t>(node: Node<'t>, keys: &[&str]) -> Option<&'t str> {
    keys.iter().try_fold(node, |node, key| node.get(key))?.as_str()
}

/// The folder that a FluxInstance (fluxcd.controlplane.io) syncs, and the source that the operator
/// makes for it.
fn synced_by_instance(root: Node<'_>) -> Option<(String, Name)> {
    let group = text(root, &["apiVersion"])?.split('/').next()?;
    if text(root, &["kind"])? != "FluxInstance" || group != "fluxcd.controlplane.io" {
        return None;
    }
    let path = join("", text(root, &["spec", "sync", "path"])?).ok()?;
    let namespace = text(root, &["metadata", "namespace"]).unwrap_or("flux-system").to_owned();
    let name = text(root, &["spec", "sync", "name"]).unwrap_or(&namespace).to_owned();
    Some((path, Name { namespace, name }))
}

fn kustomization(file: &str, root: Node<'_>) -> Option<Written> {
    // A patch for Kustomizations has no source.
    if !Kustomization::is_one(root) || text(root, &["spec", "sourceRef", "name"]).is_none() {
        return None;
    }
    let path = join("", text(root, &["spec", "path"]).unwrap_or_default()).ok()?;
    let namespace = text(root, &["metadata", "namespace"]).unwrap_or("flux-system");
    let source_namespace = text(root, &["spec", "sourceRef", "namespace"]);
    let source = Name {
        namespace: source_namespace.unwrap_or(namespace).to_owned(),
        name: text(root, &["spec", "sourceRef", "name"])?.to_owned(),
    };
    // All of a source: of another repository, more likely than of this one, unless it is as
    // `flux bootstrap` writes it.
    let bootstrapped =
        text(root, &["metadata", "name"]) == Some(&source.name) && namespace == source.name;
    // What ArtifactGenerators make has other paths.
    let generated = text(root, &["spec", "sourceRef", "kind"]) == Some("ExternalArtifact");
    if path.is_empty() && !bootstrapped && !generated {
        return None;
    }
    let path = (!generated).then_some(path);
    Some(Written { file: file.to_owned(), path, source: Some(source) })
}

/// The files that a folder's kustomization uses, by the paths that are written in kustomization
/// files, without building anything.
struct Reaches<'f> {
    files: &'f dyn Files,
    known: BTreeMap<String, Arc<BTreeSet<String>>>,
}

impl Reaches<'_> {
    fn of(&mut self, folder: &str) -> Arc<BTreeSet<String>> {
        if let Some(known) = self.known.get(folder) {
            return Arc::clone(known);
        }
        let reached = Arc::new(uses(self.files, folder, true).files);
        self.known.insert(folder.to_owned(), Arc::clone(&reached));
        reached
    }
}
