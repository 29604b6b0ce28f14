//! A field that the schema of the object's kind requires, and that isn't there.
//!
//! ## What it does
//! Looks for the fields that the schema of a kind requires. A finding stands at the mapping where the field
//! belongs, or at the patch that took it away.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: web
//! spec:
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web}
//! spec:
//!   selector: {matchLabels: {app: web}}
//!   template:
//!     metadata: {labels: {app: web}}
//!     spec:
//!       containers:
//!       - name: web
//!         image: contoso.azurecr.io/web:1.27
//!         command: [serve]
//! ```
//!
//! ## Limits
//! What the API server demands beyond the schema, as a pod's `image`, is not looked at. A field with a
//! default in a CRD is never missed.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/kubernetes-api/>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/missing-field",
    level: Level::Error,
    since: "0.2.0",
    summary: "a field that the schema requires and that is not there",
    check: Check::Schema(Problem::MissingField),
    source: include_str!("missing_field.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn the_place_is_where_the_field_belongs() {
        check_with(
            &RULE,
            "kubernetes: ['1.25', '1.37']",
            r#"
#- statefulset.yaml
 apiVersion: apps/v1
 kind: StatefulSet
 metadata: {name: x}
 spec:
#^^^^ schema/missing-field: spec: the required field selector is missing
   serviceName: x
   template:
     spec:
       containers:
       - image: a
#        ^^^^^^^^ schema/missing-field: containers: the required field name is missing
         ports:
         - {name: http}
#           ^^^^^^^^^^ schema/missing-field: ports: the required field containerPort is missing
---
 apiVersion: apps/v1
 kind: StatefulSet
 metadata: {name: y}
 spec:
#^^^^ schema/missing-field: spec: the required field serviceName is missing (Kubernetes 1.25)
   selector: {}
   template: {}
"#,
        );
    }

    #[test]
    fn crds_set_defaults_first_and_take_null_for_nothing() {
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
        required: [spec]
        properties:
          spec:
            type: object
            required: [engine, size]
            properties:
              engine: {type: string}
              size: {type: integer, default: 1}
#- database.yaml
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
#                ^ schema/missing-field: the required field spec is missing
---
 apiVersion: example.com/v1
 kind: Database
 metadata: {name: y}
 spec: {engine: null}
#^^^^ schema/missing-field: spec: the required field engine is missing
"#,
        );
    }
}
