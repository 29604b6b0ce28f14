//! A Flux API version that is deprecated or gone.
//!
//! ## What it does
//!
//! Reports objects of Flux in versions that Flux has deprecated, and names the version to use.
//!
//! ## Why
//!
//! Flux 2.7 took the deprecated versions out of its definitions: a manifest that still has one is
//! refused by the API server, and with it everything that its Kustomization applies.
//!
//! ## Fails
//!
//! ```yaml
//! apiVersion: source.toolkit.fluxcd.io/v1beta2
//! kind: GitRepository
//! metadata: {name: fleet, namespace: flux-system}
//! spec: {interval: 5m, url: https://github.com/contoso/fleet}
//! ```
//!
//! ## Passes
//!
//! ```yaml
//! apiVersion: source.toolkit.fluxcd.io/v1
//! kind: GitRepository
//! metadata: {name: fleet, namespace: flux-system}
//! spec: {interval: 5m, url: https://github.com/contoso/fleet}
//! ```
//!
//! ## References
//!
//! - <https://fluxcd.io/flux/installation/upgrade/>
//! - <https://fluxcd.io/blog/2025/09/flux-v2.7.0/>

use crate::{
    check::{Findings, Scope, Violation},
    finding::Level,
    kube::Object,
    rules::{Check, Rule},
};

pub(crate) static RULE: Rule = Rule {
    id: "flux/deprecated-api",
    level: Level::Warn,
    since: "0.2.0",
    summary: "a Flux API version that is deprecated or gone",
    check: Check::Object(&[], check),
    source: include_str!("deprecated_api.rs"),
};

/// Group, kind (any if empty), and the version to use: from the definitions of Flux 2.7.
const VERSIONS: &[(&str, &str, &str)] = &[
    ("kustomize.toolkit.fluxcd.io", "", "v1"),
    ("source.toolkit.fluxcd.io", "", "v1"),
    ("helm.toolkit.fluxcd.io", "", "v2"),
    ("notification.toolkit.fluxcd.io", "Receiver", "v1"),
    ("notification.toolkit.fluxcd.io", "Alert", "v1beta3"),
    ("notification.toolkit.fluxcd.io", "Provider", "v1beta3"),
    ("image.toolkit.fluxcd.io", "", "v1"),
];

fn check<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let group = object.group();
    let Some(wanted) = VERSIONS.iter().find_map(|(of, kind, version)| {
        (*of == group && (kind.is_empty() || *kind == object.kind)).then_some(*version)
    }) else {
        return;
    };
    let version = object.api_version.rsplit('/').next().unwrap_or_default();
    let older = |version: &str| version.contains("alpha") || version.contains("beta");
    let deprecated = match wanted {
        "v1beta3" => matches!(version, "v1beta1" | "v1beta2"),
        _ => older(version),
    };
    if let Some(node) = object.root.get("apiVersion").filter(|_| deprecated) {
        findings.report(
            Violation::at(object, node, format!("{} of {} is deprecated", version, object.kind))
                .help(format!("use {group}/{wanted}; `flux migrate` changes files and clusters")),
        );
    }
}
