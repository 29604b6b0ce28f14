//! What may make things that aren't rendered, under names that nothing provides. Gathered when the first
//! such name is met. spec: docs/references.md.

use rustc_hash::{FxHashMap, FxHashSet};
use spanned_yaml::{Kind, Node};

use super::provided::{ANYWHERE, is_custom, list, text};
use crate::kube::Object;

/// What decides about a name that nothing provides.
#[derive(Debug, Default)]
pub struct Makers<'a> {
    /// Objects that install what isn't rendered, by namespace; those for any have [`ANYWHERE`].
    installers: FxHashMap<&'a str, &'a Object<'a>>,
    /// Those into one namespace, by their own names.
    installers_by_name: FxHashMap<(&'a str, &'a str), &'a Object<'a>>,
    /// The first of them all.
    installer: Option<&'a Object<'a>>,
    /// Custom resources by their names, in their namespaces.
    customs: FxHashMap<(&'a str, &'a str), &'a Object<'a>>,
    /// Custom resources by the texts that they hold, in their namespaces.
    texts: FxHashMap<(&'a str, &'a str), &'a Object<'a>>,
    /// Namespaces in which something is.
    namespaces: FxHashSet<&'a str>,
    /// Claims that StatefulSets make: namespace, template and name of the StatefulSet joined.
    claims: FxHashMap<(&'a str, String), &'a Object<'a>>,
}

impl<'a> Makers<'a> {
    /// Gathers them.
    pub fn of(objects: &'a [Object<'a>]) -> Self {
        let mut makers = Self::default();
        for object in objects {
            let own = object.effective_namespace();
            makers.namespaces.insert(own);
            let (kind, group) = (object.kind, object.group());
            if let Some(namespace) = installs_into(object) {
                makers.installers.entry(namespace).or_insert(object);
                let own = (namespace, object.name.unwrap_or_default());
                makers.installers_by_name.entry(own).or_insert(object);
                makers.installer.get_or_insert(object);
            }
            match (kind, group) {
                ("Namespace", "") => makers.namespaces.extend(object.name),
                ("StatefulSet", "apps") => {
                    for template in list(object.spec(), &["volumeClaimTemplates"]) {
                        let template = text(Some(template), &["metadata", "name"]);
                        if let (Some(template), Some(name)) = (template, object.name) {
                            makers.claims.insert((own, format!("{template}-{name}")), object);
                        }
                    }
                }
                ("ClusterPolicy" | "Policy", "kyverno.io") => {
                    let namespace = if kind == "Policy" { own } else { ANYWHERE };
                    for rule in list(object.spec(), &["rules"]) {
                        if let Some(name) = text(Some(rule), &["generate", "name"]) {
                            makers.texts.entry((namespace, name)).or_insert(object);
                        }
                    }
                }
                _ if may_make(kind, group) => {
                    if let Some(name) = object.name {
                        makers.customs.entry((own, name)).or_insert(object);
                    }
                    for node in object.spec().into_iter().flat_map(Node::descendants) {
                        let text = if node.kind() == Kind::Scalar { node.text() } else { "" };
                        if !text.is_empty() && text.len() <= 253 {
                            makers.texts.entry((own, text)).or_insert(object);
                        }
                    }
                }
                _ => {}
            }
        }
        makers
    }

    /// What installs into a namespace things that aren't rendered; without a namespace, anywhere. Of
    /// several, it is the one whose name a thing's name begins with.
    pub fn installer(&self, namespace: Option<&str>, name: &str) -> Option<&'a Object<'a>> {
        let Some(namespace) = namespace else { return self.installer };
        let named = starts(name).find_map(|start| self.installers_by_name.get(&(namespace, start)));
        let any = || [namespace, ANYWHERE].into_iter().find_map(|at| self.installers.get(at));
        named.or_else(any).copied()
    }

    /// A custom resource that may make something of this name: one that has the name, or what stands
    /// before one of its dashes; or one that holds the name as a text.
    pub fn custom(&self, namespace: &str, name: &str) -> Option<&'a Object<'a>> {
        let texts = [namespace, ANYWHERE].into_iter().filter_map(|at| self.texts.get(&(at, name)));
        let mut found =
            starts(name).filter_map(|start| self.customs.get(&(namespace, start))).chain(texts);
        found.next().copied()
    }

    /// The StatefulSet that makes a claim of this name.
    pub fn claim(&self, namespace: &'a str, name: &str) -> Option<&'a Object<'a>> {
        let (stem, number) = name.rsplit_once('-')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| self.claims.get(&(namespace, stem.to_owned())))?.copied()
    }

    /// Whether anything is in a namespace.
    pub fn knows(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace)
    }
}

/// A name, and what stands before each of its dashes, the longest first.
fn starts(name: &str) -> impl Iterator<Item = &str> {
    let ends = name.rmatch_indices('-').map(|(at, _)| at);
    std::iter::once(name.len()).chain(ends).filter_map(|end| name.get(..end))
}

/// The namespace into which an object installs what isn't rendered.
fn installs_into<'a>(object: &'a Object<'a>) -> Option<&'a str> {
    let own = object.effective_namespace();
    match (object.kind, object.group()) {
        ("HelmRelease", _) => Some(text(object.spec(), &["targetNamespace"]).unwrap_or(own)),
        ("ResourceSet", "fluxcd.controlplane.io")
        | ("ApplicationSet", "argoproj.io")
        | ("Object", "kubernetes.crossplane.io" | "kubernetes.m.crossplane.io") => Some(ANYWHERE),
        ("Application", "argoproj.io") => {
            Some(text(object.spec(), &["destination", "namespace"]).unwrap_or(ANYWHERE))
        }
        ("HelmChart", "helm.cattle.io") => {
            Some(text(object.spec(), &["targetNamespace"]).unwrap_or(own))
        }
        _ => None,
    }
}

/// Whether custom resources of a kind may make objects that pods and others name. Of these groups
/// it is known that they don't, or [`Provided`] knows what they make.
fn may_make(kind: &str, group: &str) -> bool {
    const OTHERS: &[&str] = &[
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "crd.projectcalico.org",
        "external-secrets.io",
        "fluxcd.controlplane.io",
        "gateway.envoyproxy.io",
        "keda.sh",
        "kyverno.io",
        "networking.istio.io",
        "secrets-store.csi.x-k8s.io",
        "security.istio.io",
        "trust.cert-manager.io",
    ];
    // The operator's other kinds are servers, which have Services and Secrets.
    let is_monitoring = group == "monitoring.coreos.com"
        && !matches!(kind, "Alertmanager" | "Prometheus" | "PrometheusAgent" | "ThanosRuler");
    is_custom(group)
        && !is_monitoring
        && !group.ends_with(".toolkit.fluxcd.io")
        && !OTHERS.contains(&group)
}
