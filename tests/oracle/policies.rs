//! The policies under `policies/` as the API server evaluates them: their own cases, and everything
//! that the clusters of this repository apply.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    disagreements::Disagreements,
    judge::judges,
    platform::{CLUSTERS, built, name_of, read, root, text},
};

/// Minor version of Kubernetes 1 that the clusters run.
const MINOR: u32 = 34;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("policies::cases", cases),
        Trial::test("policies::what_clusters_apply", what_clusters_apply),
    ]
}

#[derive(Serialize)]
struct Input {
    policies: Vec<Value>,
    namespaces: Vec<Value>,
    minor: u32,
    requests: Vec<Request>,
}

#[derive(Serialize)]
struct Request {
    object: Value,
    subresource: String,
}

#[derive(Deserialize)]
struct Judged {
    refused: Vec<String>,
    verdicts: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    denied: String,
    failures: Vec<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    policy: String,
    message: String,
    #[serde(rename = "expressionIndex")]
    expression: usize,
    #[serde(rename = "validationActions")]
    actions: Vec<String>,
}

impl Failure {
    fn denies(&self) -> bool {
        self.actions.iter().any(|action| action == "Deny")
    }
}

/// `policies/tests/<policy>.yaml`; policies/README.md explains it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    policy: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Case {
    name: String,
    object: Option<Value>,
    pod: Option<Value>,
    #[serde(default)]
    subresource: String,
    #[serde(default)]
    namespace_labels: BTreeMap<String, String>,
    denied: Option<String>,
    /// What is let in, but with a warning.
    warned: Option<String>,
}

/// The namespace of objects that are made of a case's `pod`.
const NAMESPACE: &str = "shop";

impl Case {
    fn objects(&self) -> Result<Vec<Value>, Failed> {
        match (&self.object, &self.pod) {
            (Some(object), None) => Ok(vec![object.clone()]),
            (None, Some(pod)) => Ok(made_of(pod)),
            _ => Err(format!("{}: either `object` or `pod`", self.name).into()),
        }
    }
}

/// A pod's spec in a Pod and in every kind that makes pods.
fn made_of(pod: &Value) -> Vec<Value> {
    let object = |api_version: &str, kind: &str, spec: Value| {
        json!({
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": "web", "namespace": NAMESPACE},
            "spec": spec,
        })
    };
    let template = json!({"template": {"spec": pod}});
    let mut objects = vec![
        object("v1", "Pod", pod.clone()),
        object("v1", "ReplicationController", template.clone()),
        object("batch/v1", "Job", template.clone()),
        object("batch/v1", "CronJob", json!({"jobTemplate": {"spec": template}})),
    ];
    for kind in ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"] {
        objects.push(object("apps/v1", kind, template.clone()));
    }
    objects
}

fn is_policy(object: &Value) -> bool {
    text(object, "/kind").starts_with("ValidatingAdmissionPolicy")
}

fn judged(input: &Input) -> Result<Judged, Failed> {
    let judged: Judged = judges()?.ask("admission-policies", input)?;
    if !judged.refused.is_empty() {
        return Err(format!("the API server would refuse:\n{}", judged.refused.join("\n")).into());
    }
    Ok(judged)
}

/// An object of a case.
struct Tried {
    what: String,
    policy: String,
    object: Value,
    subresource: String,
    namespace_labels: BTreeMap<String, String>,
    /// The message, and whether it keeps the object out.
    failure: Option<(String, bool)>,
}

fn tried() -> Result<Vec<Tried>, Failed> {
    let files = std::fs::read_dir(root().join("policies/tests"))?;
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(std::fs::DirEntry::path);
    let mut tried = Vec::new();
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let file: CaseFile = read(&format!("policies/tests/{name}"))?;
        for case in &file.cases {
            let denied = case.denied.iter().map(|message| (message.clone(), true));
            let warned = case.warned.iter().map(|message| (message.clone(), false));
            let failure = denied.chain(warned).next();
            tried.extend(case.objects()?.into_iter().map(|object| Tried {
                what: format!("{name}: {}: {}", case.name, name_of(&object)),
                policy: file.policy.clone(),
                object,
                subresource: case.subresource.clone(),
                namespace_labels: case.namespace_labels.clone(),
                failure: failure.clone(),
            }));
        }
    }
    Ok(tried)
}

fn cases() -> Result<(), Failed> {
    // Those of a cluster, as they have variables.
    let policies: Vec<Value> = built("production")?.into_iter().filter(is_policy).collect();
    let mut open: BTreeSet<(String, usize)> = BTreeSet::new();
    for policy in policies.iter().filter(|one| text(one, "/kind") == "ValidatingAdmissionPolicy") {
        let validations = policy.pointer("/spec/validations").and_then(Value::as_array);
        let name = text(policy, "/metadata/name");
        open.extend((0..validations.map_or(0, Vec::len)).map(|index| (name.to_owned(), index)));
    }
    let tried = tried()?;
    // A start of the plugin takes longer than many requests: all with the same labels share one.
    let mut groups: BTreeMap<&BTreeMap<String, String>, Vec<&Tried>> = BTreeMap::new();
    for one in &tried {
        groups.entry(&one.namespace_labels).or_default().push(one);
    }
    let mut disagreements = Disagreements::default();
    for (labels, group) in groups {
        let namespaces: BTreeSet<&str> =
            group.iter().map(|one| text(&one.object, "/metadata/namespace")).collect();
        let namespaces = namespaces.into_iter().filter(|name| !name.is_empty());
        let judged = judged(&Input {
            policies: policies.clone(),
            namespaces: namespaces
                .map(|name| json!({"metadata": {"name": name, "labels": labels}}))
                .collect(),
            minor: MINOR,
            requests: group
                .iter()
                .map(|one| Request {
                    object: one.object.clone(),
                    subresource: one.subresource.clone(),
                })
                .collect(),
        })?;
        for (one, verdict) in group.iter().zip(&judged.verdicts) {
            let of_this = verdict.failures.iter().filter(|failure| failure.policy == one.policy);
            let found: Vec<(String, bool)> = of_this
                .clone()
                .map(|failure| (failure.message.clone(), failure.denies()))
                .collect();
            let expected: Vec<(String, bool)> = one.failure.iter().cloned().collect();
            disagreements.compare(&one.what, &expected, &found);
            disagreements.compare(
                format!("{}: whether it is denied", one.what),
                &verdict.failures.iter().any(Failure::denies),
                &!verdict.denied.is_empty(),
            );
            for failure in of_this {
                open.remove(&(failure.policy.clone(), failure.expression));
            }
        }
    }
    let passing: BTreeSet<&str> =
        tried.iter().filter(|one| one.failure.is_none()).map(|one| one.policy.as_str()).collect();
    for (policy, validation) in &open {
        let what = format!("{policy}: a case that validation {validation} denies");
        disagreements.compare(what, &true, &false);
    }
    let bound = policies.iter().map(|object| text(object, "/spec/policyName"));
    for policy in bound.filter(|name| !name.is_empty()) {
        let what = format!("{policy}: a case that passes");
        disagreements.compare(what, &true, &passing.contains(policy));
    }
    disagreements.verdict(tried.len())
}

fn what_clusters_apply() -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    let mut asked = 0;
    for cluster in CLUSTERS {
        let (policies, objects): (Vec<Value>, Vec<Value>) =
            built(cluster)?.into_iter().partition(is_policy);
        if policies.is_empty() {
            return Err(format!("{cluster} has no policies").into());
        }
        let namespaces = objects.iter().filter(|one| text(one, "/kind") == "Namespace");
        let requests = objects
            .iter()
            .map(|object| Request { object: object.clone(), subresource: String::new() });
        let judged = judged(&Input {
            namespaces: namespaces.cloned().collect(),
            minor: MINOR,
            requests: requests.collect(),
            policies,
        })?;
        for (object, verdict) in objects.iter().zip(&judged.verdicts) {
            let what = format!("{cluster}: {}", name_of(object));
            disagreements.compare(what, &"", &verdict.denied.as_str());
            asked += 1;
        }
    }
    disagreements.verdict(asked)
}
