//! What a cluster would hold under a name, and who makes it: the index that `references/*` ask.
//! spec: docs/references.md.
//!
//! It is built when the first reference is looked up, in one pass over the objects.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node};

use crate::kube::{Object, is_unresolved};

/// Stands for every namespace.
pub(super) const ANYWHERE: &str = "*";

/// What the objects of a cluster provide, by kind, namespace and name.
#[derive(Debug, Default)]
pub struct Provided<'a> {
    entries: Vec<Entry<'a>>,
    /// The first entry of each name; what is cluster-scoped has an empty namespace.
    by_name: FxHashMap<(&'a str, &'a str, &'a str), u32>,
    /// The entries of each kind and name, in any namespace.
    anywhere: OnceLock<Index<'a>>,
    /// Those of each kind in each namespace.
    names: OnceLock<Index<'a>>,
    /// Of these, those whose names aren't known.
    open: OnceLock<Index<'a>>,
    /// By kind and name, those that controllers copy.
    copied: OnceLock<Index<'a>>,
}

/// Entries by two of their texts.
type Index<'a> = FxHashMap<(&'a str, &'a str), Vec<u32>>;

/// One thing that is provided.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// What it is, or what makes it.
    pub object: &'a Object<'a>,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace: empty for what is cluster-scoped.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Whether it makes it, or only adds keys.
    makes: bool,
    /// The next of the same name.
    next: Option<u32>,
}

/// Whether something has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Has {
    /// It does.
    Yes,
    /// It doesn't.
    No,
    /// That can't be told.
    Unknown,
}

impl<'a> Provided<'a> {
    /// Indexes what rules ask for by a fixed kind.
    pub fn of_fixed_kinds(objects: &'a [Object<'a>]) -> Self {
        let mut provided = Self::default();
        for object in objects {
            provided.add(object);
        }
        provided
    }

    /// Indexes objects of every kind under their own names.
    pub fn of_all_kinds(objects: &'a [Object<'a>]) -> Self {
        let mut provided = Self::default();
        for object in objects {
            if let Some(name) = object.name {
                provided.insert(object, object.kind, object.effective_namespace(), name);
            }
        }
        provided
    }

    fn add(&mut self, object: &'a Object<'a>) {
        let (kind, group) = (object.kind, object.group());
        let own = object.effective_namespace();
        let name = object.name;
        match (kind, group) {
            (
                "ConfigMap" | "Secret" | "Service" | "ServiceAccount" | "PersistentVolumeClaim",
                "",
            )
            | ("Gateway", "gateway.networking.k8s.io")
            | ("Role", "rbac.authorization.k8s.io") => {
                self.insert_named(object, kind, own, name);
            }
            ("ClusterRole", "rbac.authorization.k8s.io")
            | ("StorageClass", "storage.k8s.io")
            | ("IngressClass", "networking.k8s.io" | "extensions") => {
                self.insert_named(object, kind, "", name);
            }
            ("PersistentVolume", "") => {
                // A volume that an administrator made serves claims of its class.
                let class = text(object.spec(), &["storageClassName"]);
                self.insert_named(object, "StorageClass", "", class);
            }
            ("NginxIngressController", "approuting.kubernetes.azure.com") => {
                let class = text(object.spec(), &["ingressClassName"]);
                self.insert_named(object, "IngressClass", "", class);
            }
            ("ExternalSecret", "external-secrets.io") => {
                self.add_external_secret(object, object.spec(), own, name);
            }
            ("ClusterExternalSecret", "external-secrets.io") => {
                let spec = object.spec().and_then(|spec| spec.get("externalSecretSpec"));
                let name = text(object.spec(), &["externalSecretName"]).or(name);
                self.add_external_secret(object, spec, ANYWHERE, name);
            }
            // The controller gives the Secret the name of the SealedSecret.
            ("SealedSecret", "bitnami.com") => {
                self.insert_named(object, "Secret", own, name);
            }
            ("Certificate", "cert-manager.io") => {
                let name = text(object.spec(), &["secretName"]);
                self.insert_named(object, "Secret", own, name);
            }
            ("Issuer" | "ClusterIssuer", "cert-manager.io") => {
                let name = text(object.spec(), &["acme", "privateKeySecretRef", "name"]);
                let namespace = if kind == "Issuer" { own } else { ANYWHERE };
                self.insert_named(object, "Secret", namespace, name);
            }
            ("SecretProviderClass", "secrets-store.csi.x-k8s.io") => {
                for made in list(object.spec(), &["secretObjects"]) {
                    let name = text(Some(made), &["secretName"]);
                    self.insert_named(object, "Secret", own, name);
                }
            }
            ("Bundle" | "ClusterBundle", "trust.cert-manager.io" | "trust-manager.io") => {
                let target = object.spec().and_then(|spec| spec.get("target"));
                for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
                    if let (Some(name), Some(_)) = (name, target.and_then(|node| node.get(field))) {
                        self.insert(object, kind, ANYWHERE, name);
                    }
                }
            }
            ("FluxInstance", "fluxcd.controlplane.io") => {
                for service in ["notification-controller", "source-controller", "webhook-receiver"]
                {
                    self.insert(object, "Service", own, service);
                }
                for account in FLUX_ACCOUNTS {
                    self.insert(object, "ServiceAccount", own, account);
                }
                // Flux can't pull what would bring it: it is made before Flux is.
                let name = text(object.spec(), &["sync", "pullSecret"]);
                self.insert_named(object, "Secret", own, name);
            }
            _ if group.ends_with(".azure.com") => self.add_azure(object, own),
            _ if is_custom(group) => {
                // Crossplane's way to hand over connection details.
                let reference =
                    object.spec().and_then(|spec| spec.get("writeConnectionSecretToRef"));
                if let Some(name) = text(reference, &["name"]) {
                    let namespace = text(reference, &["namespace"]).unwrap_or(own);
                    self.insert(object, "Secret", namespace, name);
                }
            }
            _ => {}
        }
    }

    fn add_external_secret(
        &mut self,
        object: &'a Object<'a>,
        spec: Option<Node<'a>>,
        namespace: &'a str,
        name: Option<&'a str>,
    ) {
        let Some(name) = text(spec, &["target", "name"]).or(name) else { return };
        let kind = text(spec, &["target", "manifest", "kind"]).unwrap_or("Secret");
        let makes = match text(spec, &["target", "creationPolicy"]) {
            Some("None") => return,
            Some("Merge") => false,
            _ => true,
        };
        self.insert(object, kind, namespace, name);
        if let Some(entry) = self.entries.last_mut() {
            entry.makes = makes;
        }
    }

    /// What Azure Service Operator writes beside its resources.
    fn add_azure(&mut self, object: &'a Object<'a>, own: &'a str) {
        for (field, kind) in AZURE_FIELDS {
            let node = at(object.spec(), &["operatorSpec", field]);
            for target in node.into_iter().flat_map(values) {
                if let Some(name) = text(Some(target), &["name"]) {
                    self.insert(object, kind, own, name);
                }
            }
        }
    }

    fn insert_named(
        &mut self,
        object: &'a Object<'a>,
        kind: &'a str,
        namespace: &'a str,
        name: Option<&'a str>,
    ) {
        if let Some(name) = name {
            self.insert(object, kind, namespace, name);
        }
    }

    fn insert(&mut self, object: &'a Object<'a>, kind: &'a str, namespace: &'a str, name: &'a str) {
        let index = self.entries.len() as u32;
        let first = self.by_name.insert((kind, namespace, name), index);
        self.entries.push(Entry { object, kind, namespace, name, makes: true, next: first });
    }

    fn chain(&self, first: Option<u32>) -> impl Iterator<Item = &Entry<'a>> + Clone {
        let entry = |index: u32| self.entries.get(index as usize);
        std::iter::successors(first.and_then(entry), move |last| last.next.and_then(entry))
    }

    /// All that provides a name; nothing if nobody makes it.
    pub fn find(
        &self,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Option<impl Iterator<Item = &Entry<'a>> + Clone> {
        let here = self.by_name.get(&(kind, namespace, name)).copied();
        let makes = |first| self.chain(first).any(|entry| entry.makes);
        if makes(here) {
            // Some of it may come from what is for all namespaces, which is rare.
            return Some(self.chain(here).chain(self.chain(None)));
        }
        let everywhere = self.by_name.get(&(kind, ANYWHERE, name)).copied();
        makes(everywhere).then(|| self.chain(everywhere).chain(self.chain(here)))
    }

    /// What has this kind and name, in any namespace.
    pub fn anywhere(&self, kind: &'a str, name: &'a str) -> impl Iterator<Item = &Entry<'a>> {
        let index = self.anywhere.get_or_init(|| self.index(by_name, |_| true));
        self.all_of(index.get(&(kind, name)))
    }

    /// What has this kind in a namespace.
    pub fn in_namespace(
        &self,
        kind: &'a str,
        namespace: &'a str,
    ) -> impl Iterator<Item = &Entry<'a>> {
        let index = self.names.get_or_init(|| self.index(by_namespace, |_| true));
        self.all_of(index.get(&(kind, namespace)))
    }

    /// What has this kind in a namespace, and a name that isn't known.
    pub fn with_open_names(
        &self,
        kind: &'a str,
        namespace: &'a str,
    ) -> impl Iterator<Item = &Entry<'a>> {
        let is_open = |entry: &Entry<'_>| is_unresolved(entry.name);
        let index = self.open.get_or_init(|| self.index(by_namespace, is_open));
        self.all_of(index.get(&(kind, namespace)))
    }

    /// Whether something of this kind and name is copied to other namespaces.
    pub fn is_copied(&self, kind: &'a str, name: &'a str) -> bool {
        let index = self.copied.get_or_init(|| self.index(by_name, Entry::is_copied));
        index.contains_key(&(kind, name))
    }

    fn index(
        &self,
        key: impl Fn(&Entry<'a>) -> (&'a str, &'a str),
        is_in: impl Fn(&Entry<'a>) -> bool,
    ) -> Index<'a> {
        let mut index = Index::default();
        for (number, entry) in self.entries.iter().enumerate().filter(|(_, entry)| is_in(entry)) {
            index.entry(key(entry)).or_default().push(number as u32);
        }
        index
    }

    fn all_of<'s>(&'s self, numbers: Option<&'s Vec<u32>>) -> impl Iterator<Item = &'s Entry<'a>> {
        let numbers = numbers.into_iter().flatten();
        numbers.filter_map(|number| self.entries.get(*number as usize))
    }
}

fn by_name<'a>(entry: &Entry<'a>) -> (&'a str, &'a str) {
    (entry.kind, entry.name)
}

fn by_namespace<'a>(entry: &Entry<'a>) -> (&'a str, &'a str) {
    (entry.kind, entry.namespace)
}

impl<'a> Entry<'a> {
    /// Whether the ConfigMap or Secret has a key.
    pub fn has_key(&self, key: &str) -> Has {
        let spec = self.object.spec();
        match (self.object.kind, self.object.group()) {
            ("ConfigMap", "") => self.in_data(&["data", "binaryData"], key),
            ("Secret", "") => {
                let of_token = ["ca.crt", "namespace", "token"];
                let kind = self.object.root.get("type").map_or("", Node::text);
                if kind == "kubernetes.io/service-account-token" && of_token.contains(&key) {
                    return Has::Yes;
                }
                self.in_data(&["data", "stringData"], key)
            }
            ("ExternalSecret", _) => of_external_secret(spec, key),
            ("ClusterExternalSecret", _) => {
                of_external_secret(spec.and_then(|spec| spec.get("externalSecretSpec")), key)
            }
            ("SealedSecret", _) => {
                let own = in_mapping(at(spec, &["encryptedData"]), key);
                own.or(in_mapping(at(spec, &["template", "data"]), key))
            }
            ("Certificate", _) => has(CERTIFICATE_KEYS.contains(&key)),
            ("Issuer" | "ClusterIssuer", _) => has(key == "tls.key"),
            ("SecretProviderClass", _) => {
                let made = list(spec, &["secretObjects"])
                    .filter(|made| text(Some(*made), &["secretName"]) == Some(self.name));
                let data = made.flat_map(|made| list(Some(made), &["data"]));
                one_of(data.map(|item| text(Some(item), &["key"])), key)
            }
            (_, group) if group.ends_with(".azure.com") => {
                let targets = AZURE_FIELDS.iter().flat_map(|(field, _)| {
                    at(spec, &["operatorSpec", field]).into_iter().flat_map(values)
                });
                let named =
                    targets.filter(|target| text(Some(*target), &["name"]) == Some(self.name));
                one_of(named.map(|target| text(Some(target), &["key"])), key)
            }
            _ => Has::Unknown,
        }
    }

    /// The keys that a ConfigMap or Secret is written with.
    pub fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let fields = ["data", "binaryData", "stringData"];
        let root = self.object.root;
        let maps = fields.into_iter().filter_map(move |field| root.get(field));
        maps.flat_map(Node::entries).map(|entry| entry.key.text())
    }

    fn in_data(&self, fields: &[&str], key: &str) -> Has {
        let fields = fields.iter().map(|field| in_mapping(self.object.root.get(field), key));
        fields.fold(Has::No, Has::or)
    }

    /// Whether others may have the object copied into their namespaces, as annotations of
    /// controllers say that do this.
    fn is_copied(&self) -> bool {
        let annotations = at(self.object.metadata(), &["annotations"]);
        annotations.into_iter().flat_map(Node::entries).any(|entry| {
            let key = entry.key.text();
            COPIERS.iter().any(|copier| key.starts_with(copier))
        })
    }
}

/// Under which Flux' controllers run.
const FLUX_ACCOUNTS: &[&str] = &[
    "helm-controller",
    "image-automation-controller",
    "image-reflector-controller",
    "kustomize-controller",
    "notification-controller",
    "source-controller",
    "source-watcher",
];

/// Annotations of emberstack's reflector, mittwald's replicator, kubed and config-syncer.
const COPIERS: &[&str] = &[
    "reflector.v1.k8s.emberstack.com/",
    "replicator.v1.mittwald.de/",
    "kubed.appscode.com/sync",
    "config-syncer.appscode.com/",
];

/// What cert-manager writes: with `additionalOutputFormats` and `keystores`, all of it.
const CERTIFICATE_KEYS: &[&str] = &[
    "ca.crt",
    "key.der",
    "keystore.jks",
    "keystore.p12",
    "tls-combined.pem",
    "tls.crt",
    "tls.key",
    "truststore.jks",
    "truststore.p12",
];

/// Fields of `operatorSpec` that name objects, and the kind of these.
const AZURE_FIELDS: &[(&str, &str)] = &[
    ("configMapExpressions", "ConfigMap"),
    ("configMaps", "ConfigMap"),
    ("secretExpressions", "Secret"),
    ("secrets", "Secret"),
];

impl Has {
    /// What two sources say together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
            (Self::No, Self::No) => Self::No,
        }
    }
}

fn has(is_there: bool) -> Has {
    if is_there { Has::Yes } else { Has::No }
}

/// Whether a mapping has a key, as far as its keys are known.
fn in_mapping(mapping: Option<Node<'_>>, key: &str) -> Has {
    let Some(mapping) = mapping.filter(|node| !node.is_null()) else { return Has::No };
    if mapping.kind() != Kind::Mapping && mapping.target().kind() != Kind::Mapping {
        return Has::Unknown;
    }
    if mapping.get(key).is_some() {
        return Has::Yes;
    }
    let is_open = mapping.entries().any(|entry| is_unresolved(entry.key.text()));
    if is_open { Has::Unknown } else { Has::No }
}

/// Whether a key is among names of which some may not be known.
fn one_of<'n>(names: impl Iterator<Item = Option<&'n str>>, key: &str) -> Has {
    names.fold(Has::No, |found, name| {
        found.or(match name {
            Some(name) if name == key => Has::Yes,
            Some(name) if !is_unresolved(name) => Has::No,
            _ => Has::Unknown,
        })
    })
}

/// External Secrets Operator: `dataFrom` fetches keys that only the store knows; a template replaces
/// what was fetched, unless it is to be merged or has nothing.
fn of_external_secret(spec: Option<Node<'_>>, key: &str) -> Has {
    let template = at(spec, &["target", "template"]);
    if list(template, &["templateFrom"]).next().is_some() {
        return Has::Unknown;
    }
    let data = template.and_then(|template| template.get("data"));
    let templated = in_mapping(data, key);
    let replaces = data.is_some_and(|data| !data.is_empty())
        && text(template, &["mergePolicy"]) != Some("Merge");
    if replaces || templated == Has::Yes {
        return templated;
    }
    if list(spec, &["dataFrom"]).next().is_some() {
        return Has::Unknown;
    }
    one_of(list(spec, &["data"]).map(|item| text(Some(item), &["secretKey"])), key)
}

/// Whether a group isn't one of Kubernetes' own.
pub(super) fn is_custom(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}

pub(super) fn at<'a>(node: Option<Node<'a>>, path: &[&str]) -> Option<Node<'a>> {
    path.iter().try_fold(node?, |node, key| node.get(key))
}

pub(super) fn text<'a>(node: Option<Node<'a>>, path: &[&str]) -> Option<&'a str> {
    at(node, path)?.as_str().filter(|text| !text.is_empty())
}

pub(super) fn list<'a>(
    node: Option<Node<'a>>,
    path: &[&str],
) -> impl Iterator<Item = Node<'a>> + use<'a> {
    at(node, path).into_iter().flat_map(Node::items)
}

/// The values of a mapping, or the items of a list.
fn values(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.entries().map(|entry| entry.value).chain(node.items())
}
