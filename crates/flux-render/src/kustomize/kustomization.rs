//! The fields of a kustomization file (api/types), each with its place.

use smol_str::SmolStr;

use super::{
    fieldspec::FieldSpec,
    gvk::{Gvk, ResId},
    read::{Reader, Record, Text},
};
use crate::{
    error::{Error, ErrorKind},
    place::Place,
};

/// The names of a kustomization file, of which a folder has at most one.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Kustomization {
    pub(crate) api_version: Text,
    pub(crate) kind: Text,
    pub(crate) openapi: Vec<(SmolStr, Text)>,
    pub(crate) name_prefix: Text,
    pub(crate) name_suffix: Text,
    pub(crate) namespace: Text,
    pub(crate) common_labels: Vec<(SmolStr, Text)>,
    pub(crate) labels: Vec<Label>,
    pub(crate) common_annotations: Vec<(SmolStr, Text)>,
    pub(crate) patches_strategic_merge: Vec<Text>,
    pub(crate) patches_json6902: Vec<Patch>,
    pub(crate) patches: Vec<Patch>,
    pub(crate) images: Vec<Image>,
    /// Those of the deprecated `imageTags`, where they aren't among the images yet.
    pub(super) image_tags: Vec<Image>,
    pub(crate) replacements: Vec<Replacement>,
    pub(crate) replicas: Vec<Replica>,
    pub(crate) vars: Vec<Var>,
    pub(crate) sort_options: Option<SortOptions>,
    pub(crate) resources: Vec<Text>,
    pub(crate) components: Vec<Text>,
    pub(crate) crds: Vec<Text>,
    pub(crate) config_map_generator: Vec<GeneratorArgs>,
    pub(crate) secret_generator: Vec<GeneratorArgs>,
    pub(crate) helm: Option<Place>,
    pub(crate) generator_options: Option<GeneratorOptions>,
    pub(crate) configurations: Vec<Text>,
    pub(crate) generators: Vec<Text>,
    pub(crate) transformers: Vec<Text>,
    pub(crate) validators: Vec<Text>,
    pub(crate) build_metadata: Vec<Text>,
    /// Fields that kustomize wants replaced, and what by.
    pub(crate) deprecated: Vec<(Place, &'static str, &'static str)>,
    /// Fields that kustomize doesn't know, where Flux drops them without a word.
    pub(crate) dropped: Vec<(Place, SmolStr)>,
    /// `resources` has an entry (those of `bases` don't count).
    pub(super) lists_resources: bool,
    pub(super) filled: bool,
}

/// An entry of `labels`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Label {
    pub(crate) pairs: Vec<(SmolStr, Text)>,
    pub(crate) include_selectors: bool,
    pub(crate) include_templates: bool,
    pub(crate) fields: Vec<FieldSpec>,
}

/// An entry of `patches` or `patchesJson6902`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Patch {
    pub(crate) path: Text,
    /// The patch itself.
    pub(crate) inline: Text,
    pub(crate) target: Option<Selector>,
    pub(crate) allow_name_change: bool,
    pub(crate) allow_kind_change: bool,
    pub(crate) place: Option<Place>,
}

/// What selects objects: each part that isn't empty is a regular expression for all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Selector {
    pub(crate) id: ResId,
    pub(crate) annotations: SmolStr,
    pub(crate) labels: SmolStr,
    pub(crate) place: Option<Place>,
}

/// An entry of `images`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Image {
    pub(crate) name: Text,
    pub(crate) new_name: Text,
    pub(crate) tag_suffix: Text,
    pub(crate) new_tag: Text,
    pub(crate) digest: Text,
    pub(crate) place: Option<Place>,
}

/// An entry of `replicas`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replica {
    pub(crate) name: Text,
    pub(crate) count: i64,
    pub(crate) place: Option<Place>,
}

/// An entry of `replacements`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Replacement {
    pub(crate) path: Text,
    pub(crate) source: Option<Source>,
    pub(crate) source_value: Option<Text>,
    pub(crate) targets: Option<Vec<Target>>,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) id: ResId,
    pub(crate) field_path: SmolStr,
    pub(crate) options: Option<FieldOptions>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Target {
    pub(crate) select: Option<Selector>,
    pub(crate) reject: Vec<Selector>,
    pub(crate) field_paths: Vec<Text>,
    pub(crate) options: Option<FieldOptions>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FieldOptions {
    pub(crate) delimiter: SmolStr,
    pub(crate) index: i64,
    pub(crate) create: bool,
}

/// An entry of `vars`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Var {
    pub(crate) name: Text,
    pub(crate) target: ResId,
    pub(crate) field_path: SmolStr,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SortOptions {
    pub(crate) order: SmolStr,
    /// First and last kinds.
    pub(crate) legacy: Option<(Vec<SmolStr>, Vec<SmolStr>)>,
}

/// An entry of `configMapGenerator` or `secretGenerator`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GeneratorArgs {
    pub(crate) name: Text,
    pub(crate) namespace: Text,
    pub(crate) behavior: SmolStr,
    pub(crate) literals: Vec<Text>,
    pub(crate) files: Vec<Text>,
    pub(crate) envs: Vec<Text>,
    pub(crate) options: Option<GeneratorOptions>,
    /// Of a Secret.
    pub(crate) type_of_secret: Text,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct GeneratorOptions {
    pub(crate) labels: Vec<(SmolStr, Text)>,
    pub(crate) annotations: Vec<(SmolStr, Text)>,
    pub(crate) disable_name_suffix_hash: bool,
    pub(crate) immutable: bool,
}

impl Kustomization {
    /// Reads a kustomization file. Where Flux reads the file by itself, unknown fields drop out.
    pub(crate) fn read(reader: &Reader<'_>, root: spanned_yaml::Node<'_>) -> Result<Self, Error> {
        let mut read = Self::default();
        let (mut bases, mut image_tags) = (Vec::new(), Vec::new());
        let mut record = reader.record(root)?;
        read.api_version = record.text("apiVersion")?;
        read.kind = record.text("kind")?;
        record.ignore_metadata()?;
        read.openapi = record.text_map("openapi")?;
        read.name_prefix = record.text("namePrefix")?;
        read.name_suffix = record.text("nameSuffix")?;
        read.namespace = record.text("namespace")?;
        read.common_labels = record.text_map("commonLabels")?;
        read.labels = record.list("labels", Label::read)?;
        read.common_annotations = record.text_map("commonAnnotations")?;
        read.patches_strategic_merge = record.texts("patchesStrategicMerge")?;
        read.patches_json6902 = record.list("patchesJson6902", Patch::read)?;
        read.patches = record.list("patches", Patch::read)?;
        read.images = record.list("images", Image::read)?;
        image_tags.extend(record.list("imageTags", Image::read)?);
        read.replacements = record.list("replacements", Replacement::read)?;
        read.replicas = record.list("replicas", Replica::read)?;
        read.vars = record.list("vars", Var::read)?;
        read.sort_options = record.one("sortOptions", SortOptions::read)?;
        read.resources = record.texts("resources")?;
        read.lists_resources = !read.resources.is_empty();
        read.components = record.texts("components")?;
        read.crds = record.texts("crds")?;
        bases.extend(record.texts("bases")?);
        read.config_map_generator = record.list("configMapGenerator", GeneratorArgs::read)?;
        read.secret_generator = record.list("secretGenerator", GeneratorArgs::read_secret)?;
        for helm in ["helmCharts", "helmChartInflationGenerator"] {
            read.helm = record.list_place(helm)?.or(read.helm);
        }
        record.skip("helmGlobals");
        read.generator_options = record.one("generatorOptions", GeneratorOptions::read)?;
        read.configurations = record.texts("configurations")?;
        read.generators = record.texts("generators")?;
        read.transformers = record.texts("transformers")?;
        read.validators = record.texts("validators")?;
        read.build_metadata = record.texts("buildMetadata")?;
        for (field, instead) in [
            ("bases", "resources"),
            ("commonLabels", "labels"),
            ("imageTags", "images"),
            ("patchesJson6902", "patches"),
            ("patchesStrategicMerge", "patches"),
            ("vars", "replacements"),
        ] {
            if let Some(place) = record.place_of(field) {
                read.deprecated.push((place, field, instead));
            }
        }
        read.filled = record.filled();
        read.dropped = record.finish()?;
        read.resources.extend(bases);
        // Flux adds to the images before kustomize adds these.
        if reader.lenient_root {
            read.image_tags = image_tags;
        } else {
            read.images.extend(image_tags);
        }
        Ok(read)
    }

    /// Whether it is a component.
    pub(crate) fn is_component(&self) -> bool {
        self.kind.value == "Component"
    }

    /// What kustomize checks before it builds (`CheckEmpty`, `EnforceFields`).
    pub(crate) fn check(&self, place: Option<Place>) -> Result<(), Error> {
        if !self.filled {
            return Err(Error::invalid("the kustomization file is empty").at(place));
        }
        let kind = if self.kind.value.is_empty() { "Kustomization" } else { &self.kind.value };
        if !matches!(kind, "Kustomization" | "Component") {
            return Err(Error::invalid(format!(
                "kind is `{kind}`: it must be Kustomization or Component"
            ))
            .at(self.kind.place));
        }
        let version = if self.is_component() {
            "kustomize.config.k8s.io/v1alpha1"
        } else {
            "kustomize.config.k8s.io/v1beta1"
        };
        if !self.api_version.value.is_empty() && self.api_version.value != version {
            return Err(Error::invalid(format!("apiVersion of a {kind} must be {version}"))
                .at(self.api_version.place));
        }
        Ok(())
    }

    pub(crate) fn has_metadata(&self, option: &str) -> bool {
        self.build_metadata.iter().any(|text| text.value == option)
    }
}

impl Label {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            pairs: record.text_map("pairs")?,
            include_selectors: record.bool("includeSelectors")?,
            include_templates: record.bool("includeTemplates")?,
            fields: record.list("fields", FieldSpec::read)?,
        })
    }
}

impl Patch {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let mut read = Self {
            path: record.text("path")?,
            inline: record.text("patch")?,
            target: record.one("target", Selector::read)?,
            place: record.place(),
            ..Self::default()
        };
        if let Some((name, kind)) = record.one("options", |options| {
            Ok((options.bool("allowNameChange")?, options.bool("allowKindChange")?))
        })? {
            (read.allow_name_change, read.allow_kind_change) = (name, kind);
        }
        Ok(read)
    }
}

pub(crate) fn read_gvk(record: &mut Record<'_, '_>) -> Result<Gvk, Error> {
    Ok(Gvk {
        group: record.text("group")?.value,
        version: record.text("version")?.value,
        kind: record.text("kind")?.value,
    })
}

fn read_id(record: &mut Record<'_, '_>) -> Result<ResId, Error> {
    Ok(ResId {
        gvk: read_gvk(record)?,
        name: record.text("name")?.value,
        namespace: record.text("namespace")?.value,
        cluster_scoped: false,
    })
}

impl Selector {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            id: read_id(record)?,
            annotations: record.text("annotationSelector")?.value,
            labels: record.text("labelSelector")?.value,
            place: record.place(),
        })
    }
}

impl Image {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            name: record.text("name")?,
            new_name: record.text("newName")?,
            tag_suffix: record.text("tagSuffix")?,
            new_tag: record.text("newTag")?,
            digest: record.text("digest")?,
            place: record.place(),
        })
    }
}

impl Replica {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            name: record.text("name")?,
            count: record.integer("count")?,
            place: record.place(),
        })
    }
}

impl Replacement {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let targets = record.present("targets");
        let list = record.list("targets", Target::read)?;
        Ok(Self {
            path: record.text("path")?,
            source: record.one("source", Source::read)?,
            source_value: record.optional_text("sourceValue")?,
            targets: targets.then_some(list),
            place: record.place(),
        })
    }
}

impl Source {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            id: read_id(record)?,
            field_path: record.text("fieldPath")?.value,
            options: record.one("options", FieldOptions::read)?,
        })
    }
}

impl Target {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            select: record.one("select", Selector::read)?,
            reject: record.list("reject", Selector::read)?,
            field_paths: record.texts("fieldPaths")?,
            options: record.one("options", FieldOptions::read)?,
        })
    }
}

impl FieldOptions {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        record.text("encoding")?;
        Ok(Self {
            delimiter: record.text("delimiter")?.value,
            index: record.integer("index")?,
            create: record.bool("create")?,
        })
    }
}

impl Var {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let name = record.text("name")?;
        let target = record.one("objref", |target| {
            let api_version = target.text("apiVersion")?.value;
            let mut id = read_id(target)?;
            match *api_version.split('/').collect::<Vec<_>>().as_slice() {
                [group, version] => {
                    (id.gvk.group, id.gvk.version) = (group.into(), version.into());
                }
                [version] if !version.is_empty() => id.gvk.version = version.into(),
                _ => {}
            }
            Ok(id)
        })?;
        let field_path = record.one("fieldref", |field| Ok(field.text("fieldPath")?.value))?;
        let field_path = field_path.filter(|path| !path.is_empty());
        Ok(Self {
            name,
            target: target.unwrap_or_default(),
            field_path: field_path.unwrap_or_else(|| "metadata.name".into()),
        })
    }
}

impl SortOptions {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let values = |texts: Vec<Text>| texts.into_iter().map(|text| text.value).collect();
        Ok(Self {
            order: record.text("order")?.value,
            legacy: record.one("legacySortOptions", |legacy| {
                Ok((values(legacy.texts("orderFirst")?), values(legacy.texts("orderLast")?)))
            })?,
        })
    }
}

impl GeneratorArgs {
    pub(crate) fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let mut read = Self {
            name: record.text("name")?,
            namespace: record.text("namespace")?,
            behavior: record.text("behavior")?.value,
            literals: record.texts("literals")?,
            files: record.texts("files")?,
            envs: record.texts("envs")?,
            options: record.one("options", GeneratorOptions::read)?,
            place: record.place(),
            ..Self::default()
        };
        // kustomize moves it among `envs` when it reads a kustomization file, and forgets it in the
        // configuration of a plugin.
        let env = record.text("env")?;
        if !env.value.is_empty() && !record.is_root() {
            read.envs.push(env);
        }
        Ok(read)
    }

    pub(crate) fn read_secret(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        let type_of_secret = record.text("type")?;
        Ok(Self { type_of_secret, ..Self::read(record)? })
    }
}

impl GeneratorOptions {
    fn read(record: &mut Record<'_, '_>) -> Result<Self, Error> {
        Ok(Self {
            labels: record.text_map("labels")?,
            annotations: record.text_map("annotations")?,
            disable_name_suffix_hash: record.bool("disableNameSuffixHash")?,
            immutable: record.bool("immutable")?,
        })
    }

    /// The options of all generators under those of one (`MergeGlobalOptionsIntoLocal`).
    pub(crate) fn merged(own: Option<&Self>, global: Option<&Self>) -> Option<Self> {
        let Some(global) = global else { return own.cloned() };
        let mut merged = own.cloned().unwrap_or_default();
        let add = |own: &mut Vec<(SmolStr, Text)>, more: &[(SmolStr, Text)]| {
            for (key, value) in more {
                if !own.iter().any(|(known, _)| known == key) {
                    own.push((key.clone(), value.clone()));
                }
            }
        };
        add(&mut merged.labels, &global.labels);
        add(&mut merged.annotations, &global.annotations);
        merged.disable_name_suffix_hash |= global.disable_name_suffix_hash;
        merged.immutable |= global.immutable;
        Some(merged)
    }
}

/// An error for what Flux doesn't run.
pub(crate) fn refused(what: &str, place: Option<Place>) -> Error {
    Error::new(ErrorKind::Refused, format!("{what}, which Flux refuses")).at(place)
}
