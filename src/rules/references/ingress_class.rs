//! An IngressClass that nothing provides.
//!
//! ## What it does
//! Looks up `ingressClassName` of Ingresses. The classes of AKS' add-ons are there
//! (`webapprouting.kubernetes.azure.com`, `azure-application-gateway`, `azure-alb-external`), and so is that of
//! a NginxIngressController.
//!
//! ## Why
//! No controller takes care of the Ingress: its hosts lead nowhere.
//!
//! ## Fails
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: web, namespace: shop}
//! spec:
//!   ingressClassName: ngnix
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: web, namespace: shop}
//! spec:
//!   ingressClassName: webapprouting.kubernetes.azure.com
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/ingress-class",
    level: Level::Warn,
    since: "0.2.0",
    summary: "an IngressClass that nothing provides",
    check: Check::Reference(Subject::IngressClass),
    source: include_str!("ingress_class.rs"),
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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: shop}
spec: {ingressClassName: nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: b, namespace: shop}
spec: {ingressClassName: traefik}
#                        ^^^^^^^ references/ingress-class: no IngressClass traefik
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: c, namespace: shop}
spec: {ingressClassName: internal}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
---
apiVersion: approuting.kubernetes.azure.com/v1alpha1
kind: NginxIngressController
metadata: {name: x}
spec: {ingressClassName: internal}
"#,
        );
    }
}
