//! The fields that are looked at, against the table of schemas: each field of Kubernetes' own kinds that
//! names another object is visited, or listed here with the reason why not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kube::{Object, Pod, PodTemplates, Reference},
    repo::File,
};

/// Fields that no rule looks at: how a `definition.field`, or a `Kind:path`, begins.
const LEFT_OUT: &[(&str, &str)] = &[
    ("Binding:", "the scheduler writes it"),
    ("EndpointSlice:", "controllers write it"),
    ("Endpoints:", "controllers write it"),
    ("Event:", "controllers write it"),
    ("IPAddress:", "controllers write it"),
    ("Node:", "the kubelet's own configuration"),
    ("PersistentVolume:spec.claimRef", "the claim may come later: the volume waits for it"),
    ("PersistentVolume:spec.storageClassName", "it provides the class to claims"),
    ("PodCertificateRequest:", "the kubelet writes it"),
    ("TokenRequest:", "a request that isn't stored"),
    ("VolumeAttachment:", "controllers write it"),
    (
        "api.admissionregistration.",
        "parameters may be of any kind; webhooks' Services are looked up",
    ),
    ("api.autoscaling.v2.ContainerResourceMetricSource", "the name of a metric"),
    ("api.autoscaling.v2.ResourceMetricSource", "the name of a metric"),
    ("api.autoscaling.v2beta2.ContainerResourceMetricSource", "the name of a metric"),
    ("api.autoscaling.v2beta2.ResourceMetricSource", "the name of a metric"),
    ("HorizontalPodAutoscaler:spec.metrics.object.describedObject", "what a metric describes"),
    ("api.core.v1.ClusterTrustBundleProjection", "no rule is about ClusterTrustBundles"),
    (
        "api.core.v1.TypedLocalObjectReference",
        "sources of volumes, and resource backends: any kind",
    ),
    ("api.core.v1.TypedObjectReference", "sources of volumes: any kind"),
    ("api.core.v1.WorkloadReference", "alpha"),
    ("api.flowcontrol.", "who a FlowSchema is for"),
    ("api.lifecycle.", "alpha"),
    ("api.networking.v1.IngressClassParametersReference", "parameters of controllers: any kind"),
    ("api.resource.", "no rule is about dynamic resources"),
    ("api.scheduling.", "alpha and beta"),
    ("api.storage.v1.CSIStorageCapacity", "drivers write it"),
    ("api.storage.v1beta1.CSIStorageCapacity", "drivers write it"),
    ("apimachinery.", "owners are set by controllers"),
];

/// A field of the table, with the steps that lead to it from an object.
struct Leaf<'t> {
    definition: &'t str,
    field: &'t str,
    path: Vec<(&'t str, Shape)>,
}

#[derive(Clone, Copy)]
enum Shape {
    One,
    List,
    Map,
}

type Definitions<'t> = BTreeMap<&'t str, Vec<(&'t str, &'t str)>>;

fn without_versions(line: &str) -> &str {
    line.rsplit_once(" ~").map_or(line, |(line, _)| line)
}

/// Definitions with their fields and types; kinds with their definitions.
fn read(text: &str) -> (Definitions<'_>, Vec<(&str, &str, &str)>) {
    let mut definitions = Definitions::new();
    let mut kinds = Vec::new();
    let mut current = "";
    for line in text.lines().skip_while(|line| !line.starts_with("= ")) {
        let line = without_versions(line);
        if let Some(name) = line.strip_prefix("= ") {
            current = name;
        } else if let Some((version, kind)) =
            line.strip_prefix("* ").and_then(|l| l.split_once(' '))
        {
            kinds.push((version, kind, current));
        } else if let Some((name, rest)) = line.split_once(' ').filter(|(name, _)| *name != ":") {
            let name = name.trim_end_matches('!');
            let of_type = rest.split(' ').next().unwrap_or_default();
            definitions.entry(current).or_default().push((name, of_type));
        }
    }
    (definitions, kinds)
}

/// Whether a field names another object, by its own name and that of its definition.
fn names_an_object(definition: &str, field: &str) -> bool {
    let of_reference =
        ["Reference", "Selector", "Source", "Projection", "Subject", "Ref", "Backend"];
    let by_itself = [
        "claimName",
        "configMapName",
        "ingressClassName",
        "secretName",
        "serviceAccount",
        "serviceAccountName",
        "serviceName",
        "storageClassName",
    ];
    by_itself.contains(&field)
        || (field == "name" && of_reference.iter().any(|end| definition.ends_with(end)))
}

fn leaves<'t>(
    definitions: &Definitions<'t>,
    definition: &'t str,
    path: &mut Vec<(&'t str, Shape)>,
    open: &mut Vec<&'t str>,
    found: &mut Vec<Leaf<'t>>,
) {
    if open.contains(&definition) {
        return;
    }
    open.push(definition);
    for (field, of_type) in definitions.get(definition).into_iter().flatten() {
        if path.is_empty() && matches!(*field, "metadata" | "status") {
            continue;
        }
        let shape = match of_type {
            list if list.starts_with("list(") => Shape::List,
            map if map.starts_with("map(") => Shape::Map,
            _ => Shape::One,
        };
        if let Some((_, to)) = of_type.split_once('@') {
            path.push((field, shape));
            leaves(definitions, to.trim_end_matches([')', '?']), path, open, found);
            path.pop();
        } else if of_type.starts_with("string") && names_an_object(definition, field) {
            found.push(Leaf { definition, field, path: path.clone() });
        }
    }
    open.pop();
}

/// Whether an object with nothing but this field is seen to name another.
fn is_visited(version: &str, kind: &str, leaf: &Leaf<'_>, of: &str) -> bool {
    let field = leaf.field;
    let mut text =
        format!(r#"{{"{field}": "sentinel", "kind": "{of}", "secretNamespace": "there"}}"#);
    for (step, shape) in leaf.path.iter().rev() {
        text = match shape {
            Shape::One => format!(r#"{{"{step}": {text}}}"#),
            Shape::List => format!(r#"{{"{step}": [{text}]}}"#),
            Shape::Map => format!(r#"{{"{step}": {{"key": {text}}}}}"#),
        };
    }
    let inner = text.trim_start_matches('{');
    let text = format!(r#"{{"apiVersion": "{version}", "kind": "{kind}", {inner}"#);
    let file = File::new("x.yaml", spanned_yaml::parse(text));
    let Some(object) = file.tree.root(0).and_then(|root| Object::read(&file, root)) else {
        return false;
    };
    let mut seen = false;
    let mut visit = |reference: Reference<'_>| seen |= reference.name.text() == "sentinel";
    Reference::of_object(&object, &mut visit);
    if let Some(Ok(pod)) = Pod::read(&object, &PodTemplates::default()) {
        Reference::of_pod(&pod, &mut visit);
    }
    seen
}

#[test]
fn every_field_that_names_an_object_is_looked_at_or_listed() {
    let (definitions, kinds) = read(include_str!("../../../schemas/kubernetes.txt"));
    let mut visited = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut unknown = Vec::new();
    for (version, kind, definition) in kinds {
        if kind.ends_with("List") {
            continue;
        }
        let mut found = Vec::new();
        leaves(&definitions, definition, &mut Vec::new(), &mut Vec::new(), &mut found);
        for leaf in found {
            let name = format!("{}.{}", leaf.definition, leaf.field);
            let steps: Vec<&str> = leaf.path.iter().map(|(step, _)| *step).collect();
            let place = format!("{kind}:{}.{}", steps.join("."), leaf.field);
            let kinds = ["", "Deployment", "Role", "ServiceAccount"];
            if kinds.iter().any(|of| is_visited(version, kind, &leaf, of)) {
                visited.insert(name);
                continue;
            }
            let listed = LEFT_OUT
                .iter()
                .find(|(start, _)| name.starts_with(start) || place.starts_with(start));
            match listed {
                Some((start, _)) => {
                    used.insert(*start);
                }
                None => unknown.push(format!("{name} at {place}")),
            }
        }
    }
    assert!(unknown.is_empty(), "neither looked at nor listed:\n{}", unknown.join("\n"));
    let stale: Vec<&str> =
        LEFT_OUT.iter().map(|(start, _)| *start).filter(|start| !used.contains(start)).collect();
    assert!(stale.is_empty(), "listed for nothing: {stale:?}");
    assert!(visited.len() >= 25, "{visited:?}");
}
