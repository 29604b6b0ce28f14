//! `patches`, `patchesStrategicMerge` and `patchesJson6902` (api/internal/builtins).

use std::sync::Arc;

use super::{
    context::Context,
    gvk::ResId,
    json_patch::JsonPatch,
    kustomization::{Patch, Selector},
    load,
    read::Text,
    resmap::ResMap,
    resource::{Resource, is_internal},
    selector::SelectorRegex,
    strategic_merge,
};
use crate::{
    error::{Error, ErrorKind},
    place::{Operation, Origin, Place},
};

/// A patch that has been read.
#[derive(Clone, Debug)]
pub(crate) enum Loaded {
    Strategic {
        patches: Vec<Resource>,
        target: Option<Selector>,
        place: Option<Place>,
    },
    Json {
        patch: JsonPatch,
        target: Option<Selector>,
        keep_id: bool,
        place: Option<Place>,
    },
    /// Patches that `patchesStrategicMerge` lists.
    Listed {
        patches: Vec<Resource>,
        place: Option<Place>,
    },
}

/// Reads an entry of `patches`.
pub(crate) fn read(context: &Context<'_>, patch: &Patch) -> Result<Loaded, Error> {
    let place = patch.inline.place.or(patch.path.place).or(patch.place);
    let inline = patch.inline.value.trim();
    let wrong = |message: &str| Error::invalid(message).at(place);
    let (strategic, json) = match (inline.is_empty(), patch.path.value.is_empty()) {
        (true, true) => return Err(wrong("an entry of `patches` needs `patch` or `path`")),
        (false, false) => {
            return Err(wrong("an entry of `patches` has both `patch` and `path`"));
        }
        (false, true) => {
            let source = load::Source::inline(&patch.inline, true);
            (
                load::objects(&source, context.schema),
                JsonPatch::read(inline, &|span| source.place(span)),
            )
        }
        (true, false) => {
            let file = context.file(&patch.path)?;
            let source = load::Source::file(&file);
            (
                load::objects(&source, context.schema),
                JsonPatch::of_file(&file, &|span| source.place(span)),
            )
        }
    };
    match (strategic, json) {
        (Ok(patches), Ok(json)) if !patches.is_empty() && !json.operations.is_empty() => {
            Err(wrong("this is a strategic merge patch and a JSON patch at once"))
        }
        (Err(error), Err(other)) => {
            Err(if error.kind == ErrorKind::Malformed { error } else { other }.at(place))
        }
        (Ok(mut patches), _) => {
            for one in &mut patches {
                let root = one.tree.root();
                strategic_merge::mark(&mut one.tree, root, &Operation::Patch);
                if patch.allow_name_change {
                    one.allow_name_change()?;
                }
                if patch.allow_kind_change {
                    one.allow_kind_change()?;
                }
            }
            Ok(Loaded::Strategic { patches, target: patch.target.clone(), place })
        }
        (Err(_), Ok(json)) => {
            Ok(Loaded::Json { patch: json, target: patch.target.clone(), keep_id: true, place })
        }
    }
}

/// Reads an entry of `patchesStrategicMerge`: a patch, or the path of one.
pub(crate) fn read_listed(context: &Context<'_>, text: &Text) -> Result<Loaded, Error> {
    let source = load::Source::inline(text, false);
    let mut patches = match load::objects(&source, context.schema) {
        Ok(patches) => patches,
        Err(_) => {
            let file = context.file(text)?;
            load::objects(&load::Source::file(&file), context.schema)
                .map_err(|error| error.at(text.place))?
        }
    };
    for one in &mut patches {
        let root = one.tree.root();
        strategic_merge::mark(&mut one.tree, root, &Operation::Patch);
    }
    Ok(Loaded::Listed { patches, place: text.place })
}

/// Reads an entry of `patchesJson6902`.
pub(crate) fn read_json(context: &Context<'_>, patch: &Patch) -> Result<Loaded, Error> {
    let place = patch.inline.place.or(patch.path.place).or(patch.place);
    let wrong = |message: &str| Error::invalid(message).at(place);
    if patch.target.as_ref().is_none_or(|target| target.id.name.is_empty()) {
        return Err(wrong("an entry of `patchesJson6902` needs a target with a name"));
    }
    let json = match (patch.inline.value.is_empty(), patch.path.value.is_empty()) {
        (true, true) => return Err(wrong("an entry of `patchesJson6902` needs `patch` or `path`")),
        (false, false) => {
            return Err(wrong("an entry of `patchesJson6902` has both `patch` and `path`"));
        }
        (false, true) => {
            let source = load::Source::inline(&patch.inline, false);
            JsonPatch::read(&patch.inline.value, &|span| source.place(span))
        }
        (true, false) => {
            let file = context.file(&patch.path)?;
            let source = load::Source::file(&file);
            JsonPatch::of_file(&file, &|span| source.place(span))
        }
    }
    .map_err(|error| error.at(place))?;
    if json.operations.is_empty() {
        return Err(wrong("the JSON patch has no operations"));
    }
    Ok(Loaded::Json { patch: json, target: patch.target.clone(), keep_id: false, place })
}

impl Loaded {
    pub(crate) fn apply(&self, objects: &mut ResMap) -> Result<(), Error> {
        match self {
            Self::Strategic { patches, target: None, place } => {
                for patch in patches {
                    let index = objects.by_id(&patch.original_id()?, *place)?;
                    if let Some(resource) = objects.list.get_mut(index) {
                        Arc::make_mut(resource)
                            .apply_strategic_merge(patch)
                            .map_err(|error| error.at(*place))?;
                    }
                }
                Ok(())
            }
            Self::Strategic { patches, target: Some(target), place } => {
                let [patch] = patches.as_slice() else {
                    if patches.is_empty() {
                        return Ok(());
                    }
                    return Err(Error::invalid(
                        "an entry of `patches` with a target may hold only one patch",
                    )
                    .at(*place));
                };
                let selected = objects.select(&SelectorRegex::new(target)?)?;
                apply_to(objects, &selected, patch).map_err(|error| error.at(*place))
            }
            Self::Listed { patches, place } => {
                for patch in patches {
                    let index = objects.by_id(&patch.original_id()?, *place)?;
                    apply_to(objects, &[index], patch).map_err(|error| error.at(*place))?;
                }
                Ok(())
            }
            Self::Json { patch, target, keep_id, place } => {
                let Some(target) = target else {
                    return Err(Error::invalid("a JSON patch needs a target").at(*place));
                };
                for index in objects.select(&SelectorRegex::new(target)?)? {
                    let Some(resource) = objects.list.get_mut(index) else { continue };
                    let resource = Arc::make_mut(resource);
                    if *keep_id {
                        resource.store_previous_id()?;
                    }
                    apply_json(resource, patch).map_err(|error| error.at(*place))?;
                }
                Ok(())
            }
        }
    }

    /// What the patch is for, if it is for anything here at all.
    pub(crate) fn has_target(&self, objects: &ResMap) -> Result<bool, Error> {
        match self {
            Self::Strategic { target: Some(target), .. }
            | Self::Json { target: Some(target), .. } => {
                Ok(!objects.select(&SelectorRegex::new(target)?)?.is_empty())
            }
            _ => Ok(true),
        }
    }

    /// Whether the schema is asked how to merge it.
    pub(crate) fn is_strategic(&self) -> bool {
        !matches!(self, Self::Json { .. })
    }

    /// Where it says what it is for, else where it stands.
    pub(crate) fn place(&self) -> Option<Place> {
        let (target, place) = match self {
            Self::Strategic { target, place, .. } | Self::Json { target, place, .. } => {
                (target.as_ref(), *place)
            }
            Self::Listed { place, .. } => (None, *place),
        };
        target.and_then(|target| target.place).or(place)
    }
}

/// A strategic merge patch on selected objects, and on all that have the id of one
/// (`resWrangler.ApplySmPatch`).
fn apply_to(objects: &mut ResMap, selected: &[usize], patch: &Resource) -> Result<(), Error> {
    let ids: Vec<ResId> =
        selected.iter().filter_map(|index| Some(objects.list.get(*index)?.id())).collect();
    for resource in &mut objects.list {
        if ids.contains(&resource.id()) {
            let patch = patch.patch_for(resource)?;
            Arc::make_mut(resource).apply_strategic_merge(&patch)?;
        }
    }
    objects.drop_empty();
    objects.expect_unique()
}

/// A JSON patch on one object. kustomize's own annotations outlive it.
fn apply_json(resource: &mut Resource, patch: &JsonPatch) -> Result<(), Error> {
    let kept: Vec<_> = resource
        .tree
        .meta_map("annotations")
        .into_iter()
        .filter(|(key, _)| is_internal(key))
        .collect();
    resource.tree = patch.apply(&resource.tree)?;
    let mut annotations = resource.tree.meta_map("annotations");
    super::resource::merge_maps(&mut annotations, kept);
    resource.tree.set_meta_map("annotations", annotations, &Origin::default())
}
