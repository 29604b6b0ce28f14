//! Every place at which an object names another one that must be there: the one list of such fields.
//!
//! Of pods they are those of `VisitPodSecretNames` and `VisitPodConfigmapNames` in k8s.io/kubernetes
//! `pkg/api/v1/pod`, with service accounts and claims. A test in `rules/references` holds the list
//! against the table of schemas.

use spanned_yaml::{Kind, Node};

use super::{Object, Pod};

/// The rules of `references/*` that a reference can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
    /// A key of either.
    Key,
    /// A Service.
    Service,
    /// A Service that traffic is sent to.
    Backend,
    /// A ServiceAccount.
    ServiceAccount,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// What an autoscaler scales.
    ScaleTarget,
    /// A Role or ClusterRole.
    Role,
    /// A StorageClass.
    StorageClass,
    /// An IngressClass.
    IngressClass,
    /// A Gateway.
    Gateway,
}

/// One reference to an object.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// Who refers.
    pub object: &'a Object<'a>,
    /// Which rule it is a matter of, should nothing be there.
    pub subject: Subject,
    /// The group of what is referred to; none if any will do.
    pub group: Option<&'a str>,
    /// Its kind.
    pub kind: &'a str,
    /// Its namespace; none for what is cluster-scoped.
    pub namespace: Option<&'a str>,
    /// Where its name is written.
    pub name: Node<'a>,
    /// The field that says whether it may be missing.
    pub optional: Option<Node<'a>>,
    /// What of it must be there.
    pub part: Part<'a>,
}

/// What of an object a reference asks for.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// Nothing in particular.
    Whole,
    /// A key of a ConfigMap or Secret.
    Key(Node<'a>),
    /// A key that counts where none is written.
    DefaultKey(&'static str),
    /// Several keys: a list of mappings with `key`.
    Items(Node<'a>),
    /// A port of a Service, by number or name.
    Port(Node<'a>),
    /// A listener of a Gateway: its name, its port.
    Listener(Option<Node<'a>>, Option<Node<'a>>),
}

/// Walks what names others, and hands over each reference.
struct Walk<'v, 'a> {
    object: &'a Object<'a>,
    visit: &'v mut dyn FnMut(Reference<'a>),
}

impl<'a> Reference<'a> {
    /// The references of a pod.
    pub fn of_pod(pod: &'a Pod<'a>, visit: &mut dyn FnMut(Self)) {
        let mut walk = Walk { object: pod.object, visit };
        for container in &pod.containers {
            walk.container(container.node);
        }
        for entry in pod.spec.entries() {
            match entry.key.text() {
                "volumes" => entry.value.items().for_each(|volume| walk.volume(volume)),
                "imagePullSecrets" => walk.secrets(entry.value),
                "serviceAccountName" => walk.service_account(Some(entry.value)),
                "serviceAccount" if pod.spec.get("serviceAccountName").is_none() => {
                    walk.service_account(Some(entry.value));
                }
                _ => {}
            }
        }
    }

    /// The references of an object beyond those of its pod.
    pub fn of_object(object: &'a Object<'a>, visit: &mut dyn FnMut(Self)) {
        let mut walk = Walk { object, visit };
        let spec = || object.spec().filter(|spec| spec.kind() == Kind::Mapping);
        match (object.kind, object.group()) {
            ("StatefulSet", "apps") => {
                let Some(spec) = spec() else { return };
                walk.service(spec.get("serviceName"), Part::Whole);
                for claim in items(spec, "volumeClaimTemplates") {
                    walk.claim(claim.get("spec"));
                }
            }
            ("PersistentVolumeClaim", "") => walk.claim(spec()),
            ("PersistentVolume", "") => walk.persistent_volume(spec()),
            ("ServiceAccount", "") => {
                for list in ["imagePullSecrets", "secrets"] {
                    if let Some(list) = object.root.get(list) {
                        walk.secrets(list);
                    }
                }
            }
            ("Ingress", "networking.k8s.io" | "extensions") => {
                if let Some(spec) = spec() {
                    walk.ingress(spec);
                }
            }
            (
                "HTTPRoute" | "GRPCRoute" | "TCPRoute" | "TLSRoute" | "UDPRoute",
                "gateway.networking.k8s.io",
            ) => {
                if let Some(spec) = spec() {
                    walk.route(spec);
                }
            }
            ("Gateway", "gateway.networking.k8s.io") => {
                if let Some(spec) = spec() {
                    walk.gateway(spec);
                }
            }
            ("HorizontalPodAutoscaler", "autoscaling") => walk.scale_target("scaleTargetRef", ""),
            ("VerticalPodAutoscaler", "autoscaling.k8s.io") => walk.scale_target("targetRef", ""),
            ("ScaledObject", "keda.sh") => walk.scale_target("scaleTargetRef", "Deployment"),
            ("TriggerAuthentication", "keda.sh") => {
                let Some(spec) = spec() else { return };
                for (list, subject) in [
                    ("secretTargetRef", Subject::Secret),
                    ("configMapTargetRef", Subject::ConfigMap),
                ] {
                    for item in items(spec, list) {
                        walk.with_key(subject, item, item.get("name"));
                    }
                }
            }
            ("RoleBinding" | "ClusterRoleBinding", "rbac.authorization.k8s.io") => walk.binding(),
            (
                "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration",
                "admissionregistration.k8s.io",
            ) => {
                for webhook in items(object.root, "webhooks") {
                    walk.service_reference(webhook.get("clientConfig"));
                }
            }
            ("APIService", "apiregistration.k8s.io") => walk.service_reference(spec()),
            ("CustomResourceDefinition", "apiextensions.k8s.io") => {
                let webhook = at(spec(), &["conversion", "webhook"]);
                walk.service_reference(webhook.and_then(|webhook| webhook.get("clientConfig")));
            }
            (_, group) if group.ends_with(".toolkit.fluxcd.io") => {
                if let Some(spec) = spec() {
                    walk.flux(group, spec);
                }
            }
            _ => {}
        }
    }
}

impl<'a> Walk<'_, 'a> {
    /// Hands over a reference; nothing is said of names that aren't written.
    fn visit(
        &mut self,
        subject: Subject,
        name: Option<Node<'a>>,
        refine: impl FnOnce(&mut Reference<'a>),
    ) {
        let Some(name) = name else { return };
        // A text is empty only if nothing is written, or a collection is: schemas say so.
        if name.text().is_empty() || name.is_null() {
            return;
        }
        let (group, kind) = match subject {
            Subject::ConfigMap | Subject::Key => ("", "ConfigMap"),
            Subject::Secret => ("", "Secret"),
            Subject::Service | Subject::Backend => ("", "Service"),
            Subject::ServiceAccount => ("", "ServiceAccount"),
            Subject::PersistentVolumeClaim => ("", "PersistentVolumeClaim"),
            Subject::ScaleTarget => ("apps", "Deployment"),
            Subject::Role => ("rbac.authorization.k8s.io", "Role"),
            Subject::StorageClass => ("storage.k8s.io", "StorageClass"),
            Subject::IngressClass => ("networking.k8s.io", "IngressClass"),
            Subject::Gateway => ("gateway.networking.k8s.io", "Gateway"),
        };
        let is_cluster_scoped = matches!(subject, Subject::StorageClass | Subject::IngressClass);
        let mut reference = Reference {
            object: self.object,
            subject,
            group: Some(group),
            kind,
            namespace: (!is_cluster_scoped).then(|| self.object.effective_namespace()),
            name,
            optional: None,
            part: Part::Whole,
        };
        refine(&mut reference);
        (self.visit)(reference);
    }

    fn container(&mut self, container: Node<'a>) {
        for entry in container.entries() {
            match entry.key.text() {
                "env" => {
                    for variable in entry.value.items() {
                        let Some(from) = variable.get("valueFrom") else { continue };
                        for source in from.entries() {
                            let subject = match source.key.text() {
                                "configMapKeyRef" => Subject::ConfigMap,
                                "secretKeyRef" => Subject::Secret,
                                _ => continue,
                            };
                            self.with_key(subject, source.value, source.value.get("name"));
                        }
                    }
                }
                "envFrom" => {
                    for source in entry.value.items().flat_map(Node::entries) {
                        let subject = match source.key.text() {
                            "configMapRef" => Subject::ConfigMap,
                            "secretRef" => Subject::Secret,
                            _ => continue,
                        };
                        self.source(subject, source.value, "name");
                    }
                }
                _ => {}
            }
        }
    }

    /// A selector of one key: `name`, `key`, `optional`.
    fn with_key(&mut self, subject: Subject, selector: Node<'a>, name: Option<Node<'a>>) {
        self.visit(subject, name, |reference| {
            reference.optional = selector.get("optional");
            if let Some(key) = selector.get("key") {
                reference.part = Part::Key(key);
            }
        });
    }

    /// A ConfigMap or Secret with its `items` and `optional`.
    fn source(&mut self, subject: Subject, source: Node<'a>, field: &str) {
        self.visit(subject, source.get(field), |reference| {
            reference.optional = source.get("optional");
            if let Some(items) = source.get("items") {
                reference.part = Part::Items(items);
            }
        });
    }

    fn volume(&mut self, volume: Node<'a>) {
        for entry in volume.entries() {
            let source = entry.value;
            match entry.key.text() {
                "configMap" => self.source(Subject::ConfigMap, source, "name"),
                "secret" => self.source(Subject::Secret, source, "secretName"),
                "projected" => {
                    for projection in items(source, "sources").flat_map(Node::entries) {
                        match projection.key.text() {
                            "configMap" => {
                                self.source(Subject::ConfigMap, projection.value, "name");
                            }
                            "secret" => self.source(Subject::Secret, projection.value, "name"),
                            _ => {}
                        }
                    }
                }
                "persistentVolumeClaim" => {
                    let subject = Subject::PersistentVolumeClaim;
                    self.visit(subject, source.get("claimName"), |_| ());
                }
                "ephemeral" => self.claim(at(Some(source), &["volumeClaimTemplate", "spec"])),
                "azureFile" => self.visit(Subject::Secret, source.get("secretName"), |_| ()),
                "csi" => self.secret(source.get("nodePublishSecretRef")),
                "cephfs" | "cinder" | "flexVolume" | "iscsi" | "rbd" | "scaleIO" | "storageos" => {
                    self.secret(source.get("secretRef"));
                }
                _ => {}
            }
        }
    }

    /// A mapping with the `name` of a Secret, and its `namespace` where it has one.
    fn secret(&mut self, reference: Option<Node<'a>>) {
        let Some(written) = reference else { return };
        self.visit(Subject::Secret, written.get("name"), |reference| {
            in_namespace(reference, written);
            if let Some(key) = written.get("key") {
                reference.part = Part::Key(key);
            }
        });
    }

    fn secrets(&mut self, list: Node<'a>) {
        for item in list.items() {
            self.secret(Some(item));
        }
    }

    fn service_account(&mut self, name: Option<Node<'a>>) {
        self.visit(Subject::ServiceAccount, name, |_| ());
    }

    fn service(&mut self, name: Option<Node<'a>>, part: Part<'a>) {
        self.visit(Subject::Service, name, |reference| reference.part = part);
    }

    /// The Service of a webhook or an API: 443 is its port where none is written.
    fn service_reference(&mut self, config: Option<Node<'a>>) {
        let Some(service) = config.and_then(|config| config.get("service")) else { return };
        self.visit(Subject::Service, service.get("name"), |reference| {
            in_namespace(reference, service);
            reference.part = service.get("port").map_or(Part::Whole, Part::Port);
        });
    }

    /// The spec of a claim. A claim of a certain volume asks no class to make one.
    fn claim(&mut self, spec: Option<Node<'a>>) {
        let Some(spec) = spec else { return };
        if spec.get("volumeName").is_none_or(Node::is_null) {
            self.visit(Subject::StorageClass, spec.get("storageClassName"), |_| ());
        }
    }

    fn persistent_volume(&mut self, spec: Option<Node<'a>>) {
        for entry in spec.into_iter().flat_map(Node::entries) {
            match entry.key.text() {
                "azureFile" => {
                    let namespace = entry.value.get("secretNamespace");
                    let namespace = namespace.and_then(Node::as_str);
                    // Without it, the Secret lies in the claim's namespace.
                    if namespace.is_some() {
                        self.visit(Subject::Secret, entry.value.get("secretName"), |reference| {
                            reference.namespace = namespace;
                        });
                    }
                }
                "csi" => {
                    for field in [
                        "controllerExpandSecretRef",
                        "controllerPublishSecretRef",
                        "nodeExpandSecretRef",
                        "nodePublishSecretRef",
                        "nodeStageSecretRef",
                    ] {
                        self.secret(entry.value.get(field));
                    }
                }
                "cephfs" | "cinder" | "flexVolume" | "iscsi" | "rbd" | "scaleIO" | "storageos" => {
                    self.secret(entry.value.get("secretRef"));
                }
                _ => {}
            }
        }
    }

    fn ingress(&mut self, spec: Node<'a>) {
        self.visit(Subject::IngressClass, spec.get("ingressClassName"), |_| ());
        // `backend` is that of APIs before v1.
        for field in ["defaultBackend", "backend"] {
            self.ingress_backend(spec.get(field));
        }
        for path in items(spec, "rules")
            .filter_map(|rule| rule.get("http"))
            .flat_map(|http| items(http, "paths"))
        {
            self.ingress_backend(path.get("backend"));
        }
        for tls in items(spec, "tls") {
            self.visit(Subject::Secret, tls.get("secretName"), |_| ());
        }
    }

    fn ingress_backend(&mut self, backend: Option<Node<'a>>) {
        let Some(backend) = backend else { return };
        let (name, port) = match backend.get("service") {
            Some(service) => {
                let port = service.get("port");
                let port = port.and_then(|port| port.get("number").or_else(|| port.get("name")));
                (service.get("name"), port)
            }
            None => (backend.get("serviceName"), backend.get("servicePort")),
        };
        self.visit(Subject::Backend, name, |reference| {
            reference.part = port.map_or(Part::Whole, Part::Port);
        });
    }

    fn route(&mut self, spec: Node<'a>) {
        for parent in items(spec, "parentRefs") {
            let group = parent.get("group").map_or("gateway.networking.k8s.io", Node::text);
            let kind = parent.get("kind").map_or("Gateway", Node::text);
            let name = parent.get("name");
            match (group, kind) {
                ("gateway.networking.k8s.io", "Gateway") => {
                    self.visit(Subject::Gateway, name, |reference| {
                        in_namespace(reference, parent);
                        let part = Part::Listener(parent.get("sectionName"), parent.get("port"));
                        reference.part = part;
                    });
                }
                ("", "Service") => self.service_part(Subject::Service, parent),
                _ => {}
            }
        }
        for rule in items(spec, "rules") {
            self.mirrors(rule);
            for backend in items(rule, "backendRefs") {
                self.mirrors(backend);
                self.route_backend(backend);
            }
        }
    }

    fn mirrors(&mut self, holder: Node<'a>) {
        for mirror in items(holder, "filters").filter_map(|filter| filter.get("requestMirror")) {
            if let Some(backend) = mirror.get("backendRef") {
                self.route_backend(backend);
            }
        }
    }

    fn route_backend(&mut self, backend: Node<'a>) {
        let group = backend.get("group").map_or("", Node::text);
        let kind = backend.get("kind").map_or("Service", Node::text);
        if (group, kind) == ("", "Service") {
            self.service_part(Subject::Backend, backend);
        }
    }

    fn service_part(&mut self, subject: Subject, written: Node<'a>) {
        self.visit(subject, written.get("name"), |reference| {
            in_namespace(reference, written);
            reference.part = written.get("port").map_or(Part::Whole, Part::Port);
        });
    }

    fn gateway(&mut self, spec: Node<'a>) {
        for tls in items(spec, "listeners").filter_map(|listener| listener.get("tls")) {
            for certificate in items(tls, "certificateRefs") {
                let kind = certificate.get("kind").map_or("Secret", Node::text);
                if kind == "Secret"
                    && certificate.get("group").is_none_or(|group| group.text().is_empty())
                {
                    self.secret(Some(certificate));
                }
            }
        }
    }

    /// `default` is the kind that counts where none is written.
    fn scale_target(&mut self, field: &str, default: &'static str) {
        let Some(target) = self.object.spec().and_then(|spec| spec.get(field)) else { return };
        let kind = target.get("kind").map_or(default, Node::text);
        let version = target.get("apiVersion").map(Node::text);
        if kind.is_empty() {
            return;
        }
        self.visit(Subject::ScaleTarget, target.get("name"), |reference| {
            reference.kind = kind;
            reference.group = version
                .map(|version| version.split_once('/').map_or("", |(group, _)| group))
                .map(|group| if group == "extensions" { "apps" } else { group });
        });
    }

    fn binding(&mut self) {
        if let Some(role) = self.object.root.get("roleRef") {
            let is_cluster_role = role.get("kind").map(Node::text) == Some("ClusterRole");
            self.visit(Subject::Role, role.get("name"), |reference| {
                if is_cluster_role {
                    (reference.kind, reference.namespace) = ("ClusterRole", None);
                }
            });
        }
        for subject in items(self.object.root, "subjects") {
            if subject.get("kind").map(Node::text) == Some("ServiceAccount") {
                self.visit(Subject::ServiceAccount, subject.get("name"), |reference| {
                    in_namespace(reference, subject);
                });
            }
        }
    }

    /// Flux's own objects. What decrypts the rest is never in Git: `decryption` is left out.
    fn flux(&mut self, group: &str, spec: Node<'a>) {
        let remote = spec.get("kubeConfig");
        for entry in spec.entries() {
            match entry.key.text() {
                "secretRef" | "certSecretRef" | "proxySecretRef" => self.secret(Some(entry.value)),
                "verify" | "kubeConfig" => self.secret(entry.value.get("secretRef")),
                // With `kubeConfig` it is an account of another cluster.
                "serviceAccountName" if remote.is_none() => self.service_account(Some(entry.value)),
                "valuesFrom" if group == "helm.toolkit.fluxcd.io" => {
                    for source in entry.value.items() {
                        let subject = match source.get("kind").map_or("", Node::text) {
                            "ConfigMap" => Subject::ConfigMap,
                            "Secret" => Subject::Secret,
                            _ => continue,
                        };
                        self.visit(subject, source.get("name"), |reference| {
                            reference.optional = source.get("optional");
                            let key = source.get("valuesKey");
                            reference.part = key.map_or(Part::DefaultKey("values.yaml"), Part::Key);
                        });
                    }
                }
                _ => {}
            }
        }
    }
}

/// Takes over the `namespace` of a reference, if it has one.
fn in_namespace<'a>(reference: &mut Reference<'a>, written: Node<'a>) {
    let namespace = written.get("namespace").and_then(Node::as_str);
    if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
        reference.namespace = Some(namespace);
    }
}

fn items<'a>(holder: Node<'a>, list: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    holder.get(list).into_iter().flat_map(Node::items)
}

fn at<'a>(node: Option<Node<'a>>, path: &[&str]) -> Option<Node<'a>> {
    path.iter().try_fold(node?, |node, key| node.get(key))
}
