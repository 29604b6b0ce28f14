//! The custom resources that portcullis carries schemas of. A file a project, made by
//! `cargo xtask custom-schemas`; a file is indexed when an object is of one of its groups, and a
//! schema read when an object is of its kind, as far as objects have its fields.

use std::{ops::Range, sync::OnceLock};

use memchr::memmem;
use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node};

use super::{
    custom_read, json_schema,
    model::Schema,
    packed_text::{self, PackedSchema},
};

/// What several projects have in common.
const SHARED: &str = include_str!("../../schemas/custom/shared.txt");

const FILES: &[&str] = &[
    include_str!("../../schemas/custom/argo-rollouts.txt"),
    include_str!("../../schemas/custom/azure-service-operator.txt"),
    include_str!("../../schemas/custom/cert-manager.txt"),
    include_str!("../../schemas/custom/cilium.txt"),
    include_str!("../../schemas/custom/envoy-gateway.txt"),
    include_str!("../../schemas/custom/external-secrets.txt"),
    include_str!("../../schemas/custom/flux.txt"),
    include_str!("../../schemas/custom/flux-operator.txt"),
    include_str!("../../schemas/custom/gatekeeper.txt"),
    include_str!("../../schemas/custom/gateway-api.txt"),
    include_str!("../../schemas/custom/keda.txt"),
    include_str!("../../schemas/custom/kyverno.txt"),
    include_str!("../../schemas/custom/prometheus-operator.txt"),
    include_str!("../../schemas/custom/secrets-store-csi-driver.txt"),
    include_str!("../../schemas/custom/vertical-pod-autoscaler.txt"),
];

/// Definitions in definitions: deeper ones don't occur.
const MAX_DEPTH: usize = 200;

/// A project whose kinds are known.
#[derive(Debug)]
pub(super) struct Project {
    /// Its name and release: `cert-manager v1.21.2`.
    pub(super) title: &'static str,
    groups: Vec<&'static str>,
    text: &'static str,
    index: OnceLock<Index>,
}

/// A kind in one version.
#[derive(Debug)]
pub(super) struct PackedKind {
    pub(super) group: &'static str,
    pub(super) version: &'static str,
    pub(super) kind: &'static str,
    /// The version is deprecated; what its CRD warns of, if it says.
    pub(super) deprecated: Option<&'static str>,
    text: &'static str,
    read: OnceLock<Option<Schema>>,
}

#[derive(Debug, Default)]
struct Index {
    /// In the order of the file: by group, kind and version.
    kinds: Vec<PackedKind>,
    /// Where a kind's versions are among them: by group and kind.
    versions: FxHashMap<(&'static str, &'static str), Range<usize>>,
    definitions: Definitions,
}

type Definitions = FxHashMap<&'static str, PackedSchema>;

/// A version of a kind whose schema portcullis carries.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    project: &'static Project,
    kind: &'static PackedKind,
}

impl Packed {
    /// All of them: by project, then by group, kind and version.
    pub fn all() -> impl Iterator<Item = Self> {
        projects()
            .iter()
            .flat_map(|project| project.kinds().iter().map(move |kind| Self { project, kind }))
    }

    /// The project and its release: `cert-manager v1.21.2`.
    pub fn project(&self) -> &'static str {
        self.project.title
    }

    /// The API group.
    pub fn group(&self) -> &'static str {
        self.kind.group
    }

    /// The version in the group.
    pub fn version(&self) -> &'static str {
        self.kind.version
    }

    /// The kind.
    pub fn kind(&self) -> &'static str {
        self.kind.kind
    }

    /// Its `openAPIV3Schema`, without `apiVersion`, `kind` and `metadata`, and without what
    /// validation doesn't look at.
    pub fn document(&self) -> serde_json::Value {
        self.project.expanded(self.kind.text, 0)
    }
}

/// All projects, by name.
pub(super) fn projects() -> &'static [Project] {
    static PROJECTS: OnceLock<Vec<Project>> = OnceLock::new();
    PROJECTS.get_or_init(|| FILES.iter().map(|text| Project::of(text)).collect())
}

/// The project that has a group.
pub(super) fn project_of(group: &str) -> Option<&'static Project> {
    static GROUPS: OnceLock<FxHashMap<&'static str, &'static Project>> = OnceLock::new();
    let groups = GROUPS.get_or_init(|| {
        let of = |project: &'static Project| project.groups.iter().map(move |it| (*it, project));
        projects().iter().flat_map(of).collect()
    });
    groups.get(group).copied()
}

/// What several have in common, as if it were a project.
fn shared() -> &'static Project {
    static PROJECT: OnceLock<Project> = OnceLock::new();
    PROJECT.get_or_init(|| Project::of(SHARED))
}

impl Project {
    fn of(text: &'static str) -> Self {
        let line = |start: &str| text.lines().take(10).find_map(|line| line.strip_prefix(start));
        Self {
            title: line("project ").unwrap_or_default(),
            groups: line("groups ").unwrap_or_default().split(' ').collect(),
            text,
            index: OnceLock::new(),
        }
    }

    fn index(&'static self) -> &'static Index {
        self.index.get_or_init(|| Index::of(self))
    }

    /// All kinds, by group, kind and version.
    pub(super) fn kinds(&'static self) -> &'static [PackedKind] {
        &self.index().kinds
    }

    /// The versions of a kind.
    pub(super) fn versions(&'static self, group: &str, kind: &str) -> &'static [PackedKind] {
        let index = self.index();
        let versions = index.versions.get(&(group, kind)).cloned();
        versions.and_then(|versions| index.kinds.get(versions)).unwrap_or_default()
    }

    /// What stands under a name, here or with what several projects have in common.
    pub(super) fn definition(&'static self, name: &str) -> Option<&'static PackedSchema> {
        let of = |project: &'static Self| project.index().definitions.get(name);
        of(self).or_else(|| of(shared()))
    }

    /// The schema of one of its kinds. What can't be read, `every_schema_is_read` finds.
    pub(super) fn schema(&'static self, kind: &'static PackedKind) -> Option<&'static Schema> {
        let read = || {
            let mut schema = packed_text::read(kind.text, self)?;
            custom_read::add_object_fields(&mut schema);
            Some(schema)
        };
        kind.read.get_or_init(read).as_ref()
    }

    fn expanded(&'static self, text: &str, depth: usize) -> serde_json::Value {
        let tree = spanned_yaml::parse(text.to_owned());
        tree.root(0).map_or(serde_json::Value::Null, |root| self.value(root, depth))
    }

    fn value(&'static self, node: Node<'_>, depth: usize) -> serde_json::Value {
        let place = |key: &str| matches!(key, "items" | "additionalProperties");
        let child = |node: Node<'_>| {
            let name = node.text().strip_prefix('$').filter(|_| node.kind() == Kind::Scalar);
            match name.and_then(|name| self.definition(name)) {
                Some(definition) if depth < MAX_DEPTH => self.expanded(definition.text, depth + 1),
                _ => self.value(node, depth + 1),
            }
        };
        if node.kind() != Kind::Mapping {
            return json_schema::json(node, 0).unwrap_or_default();
        }
        let mut fields = serde_json::Map::new();
        for entry in node.entries() {
            let value = match entry.key.text() {
                "properties" => {
                    let fields = entry.value.entries();
                    let of = |field: spanned_yaml::Entry<'_>| {
                        (field.key.text().to_owned(), child(field.value))
                    };
                    serde_json::Value::Object(fields.map(of).collect())
                }
                key if place(key) => child(entry.value),
                _ => json_schema::json(entry.value, 0).unwrap_or_default(),
            };
            fields.insert(entry.key.text().to_owned(), value);
        }
        serde_json::Value::Object(fields)
    }
}

impl Index {
    fn of(project: &'static Project) -> Self {
        let text = project.text;
        let mut index = Self::default();
        let bytes = text.as_bytes();
        let mut starts: Vec<usize> =
            memmem::find_iter(bytes, "\n= ").chain(memmem::find_iter(bytes, "\n& ")).collect();
        starts.sort_unstable();
        for (number, start) in starts.iter().enumerate() {
            let end = starts.get(number + 1).map_or(text.len(), |next| next + 1);
            let block = text.get(start + 1..end).unwrap_or_default();
            let (head, text) = block.split_once('\n').unwrap_or((block, ""));
            if let Some(name) = head.strip_prefix("& ") {
                index.definitions.insert(name, PackedSchema::new(text, project));
                continue;
            }
            let mut words = head.get(2..).unwrap_or_default().splitn(4, ' ');
            let api_version = words.next().unwrap_or_default();
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            let kind = words.next().unwrap_or_default();
            let deprecated = words.next().map(|_| words.next().unwrap_or_default());
            let read = OnceLock::new();
            let place = index.kinds.len();
            index.versions.entry((group, kind)).or_insert(place..place).end = place + 1;
            index.kinds.push(PackedKind { group, version, kind, deprecated, text, read });
        }
        index
    }
}

#[cfg(test)]
mod tests {
    use super::{Index, project_of, projects, shared};

    #[test]
    fn every_schema_is_read() {
        let mut count = 0;
        for project in projects() {
            assert!(!project.kinds().is_empty(), "{}", project.title);
            assert!(
                project.kinds().is_sorted_by_key(|kind| (kind.group, kind.kind, kind.version)),
                "{}",
                project.title
            );
            for kind in project.kinds() {
                let what = format!("{}/{} {}", kind.group, kind.version, kind.kind);
                assert!(project.groups.contains(&kind.group), "{what}");
                assert!(project.schema(kind).is_some(), "{what}");
                count += 1;
            }
            let mut broken: Vec<&str> = project
                .index()
                .definitions
                .iter()
                .filter(|(_, definition)| definition.schema().is_none())
                .map(|(name, _)| *name)
                .collect();
            broken.sort_unstable();
            assert!(broken.is_empty(), "{}: {broken:?}", project.title);
        }
        assert!(count > 300, "{count}");
    }

    #[test]
    fn kinds_are_found_in_their_versions() {
        let project = project_of("cert-manager.io").unwrap();
        assert!(project.title.starts_with("cert-manager v"));
        let versions = project.versions("cert-manager.io", "Certificate");
        assert_eq!(versions.iter().map(|kind| kind.version).collect::<Vec<_>>(), ["v1"]);
        assert!(project.versions("cert-manager.io", "Nothing").is_empty());
        assert!(project_of("example.com").is_none());
    }

    /// Every run with custom resources pays for the projects that they are of.
    #[test]
    fn indexes_are_quick() {
        let largest = projects().iter().chain([shared()]);
        let largest = largest.max_by_key(|project| project.text.len()).unwrap();
        let quickest = (0..20)
            .map(|_| {
                let start = std::time::Instant::now();
                std::hint::black_box(Index::of(largest));
                start.elapsed()
            })
            .min();
        // Without optimization.
        assert!(quickest.unwrap().as_millis() < 40, "{quickest:?}");
    }
}
