//! What a kustomization uses, by the paths that are written in kustomization files, without building
//! anything.

use std::collections::BTreeSet;

use spanned_yaml::Node;

use super::{generate::is_manifest, kustomization::FILE_NAMES};
use crate::files::{Files, join};

/// Files and folders that a kustomization leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Files: manifests, patches, what generators read, and the kustomization files themselves.
    pub files: BTreeSet<String>,
    /// Folders with a kustomization file.
    pub folders: BTreeSet<String>,
}

/// Fields whose entries are files, folders or, for some, texts that are neither.
const PATHS: &[&str] = &[
    "resources",
    "bases",
    "components",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
];
/// Fields whose entries name a file under `path`.
const WITH_PATH: &[&str] = &["patches", "patchesJson6902", "replacements"];

/// Follows the paths from a folder. Where the folder has no kustomization file, `generated` says
/// whether all manifests below it count, as Flux has it.
pub fn uses(files: &dyn Files, folder: &str, generated: bool) -> Uses {
    let mut uses = Uses::default();
    let mut seen = BTreeSet::new();
    let mut queue = vec![(folder.to_owned(), generated)];
    while let Some((folder, generated)) = queue.pop() {
        if !seen.insert(folder.clone()) {
            continue;
        }
        let found = FILE_NAMES.iter().find_map(|name| {
            let path = join(&folder, name).ok()?;
            Some((files.tree(&path)?, path))
        });
        let Some((tree, path)) = found else {
            if generated {
                list(files, &folder, &mut uses.files, &mut queue);
            }
            continue;
        };
        uses.files.insert(path);
        uses.folders.insert(folder.clone());
        for text in tree.root(0).iter().flat_map(|root| paths(*root)) {
            let Ok(path) = join(&folder, &text) else { continue };
            if files.is_folder(&path) {
                queue.push((path, false));
            } else {
                uses.files.insert(path);
            }
        }
    }
    uses
}

fn list(
    files: &dyn Files,
    folder: &str,
    found: &mut BTreeSet<String>,
    queue: &mut Vec<(String, bool)>,
) {
    for entry in files.list(folder) {
        let Ok(path) = join(folder, &entry.name) else { continue };
        if entry.is_folder {
            queue.push((path, true));
        } else if is_manifest(&path) {
            found.insert(path);
        }
    }
}

fn items(node: Node<'_>, key: &str) -> Vec<String> {
    let items = node.get(key).into_iter().flat_map(|list| list.items());
    items.map(|item| item.text().to_owned()).collect()
}

/// The paths that a kustomization file writes.
fn paths(root: Node<'_>) -> Vec<String> {
    let mut paths: Vec<String> = PATHS.iter().flat_map(|field| items(root, field)).collect();
    for field in WITH_PATH {
        for item in root.get(field).into_iter().flat_map(|list| list.items()) {
            paths.extend(item.get("path").map(|path| path.text().to_owned()));
        }
    }
    paths
        .extend(root.get("openapi").and_then(|node| node.get("path")).map(|n| n.text().to_owned()));
    for field in ["configMapGenerator", "secretGenerator"] {
        for item in root.get(field).into_iter().flat_map(|list| list.items()) {
            paths.extend(items(item, "envs"));
            paths.extend(item.get("env").map(|env| env.text().to_owned()));
            // `key=path`
            let file =
                |text: String| text.rsplit_once('=').map_or(text.clone(), |(_, p)| p.to_owned());
            paths.extend(items(item, "files").into_iter().map(file));
        }
    }
    // Inline patches and objects are no paths.
    paths.retain(|text| !text.is_empty() && !text.contains('\n'));
    paths
}
