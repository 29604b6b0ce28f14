//! An environment variable that the API server refuses.
//!
//! ## What it does
//! Looks at `env` and `envFrom` of all containers:
//!
//! - names and prefixes; until Kubernetes 1.31 they are letters, digits, `-`, `_` and `.`, from 1.32 on
//!   anything that can be printed, without `=`;
//! - `valueFrom` has exactly one source, and there is no `value` beside it; an item of `envFrom` has exactly
//!   one of `configMapRef` and `secretRef`;
//! - `fieldRef` names a field that variables can take, `resourceFieldRef` a resource;
//! - names and keys of the ConfigMaps and Secrets are such as these can have.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       env:
//!         - name: POD
//!           valueFrom:
//!             fieldRef:
//!               fieldPath: name
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//!       env:
//!         - name: POD
//!           valueFrom:
//!             fieldRef:
//!               fieldPath: metadata.name
//! ```
//!
//! ## Limits
//! `fileKeyRef` and the divisors of `resourceFieldRef` aren't looked at. That what is named exists is for
//! `references/*`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/workloads/pods/downward-api/#available-fields>
//! - <https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go>

use spanned_yaml::Node;

use super::suffix;
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        Pod, invalid_label_key,
        names::{
            invalid_config_key, invalid_dns_subdomain, invalid_environment_name, invalid_prefix,
            invalid_relaxed_environment_name,
        },
    },
    rules::{
        Check, Rule,
        fields::{Fields, given, items},
    },
    schema::Versions,
};

pub(super) static RULE: Rule = Rule {
    id: "schema/environment",
    level: Level::Error,
    since: "0.2.0",
    summary: "an environment variable that the API server refuses",
    check: Check::Pod(check),
    source: include_str!("environment.rs"),
};

/// The first minor version that takes nearly any name: the feature gate
/// `RelaxedEnvironmentVariableValidation` is on.
const RELAXED_NAMES: u8 = 32;

/// What an environment variable can be taken from.
const SOURCES: [&str; 5] =
    ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];

/// The fields of a pod that a variable can take (`validEnvDownwardAPIFieldPathExpressions`).
const FIELDS: [&str; 10] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.host",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// The resources of a container that a variable can take, without `limits.` and `requests.`.
const RESOURCES: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

fn check<'a>(pod: &'a Pod<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields::new(pod.object, findings);
    for container in &pod.containers {
        for variable in items(container.node, "env") {
            if let Some((name, node)) = fields.text_at(variable, "name") {
                check_name(name, node, scope.versions, &mut fields);
            }
            if let Some(from) = given(variable, "valueFrom") {
                check_source(variable, from, &mut fields);
            }
        }
        for source in items(container.node, "envFrom") {
            if let Some((prefix, node)) = fields.text_at(source, "prefix")
                && !prefix.is_empty()
            {
                check_name(prefix, node, scope.versions, &mut fields);
            }
            check_all_of(source, &mut fields);
        }
    }
}

fn check_name<'a>(name: &str, node: Node<'a>, asked: Versions, fields: &mut Fields<'_, 'a>) {
    let Some(strict) = invalid_environment_name(name) else { return };
    if let Some(must) = invalid_relaxed_environment_name(name) {
        fields.wrong(node, format!("\"{name}\" must {must}"));
        return;
    }
    let old = (0..RELAXED_NAMES).map(Versions::minor).fold(Versions::NONE, Versions::or).and(asked);
    if !old.is_empty() {
        fields.wrong(node, format!("\"{name}\" must {strict}{}", suffix(old, asked)));
    }
}

fn check_source<'a>(variable: Node<'a>, from: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let mut sources = 0;
    for source in SOURCES {
        let Some(node) = given(from, source) else { continue };
        sources += 1;
        match source {
            "fieldRef" => check_field(node, fields),
            "resourceFieldRef" => check_resource(node, fields),
            "configMapKeyRef" | "secretKeyRef" => {
                check_object_name(node, invalid_dns_subdomain, fields);
                if let Some((key, node)) = fields.text_at(node, "key")
                    && let Some(must) = invalid_config_key(key)
                {
                    fields.wrong(node, format!("key: \"{key}\" must {must}"));
                }
            }
            _ => {}
        }
    }
    let has_value = given(variable, "value").is_some_and(|value| !value.text().is_empty());
    if sources == 0 {
        fields.wrong(from, format!("valueFrom: has none of {}", SOURCES.join(", ")));
    } else if has_value {
        let message = "valueFrom: stands beside a value: a variable has one or the other";
        fields.wrong(from, message);
    } else if sources > 1 {
        fields.wrong(from, format!("valueFrom: has {sources} sources, and must have exactly one"));
    }
}

/// `name` of a reference, which a map or a Secret can have.
fn check_object_name<'a>(
    reference: Node<'a>,
    invalid: impl Fn(&str) -> Option<&'static str>,
    fields: &mut Fields<'_, 'a>,
) {
    match fields.text_at(reference, "name") {
        Some((name, node)) => {
            if let Some(must) = invalid(name) {
                fields.wrong(node, format!("name: \"{name}\" must {must}"));
            }
        }
        None if given(reference, "name").is_none() => {
            let place = Place::field(fields.object, reference, "name");
            fields.report(Violation::new(place, "name: is missing"));
        }
        None => {}
    }
}

fn check_field<'a>(reference: Node<'a>, fields: &mut Fields<'_, 'a>) {
    if let Some((version, node)) = fields.text_at(reference, "apiVersion")
        && !version.is_empty()
        && version != "v1"
    {
        fields.wrong(node, format!("apiVersion: \"{version}\" must be v1"));
        return;
    }
    let Some((path, node)) = fields.text_at(reference, "fieldPath") else { return };
    let subscript = path.strip_suffix("']").and_then(|path| path.split_once("['"));
    let problem = match subscript {
        Some(("metadata.labels", key)) => invalid_label_key(key)
            .map(|must| format!("fieldPath: \"{key}\" is no key of a label: {must}")),
        Some(("metadata.annotations", key)) => invalid_label_key(&key.to_lowercase())
            .map(|must| format!("fieldPath: \"{key}\" is no key of an annotation: {must}")),
        _ if FIELDS.contains(&path) => return,
        _ => Some(format!("fieldPath: a variable can't have \"{path}\"")),
    };
    if let Some(problem) = problem {
        let help = format!(
            "it can have {}, or a label or annotation, as metadata.labels['app']",
            FIELDS.join(", ")
        );
        fields.wrong_with_help(node, problem, help);
    }
}

fn check_resource<'a>(reference: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let Some((resource, node)) = fields.text_at(reference, "resource") else { return };
    let name = resource.strip_prefix("limits.").or_else(|| resource.strip_prefix("requests."));
    if !name.is_some_and(|name| RESOURCES.contains(&name) || name.starts_with("hugepages-")) {
        fields.wrong_with_help(
            node,
            format!("resource: a variable can't have \"{resource}\""),
            "it can have limits. or requests. with cpu, memory, ephemeral-storage or hugepages-SIZE",
        );
    }
}

/// An item of `envFrom`.
fn check_all_of<'a>(source: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let references = [given(source, "configMapRef"), given(source, "secretRef")];
    for reference in references.into_iter().flatten() {
        // Upstream takes these for the starts of names.
        let invalid = |name: &str| invalid_prefix(name, invalid_dns_subdomain);
        check_object_name(reference, invalid, fields);
    }
    match references.into_iter().flatten().count() {
        0 => fields.wrong(source, "envFrom: has neither configMapRef nor secretRef"),
        1 => {}
        _ => {
            fields.wrong(source, "envFrom: has both configMapRef and secretRef: make it two items");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check_with;

    #[test]
    fn names_depend_on_the_version() {
        check_with(
            &RULE,
            "kubernetes: ['1.31', '1.32']",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    env:
    - {name: GOOD.name-1}
    - {name: 1ST}
#            ^^^ schema/environment: "1ST" must be letters, digits, -, _ and ., not start with a digit, and be no . and start with no .. (Kubernetes 1.31)
    - {name: "A=B"}
#            ^^^^^ schema/environment: "A=B" must be ASCII characters that can be printed, without =
    - {name: "${NAME}"}
#            ^^^^^^^^^ gap unknown-value: ${NAME} is only known once Flux substitutes it
    envFrom:
    - {prefix: "A B", secretRef: {name: a}}
#              ^^^^^ schema/environment: "A B" must be letters, digits, -, _ and ., not start with a digit, and be no . and start with no .. (Kubernetes 1.31)
"#,
        );
    }

    #[test]
    fn sources_are_one_and_good() {
        check_with(
            &RULE,
            "",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    env:
    - {name: A, valueFrom: {}}
#               ^^^^^^^^^ schema/environment: valueFrom: has none of fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef
    - {name: B, value: "", valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    - {name: C, value: c, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
#                         ^^^^^^^^^ schema/environment: valueFrom: stands beside a value: a variable has one or the other
    - {name: D, valueFrom: {fieldRef: {fieldPath: spec.containers}}}
#                                                 ^^^^^^^^^^^^^^^ schema/environment: fieldPath: a variable can't have "spec.containers"
    - {name: E, valueFrom: {resourceFieldRef: {resource: limits.memory}, secretKeyRef: {name: a, key: b}}}
#               ^^^^^^^^^ schema/environment: valueFrom: has 2 sources, and must have exactly one
    - {name: F, valueFrom: {resourceFieldRef: {resource: memory}}}
#                                                        ^^^^^^ schema/environment: resource: a variable can't have "memory"
    - {name: G, valueFrom: {configMapKeyRef: {name: A_b, key: a/b}}}
#                                                   ^^^ schema/environment: name: "A_b" must be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, also around each dot
#                                                             ^^^ schema/environment: key: "a/b" must be at most 253 letters, digits, -, _ and ., and be no . and start with no ..
    - {name: H, valueFrom: {fieldRef: {fieldPath: "metadata.labels['a b']"}}}
#                                                 ^^^^^^^^^^^^^^^^^^^^^^^^ schema/environment: fieldPath: "a b" is no key of a label: it must be 1 to 63 letters, digits, -, _ and ., and start and end with a letter or digit
    envFrom:
    - {configMapRef: {name: a}}
    - {prefix: A}
#      ^^^^^^^^^ schema/environment: envFrom: has neither configMapRef nor secretRef
    - {configMapRef: {name: a}, secretRef: {name: b}}
#      ^^^^^^^^^^^^ schema/environment: envFrom: has both configMapRef and secretRef: make it two items
"#,
        );
    }
}
