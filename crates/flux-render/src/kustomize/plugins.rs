//! What the fields of a kustomization, and files of generators and transformers, do
//! (api/internal/target/kusttarget_configplugin.go, api/internal/plugins).

use std::sync::Arc;

use smol_str::SmolStr;

use super::{
    config::Config,
    context::Context,
    fieldspec::{self, FieldSpec, Specs},
    generators,
    gvk::Gvk,
    iam_policy,
    kustomization::{GeneratorArgs, Image, Kustomization, Patch, Replacement, Replica, Selector},
    patches::{self, Loaded},
    read::{Reader, Record, Text},
    replacements,
    resmap::ResMap,
    resource::{NEEDS_HASH, Resource},
    transformers::{self, NameEnd, Namespace, Subjects},
    value_add::ValueAdd,
};
use crate::{
    emit,
    error::Error,
    place::{Operation, Place},
};

/// Something that is done to all objects.
pub(crate) enum Transformer {
    Patch(Loaded),
    Namespace { namespace: Text, specs: Specs, unset_only: bool, subjects: Subjects },
    Rename { end: NameEnd, text: Text, specs: Specs },
    Entries { operation: Operation, entries: Vec<(SmolStr, Text)>, specs: Specs },
    Replica { replica: Replica, specs: Specs },
    Image { image: Image, specs: Specs },
    Replacements(Vec<Replacement>),
    Hash,
    ValueAdd(ValueAdd),
}

/// What kustomize takes for one transformer, and what `buildMetadata` notes of it.
pub(crate) struct Step {
    pub(crate) transformers: Vec<Transformer>,
    pub(crate) kind: &'static str,
    pub(crate) origin: Option<String>,
}

impl Transformer {
    pub(crate) fn apply(&self, objects: &mut ResMap) -> Result<(), Error> {
        match self {
            Self::Patch(patch) => patch.apply(objects),
            Self::Namespace { namespace, specs, unset_only, subjects } => {
                Namespace { name: namespace, specs, unset_only: *unset_only, subjects: *subjects }
                    .apply(objects)
            }
            Self::Rename { end, text, specs } => transformers::rename(objects, *end, text, specs),
            Self::Entries { operation, entries, specs } => {
                transformers::put_entries(objects, operation, entries, specs)
            }
            Self::Replica { replica, specs } => transformers::set_replicas(objects, replica, specs),
            Self::Image { image, specs } => transformers::set_image(objects, image, specs),
            Self::Replacements(list) => replacements::apply(objects, list),
            Self::Hash => add_hashes(objects),
            Self::ValueAdd(added) => added.apply(objects),
        }
    }
}

/// Puts hashes behind the names of generated objects.
pub(crate) fn add_hashes(objects: &mut ResMap) -> Result<(), Error> {
    for resource in &mut objects.list {
        if resource.is_enabled(NEEDS_HASH) {
            let hash = generators::hash(resource)?;
            let resource = Arc::make_mut(resource);
            resource.store_previous_id()?;
            let name = format!("{}-{hash}", resource.name());
            let before = resource.origin_of(&["metadata", "name"]);
            let origin = crate::place::Origin {
                place: before.place,
                ..transformers::by(Operation::NameHash, None, Some(before))
            };
            resource.set_name(&name, &origin)?;
        }
    }
    Ok(())
}

/// The transformers that a kustomization's fields stand for, in kustomize's order.
pub(crate) fn of_fields(
    context: &Context<'_>,
    kustomization: &Kustomization,
    config: &Config,
) -> Result<Vec<Step>, Error> {
    let mut listed = Vec::new();
    for text in &kustomization.patches_strategic_merge {
        listed.push(Transformer::Patch(patches::read_listed(context, text)?));
    }
    let mut steps = Vec::new();
    if !listed.is_empty() {
        let kind = "PatchStrategicMergeTransformer";
        steps.push(Step { transformers: listed, kind, origin: None });
    }
    let mut add = |kind: &'static str, transformer: Transformer| {
        steps.push(Step { transformers: vec![transformer], kind, origin: None });
    };
    for patch in &kustomization.patches {
        add("PatchTransformer", Transformer::Patch(patches::read(context, patch)?));
    }
    if !kustomization.namespace.value.is_empty() {
        let transformer = Transformer::Namespace {
            namespace: kustomization.namespace.clone(),
            specs: config.namespace.clone(),
            unset_only: false,
            subjects: Subjects::NamedDefault,
        };
        add("NamespaceTransformer", transformer);
    }
    for (end, text, specs, kind) in [
        (NameEnd::Prefix, &kustomization.name_prefix, &config.name_prefix, "PrefixTransformer"),
        (NameEnd::Suffix, &kustomization.name_suffix, &config.name_suffix, "SuffixTransformer"),
    ] {
        if !text.value.is_empty() {
            add(kind, Transformer::Rename { end, text: text.clone(), specs: specs.clone() });
        }
    }
    for label in &kustomization.labels {
        let mut specs = Arc::new(label.fields.clone());
        fieldspec::merge_shared(&mut specs, Arc::clone(&config.labels))?;
        if label.include_selectors {
            fieldspec::merge_shared(&mut specs, Arc::clone(&config.common_labels))?;
        } else {
            if label.include_templates {
                fieldspec::merge_shared(&mut specs, Arc::clone(&config.template_labels))?;
            }
            let metadata = FieldSpec::new(Gvk::default(), "metadata/labels", true);
            fieldspec::merge_one(Arc::make_mut(&mut specs), metadata)?;
        }
        let entries = label.pairs.clone();
        add(
            "LabelTransformer",
            Transformer::Entries { operation: Operation::Labels, entries, specs },
        );
    }
    if !(kustomization.labels.is_empty() && kustomization.common_labels.is_empty()) {
        let entries = kustomization.common_labels.clone();
        let specs = config.common_labels.clone();
        add(
            "LabelTransformer",
            Transformer::Entries { operation: Operation::Labels, entries, specs },
        );
    }
    if !kustomization.common_annotations.is_empty() {
        let entries = kustomization.common_annotations.clone();
        let specs = config.common_annotations.clone();
        add(
            "AnnotationsTransformer",
            Transformer::Entries { operation: Operation::Annotations, entries, specs },
        );
    }
    for patch in &kustomization.patches_json6902 {
        add("PatchJson6902Transformer", Transformer::Patch(patches::read_json(context, patch)?));
    }
    for replica in &kustomization.replicas {
        let specs = config.replicas.clone();
        add("ReplicaCountTransformer", Transformer::Replica { replica: replica.clone(), specs });
    }
    for image in &kustomization.images {
        let specs = config.images.clone();
        add("ImageTagTransformer", Transformer::Image { image: image.clone(), specs });
    }
    if !kustomization.replacements.is_empty() {
        let list = read_replacements(context, &kustomization.replacements)?;
        add("ReplacementTransformer", Transformer::Replacements(list));
    }
    Ok(steps)
}

/// Replacements with those of files put in.
fn read_replacements(
    context: &Context<'_>,
    entries: &[Replacement],
) -> Result<Vec<Replacement>, Error> {
    let mut list = Vec::new();
    for entry in entries {
        if entry.path.value.is_empty() {
            list.push(entry.clone());
            continue;
        }
        if entry.source.is_some()
            || entry.targets.as_ref().is_some_and(|targets| !targets.is_empty())
        {
            return Err(Error::invalid("a replacement has both `path` and fields of its own")
                .at(entry.place));
        }
        let file = context.file(&entry.path)?;
        file.check()?;
        let reader = Reader {
            file: Some(file.id),
            from: None,
            lenient_root: true,
            lenient: true,
            source: file.text(),
        };
        let wrong = || Error::invalid("the file holds no replacements").at(entry.path.place);
        let root = file.tree.root(0).ok_or_else(wrong)?;
        let nodes: Vec<_> = match root.kind() {
            spanned_yaml::Kind::Sequence => root.items().collect(),
            spanned_yaml::Kind::Mapping => vec![root],
            _ => return Err(wrong()),
        };
        for node in nodes {
            list.push(Replacement::read(&mut reader.record(node)?)?);
        }
    }
    Ok(list)
}

/// Reads the object that configures a plugin. Fields that the plugin doesn't know drop out.
fn configured<T>(
    resource: &Resource,
    read: impl FnOnce(&mut Record<'_, '_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let (text, _) = emit::yaml(&resource.tree)?;
    let tree = spanned_yaml::parse(text);
    let place = resource.tree.node(resource.tree.root()).origin.place;
    let reader = Reader {
        file: None,
        from: place,
        lenient_root: true,
        lenient: true,
        source: tree.source(),
    };
    let root =
        tree.root(0).ok_or_else(|| Error::invalid("the configuration is empty").at(place))?;
    read(&mut reader.record(root)?)
}

fn expect_builtin(resource: &Resource) -> Result<Option<Place>, Error> {
    let place = resource.tree.node(resource.tree.root()).origin.place;
    if resource.tree.top("apiVersion") == "builtin" {
        return Ok(place);
    }
    Err(super::kustomization::refused(&format!("{} runs as a plugin", resource.kind()), place))
}

fn unknown(resource: &Resource, place: Option<Place>) -> Error {
    let kind = resource.kind();
    if matches!(kind, "HelmChartInflationGenerator") {
        return super::kustomization::refused("kustomize would inflate a Helm chart", place);
    }
    Error::invalid(format!("there is no built-in plugin {kind} of this sort")).at(place)
}

/// What the generator that an object configures makes, and where it is configured.
pub(crate) fn generate(
    context: &Context<'_>,
    resource: &Resource,
) -> Result<(Resource, Option<Place>), Error> {
    let place = expect_builtin(resource)?;
    let secret = match resource.kind() {
        "ConfigMapGenerator" => false,
        "SecretGenerator" => true,
        "IAMPolicyGenerator" => {
            let made =
                configured(resource, |record| iam_policy::generate(record, context.schema, place))?;
            return Ok((made, place));
        }
        _ => return Err(unknown(resource, place)),
    };
    let args = configured(resource, |record| {
        let metadata =
            record.one("metadata", |meta| Ok((meta.text("name")?, meta.text("namespace")?)))?;
        let mut args = GeneratorArgs::read_secret(record)?;
        if let Some((name, namespace)) = metadata {
            if args.name.value.is_empty() {
                args.name = name;
            }
            if args.namespace.value.is_empty() {
                args.namespace = namespace;
            }
        }
        Ok(args)
    })?;
    Ok((generators::generate(context, &args, secret, None)?, args.place))
}

/// The transformers that an object configures.
pub(crate) fn transformers(
    context: &Context<'_>,
    resource: &Resource,
) -> Result<Vec<Transformer>, Error> {
    let place = expect_builtin(resource)?;
    let specs =
        |record: &mut Record<'_, '_>| record.list("fieldSpecs", FieldSpec::read).map(Arc::new);
    let rename = |end: NameEnd, key: &'static str| {
        configured(resource, |record| {
            let text = record.text(key)?;
            if !record.present("fieldSpecs") {
                return Err(Error::invalid("the transformer has no fieldSpecs").at(place));
            }
            Ok(Transformer::Rename { end, text, specs: specs(record)? })
        })
    };
    let one = match resource.kind() {
        "AnnotationsTransformer" => configured(resource, |record| {
            let entries = record.text_map("annotations")?;
            Ok(Transformer::Entries {
                operation: Operation::Annotations,
                entries,
                specs: specs(record)?,
            })
        })?,
        "LabelTransformer" => configured(resource, |record| {
            let entries = record.text_map("labels")?;
            Ok(Transformer::Entries {
                operation: Operation::Labels,
                entries,
                specs: specs(record)?,
            })
        })?,
        "NamespaceTransformer" => configured(resource, |record| {
            let namespace = record.one("metadata", |meta| meta.text("namespace"))?;
            let subjects = match record.text("setRoleBindingSubjects")?.value.as_str() {
                "" | "defaultOnly" => Subjects::NamedDefault,
                "allServiceAccounts" => Subjects::AllServiceAccounts,
                "none" => Subjects::None,
                other => {
                    return Err(Error::invalid(format!(
                        "setRoleBindingSubjects is `{other}`: it must be defaultOnly, none or \
                         allServiceAccounts"
                    ))
                    .at(place));
                }
            };
            Ok(Transformer::Namespace {
                namespace: namespace.unwrap_or_default(),
                specs: specs(record)?,
                unset_only: record.bool("unsetOnly")?,
                subjects,
            })
        })?,
        "PrefixTransformer" => rename(NameEnd::Prefix, "prefix")?,
        "SuffixTransformer" => rename(NameEnd::Suffix, "suffix")?,
        "PrefixSuffixTransformer" => {
            return Ok(vec![
                rename(NameEnd::Prefix, "prefix")?,
                rename(NameEnd::Suffix, "suffix")?,
            ]);
        }
        "ImageTagTransformer" => configured(resource, |record| {
            let image = record.one("imageTag", Image::read)?.unwrap_or_default();
            Ok(Transformer::Image { image, specs: specs(record)? })
        })?,
        "ReplicaCountTransformer" => configured(resource, |record| {
            let replica = record.one("replica", Replica::read)?.unwrap_or_default();
            Ok(Transformer::Replica { replica, specs: specs(record)? })
        })?,
        "PatchTransformer" => {
            let patch = configured(resource, Patch::read)?;
            Transformer::Patch(patches::read(context, &patch)?)
        }
        "PatchStrategicMergeTransformer" => {
            let (paths, text) = configured(resource, |record| {
                Ok((record.texts("paths")?, record.text("patches")?))
            })?;
            if paths.is_empty() && text.value.is_empty() {
                return Err(Error::invalid("the transformer has no patches").at(place));
            }
            let mut list = Vec::new();
            for text in paths.iter().chain((!text.value.is_empty()).then_some(&text)) {
                list.push(Transformer::Patch(patches::read_listed(context, text)?));
            }
            return Ok(list);
        }
        "PatchJson6902Transformer" => {
            let patch = configured(resource, |record| {
                Ok(Patch {
                    path: record.text("path")?,
                    inline: record.text("jsonOp")?,
                    target: record.one("target", Selector::read)?,
                    place,
                    ..Patch::default()
                })
            })?;
            Transformer::Patch(patches::read_json(context, &patch)?)
        }
        "ReplacementTransformer" => {
            let list =
                configured(resource, |record| record.list("replacements", Replacement::read))?;
            Transformer::Replacements(read_replacements(context, &list)?)
        }
        "HashTransformer" => Transformer::Hash,
        "ValueAddTransformer" => Transformer::ValueAdd(configured(resource, |record| {
            ValueAdd::read(context, record, place)
        })?),
        _ => return Err(unknown(resource, place)),
    };
    Ok(vec![one])
}
