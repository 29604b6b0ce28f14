//! A key that a ConfigMap or Secret lacks.
//!
//! ## What it does
//! Where a ConfigMap or Secret is there, looks for the key that a reference names: `configMapKeyRef`,
//! `secretKeyRef`, the `items` of volumes, `valuesKey` of a HelmRelease. Of an ExternalSecret, a SealedSecret, a
//! Certificate, a SecretProviderClass and Azure Service Operator's resources the keys count that they say they
//! write. Of a Secret that SOPS has encrypted the keys are plain.
//!
//! ## Why
//! A container that asks for a key that isn't there doesn't start, and a volume with it isn't mounted.
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
//!         env:
//!         - name: LOG_LEVEL
//!           valueFrom:
//!             configMapKeyRef: {name: settings, key: LOGLEVEL}
//! ---
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data: {LOG_LEVEL: info}
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
//!         env:
//!         - name: LOG_LEVEL
//!           valueFrom:
//!             configMapKeyRef: {name: settings, key: LOG_LEVEL}
//! ---
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data: {LOG_LEVEL: info}
//! ```
//!
//! ## Limits
//! Keys that only a secret store knows (`dataFrom` of an ExternalSecret) are a coverage gap where they
//! decide. Where something isn't rendered that may provide it (a Helm chart, a Kustomization from
//! elsewhere, an operator), the reference is a coverage gap. [References](../../references.md) says
//! what counts as provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/key",
    level: Level::Error,
    since: "0.2.0",
    summary: "a key that a ConfigMap or Secret lacks",
    check: Check::Reference(Subject::Key),
    source: include_str!("key.rs"),
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
  containers:
  - name: a
    env:
    - {name: A, valueFrom: {configMapKeyRef: {name: settings, key: a}}}
    - {name: B, valueFrom: {configMapKeyRef: {name: settings, key: b}}}
#                                                                  ^ references/key: ConfigMap settings in namespace shop has no key b
    - {name: C, valueFrom: {configMapKeyRef: {name: settings, key: b, optional: true}}}
    - {name: D, valueFrom: {secretKeyRef: {name: external, key: a}}}
    - {name: E, valueFrom: {secretKeyRef: {name: external, key: b}}}
#                                                               ^ references/key: Secret external in namespace shop has no key b
    - {name: F, valueFrom: {secretKeyRef: {name: fetched, key: b}}}
#                                                              ^ gap unknown-value: whether Secret fetched has the key b is not known: what ExternalSecret fetched puts into it isn't
    - {name: G, valueFrom: {secretKeyRef: {name: token, key: token}}}
    - {name: H, valueFrom: {secretKeyRef: {name: templated, key: url}}}
    - {name: I, valueFrom: {secretKeyRef: {name: templated, key: a}}}
#                                                                ^ references/key: Secret templated in namespace shop has no key a
    - {name: J, valueFrom: {secretKeyRef: {name: merged, key: b}}}
  volumes:
  - name: v
    configMap: {name: settings, items: [{key: a, path: a}, {key: c, path: c}]}
#                                                                ^ references/key: ConfigMap settings in namespace shop has no key c
  - name: w
    secret: {secretName: certificate, items: [{key: tls.key, path: k}, {key: key, path: k}]}
#                                                                            ^^^ references/key: Secret certificate in namespace shop has no key key
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data: {a: "1"}
---
apiVersion: v1
kind: Secret
metadata: {name: token, namespace: shop}
type: kubernetes.io/service-account-token
---
apiVersion: v1
kind: Secret
metadata: {name: merged, namespace: shop}
data: {a: MQ==}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: merged, namespace: shop}
spec: {target: {creationPolicy: Merge}, data: [{secretKey: b}]}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: external, namespace: shop}
spec: {data: [{secretKey: a}]}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: fetched, namespace: shop}
spec: {dataFrom: [{extract: {key: all}}]}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: templated, namespace: shop}
spec: {data: [{secretKey: a}], target: {template: {data: {url: "{{ .a }}"}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: c, namespace: shop}
spec: {secretName: certificate}
"#,
        );
    }
}
