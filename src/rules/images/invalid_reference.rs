//! An image field that is empty or holds no valid image reference.
//!
//! ## What it does
//! Reads every image field by the grammar that container runtimes use, and reports what they refuse:
//! upper-case letters in the repository, spaces, a URL scheme, a malformed tag or digest, 64
//! hexadecimal digits alone, a repository path of more than 255 characters. A container or an `image`
//! volume without an image is reported too.
//!
//! ## Why
//! The API server stores most of these texts without a word. The pod then stays in
//! `InvalidImageName` until somebody looks.
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
//!       image: contoso.azurecr.io/Team/web:1.27
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
//!       image: contoso.azurecr.io/team/web:1.27
//! ```
//!
//! ## Options
//! `images.fields` adds image fields of custom resources; see `images/registry`. Such a field may be
//! absent, but not empty.
//!
//! ## Limits
//! A value with a variable that isn't known counts as not checked. Whether the image exists is not
//! checked. A template may leave an image out for something else to fill in; suppress the finding
//! there.
//!
//! ## References
//! - <https://github.com/distribution/reference/blob/main/reference.go>
//! - <https://kubernetes.io/docs/concepts/containers/images/#image-names>

use crate::{
    check::{Findings, Place, Scope, Violation},
    finding::Level,
    kube::{Image, ImageValue, InvalidReference},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "images/invalid-reference",
    level: Level::Error,
    since: "0.1.0",
    summary: "an image field that is empty or holds no valid image reference",
    check: Check::Image(check),
    source: include_str!("invalid_reference.rs"),
};

fn check<'a>(image: &Image<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    match &image.value {
        ImageValue::Known { reference: Ok(_), .. } => {}
        ImageValue::Known { node, text, reference: Err(error) } => {
            let message = format!("{}: \"{text}\" is not an image reference: {error}", image.user);
            findings.report(Violation::at(image.object, *node, message).help(help(*error, text)));
        }
        ImageValue::Missing { parent, field } => findings.report(
            Violation::new(
                Place::field(image.object, *parent, field),
                format!("{} has no image", image.user),
            )
            .help(format!("set {field}")),
        ),
        ImageValue::Unresolved { node, .. } | ImageValue::Unreadable(node) => {
            findings.unknown(image.object, *node);
        }
    }
}

fn help(error: InvalidReference, text: &str) -> String {
    use InvalidReference as Error;
    match error {
        Error::Empty => "set an image".to_owned(),
        Error::Space => "remove the white space".to_owned(),
        Error::Scheme => {
            let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
            format!("write {rest}")
        }
        Error::Identifier => "write the repository, then @sha256: and these digits".to_owned(),
        Error::UpperCase => "repositories are in lower case; only tags may have capitals".to_owned(),
        Error::Domain => {
            "a host has letters, digits, dots and hyphens, then perhaps a colon and a port".to_owned()
        }
        Error::Path | Error::TooLong => {
            "components are lower-case letters and digits with single dots, underscores or hyphens between them"
                .to_owned()
        }
        Error::Tag => {
            "a tag has up to 128 letters, digits, _, . or -, and starts with a letter, a digit or _"
                .to_owned()
        }
        Error::DigestAlgorithm | Error::DigestLength | Error::Digest => {
            "a digest is @sha256: and 64 lower-case hexadecimal digits".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn what_runtimes_refuse_is_reported() {
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
    image: Nginx
#          ^^^^^ images/invalid-reference: container "a": "Nginx" is not an image reference: its repository path has upper-case letters
  - name: b
    image: "nginx:1 "
#          ^^^^^^^^^^ images/invalid-reference: container "b": "nginx:1 " is not an image reference: it has white space in it
  - name: c
    image: docker://nginx
#          ^^^^^^^^^^^^^^ images/invalid-reference: container "c": "docker://nginx" is not an image reference: it starts with a URL scheme
  - name: d
    image: nginx:1.27
"#,
        );
    }

    #[test]
    fn no_image_is_reported_at_the_container() {
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
#   ^^^^^^^ images/invalid-reference: container "a" has no image
  - name: b
    image: ""
#          ^^ images/invalid-reference: container "b" has no image
  volumes:
  - name: v
    image: {pullPolicy: Always}
#   ^^^^^ images/invalid-reference: volume "v" has no image
"#,
        );
    }

    #[test]
    fn what_is_not_known_is_a_gap() {
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
    image: ${IMAGE}
#          ^^^^^^^^ gap unknown-value: ${IMAGE} is only known once Flux substitutes it
  - name: b
    image: 1.0
#          ^^^ gap unreadable: the value's type is not what Kubernetes reads here
"#,
        );
    }

    #[test]
    fn fields_of_custom_resources_may_be_absent_but_not_wrong() {
        check_with(
            &RULE,
            "images: {fields: {Database: [spec.image]}}",
            r#"
#- database.yaml
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
spec: {image: "a b"}
#             ^^^^^ images/invalid-reference: spec.image: "a b" is not an image reference: it has white space in it
---
apiVersion: example.com/v1
kind: Database
metadata: {name: y}
spec: {}
"#,
        );
    }
}
