//! What the API server doesn't let an update change.
//!
//! From the `ValidateUpdate` functions of k8s.io/kubernetes, `pkg/apis/*/validation`. Only what Git says is
//! known: a field that isn't written has its default.

use spanned_yaml::{Dialect, Kind, Node};

use super::violation::Place;
use crate::{finding::Location, kube::Object, repo::File};

/// A field that differs, and may not.
#[derive(Clone, Debug)]
pub struct ImmutableChange {
    /// Its path, as `spec.selector`.
    pub field: &'static str,
    /// Where it is written now.
    pub location: Location,
}

/// A path, and what it is unless it is written.
type Field = (&'static str, &'static str);

/// Fields that stay as they are, by group and kind.
const FIELDS: &[(&str, &str, &[Field])] = &[
    ("apps", "Deployment", &[("spec.selector", "")]),
    ("apps", "ReplicaSet", &[("spec.selector", "")]),
    ("apps", "DaemonSet", &[("spec.selector", "")]),
    (
        "apps",
        "StatefulSet",
        &[
            ("spec.selector", ""),
            ("spec.serviceName", ""),
            ("spec.podManagementPolicy", "OrderedReady"),
            ("spec.volumeClaimTemplates", ""),
        ],
    ),
    (
        "batch",
        "Job",
        &[("spec.selector", ""), ("spec.template", ""), ("spec.completionMode", "NonIndexed")],
    ),
    ("", "Secret", &[("type", "Opaque")]),
    (
        "",
        "PersistentVolumeClaim",
        &[
            ("spec.accessModes", ""),
            ("spec.selector", ""),
            ("spec.storageClassName", ""),
            ("spec.volumeMode", "Filesystem"),
        ],
    ),
    ("rbac.authorization.k8s.io", "RoleBinding", &[("roleRef", "")]),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", &[("roleRef", "")]),
    (
        "storage.k8s.io",
        "StorageClass",
        &[
            ("provisioner", ""),
            ("parameters", ""),
            ("reclaimPolicy", "Delete"),
            ("volumeBindingMode", "Immediate"),
        ],
    ),
    (
        "scheduling.k8s.io",
        "PriorityClass",
        &[("value", "0"), ("preemptionPolicy", "PreemptLowerPriority")],
    ),
    ("networking.k8s.io", "IngressClass", &[("spec.controller", "")]),
];

/// Fields of Secrets and ConfigMaps that say of themselves that they are immutable.
const DATA: &[Field] =
    &[("data", ""), ("stringData", ""), ("binaryData", ""), ("immutable", "false")];

/// The fields in which an object differs from what it was, and which the API server lets nobody change.
/// None if Flux is told to make the object anew (`kustomize.toolkit.fluxcd.io/force`).
pub fn immutable_changes(before: Node<'_>, now: &File) -> Vec<ImmutableChange> {
    let Some(root) = now.tree.root(0) else { return Vec::new() };
    let Some(object) = Object::read(now, root) else { return Vec::new() };
    let annotations = object.metadata().and_then(|metadata| metadata.get("annotations"));
    let force = annotations.and_then(|it| it.get("kustomize.toolkit.fluxcd.io/force"));
    if force.is_some_and(|force| force.text().eq_ignore_ascii_case("enabled")) {
        return Vec::new();
    }
    let mut fields: Vec<Field> = Vec::new();
    let of_kind =
        FIELDS.iter().find(|(group, kind, _)| (*group, *kind) == (object.group(), object.kind));
    fields.extend(of_kind.into_iter().flat_map(|(_, _, fields)| *fields));
    match (object.group(), object.kind) {
        ("", "Secret" | "ConfigMap")
            if before.get("immutable").and_then(|node| node.as_bool()) == Some(true) =>
        {
            fields.extend(DATA);
        }
        ("", "Service") if may_not_move(before, root) => fields.push(("spec.clusterIP", "")),
        // A Job that waits may still be told where to run: what exactly isn't looked at.
        ("batch", "Job")
            if at(before, "spec.suspend").and_then(|it| it.as_bool()) == Some(true) =>
        {
            fields.retain(|(field, _)| *field != "spec.template");
        }
        _ => {}
    }
    let differing = fields
        .into_iter()
        .filter(|(field, default)| !is_same(at(before, field), at(root, field), default));
    differing
        .map(|(field, _)| ImmutableChange {
            field,
            location: Place::field(&object, root, field).locate().location,
        })
        .collect()
}

/// Whether a Service asks for an address that it can't have any more: one was allocated, if none was
/// written, and `ExternalName` alone has none.
fn may_not_move(before: Node<'_>, now: Node<'_>) -> bool {
    let is_external = |root| at(root, "spec.type").is_some_and(|it| it.text() == "ExternalName");
    let asks = at(now, "spec.clusterIP").is_some_and(|it| !it.text().is_empty());
    asks && !is_external(before) && !is_external(now)
}

fn at<'a>(root: Node<'a>, path: &str) -> Option<Node<'a>> {
    path.split('.').try_fold(root, |node, key| node.get(key)).filter(|node| !node.is_null())
}

fn is_same(before: Option<Node<'_>>, now: Option<Node<'_>>, default: &str) -> bool {
    let is_default = |node: Node<'_>| {
        node.text() == default && node.kind() == Kind::Scalar
            || default.is_empty() && node.kind() != Kind::Scalar && node.is_empty()
    };
    match (before, now) {
        (None, None) => true,
        (Some(one), None) | (None, Some(one)) => is_default(one),
        (Some(before), Some(now)) => is_equal(before.target(), now.target()),
    }
}

/// Whether two values are the same in JSON; null is nothing.
fn is_equal(a: Node<'_>, b: Node<'_>) -> bool {
    if a.kind() != b.kind() {
        return false;
    }
    match a.kind() {
        Kind::Mapping => {
            let has = |a: Node<'_>, b: Node<'_>| {
                a.entries().filter(|entry| !entry.value.is_null()).all(|entry| {
                    b.get(entry.key.text())
                        .is_some_and(|value| is_equal(entry.value.target(), value.target()))
                })
            };
            has(a, b) && has(b, a)
        }
        Kind::Sequence => {
            a.len() == b.len()
                && a.items().zip(b.items()).all(|(a, b)| is_equal(a.target(), b.target()))
        }
        _ => a.scalar(Dialect::GoYamlV2) == b.scalar(Dialect::GoYamlV2),
    }
}

#[cfg(test)]
mod tests {
    use super::immutable_changes;
    use crate::repo::File;

    fn changes(before: &str, now: &str) -> Vec<&'static str> {
        let before = File::new("a.yaml", spanned_yaml::parse(before));
        let now = File::new("a.yaml", spanned_yaml::parse(now));
        let changes = immutable_changes(before.tree.root(0).unwrap(), &now);
        changes.into_iter().map(|change| change.field).collect()
    }

    #[test]
    fn what_differs_and_may_not() {
        let start = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: a}\n";
        let before = format!("{start}spec: {{serviceName: a, replicas: 1}}");
        let now = format!("{start}spec: {{serviceName: b, replicas: 2}}");
        assert_eq!(changes(&before, &now), ["spec.serviceName"]);
        let same = format!("{start}spec: {{serviceName: a, podManagementPolicy: OrderedReady}}");
        assert!(changes(&before, &same).is_empty());
        let other = format!("{start}spec: {{serviceName: a, podManagementPolicy: Parallel}}");
        assert_eq!(changes(&before, &other), ["spec.podManagementPolicy"]);
        let force = now.replace(
            "{name: a}",
            "{name: a, annotations: {kustomize.toolkit.fluxcd.io/force: enabled}}",
        );
        assert!(changes(&before, &force).is_empty());
    }

    #[test]
    fn data_and_addresses() {
        let map =
            |rest: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{rest}");
        let (before, now) = (map("data: {a: b}"), map("data: {a: c}"));
        assert!(changes(&before, &now).is_empty());
        assert_eq!(changes(&format!("{before}\nimmutable: true"), &now), ["data", "immutable"]);
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {spec}")
        };
        let headless = service("{clusterIP: None}");
        assert_eq!(changes(&service("{}"), &headless), ["spec.clusterIP"]);
        assert!(changes(&headless, &service("{}")).is_empty());
        assert!(changes(&service("{type: ExternalName}"), &headless).is_empty());
    }
}
