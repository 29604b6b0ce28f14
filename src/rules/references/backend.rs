//! A Service, or its port, that traffic is sent to and nothing provides.
//!
//! ## What it does
//! Looks up the Services to which Ingresses, HTTPRoutes, GRPCRoutes, TCPRoutes, TLSRoutes and UDPRoutes
//! send traffic, mirrors included, and the port by its number or name.
//!
//! ## Why
//! Requests to such a path are answered with an error: 503 by most controllers, 500 by the Gateway API.
//!
//! ## Fails
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: web, namespace: shop}
//! spec:
//!   defaultBackend:
//!     service: {name: web, port: {number: 8080}}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: networking.k8s.io/v1
//! kind: Ingress
//! metadata: {name: web, namespace: shop}
//! spec:
//!   defaultBackend:
//!     service: {name: web, port: {number: 80}}
//! ---
//! apiVersion: v1
//! kind: Service
//! metadata: {name: web, namespace: shop}
//! spec:
//!   selector: {app: web}
//!   ports: [{port: 80, targetPort: 8080}]
//! ```
//!
//! ## Limits
//! Backends of other kinds aren't looked up. Whether a ReferenceGrant allows a backend in another
//! namespace isn't checked. Where something isn't rendered that may provide it (a Helm chart, a
//! Kustomization from elsewhere, an operator), the reference is a coverage gap.
//! [References](../../references.md) says what counts as provided.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/ingress/>

use crate::{
    finding::Level,
    kube::Subject,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/backend",
    level: Level::Error,
    since: "0.2.0",
    summary: "a Service, or its port, that traffic is sent to and nothing provides",
    check: Check::Reference(Subject::Backend),
    source: include_str!("backend.rs"),
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
metadata: {name: i, namespace: shop}
spec:
  rules:
  - http:
      paths:
      - backend: {service: {name: absent, port: {number: 80}}}
#                                 ^^^^^^ references/backend: no Service absent in namespace shop
      - backend: {service: {name: web, port: {name: http}}}
      - backend: {service: {name: web, port: {name: https}}}
#                                                   ^^^^^ references/backend: Service web in namespace shop has no port https
      - backend: {service: {name: web, port: {number: 8080}}}
#                                                     ^^^^ references/backend: Service web in namespace shop has no port 8080
      - backend: {service: {name: outside, port: {number: 8080}}}
      - backend: {service: {name: web, port: {number: "${PORT}"}}}
#                                                     ^^^^^^^^^ gap unknown-value: ${PORT} is only known once Flux substitutes it
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r, namespace: shop}
spec:
  rules:
  - filters: [{requestMirror: {backendRef: {name: mirror, port: 80}}}]
#                                                 ^^^^^^ references/backend: no Service mirror in namespace shop
    backendRefs:
    - {name: web, port: 80}
    - {name: web, port: 81}
#                       ^^ references/backend: Service web in namespace shop has no port 81
    - {name: api, namespace: api, port: 80}
    - {name: bucket, group: example.com, kind: Bucket}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: example.com}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: api}
spec: {ports: [{port: 80}]}
"#,
        );
    }
}
