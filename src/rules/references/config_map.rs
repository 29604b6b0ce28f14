//! A ConfigMap that nothing provides.
//!
//! ## What it does
//! Looks up every ConfigMap that a pod names (`env`, `envFrom`, volumes, projected volumes), and those of
//! a HelmRelease's `valuesFrom` and a KEDA TriggerAuthentication, among all that is applied with it.
//! `optional: true` is respected.
//!
//! ## Why
//! A container whose ConfigMap is missing doesn't start (`CreateContainerConfigError`), and a volume of it
//! isn't mounted: the rollout stands still.
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
//!         - configMapRef: {name: setings}
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
//!         envFrom:
//!         - configMapRef: {name: settings}
//!         - configMapRef: {name: overrides, optional: true}
//! ---
//! apiVersion: v1
//! kind: ConfigMap
//! metadata: {name: settings, namespace: shop}
//! data: {LOG_LEVEL: info}
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/config-map",
    level: Level::Error,
    since: "0.2.0",
    summary: "a ConfigMap that nothing provides",
    check: Check::Reference(Subject::ConfigMap),
    source: include_str!("config_map.rs"),
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
    - name: A
      valueFrom: {configMapKeyRef: {name: absent, key: a}}
#                                         ^^^^^^ references/config-map: no ConfigMap absent in namespace shop
    - name: B
      valueFrom: {configMapKeyRef: {name: absent, key: a, optional: true}}
    - name: C
      valueFrom: {configMapKeyRef: {name: "${NAME}", key: a}}
#                                         ^^^^^^^^^ gap unknown-value: ${NAME} is only known once Flux substitutes it
    envFrom:
    - configMapRef: {name: settings}
    - configMapRef: {name: other}
#                          ^^^^^ references/config-map: no ConfigMap other in namespace shop
  initContainers:
  - name: b
    envFrom: [{configMapRef: {name: gone}}]
#                                   ^^^^ references/config-map: no ConfigMap gone in namespace shop
  volumes:
  - name: v
    configMap: {name: files}
#                     ^^^^^ references/config-map: no ConfigMap files in namespace shop
  - name: w
    projected:
      sources:
      - configMap: {name: kube-root-ca.crt}
      - configMap: {name: parts}
#                         ^^^^^ references/config-map: no ConfigMap parts in namespace shop
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other, namespace: web}
"#,
        );
    }
}
