//! Changes of objects: what the API server refuses of an update, against what `portcullis diff` says.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use portcullis::{check::immutable_changes, repo::File};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    Output,
    objects::set,
    pods::{controller, stateful_set, workload},
};
use crate::{disagreements::Disagreements, judge::kubernetes};

#[derive(Serialize)]
struct Input<'v> {
    old: &'v Value,
    object: &'v Value,
}

/// Every variant of every kind becomes every other.
pub(super) fn trial() -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let (mut count, mut refused) = (0, 0);
    for variants in kinds() {
        let pairs: Vec<Input<'_>> = variants
            .iter()
            .flat_map(|old| variants.iter().map(move |object| Input { old, object }))
            .collect();
        let verdicts = kubernetes()?.ask_all::<_, Output>("validate-update", &pairs)?;
        for (pair, verdict) in pairs.iter().zip(verdicts) {
            let case = format!("{}\n    becomes {}", pair.old, pair.object);
            let judged = verdict.map_err(|error| format!("{error}\n{case}"))?;
            let judged: BTreeSet<&str> = judged
                .errors
                .iter()
                .map(|error| match error.field.split('[').next().unwrap_or_default() {
                    "spec.clusterIPs" => "spec.clusterIP",
                    "volumeMode" => "spec",
                    field => field,
                })
                .collect();
            let old = File::new("old.yaml", spanned_yaml::parse(pair.old.to_string()));
            let now = File::new("now.yaml", spanned_yaml::parse(pair.object.to_string()));
            let Some(root) = old.tree.root(0) else { return Err("nothing".into()) };
            let is_claim = pair.object["kind"] == "PersistentVolumeClaim";
            let ours: BTreeSet<&str> = immutable_changes(root, &now)
                .into_iter()
                // Of a claim, upstream names its spec as a whole.
                .map(|change| if is_claim { "spec" } else { change.field })
                .collect();
            count += 1;
            refused += usize::from(!judged.is_empty());
            disagreements.compare(case, &ours, &judged);
        }
    }
    eprintln!("{count} updates, of which the judge refuses {refused}");
    disagreements.verdict(count)
}

/// Kinds, as lists of objects that differ.
fn kinds() -> Vec<Vec<Value>> {
    let object = |api_version: &str, kind: &str, rest: Value| {
        let mut object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
        for (key, value) in rest.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        object
    };
    let variants = |base: &Value, changes: &[(&str, Value)]| {
        let mut all = vec![base.clone()];
        for (pointer, value) in changes {
            let mut object = base.clone();
            set(&mut object, pointer, value);
            all.push(object);
        }
        all
    };
    let mut kinds = Vec::new();
    for kind in ["Deployment", "ReplicaSet", "DaemonSet"] {
        let mut base = workload("apps/v1", kind, "/spec/template", &controller()).object;
        base["spec"]["template"]["metadata"]["labels"]["tier"] = json!("back");
        let more = json!({"matchLabels": {"app": "web", "tier": "back"}});
        kinds.push(variants(
            &base,
            &[
                ("/spec/selector", more),
                (
                    "/spec/selector",
                    json!({"matchExpressions": [{"key": "app", "operator": "Exists"}]}),
                ),
                ("/spec/minReadySeconds", json!(5)),
                ("/spec/template/spec/containers/0/image", json!("b")),
            ],
        ));
    }
    kinds.push(variants(
        &stateful_set().object,
        &[
            ("/spec/serviceName", json!("shop")),
            ("/spec/podManagementPolicy", json!("OrderedReady")),
            ("/spec/podManagementPolicy", json!("Parallel")),
            ("/spec/replicas", json!(3)),
            ("/spec/template/spec/containers/0/image", json!("b")),
            ("/spec/volumeClaimTemplates/0/spec/resources/requests/storage", json!("2Gi")),
            ("/spec/minReadySeconds", json!(5)),
        ],
    ));
    let job = workload("batch/v1", "Job", "/spec/template", &json!({"template": {}}));
    kinds.push(variants(
        &job.object,
        &[
            ("/spec/template/spec/containers/0/image", json!("b")),
            ("/spec/backoffLimit", json!(3)),
            ("/spec/completionMode", json!("NonIndexed")),
        ],
    ));
    let secret = object("v1", "Secret", json!({"data": {"a": "YQ=="}}));
    kinds.push(variants(
        &secret,
        &[
            ("/type", json!("Opaque")),
            ("/type", json!("example.com/a")),
            ("/data/a", json!("Yg==")),
            ("/immutable", json!(true)),
            ("/immutable", json!(false)),
        ],
    ));
    let map = object("v1", "ConfigMap", json!({"data": {"a": "b"}}));
    kinds.push(variants(
        &map,
        &[
            ("/data/a", json!("c")),
            ("/immutable", json!(true)),
            ("/binaryData", json!({"b": "YQ=="})),
        ],
    ));
    let claim = object(
        "v1",
        "PersistentVolumeClaim",
        json!({"spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "disk",
            "resources": {"requests": {"storage": "1Gi"}},
        }}),
    );
    kinds.push(variants(
        &claim,
        &[
            ("/spec/accessModes", json!(["ReadWriteMany"])),
            ("/spec/storageClassName", json!("files")),
            ("/spec/volumeMode", json!("Filesystem")),
            ("/spec/volumeMode", json!("Block")),
        ],
    ));
    let group = "rbac.authorization.k8s.io";
    for (kind, role) in [("RoleBinding", "Role"), ("ClusterRoleBinding", "ClusterRole")] {
        let base = object(
            &format!("{group}/v1"),
            kind,
            json!({
                "roleRef": {"apiGroup": group, "kind": role, "name": "web"},
            }),
        );
        kinds.push(variants(
            &base,
            &[
                ("/roleRef/name", json!("shop")),
                ("/subjects", json!([{"kind": "User", "apiGroup": group, "name": "a"}])),
            ],
        ));
    }
    let class =
        object("storage.k8s.io/v1", "StorageClass", json!({"provisioner": "example.com/a"}));
    kinds.push(variants(
        &class,
        &[
            ("/provisioner", json!("example.com/b")),
            ("/parameters", json!({"a": "b"})),
            ("/reclaimPolicy", json!("Delete")),
            ("/reclaimPolicy", json!("Retain")),
            ("/volumeBindingMode", json!("WaitForFirstConsumer")),
            ("/allowVolumeExpansion", json!(true)),
        ],
    ));
    let priority = object("scheduling.k8s.io/v1", "PriorityClass", json!({"value": 1}));
    kinds.push(variants(
        &priority,
        &[
            ("/value", json!(2)),
            ("/preemptionPolicy", json!("PreemptLowerPriority")),
            ("/preemptionPolicy", json!("Never")),
            ("/description", json!("a")),
        ],
    ));
    let ingress =
        object("networking.k8s.io/v1", "IngressClass", json!({"spec": {"controller": "a.b/c"}}));
    kinds.push(variants(&ingress, &[("/spec/controller", json!("a.b/d"))]));
    kinds
}
