//! A disruption budget that selects no pod.
//!
//! ## What it does
//! Holds the selector of every PodDisruptionBudget against the pods of its namespace.
//!
//! ## Why
//! Mostly a label was renamed on one side only: a drain of nodes then evicts all of the pods that
//! somebody meant to keep.
//!
//! ## Fails
//! ```yaml
//! apiVersion: policy/v1
//! kind: PodDisruptionBudget
//! metadata: {name: web, namespace: shop}
//! spec:
//!   minAvailable: 1
//!   selector: {matchLabels: {app: website}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: policy/v1
//! kind: PodDisruptionBudget
//! metadata: {name: web, namespace: shop}
//! spec:
//!   minAvailable: 1
//!   selector: {matchLabels: {app: web}}
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop, labels: {app: web}}
//! spec:
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.27
//! ```
//!
//! ## Limits
//! Where something isn't rendered that may make such pods (a Helm chart, an operator), the budget is a
//! coverage gap. [References](../../references.md) says when.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>

use super::unknown;
use crate::{
    check::{Findings, Place, Scope, Violation, Whole},
    finding::{GapKind, Level},
    kube::{Object, Selector},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "references/disruption-budget",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a disruption budget that selects no pod",
    check: Check::Object(&["PodDisruptionBudget"], check),
    source: include_str!("disruption_budget.rs"),
};

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if object.group() != "policy" {
        return;
    }
    let written = object.spec().and_then(|spec| spec.get("selector"));
    let Some(node) = written.filter(|node| !node.is_null()) else { return };
    let mut invalid = Vec::new();
    let selector = Selector::read(node, &mut invalid);
    // What the API server refuses, rules of `schema/*` report.
    if !invalid.is_empty() || selector.is_everything() {
        return;
    }
    let pods = scope.namespace.filter(|namespace| !namespace.pods.is_empty());
    if pods.is_some_and(|namespace| namespace.selection.may_match_any(&selector)) {
        return;
    }
    let namespace = object.effective_namespace();
    let name = object.name.unwrap_or_default();
    let reason = unknown::installed(scope, Some(namespace), name).or_else(|| {
        let values = selector.requirements.iter().flat_map(|requirement| &requirement.values);
        let makers = scope.cluster.makers();
        let maker = values.into_iter().find_map(|value| makers.custom(namespace, value))?;
        Some(format!("{} may make them", unknown::title(maker)))
    });
    let is_alone = pods.is_none() && scope.cluster.extent.of != Whole::Cluster;
    let reason = reason.or_else(|| is_alone.then(|| "no pod of its namespace is here".to_owned()));
    if let Some(reason) = reason {
        let message =
            format!("whether PodDisruptionBudget {name} selects pods is not known: {reason}");
        return findings.gap(GapKind::Unrendered, Place::node(object, node), message);
    }
    let message = format!("PodDisruptionBudget {name} selects no pod of namespace {namespace}");
    let place = selector.requirements.first().map_or(node, |requirement| requirement.node);
    findings.report(Violation::at(object, place, message).help("correct its labels, or remove it"));
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn selectors_are_held_against_pods() {
        check(
            &RULE,
            r#"
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a, namespace: shop}
spec: {selector: {matchLabels: {app: web}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: b, namespace: shop}
spec: {selector: {matchLabels: {app: website}}}
#                                    ^^^^^^^ references/disruption-budget: PodDisruptionBudget b selects no pod of namespace shop
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: c, namespace: shop}
spec: {selector: {}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: d, namespace: shop}
spec: {selector: {matchLabels: {app: "${APP}"}}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: e, namespace: shop}
spec:
  selector: {matchLabels: {cnpg.io/cluster: database}}
# ^^^^^^^^ gap unrendered: whether PodDisruptionBudget e selects pods is not known: Cluster database may make them
---
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: database, namespace: shop}
spec: {instances: 3}
---
apiVersion: v1
kind: Pod
metadata: {name: x, namespace: shop, labels: {app: web}}
spec: {containers: [{name: a}]}
"#,
        );
    }
}
