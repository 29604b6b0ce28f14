//! An image with no tag, or with the tag `latest`.
//!
//! ## What it does
//! Reports every image reference that has neither a digest nor a tag, or whose tag is `latest`. No
//! tag means `latest`.
//!
//! ## Why
//! What `latest` names changes without a commit: a restarted pod may run other code than its
//! neighbours, and going back to the last revision in Git doesn't bring the old image back.
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
//!       image: contoso.azurecr.io/web:latest
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
//!       image: contoso.azurecr.io/web:1.27.3
//! ```
//!
//! ## Limits
//! Other tags can be moved as well; `images/digest` asks for a digest. Where variables leave the tag
//! open, the value counts as not checked; `${REGISTRY}/web:latest` is reported all the same. Text
//! that is no image reference is left to `images/invalid-reference`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/containers/images/#image-names>
//! - <https://kubernetes.io/docs/concepts/configuration/overview/#container-images>

use super::Ending;
use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{Image, ImageValue},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "images/mutable-tag",
    level: Level::Warn,
    since: "0.1.0",
    summary: "an image with no tag, or with the tag latest",
    check: Check::Image(check),
    source: include_str!("mutable_tag.rs"),
};

fn check<'a>(image: &Image<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let (node, ending) = match &image.value {
        ImageValue::Missing { .. } | ImageValue::Known { reference: Err(_), .. } => return,
        ImageValue::Unreadable(node) => return findings.unknown(image.object, *node),
        ImageValue::Known { node, reference: Ok(reference), .. } => {
            let ending = match (reference.digest, reference.tag) {
                (Some(_), _) => Ending::Digest,
                (None, Some(tag)) => Ending::Tag(tag),
                (None, None) => Ending::Bare,
            };
            (*node, ending)
        }
        ImageValue::Unresolved { node, around: (_, behind) } => (*node, Ending::of(behind)),
    };
    let what = match ending {
        Ending::Digest => return,
        Ending::Open => return findings.unknown(image.object, node),
        Ending::Bare => "has no tag, which means latest",
        Ending::Tag("latest") => "has the tag latest",
        Ending::Tag(_) => return,
    };
    findings.report(
        Violation::at(image.object, node, format!("{}: \"{}\" {what}", image.user, node.text()))
            .help("name the version to run, best with its digest"),
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn no_tag_and_latest_are_reported_unless_a_digest_pins_them() {
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
    image: nginx
#          ^^^^^ images/mutable-tag: container "a": "nginx" has no tag, which means latest
  - name: b
    image: registry:5000/nginx
#          ^^^^^^^^^^^^^^^^^^^ images/mutable-tag: container "b": "registry:5000/nginx" has no tag, which means latest
  - name: c
    image: nginx:latest
#          ^^^^^^^^^^^^ images/mutable-tag: container "c": "nginx:latest" has the tag latest
  - name: d
    image: nginx:1.27
  - name: e
    image: nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  - name: f
    image: nginx:latest@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  - name: g
    image: NGINX
"#,
        );
    }

    #[test]
    fn variables_count_where_they_leave_the_tag_open() {
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
    image: ${REGISTRY}/web:latest
#          ^^^^^^^^^^^^^^^^^^^^^^ images/mutable-tag: container "a": "${REGISTRY}/web:latest" has the tag latest
  - name: b
    image: ${REGISTRY}/web
#          ^^^^^^^^^^^^^^^ images/mutable-tag: container "b": "${REGISTRY}/web" has no tag, which means latest
  - name: c
    image: ${REGISTRY}/web:1.2
  - name: d
    image: ghcr.io/acme/web:${TAG}
#          ^^^^^^^^^^^^^^^^^^^^^^^ gap unknown-value: ghcr.io/acme/web:${TAG} is only known once Flux substitutes it
"#,
        );
    }
}
