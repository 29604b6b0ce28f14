//! The steps that happen once, at the end of a build.

use super::{
    accumulate::Accumulated, build_metadata::put_managed_by, gvk::ResId,
    kustomization::Kustomization, name_reference, order, plugins, resmap::ResMap,
    resource::Resource, vars,
};
use crate::error::Error;

/// Hashes, names that follow others, variables, the order, and kustomize's own notes off again.
pub(super) fn finish(kustomization: &Kustomization, done: &mut Accumulated) -> Result<(), Error> {
    let config = done.config.take().unwrap_or_default();
    plugins::add_hashes(&mut done.objects)?;
    name_reference::follow(&mut done.objects, &config)?;
    let mut variables = std::mem::take(&mut done.vars);
    variables.sort_by(|a, b| a.name.value.cmp(&b.name.value));
    vars::resolve(&mut done.objects, &variables, &config)?;
    done.objects.drop_empty();
    drop_local(&mut done.objects)?;
    if let Some(options) = &kustomization.sort_options {
        order::sort(&mut done.objects, options)?;
    }
    let origins = kustomization.has_metadata("originAnnotations");
    let managed = kustomization.has_metadata("managedByLabel");
    for resource in done.objects.iter_mut() {
        if managed {
            put_managed_by(resource)?;
        }
        let transformations = kustomization.has_metadata("transformerAnnotations");
        resource.remove_build_annotations(origins, transformations)?;
    }
    Ok(())
}

/// Takes out what is only for kustomize itself. It goes by ids: one that a renamed object shares
/// with another stays with it (`ResAccumulator.Intersection`).
fn drop_local(objects: &mut ResMap) -> Result<(), Error> {
    let is_local = |resource: &Resource| {
        let local = resource.tree.annotation("config.kubernetes.io/local-config");
        local.is_some_and(|value| value != "false")
    };
    if !objects.list.iter().any(|resource| is_local(resource)) {
        return objects.expect_unique();
    }
    let mut kept = ResMap::default();
    kept.append_all(objects.list.iter().filter(|resource| !is_local(resource)).cloned())?;
    let ids: Vec<ResId> = kept.list.iter().map(|resource| resource.id()).collect();
    let mut dropped = ResMap::default();
    dropped.append_all(
        objects.list.iter().filter(|resource| !ids.contains(&resource.id())).cloned(),
    )?;
    objects.list.retain(|resource| ids.contains(&resource.id()));
    Ok(())
}
