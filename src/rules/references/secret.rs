//! A Secret that nothing provides.
//!
//! ## What it does
//! Looks up every Secret that a pod names (`env`, `envFrom`, volumes, `imagePullSecrets`), and those of
//! ServiceAccounts, the `tls` of Ingresses and Gateways, PersistentVolumes, KEDA's TriggerAuthentications and
//! Flux's objects, among all that is applied with it. What makes a Secret counts as the Secret: an
//! ExternalSecret, a SealedSecret, a Certificate, a SecretProviderClass and
//! [others](../../references.md). `optional: true` is respected.
//!
//! ## Why
//! A container whose Secret is missing doesn't start. It is a warning, since many put Secrets into a
//! cluster without Git; then `ignore` in portcullis.yaml is the place to say which, and who does.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!         envFrom:
//!         - secretRef: {name: database}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!         envFrom:
//!         - secretRef: {name: database}
//! ---
//! apiVersion: external-secrets.io/v1
//! kind: ExternalSecret
//! metadata: {name: database, namespace: shop}
//! spec:
//!   secretStoreRef: {name: vault}
//!   dataFrom:
//!   - extract: {key: database}
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/configuration/secret/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/secret",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a Secret that nothing provides",
    check: Check::Reference(Subject::Secret),
    source: include_str!("secret.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn what_is_not_there_is_reported() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: shop}
spec:
  imagePullSecrets: [{name: pull}]
#                           ^^^^ references/secret: no Secret pull in namespace shop
  containers:
  - name: a
    env:
    - name: A
      valueFrom: {secretKeyRef: {name: absent, key: a}}
#                                      ^^^^^^ references/secret: no Secret absent in namespace shop
    envFrom:
    - secretRef: {name: external}
    - secretRef: {name: renamed}
    - secretRef: {name: merged}
#                       ^^^^^^ references/secret: no Secret merged in namespace shop
    - secretRef: {name: sealed}
    - secretRef: {name: certificate}
    - secretRef: {name: vault}
    - secretRef: {name: azure}
    - secretRef: {name: crossplane}
    - secretRef: {name: database-app}
#                       ^^^^^^^^^^^^ gap unrendered: whether Secret database-app is in namespace shop is not known: Cluster database may make it
  volumes:
  - name: v
    secret: {secretName: files}
#                        ^^^^^ references/secret: no Secret files in namespace shop
  - name: w
    csi: {driver: d, nodePublishSecretRef: {name: publish}}
#                                                 ^^^^^^^ references/secret: no Secret publish in namespace shop
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: external, namespace: shop}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: other, namespace: shop}
spec: {target: {name: renamed}}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: merged, namespace: shop}
spec: {target: {creationPolicy: Merge}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed, namespace: shop}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: c, namespace: shop}
spec: {secretName: certificate}
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: {name: p, namespace: shop}
spec: {secretObjects: [{secretName: vault, data: [{key: a, objectName: a}]}]}
---
apiVersion: cache.azure.com/v1api20230801
kind: Redis
metadata: {name: r, namespace: shop}
spec: {operatorSpec: {secrets: {primaryKey: {name: azure, key: password}}}}
---
apiVersion: sql.example.org/v1
kind: Instance
metadata: {name: i, namespace: shop}
spec: {writeConnectionSecretToRef: {name: crossplane, namespace: shop}}
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: database, namespace: shop}
spec: {instances: 3}
"#,
        );
    }
}
