//! The steps that happen once, at the end of a build.

use super::{
    accumulate::Accumulated, build_metadata::put_managed_by, kustomization::Kustomization,
    name_reference, order, plugins, vars,
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
    done.objects.list.retain(|resource| {
        let local = resource.tree.annotation("config.kubernetes.io/local-config");
        local.is_none_or(|value| value == "false")
    });
    done.objects.expect_unique()?;
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
