//! An image from a registry or repository that `images.allow` doesn't list.
//!
//! ## What it does
//! Takes every image reference apart and holds its registry host and its repository against the
//! entries of `images.allow`. It looks at all containers (init and ephemeral ones too), at `image`
//! volumes, and at the fields of custom resources that `images.fields` names.
//!
//! The host is what container runtimes take for it: the first component, if that has a dot or a
//! colon, is `localhost`, or has an upper-case letter. Everything else is on `docker.io`. Hosts are
//! compared as a whole, so `contoso.azurecr.io.evil.com`, `evil.com/contoso.azurecr.io/app`, another
//! port or an upper-case host never match. Text that is no image reference matches nothing.
//!
//! ## Why
//! An image runs with all rights of its pod. A registry that the team controls is where images are
//! scanned, signed and kept. A name without a host comes from Docker Hub, where anybody can publish.
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
//!       image: nginx:1.27
//! ```
//!
//! ## Passes
//! ```yaml
//! #- portcullis.yaml
//! images:
//!   allow: [contoso.azurecr.io/team/*]
//! #- pod.yaml
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
//! `images.allow`: a list of entries, `["*.azurecr.io"]` unless set.
//!
//! | entry | allows |
//! |---|---|
//! | `contoso.azurecr.io` | every repository of that host |
//! | `contoso.azurecr.io/team/*` | every repository below `team/`, at any depth |
//! | `contoso.azurecr.io/team/api` | that one repository |
//! | `*.azurecr.io` | every host with exactly one more label |
//! | `localhost:5000` | that host on that port; an entry without a port stands for the default port alone |
//!
//! `images.fields`: image fields of custom resources. Keys are `Kind` or `group/Kind`; values are
//! lists of paths, as `spec.image` or `spec.sidecars[*].image`.
//!
//! ## Limits
//! A value with a variable that isn't known is judged by what stands before the first one. If that
//! reaches past the first `/`, the host is settled: `evil.com/${NAME}` is reported, and
//! `contoso.azurecr.io/${NAME}` passes if all of that host is allowed. Otherwise the value counts as
//! not checked. A variable is taken to stand for a part of the reference, not for more YAML.
//!
//! Whether the runtime of a node rewrites registries (mirrors) can't be seen from manifests.
//!
//! ## References
//! - <https://github.com/distribution/reference/blob/main/normalize.go>
//! - <https://kubernetes.io/docs/concepts/containers/images/#image-names>

use super::{help_allowed, place_of};
use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{self, Allowed, Image, ImageValue},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "images/registry",
    level: Level::Error,
    since: "0.1.0",
    summary: "an image from a registry or repository that images.allow doesn't list",
    check: Check::Image(check),
    source: include_str!("registry.rs"),
};

fn check<'a>(image: &Image<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    let allow = &scope.config.images.allow;
    let (node, message) = match &image.value {
        ImageValue::Missing { .. } => return,
        ImageValue::Unreadable(node) => return findings.unknown(image.object, *node),
        ImageValue::Known { reference: Ok(reference), .. }
            if kube::is_allowed(allow, reference) =>
        {
            return;
        }
        ImageValue::Known { node, reference: Ok(reference), .. } => {
            (*node, format!("{} is not allowed", place_of(reference)))
        }
        ImageValue::Known { node, text, reference: Err(_) } => (
            *node,
            format!("\"{text}\" is not an image reference, so no registry is allowed for it"),
        ),
        ImageValue::Unresolved { node, around: (before, _) } => {
            match kube::judge_prefix(allow, before) {
                Allowed::Yes => return,
                Allowed::Unknown => return findings.unknown(image.object, *node),
                Allowed::No => (
                    *node,
                    format!("\"{}\" is not allowed, whatever its variables are", node.text()),
                ),
            }
        }
    };
    findings.report(
        Violation::at(image.object, node, format!("{}: {message}", image.user))
            .label("not in images.allow")
            .help(help_allowed(allow)),
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::{check, check_with};

    #[test]
    fn every_kind_of_container_and_image_volumes_are_seen() {
        check(
            &RULE,
            r#"
#- deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: x}
spec:
  template:
    spec:
      initContainers:
      - {name: init, image: busybox}
#                           ^^^^^^^ images/registry: init container "init": docker.io/library/busybox is not allowed
      containers:
      - {name: good, image: "contoso.azurecr.io/app:1"}
      - name: bad
        image: ghcr.io/acme/app:1
#              ^^^^^^^^^^^^^^^^^^ images/registry: container "bad": ghcr.io/acme/app is not allowed
      ephemeralContainers:
      - {name: debug, image: CONTOSO.azurecr.io/app}
#                            ^^^^^^^^^^^^^^^^^^^^^^ images/registry: ephemeral container "debug": CONTOSO.azurecr.io/app is not allowed
      volumes:
      - name: model
        image: {reference: quay.io/acme/model:1}
#                          ^^^^^^^^^^^^^^^^^^^^ images/registry: volume "model": quay.io/acme/model is not allowed
      - name: scratch
        emptyDir: {}
"#,
        );
    }

    #[test]
    fn evasions_are_reported() {
        check_with(
            &RULE,
            "images: {allow: [contoso.azurecr.io/team/*]}",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    image: contoso.azurecr.io.evil.com/team/app
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ images/registry: container "a": contoso.azurecr.io.evil.com/team/app is not allowed
  - name: b
    image: contoso.azurecr.io@evil
#          ^^^^^^^^^^^^^^^^^^^^^^^ images/registry: container "b": "contoso.azurecr.io@evil" is not an image reference, so no registry is allowed for it
  - name: c
    image: contoso.azurecr.io:444/team/app
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ images/registry: container "c": contoso.azurecr.io:444/team/app is not allowed
  - name: d
    image: contoso.azurecr.io/other/app
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ images/registry: container "d": contoso.azurecr.io/other/app is not allowed
  - name: e
    image: contoso.azurecr.io/team/app
"#,
        );
    }

    #[test]
    fn variables_are_judged_by_what_is_known() {
        check_with(
            &RULE,
            "images: {allow: [contoso.azurecr.io]}",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    image: contoso.azurecr.io/${NAME}:1
  - name: b
    image: ghcr.io/${NAME}:1
#          ^^^^^^^^^^^^^^^^^ images/registry: container "b": "ghcr.io/${NAME}:1" is not allowed, whatever its variables are
  - name: c
    image: ${REGISTRY}/app:1
#          ^^^^^^^^^^^^^^^^^ gap unknown-value: ${REGISTRY}/app:1 is only known once Flux substitutes it
  - name: d
    image: contoso.azurecr.io${SUFFIX:=x}/app:1
#          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ gap unknown-value: contoso.azurecr.io${SUFFIX:=x}/app:1 is only known once Flux substitutes it
"#,
        );
    }

    #[test]
    fn fields_of_custom_resources_are_seen_where_the_configuration_names_them() {
        check_with(
            &RULE,
            r#"
images:
  fields:
    example.com/Database: ["spec.image", "spec.sidecars[*].image"]
"#,
            r#"
#- database.yaml
apiVersion: example.com/v1
kind: Database
metadata: {name: x}
spec:
  image: postgres:17
#        ^^^^^^^^^^^ images/registry: spec.image: docker.io/library/postgres is not allowed
  sidecars:
  - image: contoso.azurecr.io/backup:1
  - image: backup:1
#          ^^^^^^^^ images/registry: spec.sidecars[*].image: docker.io/library/backup is not allowed
---
apiVersion: other.com/v1
kind: Database
metadata: {name: y}
spec: {image: "postgres:17"}
"#,
        );
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        check_with(
            &RULE,
            "images: {allow: []}",
            r#"
#- pod.yaml
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  containers:
  - name: a
    image: contoso.azurecr.io/app
#          ^^^^^^^^^^^^^^^^^^^^^^ images/registry: container "a": contoso.azurecr.io/app is not allowed
"#,
        );
    }
}
