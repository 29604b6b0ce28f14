//! A key that is written twice in one mapping.
//!
//! ## What it does
//! Reports every key that stands in its mapping for a second time, wherever in the document.
//!
//! ## Why
//! Readers disagree: kustomize refuses the file, kubectl and the API server take the last value
//! (with a warning, or an error, as field validation is set), others the first. Whoever reviews the
//! file sees one of the two.
//!
//! ## Fails
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   MODE: safe
//!   MODE: unsafe
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: web
//! data:
//!   MODE: safe
//! ```
//!
//! ## Limits
//! Keys are compared by their text. A key that a merge (`<<`) brings in again is no duplicate.
//!
//! ## References
//! - <https://yaml.org/spec/1.2.2/#3213-node-comparison>

use spanned_yaml::{Kind, Node};

use crate::{
    check::{Findings, Place, Target, Violation},
    finding::Level,
    kube::Object,
    repo::File,
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "yaml/duplicate-key",
    level: Level::Error,
    since: "0.1.0",
    summary: "a key that is written twice in one mapping",
    check: Check::Document(check),
    source: include_str!("duplicate_key.rs"),
};

fn check<'a>(
    file: &'a File,
    root: Node<'a>,
    objects: &'a [Object<'a>],
    findings: &mut Findings<'a>,
) {
    for mapping in root.descendants().filter(|node| node.kind() == Kind::Mapping) {
        for (first, later) in mapping.duplicate_keys() {
            let object = objects.iter().find(|object| holds(object.root, later));
            let place = |key| Place { object, ..Place::in_file(file, Target::Key(key)) };
            let message = format!("the key \"{}\" is written twice", later.text());
            findings.report(
                Violation::new(place(later), message)
                    .help(
                        "remove one of the two: kustomize refuses the file, kubectl takes the last",
                    )
                    .related(place(first), "first written here"),
            );
        }
    }
}

fn holds(outer: Node<'_>, inner: Node<'_>) -> bool {
    let (outer, inner) = (outer.span(), inner.span());
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn keys_are_compared_within_their_mapping() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: Pod
metadata: {name: x, labels: {a: b, "a": c}}
#                                  ^^^ yaml/duplicate-key: the key "a" is written twice
spec:
  containers:
  - name: a
    image: x
    name: b
#   ^^^^ yaml/duplicate-key: the key "name" is written twice
  - name: a
    image: x
"#,
        );
    }

    #[test]
    fn lists_are_looked_at_as_a_whole() {
        check(
            &RULE,
            r#"
{ kind: List, apiVersion: v1, items: [{kind: Pod, apiVersion: v1, metadata: {name: x}}],
  items: [{kind: Service, apiVersion: v1, metadata: {name: x, name: x}}] }
# ^^^^^ yaml/duplicate-key: the key "items" is written twice
#                                                             ^^^^ yaml/duplicate-key: the key "name" is written twice
"#,
        );
    }

    #[test]
    fn kustomizations_are_looked_at_too() {
        check(
            &RULE,
            r#"
#- app/kustomization.yaml
{resources: [a.yaml], namespace: a, namespace: b}
#                                   ^^^^^^^^^ yaml/duplicate-key: the key "namespace" is written twice
"#,
        );
    }

    #[test]
    fn merges_are_no_duplicates() {
        check(
            &RULE,
            r#"
apiVersion: v1
kind: ConfigMap
metadata: &m {name: x}
data:
  <<: *m
  name: y
"#,
        );
    }
}
