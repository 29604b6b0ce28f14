//! A quantity that Kubernetes can't read, or that may not be negative and is.
//!
//! ## What it does
//! Reads quantities by Kubernetes' own grammar: a sign, digits with at most one dot, and either a
//! suffix (`n u m k M G T P E Ki Mi Gi Ti Pi Ei`) or an exponent (`e3`, `E-2`). What counts is what
//! the API server sees: `0.5` and `1e3` without quotes are numbers, `010` is 8. It looks at
//!
//! - `resources` of containers and pods, and `overhead`;
//! - `emptyDir.sizeLimit`, and the claims of `ephemeral` volumes;
//! - PersistentVolumeClaims, claim templates of StatefulSets, `capacity` of PersistentVolumes;
//! - ResourceQuota `hard`, all values of LimitRanges;
//! - targets of HorizontalPodAutoscaler metrics.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either.
//! `1GB`, `512MB` and `64K` look right to people and aren't quantities.
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
//!       resources:
//!         limits:
//!           memory: 1GB
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
//!       resources:
//!         limits:
//!           memory: 1.5Gi
//!           cpu: 0.5
//! ```
//!
//! ## Limits
//! Quantities in other places and in custom resources are not looked at. A quantity that is valid and
//! surely not meant, as `memory: 400m` (less than a byte), is not reported.
//!
//! ## References
//! - <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
//! - <https://github.com/kubernetes/apimachinery/blob/master/pkg/api/resource/quantity.go>

use spanned_yaml::{Kind, Node};

use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{Object, Pod, QuantityField, suggest_quantity},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "resources/invalid-quantity",
    level: Level::Error,
    since: "0.1.0",
    summary: "a quantity that Kubernetes can't read, or that may not be negative and is",
    check: Check::PodsAndObjects {
        kinds: &[
            "HorizontalPodAutoscaler",
            "LimitRange",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "ResourceQuota",
            "StatefulSet",
        ],
        pod: check_pod,
        object: check_object,
    },
    source: include_str!("invalid_quantity.rs"),
};

/// Whether a quantity may be below zero.
#[derive(Clone, Copy, PartialEq)]
enum Sign {
    Any,
    NotNegative,
}

fn check_pod<'a>(pod: &'a Pod<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let mut fields = Fields { object: pod.object, findings };
    fields.resources(pod.spec);
    fields.all(pod.spec.get("overhead"), Sign::NotNegative);
    for container in &pod.containers {
        fields.resources(container.node);
    }
    for volume in items(pod.spec.get("volumes")) {
        if let Some(size) = volume.get("emptyDir").and_then(|dir| dir.get("sizeLimit")) {
            fields.one(size, Sign::NotNegative);
        }
        let claim = volume.get("ephemeral").and_then(|source| source.get("volumeClaimTemplate"));
        if let Some(spec) = claim.and_then(|claim| claim.get("spec")) {
            fields.resources(spec);
        }
    }
}

fn check_object<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec() else { return };
    let mut fields = Fields { object, findings };
    match (object.kind, object.group()) {
        ("PersistentVolumeClaim", "") => fields.resources(spec),
        ("PersistentVolume", "") => fields.all(spec.get("capacity"), Sign::NotNegative),
        ("ResourceQuota", "") => fields.all(spec.get("hard"), Sign::NotNegative),
        ("LimitRange", "") => {
            for item in items(spec.get("limits")) {
                for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
                    fields.all(item.get(field), Sign::Any);
                }
            }
        }
        ("StatefulSet", "apps") => {
            for claim in items(spec.get("volumeClaimTemplates")) {
                claim.get("spec").into_iter().for_each(|spec| fields.resources(spec));
            }
        }
        ("HorizontalPodAutoscaler", "autoscaling") => {
            for metric in items(spec.get("metrics")) {
                for source in ["resource", "containerResource", "pods", "object", "external"] {
                    let target = metric.get(source).and_then(|source| source.get("target"));
                    for value in ["averageValue", "value"] {
                        if let Some(value) = target.and_then(|target| target.get(value)) {
                            fields.one(value, Sign::Any);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

fn items(list: Option<Node<'_>>) -> impl Iterator<Item = Node<'_>> {
    list.into_iter().flat_map(Node::items)
}

struct Fields<'f, 'a> {
    object: &'a Object<'a>,
    findings: &'f mut Findings<'a>,
}

impl<'a> Fields<'_, 'a> {
    /// `resources.requests` and `resources.limits`.
    fn resources(&mut self, holder: Node<'a>) {
        let Some(resources) = holder.get("resources").filter(|node| !node.is_null()) else {
            return;
        };
        if resources.kind() != Kind::Mapping {
            return self.findings.unknown(self.object, resources);
        }
        self.all(resources.get("requests"), Sign::NotNegative);
        self.all(resources.get("limits"), Sign::NotNegative);
    }

    /// All values of a mapping.
    fn all(&mut self, mapping: Option<Node<'a>>, sign: Sign) {
        let Some(mapping) = mapping.filter(|node| !node.is_null()) else { return };
        if mapping.kind() != Kind::Mapping {
            return self.findings.unknown(self.object, mapping);
        }
        for entry in mapping.entries() {
            self.one(entry.value, sign);
        }
    }

    fn one(&mut self, node: Node<'a>, sign: Sign) {
        let (message, help) = match QuantityField::of(node) {
            QuantityField::Known(quantity, _)
                if sign == Sign::NotNegative && quantity.is_negative() =>
            {
                (format!("\"{}\" is below zero", node.text()), None)
            }
            QuantityField::Known(..) | QuantityField::Absent => return,
            QuantityField::Unknown(node) => return self.findings.unknown(self.object, node),
            QuantityField::Invalid(error, _) => {
                let suggestion = suggest_quantity(node.text());
                let shown = if node.kind() == Kind::Scalar { node.text() } else { "this" };
                let quoted =
                    if shown == "this" { shown.to_owned() } else { format!("\"{shown}\"") };
                (
                    format!("{quoted} is not a quantity: {error}"),
                    suggestion.map(|text| format!("write {text}")),
                )
            }
        };
        let help = help.unwrap_or_else(|| {
            "write a number, perhaps with one of n u m k M G T P E Ki Mi Gi Ti Pi Ei".to_owned()
        });
        self.findings.report(Violation::at(self.object, node, message).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn what_the_api_server_refuses_is_reported() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  overhead: {memory: 1gb}
#                    ^^^ resources/invalid-quantity: "1gb" is not a quantity: its suffix is not one that Kubernetes knows
  resources: {limits: {cpu: 1 core}}
#                           ^^^^^^ resources/invalid-quantity: "1 core" is not a quantity: it has a space in it
  containers:
  - name: a
    resources:
      requests: {cpu: 100 m, memory: 64K, ephemeral-storage: ""}
#                     ^^^^^ resources/invalid-quantity: "100 m" is not a quantity: it has a space in it
#                                    ^^^ resources/invalid-quantity: "64K" is not a quantity: its suffix is not one that Kubernetes knows
#                                                            ^^ resources/invalid-quantity: "" is not a quantity: it is empty
      limits: {cpu: true, memory: [1], nvidia.com/gpu: -1}
#                   ^^^^ resources/invalid-quantity: "true" is not a quantity: it is neither a string nor a number
#                         ^^^^^^ resources/invalid-quantity: this is not a quantity: it is neither a string nor a number
#                                                      ^^ resources/invalid-quantity: "-1" is below zero
  - name: b
    resources: {requests: {cpu: 0.5, memory: 1.5Gi}, limits: {cpu: 1e3, memory: " 1Gi "}}
  - name: c
    resources: {requests: {cpu: 0x10, memory: 1_000, hugepages-2Mi: 010}}
  volumes:
  - name: v
    emptyDir: {sizeLimit: 1MB}
#                         ^^^ resources/invalid-quantity: "1MB" is not a quantity: its suffix is not one that Kubernetes knows
  - name: w
    ephemeral:
      volumeClaimTemplate:
        spec: {resources: {requests: {storage: 10g}}}
#                                              ^^^ resources/invalid-quantity: "10g" is not a quantity: its suffix is not one that Kubernetes knows
"#,
        );
    }

    #[test]
    fn other_kinds_have_quantities_too() {
        check(
            &RULE,
            r#"
#- objects.yaml
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a}
spec: {resources: {requests: {storage: 10 Gi}}}
#                                      ^^^^^ resources/invalid-quantity: "10 Gi" is not a quantity: it has a space in it
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: a}
spec: {capacity: {storage: 10GiB}}
#                          ^^^^^ resources/invalid-quantity: "10GiB" is not a quantity: its suffix is not one that Kubernetes knows
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: a}
spec: {hard: {pods: ten, requests.cpu: 1}}
#                   ^^^ resources/invalid-quantity: "ten" is not a quantity: it is not a number with a suffix
---
apiVersion: v1
kind: LimitRange
metadata: {name: a}
spec: {limits: [{type: Container, max: {cpu: 1c}}]}
#                                            ^^ resources/invalid-quantity: "1c" is not a quantity: its suffix is not one that Kubernetes knows
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: a}
spec:
  template: {spec: {containers: []}}
  volumeClaimTemplates:
  - spec: {resources: {requests: {storage: "1,5Gi"}}}
#                                          ^^^^^^^ resources/invalid-quantity: "1,5Gi" is not a quantity: it is not a number with a suffix
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec:
  metrics:
  - type: Pods
    pods: {target: {type: AverageValue, averageValue: 1kk}}
#                                                     ^^^ resources/invalid-quantity: "1kk" is not a quantity: its suffix is not one that Kubernetes knows
"#,
        );
    }

    #[test]
    fn variables_are_gaps() {
        check(
            &RULE,
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    resources: {limits: {cpu: "${CPU}m"}}
#                             ^^^^^^^^^ gap unknown-value: ${CPU}m is only known once Flux substitutes it
"#,
        );
    }
}
