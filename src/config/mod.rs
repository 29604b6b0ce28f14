//! portcullis.yaml: what it may hold, and its defaults. spec: docs/configuration.md.

mod load;
mod patterns;
mod problems;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use load::{ConfigError, load};
pub use patterns::{ObjectPattern, PathPattern};

use crate::{
    finding::{GapKind, Level},
    kube::{ImageField, ImagePattern},
    schema::Versions,
};

/// The configuration of a repository. Every key is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Config {
    /// Kubernetes versions that the manifests are meant for.
    pub kubernetes: KubernetesVersions,
    /// Clusters; discovered when absent.
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Pod Security level, version and exemptions.
    pub pod_security: PodSecurity,
    /// Where images may come from.
    pub images: Images,
    /// What pods may reach.
    pub egress: Egress,
    /// Which requests and limits are asked for.
    pub resources: Resources,
    /// Values of variables that live outside the repository.
    pub variables: BTreeMap<String, serde_yaml::Value>,
    /// Levels of rules.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Levels for some paths and objects; the first match from the bottom wins.
    pub overrides: Vec<Override>,
    /// Suppressions.
    pub ignore: Vec<Ignore>,
    /// Globs of files and folders that hold CRDs and JSON Schemas.
    pub schemas: Vec<PathPattern>,
    /// Pod templates in custom resources: `Kind` or `group/Kind` to the path of
    /// the object that has `metadata` and `spec`, as `spec.template`.
    pub pod_templates: BTreeMap<String, String>,
}

/// One version or several, as `"1.34"`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(untagged)]
pub enum KubernetesVersions {
    /// The newest that portcullis knows.
    #[default]
    Newest,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl KubernetesVersions {
    /// The versions, of which those without schemas are left out: loading has refused them.
    pub fn versions(&self) -> Versions {
        match self {
            Self::Newest => Versions::newest(),
            Self::One(one) => Versions::parse(one).unwrap_or_else(Versions::newest),
            Self::Many(many) => many
                .iter()
                .filter_map(|one| Versions::parse(one))
                .fold(Versions::NONE, Versions::or),
        }
    }
}

impl Config {
    /// Whether `schemas` names a file, or a folder that it is in.
    pub fn is_schema(&self, path: &str) -> bool {
        self.schemas.iter().any(|pattern| pattern.matches_below(path))
    }

    /// Sets one version for all clusters.
    pub fn set_kubernetes(&mut self, version: &str) {
        self.kubernetes = KubernetesVersions::One(version.to_owned());
        for cluster in self.clusters.values_mut() {
            cluster.kubernetes = None;
        }
    }

    /// The versions of Kubernetes that a cluster's manifests are for.
    pub fn versions_of(&self, cluster: Option<&str>) -> Versions {
        let own = cluster.and_then(|name| self.clusters.get(name)?.kubernetes.as_deref());
        own.and_then(Versions::parse).unwrap_or_else(|| self.kubernetes.versions())
    }
}

/// A cluster as portcullis.yaml names it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterConfig {
    /// Folder that Flux is pointed at.
    pub path: String,
    /// The cluster's own version.
    pub kubernetes: Option<String>,
    /// Which sources are this repository.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// `podSecurity`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PodSecurity {
    /// The level that pods must meet.
    pub level: PodSecurityLevel,
    /// `latest` or `v1.N`.
    pub version: PodSecurityVersion,
    /// What is exempt.
    pub exempt: PodSecurityExemptions,
}

/// The levels of the Pod Security Standards, in order of strictness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurityLevel {
    /// Anything goes.
    Privileged,
    /// Prevents known privilege escalations.
    Baseline,
    /// Hardened.
    #[default]
    Restricted,
}

/// A version of the Pod Security Standards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub enum PodSecurityVersion {
    /// `v1.N`.
    Minor(u16),
    /// The newest revision of every check.
    #[default]
    Latest,
}

impl TryFrom<String> for PodSecurityVersion {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "latest" {
            return Ok(Self::Latest);
        }
        let minor = text.strip_prefix("v1.").filter(|minor| {
            minor.bytes().all(|b| b.is_ascii_digit()) && (*minor == "0" || !minor.starts_with('0'))
        });
        minor
            .and_then(|minor| minor.parse().ok())
            .map(Self::Minor)
            .ok_or_else(|| format!("\"{text}\" is not a version: write latest or v1.N"))
    }
}

/// `podSecurity.exempt`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PodSecurityExemptions {
    /// Namespaces whose pods are not checked.
    pub namespaces: Vec<String>,
    /// Runtime classes whose pods are not checked.
    pub runtime_class_names: Vec<String>,
}

/// `images`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Images {
    /// Hosts and repository prefixes, as `*.azurecr.io` or `contoso.azurecr.io/team/*`.
    pub allow: Vec<ImagePattern>,
    /// Image fields of custom resources: `Kind` or `group/Kind` to field paths
    /// (`spec.image`, `spec.sidecars[*].image`).
    pub fields: BTreeMap<String, Vec<ImageField>>,
}

impl Default for Images {
    fn default() -> Self {
        Self { allow: vec![ImagePattern::any_host_of("azurecr.io")], fields: BTreeMap::new() }
    }
}

/// `egress`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
pub struct Egress {
    /// What an allow rule may open, beyond DNS and the pod's own namespace.
    pub allow: Vec<EgressAllowance>,
    /// What is exempt.
    pub exempt: EgressExemptions,
}

/// One entry of `egress.allow`: either `cidr`, or `namespace` and `pods`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EgressAllowance {
    /// Addresses, as `10.0.0.0/8`.
    pub cidr: Option<String>,
    /// A namespace's name.
    pub namespace: Option<String>,
    /// Labels that the destination pods carry; all pods when empty.
    pub pods: BTreeMap<String, String>,
    /// `443`, `"53/UDP"`, `"8000-8100/TCP"`; all ports when empty. TCP unless said.
    pub ports: Vec<PortSetting>,
    /// Object patterns of the workloads that may; all when empty.
    pub workloads: Vec<ObjectPattern>,
}

/// A port as portcullis.yaml writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum PortSetting {
    /// A TCP port.
    Number(u16),
    /// `"53/UDP"`, `"8000-8100/TCP"`.
    Text(String),
}

/// `egress.exempt`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct EgressExemptions {
    /// Namespaces whose pods may reach anything.
    pub namespaces: Vec<String>,
}

impl Default for EgressExemptions {
    fn default() -> Self {
        Self { namespaces: vec!["kube-system".to_owned(), "flux-system".to_owned()] }
    }
}

/// `resources`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Resources {
    /// What every container must have.
    pub require: Vec<ResourceRequirement>,
}

impl Default for Resources {
    fn default() -> Self {
        use ResourceRequirement::{CpuLimit, CpuRequest, MemoryLimit, MemoryRequest};
        Self { require: vec![CpuRequest, MemoryRequest, CpuLimit, MemoryLimit] }
    }
}

/// An entry of `resources.require`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceRequirement {
    /// `requests.cpu`.
    CpuRequest,
    /// `requests.memory`.
    MemoryRequest,
    /// `limits.cpu`.
    CpuLimit,
    /// `limits.memory`.
    MemoryLimit,
}

/// The setting of one rule.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum RuleSetting {
    /// Just a level.
    Level(Level),
    /// A level among options.
    Options {
        /// The level.
        level: Option<Level>,
    },
}

impl RuleSetting {
    /// The level it sets.
    pub fn level(&self) -> Option<Level> {
        match self {
            Self::Level(level) => Some(*level),
            Self::Options { level } => *level,
        }
    }
}

/// One entry of `overrides`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Override {
    /// Globs of files; any file when empty.
    #[serde(default)]
    pub paths: Vec<PathPattern>,
    /// Object patterns; any object when empty.
    #[serde(default)]
    pub objects: Vec<ObjectPattern>,
    /// Levels of rules.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Why.
    pub reason: Option<String>,
}

/// One entry of `ignore`: findings of a rule, or coverage gaps of a kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ignore {
    /// The rule's id, or `group/*`.
    pub rule: Option<String>,
    /// The kind of gap; set where `rule` isn't.
    pub gap: Option<GapKind>,
    /// Globs of files; any file when empty.
    #[serde(default)]
    pub paths: Vec<PathPattern>,
    /// Object patterns; any object when empty. Gaps have none.
    #[serde(default)]
    pub objects: Vec<ObjectPattern>,
    /// Why.
    pub reason: Option<String>,
    /// Last day on which it holds, `YYYY-MM-DD`.
    pub until: Option<String>,
}

impl Ignore {
    /// Whether its paths name a file.
    pub(crate) fn is_for(&self, file: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|glob| glob.matches(file))
    }
}
