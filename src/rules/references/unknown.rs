//! When it can't be told whether something is there.

use flux_render::flux::ObjectId;

use super::platform;
use crate::{
    check::{Scope, Whole},
    finding::GapKind,
    kube::{Object, Reference, Subject, is_unresolved},
};

/// What is known of a name that no object has.
pub(super) enum Verdict {
    /// Something makes it.
    Provided,
    /// It isn't there.
    Missing,
    /// It can't be told, for this reason.
    Unknown(GapKind, String),
}

/// Where more objects than this have names that aren't known, one of them may be what is asked for.
const MANY: usize = 64;

/// Whether something that isn't seen may provide what a reference names.
pub(super) fn reason<'a>(reference: &Reference<'a>, scope: &Scope<'a>) -> Verdict {
    let cluster = scope.cluster;
    let (kind, name) = (reference.kind, reference.name.text());
    let unrendered = |reason: String| Verdict::Unknown(GapKind::Unrendered, reason);
    let provided = match reference.subject {
        Subject::ScaleTarget => cluster.of_all_kinds(),
        _ => cluster.provided(),
    };
    let namespace = reference.namespace.unwrap_or_default();
    let makers = cluster.makers();
    if reference.subject == Subject::PersistentVolumeClaim
        && makers.claim(namespace, name).is_some()
    {
        return Verdict::Provided;
    }
    let elsewhere = || provided.anywhere(kind, name);
    if provided.is_copied(kind, name) {
        return Verdict::Provided;
    }
    if let Some(reason) = installed(scope, reference.namespace, name) {
        return unrendered(reason);
    }
    if is_unresolved(namespace) {
        let reason = format!("{namespace} is only known once Flux substitutes it");
        return Verdict::Unknown(GapKind::UnknownValue, reason);
    }
    if platform::NAMESPACES.contains(&namespace) {
        let reason = format!("{namespace} holds what the cluster's provider puts there");
        return Verdict::Unknown(GapKind::Skipped, reason);
    }
    let is_own = reference.namespace == Some(reference.object.effective_namespace());
    if reference.namespace.is_some() && !is_own && !makers.knows(namespace) {
        return unrendered(format!("nothing that is rendered lies in {namespace}"));
    }
    if let Some(entry) = elsewhere().find(|entry| is_unresolved(entry.namespace)) {
        let reason = format!("the namespace of one is {}", entry.namespace);
        return Verdict::Unknown(GapKind::UnknownValue, reason);
    }
    let open = || provided.with_open_names(kind, namespace);
    let found = if open().nth(MANY).is_some() {
        open().next()
    } else {
        open().find(|entry| may_be(entry.name, name))
    };
    if let Some(entry) = found {
        let reason = format!("one is called {}", entry.name);
        return Verdict::Unknown(GapKind::UnknownValue, reason);
    }
    if let Some(maker) = makers.custom(namespace, name) {
        return unrendered(format!("{} may make it", title(maker)));
    }
    let is_it = |id: &&&ObjectId| {
        let here = id.namespace.is_empty() || id.namespace == namespace;
        (id.kind.as_str(), id.name.as_str()) == (kind, name) && here
    };
    if let Some(id) = cluster.extent.left_alone.iter().find(is_it) {
        let reason = format!("Flux leaves {id} alone");
        return Verdict::Unknown(GapKind::Skipped, reason);
    }
    if cluster.extent.of == Whole::Cluster {
        return Verdict::Missing;
    }
    let has_none = |object: &Object<'_>| object.namespace.is_none();
    if reference.namespace.is_some()
        && let Some(entry) =
            elsewhere().find(|entry| has_none(reference.object) || has_none(entry.object))
    {
        let whose = if has_none(reference.object) { reference.object } else { entry.object };
        return unrendered(format!("{} has no namespace", title(whose)));
    }
    if elsewhere().next().is_none()
        && let Some(place) = scope.written.find(kind, name)
    {
        let at = place.file_and_line();
        return unrendered(format!("{at} has one, which may be applied as well"));
    }
    if cluster.extent.of == Whole::Files && scope.written.is_fragment(&reference.object.file.path) {
        let reason = "its file is part of a kustomization that isn't rendered";
        return unrendered(reason.to_owned());
    }
    Verdict::Missing
}

/// What may have put things into a namespace that aren't rendered.
pub(super) fn installed(scope: &Scope<'_>, namespace: Option<&str>, name: &str) -> Option<String> {
    let installer = scope.cluster.makers().installer(namespace, name).map(|installer| {
        let title = title(installer);
        match installer.kind {
            "HelmRelease" | "HelmChart" => format!("the chart of {title} is not rendered"),
            _ => format!("what {title} makes is not rendered"),
        }
    });
    installer.or_else(|| {
        let unrendered = scope.cluster.extent.unrendered?;
        Some(format!("Kustomization {unrendered} is not rendered"))
    })
}

/// How reasons name an object.
pub(super) fn title(object: &Object<'_>) -> String {
    format!("{} {}", object.kind, object.name.unwrap_or_default())
}

/// Whether a text with variables may turn out to be this name.
fn may_be(pattern: &str, name: &str) -> bool {
    let before = pattern.split("${").next().unwrap_or_default();
    let behind = pattern.rsplit('}').next().unwrap_or_default();
    pattern.starts_with("ENC[") || (name.starts_with(before) && name.ends_with(behind))
}

#[cfg(test)]
mod tests {
    use super::may_be;
    use crate::{check::testing, config::Config};

    #[test]
    fn what_stands_around_variables_is_held_against_the_name() {
        assert!(may_be("${APP}-config", "web-config"));
        assert!(may_be("web-${A}-${B}", "web-a-b"));
        assert!(!may_be("${APP}-config", "web-secret"));
        assert!(!may_be("web-${APP}", "api-config"));
    }

    /// What is said of the ConfigMap web-settings in the namespace shop, beside these objects.
    fn verdict(others: &str) -> String {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop}}\n\
             spec: {{containers: [{{name: a, envFrom: [{{configMapRef: {{name: web-settings}}}}]}}]}}\n\
             ---\n{others}"
        );
        let contents = testing::files_of(&text);
        let found =
            testing::run_only(&super::super::config_map::RULE, &contents, &Config::default());
        let about = |line: &String| {
            let (_, said) = line.split_once(' ')?;
            let said = said.strip_prefix("references/config-map: ");
            let gap = line.split_once("is not known: ").map(|(_, reason)| reason);
            said.or(gap).map(str::to_owned)
        };
        found.iter().find_map(about).unwrap_or_default()
    }

    #[test]
    fn what_may_make_a_name_decides_whether_it_is_missing() {
        let missing = "no ConfigMap web-settings in namespace shop";
        for (others, expected) in [
            ("", missing),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings, namespace: shop}}",
                "",
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings, namespace: web}}",
                missing,
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings, namespace: web, \
                 annotations: {reflector.v1.k8s.emberstack.com/reflection-auto-enabled: 'true'}}}",
                "",
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings}}",
                "ConfigMap web-settings has no namespace",
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: web-settings, namespace: '${NS}'}}",
                "the namespace of one is ${NS}",
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: 'web-${X}', namespace: shop}}",
                "one is called web-${X}",
            ),
            (
                "{apiVersion: v1, kind: ConfigMap, metadata: {name: 'api-${X}', namespace: shop}}",
                missing,
            ),
            (
                "{apiVersion: trust.cert-manager.io/v1alpha1, kind: Bundle, \
                 metadata: {name: web-settings}, spec: {target: {configMap: {key: ca}}}}",
                "",
            ),
            (
                "{apiVersion: cache.azure.com/v1, kind: Redis, metadata: {name: r, namespace: shop}, \
                 spec: {operatorSpec: {configMaps: {host: {name: web-settings, key: host}}}}}",
                "",
            ),
            (
                "{apiVersion: cache.azure.com/v1, kind: Redis, metadata: {name: r, namespace: shop}, \
                 spec: {operatorSpec: {configMapExpressions: [{name: web-settings, key: host}]}}}",
                "",
            ),
            (
                "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, \
                 metadata: {name: web, namespace: flux-system}, spec: {targetNamespace: shop}}",
                "the chart of HelmRelease web is not rendered",
            ),
            (
                "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, \
                 metadata: {name: a, namespace: shop}}\n---\n\
                 {apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, \
                 metadata: {name: web, namespace: shop}}",
                "the chart of HelmRelease web is not rendered",
            ),
            (
                "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, \
                 metadata: {name: web, namespace: flux-system}}",
                missing,
            ),
            (
                "{apiVersion: fluxcd.controlplane.io/v1, kind: ResourceSet, \
                 metadata: {name: x, namespace: flux-system}}",
                "what ResourceSet x makes is not rendered",
            ),
            (
                "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: p}, \
                 spec: {rules: [{generate: {kind: ConfigMap, name: web-settings}}]}}",
                "ClusterPolicy p may make it",
            ),
            (
                "{apiVersion: example.com/v1, kind: Thing, metadata: {name: web, namespace: shop}}",
                "Thing web may make it",
            ),
            (
                "{apiVersion: example.com/v1, kind: Thing, metadata: {name: x, namespace: shop}, \
                 spec: {output: [web-settings]}}",
                "Thing x may make it",
            ),
            (
                "{apiVersion: example.com/v1, kind: Thing, metadata: {name: web, namespace: other}}",
                missing,
            ),
            (
                "{apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: web, namespace: shop}}",
                missing,
            ),
        ] {
            assert_eq!(verdict(others), expected, "{others}");
        }
    }
}
