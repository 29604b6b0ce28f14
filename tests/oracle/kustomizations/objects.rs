//! Objects that refer to each other by name, in every style of YAML.

use fastrand::Rng;

use crate::generate::pick;

/// Names that objects share, so that references and ids meet.
pub(super) const NAMES: &[&str] = &["web", "api", "db", "web-config"];
const NAMESPACES: &[&str] = &["", "", "", "shop", "other", "default"];

pub(super) fn name(rng: &mut Rng) -> &'static str {
    pick(rng, NAMES)
}

/// Kinds with the API versions that go with them.
pub(super) const KINDS: &[(&str, &str)] = &[
    ("apps/v1", "Deployment"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("batch/v1", "Job"),
    ("batch/v1", "CronJob"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "PersistentVolume"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("storage.k8s.io/v1", "StorageClass"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ("apiregistration.k8s.io/v1", "APIService"),
    ("example.com/v1", "Widget"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
];

/// What stands where a string, or anything, may stand.
#[rustfmt::skip]
const SCALARS: &[&str] = &[
    "plain", "'single'", "\"double\"", "yes", "on", "0644", "1e3", "1_000", "2024-01-01",
    "2024-01-02 03:04:05.60", "~", "null", "\"null\"", "true", "'true'", "12", "\"12\"", "-7", "1.50", "0x1F",
    "0o17", "12:30", "a b  c", "'it''s'", "\"tab\\there\"", "é", "\"\\U0001F600\"", "!!str 12", "1000000",
    "12345678901234567890", "'#no comment'", "x: y".split_at(1).0, "''", "\"\"", "'{'", "\"- a\"",
    "a very long text that goes on and on until it is far longer than eighty columns so that it has to be folded somewhere",
    "\"a quoted text, also long: it goes on and on until it is far longer than eighty columns so that it has to be folded\"",
    "$(WEB_NAME)", "prefix-$(WEB_NAME)-$$(x)", "'$(COUNT)'",
];

pub(super) fn scalar(rng: &mut Rng) -> &'static str {
    pick(rng, SCALARS)
}

/// A scalar for where a block fits, too; lines behind the first are indented by `indent`.
fn text(rng: &mut Rng, indent: &str) -> String {
    match rng.u8(0..12) {
        0 => format!("|\n{indent}line one\n{indent}  line two\n\n{indent}end"),
        1 => format!("|-\n{indent}a: 1\n{indent}b: web"),
        2 => format!(">\n{indent}folded\n{indent}text\n\n{indent}  more\n{indent}end"),
        3 => format!(">-\n{indent}folded text that is\n{indent}  indented"),
        4 => format!("|+\n{indent}kept\n\n"),
        5 => "'{\"a\": {\"b\": \"web\"}, \"n\": 1}'".to_owned(),
        _ => scalar(rng).to_owned(),
    }
}

fn metadata(rng: &mut Rng, name: &str) -> String {
    let mut out = format!("metadata:\n  name: {name}\n");
    let namespace = pick(rng, NAMESPACES);
    if !namespace.is_empty() {
        out.push_str(&format!("  namespace: {namespace}\n"));
    }
    match rng.u8(0..8) {
        0 => out.push_str("  labels: {}\n"),
        1 => out.push_str("  labels:\n"),
        2..=4 => {
            let value = pick(rng, &["web", "api", "'1'", "\"yes\""]);
            out.push_str(&format!("  labels:\n    app: {value}\n    tier: back # end\n"));
        }
        _ => {}
    }
    match rng.u8(0..10) {
        0 => out.push_str("  annotations: {}\n"),
        1 => out.push_str(&format!("  annotations:\n    note: {}\n", scalar(rng))),
        2 => out.push_str("  annotations:\n    config.kubernetes.io/local-config: \"true\"\n"),
        3 => out.push_str("  annotations: {a: b, 'c': \"d\"}\n"),
        _ => {}
    }
    out
}

fn env(rng: &mut Rng, indent: &str) -> String {
    let mut out = String::new();
    for number in 0..rng.u8(1..4) {
        let variable = pick(rng, &["A", "B", "C"]);
        let variable =
            if rng.u8(0..6) == 0 { variable.to_owned() } else { format!("{variable}{number}") };
        out.push_str(&match rng.u8(0..4) {
            0 => format!("{indent}- name: {variable}\n{indent}  valueFrom:\n{indent}    configMapKeyRef: {{name: {}, key: k}}\n", name(rng)),
            1 => format!("{indent}- name: {variable}\n{indent}  valueFrom:\n{indent}    secretKeyRef:\n{indent}      name: {}\n{indent}      key: k\n", name(rng)),
            _ => format!("{indent}- name: {variable}\n{indent}  value: {}\n", scalar(rng)),
        });
    }
    out
}

/// A pod's spec.
pub(super) fn pod_spec(rng: &mut Rng, indent: &str) -> String {
    let mut out = String::new();
    if rng.bool() {
        out.push_str(&format!("{indent}serviceAccountName: {}\n", name(rng)));
    }
    if rng.u8(0..4) == 0 {
        out.push_str(&format!("{indent}imagePullSecrets:\n{indent}- name: {}\n", name(rng)));
    }
    let containers = rng.u8(1..3);
    out.push_str(&format!("{indent}containers:\n"));
    for number in 0..containers {
        let image = pick(
            rng,
            &[
                "nginx",
                "nginx:1.2",
                "nginx@sha256:abc",
                "reg.io:5000/app/web:v1",
                "\"redis:7\"",
                "nginx:1.2@sha256:abc",
            ],
        );
        let container = ["main", "side"][usize::from(number % 2)];
        out.push_str(&format!("{indent}- name: {container}\n{indent}  image: {image}\n"));
        if rng.bool() {
            out.push_str(&format!("{indent}  env:\n{}", env(rng, &format!("{indent}  "))));
        }
        if rng.u8(0..3) == 0 {
            out.push_str(&format!(
                "{indent}  envFrom:\n{indent}  - configMapRef:\n{indent}      name: {}\n",
                name(rng)
            ));
        }
        if rng.u8(0..3) == 0 {
            out.push_str(&format!(
                "{indent}  ports:\n{indent}  - containerPort: 80\n{indent}    name: http\n"
            ));
            if rng.bool() {
                out.push_str(&format!(
                    "{indent}  - containerPort: 80\n{indent}    protocol: UDP\n"
                ));
            }
        }
        if rng.u8(0..3) == 0 {
            out.push_str(&format!(
                "{indent}  resources:\n{indent}    limits: {{cpu: 1, memory: 128Mi}}\n"
            ));
        }
        if rng.u8(0..4) == 0 {
            out.push_str(&format!("{indent}  args: [a, \"b\", $(WEB_NAME)]\n"));
        }
        if rng.u8(0..5) == 0 {
            out.push_str(&format!(
                "{indent}  volumeMounts:\n{indent}  - mountPath: /a\n{indent}    name: data\n"
            ));
        }
    }
    if rng.u8(0..3) == 0 {
        out.push_str(&match rng.u8(0..3) {
            0 => format!("{indent}volumes:\n{indent}- name: data\n{indent}  configMap:\n{indent}    name: {}\n", name(rng)),
            1 => format!("{indent}volumes:\n{indent}- name: data\n{indent}  secret: {{secretName: {}}}\n", name(rng)),
            _ => format!("{indent}volumes:\n{indent}- name: data\n{indent}  emptyDir: {{}}\n{indent}- name: more\n{indent}  persistentVolumeClaim:\n{indent}    claimName: {}\n", name(rng)),
        });
    }
    if rng.u8(0..8) == 0 {
        out.push_str(&format!(
            "{indent}tolerations:\n{indent}- key: a\n{indent}  operator: Exists\n"
        ));
    }
    out
}

/// An object of a kind.
pub(super) fn object(rng: &mut Rng, (version, kind): (&str, &str), name: &str) -> String {
    let mut out = format!("apiVersion: {version}\nkind: {kind}\n{}", metadata(rng, name));
    let other = self::name(rng);
    match kind {
        "Deployment" | "StatefulSet" | "DaemonSet" => {
            out.push_str("spec:\n");
            if rng.bool() {
                out.push_str(pick(rng, &["  replicas: 1\n", "  replicas: \"2\"\n", "  replicas:\n"]));
            }
            if rng.u8(0..4) > 0 {
                out.push_str("  selector:\n    matchLabels:\n      app: web\n");
            }
            if kind == "StatefulSet" {
                out.push_str(&format!("  serviceName: {other}\n"));
            }
            out.push_str("  template:\n    metadata:\n      labels: {app: web}\n    spec:\n");
            out.push_str(&pod_spec(rng, "      "));
            if kind == "StatefulSet" && rng.bool() {
                out.push_str("  volumeClaimTemplates:\n  - metadata:\n      name: data\n    spec:\n      storageClassName: web\n");
            }
        }
        "Job" => {
            out.push_str("spec:\n  template:\n    spec:\n");
            out.push_str(&pod_spec(rng, "      "));
        }
        "CronJob" => {
            out.push_str("spec:\n  schedule: \"* * * * *\"\n  jobTemplate:\n    spec:\n      template:\n        spec:\n");
            out.push_str(&pod_spec(rng, "          "));
        }
        "Pod" => {
            out.push_str("spec:\n");
            out.push_str(&pod_spec(rng, "  "));
        }
        "Service" => out.push_str("spec:\n  selector: {app: web}\n  ports:\n  - port: 80\n    targetPort: http\n  - port: 443\n    name: tls\n"),
        "ConfigMap" => {
            out.push_str("data:\n");
            for key in ["a", "b.yaml", "10", "2"].iter().take(rng.usize(1..4)) {
                let key = if key.parse::<u8>().is_ok() { format!("\"{key}\"") } else { (*key).to_owned() };
                out.push_str(&format!("  {key}: {}\n", text(rng, "    ")));
            }
        }
        "Secret" => out.push_str("type: Opaque\ndata:\n  k: dmFsdWU=\nstringData:\n  s: text\n"),
        "PersistentVolumeClaim" => out.push_str(&format!("spec:\n  volumeName: {other}\n  storageClassName: {other}\n  accessModes: [ReadWriteOnce]\n")),
        "Ingress" => out.push_str(&format!("spec:\n  tls:\n  - secretName: {other}\n  rules:\n  - host: a.example\n    http:\n      paths:\n      - path: /\n        backend:\n          service:\n            name: {other}\n            port: {{number: 80}}\n")),
        "NetworkPolicy" => out.push_str("spec:\n  podSelector:\n    matchLabels: {app: web}\n  ingress:\n  - from:\n    - podSelector:\n        matchLabels: {app: api}\n"),
        "Role" | "ClusterRole" => out.push_str(&format!("rules:\n- apiGroups: [\"\"]\n  resources: [configmaps]\n  resourceNames: [{other}, x]\n  verbs: [get]\n")),
        "RoleBinding" | "ClusterRoleBinding" => {
            let subject = pick(rng, &["default", "web", "api"]);
            let namespace = pick(rng, &["", "\n  namespace: shop", "\n  namespace: other", "\n  namespace: default"]);
            let role = pick(rng, &["Role", "ClusterRole"]);
            out.push_str(&format!("roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {role}\n  name: {other}\nsubjects:\n- kind: ServiceAccount\n  name: {subject}{namespace}\n"));
        }
        "HorizontalPodAutoscaler" => out.push_str(&format!("spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: {other}\n  minReplicas: 1\n")),
        "PodDisruptionBudget" => out.push_str("spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      app: web\n"),
        "CustomResourceDefinition" => out.push_str("spec:\n  group: example.com\n  names: {kind: Widget}\n  conversion:\n    webhook:\n      clientConfig:\n        service: {name: web, namespace: shop}\n"),
        "ValidatingWebhookConfiguration" => out.push_str(&format!("webhooks:\n- name: a.example\n  clientConfig:\n    service:\n      name: {other}\n      namespace: shop\n")),
        "APIService" => out.push_str(&format!("spec:\n  service:\n    name: {other}\n    namespace: shop\n")),
        "Widget" => out.push_str(&format!("spec:\n  ref: {other}\n  image: nginx:1\n  text: {}\n  list: [1, two, \"3\"]\n  nothing:\n  null-too: null\n  nested:\n    apiVersion: v1\n    kind: Pod\n    spec:\n      containers:\n      - name: inner\n        image: nginx\n", text(rng, "    "))),
        "HelmRelease" => out.push_str(&format!("spec:\n  chart: {{spec: {{chart: x, version: 1.0.0}}}}\n  valuesFrom:\n  - kind: ConfigMap\n    name: {other}\n  values:\n    image: nginx\n    keep: ~\n    empty:\n")),
        _ => {}
    }
    out
}

/// A file with anchors, aliases and merge keys.
pub(super) fn anchored(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: &meta\n  name: {name}\n  labels: &labels\n    app: web\n    n: &n one\nmore:\n  <<: *meta\n  own: *n\n  list: [*n, *labels]\nboth:\n  <<: [*labels, {{n: two, z: last}}]\n  app: mine\n"
    )
}

/// Several objects as one list.
pub(super) fn list(rng: &mut Rng) -> String {
    let kind = pick(rng, &["List", "ConfigMapList", "DeploymentList"]);
    let (first, second) = (name(rng), name(rng));
    format!(
        "apiVersion: v1\nkind: {kind}\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: {first}-1\n  data:\n    n: {}\n- apiVersion: v1\n  kind: Service\n  metadata: {{name: {second}-2}}\n  spec: {{ports: [{{port: 80}}]}}\n",
        scalar(rng)
    )
}
