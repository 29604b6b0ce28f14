//! A value that has the right type, and that the API server refuses all the same.
//!
//! ## What it does
//! Holds values against what their schema says beyond the type: for Kubernetes' own kinds the formats that
//! the API server decodes (base64, times, 32-bit and 64-bit integers, quantities); for kinds of CRDs also
//! enumerations, bounds, lengths, patterns, and `allOf`, `anyOf`, `oneOf` and `not`.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: web
//! data:
//!   password: not base64
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: web
//! data:
//!   password: aHVudGVyMg==
//! ```
//!
//! ## Limits
//! Kubernetes' own schemas have no enumerations: a wrong `imagePullPolicy` isn't found. Rules of CRDs
//! (`x-kubernetes-validations`) aren't run. Of the formats that CRDs name, `byte`, `date`, `date-time`,
//! `cidr`, `int32`, `int64`, `ipv4`, `ipv6` and `uuid` are looked at. Quantities that
//! `resources/invalid-quantity` reports are left to it.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation>
//! - <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/invalid-value",
    level: Level::Error,
    since: "0.2.0",
    summary: "a value of the right type that the API server refuses",
    check: Check::Schema(Problem::InvalidValue),
    source: include_str!("invalid_value.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn formats_are_those_that_the_api_server_decodes() {
        check_with(
            &RULE,
            "rules: {resources/*: 'off'}",
            r#"
#- objects.yaml
apiVersion: v1
kind: Secret
metadata: {name: x, creationTimestamp: yesterday}
#                                      ^^^^^^^^^ schema/invalid-value: creationTimestamp: "yesterday" is no time as RFC 3339 has it
data: {good: YQ==, bad: YQ=}
#                       ^^^ schema/invalid-value: bad: "YQ=" is no base64
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: x}
spec:
  replicas: 3000000000
#           ^^^^^^^^^^ schema/invalid-value: replicas: 3000000000 is no 32-bit integer
  selector: {}
  template: {}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: x}
spec: {resources: {requests: {storage: 1GB}}}
#                                      ^^^ schema/invalid-value: storage: "1GB" is no quantity
"#,
        );
    }

    #[test]
    fn formats_of_crds_are_those_that_the_api_server_enforces() {
        check_with(
            &RULE,
            "kubernetes: ['1.34', '1.35']",
            r#"
#- crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  names: {kind: Database, plural: databases}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              url: {type: string, format: uri}
              every: {type: string, format: duration}
              owner: {type: string, format: email}
              short: {type: string, format: k8s-short-name}
              other: {type: string, format: something}
              address: {type: string, oneOf: [{format: ipv4}, {format: ipv6}]}
              port: {x-kubernetes-int-or-string: true, format: int32}
#- database.yaml
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
spec:
  url: example.com
#      ^^^^^^^^^^^ schema/invalid-value: url: "example.com" is no URI
  every: "5"
#        ^^^ schema/invalid-value: every: "5" is no duration
  owner: nobody
#        ^^^^^^ schema/invalid-value: owner: "nobody" is no email address
  short: Web
#        ^^^ schema/invalid-value: short: "Web" is no short Kubernetes name (Kubernetes 1.35)
  other: "%"
  address: "::1"
  port: 99999999999
---
apiVersion: example.com/v1
kind: Database
metadata: {name: y}
spec: {url: "https://example.com", every: 1h30m, owner: a@example.com, short: web, address: 10.0.0.1}
"#,
        );
    }

    #[test]
    fn crds_bound_values() {
        check(
            &RULE,
            r#"
#- crd.yaml
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.example.com}
spec:
  group: example.com
  names: {kind: Database, plural: databases}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            oneOf:
            - required: [inline]
            - required: [reference]
            properties:
              inline: {type: string}
              reference: {type: string}
              engine: {type: string, enum: [postgres, mysql]}
              size: {type: integer, minimum: 1, maximum: 9}
              name: {type: string, pattern: "^[a-z]+$", maxLength: 5}
              hosts: {type: array, maxItems: 1, items: {type: string}}
              port:
                x-kubernetes-int-or-string: true
                anyOf: [{type: integer}, {type: string}]
#- database.yaml
 apiVersion: example.com/v1
 kind: Database
 metadata: {name: x}
 spec:
#^^^^ schema/invalid-value: spec: fits 2 alternatives, and must fit exactly one
   inline: a
   reference: b
   engine: postgre
#          ^^^^^^^ schema/invalid-value: engine: "postgre" is none of postgres, mysql
   size: 10
#        ^^ schema/invalid-value: size: 10 is above 9
   name: UPPER
#        ^^^^^ schema/invalid-value: name: "UPPER" doesn't match ^[a-z]+$
   hosts: [a, b]
#  ^^^^^ schema/invalid-value: hosts: has 2 items, more than 1
   port: http
---
apiVersion: example.com/v1
kind: Database
metadata: {name: y}
spec: {inline: a, name: abcdef, port: 80}
#                       ^^^^^^ schema/invalid-value: name: "abcdef" has 6 characters, more than 5
"#,
        );
    }
}
