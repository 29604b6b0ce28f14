//! A value of a type that Kubernetes doesn't read there.
//!
//! ## What it does
//! Holds the type of every value against the schema of its kind: a string where a number is expected, a
//! number where a string is, a mapping for a list. Types are what Kubernetes reads, by YAML 1.1: `on` is a
//! boolean, `0644` an integer, `1.10` a number.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either. A label or
//! an environment variable that is `8080` or `true` without quotes is the most common case.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   port: 8080
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   port: "8080"
//! ```
//!
//! ## Limits
//! A value with a variable that isn't known is a coverage gap where its type matters.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation>
//! - <https://yaml.org/type/bool.html>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/wrong-type",
    level: Level::Error,
    since: "0.2.0",
    summary: "a value of a type that Kubernetes does not read there",
    check: Check::Schema(Problem::WrongType),
    source: include_str!("wrong_type.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn types_are_those_that_kubernetes_reads() {
        check(
            &RULE,
            r#"
#- deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: x
  labels: {a: on, b: "on", c: 1.10, d: 2026-01-01}
#             ^^ schema/wrong-type: a: on is a boolean, not a string
#                             ^^^^ schema/wrong-type: c: 1.10 is a number, not a string
spec:
  replicas: "2"
#           ^^^ schema/wrong-type: replicas: "2" is a string, not an integer
  minReadySeconds: 5.0
  progressDeadlineSeconds: 5.5
#                          ^^^ schema/wrong-type: progressDeadlineSeconds: 5.5 is a number, not an integer
  paused: "yes"
#         ^^^^^ schema/wrong-type: paused: "yes" is a string, not a boolean
  selector: [app]
# ^^^^^^^^ schema/wrong-type: selector: a list, not a mapping
  template:
    metadata:
    spec:
      containers:
#     ^^^^^^^^^^ schema/wrong-type: containers: a mapping, not a list
        name: a
      terminationGracePeriodSeconds: 0x10
      nodeSelector: everywhere
#                   ^^^^^^^^^^ schema/wrong-type: nodeSelector: "everywhere" is a string, not a mapping
"#,
        );
    }

    #[test]
    fn null_and_alternatives_are_as_the_schemas_have_them() {
        check_with(
            &RULE,
            "kubernetes: ['1.25', '1.37']",
            r#"
#- service.yaml
apiVersion: v1
kind: Service
metadata: {name: x, creationTimestamp: null}
spec:
  type: null
  ports:
  - {port: null, targetPort: http}
#          ^^^^ schema/wrong-type: port: null, not an integer
  - {port: 80, targetPort: true}
#                          ^^^^ schema/wrong-type: targetPort: true is a boolean, not a string or an integer
  - {port: 81, targetPort: 81}
"#,
        );
    }

    #[test]
    fn variables_are_gaps_where_the_type_matters() {
        check(
            &RULE,
            r#"
#- service.yaml
apiVersion: v1
kind: Service
metadata:
  name: x
  labels:
    a: "${A}"
    b: apps/${B}
    c: ${C}
#      ^^^^ gap unknown-value: ${C} is only known once Flux substitutes it
spec:
  type: ${TYPE}
#       ^^^^^^^ gap unknown-value: ${TYPE} is only known once Flux substitutes it
  ports:
  - port: ${PORT}
#         ^^^^^^^ gap unknown-value: ${PORT} is only known once Flux substitutes it
"#,
        );
    }
}
