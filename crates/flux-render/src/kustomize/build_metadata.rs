//! `buildMetadata`: annotations that tell where an object is from and what was done to it
//! (api/resource/origin.go).

use super::{
    fields::tagged,
    fieldspec::{self, FieldSpec, set_entry},
    gvk::Gvk,
    resmap::ResMap,
    resource::{ORIGIN, Resource, TRANSFORMATIONS},
    transformers::by,
};
use crate::{
    error::Error,
    place::{Operation, Origin},
    tree::{Kind, Tag},
};

pub(super) fn put_origin(object: &mut Resource, origin: &str) -> Result<(), Error> {
    let made = by(Operation::Kustomize, None, None);
    let spec = FieldSpec::new(Gvk::default(), "metadata/annotations", true);
    let value = tagged(origin, Tag::Str, made.clone());
    let create = Some((Kind::Mapping, &Tag::Map, &made));
    let mut set = set_entry(ORIGIN, value);
    fieldspec::apply(&mut object.tree, &spec, create, &mut set)
}

/// Go's `filepath.Join`.
pub(super) fn below(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The text of an origin annotation for what a plugin made.
pub(super) fn configured(
    folder: &str,
    file: &str,
    api_version: &str,
    kind: &str,
    names: &str,
) -> String {
    format!(
        "configuredIn: {}\nconfiguredBy:\n  apiVersion: {api_version}\n  kind: {kind}\n{names}",
        below(folder, file)
    )
}

/// Notes that a transformer was at all objects.
pub(super) fn note_transformer(objects: &mut ResMap, origin: &str) -> Result<(), Error> {
    for resource in objects.iter_mut() {
        if resource.tree.annotation(ORIGIN).is_none() {
            resource.tree.set_annotation(ORIGIN, origin, &Origin::default())?;
            continue;
        }
        let mut all = resource.tree.annotation(TRANSFORMATIONS).unwrap_or_default().to_owned();
        for (number, line) in origin.lines().enumerate() {
            all.push_str(if number == 0 { "- " } else { "  " });
            all.push_str(line);
            all.push('\n');
        }
        resource.tree.set_annotation(TRANSFORMATIONS, &all, &Origin::default())?;
    }
    Ok(())
}

/// Labels the objects as kustomize's.
pub(super) fn put_managed_by(resource: &mut Resource) -> Result<(), Error> {
    let made = by(Operation::Kustomize, None, None);
    let spec = FieldSpec::new(Gvk::default(), "metadata/labels", true);
    // The version is that of a main module, which a library doesn't have.
    let value = tagged("kustomize-(devel)", Tag::Str, made.clone());
    let mut set = set_entry("app.kubernetes.io/managed-by", value);
    fieldspec::apply(&mut resource.tree, &spec, Some((Kind::Mapping, &Tag::Map, &made)), &mut set)
}
