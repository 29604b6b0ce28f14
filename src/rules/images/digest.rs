//! An image that no digest pins.
//!
//! ## What it does
//! Reports every image reference without a digest (`@sha256:...`). Off unless `rules` turns it on.
//!
//! ## Why
//! A tag can be moved to another image at any time; a digest can't. With digests, what was reviewed
//! and tested is what runs.
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
//!       image: contoso.azurecr.io/web:1.27.3
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
//!       image: contoso.azurecr.io/web:1.27.3@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
//! ```
//!
//! ## Limits
//! Where variables leave it open whether there is a digest, the value counts as not checked. Text
//! that is no image reference is left to `images/invalid-reference`.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/containers/images/#image-names>

use super::Ending;
use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{Image, ImageValue},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "images/digest",
    level: Level::Off,
    since: "0.1.0",
    summary: "an image that no digest pins",
    check: Check::Image(check),
    source: include_str!("digest.rs"),
};

fn check<'a>(image: &Image<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let node = match &image.value {
        ImageValue::Missing { .. } | ImageValue::Known { reference: Err(_), .. } => return,
        ImageValue::Unreadable(node) => return findings.unknown(image.object, *node),
        ImageValue::Known { reference: Ok(reference), .. } if reference.digest.is_some() => return,
        ImageValue::Known { node, .. } => *node,
        ImageValue::Unresolved { node, around: (_, behind) } => {
            let may_end_a_digest =
                |tag: &str| tag.len() >= 32 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
            match Ending::of(behind) {
                Ending::Digest => return,
                Ending::Bare => *node,
                Ending::Tag(tag) if !may_end_a_digest(tag) => *node,
                Ending::Tag(_) | Ending::Open => return findings.unknown(image.object, *node),
            }
        }
    };
    let message = format!("{}: \"{}\" has no digest", image.user, node.text());
    findings.report(
        Violation::at(image.object, node, message)
            .help("append @sha256: and the digest of the image that was tested"),
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check;

    #[test]
    fn only_a_digest_will_do() {
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
    image: nginx:1.27
#          ^^^^^^^^^^ images/digest: container "a": "nginx:1.27" has no digest
  - name: b
    image: nginx@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  - name: c
    image: ${REGISTRY}/nginx:1.27
#          ^^^^^^^^^^^^^^^^^^^^^^ images/digest: container "c": "${REGISTRY}/nginx:1.27" has no digest
  - name: d
    image: nginx@${DIGEST}
#          ^^^^^^^^^^^^^^^ gap unknown-value: nginx@${DIGEST} is only known once Flux substitutes it
  - name: e
    image: ${REPOSITORY}@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"#,
        );
    }
}
