//! Manifests that nothing uses, and the kustomizations around them.

use std::sync::Arc;

use flux_render::{Files, kustomize::FILE_NAMES};

use crate::fleet::Fleet;

/// Files that hold an object of Kubernetes and that no cluster and no overlay uses. Those that
/// Flux is told to leave out aren't meant to be used.
pub(in crate::rules) fn manifests(fleet: &Fleet) -> Vec<Arc<str>> {
    let artifact = fleet.artifact();
    fleet
        .manifests
        .iter()
        .filter(|path| !fleet.used.contains(&***path) && holds_object(&artifact, path))
        .cloned()
        .collect()
}

fn holds_object(files: &dyn Files, path: &str) -> bool {
    let Some(tree) = files.tree(path) else { return false };
    let roots = tree.documents().iter().filter_map(|document| document.root);
    roots.map(|id| tree.node(id)).any(|root| {
        let text = |key| root.get(key).and_then(|node| node.as_str()).unwrap_or_default();
        let named = root.get("metadata").is_some_and(|metadata| metadata.get("name").is_some());
        !text("kind").is_empty()
            && !text("apiVersion").is_empty()
            && !text("apiVersion").starts_with("kustomize.config.k8s.io/")
            && named
    })
}

/// The nearest folder, from the file's own upwards, that has a kustomization file. None if there
/// is none, and nothing to say if that kustomization isn't used itself.
pub(in crate::rules) fn kustomization_above<'p>(
    files: &dyn Files,
    path: &'p str,
) -> Option<&'p str> {
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    loop {
        let holds = FILE_NAMES.iter().any(|name| {
            flux_render::join(folder, name).is_ok_and(|path| files.tree(&path).is_some())
        });
        if holds {
            return Some(folder);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
    }
}
