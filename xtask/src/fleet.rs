//! A fleet of overlays over shared bases, made up: what `kustomize build` is run on again and again.

use std::{fs, path::Path};

use fastrand::Rng;

/// What was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) files: usize,
    pub(crate) overlays: usize,
}

/// Overlays that share a base.
const OVERLAYS_OF_A_BASE: usize = 10;

/// Writes a fleet of `overlays` overlays, with four files for each.
pub(crate) fn write(overlays: usize, folder: &Path, seed: u64) -> anyhow::Result<Written> {
    let mut rng = Rng::with_seed(seed);
    let mut written = Written::default();
    let put = |path: String, text: String| -> anyhow::Result<()> {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)?;
        Ok(())
    };
    while written.overlays < overlays {
        let app = format!("app-{:03}", written.overlays / OVERLAYS_OF_A_BASE);
        if written.overlays.is_multiple_of(OVERLAYS_OF_A_BASE) {
            for (name, text) in base(&mut rng, &app) {
                put(format!("apps/{app}/base/{name}"), text)?;
                written.files += 1;
            }
        }
        let environment = format!("env-{}", written.overlays % OVERLAYS_OF_A_BASE);
        for (name, text) in overlay(&mut rng, &app, &environment) {
            put(format!("apps/{app}/overlays/{environment}/{name}"), text)?;
            written.files += 1;
        }
        written.overlays += 1;
    }
    Ok(written)
}

const HEAD: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";

fn base(rng: &mut Rng, app: &str) -> Vec<(&'static str, String)> {
    let replicas = rng.u8(1..4);
    vec![
        (
            "kustomization.yaml",
            format!(
                "{HEAD}resources:\n  - deployment.yaml\n  - service.yaml\n  - policy.yaml\nlabels:\n  - pairs: {{app: {app}}}\n    includeSelectors: true\n"
            ),
        ),
        (
            "deployment.yaml",
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {app}\nspec:\n  replicas: {replicas}\n  template:\n    spec:\n      serviceAccountName: {app}\n      securityContext:\n        runAsNonRoot: true\n        seccompProfile: {{type: RuntimeDefault}}\n      containers:\n        - name: {app}\n          image: {app}\n          ports:\n            - {{name: http, containerPort: 8080}}\n          envFrom:\n            - configMapRef: {{name: {app}}}\n          resources:\n            requests: {{cpu: 100m, memory: 128Mi}}\n            limits: {{cpu: 500m, memory: 256Mi}}\n          securityContext:\n            allowPrivilegeEscalation: false\n            capabilities: {{drop: [ALL]}}\n"
            ),
        ),
        (
            "service.yaml",
            format!(
                "apiVersion: v1\nkind: Service\nmetadata:\n  name: {app}\nspec:\n  ports:\n    - {{name: http, port: 80, targetPort: http}}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {app}\nautomountServiceAccountToken: false\n"
            ),
        ),
        (
            "policy.yaml",
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {app}\nspec:\n  podSelector: {{}}\n  policyTypes: [Ingress, Egress]\n  egress:\n    - ports:\n        - {{port: 53, protocol: UDP}}\n"
            ),
        ),
    ]
}

fn overlay(rng: &mut Rng, app: &str, environment: &str) -> Vec<(&'static str, String)> {
    let tag = format!("1.{}.{}", rng.u8(0..20), rng.u8(0..20));
    vec![
        (
            "kustomization.yaml",
            format!(
                "{HEAD}namespace: {app}-{environment}\nresources:\n  - ../../base\n  - namespace.yaml\nimages:\n  - name: {app}\n    newName: contoso.azurecr.io/{app}\n    newTag: {tag}\npatches:\n  - path: resources.yaml\nconfigMapGenerator:\n  - name: {app}\n    envs: [settings.env]\n"
            ),
        ),
        (
            "namespace.yaml",
            format!(
                "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {app}-{environment}\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n"
            ),
        ),
        (
            "resources.yaml",
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {app}\nspec:\n  template:\n    spec:\n      containers:\n        - name: {app}\n          resources:\n            limits: {{memory: {}Mi}}\n",
                256 + u32::from(rng.u8(0..4)) * 128
            ),
        ),
        ("settings.env", format!("LOG_LEVEL=info\nREGION=westeurope\nSHARD={}\n", rng.u8(0..9))),
    ]
}
