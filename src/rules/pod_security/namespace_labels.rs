//! A Namespace whose labels enforce less than they should.
//!
//! ## What it does
//!
//! Reports a Namespace that holds pods and whose label
//! `pod-security.kubernetes.io/enforce` is missing or below the level that
//! portcullis.yaml asks for, and values of the `pod-security.kubernetes.io/`
//! labels that Kubernetes doesn't know.
//!
//! ## Why
//!
//! The label is what makes the API server refuse a pod. Without it, whatever
//! comes past the repository runs.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   labels:
//!     pod-security.kubernetes.io/enforce: baseline
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop}
//! spec:
//!   containers: [{name: app, image: contoso.azurecr.io/app:1}]
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! apiVersion: v1
//! kind: Namespace
//! metadata:
//!   name: shop
//!   labels:
//!     pod-security.kubernetes.io/enforce: restricted
//!     pod-security.kubernetes.io/enforce-version: v1.34
//! ---
//! apiVersion: v1
//! kind: Pod
//! metadata: {name: web, namespace: shop}
//! spec:
//!   containers: [{name: app, image: contoso.azurecr.io/app:1}]
//! ```
//!
//! ## Options
//!
//! `podSecurity.level` in portcullis.yaml is the level asked for;
//! `podSecurity.exempt.namespaces` are left out.
//!
//! ## Limits
//!
//! A namespace whose Namespace object isn't in the repository can't be judged.
//!
//! ## References
//!
//! - <https://kubernetes.io/docs/concepts/security/pod-security-admission/>
//! - `k8s.io/pod-security-admission`, `api/helpers.go`

use spanned_yaml::Node;

use crate::{
    check::{Findings, Namespace, Place, Scope, Violation},
    config::{PodSecurityLevel, PodSecurityVersion},
    finding::Level,
    kube::{Object, is_unresolved},
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "pod-security/namespace-labels",
    level: Level::Error,
    since: "0.1.0",
    summary: "a Namespace whose labels enforce less than they should",
    check: Check::Namespace(check),
    source: include_str!("namespace_labels.rs"),
};

const PREFIX: &str = "pod-security.kubernetes.io/";
const ENFORCE: &str = "pod-security.kubernetes.io/enforce";

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    for object in namespace.object.iter().chain(&namespace.other_objects) {
        check_object(object, namespace, scope, findings);
    }
}

fn check_object<'a>(
    object: &'a Object<'a>,
    namespace: &'a Namespace<'a>,
    scope: &Scope<'a>,
    findings: &mut Findings<'a>,
) {
    let labels = object.metadata().and_then(|metadata| metadata.get("labels"));
    for entry in labels.into_iter().flat_map(|labels| labels.entries()) {
        if let Some(mode) = entry.key.text().strip_prefix(PREFIX) {
            check_value(object, mode, entry.value, findings);
        }
    }
    let policy = &scope.config.pod_security;
    if namespace.pods.is_empty()
        || policy.exempt.namespaces.iter().any(|exempt| exempt == namespace.name)
    {
        return;
    }
    let wanted = policy.level;
    if wanted == PodSecurityLevel::Privileged {
        return;
    }
    let label = labels.and_then(|labels| labels.get(ENFORCE));
    let (place, message) = match label {
        Some(node) => match level(node.text()) {
            Some(level) if level >= wanted => return,
            Some(_) => {
                let message =
                    format!("namespace {} enforces only the level {}", namespace.name, node.text());
                (Place::node(object, node), message)
            }
            // What isn't a level was reported, or is unknown.
            None => return,
        },
        None => {
            let place = match object.metadata() {
                Some(metadata) => Place::field(object, metadata, "labels"),
                None => Place::node(object, object.root),
            };
            (place, format!("namespace {} enforces no Pod Security level", namespace.name))
        }
    };
    findings.report(
        Violation::new(place, message).help(format!("label it {ENFORCE}: {}", word(wanted))),
    );
}

fn check_value<'a>(
    object: &'a Object<'a>,
    mode: &str,
    node: Node<'a>,
    findings: &mut Findings<'a>,
) {
    let text = node.text();
    if is_unresolved(text) {
        findings.unknown(object, node);
        return;
    }
    let (valid, help) = match mode {
        "enforce" | "audit" | "warn" => {
            (level(text).is_some(), "use privileged, baseline or restricted")
        }
        "enforce-version" | "audit-version" | "warn-version" => {
            (PodSecurityVersion::try_from(text.to_owned()).is_ok(), "use latest, or v1.N")
        }
        _ => return,
    };
    if !valid {
        let message = format!("\"{text}\" is no value of the label {PREFIX}{mode}");
        findings.report(Violation::at(object, node, message).help(help));
    }
}

fn level(text: &str) -> Option<PodSecurityLevel> {
    match text {
        "privileged" => Some(PodSecurityLevel::Privileged),
        "baseline" => Some(PodSecurityLevel::Baseline),
        "restricted" => Some(PodSecurityLevel::Restricted),
        _ => None,
    }
}

fn word(level: PodSecurityLevel) -> &'static str {
    match level {
        PodSecurityLevel::Privileged => "privileged",
        PodSecurityLevel::Baseline => "baseline",
        PodSecurityLevel::Restricted => "restricted",
    }
}
