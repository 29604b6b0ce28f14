//! Changes of objects: what the API server refuses of an update, against `schema/immutable-field`.

use std::collections::BTreeSet;

use libtest_mimic::Failed;
use portcullis::{
    check::{Earlier, Options, check_update},
    config::Config,
    fleet::Fleet,
    repo::{Contents, File},
};
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
///
/// What the rule leaves open may be refused or not; what it doesn't, it must tell as the judge does.
pub(super) fn trial() -> Result<(), Failed> {
    let kinds = kinds();
    let pairs: Vec<Input<'_>> = kinds
        .iter()
        .flat_map(|variants| {
            variants
                .iter()
                .flat_map(move |old| variants.iter().map(move |object| Input { old, object }))
        })
        .collect();
    let verdicts = kubernetes()?.ask_all::<_, Output>("validate-update", &pairs)?;
    let mut disagreements = Disagreements::default();
    let (mut refused, mut open) = (0, 0);
    for ((pair, verdict), said) in pairs.iter().zip(verdicts).zip(said(&pairs)) {
        let case = format!("{}\n    becomes {}", pair.old, pair.object);
        let judged = verdict.map_err(|error| format!("{error}\n{case}"))?;
        let judged: BTreeSet<&str> = judged
            .errors
            .iter()
            .map(|error| match error.field.split('[').next().unwrap_or_default() {
                "volumeMode" => "spec",
                field if field.starts_with("spec.template.spec") => "spec.template",
                field => field,
            })
            .collect();
        refused += usize::from(!judged.is_empty());
        open += usize::from(!said.unknown.is_empty());
        // Of a claim, upstream names its spec as a whole.
        let is_claim = pair.object["kind"] == "PersistentVolumeClaim";
        let field = |field| if is_claim { "spec" } else { field };
        let mut ours: BTreeSet<&str> = said.refused.iter().map(|it| field(it)).collect();
        let unknown = said.unknown.iter().map(|it| field(it));
        ours.extend(unknown.filter(|it| judged.contains(it)));
        disagreements.compare(case, &ours, &judged);
    }
    let count = pairs.len();
    eprintln!(
        "{count} updates, of which the judge refuses {refused}, and the rule leaves {open} open"
    );
    if open * 4 > count {
        return Err(format!("of {count} updates {open} are left open").into());
    }
    disagreements.verdict(count)
}

/// The fields that the rule reports, and those of which it can't tell.
#[derive(Default)]
struct Said {
    refused: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

/// What the rule says of each update: manifests that nothing uses, a file for each.
fn said(pairs: &[Input<'_>]) -> Vec<Said> {
    let contents = |object: fn(&Input<'_>) -> String| Contents {
        files: pairs
            .iter()
            .enumerate()
            .map(|(number, pair)| {
                File::new(format!("{number:05}.yaml").as_str(), spanned_yaml::parse(object(pair)))
            })
            .collect(),
        ..Contents::default()
    };
    let (before, now) =
        (contents(|pair| pair.old.to_string()), contents(|pair| pair.object.to_string()));
    let config = Config::default();
    let render = |contents| Fleet::render(contents, &config, &[], None);
    let earlier = Earlier { contents: &before, fleet: &render(&before) };
    let options = Options { only: vec!["schema/immutable-field".to_owned()], ..Options::default() };
    let report = check_update(earlier, &now, &render(&now), &config, &options);
    let mut all: Vec<Said> = pairs.iter().map(|_| Said::default()).collect();
    let field = |message: &str| message.split(' ').next().unwrap_or_default().to_owned();
    let number = |file: &str| file.trim_end_matches(".yaml").parse::<usize>().ok();
    for finding in &report.findings {
        if let Some(said) = number(&finding.location.file).and_then(|number| all.get_mut(number)) {
            said.refused.insert(field(&finding.message));
        }
    }
    let gaps = report.coverage.gaps.iter();
    for gap in gaps.filter(|gap| gap.message.contains("can't be changed")) {
        if let Some(said) = number(&gap.location.file).and_then(|number| all.get_mut(number)) {
            said.unknown.insert(field(&gap.message));
        }
    }
    all
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
            ("/spec/volumeClaimTemplates/0/spec/resources/requests/storage", json!("1024Mi")),
            ("/spec/volumeClaimTemplates/0/spec/volumeMode", json!("Filesystem")),
            ("/spec/volumeClaimTemplates/0/spec/volumeMode", json!("Block")),
            ("/spec/volumeClaimTemplates/0/apiVersion", json!("v1")),
            ("/spec/volumeClaimTemplates/0/kind", json!("PersistentVolumeClaim")),
            ("/spec/volumeClaimTemplates/0/metadata/labels", json!({"protocol": "TCP"})),
            ("/spec/minReadySeconds", json!(5)),
        ],
    ));
    let job = workload("batch/v1", "Job", "/spec/template", &json!({"template": {}}));
    let container = |pointer: &str| format!("/spec/template/spec/containers/0{pointer}");
    let probe = |rest: Value| {
        let mut probe = json!({"httpGet": {"port": 80}});
        for (key, value) in rest.as_object().into_iter().flatten() {
            probe[key] = value.clone();
        }
        probe
    };
    let changes = [
        (container("/image"), json!("b")),
        (container("/imagePullPolicy"), json!("Always")),
        (container("/imagePullPolicy"), json!("IfNotPresent")),
        (container("/terminationMessagePath"), json!("/dev/termination-log")),
        (container("/terminationMessagePolicy"), json!("File")),
        (container("/terminationMessagePolicy"), json!("FallbackToLogsOnError")),
        (container("/ports/1/protocol"), json!("TCP")),
        (container("/ports/1/protocol"), json!("UDP")),
        (container("/env/1/value"), json!("")),
        (container("/tty"), json!(false)),
        (container("/tty"), json!(true)),
        (container("/volumeMounts/0/readOnly"), json!(false)),
        (container("/securityContext"), json!({})),
        (container("/resources"), json!({"limits": {"cpu": 1, "memory": "1Gi"}})),
        (container("/resources"), json!({"limits": {"cpu": "1000m", "memory": "1024Mi"}})),
        (
            container("/resources"),
            json!({"limits": {"cpu": 1, "memory": "1Gi"}, "requests": {"cpu": 1, "memory": "1Gi"}}),
        ),
        (container("/livenessProbe"), probe(json!({}))),
        (
            container("/livenessProbe"),
            probe(json!({"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}})),
        ),
        (container("/livenessProbe"), probe(json!({"initialDelaySeconds": 0}))),
        (
            container("/livenessProbe"),
            probe(json!({
                "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            })),
        ),
        (container("/livenessProbe"), probe(json!({"periodSeconds": 11}))),
        ("/spec/template/spec/dnsPolicy".to_owned(), json!("ClusterFirst")),
        ("/spec/template/spec/schedulerName".to_owned(), json!("default-scheduler")),
        ("/spec/template/spec/terminationGracePeriodSeconds".to_owned(), json!(30)),
        ("/spec/template/spec/terminationGracePeriodSeconds".to_owned(), json!(31)),
        ("/spec/template/spec/enableServiceLinks".to_owned(), json!(true)),
        ("/spec/template/spec/automountServiceAccountToken".to_owned(), json!(false)),
        ("/spec/template/spec/securityContext".to_owned(), json!({})),
        ("/spec/template/spec/hostNetwork".to_owned(), json!(false)),
        ("/spec/template/spec/nodeSelector".to_owned(), json!({"dnsPolicy": "ClusterFirst"})),
        ("/spec/template/spec/nodeSelector".to_owned(), json!({})),
        ("/spec/template/spec/tolerations".to_owned(), json!([])),
        ("/spec/template/spec/serviceAccountName".to_owned(), json!("a")),
        ("/spec/template/spec/volumes/0/configMap/defaultMode".to_owned(), json!(420)),
        ("/spec/template/spec/volumes/2/secret/defaultMode".to_owned(), json!(420)),
        ("/spec/template/spec/volumes/2/secret/defaultMode".to_owned(), json!(256)),
        ("/spec/suspend".to_owned(), json!(true)),
        ("/spec/backoffLimit".to_owned(), json!(3)),
        ("/spec/completionMode".to_owned(), json!("NonIndexed")),
    ];
    let changes: Vec<(&str, Value)> =
        changes.iter().map(|(pointer, value)| (pointer.as_str(), value.clone())).collect();
    kinds.push(variants(&job.object, &changes));
    let policy =
        |condition: Value| json!({"rules": [{"action": "Ignore", "onPodConditions": [condition]}]});
    let changes = [
        ("/spec/completionMode", json!("Indexed")),
        ("/spec/completions", json!(1)),
        ("/spec/completions", json!(3)),
        ("/spec/parallelism", json!(1)),
        ("/spec/backoffLimitPerIndex", json!(1)),
        ("/spec/backoffLimitPerIndex", json!(2)),
        ("/spec/podFailurePolicy", policy(json!({"type": "DisruptionTarget"}))),
        ("/spec/podFailurePolicy", policy(json!({"type": "DisruptionTarget", "status": "True"}))),
        ("/spec/podFailurePolicy", policy(json!({"type": "DisruptionTarget", "status": "False"}))),
        ("/spec/successPolicy", json!({"rules": [{"succeededCount": 1}]})),
        ("/spec/successPolicy", json!({"rules": [{"succeededCount": 2}]})),
        ("/spec/managedBy", json!("example.com/a")),
        ("/spec/managedBy", json!("example.com/b")),
        ("/spec/suspend", json!(true)),
    ];
    // Of what isn't indexed, a part is refused as such.
    kinds.push(variants(&job.object, &changes[..4]));
    let mut indexed = job.object.clone();
    set(&mut indexed, "/spec/completionMode", &json!("Indexed"));
    set(&mut indexed, "/spec/completions", &json!(2));
    set(&mut indexed, "/spec/parallelism", &json!(2));
    kinds.push(variants(&indexed, &changes));
    let secret = object("v1", "Secret", json!({"data": {"a": "YQ=="}}));
    let immutable = object("v1", "Secret", json!({"data": {"a": "YQ=="}, "immutable": true}));
    kinds.push(variants(
        &immutable,
        &[
            ("/stringData", json!({"a": "a"})),
            ("/stringData", json!({"a": "b"})),
            ("/stringData", json!({"b": "a"})),
            ("/data", json!({"a": "YQ==\n"})),
            ("/data", json!({"a": ""})),
            ("/data", json!({})),
            ("/data", Value::Null),
        ],
    ));
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
    let immutable = object("v1", "ConfigMap", json!({"data": {"a": "b"}, "immutable": true}));
    kinds.push(variants(
        &immutable,
        &[
            ("/data/a", json!("c")),
            ("/data", json!({})),
            ("/data", Value::Null),
            ("/binaryData", json!({})),
            ("/binaryData", json!({"b": ""})),
            ("/immutable", json!(false)),
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
            ("/spec/storageClassName", Value::Null),
            ("/spec/storageClassName", json!("")),
            ("/spec/volumeMode", json!("Filesystem")),
            ("/spec/volumeMode", json!("Block")),
            ("/spec/selector", json!({})),
            ("/spec/selector", json!({"matchLabels": {"a": "b"}})),
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
                ("/roleRef/apiGroup", Value::Null),
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
            ("/parameters", json!({})),
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
