//! The order in which Flux applies a Kustomization's objects (fluxcd/pkg/ssa v0.78.0,
//! manager_apply.go and sort.go).

use std::cmp::Ordering;

use super::objects::ObjectId;

/// Stages of an apply: each waits until the one before it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// CustomResourceDefinitions, Namespaces and ClusterRoles.
    Definitions,
    /// Kinds that end in `Class`.
    Classes,
    /// All the rest.
    Rest,
}

/// Kinds that go first within a stage.
const FIRST: &[&str] = &[
    "CustomResourceDefinition",
    "Namespace",
    "ClusterRole",
    "ClusterClass",
    "RuntimeClass",
    "PriorityClass",
    "StorageClass",
    "VolumeSnapshotClass",
    "IngressClass",
    "GatewayClass",
    "ClusterRoleBinding",
    "ResourceQuota",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "ConfigMap",
    "Secret",
    "Service",
    "LimitRange",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that go last.
const LAST: &[&str] = &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

impl Stage {
    /// The stage of an object.
    pub fn of(id: &ObjectId) -> Self {
        let kind = id.kind.to_lowercase();
        let defines = match kind.as_str() {
            "customresourcedefinition" => id.group() == "apiextensions.k8s.io",
            "namespace" => id.api_version == "v1",
            "clusterrole" => id.group() == "rbac.authorization.k8s.io",
            _ => false,
        };
        if defines {
            Self::Definitions
        } else if id.kind.ends_with("Class") {
            Self::Classes
        } else {
            Self::Rest
        }
    }
}

/// The order of two objects in an apply.
pub fn apply_order(a: &ObjectId, b: &ObjectId) -> Ordering {
    let rank = |id: &ObjectId| {
        let first = FIRST.iter().position(|kind| *kind == id.kind);
        let last = LAST.iter().position(|kind| *kind == id.kind);
        match (first, last) {
            (Some(at), _) => at,
            (None, None) => FIRST.len(),
            (None, Some(at)) => FIRST.len() + 1 + at,
        }
    };
    let key = |id: &ObjectId| (Stage::of(id), rank(id));
    key(a).cmp(&key(b)).then_with(|| {
        let rest = |id: &ObjectId| {
            (id.group().to_owned(), id.kind.clone(), id.namespace.clone(), id.name.clone())
        };
        rest(a).cmp(&rest(b))
    })
}
