//! A Gateway, or its listener, that nothing provides.
//!
//! ## What it does
//! Looks up the Gateways in the `parentRefs` of routes, and the listener that `sectionName` or `port` names.
//!
//! ## Why
//! The route is attached to nothing: no request reaches it.
//!
//! ## Fails
//! ```yaml
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: HTTPRoute
//! metadata: {name: web, namespace: shop}
//! spec:
//!   parentRefs:
//!   - {name: public, sectionName: http}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: public, namespace: shop}
//! spec:
//!   gatewayClassName: azure-alb-external
//!   listeners:
//!   - {name: https, port: 443, protocol: HTTPS}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: HTTPRoute
//! metadata: {name: web, namespace: shop}
//! spec:
//!   parentRefs:
//!   - {name: public, sectionName: https}
//! ---
//! apiVersion: gateway.networking.k8s.io/v1
//! kind: Gateway
//! metadata: {name: public, namespace: shop}
//! spec:
//!   gatewayClassName: azure-alb-external
//!   listeners:
//!   - {name: https, port: 443, protocol: HTTPS}
//! ```
//!
//! ## Limits
//! Whether the listener admits routes of that namespace (`allowedRoutes`) isn't checked. Where
//! something isn't rendered that may provide it (a Helm chart, a Kustomization from elsewhere, an
//! operator), the reference is a coverage gap. [References](../../references.md) says what counts as
//! provided.
//!
//! ## References
//! - <https://gateway-api.sigs.k8s.io/api-types/httproute/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/gateway",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a Gateway, or its listener, that nothing provides",
    check: Check::Reference(Subject::Gateway),
    source: include_str!("gateway.rs"),
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
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  parentRefs:
  - {name: public}
#          ^^^^^^ references/gateway: no Gateway public in namespace shop
  - {name: public, namespace: gateways}
  - {name: public, namespace: gateways, sectionName: http}
  - {name: public, namespace: gateways, sectionName: https}
#                                                    ^^^^^ references/gateway: Gateway public in namespace gateways has no listener https
  - {name: public, namespace: gateways, port: 443}
#                                             ^^^ references/gateway: Gateway public in namespace gateways has no listener on port 443
  - {name: mesh, kind: Mesh, group: example.com}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: gateways}
spec: {listeners: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
"#,
        );
    }
}
