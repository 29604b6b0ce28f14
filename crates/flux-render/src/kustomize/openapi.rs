//! How strategic merge treats fields, and which kinds lie in no namespace (kyaml/openapi).

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use spanned_yaml::{Kind, Node};

use super::gvk::Gvk;
use crate::error::{Error, ErrorKind};

/// A type of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeId(u32);

#[derive(Debug, Default, Clone)]
pub(crate) struct Type {
    pub(crate) fields: Vec<(SmolStr, TypeId)>,
    pub(crate) others: Option<TypeId>,
    pub(crate) items: Option<TypeId>,
    /// `x-kubernetes-patch-strategy`.
    pub(crate) strategy: SmolStr,
    /// `x-kubernetes-list-map-keys`, else `x-kubernetes-patch-merge-key`.
    pub(crate) keys: Vec<SmolStr>,
}

/// Types by number, and those of the kinds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Schema {
    types: Vec<Type>,
    kinds: HashMap<(SmolStr, SmolStr), TypeId>,
    /// By kind, then apiVersion: whether such objects lie in a namespace.
    scopes: FxHashMap<SmolStr, Vec<(SmolStr, bool)>>,
}

static BUILT_IN: LazyLock<Arc<Schema>> =
    LazyLock::new(|| Arc::new(Schema::read(include_str!("../../tables/schema.txt"))));

impl Schema {
    /// The schema that kustomize builds in: Kubernetes v1.21.2.
    pub(crate) fn built_in() -> Arc<Self> {
        Arc::clone(&BUILT_IN)
    }

    fn read(table: &str) -> Self {
        let mut schema = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix("> ") {
                Some(kind) => schema.read_kind(kind),
                None => {
                    let parts = line.split_once('\t').map_or("", |(_, parts)| parts);
                    schema.types.push(Type::read(parts));
                }
            }
        }
        schema
    }

    /// The schema of a file that `openapi.path` names: a Swagger document.
    pub(crate) fn of_swagger(root: Node<'_>) -> Result<Self, Error> {
        let mut schema = Self { scopes: Self::built_in().scopes.clone(), ..Self::default() };
        let Some(definitions) = root.get("definitions") else { return Ok(schema) };
        let mut names: HashMap<&str, TypeId> = HashMap::new();
        for entry in definitions.entries() {
            names.insert(entry.key.text(), TypeId(schema.types.len() as u32));
            schema.types.push(Type::default());
        }
        for entry in definitions.entries() {
            let Some(id) = names.get(entry.key.text()).copied() else { continue };
            let made = schema.type_of(entry.value, &names, 0)?;
            if let Some(slot) = schema.types.get_mut(id.0 as usize) {
                *slot = made;
            }
            for kind in
                entry.value.get("x-kubernetes-group-version-kind").into_iter().flat_map(Node::items)
            {
                let text = |key: &str| kind.get(key).and_then(Node::as_str).unwrap_or_default();
                let gvk = Gvk {
                    group: text("group").into(),
                    version: text("version").into(),
                    kind: text("kind").into(),
                };
                schema.kinds.insert((gvk.api_version().into(), gvk.kind), id);
            }
        }
        Ok(schema)
    }

    fn type_of(
        &mut self,
        node: Node<'_>,
        names: &HashMap<&str, TypeId>,
        depth: usize,
    ) -> Result<Type, Error> {
        if depth > crate::MOST_LEVELS {
            return Err(Error::new(ErrorKind::Limit, "the schema is nested too deeply"));
        }
        let text = |key: &str| node.get(key).and_then(Node::as_str).unwrap_or_default();
        let mut made =
            Type { strategy: text("x-kubernetes-patch-strategy").into(), ..Type::default() };
        if !made.strategy.is_empty() {
            made.keys = match node.get("x-kubernetes-list-map-keys") {
                Some(keys) => keys.items().map(|key| key.text().into()).collect(),
                None => {
                    let key = text("x-kubernetes-patch-merge-key");
                    (!key.is_empty()).then(|| key.into()).into_iter().collect()
                }
            };
        }
        for entry in node.get("properties").into_iter().flat_map(Node::entries) {
            let id = self.reference(entry.value, names, depth)?;
            made.fields.push((entry.key.text().into(), id));
        }
        if let Some(others) =
            node.get("additionalProperties").filter(|node| node.kind() == Kind::Mapping)
        {
            made.others = Some(self.reference(others, names, depth)?);
        }
        if let Some(items) = node.get("items").filter(|_| text("type") == "array") {
            made.items = Some(self.reference(items, names, depth)?);
        }
        Ok(made)
    }

    fn reference(
        &mut self,
        node: Node<'_>,
        names: &HashMap<&str, TypeId>,
        depth: usize,
    ) -> Result<TypeId, Error> {
        let named = node
            .get("$ref")
            .and_then(Node::as_str)
            .and_then(|name| names.get(name.trim_start_matches("#/definitions/")));
        if let Some(id) = named {
            return Ok(*id);
        }
        let made = self.type_of(node, names, depth + 1)?;
        self.types.push(made);
        Ok(TypeId(self.types.len() as u32 - 1))
    }

    fn read_kind(&mut self, line: &str) {
        let mut parts = line.split('\t');
        let name = parts.next().and_then(|name| name.split_once(' '));
        let number = parts.next().and_then(|number| number.parse().ok());
        let (Some((api_version, kind)), Some(number)) = (name, number) else { return };
        let key = (SmolStr::from(api_version), SmolStr::from(kind));
        match parts.next() {
            Some("namespaced") => self.set_scope(&key, true),
            Some("cluster") => self.set_scope(&key, false),
            _ => {}
        }
        self.kinds.insert(key, TypeId(number));
    }

    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<TypeId> {
        self.kinds.get(&(api_version.into(), kind.into())).copied()
    }

    /// Whether the kind is known to lie in no namespace.
    pub(crate) fn is_cluster_scoped(&self, gvk: &Gvk) -> bool {
        let fits = |version: &str| match version.split_once('/') {
            Some((group, version)) => group == gvk.group && version == gvk.version,
            None => gvk.group.is_empty() && version == gvk.version,
        };
        let mut known = self.scopes.get(&gvk.kind).into_iter().flatten();
        known.any(|(version, namespaced)| !namespaced && fits(version))
    }

    fn set_scope(&mut self, (version, kind): &(SmolStr, SmolStr), namespaced: bool) {
        let known = self.scopes.entry(kind.clone()).or_default();
        match known.iter_mut().find(|(one, _)| one == version) {
            Some(entry) => entry.1 = namespaced,
            None => known.push((version.clone(), namespaced)),
        }
    }

    /// Whether the built-in list says where such objects lie.
    pub(crate) fn knows_scope(&self, api_version: &str, kind: &str) -> bool {
        let known = self.scopes.get(kind).into_iter().flatten();
        known.into_iter().any(|(version, _)| version == api_version)
    }

    /// These types, and those that kustomize builds in for all other kinds.
    pub(crate) fn over_built_in(&self) -> Self {
        let mut both = Self::built_in().as_ref().clone();
        let offset = both.types.len() as u32;
        let shift = |id: TypeId| TypeId(id.0 + offset);
        both.types.extend(self.types.iter().map(|one| Type {
            fields: one.fields.iter().map(|(name, id)| (name.clone(), shift(*id))).collect(),
            others: one.others.map(shift),
            items: one.items.map(shift),
            ..one.clone()
        }));
        both.kinds.extend(self.kinds.iter().map(|(key, id)| (key.clone(), shift(*id))));
        both
    }

    pub(crate) fn get(&self, id: TypeId) -> Option<&Type> {
        self.types.get(id.0 as usize)
    }

    pub(crate) fn field(&self, id: TypeId, name: &str) -> Option<TypeId> {
        let found = self.get(id)?;
        let field = found.fields.iter().find(|(field, _)| field == name).map(|(_, id)| *id);
        field.or(found.others)
    }

    pub(crate) fn items(&self, id: TypeId) -> Option<TypeId> {
        self.get(id)?.items
    }
}

impl Type {
    fn read(parts: &str) -> Self {
        let mut read = Self::default();
        for part in parts.split(' ').filter(|part| !part.is_empty()) {
            if let Some(strategy) = part.strip_prefix('!') {
                read.strategy = strategy.into();
            } else if let Some(keys) = part.strip_prefix('@') {
                read.keys = keys.split(',').map(SmolStr::from).collect();
            } else if let Some((name, Ok(number))) =
                part.rsplit_once('=').map(|(name, number)| (name, number.parse()))
            {
                match name {
                    "*" => read.others = Some(TypeId(number)),
                    "[]" => read.items = Some(TypeId(number)),
                    name => read.fields.push((name.into(), TypeId(number))),
                }
            }
        }
        read
    }

    /// Whether lists of this type are merged item by item.
    pub(crate) fn merges(&self) -> bool {
        self.strategy.split(',').any(|strategy| strategy == "merge")
    }
}
