//! A workload of which the API server refuses a number, a policy or a strategy.
//!
//! ## What it does
//! Looks at what workloads say beside their pods' containers:
//!
//! - counts and seconds that are below zero, as `replicas`, `backoffLimit` or `minReadySeconds`;
//! - `restartPolicy`: Always where a controller keeps pods running, OnFailure or Never for Jobs, which have
//!   to say it;
//! - `activeDeadlineSeconds` of pods that are to run on;
//! - update strategies: their types, `maxSurge` and `maxUnavailable`, which aren't both zero, and
//!   `progressDeadlineSeconds` above `minReadySeconds`;
//! - `imagePullPolicy`, `terminationMessagePolicy`, `dnsPolicy`, `podManagementPolicy`, `concurrencyPolicy`,
//!   `completionMode`: words that there are.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata:
//!   name: report
//! spec:
//!   template:
//!     spec:
//!       restartPolicy: Always
//!       containers:
//!         - {name: report, image: contoso.azurecr.io/report:1.27}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata:
//!   name: report
//! spec:
//!   template:
//!     spec:
//!       restartPolicy: Never
//!       containers:
//!         - {name: report, image: contoso.azurecr.io/report:1.27}
//! ```
//!
//! ## Limits
//! What Jobs say about indexes, failures and success isn't looked at.
//!
//! ## References
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/apps/validation/validation.go>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/batch/validation/validation.go>

use spanned_yaml::Node;

use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{Object, Pod},
    rules::{
        Check, Rule,
        fields::{Fields, NumberOrName, given},
    },
};

pub(super) static RULE: Rule = Rule {
    id: "schema/workload",
    level: Level::Error,
    since: "0.2.0",
    summary: "a workload of which the API server refuses a number, a policy or a strategy",
    check: Check::PodsAndObjects {
        kinds: &[
            "CronJob",
            "DaemonSet",
            "Deployment",
            "Job",
            "ReplicaSet",
            "ReplicationController",
            "StatefulSet",
        ],
        pod: check_pod,
        object: check_object,
    },
    source: include_str!("workload.rs"),
};

/// A number of pods, or a share of them.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// That many.
    Number(i64),
    /// Of a hundred.
    Percent(i64),
}

impl Amount {
    fn is_zero(self) -> bool {
        matches!(self, Self::Number(0) | Self::Percent(0))
    }
}

/// Reads a number or a percentage, and reports what is neither.
pub(super) fn check_amount<'a>(
    key: &str,
    node: Node<'a>,
    fields: &mut Fields<'_, 'a>,
) -> Option<Amount> {
    match fields.number_or_name(node)? {
        NumberOrName::Number(number) => {
            if number < 0 {
                fields.wrong(node, format!("{key}: {number} is below zero"));
            }
            Some(Amount::Number(number))
        }
        NumberOrName::Name(text) => {
            let digits = text.strip_suffix('%');
            let digits =
                digits.filter(|it| !it.is_empty() && it.bytes().all(|b| b.is_ascii_digit()));
            let Some(digits) = digits else {
                let message = format!("{key}: \"{text}\" is no percentage, as 50%");
                match text.parse::<u32>() {
                    Ok(number) => {
                        fields.wrong_with_help(
                            node,
                            message,
                            format!("write {number} without quotes"),
                        );
                    }
                    Err(_) => fields.wrong(node, message),
                }
                return None;
            };
            Some(Amount::Percent(digits.parse().unwrap_or(i64::MAX)))
        }
    }
}

/// Reports a text that is none of some words.
fn one_of<'a>(holder: Node<'a>, key: &str, words: &[&str], fields: &mut Fields<'_, 'a>) {
    if let Some((text, node)) = fields.text_at(holder, key)
        && !text.is_empty()
        && !words.contains(&text)
    {
        fields.wrong(node, format!("{key}: \"{text}\" is none of {}", words.join(", ")));
    }
}

fn check_pod<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    let dns = ["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"];
    one_of(pod.spec, "dnsPolicy", &dns, &mut fields);
    for container in &pod.containers {
        let policies = ["Always", "IfNotPresent", "Never"];
        one_of(container.node, "imagePullPolicy", &policies, &mut fields);
        let policies = ["FallbackToLogsOnError", "File"];
        one_of(container.node, "terminationMessagePolicy", &policies, &mut fields);
    }
    check_restart_policy(pod, &mut fields);
    let runs_on = matches!(
        (pod.object.group(), pod.object.kind),
        ("apps", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
            | ("", "ReplicationController")
    );
    if let Some((seconds, node)) = fields.number_at(pod.spec, "activeDeadlineSeconds") {
        let key = "activeDeadlineSeconds";
        if runs_on {
            fields.wrong(node, format!("{key}: pods of a {} run on", pod.object.kind));
        } else if !(1..=i64::from(i32::MAX)).contains(&seconds) {
            fields.wrong(node, format!("{key}: {seconds} must be from 1 to {}", i32::MAX));
        }
    }
}

fn check_restart_policy<'a>(pod: &'a Pod<'a>, fields: &mut Fields<'_, 'a>) {
    let words: &[&str] = match (pod.object.group(), pod.object.kind) {
        ("apps", _) | ("", "ReplicationController") => &["Always"],
        ("batch", _) => &["OnFailure", "Never"],
        ("", _) => &["Always", "OnFailure", "Never"],
        _ => return,
    };
    match fields.text_at(pod.spec, "restartPolicy").filter(|(text, _)| !text.is_empty()) {
        Some((policy, node)) if !words.contains(&policy) => {
            let words = words.join(" or ");
            let message = format!(
                "restartPolicy: \"{policy}\" isn't what a {} can have: {words}",
                pod.object.kind
            );
            fields.wrong(node, message);
        }
        None if pod.object.group() == "batch"
            && given(pod.spec, "restartPolicy").is_none_or(|node| node.text().is_empty()) =>
        {
            let place = Place::field(pod.object, pod.spec, "restartPolicy");
            let message = format!("a {} has to say its restartPolicy", pod.object.kind);
            fields.report(Violation::new(place, message).help("it is OnFailure or Never"));
        }
        _ => {}
    }
}

fn check_object<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec() else { return };
    let mut fields = Fields::new(object, findings);
    match (object.group(), object.kind) {
        ("apps", "Deployment") => {
            numbers(spec, &["replicas", "minReadySeconds", "revisionHistoryLimit"], &mut fields);
            check_deadline(spec, &mut fields);
            if let Some(strategy) = given(spec, "strategy") {
                check_deployment_strategy(strategy, &mut fields);
            }
        }
        ("apps", "DaemonSet") => {
            numbers(spec, &["minReadySeconds", "revisionHistoryLimit"], &mut fields);
            if let Some(strategy) = given(spec, "updateStrategy") {
                check_daemon_strategy(strategy, &mut fields);
            }
        }
        ("apps", "StatefulSet") => {
            numbers(spec, &["replicas", "minReadySeconds"], &mut fields);
            one_of(spec, "podManagementPolicy", &["OrderedReady", "Parallel"], &mut fields);
            if let Some(strategy) = given(spec, "updateStrategy") {
                one_of(strategy, "type", &["RollingUpdate", "OnDelete"], &mut fields);
            }
        }
        ("apps", "ReplicaSet") | ("", "ReplicationController") => {
            numbers(spec, &["replicas", "minReadySeconds"], &mut fields);
        }
        ("batch", "Job") => check_job(spec, &mut fields),
        ("batch", "CronJob") => {
            let counts =
                ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"];
            numbers(spec, &counts, &mut fields);
            one_of(spec, "concurrencyPolicy", &["Allow", "Forbid", "Replace"], &mut fields);
            if let Some(job) = given(spec, "jobTemplate").and_then(|template| template.get("spec"))
            {
                check_job(job, &mut fields);
            }
        }
        _ => {}
    }
}

fn numbers<'a>(holder: Node<'a>, keys: &[&str], fields: &mut Fields<'_, 'a>) {
    for key in keys {
        fields.not_negative(holder, key);
    }
}

fn check_job<'a>(spec: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let counts = [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
    ];
    numbers(spec, &counts, fields);
    let modes = ["NonIndexed", "Indexed"];
    if let Some((mode, node)) = fields.text_at(spec, "completionMode") {
        if !modes.contains(&mode) {
            fields
                .wrong(node, format!("completionMode: \"{mode}\" is none of {}", modes.join(", ")));
        } else if mode == "Indexed"
            && given(spec, "completions").is_none()
            && given(spec, "parallelism").is_some()
        {
            let place = Place::field(fields.object, spec, "completions");
            fields.report(Violation::new(place, "an indexed Job has to say its completions"));
        }
    }
}

/// `progressDeadlineSeconds` is 600 unless it is written.
fn check_deadline<'a>(spec: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let ready = match given(spec, "minReadySeconds") {
        Some(_) => fields.number_at(spec, "minReadySeconds"),
        None => None,
    };
    match fields.number_at(spec, "progressDeadlineSeconds") {
        Some((seconds, node)) => {
            let ready = ready.map_or(0, |(ready, _)| ready);
            if seconds < 0 {
                fields.wrong(node, format!("progressDeadlineSeconds: {seconds} is below zero"));
            } else if seconds <= ready {
                let message = format!(
                    "progressDeadlineSeconds: {seconds} must be above minReadySeconds, which is {ready}"
                );
                fields.wrong(node, message);
            }
        }
        None if given(spec, "progressDeadlineSeconds").is_none() => {
            if let Some((ready, _)) = ready.filter(|(ready, _)| *ready >= 600) {
                let place = Place::field(fields.object, spec, "progressDeadlineSeconds");
                let message = format!(
                    "progressDeadlineSeconds: 600, the default, must be above minReadySeconds, {ready}"
                );
                fields.report(Violation::new(place, message));
            }
        }
        None => {}
    }
}

fn check_deployment_strategy<'a>(strategy: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let kind = given(strategy, "type").map_or(Some("RollingUpdate"), |node| fields.text(node));
    let rolling = given(strategy, "rollingUpdate");
    match kind {
        Some("RollingUpdate" | "") => {}
        Some("Recreate") => {
            if let Some(rolling) = rolling {
                let message = "rollingUpdate: a strategy of the type Recreate can't have it";
                fields.wrong(rolling, message);
            }
            return;
        }
        Some(other) => {
            if let Some(node) = strategy.get("type") {
                let message = format!("type: \"{other}\" is none of RollingUpdate, Recreate");
                fields.wrong(node, message);
            }
            return;
        }
        None => return,
    }
    let Some(rolling) = rolling else { return };
    // Both are 25% unless they are written.
    let unavailable = amount_of(rolling, "maxUnavailable", Amount::Percent(25), fields);
    let surge = amount_of(rolling, "maxSurge", Amount::Percent(25), fields);
    check_share(rolling, "maxUnavailable", unavailable, fields);
    if unavailable.is_some_and(Amount::is_zero) && surge.is_some_and(Amount::is_zero) {
        let place = Place::field(fields.object, rolling, "maxUnavailable");
        let message = "maxUnavailable and maxSurge are both 0: no pod could ever be replaced";
        fields.report(Violation::new(place, message));
    }
}

fn check_daemon_strategy<'a>(strategy: Node<'a>, fields: &mut Fields<'_, 'a>) {
    one_of(strategy, "type", &["RollingUpdate", "OnDelete"], fields);
    let kind = given(strategy, "type").map_or(Some("RollingUpdate"), Node::as_str);
    let Some(rolling) = given(strategy, "rollingUpdate") else { return };
    if !matches!(kind, Some("RollingUpdate" | "")) {
        return;
    }
    let unavailable = amount_of(rolling, "maxUnavailable", Amount::Number(1), fields);
    let surge = amount_of(rolling, "maxSurge", Amount::Number(0), fields);
    check_share(rolling, "maxUnavailable", unavailable, fields);
    check_share(rolling, "maxSurge", surge, fields);
    let (Some(unavailable), Some(surge)) = (unavailable, surge) else { return };
    let (key, message) = match (unavailable.is_zero(), surge.is_zero()) {
        (true, true) => (
            "maxUnavailable",
            "maxUnavailable and maxSurge are both 0: no pod could ever be replaced",
        ),
        (false, false) => (
            "maxSurge",
            "maxSurge: only if maxUnavailable is 0, which is 1 unless it is written, can pods of a \
             DaemonSet be started before others end",
        ),
        _ => return,
    };
    let place = Place::field(fields.object, rolling, key);
    fields.report(Violation::new(place, message));
}

/// What is written, or the default; none if it is wrong or isn't known.
fn amount_of<'a>(
    holder: Node<'a>,
    key: &str,
    default: Amount,
    fields: &mut Fields<'_, 'a>,
) -> Option<Amount> {
    given(holder, key).map_or(Some(default), |node| check_amount(key, node, fields))
}

fn check_share<'a>(
    holder: Node<'a>,
    key: &str,
    amount: Option<Amount>,
    fields: &mut Fields<'_, 'a>,
) {
    if let (Some(Amount::Percent(percent)), Some(node)) = (amount, given(holder, key))
        && percent > 100
    {
        fields.wrong(node, format!("{key}: {percent}% is more than 100%"));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn strategies_and_numbers() {
        check(
            &RULE,
            r#"
#- workloads.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  replicas: -1
#           ^^ schema/workload: replicas: -1 is below zero
  strategy: {type: Recreate, rollingUpdate: {maxSurge: 1}}
#                            ^^^^^^^^^^^^^ schema/workload: rollingUpdate: a strategy of the type Recreate can't have it
  template:
    spec:
      restartPolicy: Never
#                    ^^^^^ schema/workload: restartPolicy: "Never" isn't what a Deployment can have: Always
      activeDeadlineSeconds: 5
#                            ^ schema/workload: activeDeadlineSeconds: pods of a Deployment run on
      containers: [{name: a, imagePullPolicy: always}]
#                                             ^^^^^^ schema/workload: imagePullPolicy: "always" is none of Always, IfNotPresent, Never
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: b}
spec:
  minReadySeconds: 700
  strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0%}}
#                                                         ^^ schema/workload: maxUnavailable and maxSurge are both 0: no pod could ever be replaced
  progressDeadlineSeconds: 700
#                          ^^^ schema/workload: progressDeadlineSeconds: 700 must be above minReadySeconds, which is 700
  template: {spec: {containers: []}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: c}
spec:
  updateStrategy: {rollingUpdate: {maxSurge: 1}}
#                                            ^ schema/workload: maxSurge: only if maxUnavailable is 0, which is 1 unless it is written, can pods of a DaemonSet be started before others end
  template: {spec: {containers: []}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: d}
spec:
  concurrencyPolicy: forbid
#                    ^^^^^^ schema/workload: concurrencyPolicy: "forbid" is none of Allow, Forbid, Replace
  jobTemplate:
    spec:
      backoffLimit: "${LIMIT}"
#                   ^^^^^^^^^^ gap unknown-value: ${LIMIT} is only known once Flux substitutes it
      template:
        spec:
#       ^^^^ schema/workload: a CronJob has to say its restartPolicy
          containers: []
"#,
        );
    }
}
