//! What changed files reach: the objects that they are part of, and all objects of a Kustomization
//! whose making they decide.

use std::collections::{BTreeSet, HashSet};

use flux_render::{
    FileId, Files,
    flux::{Applied, Kustomization, Manifest, Rendering},
    kustomize::FILE_NAMES,
};

use super::{Environment, Owner};
use crate::repo::RepositoryFiles;

/// Which objects of an environment changed files can have changed.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// One for each of the environment's objects.
    pub objects: Vec<bool>,
    /// Something of the environment changed, be it only that an object is gone.
    pub any: bool,
}

impl Environment<'_> {
    /// What the changed files, deleted ones included, reach.
    pub fn reach(&self, files: &RepositoryFiles, changed: &BTreeSet<String>) -> Reach {
        let ids: HashSet<FileId> = changed
            .iter()
            .filter(|path| files.tree(path).is_some())
            .map(|path| files.id(path))
            .collect();
        let decided: Vec<bool> =
            self.owners.iter().map(|owner| self.decides(files, owner, changed, &ids)).collect();
        let objects: Vec<bool> = self
            .objects
            .iter()
            .zip(&self.owner_of)
            .map(|(applied, owner)| {
                decided.get(*owner).copied().unwrap_or_default()
                    || is_made_of(&applied.manifest, &ids)
            })
            .collect();
        let any = decided.contains(&true) || objects.contains(&true);
        Reach { objects, any }
    }

    /// Whether changed files decide about all objects of an owner: its kustomization files, what
    /// they use without it being an object, its own spec, and files that are gone.
    fn decides(
        &self,
        files: &RepositoryFiles,
        owner: &Owner<'_>,
        changed: &BTreeSet<String>,
        ids: &HashSet<FileId>,
    ) -> bool {
        let rendering = owner.rendering;
        let used: BTreeSet<&str> = rendering.read.iter().map(String::as_str).collect();
        let of_spec = owner.spec.is_some_and(|spec| {
            self.objects
                .iter()
                .filter(|applied| is_manifest_of(applied, spec))
                .any(|applied| is_made_of(&applied.manifest, ids))
        });
        let gone = |path: &str| {
            let folder = owner.spec.map(Kustomization::folder);
            let folders = rendering.folders.iter().map(String::as_str).chain(folder.as_deref());
            let mut folders = folders.filter(|folder| !folder.is_empty());
            files.tree(path).is_none()
                && folders.any(|folder| {
                    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
                })
        };
        of_spec
            || changed.iter().any(|path| {
                gone(path)
                    || (used.contains(path.as_str())
                        && (is_kustomization(path) || !is_resource(files, path, rendering)))
            })
    }
}

/// Whether objects of a rendering are written in a file.
fn is_resource(files: &RepositoryFiles, path: &str, rendering: &Rendering) -> bool {
    let id = files.id(path);
    let names = |applied: &Applied| {
        let name = applied.manifest.root().and_then(|root| root.get("kind"));
        let origin = name.and_then(|name| applied.manifest.origin(name.span().start));
        origin.and_then(|origin| origin.place).is_some_and(|place| place.file == id)
    };
    rendering.objects.iter().any(names)
}

fn is_kustomization(path: &str) -> bool {
    FILE_NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

fn is_manifest_of(applied: &Applied, spec: &Kustomization) -> bool {
    applied.id.kind == "Kustomization"
        && applied.id.name == spec.name.name
        && applied.id.namespace == spec.name.namespace
}

/// Whether a part of an object is written in one of the files, or was before something replaced it.
fn is_made_of(manifest: &Manifest, files: &HashSet<FileId>) -> bool {
    manifest.pieces().iter().any(|piece| {
        let steps = piece.origin.steps().flat_map(|step| {
            let before = step.before.as_ref().and_then(|before| before.place);
            step.place.into_iter().chain(before)
        });
        let mut places = piece.origin.place.into_iter().chain(steps);
        places.any(|place| files.contains(&place.file))
    })
}
