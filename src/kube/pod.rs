//! Pods and pod templates, wherever Kubernetes' kinds hold one.

use std::collections::BTreeMap;

use spanned_yaml::{Kind, Node};

use super::Object;

/// A pod, or the template that a controller makes pods from.
#[derive(Clone, Debug)]
pub struct Pod<'a> {
    /// The object that holds it.
    pub object: &'a Object<'a>,
    /// The pod's own metadata (the template's, for a controller).
    pub metadata: Option<Node<'a>>,
    /// The pod's spec.
    pub spec: Node<'a>,
    /// In the API server's order: init, regular, ephemeral.
    pub containers: Vec<Container<'a>>,
    /// Fields that the API server would refuse to decode.
    pub malformed: Vec<Malformed<'a>>,
}

/// One container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// Which list it stands in.
    pub role: ContainerRole,
    /// Its mapping.
    pub node: Node<'a>,
    /// Its name; empty if it has none.
    pub name: &'a str,
}

/// The three lists of containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRole {
    /// `initContainers`.
    Init,
    /// `containers`.
    Regular,
    /// `ephemeralContainers`.
    Ephemeral,
}

/// A field of the wrong type.
#[derive(Clone, Debug)]
pub struct Malformed<'a> {
    /// Where.
    pub node: Node<'a>,
    /// What is wrong.
    pub message: String,
}

/// Kinds (`Kind` or `group/Kind`) that hold a pod template, to the path of the
/// mapping that has `metadata` and `spec`, as `spec.template`.
pub type PodTemplates = BTreeMap<String, String>;

/// Where each built-in kind keeps its pod: kind, API group, path of the object
/// that has `metadata` and `spec`. From k8s.io/pod-security-admission
/// admission/pod_spec_extractor.go.
const POD_PATHS: &[(&str, &str, &[&str])] = &[
    ("Pod", "", &[]),
    ("PodTemplate", "", &["template"]),
    ("ReplicationController", "", &["spec", "template"]),
    ("ReplicaSet", "apps", &["spec", "template"]),
    ("Deployment", "apps", &["spec", "template"]),
    ("DaemonSet", "apps", &["spec", "template"]),
    ("StatefulSet", "apps", &["spec", "template"]),
    ("Job", "batch", &["spec", "template"]),
    ("CronJob", "batch", &["spec", "jobTemplate", "spec", "template"]),
];

impl<'a> Pod<'a> {
    /// Where objects of this kind hold their pod. `extensions` counts as
    /// `apps`, as old manifests have it; `templates` maps further kinds.
    fn path_of<'p>(object: &Object<'_>, templates: &'p PodTemplates) -> Option<Vec<&'p str>> {
        let group = match object.group() {
            "extensions" => "apps",
            group => group,
        };
        let built_in = POD_PATHS.iter().find(|(kind, of, _)| *kind == object.kind && *of == group);
        if let Some((_, _, path)) = built_in {
            return Some(path.to_vec());
        }
        if templates.is_empty() {
            return None;
        }
        let full = format!("{group}/{}", object.kind);
        let path = templates.get(&full).or_else(|| templates.get(object.kind))?;
        Some(path.split('.').filter(|key| !key.is_empty()).collect())
    }

    /// The pod of an object: `None` for kinds that have none, and an error
    /// with the nearest existing place where a workload lacks its pod spec.
    /// `templates` maps kinds beyond the built-in ones, as `podTemplates` of
    /// portcullis.yaml does.
    pub fn read(
        object: &'a Object<'a>,
        templates: &PodTemplates,
    ) -> Option<Result<Self, Malformed<'a>>> {
        let path = Self::path_of(object, templates)?;
        let mut holder = object.root;
        for key in &path {
            match Self::mapping(object, holder, key) {
                Ok(next) => holder = next,
                Err(malformed) => return Some(Err(malformed)),
            }
        }
        let spec = Self::mapping(object, holder, "spec");
        Some(spec.map(|spec| Self::new(object, holder.get("metadata"), spec)))
    }

    fn mapping(
        object: &Object<'_>,
        holder: Node<'a>,
        key: &str,
    ) -> Result<Node<'a>, Malformed<'a>> {
        match holder.get(key).filter(|node| !node.is_null()) {
            None => Err(Malformed {
                node: holder,
                message: format!("{} has no {key} here, so no pod to check", object.kind),
            }),
            Some(node) if node.kind() == Kind::Mapping => Ok(node),
            Some(node) => Err(Malformed { node, message: format!("{key} is not a mapping") }),
        }
    }

    fn new(object: &'a Object<'a>, metadata: Option<Node<'a>>, spec: Node<'a>) -> Self {
        let mut pod =
            Self { object, metadata, spec, containers: Vec::new(), malformed: Vec::new() };
        pod.read_containers("initContainers", ContainerRole::Init);
        pod.read_containers("containers", ContainerRole::Regular);
        pod.read_containers("ephemeralContainers", ContainerRole::Ephemeral);
        pod
    }

    fn read_containers(&mut self, field: &str, role: ContainerRole) {
        let Some(list) = self.spec.get(field).filter(|node| !node.is_null()) else {
            if role == ContainerRole::Regular {
                self.malformed.push(Malformed {
                    node: self.spec,
                    message: "the pod has no containers".into(),
                });
            }
            return;
        };
        if list.kind() != Kind::Sequence {
            self.malformed
                .push(Malformed { node: list, message: format!("{field} is not a list") });
            return;
        }
        for node in list.items() {
            if node.kind() == Kind::Mapping {
                let name = node.get("name").and_then(|name| name.as_str()).unwrap_or_default();
                self.containers.push(Container { role, node, name });
            } else {
                self.malformed.push(Malformed {
                    node,
                    message: format!("an item of {field} is not a mapping"),
                });
            }
        }
    }

    /// Whether it runs in its node's network, out of NetworkPolicy's reach.
    pub fn is_host_network(&self) -> bool {
        self.spec.get("hostNetwork").and_then(|node| node.as_bool()) == Some(true)
    }

    /// The namespace in which its pods run.
    pub fn namespace(&self) -> &'a str {
        self.object.effective_namespace()
    }
}

impl<'a> Container<'a> {
    /// `securityContext`.
    pub fn security_context(&self) -> Option<Node<'a>> {
        self.node.get("securityContext")
    }

    /// Whether it is an init container that keeps running (`restartPolicy: Always`).
    pub fn is_sidecar(&self) -> bool {
        self.role == ContainerRole::Init
            && self.node.get("restartPolicy").and_then(|node| node.as_str()) == Some("Always")
    }

    /// How messages name it: `container "x"`, `init container "x"`, `ephemeral container "x"`.
    pub fn title(&self) -> String {
        let role = match self.role {
            ContainerRole::Init => "init container",
            ContainerRole::Regular => "container",
            ContainerRole::Ephemeral => "ephemeral container",
        };
        format!("{role} \"{}\"", self.name)
    }
}
