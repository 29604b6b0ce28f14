//! A PodDisruptionBudget that the API server refuses.
//!
//! ## What it does
//! Looks at `minAvailable` and `maxUnavailable`: not both are there, and each is a whole number that isn't
//! below zero, or a percentage up to 100 (`50%`).
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: policy/v1
//! kind: PodDisruptionBudget
//! metadata:
//!   name: web
//! spec:
//!   minAvailable: 1
//!   maxUnavailable: 1
//!   selector: {matchLabels: {app: web}}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: policy/v1
//! kind: PodDisruptionBudget
//! metadata:
//!   name: web
//! spec:
//!   maxUnavailable: 1
//!   selector: {matchLabels: {app: web}}
//! ```
//!
//! ## Limits
//! Its selector is for `schema/selector`.
//!
//! ## References
//! - <https://kubernetes.io/docs/tasks/run-application/configure-pdb/>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/policy/validation/validation.go>

use super::workload::{Amount, check_amount};
use crate::{
    check::{Findings, Scope},
    finding::Level,
    kube::Object,
    rules::{
        Check, Rule,
        fields::{Fields, given},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/disruption-budget",
    level: Level::Error,
    since: "0.2.0",
    summary: "a PodDisruptionBudget that the API server refuses",
    check: Check::Object(&["PodDisruptionBudget"], check),
    source: include_str!("disruption_budget.rs"),
};

fn check<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec().filter(|_| object.group() == "policy") else { return };
    let mut fields = Fields::new(object, findings);
    if given(spec, "minAvailable").is_some() && given(spec, "maxUnavailable").is_some() {
        let message = "both minAvailable and maxUnavailable: a budget has one or the other";
        fields.wrong(spec, message);
    }
    for key in ["minAvailable", "maxUnavailable"] {
        if let Some(node) = given(spec, key)
            && let Some(Amount::Percent(percent)) = check_amount(key, node, &mut fields)
            && percent > 100
        {
            fields.wrong(node, format!("{key}: {percent}% is more than 100%"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn budgets() {
        check(
            &RULE,
            r#"
#- budgets.yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: a}
spec: {minAvailable: 101%}
#                    ^^^^ schema/disruption-budget: minAvailable: 101% is more than 100%
---
 apiVersion: policy/v1
 kind: PodDisruptionBudget
 metadata: {name: b}
 spec: {minAvailable: 1, maxUnavailable: -1}
#^^^^ schema/disruption-budget: both minAvailable and maxUnavailable: a budget has one or the other
#                                        ^^ schema/disruption-budget: maxUnavailable: -1 is below zero
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: c}
spec: {minAvailable: "1"}
#                    ^^^ schema/disruption-budget: minAvailable: "1" is no percentage, as 50%
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: d}
spec: {minAvailable: "${COUNT}"}
#                    ^^^^^^^^^^ gap unknown-value: ${COUNT} is only known once Flux substitutes it
"#,
        );
    }
}
