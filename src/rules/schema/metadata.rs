//! Metadata that the API server refuses: names, labels, annotations, finalizers.
//!
//! ## What it does
//! Holds against what the API server allows:
//!
//! - `metadata.name` and `generateName`, by kind: a DNS name for most; a single DNS label, without dots, for
//!   Namespaces, StatefulSets and Services, and until Kubernetes 1.35 a Service's must start with a letter;
//!   for RBAC and disruption budgets whatever fits into a path; for CronJobs at most 52 characters, and for Jobs at most 63;
//! - `metadata.namespace`, a DNS label;
//! - keys and values of labels, keys of annotations, and the 256 KiB that all annotations have together,
//!   also of pod templates;
//! - the names of finalizers.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web_settings
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web-settings
//! ```
//!
//! ## Limits
//! Names of kinds that neither Kubernetes nor a CRD defines aren't looked at. A namespace on an object that
//! has none is ignored by the API server, and not reported. That an object has no name at all is a coverage
//! gap.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/>
//! - <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
//! - <https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go>

use spanned_yaml::{Kind, Node};

use super::suffix;
use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{
        Object, Pod, invalid_label_key, invalid_label_value, is_unresolved,
        names::{
            invalid_dns_1035_label, invalid_dns_label, invalid_dns_subdomain, invalid_path_segment,
            invalid_prefix,
        },
    },
    rules::{
        Check, Rule,
        fields::{Fields, items},
    },
    schema::{self, Versions},
};

pub(super) static RULE: Rule = Rule {
    id: "schema/metadata",
    level: Level::Error,
    since: "0.2.0",
    summary: "a name, label, annotation or finalizer that the API server refuses",
    check: Check::PodsAndObjects { kinds: &[], pod: check_template, object: check },
    source: include_str!("metadata.rs"),
};

/// All keys and values of annotations, in bytes (`TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// The first minor version in which a Service's name may start with a digit: the feature gate
/// `RelaxedServiceNameValidation` is on.
const RELAXED_SERVICE_NAMES: u8 = 36;

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(metadata) = object.metadata() else { return };
    let mut fields = Fields::new(object, findings);
    if let Some((name, node)) = fields.text_at(metadata, "name")
        && !name.is_empty()
    {
        check_name(name, node, scope, &mut fields);
    }
    if metadata.get("generateName").is_some() {
        check_generated_name(metadata, scope, &mut fields);
    }
    if let Some((namespace, node)) = fields.text_at(metadata, "namespace")
        && !namespace.is_empty()
        && !is_cluster_scoped(object)
        && let Some(must) = invalid_dns_label(namespace)
    {
        fields.wrong(node, format!("namespace: \"{namespace}\" must {must}"));
    }
    labels_and_annotations(metadata, &mut fields);
    for finalizer in items(metadata, "finalizers") {
        check_finalizer(finalizer, &mut fields);
    }
}

fn check_template<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let own = pod.object.metadata().map(Node::id);
    if let Some(metadata) = pod.metadata.filter(|metadata| Some(metadata.id()) != own) {
        labels_and_annotations(metadata, &mut Fields::new(pod.object, findings));
    }
}

/// Whether the API server ignores an object's namespace, as far as Kubernetes' own kinds go.
fn is_cluster_scoped(object: &Object<'_>) -> bool {
    matches!(
        (object.group(), object.kind),
        ("", "Namespace" | "Node" | "PersistentVolume")
            | ("rbac.authorization.k8s.io", "ClusterRole" | "ClusterRoleBinding")
            | ("networking.k8s.io", "IngressClass")
            | ("scheduling.k8s.io", "PriorityClass")
            | ("storage.k8s.io", "StorageClass" | "CSIDriver" | "VolumeAttributesClass")
            | (
                "admissionregistration.k8s.io"
                    | "apiextensions.k8s.io"
                    | "apiregistration.k8s.io"
                    | "certificates.k8s.io"
                    | "flowcontrol.apiserver.k8s.io"
                    | "node.k8s.io",
                _
            )
    )
}

/// What names of an object's kind must be.
fn name_rule(object: &Object<'_>) -> fn(&str) -> Option<&'static str> {
    match (object.group(), object.kind) {
        ("", "Namespace" | "Service") | ("apps", "StatefulSet") => invalid_dns_label,
        ("rbac.authorization.k8s.io" | "certificates.k8s.io" | "apiregistration.k8s.io", _)
        | ("storage.k8s.io", "CSIDriver")
        | ("policy", "PodDisruptionBudget")
        | ("networking.k8s.io", "IPAddress") => invalid_path_segment,
        _ => invalid_dns_subdomain,
    }
}

fn check_name<'a>(name: &str, node: Node<'a>, scope: &Scope<'a>, fields: &mut Fields<'_, 'a>) {
    let object = fields.object;
    if let Some(must) = name_rule(object)(name) {
        if is_known(object, scope) {
            fields.wrong(node, format!("name: \"{name}\" must {must}"));
        }
        return;
    }
    match (object.group(), object.kind) {
        ("", "Service") => {
            let strict = (0..RELAXED_SERVICE_NAMES).map(Versions::minor);
            if let Some(must) = invalid_dns_1035_label(name) {
                let strict = strict.fold(Versions::NONE, Versions::or).and(scope.versions);
                if !strict.is_empty() {
                    let versions = suffix(strict, scope.versions);
                    fields.wrong(node, format!("name: \"{name}\" must {must}{versions}"));
                }
            }
        }
        // The controller adds a time of 11 characters, and Jobs have at most 63.
        ("batch", "CronJob") if name.len() > 52 => {
            fields.wrong(node, format!("name: \"{name}\" must be at most 52 characters"));
        }
        // The pods of a Job carry its name as a label.
        ("batch", "Job") if name.len() > 63 => {
            fields.wrong(node, format!("name: \"{name}\" must be at most 63 characters"));
        }
        _ => {}
    }
}

fn check_generated_name<'a>(metadata: Node<'a>, scope: &Scope<'a>, fields: &mut Fields<'_, 'a>) {
    let Some((prefix, node)) = fields.text_at(metadata, "generateName") else { return };
    let object = fields.object;
    if let Some(must) = invalid_prefix(prefix, name_rule(object))
        && !prefix.is_empty()
        && is_known(object, scope)
    {
        fields.wrong(node, format!("generateName: with what is added, \"{prefix}\" must {must}"));
    }
}

/// Whether it is known what names of the kind must be.
fn is_known(object: &Object<'_>, scope: &Scope<'_>) -> bool {
    schema::Kind::of(object, scope.versions, &scope.customs) == schema::Kind::Known
}

fn labels_and_annotations<'a>(metadata: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let labels = metadata.get("labels").into_iter().flat_map(Node::entries);
    for label in labels {
        let key = label.key.text();
        if is_unresolved(key) {
            fields.is_unknown(label.key);
        } else if let Some(must) = invalid_label_key(key) {
            let place = Place::key(fields.object, label.key);
            let message = format!("labels: \"{key}\" is no key of a label: {must}");
            fields.report(Violation::new(place, message));
        }
        if let Some(value) = fields.text(label.value)
            && let Some(must) = invalid_label_value(value)
        {
            fields.wrong(label.value, format!("{key}: \"{value}\" is no value of a label: {must}"));
        }
    }
    let Some(annotations) = metadata.get("annotations") else { return };
    let mut size = 0;
    for annotation in annotations.entries() {
        let key = annotation.key.text();
        if annotation.value.kind() == Kind::Scalar {
            size += key.len() + annotation.value.text().len();
        }
        if is_unresolved(key) {
            fields.is_unknown(annotation.key);
        } else if invalid_label_key(key).is_some()
            && let Some(must) = invalid_label_key(&key.to_lowercase())
        {
            let place = Place::key(fields.object, annotation.key);
            let message = format!("annotations: \"{key}\" is no key of an annotation: {must}");
            fields.report(Violation::new(place, message));
        }
    }
    if size > MAX_ANNOTATIONS {
        let message =
            format!("annotations: they have {size} bytes together, more than {MAX_ANNOTATIONS}");
        fields.wrong_with_help(annotations, message, "keep what is long in a ConfigMap");
    }
}

/// Groups whose names without a domain must be among Kubernetes' own.
const KNOWS_FINALIZERS: [&str; 9] = [
    "",
    "apps",
    "autoscaling",
    "batch",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

fn check_finalizer<'a>(node: Node<'a>, fields: &mut Fields<'_, 'a>) {
    let Some(name) = fields.text(node) else { return };
    if let Some(must) = invalid_label_key(name) {
        fields.wrong(node, format!("finalizers: \"{name}\" is no name of a finalizer: {must}"));
    } else if !name.contains('/')
        && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion")
        && KNOWS_FINALIZERS.contains(&fields.object.group())
    {
        fields.wrong_with_help(
            node,
            format!("finalizers: \"{name}\" has no domain, and Kubernetes knows no such finalizer"),
            "write it as example.com/name",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn names_are_as_their_kinds_want_them() {
        check_with(
            &RULE,
            "kubernetes: ['1.34', '1.37']",
            r#"
#- names.yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: Web_1}
#                ^^^^^ schema/metadata: name: "Web_1" must be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, also around each dot
---
apiVersion: v1
kind: Namespace
metadata: {name: a.b}
#                ^^^ schema/metadata: name: "a.b" must be at most 63 lower-case letters, digits and -, and start and end with a letter or digit
---
apiVersion: v1
kind: Service
metadata: {name: 1-web}
#                ^^^^^ schema/metadata: name: "1-web" must be at most 63 lower-case letters, digits and -, start with a letter, and end with a letter or digit (Kubernetes 1.34)
spec: {ports: [{port: 1}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: "system:Web"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a/b}
#                ^^^ schema/metadata: name: "a/b" must have no / and no %, and be neither . nor ..
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefff}
#                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ schema/metadata: name: "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefff" must be at most 52 characters
---
apiVersion: v1
kind: ConfigMap
metadata: {generateName: web-, namespace: Shop}
#                                         ^^^^ schema/metadata: namespace: "Shop" must be at most 63 lower-case letters, digits and -, and start and end with a letter or digit
---
apiVersion: v1
kind: ConfigMap
metadata: {generateName: Web-}
#                        ^^^^ schema/metadata: generateName: with what is added, "Web-" must be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, also around each dot
---
apiVersion: example.com/v1
kind: Unheard
metadata: {name: Web_1}
"#,
        );
    }

    #[test]
    fn labels_annotations_and_finalizers() {
        check(
            &RULE,
            r#"
#- deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: x
  labels: {app.kubernetes.io/name: web, "a b": c, version: "1.0 beta"}
#                                       ^^^^^ schema/metadata: labels: "a b" is no key of a label: it must be 1 to 63 letters, digits, -, _ and ., and start and end with a letter or digit
#                                                          ^^^^^^^^^^ schema/metadata: version: "1.0 beta" is no value of a label: it must be at most 63 letters, digits, -, _ and ., and start and end with a letter or digit
  annotations: {Example.COM/a: any thing, -b: c}
#                                         ^^ schema/metadata: annotations: "-b" is no key of an annotation: it must be 1 to 63 letters, digits, -, _ and ., and start and end with a letter or digit
  finalizers: [example.com/a, orphan, mine]
#                                     ^^^^ schema/metadata: finalizers: "mine" has no domain, and Kubernetes knows no such finalizer
spec:
  template:
    metadata: {labels: {app: "${APP}", tier: "-"}}
#                            ^^^^^^^^ gap unknown-value: ${APP} is only known once Flux substitutes it
#                                            ^^^ schema/metadata: tier: "-" is no value of a label: it must be at most 63 letters, digits, -, _ and ., and start and end with a letter or digit
    spec: {containers: []}
"#,
        );
    }

    #[test]
    fn annotations_have_a_size_together() {
        let fixture = |length: usize| {
            format!(
                "#- map.yaml\n apiVersion: v1\n kind: ConfigMap\n metadata:\n  name: x\n  annotations: {{a: {}}}\n",
                "x".repeat(length)
            )
        };
        check(&RULE, &fixture(256 * 1024 - 1));
        let message =
            "schema/metadata: annotations: they have 262145 bytes together, more than 262144";
        check(&RULE, &format!("{}# ^^^^^^^^^^^ {message}\n", fixture(256 * 1024)));
    }
}
