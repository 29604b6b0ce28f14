//! Objects that are valid, and changes aimed at what the rules look at.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::pods::{controller, stateful_set, workload};

/// A field, and what it may be set to. Null takes it away.
pub(super) struct Aim {
    pointer: String,
    values: Vec<Value>,
}

/// A kind: an object that the API server takes, and where to change it.
pub(super) struct Target {
    pub(super) object: Value,
    pub(super) aims: Vec<Aim>,
}

/// Makes an object: a valid one with up to three changes.
pub(super) fn make(rng: &mut Rng) -> Value {
    let count = match rng.u8(..12) {
        0..8 => 0..8,
        8..11 => 8..13,
        _ => 13..TARGETS.len(),
    };
    let Some(target) = TARGETS.get(rng.usize(count)) else { return Value::Null };
    let mut object = target.object.clone();
    for _ in 0..rng.u8(..4) {
        if let Some(aim) = rng.choice(&target.aims)
            && let Some(value) = rng.choice(&aim.values)
        {
            set(&mut object, &aim.pointer, value);
        }
    }
    object
}

/// Sets what a pointer leads to; mappings on the way are made, and lists get an item more at most.
pub(super) fn set(object: &mut Value, pointer: &str, value: &Value) {
    let mut at = object;
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    let Some((last, way)) = steps.split_last() else { return };
    for step in way {
        let step = step.replace("~1", "/");
        at = match at {
            Value::Array(items) => {
                let index = step.parse::<usize>().unwrap_or_default().min(items.len());
                if index == items.len() {
                    items.push(json!({}));
                }
                &mut items[index]
            }
            other => &mut other[step],
        };
    }
    if let Value::Array(items) = at {
        match (last.parse::<usize>(), value.is_null()) {
            (Ok(index), true) if index < items.len() => {
                items.remove(index);
            }
            (Ok(index), false) if index < items.len() => items[index] = value.clone(),
            (_, false) => items.push(value.clone()),
            _ => {}
        }
        return;
    }
    let last = last.replace("~1", "/");
    if value.is_null() {
        if let Some(fields) = at.as_object_mut() {
            fields.remove(&last);
        }
    } else if at.is_null() {
        *at = Value::Object(Map::from_iter([(last, value.clone())]));
    } else {
        at[last] = value.clone();
    }
}

static TARGETS: LazyLock<Vec<Target>> = LazyLock::new(|| {
    let mut targets = vec![
        workload("v1", "Pod", "", &json!({})),
        workload("apps/v1", "Deployment", "/spec/template", &controller()),
        workload("apps/v1", "DaemonSet", "/spec/template", &controller()),
        workload("apps/v1", "ReplicaSet", "/spec/template", &controller()),
        stateful_set(),
        workload("batch/v1", "Job", "/spec/template", &json!({"template": {}})),
        workload(
            "batch/v1",
            "CronJob",
            "/spec/jobTemplate/spec/template",
            &json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {}}}}),
        ),
        service(),
        ingress(),
        autoscaler(),
        budget(),
        config_map(),
        secret(),
    ];
    targets.extend(plain());
    for target in &mut targets {
        target.aims.extend(metadata());
    }
    targets
});

pub(super) fn aim(pointer: impl Into<String>, values: Value) -> Aim {
    let values = match values {
        Value::Array(values) => values,
        value => vec![value],
    };
    Aim { pointer: pointer.into(), values }
}

/// A name of that many parts.
fn many(count: usize) -> String {
    vec!["a"; count].join(".")
}

/// Texts of which some are names, of some kind.
pub(super) fn names() -> Value {
    json!([
        "web",
        "a.b",
        "1a",
        "Web",
        "",
        "-a",
        "a-",
        "a_b",
        "a..b",
        "a/b",
        "a b",
        "a%b",
        ".",
        "..",
        "..a",
        "system:web",
        "é",
        "a".repeat(52),
        "a".repeat(53),
        "a".repeat(63),
        "a".repeat(64),
        many(127),
        many(128),
        "1",
        "a--b",
        "data",
        "A_B.c-d",
    ])
}

fn metadata() -> Vec<Aim> {
    vec![
        aim("/metadata/name", names()),
        aim("/metadata/name", names()),
        aim("/metadata/namespace", names()),
        aim(
            "/metadata/labels",
            json!([
                {"app": "web"}, {"a b": "c"}, {"app.kubernetes.io/name": "web"}, {"App.io/a": "b"}, {"a/b/c": "d"},
                {"/a": "b"}, {"a/": "b"}, {"a": "-"}, {"a": ""}, {"a": "a b"}, {"a": "x".repeat(63)},
                {"a": "x".repeat(64)}, {"x".repeat(63): "a"}, {"x".repeat(64): "a"}, {"a": "_"}, {"a.b": "1.0"},
            ]),
        ),
        aim(
            "/metadata/annotations",
            json!([
                {"a": "any thing"}, {"App.io/a": "b"}, {"a b": "c"}, {"a/b/c": "d"}, {"-a": "b"}, {"a": ""}, {"É": "b"}, {"X/Y": ""},
            ]),
        ),
        aim(
            "/metadata/finalizers",
            json!(
                [["example.com/a"], ["a"], ["kubernetes"], ["orphan"], ["a b"], [""], ["A.b/c"],]
            ),
        ),
        aim(
            "/metadata/generateName",
            json!(["web-", "Web-", "web", "a--", "-", "a.", "a.-", "web_"]),
        ),
    ]
}

fn plain() -> Vec<Target> {
    let object = |api_version: &str, kind: &str, rest: Value| {
        let mut object =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}});
        for (key, value) in rest.as_object().into_iter().flatten() {
            object[key] = value.clone();
        }
        Target { object, aims: Vec::new() }
    };
    let role = json!({"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]});
    let group = "rbac.authorization.k8s.io";
    let binding = |kind: &str| {
        json!({
            "roleRef": {"apiGroup": group, "kind": kind, "name": "web"},
            "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "web"}],
        })
    };
    let version = format!("{group}/v1");
    let ports = json!({"spec": {"podSelector": {}}});
    vec![
        object("v1", "Namespace", json!({})),
        object("v1", "ServiceAccount", json!({})),
        object("v1", "LimitRange", json!({"spec": {"limits": []}})),
        object("v1", "ResourceQuota", json!({"spec": {"hard": {"pods": "1"}}})),
        object(
            "v1",
            "PersistentVolumeClaim",
            json!({"spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}},
            }}),
        ),
        object("networking.k8s.io/v1", "NetworkPolicy", ports),
        object(
            "networking.k8s.io/v1",
            "IngressClass",
            json!({"spec": {"controller": "example.com/a"}}),
        ),
        object("scheduling.k8s.io/v1", "PriorityClass", json!({"value": 1})),
        object("storage.k8s.io/v1", "StorageClass", json!({"provisioner": "example.com/a"})),
        object(&version, "Role", role.clone()),
        object(&version, "ClusterRole", role),
        object(&version, "RoleBinding", binding("Role")),
        object(&version, "ClusterRoleBinding", binding("ClusterRole")),
    ]
}

fn service() -> Target {
    let object = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {
            "selector": {"app": "web"},
            "ports": [
                {"name": "http", "port": 80, "targetPort": "http"},
                {"name": "https", "port": 443, "targetPort": 8443},
            ],
        },
    });
    let mut aims = Vec::new();
    for port in ["/spec/ports/0", "/spec/ports/1"] {
        let mut add =
            |pointer: &str, values: Value| aims.push(aim(format!("{port}{pointer}"), values));
        add("", Value::Array(vec![Value::Null]));
        add("/name", names());
        add("/name", json!(["http", "https", null, ""]));
        add("/port", json!([0, 1, 65535, 65536, -1, 80]));
        add(
            "/targetPort",
            json!([
                0,
                1,
                65536,
                -1,
                "",
                "http",
                "8080",
                "HTTP",
                "a--b",
                null,
                "a".repeat(15),
                "a".repeat(16),
            ]),
        );
        add("/protocol", json!(["TCP", "UDP", "SCTP", "tcp", ""]));
        add("/nodePort", json!([0, 30000, 30001]));
        add("/appProtocol", json!(["http", "kubernetes.io/h2c", "a b", ""]));
    }
    aims.push(aim("/spec/ports", json!([[], null, [{"port": 80}], [{"port": 80}, {"port": 81}]])));
    aims.push(aim("/spec/type", json!(["ClusterIP", "NodePort", "LoadBalancer"])));
    aims.push(aim("/spec/clusterIP", json!(["None"])));
    aims.push(aim("/spec", json!([
        {"type": "ExternalName", "externalName": "example.com"}, {"clusterIP": "None"}, {"selector": {}},
    ])));
    Target { object, aims }
}

fn ingress() -> Target {
    let path = json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}});
    let object = json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "web"},
        "spec": {
            "ingressClassName": "nginx",
            "rules": [{"host": "example.com", "http": {"paths": [path]}}],
            "tls": [{"hosts": ["example.com"], "secretName": "web"}],
        },
    });
    let hosts = json!([
        "example.com",
        "*.example.com",
        "Example.com",
        "*",
        "a.*.com",
        "10.0.0.1",
        "example.com:80",
        "a_b.com",
        "https://a",
        "",
        "*.a",
        "::1",
        "256.1.1.1",
    ]);
    let backends = json!([
        {}, {"service": {"name": "web", "port": {"name": "http"}}}, {"service": {"name": "web"}},
        {"service": {"name": "web", "port": {}}}, {"service": {"name": "web", "port": {"number": 0}}},
        {"service": {"name": "web", "port": {"number": 65536}}},
        {"service": {"name": "web", "port": {"number": 80, "name": "http"}}},
        {"service": {"name": "web", "port": {"name": "80"}}}, {"service": {"name": "a.b", "port": {"number": 1}}},
        {"service": {"name": "Web", "port": {"number": 1}}}, {"service": {"name": "1a", "port": {"number": 1}}},
        {"service": {"name": "", "port": {"number": 1}}},
        {"resource": {"apiGroup": "a.b", "kind": "A", "name": "a"}},
        {
            "resource": {"apiGroup": "a.b", "kind": "A", "name": "a"},
            "service": {"name": "web", "port": {"number": 1}},
        },
    ]);
    let aims = vec![
        aim("/spec/rules/0/host", hosts.clone()),
        aim("/spec/tls/0/hosts/0", hosts),
        aim("/spec/tls/0/secretName", names()),
        aim("/spec/ingressClassName", names()),
        aim(
            "/spec/rules/0/http/paths/0/path",
            json!([
                "/", "/a", "a", "", "/a//b", "/a/./b", "/a/../b", "/a/..", "/a/.", "/a%2fb",
                "/a%2Fb", "/a(.*)", null, "/..a",
            ]),
        ),
        aim("/spec/rules/0/http/paths/0/path", json!(["", "a", "/a//b", null, "/.."])),
        aim(
            "/spec/rules/0/http/paths/0/pathType",
            json!(["Exact", "Prefix", "ImplementationSpecific", "prefix"]),
        ),
        aim("/spec/rules/0/http/paths/0/backend", backends.clone()),
        aim("/spec/defaultBackend", backends),
        aim("/spec/rules/0/http/paths", json!([[]])),
        aim("/spec/rules", json!([[], null])),
        aim(
            "/metadata/annotations",
            json!([
                {"kubernetes.io/ingress.class": "nginx"}, {"kubernetes.io/ingress.class": "azure"},
            ]),
        ),
    ];
    Target { object, aims }
}

fn autoscaler() -> Target {
    let object = json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}},
            ],
        },
    });
    let targets = json!([
        {"type": "Utilization", "averageUtilization": 0}, {"type": "Utilization", "averageUtilization": 1},
        {"type": "AverageValue", "averageValue": "1"}, {"type": "Value", "value": "1"}, {"type": "Value"},
        {"type": "value", "value": "1"}, {"type": "AverageValue", "averageValue": "1", "averageUtilization": 5},
        {"type": "Value", "value": "1", "averageValue": "1"},
    ]);
    let mut aims = vec![
        aim("/spec/minReplicas", json!([0, 1, 3, 4, -1, null])),
        aim("/spec/maxReplicas", json!([0, 1, -1, 2])),
        aim("/spec/scaleTargetRef/name", names()),
        aim("/spec/scaleTargetRef/kind", json!(["", "Deployment", "a/b", "a%b"])),
        aim(
            "/spec/metrics/0/type",
            json!(["Resource", "Pods", "Object", "External", "ContainerResource", "cpu", ""]),
        ),
        aim(
            "/spec/metrics/0/pods",
            json!([{"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "1"}}]),
        ),
    ];
    for target in targets.as_array().into_iter().flatten() {
        let metric = json!({"name": "a"});
        let described = json!({"apiVersion": "v1", "kind": "Service", "name": "a"});
        aims.push(aim("/spec/metrics/0", json!([
            {"type": "Resource", "resource": {"name": "cpu", "target": target}},
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "web", "target": target}},
            {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "Web", "target": target}},
            {"type": "Pods", "pods": {"metric": metric, "target": target}},
            {"type": "Pods", "pods": {"metric": {"name": "a/b"}, "target": target}},
            {"type": "Object", "object": {"metric": metric, "describedObject": described, "target": target}},
            {"type": "External", "external": {"metric": {"name": ""}, "target": target}},
            {"type": "External", "external": {"metric": metric, "target": target}},
        ])));
    }
    for direction in ["scaleUp", "scaleDown"] {
        let policy = json!({"type": "Pods", "value": 1, "periodSeconds": 60});
        aims.push(aim(format!("/spec/behavior/{direction}"), json!([
            {"policies": []}, {"policies": [policy]}, {"stabilizationWindowSeconds": 3600},
            {"stabilizationWindowSeconds": 3601}, {"stabilizationWindowSeconds": -1}, {"selectPolicy": "Max"},
            {"selectPolicy": "max"}, {"policies": [{"type": "pods", "value": 1, "periodSeconds": 60}]},
            {"policies": [{"type": "Percent", "value": 0, "periodSeconds": 60}]},
            {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 0}]},
            {"policies": [{"type": "Percent", "value": 10, "periodSeconds": 1801}]},
        ])));
    }
    Target { object, aims }
}

fn budget() -> Target {
    let object = json!({
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    });
    let amounts = json!([0, 1, -1, "0%", "50%", "100%", "101%", "1", "%", "a", null]);
    let aims = vec![
        aim("/spec/minAvailable", amounts.clone()),
        aim("/spec/maxUnavailable", amounts),
        aim(
            "/spec/selector",
            json!([
                {}, {"matchLabels": {"a b": "c"}}, {"matchLabels": {"a": "b c"}},
                {"matchExpressions": [{"key": "app", "operator": "in"}]},
                {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": []}]},
            ]),
        ),
    ];
    Target { object, aims }
}

fn config_map() -> Target {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a": "b"},
    });
    let long = "x".repeat(1024 * 1024 - 1);
    let keys = names();
    let mut values =
        vec![json!({"c": long}), json!({"c": long, "d": "e"}), json!({"c": long, "d": "ef"})];
    for key in keys.as_array().into_iter().flatten().filter_map(Value::as_str) {
        values.extend([json!({key: "b"}), json!({key: "b"})]);
    }
    let all = "x".repeat(256 * 1024);
    let annotations = json!([{"a": all}, {"a": all.get(1..).unwrap_or_default()}]);
    let binary = json!([{"a": "YQ=="}, {"b": "YQ=="}, {"a/b": ""}]);
    Target {
        object,
        aims: vec![
            aim("/data", Value::Array(values)),
            aim("/binaryData", binary),
            aim("/metadata/annotations", annotations),
        ],
    }
}

fn secret() -> Target {
    let object = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "web"}, "data": {"a": "YQ=="},
    });
    let keys = [
        "tls.crt",
        "tls.key",
        ".dockerconfigjson",
        ".dockercfg",
        "ssh-privatekey",
        "username",
        "password",
        "a/b",
    ];
    let types = [
        "tls",
        "dockerconfigjson",
        "dockercfg",
        "ssh-auth",
        "basic-auth",
        "service-account-token",
        "other",
    ];
    let types: Vec<Value> = types
        .iter()
        .map(|name| json!(format!("kubernetes.io/{name}")))
        .chain([json!("Opaque"), json!("")])
        .collect();
    let mut aims = Vec::new();
    for key in keys {
        // base64 of nothing, `{}`, `a`, `[]`, `null`, `{"a":1}`
        let encoded = json!(["", "e30=", "YQ==", "W10=", "bnVsbA==", "eyJhIjoxfQ=="]);
        let step = key.replace('/', "~1");
        aims.push(aim(format!("/data/{step}"), encoded));
        aims.push(aim(format!("/stringData/{step}"), json!(["", "{}", "a", "{\"auths\": {}}"])));
        aims.push(aim("/type", Value::Array(types.clone())));
    }
    aims.push(aim("/metadata/annotations", json!([{"kubernetes.io/service-account.name": "web"}])));
    Target { object, aims }
}
