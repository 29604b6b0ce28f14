//! A Flux source that pulls from a registry that `images.allow` doesn't list.
//!
//! ## What it does
//! Holds `spec.url` of every Flux OCIRepository, and of every HelmRepository whose URL begins with
//! `oci://`, against the same list as images. All charts of a HelmRepository lie below its URL, so
//! an entry must allow all of them.
//!
//! ## Why
//! A chart or a manifest artifact decides what runs in the cluster just as an image does.
//!
//! ## Fails
//! ```yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: OCIRepository
//! metadata:
//!   name: podinfo
//!   namespace: flux-system
//! spec:
//!   interval: 10m
//!   url: oci://ghcr.io/stefanprodan/manifests/podinfo
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: OCIRepository
//! metadata:
//!   name: podinfo
//!   namespace: flux-system
//! spec:
//!   interval: 10m
//!   url: oci://contoso.azurecr.io/manifests/podinfo
//! ```
//!
//! ## Options
//! `images.allow`; see `images/registry`.
//!
//! ## Limits
//! HelmRepositories over HTTP are not held against the list: it names registries. Which images a
//! chart brings along is not seen here.
//!
//! ## References
//! - <https://fluxcd.io/flux/components/source/ocirepositories/#url>
//! - <https://fluxcd.io/flux/components/source/helmrepositories/#url>

use super::{help_allowed, place_of};
use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::{self, Allowed, ImageReference, Object, Value, is_unresolved},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "images/source-registry",
    level: Level::Warn,
    since: "0.1.0",
    summary: "a Flux source that pulls from a registry that images.allow doesn't list",
    check: Check::Object(&["HelmRepository", "OCIRepository"], check),
    source: include_str!("source_registry.rs"),
};

fn check<'a>(object: &'a Object<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if object.group() != "source.toolkit.fluxcd.io" {
        return;
    }
    let allow = &scope.config.images.allow;
    let url = Value::str(object.spec(), "url");
    let (Value::Known(_, node) | Value::Unknown(node)) = url else { return };
    let Some(text) = node.as_str() else { return findings.unknown(object, node) };
    let Some(repository) = text.strip_prefix("oci://") else {
        // With a variable at its start, any URL may come of it.
        if text.starts_with("${") {
            findings.unknown(object, node);
        }
        return;
    };
    let message = if is_unresolved(repository) {
        let before = repository.split("${").next().unwrap_or_default();
        match kube::judge_prefix(allow, before) {
            Allowed::Yes => return,
            Allowed::Unknown => return findings.unknown(object, node),
            Allowed::No => format!("\"{text}\" is not allowed, whatever its variables are"),
        }
    } else if object.kind == "HelmRepository" {
        let below = format!("{}/", repository.trim_end_matches('/'));
        match kube::judge_prefix(allow, &below) {
            Allowed::Yes => return,
            Allowed::Unknown => format!("not all charts below {below} are allowed"),
            Allowed::No => format!("{below} is not allowed"),
        }
    } else {
        match ImageReference::parse(repository) {
            Ok(reference) if kube::is_allowed(allow, &reference) => return,
            Ok(reference) => format!("{} is not allowed", place_of(&reference)),
            Err(error) => format!("\"{text}\" is not a repository's URL: {error}"),
        }
    };
    let message = format!("{} {}: {message}", object.kind, object.name.unwrap_or_default());
    findings.report(
        Violation::at(object, node, message).label("not in images.allow").help(help_allowed(allow)),
    );
}

#[cfg(test)]
mod tests {
    use super::RULE;
    use crate::check::testing::check_with;

    #[test]
    fn oci_urls_are_held_against_the_list() {
        check_with(
            &RULE,
            "images: {allow: [contoso.azurecr.io/charts/*]}",
            r#"
#- sources.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: a}
spec: {url: "oci://contoso.azurecr.io/charts/app"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: b}
spec:
  url: oci://ghcr.io/acme/app
#      ^^^^^^^^^^^^^^^^^^^^^^ images/source-registry: OCIRepository b: ghcr.io/acme/app is not allowed
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: c}
spec: {type: oci, url: "oci://contoso.azurecr.io/charts"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: d}
spec:
  url: oci://contoso.azurecr.io
#      ^^^^^^^^^^^^^^^^^^^^^^^^ images/source-registry: HelmRepository d: not all charts below contoso.azurecr.io/ are allowed
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: e}
spec: {url: "https://charts.example.com"}
---
apiVersion: example.com/v1
kind: OCIRepository
metadata: {name: f}
spec: {url: "oci://ghcr.io/acme/app"}
"#,
        );
    }

    #[test]
    fn variables_are_judged_by_what_is_known() {
        check_with(
            &RULE,
            "images: {allow: [contoso.azurecr.io]}",
            r#"
#- sources.yaml
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: a}
spec:
  url: oci://${REGISTRY}/app
#      ^^^^^^^^^^^^^^^^^^^^^ gap unknown-value: oci://${REGISTRY}/app is only known once Flux substitutes it
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: b}
spec: {url: "oci://contoso.azurecr.io/${APP}"}
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: c}
spec:
  url: ${URL}
#      ^^^^^^ gap unknown-value: ${URL} is only known once Flux substitutes it
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: {name: d}
spec:
  url: oci://ghcr.io/${APP}
#      ^^^^^^^^^^^^^^^^^^^^ images/source-registry: OCIRepository d: "oci://ghcr.io/${APP}" is not allowed, whatever its variables are
"#,
        );
    }
}
