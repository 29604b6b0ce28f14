//! An ordinary GitOps tree, made up: apps in namespaces, most of them as they
//! should be.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use fastrand::Rng;

/// Changes whenever the trees do, so that old ones are made anew.
pub(crate) const VERSION: &str = "v4";

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    pub(crate) namespaces: usize,
}

/// Apps in a namespace: about 25 to 50 files.
const APPS: std::ops::Range<usize> = 3..6;

/// Whether apps have a kustomization, by which they are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    /// They have none: manifests are checked as they are written.
    Written,
    /// Each has one, with its manifests as resources.
    Rendered,
}

/// Writes a tree of `count` files.
pub(crate) fn write(count: usize, kind: Tree, folder: &Path, seed: u64) -> anyhow::Result<Written> {
    let mut rng = Rng::with_seed(seed);
    let mut written = Written::default();
    while written.files < count {
        let namespace = format!("team-{:04}", written.namespaces);
        written.namespaces += 1;
        let mut files = namespace_files(&namespace);
        for index in 0..rng.usize(APPS) {
            files.extend(app_files(&mut rng, &namespace, index));
        }
        files.retain(|(path, _)| kind == Tree::Rendered || !path.ends_with("kustomization.yaml"));
        for (path, text) in files.into_iter().take(count - written.files) {
            let path = folder.join("apps").join(&namespace).join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, &text)?;
            written.files += 1;
            written.bytes += text.len() as u64;
        }
    }
    Ok(written)
}

fn namespace_files(namespace: &str) -> Vec<(PathBuf, String)> {
    let object = format!(
        "---\n# Owned by the platform team: ask before you change it.\napiVersion: v1\nkind: \
         Namespace\nmetadata:\n  name: {namespace}\n  labels:\n    \
         pod-security.kubernetes.io/enforce: restricted\n    \
         pod-security.kubernetes.io/enforce-version: latest\n    toolkit.fluxcd.io/tenant: \
         {namespace}\n"
    );
    let policies = format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: \
         default-deny\n  namespace: {namespace}\nspec:\n  podSelector: {{}}\n  policyTypes:\n    - \
         Ingress\n    - Egress\n---\napiVersion: networking.k8s.io/v1\nkind: \
         NetworkPolicy\nmetadata:\n  name: allow-dns\n  namespace: {namespace}\nspec:\n  \
         podSelector: {{}}\n  policyTypes:\n    - Egress\n  egress:\n    - to:\n        - \
         namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: \
         kube-system\n          podSelector:\n            matchLabels:\n              k8s-app: \
         kube-dns\n      ports:\n        - port: 53\n          protocol: UDP\n        - port: \
         53\n          protocol: TCP\n"
    );
    vec![("namespace.yaml".into(), object), ("policies.yaml".into(), policies)]
}

fn app_files(rng: &mut Rng, namespace: &str, index: usize) -> Vec<(PathBuf, String)> {
    let words = ["cart", "catalog", "checkout", "ledger", "mail", "orders", "search", "stock"];
    let name = format!("{}-{index}", rng.choice(words).unwrap_or("app"));
    let cron = rng.u8(..6) == 0;
    let app = App { rng, namespace, name: &name, cron };
    app.files().into_iter().map(|(path, text)| (Path::new(&name).join(path), text)).collect()
}

struct App<'r, 'n> {
    rng: &'r mut Rng,
    namespace: &'n str,
    name: &'n str,
    /// It is a CronJob; else a Deployment.
    cron: bool,
}

impl App<'_, '_> {
    fn files(mut self) -> Vec<(&'static str, String)> {
        let kustomization = "---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: \
             Kustomization\nresources:\n  - configmap.yaml\n  - network-policy.yaml\n  - \
             rules.yaml\n  - scaling.yaml\n  - service.yaml\n  - serviceaccount.yaml\n  - \
             workload.yaml\n";
        vec![
            ("configmap.yaml", self.configmap()),
            ("kustomization.yaml", kustomization.to_owned()),
            ("network-policy.yaml", self.network_policy()),
            ("rules.yaml", self.alerting_rules()),
            ("scaling.yaml", self.scaling()),
            ("service.yaml", self.service()),
            ("serviceaccount.yaml", self.service_account()),
            ("workload.yaml", self.workload()),
        ]
    }

    /// Whether this one is an offence: a few in a hundred.
    fn offends(&mut self) -> bool {
        self.rng.u8(..100) < 3
    }

    fn head(&self, api_version: &str, kind: &str, name: &str) -> String {
        let Self { namespace, name: app, .. } = self;
        format!(
            "---\napiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: \
             {namespace}\n  labels:\n    app.kubernetes.io/name: {app}\n    \
             app.kubernetes.io/part-of: shop\n    app.kubernetes.io/managed-by: flux\n  \
             annotations:\n    contoso.com/owner: \"{namespace}@contoso.example\"\n    \
             contoso.com/runbook: https://runbooks.contoso.example/{app}\n"
        )
    }

    fn configmap(&mut self) -> String {
        let mut text = self.head("v1", "ConfigMap", self.name);
        text.push_str("data:\n  application.yaml: |\n    server:\n      port: 8080\n");
        for _ in 0..self.rng.usize(130..430) {
            let number = self.rng.u32(1..100_000);
            let _ = match self.rng.u8(..4) {
                0 => writeln!(text, "    # Section {number}: see the handbook before changing it."),
                1 => writeln!(text, "    feature-{number}: {{enabled: true, ratio: 0.{number}}}"),
                _ => writeln!(text, "    setting-{number}.timeout: {number}ms"),
            };
        }
        for _ in 0..self.rng.usize(5..30) {
            let number = self.rng.u32(1..10_000);
            let _ = writeln!(text, "  LIMIT_{number}: \"{number}\"");
        }
        text
    }

    fn network_policy(&mut self) -> String {
        let mut text = self.head("networking.k8s.io/v1", "NetworkPolicy", self.name);
        let Self { name, .. } = self;
        let _ = write!(
            text,
            "spec:\n  podSelector:\n    matchLabels:\n      app.kubernetes.io/name: {name}\n  \
             policyTypes:\n    - Ingress\n    - Egress\n  ingress:\n    - from:\n        - \
             namespaceSelector:\n            matchLabels:\n              \
             kubernetes.io/metadata.name: ingress-nginx\n      ports:\n        - port: http\n  \
             egress:\n    - to:\n        - podSelector:\n            matchLabels:\n              \
             app.kubernetes.io/part-of: shop\n      ports:\n        - port: 8080\n"
        );
        if self.offends() {
            text.push_str("    - to:\n        - ipBlock:\n            cidr: 0.0.0.0/0\n");
        }
        text
    }

    fn alerting_rules(&mut self) -> String {
        let mut text = self.head("monitoring.coreos.com/v1", "PrometheusRule", self.name);
        text.push_str("spec:\n  groups:\n    - name: availability\n      rules:\n");
        for _ in 0..self.rng.usize(12..56) {
            let number = self.rng.u32(1..1_000);
            let _ = write!(
                text,
                "        - alert: Threshold{number}\n          expr: |\n            \
                 sum(rate(http_requests_total{{job=\"{0}\", code=~\"5..\"}}[5m]))\n              / \
                 sum(rate(http_requests_total{{job=\"{0}\"}}[5m])) > 0.0{number}\n          for: \
                 10m\n          labels:\n            severity: warning\n          annotations:\n            \
                 summary: \"{0} fails {{{{ $value }}}} of its requests\"\n",
                self.name
            );
        }
        text
    }

    fn scaling(&mut self) -> String {
        let name = self.name;
        let mut text = String::new();
        if !self.cron {
            text.push_str(&self.autoscaler());
        }
        text.push_str(&self.head("policy/v1", "PodDisruptionBudget", name));
        let _ = write!(
            text,
            "spec:\n  minAvailable: 1\n  selector:\n    matchLabels:\n      \
             app.kubernetes.io/name: {name}\n"
        );
        text
    }

    fn autoscaler(&mut self) -> String {
        let name = self.name;
        let mut text = self.head("autoscaling/v2", "HorizontalPodAutoscaler", name);
        let _ = write!(
            text,
            "spec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    kind: Deployment\n    name: \
             {name}\n  minReplicas: 2\n  maxReplicas: {}\n  metrics:\n    - type: Resource\n      \
             resource:\n        name: cpu\n        target:\n          type: Utilization\n          \
             averageUtilization: 70\n",
            self.rng.u8(3..20)
        );
        text
    }

    fn service(&mut self) -> String {
        let name = self.name;
        let mut text = self.head("v1", "Service", name);
        let _ = write!(
            text,
            "spec:\n  selector:\n    app.kubernetes.io/name: {name}\n  ports:\n    - name: http\n      \
             port: 80\n      targetPort: http\n"
        );
        text.push_str(&self.head("networking.k8s.io/v1", "Ingress", name));
        let _ = write!(
            text,
            "spec:\n  ingressClassName: azure-application-gateway\n  rules:\n    - host: {name}.contoso.example\n      \
             http:\n        paths:\n          - path: /\n            pathType: Prefix\n            \
             backend:\n              service:\n                name: {name}\n                port:\n                  \
             name: http\n"
        );
        text
    }

    fn service_account(&mut self) -> String {
        let name = self.name;
        let mut text = self.head("v1", "ServiceAccount", name);
        text.push_str("automountServiceAccountToken: false\n");
        text.push_str(&self.head("rbac.authorization.k8s.io/v1", "RoleBinding", name));
        let _ = write!(
            text,
            "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: Role\n  name: {name}\nsubjects:\n  \
             - kind: ServiceAccount\n    name: {name}\n    namespace: {}\n",
            self.namespace
        );
        text.push_str(&self.head("rbac.authorization.k8s.io/v1", "Role", name));
        text.push_str(
            "rules:\n  - apiGroups: [\"\"]\n    resources: [configmaps]\n    verbs: [get, list, \
             watch]\n",
        );
        text
    }

    fn workload(&mut self) -> String {
        let Self { name, cron, .. } = *self;
        let (api_version, kind) =
            if cron { ("batch/v1", "CronJob") } else { ("apps/v1", "Deployment") };
        let mut text = self.head(api_version, kind, name);
        let indent = if cron { 8 } else { 4 };
        if cron {
            text.push_str(
                "spec:\n  schedule: \"17 3 * * *\"\n  concurrencyPolicy: Forbid\n  jobTemplate:\n    \
                 spec:\n      template:\n",
            );
        } else {
            let _ = write!(
                text,
                "spec:\n  replicas: 2\n  selector:\n    matchLabels:\n      \
                 app.kubernetes.io/name: {name}\n  template:\n"
            );
        }
        for line in self.pod(cron).lines() {
            let _ = writeln!(text, "{:indent$}{line}", "");
        }
        text
    }

    fn pod(&mut self, cron: bool) -> String {
        let Self { name, namespace, .. } = *self;
        let mut text = format!(
            "metadata:\n  labels:\n    app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: \
             shop\nspec:\n  serviceAccountName: {name}\n  automountServiceAccountToken: false\n"
        );
        if cron {
            text.push_str("  restartPolicy: OnFailure\n");
        }
        if !self.offends() {
            text.push_str(
                "  securityContext:\n    runAsNonRoot: true\n    runAsUser: 10001\n    \
                 seccompProfile:\n      type: RuntimeDefault\n",
            );
        }
        text.push_str("  containers:\n");
        for container in ["app", "proxy"].iter().take(self.rng.usize(1..3)) {
            let registry =
                if self.offends() { "docker.io/contoso" } else { "contoso.azurecr.io/shop" };
            let _ = write!(
                text,
                "    - name: {container}\n      image: {registry}/{name}-{container}:1.{}.{}\n      \
                 ports:\n        - name: http\n          containerPort: 8080\n      env:\n",
                self.rng.u8(..30),
                self.rng.u8(..10)
            );
            for index in 0..self.rng.usize(15..85) {
                let number = self.rng.u32(1..10_000);
                let _ = write!(
                    text,
                    "        - name: SETTING_{index}_{number}\n          value: \"https://service-{number}.{namespace}.svc\"\n"
                );
            }
            if !self.offends() {
                text.push_str(
                    "      securityContext:\n        allowPrivilegeEscalation: false\n        \
                     readOnlyRootFilesystem: true\n        capabilities:\n          drop: [ALL]\n",
                );
            }
            let memory_limit = if self.offends() { "" } else { "\n          memory: 256Mi" };
            let _ = write!(
                text,
                "      resources:\n        requests:\n          cpu: 100m\n          memory: \
                 128Mi\n        limits:\n          cpu: \"1\"{memory_limit}\n      livenessProbe:\n        \
                 httpGet:\n          path: /healthz # answered by the framework\n          port: \
                 http\n        periodSeconds: 10\n      volumeMounts:\n        - name: config\n          \
                 mountPath: /etc/{name}\n          readOnly: true\n"
            );
        }
        let _ = write!(
            text,
            "  volumes:\n    - name: config\n      configMap:\n        name: {name}\n"
        );
        text
    }
}
