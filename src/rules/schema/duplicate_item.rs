//! An item of a list whose items must differ, and don't.
//!
//! ## What it does
//! Compares the items of lists that Kubernetes merges by key (`x-kubernetes-list-type: map`), as the ports of
//! a container by `containerPort` and `protocol`, or its environment by `name`, and of lists that are sets.
//! A `protocol` that isn't written is TCP.
//!
//! ## Why
//! Server-side apply, which Flux uses, refuses the object. With other clients one of the two wins, and which
//! one isn't obvious.
//!
//! ## Fails
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
//!         env: [{name: LEVEL, value: info}, {name: LEVEL, value: debug}]
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
//!         env: [{name: LEVEL, value: info}]
//! ```
//!
//! ## Limits
//! Items that are told apart by a value that isn't known before Flux substitutes it aren't compared. Until
//! Kubernetes 1.29 its schemas name few lists as maps.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>

use crate::{
    finding::Level,
    rules::{Check, Rule},
    schema::Problem,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/duplicate-item",
    level: Level::Error,
    since: "0.2.0",
    summary: "an item of a list whose items must differ",
    check: Check::Schema(Problem::DuplicateItem),
    source: include_str!("duplicate_item.rs"),
};

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn items_are_told_apart_by_their_keys() {
        check(
            &RULE,
            r#"
#- service.yaml
apiVersion: v1
kind: Service
metadata: {name: x, finalizers: [a, b, a]}
#                                      ^ schema/duplicate-item: finalizers: two items have the same value a
spec:
  ports:
  - {name: a, port: 53}
  - {name: b, port: 53, protocol: UDP}
  - {name: c, port: 53, protocol: TCP}
#    ^^^^^^^ schema/duplicate-item: ports: two items have the same port 53 and protocol TCP
  - {name: d, port: "${PORT}"}
  - {name: e, port: "${PORT}"}
"#,
        );
    }

    #[test]
    fn long_lists_are_compared_too() {
        check_with(
            &RULE,
            "kubernetes: '1.30'",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    env:
    - {name: A}
    - {name: B}
    - {name: C}
    - {name: D}
    - {name: E}
    - {name: F}
    - {name: G}
    - {name: H}
    - {name: I}
    - {name: B}
#      ^^^^^^^ schema/duplicate-item: env: two items have the same name B
"#,
        );
    }
}
