//! A Service, or its port, that nothing provides.
//!
//! ## What it does
//! Looks up the Service of a StatefulSet (`serviceName`), of admission webhooks, of an APIService, of a
//! CRD's conversion webhook, and of a route's `parentRefs`, and the port that is named with it.
//!
//! ## Why
//! A StatefulSet's pods have no names in DNS without it. A webhook without its Service refuses every
//! object that it is asked about, unless its `failurePolicy` is `Ignore`.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata: {name: db, namespace: shop}
//! spec:
//!   serviceName: database
//!   selector: {matchLabels: {app: db}}
//!   template:
//!     metadata: {labels: {app: db}}
//!     spec:
//!       containers:
//!       - name: db
//!         image: contoso.azurecr.io/db:17
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec: {clusterIP: None, selector: {app: db}}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: StatefulSet
//! metadata: {name: db, namespace: shop}
//! spec:
//!   serviceName: db
//!   selector: {matchLabels: {app: db}}
//!   template:
//!     metadata: {labels: {app: db}}
//!     spec:
//!       containers:
//!       - name: db
//!         image: contoso.azurecr.io/db:17
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: db, namespace: shop}
//! spec: {clusterIP: None, selector: {app: db}}
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#limitations>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/service",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a Service, or its port, that nothing provides",
    check: Check::Reference(Subject::Service),
    source: include_str!("service.rs"),
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
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: x, namespace: shop}
spec:
  serviceName: absent
#              ^^^^^^ references/service: no Service absent in namespace shop
  template: {spec: {containers: [{name: a}]}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: w}
webhooks:
- name: a
  clientConfig: {service: {name: hook, namespace: shop, port: 8443}}
#                                                             ^^^^ references/service: Service hook in namespace shop has no port 8443
- name: b
  clientConfig: {service: {name: hook, namespace: shop, port: 443}}
- name: c
  clientConfig: {service: {name: hook, namespace: elsewhere}}
#                                ^^^^ gap unrendered: whether Service hook is in namespace elsewhere is not known: nothing that is rendered lies in elsewhere
- name: d
  clientConfig: {url: "https://example.com"}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.example.com}
spec: {service: {name: api, namespace: shop}}
#                      ^^^ references/service: no Service api in namespace shop
---
apiVersion: v1
kind: Service
metadata: {name: hook, namespace: shop}
spec: {ports: [{port: 443}]}
"#,
        );
    }
}
