//! A change of a field that can't be changed.
//!
//! ## What it does
//! `portcullis diff` holds each object against what it was in the other revision, and reports the fields
//! that differ and that the API server lets nobody change:
//!
//! | kind | fields |
//! |---|---|
//! | Deployment, ReplicaSet, DaemonSet | `spec.selector` |
//! | StatefulSet | `spec.selector`, `spec.serviceName`, `spec.podManagementPolicy`, `spec.volumeClaimTemplates` |
//! | Job | `spec.selector`, `spec.template`, `spec.completionMode`, `spec.completions`, `spec.backoffLimitPerIndex`, `spec.podFailurePolicy`, `spec.successPolicy`, `spec.managedBy` |
//! | Service | `spec.clusterIP` |
//! | PersistentVolumeClaim | `spec.accessModes`, `spec.selector`, `spec.storageClassName`, `spec.volumeMode` |
//! | Secret | `type` |
//! | Secret, ConfigMap with `immutable: true` | `data`, `binaryData`, `immutable` |
//! | RoleBinding, ClusterRoleBinding | `roleRef` |
//! | StorageClass | `provisioner`, `parameters`, `reclaimPolicy`, `volumeBindingMode` |
//! | PriorityClass | `value`, `preemptionPolicy` |
//! | IngressClass | `spec.controller` |
//!
//! A field that isn't written has its default. `portcullis check` sees one revision, and reports nothing.
//!
//! ## Why
//! The API server refuses the update, and Flux stops at it: nothing after it is applied either. It is found
//! in the cluster, when the change is merged, because each revision alone is right.
//!
//! Give the object another name, so that it is a new one beside the old. Or have Flux delete it and make it
//! anew, with the annotation `kustomize.toolkit.fluxcd.io/force: enabled` or with `force: true` in its
//! Kustomization: what it does is interrupted, and the volumes of a claim may be lost. Objects that Flux
//! makes anew aren't reported.
//!
//! ## Fails
//! Before:
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata:
//!   name: store
//! spec:
//!   serviceName: store
//!   selector: {matchLabels: {app: store}}
//!   template:
//!     metadata: {labels: {app: store}}
//!     spec: {containers: [{name: store, image: contoso.azurecr.io/store:1}]}
//! ```
//! After:
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata:
//!   name: store
//! spec:
//!   serviceName: store-headless
//!   selector: {matchLabels: {app: store}}
//!   template:
//!     metadata: {labels: {app: store}}
//!     spec: {containers: [{name: store, image: contoso.azurecr.io/store:1}]}
//! ```
//!
//! ## Passes
//! Before:
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata:
//!   name: store
//! spec:
//!   serviceName: store
//!   selector: {matchLabels: {app: store}}
//!   template:
//!     metadata: {labels: {app: store}}
//!     spec: {containers: [{name: store, image: contoso.azurecr.io/store:1}]}
//! ```
//! After, with an image and a default that may be written:
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata:
//!   name: store
//! spec:
//!   serviceName: store
//!   podManagementPolicy: OrderedReady
//!   selector: {matchLabels: {app: store}}
//!   template:
//!     metadata: {labels: {app: store}}
//!     spec: {containers: [{name: store, image: contoso.azurecr.io/store:2}]}
//! ```
//!
//! ## Limits
//! What the cluster has is taken to be what the other revision says. Where that can't be known, as for a
//! variable, a value that SOPS has encrypted, or the class that a cluster gives a claim which names none,
//! there is a coverage gap. What custom resources say of themselves (`self == oldSelf`) isn't looked at.
//! A manifest that nothing uses is held against the one in the same file. An object that Flux was told to
//! leave alone in the other revision, or that more than one Kustomization applied there, is held against
//! nothing.
//!
//! ## References
//! - The `ValidateUpdate` functions in <https://github.com/kubernetes/kubernetes/tree/master/pkg/apis>
//! - <https://fluxcd.io/flux/components/kustomize/kustomizations/#force>

use spanned_yaml::{Dialect, Kind, Node};

use super::config_data;
use crate::{
    check::{Findings, Place, Violation},
    finding::{GapKind, Level},
    kube::{Object, QuantityField, is_unresolved},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "schema/immutable-field",
    level: Level::Error,
    since: "0.2.0",
    summary: "a change of a field that can't be changed",
    check: Check::Update(KINDS, check),
    source: include_str!("immutable_field.rs"),
};

/// A path, and what it is unless it is written.
type Field = (&'static str, &'static str);

const KINDS: &[&str] = &[
    "Deployment",
    "ReplicaSet",
    "DaemonSet",
    "StatefulSet",
    "Job",
    "Secret",
    "ConfigMap",
    "Service",
    "PersistentVolumeClaim",
    "RoleBinding",
    "ClusterRoleBinding",
    "StorageClass",
    "PriorityClass",
    "IngressClass",
];

/// Fields that stay as they are, by group and kind.
fn fields(group: &str, kind: &str) -> &'static [Field] {
    match (group, kind) {
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet") => &[("spec.selector", "")],
        ("apps", "StatefulSet") => &[
            ("spec.selector", ""),
            ("spec.serviceName", ""),
            ("spec.podManagementPolicy", "OrderedReady"),
            ("spec.volumeClaimTemplates", ""),
        ],
        ("batch", "Job") => &[
            ("spec.selector", ""),
            ("spec.template", ""),
            ("spec.completionMode", "NonIndexed"),
            ("spec.completions", ""),
            ("spec.backoffLimitPerIndex", ""),
            ("spec.podFailurePolicy", ""),
            ("spec.successPolicy", ""),
            ("spec.managedBy", ""),
        ],
        ("", "Service") => &[("spec.clusterIP", "")],
        ("", "PersistentVolumeClaim") => &[
            ("spec.accessModes", ""),
            ("spec.selector", ""),
            ("spec.storageClassName", ""),
            ("spec.volumeMode", "Filesystem"),
        ],
        ("", "Secret") => &[("type", "Opaque"), ("data", ""), ("immutable", "false")],
        ("", "ConfigMap") => &[("data", ""), ("binaryData", ""), ("immutable", "false")],
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => &[("roleRef", "")],
        ("storage.k8s.io", "StorageClass") => &[
            ("provisioner", ""),
            ("parameters", ""),
            ("reclaimPolicy", "Delete"),
            ("volumeBindingMode", "Immediate"),
        ],
        ("scheduling.k8s.io", "PriorityClass") => {
            &[("value", "0"), ("preemptionPolicy", "PreemptLowerPriority")]
        }
        ("networking.k8s.io", "IngressClass") => &[("spec.controller", "")],
        _ => &[],
    }
}

fn check<'a>(was: Node<'_>, object: &'a Object<'a>, findings: &mut Findings<'a>) {
    for (field, default) in fields(object.group(), object.kind) {
        let place = || match (*field, object.root.get("data")) {
            ("data", None) if object.kind == "Secret" => {
                Place::field(object, object.root, "stringData")
            }
            _ => Place::field(object, object.root, field),
        };
        match change(object, field, default, was) {
            Change::None => {}
            Change::Refused => {
                let message =
                    format!("{field} can't be changed: the API server refuses the update");
                let help = "give the object another name, or let Flux make it anew with the annotation \
                            kustomize.toolkit.fluxcd.io/force: enabled";
                findings.report(Violation::new(place(), message).help(help));
            }
            Change::Unknown => {
                let message = format!("{field} can't be changed: whether this does isn't known");
                findings.gap(GapKind::UnknownValue, place(), message);
            }
        }
    }
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    None,
    /// It depends on what Git doesn't say.
    Unknown,
    Refused,
}

/// What becomes of a field, if its kind, or what else the object says, doesn't let it change.
fn change(object: &Object<'_>, field: &str, default: &str, was: Node<'_>) -> Change {
    let (before, now) = (at(was, field), at(object.root, field));
    // What the cluster adds to what Git says, and what it lets change all the same.
    let most = match field {
        "data" | "binaryData" | "immutable" => match was.get("immutable") {
            Some(node) if node.as_bool() == Some(true) => Change::Refused,
            Some(node) if is_unresolved(node.text()) => Change::Unknown,
            _ => Change::None,
        },
        "spec.clusterIP" => address(was, object.root),
        // Before apps/v1, it was taken from the template.
        "spec.selector" if object.group() == "apps" && before.is_none() => Change::Unknown,
        // The API server gives a claim the default class, also afterwards.
        "spec.storageClassName" if before.is_none() => Change::Unknown,
        // A Job that waits may still be told where to run, and with how much.
        "spec.template" if is_true(at(was, "spec.suspend")) => Change::Unknown,
        // An indexed Job may grow and shrink, together with `parallelism`.
        "spec.completions"
            if at(was, "spec.completionMode").is_some_and(|it| it.text() != "NonIndexed") =>
        {
            Change::Unknown
        }
        _ => Change::Refused,
    };
    let key = field.rsplit('.').next().unwrap_or(field);
    let change = match (before, now) {
        _ if most == Change::None => Change::None,
        (Some(node), None) | (None, Some(node))
            if !default.is_empty() && node.text() == default =>
        {
            Change::None
        }
        // One that isn't written is 1, unless there is `parallelism`; the cluster keeps what it once was.
        (None, None) if field == "spec.completions" => {
            let parallelism = |root| at(root, "spec.parallelism").is_some();
            let is_same = parallelism(was) == parallelism(object.root);
            if is_same { Change::None } else { Change::Unknown }
        }
        _ if field == "data" && object.kind == "Secret" => data(was, object.root),
        _ => change_of("", key, before, now, 0),
    };
    change.min(most)
}

fn is_true(node: Option<Node<'_>>) -> bool {
    node.and_then(|node| node.as_bool()) == Some(true)
}

/// Whether the address of a Service may change. One that names none has been given one; it keeps it if
/// it no longer names it. `ExternalName` alone has none.
fn address(was: Node<'_>, now: Node<'_>) -> Change {
    let is_external = |root| at(root, "spec.type").is_some_and(|it| it.text() == "ExternalName");
    let asked = |root| at(root, "spec.clusterIP").map(|it| it.text()).filter(|it| !it.is_empty());
    match (asked(was), asked(now)) {
        _ if is_external(was) || is_external(now) => Change::None,
        (_, None) => Change::None,
        (None, Some(address)) if address != "None" => Change::Unknown,
        _ => Change::Refused,
    }
}

fn at<'a>(root: Node<'a>, path: &str) -> Option<Node<'a>> {
    path.split('.').try_fold(root, |node, key| node.get(key)).filter(|node| !node.is_null())
}

/// What becomes of the data of a Secret: `stringData` is the same without base64, and comes first.
fn data(was: Node<'_>, now: Node<'_>) -> Change {
    let lists = [was, now].map(|root| ["data", "stringData"].map(|list| at(root, list)));
    let entries = lists.iter().flatten().flatten().flat_map(|list| list.entries());
    let of_key = |key: &str| match (config_data::value(was, key), config_data::value(now, key)) {
        (Some((before, _)), Some((now, _)))
            if is_unresolved(before.text()) || is_unresolved(now.text()) =>
        {
            if before.text() == now.text() { Change::None } else { Change::Unknown }
        }
        (Some(before), Some(now)) if bytes(before) == bytes(now) => Change::None,
        _ => Change::Refused,
    };
    let lists = || change_of("", "data", at(was, "data"), at(now, "data"), 0);
    entries.map(|entry| of_key(entry.key.text())).max().unwrap_or_else(lists)
}

/// The bytes of a Secret's value; of what is no base64, those that are written.
fn bytes((node, is_encoded): (Node<'_>, bool)) -> Vec<u8> {
    let decoded = is_encoded.then(|| config_data::decode(node.text())).flatten();
    decoded.unwrap_or_else(|| node.text().as_bytes().to_vec())
}

/// Fields that the API server fills in inside of templates (`SetDefaults_*` of `pkg/apis/*/v1`), where a
/// name has one default only.
const DEFAULTS: &[Field] = &[
    // Of a claim in a StatefulSet.
    ("apiVersion", "v1"),
    ("kind", "PersistentVolumeClaim"),
    ("volumeMode", "Filesystem"),
    // Of a role.
    ("apiGroup", "rbac.authorization.k8s.io"),
    // Of a pod.
    ("defaultMode", "420"),
    ("defaultMode", "0644"),
    ("dnsPolicy", "ClusterFirst"),
    ("expirationSeconds", "3600"),
    ("failureThreshold", "3"),
    ("path", "/"),
    ("periodSeconds", "10"),
    ("protocol", "TCP"),
    ("schedulerName", "default-scheduler"),
    ("scheme", "HTTP"),
    ("status", "True"),
    ("successThreshold", "1"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
    ("timeoutSeconds", "1"),
];

/// Fields whose default follows from others.
const DERIVED: &[&str] = &[
    "completions",
    "hostPort",
    "imagePullPolicy",
    "requests",
    "serviceAccount",
    "serviceAccountName",
];

/// Mappings whose keys are no fields: nothing is filled in there.
const FREE: &[&str] =
    &["annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "parameters"];

/// Values nested deeper than any that Kubernetes knows.
const MAX_DEPTH: usize = 100;

/// What becomes of the value of a key in the mapping of another.
fn change_of(
    within: &str,
    key: &str,
    before: Option<Node<'_>>,
    now: Option<Node<'_>>,
    depth: usize,
) -> Change {
    let before = before.map(Node::target).filter(|node| !node.is_null());
    let now = now.map(Node::target).filter(|node| !node.is_null());
    let (before, now) = match (before, now) {
        (None, None) => return Change::None,
        (Some(node), None) | (None, Some(node)) => return absent(within, key, node),
        (Some(before), Some(now)) => (before, now),
    };
    let is_unknown = |node: Node<'_>| node.kind() == Kind::Scalar && is_unresolved(node.text());
    let pairs = match (before.kind(), now.kind()) {
        _ if depth == MAX_DEPTH => return Change::Unknown,
        (Kind::Scalar, Kind::Scalar) if is_same(within, before, now) => return Change::None,
        _ if is_unknown(before) || is_unknown(now) => return Change::Unknown,
        (Kind::Mapping, Kind::Mapping) => {
            let of_before = before.entries().map(|entry| {
                let name = entry.key.text();
                change_of(key, name, Some(entry.value), now.get(name), depth + 1)
            });
            let added = now.entries().filter(|entry| before.get(entry.key.text()).is_none());
            let added = added
                .map(|entry| change_of(key, entry.key.text(), None, Some(entry.value), depth + 1));
            of_before.chain(added).max()
        }
        (Kind::Sequence, Kind::Sequence) if before.len() == now.len() => {
            let items = before.items().zip(now.items());
            items
                .map(|(before, now)| change_of(within, key, Some(before), Some(now), depth + 1))
                .max()
        }
        _ => return Change::Refused,
    };
    pairs.unwrap_or(Change::None)
}

/// Whether two scalars are the same to the API server.
fn is_same(within: &str, before: Node<'_>, now: Node<'_>) -> bool {
    let quantity = |node| QuantityField::of(node).known().map(|(quantity, _)| quantity.clone());
    before.scalar(Dialect::GoYamlV2) == now.scalar(Dialect::GoYamlV2)
        || matches!(within, "limits" | "requests")
            && quantity(before).is_some_and(|before| Some(before) == quantity(now))
}

/// What it means that a value is written in one revision only.
fn absent(within: &str, key: &str, node: Node<'_>) -> Change {
    let is_scalar = node.kind() == Kind::Scalar;
    if is_scalar && is_unresolved(node.text()) {
        return Change::Unknown;
    }
    if FREE.contains(&within) {
        return Change::Refused;
    }
    let is_nothing = if is_scalar { node.text().is_empty() } else { node.is_empty() };
    // Go can tell some fields that hold nothing from those that aren't there.
    let is_zero = is_nothing || is_scalar && matches!(node.text(), "false" | "0");
    // A claim with the class "" has none, and one without a class may have been given one.
    let is_default = is_scalar && within.is_empty() && key != "storageClassName";
    if is_nothing && (node.kind() == Kind::Sequence || is_default)
        || DEFAULTS.contains(&(key, node.text()))
    {
        Change::None
    } else if is_zero || DERIVED.contains(&key) {
        Change::Unknown
    } else {
        Change::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::{
        check::testing::{files_of, update},
        config::Config,
    };

    /// What is said of one object that becomes another.
    fn said(before: &str, now: &str) -> Vec<String> {
        let report = update(&files_of(before), &files_of(now), &Config::default());
        let findings = report.findings.iter().filter(|finding| finding.rule == RULE.id);
        let gaps =
            report.coverage.gaps.iter().filter(|gap| gap.message.contains("can't be changed"));
        let said = findings.map(|it| (&it.location, it.message.as_str()));
        let unknown = gaps.map(|it| (&it.location, it.message.as_str()));
        let short = |text: &str| {
            let field = text.split(' ').next().unwrap_or_default().to_owned();
            if text.ends_with("isn't known") { format!("{field}?") } else { field }
        };
        said.chain(unknown)
            .map(|(at, text)| format!("{}:{} {}", at.start.line, at.start.column, short(text)))
            .collect()
    }

    fn object(api_version: &str, kind: &str, rest: &str) -> String {
        format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n")
    }

    #[test]
    fn what_differs_and_may_not() {
        let set = |rest: &str| object("apps/v1", "StatefulSet", &format!("spec: {{{rest}}}"));
        let before = set("serviceName: a, replicas: 1");
        assert_eq!(said(&before, &set("serviceName: b, replicas: 2")), ["4:21 spec.serviceName"]);
        assert!(
            said(&before, &set("serviceName: a, podManagementPolicy: OrderedReady")).is_empty()
        );
        assert_eq!(
            said(&before, &set("serviceName: a, podManagementPolicy: Parallel")),
            ["4:45 spec.podManagementPolicy"]
        );
        // What isn't there any more is shown where it belongs.
        assert_eq!(said(&before, &set("replicas: 1")), ["4:1 spec.serviceName"]);
        // Another object is no update.
        let other = set("serviceName: b").replace("name: a", "name: b");
        assert!(said(&before, &other).is_empty());
    }

    #[test]
    fn what_flux_makes_anew() {
        let map = |metadata: &str, value: &str| {
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{metadata}}}\nimmutable: true\n\
                 data: {{a: {value}}}\n"
            )
        };
        let force = ", labels: {kustomize.toolkit.fluxcd.io/force: Enabled}";
        assert_eq!(said(&map("", "b"), &map("", "c")), ["5:1 data"]);
        assert!(said(&map("", "b"), &map(force, "c")).is_empty());
        assert!(said(&map(force, "b"), &map("", "c")).is_empty());
    }

    #[test]
    fn data() {
        let map = |rest: &str| object("v1", "ConfigMap", rest);
        let (before, now) = (map("data: {a: b}"), map("data: {a: c}"));
        assert!(said(&before, &now).is_empty());
        let before = map("data: {a: b}\nimmutable: true");
        assert_eq!(said(&before, &now), ["3:18 immutable", "4:1 data"]);
        let empty = map("data: {a: b}\nimmutable: true\nbinaryData: {}");
        assert_eq!(said(&before, &empty), ["6:1 binaryData?"]);

        let secret = |rest: &str| object("v1", "Secret", &format!("immutable: true\n{rest}"));
        let before = secret("data: {a: YQ==}");
        assert!(said(&before, &secret("stringData: {a: a}\ntype: Opaque")).is_empty());
        assert!(said(&before, &secret("data: {a: Yg==}\nstringData: {a: a}")).is_empty());
        assert_eq!(said(&before, &secret("stringData: {a: b}")), ["5:1 data"]);
        assert_eq!(said(&before, &secret("stringData: {a: \"${A}\"}")), ["5:1 data?"]);
        let sealed = "data: {a: \"ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]\"}";
        assert_eq!(said(&secret(sealed), &secret(&sealed.replace('x', "y"))), ["5:1 data?"]);
        assert!(said(&secret(sealed), &secret(sealed)).is_empty());
    }

    #[test]
    fn what_a_cluster_adds() {
        let service = |spec: &str| object("v1", "Service", &format!("spec: {spec}"));
        let headless = service("{clusterIP: None}");
        assert_eq!(said(&service("{}"), &headless), ["4:19 spec.clusterIP"]);
        assert_eq!(
            said(&service("{}"), &service("{clusterIP: 10.0.0.1}")),
            ["4:19 spec.clusterIP?"]
        );
        assert_eq!(said(&headless, &service("{clusterIP: 10.0.0.1}")), ["4:19 spec.clusterIP"]);
        assert!(said(&headless, &service("{}")).is_empty());
        assert!(said(&service("{type: ExternalName}"), &headless).is_empty());

        let claim = |spec: &str| object("v1", "PersistentVolumeClaim", &format!("spec: {spec}"));
        let class = claim("{storageClassName: a}");
        assert_eq!(said(&claim("{}"), &class), ["4:26 spec.storageClassName?"]);
        assert_eq!(said(&class, &claim("{}")), ["4:1 spec.storageClassName"]);
        let variable = claim("{storageClassName: \"${CLASS}\"}");
        assert_eq!(said(&class, &variable), ["4:26 spec.storageClassName?"]);
        assert!(said(&variable, &variable).is_empty());
    }

    #[test]
    fn templates() {
        let job = |rest: &str, container: &str| {
            let spec = format!(
                "spec: {{{rest}template: {{spec: {{containers: [{{name: a{container}}}]}}}}}}"
            );
            object("batch/v1", "Job", &spec)
        };
        let before = job("", ", image: b, resources: {limits: {memory: 1024Mi, cpu: 1}}");
        let same = [
            ", image: b, resources: {limits: {memory: 1Gi, cpu: \"1\"}}",
            ", image: b, terminationMessagePolicy: File, resources: {limits: {memory: 1Gi, cpu: 1}}",
        ];
        for same in same {
            assert!(said(&before, &job("", same)).is_empty(), "{same}");
        }
        let before = job("", ", image: b");
        assert_eq!(said(&before, &job("", ", image: c")), ["4:8 spec.template"]);
        assert_eq!(said(&before, &job("", ", image: b, tty: true")), ["4:8 spec.template"]);
        let maybe = job("", ", image: b, imagePullPolicy: Always");
        assert_eq!(said(&before, &maybe), ["4:8 spec.template?"]);
        let waits = job("suspend: true, ", ", image: b");
        assert_eq!(said(&waits, &job("", ", image: c")), ["4:8 spec.template?"]);
    }
}
