//! Where each transformer writes: what kustomize builds in, `configurations` and `crds`
//! (api/internal/plugins/builtinconfig, api/internal/accumulator/loadconfigfromcrds.go).

use std::sync::{Arc, LazyLock};

use smol_str::SmolStr;

use super::{
    fieldspec::{self, FieldSpec, Specs},
    gvk::Gvk,
    kustomization::read_gvk,
    read::{Reader, Record},
};
use crate::error::Error;

/// Field specs by transformer. Most kustomizations share those that are built in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Config {
    pub(crate) name_prefix: Specs,
    pub(crate) name_suffix: Specs,
    pub(crate) namespace: Specs,
    pub(crate) common_labels: Specs,
    pub(crate) labels: Specs,
    pub(crate) template_labels: Specs,
    pub(crate) common_annotations: Specs,
    pub(crate) name_reference: Arc<Vec<NameReference>>,
    pub(crate) var_reference: Specs,
    pub(crate) images: Specs,
    pub(crate) replicas: Specs,
}

/// Who writes the name of an object of a kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameReference {
    pub(crate) target: Gvk,
    pub(crate) referrers: Vec<FieldSpec>,
}

static DEFAULT: LazyLock<Arc<Config>> = LazyLock::new(|| {
    let mut config = Config::table(include_str!("../../tables/field-specs.tsv"));
    config.sort_all();
    Arc::new(config)
});

impl Config {
    /// What kustomize builds in.
    pub(crate) fn built_in() -> Arc<Self> {
        Arc::clone(&DEFAULT)
    }

    fn table(table: &str) -> Self {
        let mut config = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let columns: Vec<&str> = line.split('\t').collect();
            let [section, group, version, kind, own_group, own_version, own_kind, path, create] =
                *columns.as_slice()
            else {
                continue;
            };
            let gvk = |group: &str, version: &str, kind: &str| Gvk {
                group: group.into(),
                version: version.into(),
                kind: kind.into(),
            };
            let spec =
                FieldSpec::new(gvk(own_group, own_version, own_kind), path, create == "true");
            if section == "nameReference" {
                let target = gvk(group, version, kind);
                let references = Arc::make_mut(&mut config.name_reference);
                match references.last_mut().filter(|last| last.target == target) {
                    Some(last) => last.referrers.push(spec),
                    None => references.push(NameReference { target, referrers: vec![spec] }),
                }
            } else if let Some(specs) = config.section(section) {
                Arc::make_mut(specs).push(spec);
            }
        }
        config
    }

    fn section(&mut self, name: &str) -> Option<&mut Specs> {
        Some(match name {
            "namePrefix" => &mut self.name_prefix,
            "nameSuffix" => &mut self.name_suffix,
            "namespace" => &mut self.namespace,
            "commonLabels" => &mut self.common_labels,
            "labels" => &mut self.labels,
            "templateLabels" => &mut self.template_labels,
            "commonAnnotations" => &mut self.common_annotations,
            "varReference" => &mut self.var_reference,
            "images" => &mut self.images,
            "replicas" => &mut self.replicas,
            _ => return None,
        })
    }

    const SECTIONS: [&str; 10] = [
        "namePrefix",
        "nameSuffix",
        "namespace",
        "commonLabels",
        "labels",
        "templateLabels",
        "commonAnnotations",
        "varReference",
        "images",
        "replicas",
    ];

    /// Reads a file of `configurations`.
    pub(crate) fn read(reader: &Reader<'_>, root: spanned_yaml::Node<'_>) -> Result<Self, Error> {
        let mut config = Self::default();
        let mut record = reader.record(root)?;
        for name in Self::SECTIONS {
            let mut specs = Vec::new();
            fieldspec::merge_all(&mut specs, record.list(name, FieldSpec::read)?)?;
            if let Some(section) = config.section(name) {
                *section = Arc::new(specs);
            }
        }
        config.name_reference = Arc::new(record.list("nameReference", NameReference::read)?);
        record.finish()?;
        config.sort();
        Ok(config)
    }

    /// Sorts what isn't shared with the built-in specs, which are sorted.
    fn sort(&mut self) {
        let built_in = Self::built_in();
        let mut shared = Self::clone(&built_in);
        for name in Self::SECTIONS {
            let is_shared = match (self.section(name), shared.section(name)) {
                (Some(own), Some(shared)) => Arc::ptr_eq(own, shared),
                _ => false,
            };
            if !is_shared && let Some(section) = self.section(name) {
                sort_specs(section);
            }
        }
        if !Arc::ptr_eq(&self.name_reference, &built_in.name_reference) {
            sort_references(&mut self.name_reference);
        }
    }

    fn sort_all(&mut self) {
        for name in Self::SECTIONS {
            if let Some(section) = self.section(name) {
                sort_specs(section);
            }
        }
        sort_references(&mut self.name_reference);
    }

    /// The specs of both. Most folders have those that are built in, and nothing else.
    pub(crate) fn merged(known: Option<Arc<Self>>, more: Arc<Self>) -> Result<Arc<Self>, Error> {
        let Some(mut all) = known else { return Ok(more) };
        if !Arc::ptr_eq(&all, &more) {
            Arc::make_mut(&mut all).merge(Arc::unwrap_or_clone(more))?;
        }
        Ok(all)
    }

    /// Adds another's specs behind these, and sorts.
    pub(crate) fn merge(&mut self, mut other: Self) -> Result<(), Error> {
        for name in Self::SECTIONS {
            let more = other.section(name).map(std::mem::take).unwrap_or_default();
            if let Some(section) = self.section(name) {
                fieldspec::merge_shared(section, more)?;
            }
        }
        if self.name_reference.is_empty() {
            self.name_reference = other.name_reference;
        } else if !Arc::ptr_eq(&self.name_reference, &other.name_reference) {
            for more in other.name_reference.iter() {
                self.add_reference(more.clone())?;
            }
        }
        self.sort();
        Ok(())
    }

    fn add_reference(&mut self, more: NameReference) -> Result<(), Error> {
        let mut found = false;
        let references = Arc::make_mut(&mut self.name_reference);
        for known in references.iter_mut().filter(|known| known.target == more.target) {
            fieldspec::merge_all(&mut known.referrers, more.referrers.clone())?;
            found = true;
        }
        if !found {
            references.push(more);
        }
        Ok(())
    }

    /// Reads a file of `crds`: OpenAPI definitions by name, whose extensions tell what is a name,
    /// a label selector, a reference.
    pub(crate) fn of_crds(root: spanned_yaml::Node<'_>) -> Result<Self, Error> {
        let mut config = Self::default();
        for entry in root.entries() {
            let properties = properties(entry.value);
            let has = |key| properties.is_some_and(|node| node.get(key).is_some());
            if has("kind") && has("apiVersion") && has("metadata") {
                let kind = entry.key.text().rsplit('.').next().unwrap_or_default();
                let gvk = Gvk { kind: kind.into(), ..Gvk::default() };
                let mut one = Self::default();
                one.follow(root, entry.key.text(), &gvk, &mut Vec::new())?;
                config.merge(one)?;
            }
        }
        Ok(config)
    }

    fn follow(
        &mut self,
        definitions: spanned_yaml::Node<'_>,
        name: &str,
        gvk: &Gvk,
        path: &mut Vec<SmolStr>,
    ) -> Result<(), Error> {
        if path.len() > 64 {
            return Err(Error::invalid(
                "the definitions of `crds` refer to each other in a circle",
            ));
        }
        let Some(fields) = definitions.get(name).and_then(properties) else { return Ok(()) };
        for entry in fields.entries() {
            path.push(entry.key.text().into());
            let text = |key: &str| entry.value.get(key).and_then(|node| node.as_str());
            let spec = |path: &[SmolStr]| FieldSpec::new(gvk.clone(), &path.join("/"), false);
            if text("x-kubernetes-annotation").is_some() {
                fieldspec::merge_one(Arc::make_mut(&mut self.common_annotations), spec(path))?;
            }
            if text("x-kubernetes-label-selector").is_some() {
                fieldspec::merge_one(Arc::make_mut(&mut self.common_labels), spec(path))?;
            }
            if text("x-kubernetes-identity").is_some() {
                fieldspec::merge_one(Arc::make_mut(&mut self.name_prefix), spec(path))?;
            }
            if let (Some(version), Some(kind)) =
                (text("x-kubernetes-object-ref-api-version"), text("x-kubernetes-object-ref-kind"))
            {
                let mut to_name = path.clone();
                to_name.push(text("x-kubernetes-object-ref-name-key").unwrap_or("name").into());
                self.add_reference(NameReference {
                    target: Gvk { version: version.into(), kind: kind.into(), ..Gvk::default() },
                    referrers: vec![spec(&to_name)],
                })?;
            }
            if let Some(reference) = text("$ref") {
                self.follow(definitions, reference, gvk, path)?;
            }
            path.pop();
        }
        Ok(())
    }
}

fn sort_specs(specs: &mut Specs) {
    if !specs.is_sorted_by(|a, b| a.order(b).is_le()) {
        Arc::make_mut(specs).sort_by(FieldSpec::order);
    }
}

fn sort_references(references: &mut Arc<Vec<NameReference>>) {
    if !references.is_sorted_by(|a, b| a.target.order(&b.target).is_le()) {
        Arc::make_mut(references).sort_by(|a, b| a.target.order(&b.target));
    }
}

fn properties(definition: spanned_yaml::Node<'_>) -> Option<spanned_yaml::Node<'_>> {
    let schema =
        definition.entries().find(|entry| entry.key.text().eq_ignore_ascii_case("schema"))?;
    schema.value.get("properties")
}

impl NameReference {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            target: read_gvk(record)?,
            referrers: record.list("fieldSpecs", FieldSpec::read)?,
        })
    }
}
