//! Workloads, and changes aimed at what rules look at in them and in their pods.

use serde_json::{Value, json};

use super::objects::{Aim, Target, aim, names, set};

pub(super) fn controller() -> Value {
    json!({"selector": {"matchLabels": {"app": "web"}}, "template": {}})
}

/// An object with a pod at `holder`, and changes of the pod.
pub(super) fn workload(api_version: &str, kind: &str, holder: &str, spec: &Value) -> Target {
    let policy = if api_version == "batch/v1" { "Never" } else { "Always" };
    let pod = json!({
        "restartPolicy": policy,
        "initContainers": [{"name": "init", "image": "a"}],
        "containers": [
            {
                "name": "web",
                "image": "a",
                "ports": [{"containerPort": 80, "name": "http"}, {"containerPort": 81}],
                "env": [{"name": "A", "value": "a"}, {"name": "B"}],
                "envFrom": [{"configMapRef": {"name": "web"}}],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],
            },
            {"name": "side", "image": "b", "ports": [{"containerPort": 90}]},
        ],
        "volumes": [
            {"name": "data", "configMap": {"name": "web"}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "keys", "secret": {"secretName": "web"}},
            {"name": "disk", "persistentVolumeClaim": {"claimName": "web"}},
        ],
    });
    let mut object =
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}, "spec": spec});
    set(&mut object, &format!("{holder}/spec"), &pod);
    if !holder.is_empty() {
        set(&mut object, &format!("{holder}/metadata"), &json!({"labels": {"app": "web"}}));
    }
    let mut aims = of_pod(holder);
    aims.extend(of_workload(kind));
    Target { object, aims }
}

/// Changes of what workloads say beside their pods.
fn of_workload(kind: &str) -> Vec<Aim> {
    let numbers = json!([-1, 0, 1, 700]);
    let keys: &[&str] = match kind {
        "Deployment" => {
            &["replicas", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"]
        }
        "DaemonSet" => &["minReadySeconds", "revisionHistoryLimit"],
        "StatefulSet" | "ReplicaSet" => &["replicas", "minReadySeconds"],
        "Job" => &[
            "parallelism",
            "completions",
            "activeDeadlineSeconds",
            "backoffLimit",
            "ttlSecondsAfterFinished",
        ],
        "CronJob" => &[
            "startingDeadlineSeconds",
            "successfulJobsHistoryLimit",
            "failedJobsHistoryLimit",
            "jobTemplate/spec/backoffLimit",
            "jobTemplate/spec/parallelism",
        ],
        _ => &["terminationGracePeriodSeconds"],
    };
    let mut aims: Vec<Aim> =
        keys.iter().map(|key| aim(format!("/spec/{key}"), numbers.clone())).collect();
    let amounts = json!([0, 1, -1, "0%", "25%", "100%", "101%", "1", "%", "a%", "-1%", null]);
    let mut add = |pointer: &str, values: Value| aims.push(aim(pointer, values));
    match kind {
        "Deployment" | "DaemonSet" => {
            let strategy = if kind == "Deployment" { "strategy" } else { "updateStrategy" };
            let types = json!(["RollingUpdate", "Recreate", "OnDelete", "rollingUpdate"]);
            add(&format!("/spec/{strategy}/type"), types);
            add(
                &format!("/spec/{strategy}"),
                json!([
                    {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}},
                    {"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}, {"type": "Recreate"},
                    {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}},
                    {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}},
                    {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "10%", "maxUnavailable": 0}},
                    {"rollingUpdate": {"maxSurge": 0}}, {"rollingUpdate": {"maxUnavailable": 0}},
                ]),
            );
            for key in ["maxSurge", "maxUnavailable"] {
                add(&format!("/spec/{strategy}/rollingUpdate/{key}"), amounts.clone());
            }
        }
        "StatefulSet" => {
            add("/spec/podManagementPolicy", json!(["Parallel", "OrderedReady", "parallel"]));
            add("/spec/updateStrategy/type", json!(["RollingUpdate", "OnDelete", "Recreation"]));
        }
        "CronJob" => {
            add("/spec/concurrencyPolicy", json!(["Allow", "Forbid", "Replace", "forbid"]));
            add(
                "/spec/timeZone",
                json!([
                    "Europe/Berlin",
                    "UTC",
                    "Etc/GMT+1",
                    "Local",
                    "local",
                    "",
                    "../UTC",
                    "Europe//Berlin",
                    "/UTC",
                    "UTC+01:00",
                    "Europe/Ber lin",
                ]),
            );
            for _ in 0..4 {
                add("/spec/schedule", schedules());
            }
        }
        "Job" => add("/spec/completionMode", json!(["Indexed", "NonIndexed", "indexed"])),
        _ => {}
    }
    if matches!(kind, "Deployment" | "DaemonSet" | "StatefulSet" | "ReplicaSet") {
        add(
            "/spec/selector",
            json!([
                null, {}, {"matchLabels": {}}, {"matchLabels": {"app": "shop"}}, {"matchLabels": {"a b": "c"}},
                {"matchLabels": {"app": "a b"}}, {"matchLabels": {"app": "web", "tier": "back"}},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "shop"]}]},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": []}]},
                {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                {"matchExpressions": [{"key": "app", "operator": "Exists", "values": ["a"]}]},
                {"matchExpressions": [{"key": "app", "operator": "in", "values": ["web"]}]},
                {"matchExpressions": [{"key": "old", "operator": "DoesNotExist"}]},
                {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]},
                {"matchExpressions": [{"key": "a b", "operator": "Exists"}]},
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a b"]}]},
            ]),
        );
    }
    aims
}

/// Schedules, put together from good and bad parts.
fn schedules() -> Value {
    let mut all = vec![
        json!("@daily"),
        json!("@hourly"),
        json!("@every 1h"),
        json!("@every 1.5h30m"),
        json!("@every 1d"),
        json!("@every"),
        json!("@reboot"),
        json!("@Daily"),
        json!(""),
        json!("* * * *"),
        json!("0 0 3 * * *"),
        json!("TZ=UTC 0 3 * * *"),
        json!("CRON_TZ=UTC 0 3 * * *"),
        json!("@every -1h"),
        json!("@every 0"),
        json!("@every 1"),
        json!("@every .5s"),
        json!("@every 1\u{b5}s"),
        json!("@every 1h 2m"),
    ];
    let parts = [
        "*",
        "?",
        "*/5",
        "0",
        "5",
        "7",
        "12",
        "13",
        "23",
        "24",
        "31",
        "32",
        "59",
        "60",
        "1-5",
        "5-1",
        "1,2",
        "1-5/2",
        "5/15",
        "*/0",
        "*/-1",
        "mon",
        "SUN",
        "jan",
        "mon-fri",
        "L",
        "1#2",
        "1-2-3",
        "1/2/3",
        ",",
        "+5",
        "-1",
        "*-5",
        "0-6",
        "0-7",
        "",
        "1.5",
        "99999999999999999999",
    ];
    for place in 0..5 {
        for part in parts {
            let mut fields = ["*"; 5];
            fields[place] = part;
            all.push(json!(fields.join(" ")));
        }
    }
    Value::Array(all)
}

pub(super) fn stateful_set() -> Target {
    let mut target = workload("apps/v1", "StatefulSet", "/spec/template", &controller());
    target.object["spec"]["serviceName"] = json!("web");
    target.object["spec"]["volumeClaimTemplates"] = json!([{
        "metadata": {"name": "claim"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }]);
    target
}

fn of_pod(holder: &str) -> Vec<Aim> {
    let mut aims = Vec::new();
    let mut add = |pointer: &str, values: Value| {
        aims.push(aim(format!("{holder}/spec{pointer}"), values));
    };
    for container in ["/containers/0", "/containers/1", "/initContainers/0"] {
        let mut add = |pointer: &str, values: Value| add(&format!("{container}{pointer}"), values);
        add("/name", names());
        add("/name", json!(["web", "side", "init"]));
        add(
            "/ports/0/name",
            json!(["http", "HTTP", "1", "a1", "a--b", "-a", "a".repeat(15), "a".repeat(16), ""]),
        );
        add("/ports/1/name", json!(["http", "https", "http_2"]));
        add("/ports/0", json!({"containerPort": 8080}));
        add("/ports/0/containerPort", json!([0, 1, 65535, 65536, -1, 80]));
        add("/ports/0/hostPort", json!([0, 1, 65536, -1, 80, 81]));
        add("/ports/1/hostPort", json!([80, 81]));
        add("/ports/0/hostIP", json!(["10.0.0.1"]));
        add("/ports/1/protocol", json!(["TCP", "UDP", "SCTP", "tcp", "", "HTTP"]));
        add("/env/0/name", names());
        add("/env/0/name", json!(["A=B", "A B", "1", "a/b", "\t", "~", "=", "A"]));
        add(
            "/env/0/valueFrom",
            json!([
                {}, {"fieldRef": {"fieldPath": "metadata.name"}}, {"secretKeyRef": {"name": "a", "key": "b"}},
            ]),
        );
        add(
            "/env/1/valueFrom",
            json!([
                {}, {"fieldRef": {"fieldPath": "metadata.name"}}, {"fieldRef": {"fieldPath": "name"}},
                {"fieldRef": {"fieldPath": "metadata.labels['app']"}},
                {"fieldRef": {"fieldPath": "metadata.labels['a b']"}},
                {"fieldRef": {"fieldPath": "metadata.annotations['A.b/C']"}},
                {"fieldRef": {"fieldPath": "metadata.annotations['a/b/c']"}},
                {"fieldRef": {"fieldPath": "metadata.annotations"}},
                {"fieldRef": {"fieldPath": "metadata.name['a']"}},
                {"fieldRef": {"fieldPath": "spec.host"}}, {"fieldRef": {"fieldPath": "status.podIPs"}},
                {"fieldRef": {"fieldPath": "status.phase"}}, {"fieldRef": {"fieldPath": "spec.containers"}},
                {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v1"}},
                {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v2"}},
                {"resourceFieldRef": {"resource": "limits.cpu"}}, {"resourceFieldRef": {"resource": "cpu"}},
                {"resourceFieldRef": {"resource": "requests.hugepages-2Mi"}},
                {"resourceFieldRef": {"resource": "limits.example.com/gpu"}},
                {"configMapKeyRef": {"name": "a", "key": "b"}}, {"configMapKeyRef": {"name": "A", "key": "b"}},
                {"configMapKeyRef": {"name": "a", "key": "b/c"}}, {"secretKeyRef": {"name": "a", "key": "..b"}},
                {"secretKeyRef": {"key": "b"}}, {"secretKeyRef": {"name": "a", "key": "."}},
                {"secretKeyRef": {"name": "a", "key": "b"}, "configMapKeyRef": {"name": "a", "key": "b"}},
            ]),
        );
        add(
            "/envFrom/0",
            json!([
                {}, {"prefix": "a"}, {"secretRef": {"name": "a"}}, {"secretRef": {"name": "A"}},
                {"secretRef": {}}, {"prefix": "1", "secretRef": {"name": "a"}},
                {"prefix": "A=", "secretRef": {"name": "a"}}, {"configMapRef": {"name": "a-"}},
                {"secretRef": {"name": "a"}, "configMapRef": {"name": "a"}}, {"configMapRef": {"name": "a_b"}},
            ]),
        );
        add("/volumeMounts/0", json!({"name": "tmp", "mountPath": "/a"}));
        add("/volumeMounts/0/name", json!(["data", "tmp", "date", "claim", "", "Data"]));
        add("/volumeMounts/0/mountPath", json!(["/data", "/tmp", "", "a/b", "/a:b"]));
        add("/volumeMounts/0/subPath", json!(["a", "a/b", "/a", "..", "a/../b", "..a", ""]));
        add("/volumeMounts/0/subPathExpr", json!(["$(A)", "/a", "../a", ""]));
        for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
            add(&format!("/{probe}"), handlers());
            add(&format!("/{probe}"), numbers_of_probes());
        }
        add(
            "/lifecycle",
            json!([
                {"preStop": {"exec": {"command": ["a"]}}}, {"preStop": {}}, {"postStart": {}},
                {"preStop": {"exec": {"command": ["a"]}, "httpGet": {"port": 80}}}, {"preStop": {"exec": {}}},
                {"preStop": {"sleep": {"seconds": 5}}},
            ]),
        );
        if container.starts_with("/init") {
            add("/restartPolicy", json!(["Always"]));
        }
        add("/imagePullPolicy", json!(["Always", "Never", "IfNotPresent", "always", ""]));
        add("/terminationMessagePolicy", json!(["File", "file", "FallbackToLogsOnError"]));
        add(
            "/volumeDevices/0",
            json!([
                {"name": "disk", "devicePath": "/dev/a"}, {"name": "tmp", "devicePath": "/dev/b"},
                {"name": "none", "devicePath": "/dev/a"}, {"name": "disk", "devicePath": "/dev/../a"},
                {"name": "disk", "devicePath": ""},
            ]),
        );
    }
    add("/hostNetwork", json!([true]));
    add("/restartPolicy", json!(["Always", "OnFailure", "Never", "never", "", null]));
    add("/activeDeadlineSeconds", json!([0, 1, -1, 2_147_483_647_i64, 2_147_483_648_i64]));
    add(
        "/dnsPolicy",
        json!(["Default", "ClusterFirst", "clusterFirst", "ClusterFirstWithHostNet"]),
    );
    add("/nodeSelector", json!([{"a": "b"}, {"a b": "c"}, {"a": "b c"}, {"a/b": ""}]));
    add("/volumes/0/name", names());
    add("/volumes/0/name", json!(["tmp", "data"]));
    add("/volumes/0/emptyDir", json!({}));
    add("/volumes/0/configMap", json!([{}, null, {"name": ""}, {"name": "A"}]));
    add("/volumes/0/configMap/defaultMode", json!([0, 420, 511, 512, -1, 644]));
    add(
        "/volumes/0/configMap/items",
        json!([
            [{"key": "a", "path": "b"}], [{"key": "a", "path": "/b"}], [{"key": "a", "path": "../b"}],
            [{"key": "a", "path": "..b"}], [{"key": "", "path": "b"}], [{"key": "a", "path": ""}],
            [{"key": "a", "path": "b/../c"}], [{"key": "a", "path": "b", "mode": 512}],
        ]),
    );
    add(
        "/volumes/2/secret",
        json!([
            {}, {"secretName": ""}, {"secretName": "web", "defaultMode": 512},
            {"secretName": "web", "items": [{"key": "a", "path": ".."}]},
        ]),
    );
    add(
        "/volumes/1",
        json!([
            {"name": "tmp"}, {"name": "tmp", "hostPath": {"path": "/a"}},
            {"name": "tmp", "hostPath": {"path": "/a/../b"}}, {"name": "tmp", "hostPath": {"path": ""}},
            {"name": "tmp", "hostPath": {"path": "a", "type": "Directory"}},
            {"name": "tmp", "hostPath": {"path": "/a", "type": "directory"}},
            {"name": "tmp", "hostPath": {"path": "/a", "type": ""}},
            {"name": "tmp", "hostPath": {"path": "/a"}, "emptyDir": {}},
            {"name": "tmp", "nfs": {"server": "a", "path": "/"}, "secret": {"secretName": "a"}},
        ]),
    );
    if holder.is_empty() {
        return aims;
    }
    let labels = |labels: Value| {
        let mut all = json!({"app": "web"});
        for (key, value) in labels.as_object().into_iter().flatten() {
            all[key] = value.clone();
        }
        all
    };
    let of_template =
        [json!({"a b": "c"}), json!({"a": "-"}), json!({"a": "b"}), json!({"a/b/c": "d"})];
    let of_template: Vec<Value> = of_template.into_iter().map(labels).collect();
    aims.push(aim(format!("{holder}/metadata/labels"), Value::Array(of_template)));
    let annotations = json!([{"a b": "c"}, {"A/b": "c"}, {"a": "b"}]);
    aims.push(aim(format!("{holder}/metadata/annotations"), annotations));
    aims
}

fn handlers() -> Value {
    json!([
        {}, {"exec": {"command": ["a"]}}, {"exec": {}}, {"exec": {"command": []}}, {"httpGet": {"port": 80}},
        {"httpGet": {"port": "http", "path": "a"}}, {"httpGet": {"port": "80"}}, {"httpGet": {"port": 0}},
        {"httpGet": {"port": 80, "scheme": "HTTPS"}}, {"httpGet": {"port": 80, "scheme": "https"}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "A-b", "value": ""}]}},
        {"httpGet": {"port": 80, "httpHeaders": [{"name": "A_b", "value": ""}]}},
        {"tcpSocket": {"port": 65536}}, {"tcpSocket": {"port": "a"}}, {"grpc": {"port": 0}}, {"grpc": {"port": 80}},
        {"exec": {"command": ["a"]}, "grpc": {"port": 80}}, {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}},
    ])
}

fn numbers_of_probes() -> Value {
    let keys = [
        "initialDelaySeconds",
        "timeoutSeconds",
        "periodSeconds",
        "successThreshold",
        "failureThreshold",
        "terminationGracePeriodSeconds",
    ];
    let with = |key: &str, number: i64| {
        let mut probe = json!({"tcpSocket": {"port": 80}});
        probe[key] = json!(number);
        probe
    };
    keys.iter().flat_map(|key| [-1, 0, 1, 2].map(|number| with(key, number))).collect()
}
