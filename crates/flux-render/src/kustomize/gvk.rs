//! Groups, versions and kinds, and the ids of objects (kyaml/resid).

use std::cmp::Ordering;

use smol_str::SmolStr;

use super::openapi;

/// A group, a version and a kind, each perhaps empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: SmolStr,
    /// The version.
    pub version: SmolStr,
    /// The kind.
    pub kind: SmolStr,
}

impl Gvk {
    pub(crate) fn new(api_version: &str, kind: &str) -> Self {
        let (group, version) = split_api_version(api_version);
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Whether each part of the selector that isn't empty is this one's.
    pub(crate) fn is_selected(&self, selector: &Gvk) -> bool {
        let fits = |own: &SmolStr, wanted: &SmolStr| wanted.is_empty() || own == wanted;
        fits(&self.group, &selector.group)
            && fits(&self.version, &selector.version)
            && fits(&self.kind, &selector.kind)
    }

    /// kustomize's order of field specs (`IsLessThan`).
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        // The order of the texts, without writing them.
        kind_order(&self.kind)
            .cmp(&kind_order(&other.kind))
            .then_with(|| self.sort_bytes().cmp(other.sort_bytes()))
    }

    fn sort_bytes(&self) -> impl Iterator<Item = u8> + '_ {
        fn part<'t>(text: &'t str, none: &'static str) -> &'t str {
            if text.is_empty() { none } else { text }
        }
        let parts =
            [part(&self.group, "~G"), "_", part(&self.version, "~V"), "_", part(&self.kind, "~K")];
        parts.into_iter().flat_map(str::bytes)
    }

    pub(crate) fn sort_text(&self) -> String {
        let part = |text: &SmolStr, none: &str| {
            if text.is_empty() { none.to_owned() } else { text.to_string() }
        };
        [part(&self.group, "~G"), part(&self.version, "~V"), part(&self.kind, "~K")].join("_")
    }
}

impl std::fmt::Display for Gvk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let part = |text: &SmolStr, none: &str| {
            if text.is_empty() { none.to_owned() } else { text.to_string() }
        };
        write!(
            f,
            "{}.{}.{}",
            part(&self.kind, "[noKind]"),
            part(&self.version, "[noVer]"),
            part(&self.group, "[noGrp]")
        )
    }
}

pub(crate) fn split_api_version(api_version: &str) -> (&str, &str) {
    // Too short a text for a search by words.
    let slash = api_version.bytes().position(|byte| byte == b'/');
    slash
        .and_then(|at| Some((api_version.get(..at)?, api_version.get(at + 1..)?)))
        .unwrap_or(("", api_version))
}

/// Kinds that kustomize orders before all others, in this order.
pub(super) const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];
/// Kinds that it orders behind all others.
pub(super) const LAST: &[&str] =
    &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

fn kind_order(kind: &str) -> i32 {
    let position = |list: &[&str]| list.iter().position(|one| *one == kind);
    match (position(FIRST), position(LAST)) {
        (Some(index), _) => index as i32 - FIRST.len() as i32,
        (None, Some(index)) => index as i32 + 1,
        (None, None) => 0,
    }
}

/// What tells objects of one build apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResId {
    /// What it is.
    pub gvk: Gvk,
    /// Its name.
    pub name: SmolStr,
    /// Its namespace as written; empty if none is.
    pub namespace: SmolStr,
    /// Whether the schema says that it lies in no namespace.
    pub cluster_scoped: bool,
}

/// The namespace of objects that lie in none.
pub(crate) const NO_NAMESPACE: &str = "_non_namespaceable_";

impl ResId {
    /// An id whose scope the schema tells.
    pub(crate) fn scoped(gvk: Gvk, name: &str, namespace: &str, scopes: &openapi::Schema) -> Self {
        let cluster_scoped = scopes.is_cluster_scoped(&gvk);
        Self { gvk, name: name.into(), namespace: namespace.into(), cluster_scoped }
    }

    pub(crate) fn effective_namespace(&self) -> &str {
        if self.cluster_scoped {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    pub(crate) fn same_namespace(&self, other: &Self) -> bool {
        self.effective_namespace() == other.effective_namespace()
    }

    /// The same object: names, kinds and effective namespaces are equal.
    pub(crate) fn equals(&self, other: &Self) -> bool {
        self.name == other.name && self.gvk == other.gvk && self.same_namespace(other)
    }

    /// Whether each part of the selector that isn't empty is this one's.
    pub(crate) fn is_selected_by(&self, selector: &Self) -> bool {
        (selector.name.is_empty() || selector.name == self.name)
            && (selector.namespace.is_empty() || selector.same_namespace(self))
            && self.gvk.is_selected(&selector.gvk)
    }
}

impl std::fmt::Display for ResId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = if self.name.is_empty() { "[noName]" } else { &self.name };
        let namespace = if self.namespace.is_empty() { "[noNs]" } else { &self.namespace };
        write!(f, "{}/{name}.{namespace}", self.gvk)
    }
}
