//! A key that is written twice in one mapping.
//!
//! ## What it does
//! Reports every key that stands in its mapping for a second time, wherever in the document, and
//! every merge (`<<`) that brings in a key which is written before it, or that is a second one.
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
//! Keys are compared by their text. A merge before the keys that it brings in as well is no
//! duplicate: all readers let the written key win.
//!
//! ## References
//! - <https://yaml.org/spec/1.2.2/#3213-node-comparison>

use spanned_yaml::{Kind, Node, Style};

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
    let text = file.tree.source().get(root.span().range()).unwrap_or_default();
    let may_merge = memchr::memmem::find(text.as_bytes(), b"<<").is_some();
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
        if may_merge {
            let place = |key| {
                let object = objects.iter().find(|object| holds(object.root, key));
                Place { object, ..Place::in_file(file, Target::Key(key)) }
            };
            check_merges(mapping, place, findings);
        }
    }
}

/// go-yaml v2 takes a mapping's keys in the order of writing, merges too, so
/// that a merge overwrites what stands before it (`decoder.mapping` in its
/// decode.go); v3 lets the written keys win.
fn check_merges<'a>(
    mapping: Node<'a>,
    place: impl Fn(Node<'a>) -> Place<'a>,
    findings: &mut Findings<'a>,
) {
    let mut before: Vec<Node<'a>> = Vec::new();
    let mut first: Option<Node<'a>> = None;
    for entry in mapping.raw_entries() {
        let key = entry.key;
        if !(key.text() == "<<" && key.style() == Style::Plain && key.tag().is_none()) {
            before.push(key);
            continue;
        }
        if let Some(first) = first {
            findings.report(
                Violation::new(place(key), "the merge \"<<\" is written twice")
                    .help("merge a list: <<: [*one, *two]")
                    .related(place(first), "first written here"),
            );
        }
        first.get_or_insert(key);
        let merged = if entry.value.kind() == Kind::Sequence {
            entry.value.items().collect()
        } else {
            vec![entry.value]
        };
        let brings = |key: &&Node<'_>| merged.iter().any(|from| from.get(key.text()).is_some());
        if let Some(overwritten) = before.iter().find(brings) {
            let message =
                format!("the merge brings in \"{}\", which stands before it", overwritten.text());
            findings.report(
                Violation::new(place(key), message)
                    .help("put the merge first: kubectl takes the merged value, kustomize the written one")
                    .related(place(*overwritten), "written here"),
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
---
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
  name: y
  <<: {name: z, other: a}
# ^^ yaml/duplicate-key: the merge brings in "name", which stands before it
---
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
data:
  <<: {a: b}
  <<: {a: c}
# ^^ yaml/duplicate-key: the merge "<<" is written twice
  "<<": {a: d}
"#,
        );
    }
}
