//! One Kubernetes object as a view over its tree.

use spanned_yaml::Node;

use crate::{finding::ObjectRef, repo::File};

/// A Kubernetes object: a mapping with `apiVersion` and `kind`, at the root of
/// a document or among the items of a List.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    /// The file it is written in.
    pub file: &'a File,
    /// Its mapping.
    pub root: Node<'a>,
    /// `apiVersion`.
    pub api_version: &'a str,
    /// `kind`.
    pub kind: &'a str,
    /// `metadata.name`, if it is there as a string.
    pub name: Option<&'a str>,
    /// `metadata.namespace`, if it is there as a string and not empty.
    pub namespace: Option<&'a str>,
    group: &'a str,
    metadata: Option<Node<'a>>,
    spec: Option<Node<'a>>,
}

impl<'a> Object<'a> {
    /// Reads `root` as an object; none unless `apiVersion` and `kind` are
    /// strings that aren't empty.
    pub fn read(file: &'a File, root: Node<'a>) -> Option<Self> {
        let text = |node: Option<Node<'a>>| node?.as_str().filter(|text| !text.is_empty());
        let (mut api_version, mut kind, mut metadata, mut spec) = (None, None, None, None);
        // Of keys that are written twice the last counts.
        for entry in root.entries() {
            let field = match entry.key.text() {
                "apiVersion" => &mut api_version,
                "kind" => &mut kind,
                "metadata" => &mut metadata,
                "spec" => &mut spec,
                _ => continue,
            };
            *field = Some(entry.value);
        }
        let api_version = text(api_version)?;
        Some(Self {
            file,
            root,
            api_version,
            kind: text(kind)?,
            name: text(metadata.and_then(|m| m.get("name"))),
            namespace: text(metadata.and_then(|m| m.get("namespace"))),
            group: api_version.split_once('/').map_or("", |(group, _)| group),
            metadata,
            spec,
        })
    }

    /// The API group: what stands before the `/` of `apiVersion`; empty for the core group.
    pub fn group(&self) -> &'a str {
        self.group
    }

    /// `metadata`.
    pub fn metadata(&self) -> Option<Node<'a>> {
        self.metadata
    }

    /// `spec`.
    pub fn spec(&self) -> Option<Node<'a>> {
        self.spec
    }

    /// The namespace in which the API server would put it: as written, else
    /// `default`, which is what kubectl uses.
    pub fn effective_namespace(&self) -> &'a str {
        self.namespace.unwrap_or("default")
    }

    /// How reports name it.
    pub fn reference(&self) -> ObjectRef {
        let generate_name = || {
            let prefix = self.metadata()?.get("generateName")?.as_str()?;
            Some(format!("{prefix}*"))
        };
        ObjectRef {
            api_version: self.api_version.to_owned(),
            kind: self.kind.to_owned(),
            namespace: self.namespace.map(str::to_owned),
            name: self.name.map(str::to_owned).or_else(generate_name).unwrap_or_default(),
        }
    }
}
