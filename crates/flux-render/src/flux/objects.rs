//! What Flux does to an object between build and apply (fluxcd/pkg/ssa v0.78.0): labels of the
//! owner, common metadata, and whether it is applied at all.

use std::sync::Arc;

use super::spec::Kustomization;
use crate::{
    error::Error,
    kustomize::Resource,
    place::{Operation, Origin, Step},
    tree::{Kind, Node},
};

/// Which object it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`; empty for none.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectId {
    /// The API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    pub(crate) fn of(resource: &Resource) -> Self {
        Self {
            api_version: resource.tree.top("apiVersion").to_owned(),
            kind: resource.tree.top("kind").to_owned(),
            namespace: resource.tree.meta("namespace").to_owned(),
            name: resource.tree.meta("name").to_owned(),
        }
    }

    /// Whether both are the same object in a cluster: the version doesn't matter.
    pub fn is_same_object(&self, other: &Self) -> bool {
        self.group() == other.group()
            && (&self.kind, &self.namespace, &self.name)
                == (&other.kind, &other.namespace, &other.name)
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{}/{}", self.kind, self.name)
        } else {
            write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// What a label or annotation under `kustomize.toolkit.fluxcd.io/` says of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Control {
    /// Nothing: it is applied.
    #[default]
    Apply,
    /// `reconcile: disabled`: it is left alone.
    ReconcileDisabled,
    /// `ssa: Ignore`: it is left alone.
    Ignore,
    /// `ssa: IfNotPresent`: it is made once.
    IfNotPresent,
}

impl Control {
    pub(crate) fn of(resource: &Resource) -> Self {
        // Values are compared whatever their case (ssa/utils.AnyInMetadata).
        let has = |key: &str, value: &str| {
            ["labels", "annotations"].iter().any(|field| {
                resource.tree.meta_map(field).iter().any(|(known, text)| {
                    known.strip_prefix("kustomize.toolkit.fluxcd.io/") == Some(key)
                        && text.eq_ignore_ascii_case(value)
                })
            })
        };
        if has("reconcile", "disabled") {
            Self::ReconcileDisabled
        } else if has("ssa", "Ignore") {
            Self::Ignore
        } else if has("ssa", "IfNotPresent") {
            Self::IfNotPresent
        } else {
            Self::Apply
        }
    }

    /// Whether Flux ever writes the object.
    pub fn is_applied(self) -> bool {
        !matches!(self, Self::ReconcileDisabled | Self::Ignore)
    }
}

/// Puts the owner's labels on an object (`SetOwnerLabels`). The step of their origins.
pub(crate) fn label(resource: &mut Resource, spec: &Kustomization) -> Result<Arc<Step>, Error> {
    drop_untyped(resource, "labels")?;
    let step = Arc::new(Step { operation: Operation::Flux, place: None, before: None });
    for (key, value) in [
        ("kustomize.toolkit.fluxcd.io/name", &spec.name.name),
        ("kustomize.toolkit.fluxcd.io/namespace", &spec.name.namespace),
    ] {
        let origin = Origin { place: spec.origin.place, step: Some(Arc::clone(&step)) };
        resource.put_metadata("labels", key, value, &origin)?;
    }
    Ok(step)
}

/// Puts the common metadata on an object (`SetCommonMetadata`).
pub(crate) fn add_common_metadata(
    resource: &mut Resource,
    spec: &Kustomization,
) -> Result<(), Error> {
    for (field, added) in
        [("labels", &spec.common_labels), ("annotations", &spec.common_annotations)]
    {
        if !added.is_empty() {
            drop_untyped(resource, field)?;
        }
        for (key, value) in added {
            let before = resource.origin_of(&["metadata", field, key]);
            let step = Step {
                operation: Operation::CommonMetadata,
                place: value.origin.place,
                before: before.place.is_some().then_some(before),
            };
            let origin = Origin { place: value.origin.place, step: Some(Arc::new(step)) };
            resource.put_metadata(field, key, &value.value, &origin)?;
        }
    }
    Ok(())
}

/// Takes labels or annotations away, all of them, if one is no text: Go then sees none.
fn drop_untyped(resource: &mut Resource, field: &str) -> Result<(), Error> {
    let Some(metadata) = resource.tree.metadata() else { return Ok(()) };
    let Some(map) = resource.tree.get(metadata, field) else { return Ok(()) };
    if resource.tree.node(map).kind != Kind::Mapping {
        resource.expect_writable()?;
        resource.tree.clear(metadata, field)?;
        return Ok(());
    }
    for (_, value) in resource.tree.entries(map).collect::<Vec<_>>() {
        let node = resource.tree.node(value);
        let text = match node.kind {
            Kind::Scalar => crate::value::scalar(node)?,
            Kind::Mapping | Kind::Sequence => crate::value::Value::Bool(false),
        };
        match text {
            crate::value::Value::String(_) => {}
            // Apimachinery takes a null for an empty text.
            crate::value::Value::Null => {
                let origin = node.origin.clone();
                *resource.tree.node_mut(value) = Node::string("", origin);
            }
            _ => {
                resource.expect_writable()?;
                resource.tree.clear(metadata, field)?;
                return Ok(());
            }
        }
    }
    Ok(())
}
