//! The topmost kustomization file as Flux writes it before a build: the folder's own, or one made
//! from what the folder holds, with what the Kustomization's spec adds to it
//! (github.com/fluxcd/pkg/kustomize v1.41.0, kustomize_generator.go).

use super::{
    accumulate::Run,
    kustomization::{FILE_NAMES, Image, Kustomization, Patch},
    read::Text,
};
use crate::{
    error::{Error, ErrorKind},
    files::{Files, join},
    place::Place,
};

/// What the spec of a Flux Kustomization adds to a kustomization file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Overlay {
    /// Where the folder is named.
    pub(crate) place: Option<Place>,
    pub(crate) target_namespace: Option<Text>,
    pub(crate) name_prefix: Option<Text>,
    pub(crate) name_suffix: Option<Text>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) components: Vec<Text>,
    pub(crate) ignore_missing_components: bool,
    pub(crate) images: Vec<Image>,
    pub(crate) build_metadata: Vec<Text>,
}

/// The namespace of a kustomization that would be empty.
const PLACEHOLDER: &str = "_placeholder";

impl Run<'_, '_> {
    /// The kustomization of a folder with what the overlay adds, and the name of its file.
    pub(super) fn generated(
        self,
        folder: &str,
        overlay: &Overlay,
    ) -> Result<(Kustomization, &'static str, Place), Error> {
        let files = self.builder.files;
        let written = FILE_NAMES
            .iter()
            .any(|name| join(folder, name).is_ok_and(|path| files.tree(&path).is_some()));
        let (mut kustomization, name, place) = if written {
            let (mut read, name, place) = self.load(folder, true, overlay.place)?;
            if !read.lists_resources {
                read.build_metadata = vec![text("originAnnotations", Some(place))];
            }
            (read, name, place)
        } else {
            let place = overlay.place.unwrap_or_else(nowhere);
            let mut made = Kustomization { filled: true, ..Kustomization::default() };
            let mut paths = Vec::new();
            scan(files, folder, "", &mut paths);
            if paths.is_empty() {
                made.namespace = text(PLACEHOLDER, overlay.place);
            }
            made.resources = paths.iter().map(|path| text(path, overlay.place)).collect();
            (made, FILE_NAMES[0], place)
        };
        overlay.add_to(&mut kustomization, files, folder)?;
        let tags = std::mem::take(&mut kustomization.image_tags);
        kustomization.images.extend(tags);
        kustomization.filled = true;
        kustomization.check(Some(place))?;
        Ok((kustomization, name, place))
    }
}

impl Overlay {
    /// Whether it leaves a folder as it is. Where the folder is named doesn't matter: no object is
    /// from there.
    pub(crate) fn adds_nothing(&self) -> bool {
        *self == Self { place: self.place, ..Self::default() }
    }

    fn add_to(
        &self,
        kustomization: &mut Kustomization,
        files: &dyn Files,
        folder: &str,
    ) -> Result<(), Error> {
        for (own, added) in [
            (&mut kustomization.namespace, &self.target_namespace),
            (&mut kustomization.name_prefix, &self.name_prefix),
            (&mut kustomization.name_suffix, &self.name_suffix),
        ] {
            if let Some(added) = added {
                own.clone_from(added);
            }
        }
        kustomization.patches.extend(self.patches.iter().cloned());
        for component in &self.components {
            if !is_local(&component.value) {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!("Flux takes only local, relative components: {}", component.value),
                )
                .at(component.place));
            }
            let there = join(folder, &component.value).is_ok_and(|path| files.is_folder(&path));
            if there || !self.ignore_missing_components {
                kustomization.components.push(component.clone());
            }
        }
        for image in &self.images {
            let own = kustomization.images.iter_mut();
            match own.into_iter().find(|own| own.name.value == image.name.value) {
                Some(own) => override_image(own, image),
                None => kustomization.images.push(image.clone()),
            }
        }
        if !self.build_metadata.is_empty() {
            kustomization.build_metadata.clone_from(&self.build_metadata);
        }
        Ok(())
    }
}

/// The new name replaces the own one alone; tag and digest, as a pair.
fn override_image(own: &mut Image, image: &Image) {
    if !image.new_name.value.is_empty() {
        own.new_name.clone_from(&image.new_name);
    }
    if !image.new_tag.value.is_empty() || !image.digest.value.is_empty() {
        own.new_tag.clone_from(&image.new_tag);
        own.digest.clone_from(&image.digest);
    }
    own.place = image.place;
}

/// The manifests below a folder, relative to it, in lexical order; of a folder with a kustomization
/// file, that folder (`scanManifests`).
fn scan(files: &dyn Files, folder: &str, within: &str, paths: &mut Vec<String>) {
    let Ok(here) = join(folder, within) else { return };
    for entry in files.list(&here) {
        let path = if within.is_empty() {
            format!("./{}", entry.name)
        } else {
            format!("{within}/{}", entry.name)
        };
        if entry.is_folder {
            let holds_kustomization = FILE_NAMES.iter().any(|name| {
                join(folder, &format!("{path}/{name}")).is_ok_and(|at| files.tree(&at).is_some())
            });
            if holds_kustomization {
                paths.push(path);
            } else if path.matches('/').count() <= crate::MOST_FOLDERS {
                scan(files, folder, &path, paths);
            }
        } else if is_manifest(&entry.name) {
            paths.push(path);
        }
    }
}

/// Whether Flux takes a file for a manifest, by its name: in lower case alone.
pub(crate) fn is_manifest(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    matches!(extension, Some("yaml" | "yml"))
}

/// `IsLocalRelativePath`
fn is_local(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let remote =
        ["git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/"];
    let absolute = path.starts_with('/')
        || lower.strip_prefix("file://").is_some_and(|rest| rest.starts_with('/'));
    !absolute && !remote.iter().any(|start| lower.len() > start.len() && lower.starts_with(start))
}

fn text(value: &str, place: Option<Place>) -> Text {
    Text { value: value.into(), place, lines: Vec::new() }
}

/// Stands for a kustomization that no file holds.
fn nowhere() -> Place {
    Place { file: crate::FileId::new(u32::MAX), start: 0, end: 0 }
}
