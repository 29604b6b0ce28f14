//! Schemas that the user gives: the CRDs and JSON Schemas of the files that `schemas` of
//! portcullis.yaml names.
//!
//! Which kind a JSON Schema is for says its `x-kubernetes-group-version-kind`, or the only values that
//! it allows for `apiVersion` and `kind`, or the name of its file, in the layouts that kubeconform and
//! its catalogues have: `kind-group-version.json`, with the whole group or its first part,
//! `kind-version.json` for the core group, and `group/kind_version.json`.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use spanned_yaml::{Kind, Node, Span};

use super::{
    custom::{Broken, BrokenSchema, CustomKinds, is_crd_root},
    json_schema::{self, JsonSchema},
};
use crate::{kube::Object, repo::File};

/// Files of definitions that standard sets of schemas bring along: for no kind.
const SIDE_FILES: [&str; 4] =
    ["_definitions.json", "definitions.json", "all.json", "_schema_mapping.json"];

/// The schemas of some files.
#[derive(Debug, Default)]
pub struct GivenSchemas<'a> {
    pub(super) crds: CustomKinds<'a>,
    json: Vec<JsonKind<'a>>,
    /// By kind in small letters.
    by_kind: FxHashMap<String, Vec<usize>>,
    /// Files, or parts of them, that are no schemas, and why.
    pub problems: Vec<GivenProblem<'a>>,
}

/// What is wrong with a file of schemas.
#[derive(Clone, Debug)]
pub struct GivenProblem<'a> {
    /// The file.
    pub file: &'a File,
    /// Where in it.
    pub span: Span,
    /// Why.
    pub message: String,
}

#[derive(Debug)]
struct JsonKind<'a> {
    file: &'a File,
    root: Node<'a>,
    identity: Identity<'a>,
    read: OnceLock<Result<JsonSchema, Broken>>,
}

/// Which kind a schema is for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity<'a> {
    /// As the schema says.
    Exact { group: &'a str, version: &'a str, kind: &'a str },
    /// As the name of its file says: in small letters, and of the group perhaps the first part.
    Named { group: String, version: String, kind: String },
}

impl Identity<'_> {
    fn kind(&self) -> String {
        match self {
            Self::Exact { kind, .. } => kind.to_ascii_lowercase(),
            Self::Named { kind, .. } => kind.clone(),
        }
    }

    fn is_of(&self, object: &Object<'_>) -> bool {
        let of = object.group();
        let written = object.api_version.rsplit('/').next().unwrap_or_default();
        match self {
            Self::Exact { group, version, kind } => {
                of == *group && written == *version && object.kind == *kind
            }
            Self::Named { group, version, kind } => {
                let is_group = of.eq_ignore_ascii_case(group)
                    || of.split('.').next().is_some_and(|first| first == group);
                is_group
                    && written.eq_ignore_ascii_case(version)
                    && object.kind.eq_ignore_ascii_case(kind)
            }
        }
    }
}

impl<'a> GivenSchemas<'a> {
    /// The schemas of these files.
    pub fn of(files: &[&'a File]) -> Self {
        let mut given = Self { crds: CustomKinds::in_files(files), ..Self::default() };
        for file in files {
            for document in file.tree.documents().iter().filter(|document| !document.broken) {
                if let Some(root) = document.root.map(|root| file.tree.node(root)) {
                    given.take(file, root);
                }
            }
        }
        for (first, later) in &given.crds.rivals {
            let at = first.file.location(first.root.span());
            given.problems.push(GivenProblem {
                file: later.file,
                span: start(later.root),
                message: format!(
                    "{} defines a kind that {}:{} defines already: objects are held against that one",
                    later.name.unwrap_or_default(),
                    at.file,
                    at.start.line
                ),
            });
        }
        given
    }

    fn take(&mut self, file: &'a File, root: Node<'a>) {
        if is_crd_root(root) {
            return;
        }
        let mut problem = |message: &str| {
            let message = message.to_owned();
            self.problems.push(GivenProblem { file, span: start(root), message });
        };
        if !is_json_schema(root) {
            problem("`schemas` names it, and it is neither a CRD nor a JSON Schema");
            return;
        }
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let identities = identities(root, &file.path);
        if identities.is_empty() && !SIDE_FILES.contains(&name) {
            problem(
                "which kind this JSON Schema is for isn't known: call it kind-group-version.json or \
                 group/kind_version.json",
            );
        }
        for identity in identities {
            let same = self.json.iter().find(|known| known.identity == identity);
            if let Some(first) = same {
                let message = format!("{} is for the same kind, and counts", first.file.path);
                self.problems.push(GivenProblem { file, span: start(root), message });
                continue;
            }
            let of_kind = self.by_kind.entry(identity.kind()).or_default();
            of_kind.push(self.json.len());
            self.json.push(JsonKind { file, root, identity, read: OnceLock::new() });
        }
    }

    /// The JSON Schema of an object's kind.
    pub(super) fn json_schema(
        &self,
        object: &Object<'_>,
    ) -> Option<Result<&JsonSchema, BrokenSchema<'a>>> {
        if self.json.is_empty() {
            return None;
        }
        let of_kind = self.by_kind.get(&object.kind.to_ascii_lowercase())?;
        let mut all = of_kind.iter().filter_map(|index| self.json.get(*index));
        let kind = all.find(|kind| kind.identity.is_of(object))?;
        let read = kind.read.get_or_init(|| json_schema::read(kind.root));
        Some(read.as_ref().map_err(|broken| BrokenSchema {
            file: kind.file,
            node: kind.file.tree.node(broken.node),
            message: broken.message.clone(),
        }))
    }

    /// The kinds that JSON Schemas are for: group, version, kind, file.
    pub fn json_kinds(&self) -> impl Iterator<Item = (&str, &str, &str, &'a File)> {
        self.json.iter().map(|one| match &one.identity {
            Identity::Exact { group, version, kind } => (*group, *version, *kind, one.file),
            Identity::Named { group, version, kind } => (&**group, &**version, &**kind, one.file),
        })
    }

    /// The kinds that its CRDs define.
    pub fn into_crds(self) -> CustomKinds<'a> {
        self.crds
    }

    /// The kinds that CRDs define: group, version, kind, file.
    pub fn crd_kinds(&self) -> Vec<(&'a str, &'a str, &'a str, &'a File)> {
        self.crds.kinds()
    }
}

fn start(node: Node<'_>) -> Span {
    Span { start: node.span().start, end: node.span().start }
}

/// Whether a document looks like a JSON Schema.
pub fn is_json_schema(root: Node<'_>) -> bool {
    const WORDS: [&str; 8] =
        ["$schema", "$ref", "properties", "definitions", "$defs", "allOf", "anyOf", "oneOf"];
    let is_object = || root.get("apiVersion").is_some_and(|node| node.kind() == Kind::Scalar);
    root.kind() == Kind::Mapping
        && WORDS.iter().any(|word| root.get(word).is_some())
        && !is_object()
}

/// A CRD or a schema as JSON; none if it is nested too deeply.
pub fn schema_as_json(root: Node<'_>) -> Option<serde_json::Value> {
    json_schema::json(root, 0)
}

/// The kind that a JSON Schema is for, as `group`, `version`, `kind`, if it says so or its path does.
pub fn kind_of_json_schema(root: Node<'_>, path: &str) -> Option<(String, String, String)> {
    Some(match identities(root, path).into_iter().next()? {
        Identity::Exact { group, version, kind } => {
            (group.to_owned(), version.to_owned(), kind.to_owned())
        }
        Identity::Named { group, version, kind } => (group, version, kind),
    })
}

fn identities<'a>(root: Node<'a>, path: &str) -> Vec<Identity<'a>> {
    let text = |node: Option<Node<'a>>| node.and_then(Node::as_str);
    if let Some(kinds) = root.get("x-kubernetes-group-version-kind") {
        let items = kinds.items().filter_map(|item| {
            Some(Identity::Exact {
                group: text(item.get("group")).unwrap_or_default(),
                version: text(item.get("version"))?,
                kind: text(item.get("kind"))?,
            })
        });
        let identities: Vec<Identity<'a>> = items.collect();
        if !identities.is_empty() {
            return identities;
        }
    }
    let only = |name: &str| {
        let field = root.get("properties")?.get(name)?;
        let choices = field.get("enum").filter(|choices| choices.len() == 1);
        let choice = choices.and_then(|choices| choices.items().next());
        text(field.get("const").or(choice))
    };
    if let (Some(api_version), Some(kind)) = (only("apiVersion"), only("kind")) {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        return vec![Identity::Exact { group, version, kind }];
    }
    named(path).into_iter().collect()
}

/// What the name of a file says.
fn named(path: &str) -> Option<Identity<'static>> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, _) = name.rsplit_once('.')?;
    let stem = stem.to_ascii_lowercase();
    let is_version = |text: &str| {
        let rest = text.strip_prefix('v').unwrap_or_default();
        rest.starts_with(|first: char| first.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let made = |group: &str, version: &str, kind: &str| {
        let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
        (is_kind && is_version(version)).then(|| Identity::Named {
            group: group.to_ascii_lowercase(),
            version: version.to_owned(),
            kind: kind.to_owned(),
        })
    };
    if let Some((kind, version)) = stem.rsplit_once('_') {
        let group = folder.rsplit('/').next().unwrap_or_default();
        // Catalogues have the core group under its version.
        let group = if is_version(group) || group == "core" { "" } else { group };
        return made(group, version, kind);
    }
    let (rest, version) = stem.rsplit_once('-')?;
    let (kind, group) = rest.split_once('-').unwrap_or((rest, ""));
    made(group, version, kind)
}

#[cfg(test)]
mod tests {
    use super::{Identity, named};

    #[test]
    fn names_of_files_say_which_kind_it_is() {
        for (path, expected) in [
            ("s/certificate-cert-manager-v1.json", Some(("cert-manager", "v1", "certificate"))),
            ("certificate-cert-manager.io-v1.json", Some(("cert-manager.io", "v1", "certificate"))),
            ("cert-manager.io/Certificate_v1.json", Some(("cert-manager.io", "v1", "certificate"))),
            ("v1.34.0-standalone-strict/service-v1.json", Some(("", "v1", "service"))),
            ("v1/service_v1.json", Some(("", "v1", "service"))),
            ("keda.sh/scaledobject_v1alpha1.json", Some(("keda.sh", "v1alpha1", "scaledobject"))),
            ("certificate.json", None),
            ("certificate-cert-manager.json", None),
            ("_definitions.json", None),
        ] {
            let expected = expected.map(|(group, version, kind)| Identity::Named {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: kind.to_owned(),
            });
            assert_eq!(named(path), expected, "{path}");
        }
    }
}
