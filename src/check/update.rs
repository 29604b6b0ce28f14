//! What a change makes of objects: each, and what it was in an earlier revision.

use flux_render::flux::{Control, ObjectId};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use spanned_yaml::Node;

use super::documents::{self, Documents};
use crate::{
    fleet::{Environment, Fleet, Overlay},
    kube::Object,
    repo::Contents,
};

/// A repository as it was before a change.
#[derive(Clone, Copy, Debug)]
pub struct Earlier<'a> {
    /// Its files.
    pub contents: &'a Contents,
    /// What it applied.
    pub fleet: &'a Fleet,
}

/// Group, kind, namespace and name. The version of the API doesn't make another object.
type Id<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The file of a manifest that nothing uses, else nothing; and what it is.
type Key<'a> = (&'a str, Id<'a>);

/// What was there, by what it is. None for what was there more than once: which of them the cluster
/// has isn't known, as `flux/duplicate-owner` tells.
#[derive(Default)]
pub(super) struct Objects<'a>(FxHashMap<Key<'a>, Option<Node<'a>>>);

impl<'a> Earlier<'a> {
    /// What was applied where an environment applies its objects now.
    pub(super) fn applied(&self, now: &Environment<'_>) -> Objects<'a> {
        let environment = match now.cluster {
            Some(name) => {
                let mut clusters = self.fleet.clusters.iter();
                clusters.find(|cluster| cluster.name == name).map(Environment::of)
            }
            None => {
                let mut overlays = self.fleet.overlays.iter();
                let overlay = overlays.find(|overlay| overlay.folder == now.folder);
                overlay.and_then(Overlay::environment)
            }
        };
        let mut objects = Objects::default();
        for applied in environment.into_iter().flat_map(|environment| environment.objects) {
            let was = applied.manifest.root().filter(|_| applied.control == Control::Apply);
            objects.add("", key_of(&applied.id), was);
        }
        objects
    }

    /// The manifests that nothing used.
    pub(super) fn unused(&self) -> Vec<Documents<'a>> {
        let files = &self.contents.files;
        let patches = documents::patches(files);
        let unused = files.par_iter().filter(|file| !self.fleet.used.contains(&*file.path));
        unused.map(|file| documents::open(file, &patches)).collect()
    }
}

impl<'a> Objects<'a> {
    fn add(&mut self, file: &'a str, id: Id<'a>, was: Option<Node<'a>>) {
        let was = was.filter(|root| !is_forced(*root));
        self.0.entry((file, id)).and_modify(|known| *known = None).or_insert(was);
    }

    /// What the object of an environment was that Flux updates now; none for what it makes anew or
    /// leaves as it is.
    pub(super) fn updated_by(&self, now: &Environment<'_>, index: usize) -> Option<Node<'a>> {
        let applied = now.objects.get(index)?;
        let owner = now.owner_of.get(index).and_then(|owner| now.owners.get(*owner));
        let forces = owner.and_then(|owner| owner.spec).is_some_and(|spec| spec.force);
        let is_forced = forces || applied.manifest.root().is_some_and(is_forced);
        let was = self.0.get(&("", key_of(&applied.id))).copied().flatten();
        was.filter(|_| applied.control == Control::Apply && !is_forced)
    }

    /// Manifests as written.
    pub(super) fn written(documents: &[Documents<'a>]) -> Self {
        let mut objects = Self::default();
        for object in documents.iter().flat_map(|documents| &documents.objects) {
            if let Some(id) = key(object) {
                objects.add(&object.file.path, id, Some(object.root));
            }
        }
        objects
    }

    /// What a manifest was in the same file.
    pub(super) fn in_file_of(&self, now: &Object<'_>) -> Option<Node<'a>> {
        let was = self.0.get(&(&*now.file.path, key(now)?)).copied().flatten();
        was.filter(|_| !is_forced(now.root))
    }
}

fn key_of(id: &ObjectId) -> Id<'_> {
    let namespace = if id.namespace.is_empty() { "default" } else { &id.namespace };
    (id.group(), &id.kind, namespace, &id.name)
}

fn key<'a>(object: &Object<'a>) -> Option<Id<'a>> {
    Some((object.group(), object.kind, object.effective_namespace(), object.name?))
}

/// Whether Flux is told to make an object anew where the API server refuses its update, by a label or
/// an annotation, now or before (fluxcd/pkg/ssa, `shouldForceApply`).
fn is_forced(root: Node<'_>) -> bool {
    let metadata = root.get("metadata");
    ["labels", "annotations"].iter().any(|field| {
        let force = metadata.and_then(|it| it.get(field)?.get("kustomize.toolkit.fluxcd.io/force"));
        force.is_some_and(|force| force.text().eq_ignore_ascii_case("enabled"))
    })
}
