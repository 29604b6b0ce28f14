//! The transformers that write one field: names, namespace, labels, annotations, images, replicas
//! (api/internal/builtins, api/filters).

use std::sync::{Arc, OnceLock};

use smol_str::SmolStr;

use super::{
    fields::tagged,
    fieldspec::{self, FieldSpec, set_entry},
    gvk::Gvk,
    kustomization::{Image, Replica},
    read::Text,
    resmap::ResMap,
    resource::{PREFIXES, Resource, SUFFIXES},
    selector::compile,
};
use crate::{
    error::{Error, ErrorKind},
    place::{Operation, Origin, Place, Step},
    tree::{Id, Kind, Node, Tag, Tree},
};

/// An origin for what an operation makes or changes.
pub(crate) fn by(operation: Operation, place: Option<Place>, before: Option<Origin>) -> Origin {
    Origin { place, step: Some(Arc::new(Step { operation, place, before })) }
}

/// Which end of a name is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameEnd {
    Prefix,
    Suffix,
}

/// `namePrefix` and `nameSuffix`.
pub(crate) fn rename(
    objects: &mut ResMap,
    end: NameEnd,
    text: &Text,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    let operation = match end {
        NameEnd::Prefix => Operation::NamePrefix,
        NameEnd::Suffix => Operation::NameSuffix,
    };
    for resource in objects.iter_mut() {
        let id = resource.original_id()?;
        if keeps_its_name(&id.gvk) {
            continue;
        }
        for spec in specs.iter().filter(|spec| id.gvk.is_selected(&spec.gvk)) {
            if spec.path == "metadata/name" {
                let list = if end == NameEnd::Prefix { PREFIXES } else { SUFFIXES };
                resource.append_to_annotation(list, &text.value)?;
                if !text.value.is_empty() {
                    resource.store_previous_id()?;
                }
            }
            let made = by(operation.clone(), text.place, None);
            let create = Some((Kind::Scalar, &Tag::Str, &made));
            fieldspec::apply(&mut resource.tree, spec, create, &mut |tree, id| {
                let node = tree.node(id);
                let name = match end {
                    NameEnd::Prefix => format!("{}{}", text.value, node.text),
                    NameEnd::Suffix => format!("{}{}", node.text, text.value),
                };
                let before = node.origin.clone();
                let origin = Origin {
                    place: before.place,
                    ..by(operation.clone(), text.place, Some(before.clone()))
                };
                tree.set_scalar(id, Node::plain(name, origin))
            })?;
        }
    }
    Ok(())
}

/// Objects that other things know by their names.
fn keeps_its_name(gvk: &Gvk) -> bool {
    matches!(gvk.kind.as_str(), "CustomResourceDefinition" | "Namespace")
        || (gvk.kind == "APIService" && gvk.group == "apiregistration.k8s.io")
}

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subjects {
    NamedDefault,
    AllServiceAccounts,
    None,
}

/// `namespace`.
pub(crate) struct Namespace<'a> {
    pub(crate) name: &'a Text,
    pub(crate) specs: &'a [FieldSpec],
    pub(crate) unset_only: bool,
    pub(crate) subjects: Subjects,
}

/// The field that every object in a namespace has.
fn metadata_namespace() -> &'static FieldSpec {
    static SPEC: OnceLock<FieldSpec> = OnceLock::new();
    SPEC.get_or_init(|| FieldSpec::new(Gvk::default(), "metadata/namespace", true))
}

impl Namespace<'_> {
    pub(crate) fn apply(&self, objects: &mut ResMap) -> Result<(), Error> {
        if self.name.value.is_empty() {
            return Ok(());
        }
        for resource in objects.iter_mut() {
            if resource.deleted || resource.tree.node(resource.tree.root()).is_nil_or_empty() {
                continue;
            }
            resource.store_previous_id()?;
            self.apply_to(resource)?;
        }
        objects.expect_unique().map_err(|error| {
            Error::invalid(format!("under `namespace: {}`, {error}", self.name.value))
                .at(self.name.place)
        })
    }

    pub(crate) fn apply_to(&self, resource: &mut Resource) -> Result<(), Error> {
        let gvk = resource.gvk();
        let scoped = resource.schema().is_cluster_scoped(&gvk);
        let api_version = resource.tree.top("apiVersion").to_owned();
        let made = by(Operation::Namespace, self.name.place, None);
        let create = Some((Kind::Scalar, &Tag::Str, &made));
        if !scoped {
            let of_all = metadata_namespace();
            fieldspec::apply(&mut resource.tree, of_all, create, &mut |tree, id| {
                self.set(tree, id)
            })?;
        }
        let binding = matches!(gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding");
        if binding {
            self.set_subjects(&mut resource.tree)?;
        }
        let specs = self.specs.iter().filter(|spec| {
            let subjects = binding
                && matches!(spec.gvk.kind.as_str(), "RoleBinding" | "ClusterRoleBinding")
                && spec.path == "subjects/namespace";
            spec.path != "metadata/namespace"
                && (api_version == "v1" || spec.path != "metadata/name")
                && !subjects
        });
        fieldspec::apply_all(&mut resource.tree, specs, create, &mut |tree, id| self.set(tree, id))
    }

    fn set(&self, tree: &mut Tree, id: Id) -> Result<(), Error> {
        let node = tree.node(id);
        if self.unset_only && !node.is_nil_or_empty() && !node.text.is_empty() {
            return Ok(());
        }
        let before = node.origin.place.map(|_| node.origin.clone());
        let origin = by(Operation::Namespace, self.name.place, before);
        tree.set_scalar(id, tagged(self.name.value.clone(), Tag::Str, origin))
    }

    fn set_subjects(&self, tree: &mut Tree) -> Result<(), Error> {
        let (key, wanted) = match self.subjects {
            Subjects::None => return Ok(()),
            Subjects::NamedDefault => ("name", "default"),
            Subjects::AllServiceAccounts => ("kind", "ServiceAccount"),
        };
        let root = tree.root();
        let Some(subjects) = tree.field(root, "subjects")? else { return Ok(()) };
        tree.expect(Some(subjects), Kind::Sequence)?;
        for subject in tree.items(subjects).to_vec() {
            let Some(field) = tree.field(subject, key)? else { continue };
            if tree.node(field).is_null() {
                continue;
            }
            tree.expect(Some(field), Kind::Scalar)?;
            if tree.text(field) != wanted {
                continue;
            }
            let made = by(Operation::Namespace, self.name.place, None);
            let create = Some((Kind::Scalar, &made));
            if let Some(namespace) = tree.lookup(subject, ["namespace"], create)? {
                self.set(tree, namespace)?;
            }
        }
        Ok(())
    }
}

/// `labels`, `commonLabels` and `commonAnnotations`.
pub(crate) fn put_entries(
    objects: &mut ResMap,
    operation: &Operation,
    entries: &[(SmolStr, Text)],
    specs: &[FieldSpec],
) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut entries: Vec<&(SmolStr, Text)> = entries.iter().collect();
    entries.sort_by_key(|(key, _)| key.clone());
    for resource in objects.iter_mut() {
        for (key, value) in &entries {
            let made = by(operation.clone(), value.place, None);
            let mut set = set_entry(key, tagged(value.value.clone(), Tag::Str, made.clone()));
            let create = Some((Kind::Mapping, &Tag::Map, &made));
            fieldspec::apply_all(&mut resource.tree, specs, create, &mut set)?;
        }
    }
    objects.drop_empty();
    Ok(())
}

/// `images`.
pub(crate) fn set_image(
    objects: &mut ResMap,
    image: &Image,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    let pattern = Named::new(image)?;
    for resource in objects.iter_mut() {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        let root = resource.tree.root();
        if resource.tree.mentions(&CONTAINERS) {
            in_containers(&mut resource.tree, root, &mut |tree, id| {
                put_image(tree, id, image, &pattern)
            })?;
        }
        fieldspec::apply_all(&mut resource.tree, specs, None, &mut |tree, id| {
            put_image(tree, id, image, &pattern)
        })?;
    }
    objects.drop_empty();
    Ok(())
}

const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// Calls `set` on the images of lists called `containers` or `initContainers`, wherever they are
/// (api/filters/imagetag/legacy.go).
fn in_containers(
    tree: &mut Tree,
    id: Id,
    set: &mut dyn FnMut(&mut Tree, Id) -> Result<(), Error>,
) -> Result<(), Error> {
    match tree.node(id).kind {
        Kind::Scalar => Ok(()),
        Kind::Sequence => {
            let mut index = 0;
            while let Some(item) = tree.children(id).get(index).copied() {
                in_containers(tree, item, set)?;
                index += 1;
            }
            Ok(())
        }
        Kind::Mapping => {
            let mut index = 0;
            while let Some(value) = tree.children(id).get(index + 1).copied() {
                in_containers(tree, value, set)?;
                let key = tree.children(id).get(index).map_or("", |key| tree.text(*key));
                index += 2;
                if !CONTAINERS.contains(&key) {
                    continue;
                }
                for item in tree.items(value).to_vec() {
                    if let Some(image) = tree.field(item, "image")? {
                        set(tree, image)?;
                    }
                }
            }
            Ok(())
        }
    }
}

/// The images that an entry of `images` is for: its name is a regular expression, and mostly a plain
/// name in which `.` stands for any character.
enum Named<'i> {
    Plain(&'i str),
    Expression(regex::Regex),
}

impl<'i> Named<'i> {
    fn new(image: &'i Image) -> Result<Self, Error> {
        let name = image.name.value.as_str();
        let plain = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'@')
        };
        if name.bytes().all(plain) {
            return Ok(Self::Plain(name));
        }
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        compile(&pattern, image.name.place.or(image.place)).map(Self::Expression)
    }

    fn is_match(&self, image: &str) -> bool {
        let name = match self {
            Self::Plain(name) => *name,
            Self::Expression(pattern) => return pattern.is_match(image),
        };
        let mut characters = image.chars();
        let same = name.chars().all(|wanted| {
            characters.next().is_some_and(|own| own == wanted || wanted == '.' && own != '\n')
        });
        let in_tag =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}' | '-');
        let rest = characters.as_str();
        let rest = rest.strip_prefix(':').map_or(rest, |tag| tag.trim_start_matches(in_tag));
        let rest =
            rest.strip_prefix("@sha256:").map_or(rest, |hash| hash.trim_start_matches(in_tag));
        same && rest.is_empty()
    }
}

fn put_image(tree: &mut Tree, id: Id, image: &Image, pattern: &Named<'_>) -> Result<(), Error> {
    tree.expect(Some(id), Kind::Scalar)?;
    let node = tree.node(id);
    if !pattern.is_match(&node.text) {
        return Ok(());
    }
    let before = node.origin.clone();
    let place = [&image.new_name, &image.new_tag, &image.digest, &image.tag_suffix]
        .into_iter()
        .find(|text| !text.value.is_empty())
        .map_or(image.place, |text| text.place);
    let origin = by(Operation::Images, place, Some(before));
    let text = renamed(&node.text, image);
    tree.set_scalar(id, Node::plain(text, origin))
}

/// The image with what the entry says put in (`imageTagUpdater`).
fn renamed(text: &str, image: &Image) -> String {
    let (name, mut tag, mut digest) = split_image(text);
    let mut result = if image.new_name.value.is_empty() {
        name.to_owned()
    } else {
        image.new_name.value.to_string()
    };
    let suffixed;
    match (image.new_tag.value.as_str(), image.digest.value.as_str()) {
        ("", "") if image.tag_suffix.value.is_empty() => {}
        ("", "") => {
            suffixed = format!("{tag}{}", image.tag_suffix.value);
            (tag, digest) = (&suffixed, "");
        }
        (new_tag, new_digest) => (tag, digest) = (new_tag, new_digest),
    }
    if !tag.is_empty() {
        result.push(':');
        result.push_str(tag);
    }
    if !digest.is_empty() {
        result.push('@');
        result.push_str(digest);
    }
    result
}

/// Name, tag and digest of an image (api/internal/image).
fn split_image(text: &str) -> (&str, &str, &str) {
    let slash = text.find('/').filter(|slash| *slash > 0).unwrap_or(0);
    let behind = text.get(slash..).unwrap_or_default();
    let at = behind.find('@').map(|at| at + slash);
    let colon = behind.find(':').map(|colon| colon + slash);
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    match (at, colon) {
        (None, None) => (text, "", ""),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => {
            (part(0, at), "", part(at + 1, text.len()))
        }
        (Some(at), Some(colon)) => (part(0, colon), part(colon + 1, at), part(at + 1, text.len())),
        (_, Some(colon)) => (part(0, colon), part(colon + 1, text.len()), ""),
        (Some(at), None) => (part(0, at), "", part(at + 1, text.len())),
    }
}

/// `replicas`.
pub(crate) fn set_replicas(
    objects: &mut ResMap,
    replica: &Replica,
    specs: &[FieldSpec],
) -> Result<(), Error> {
    let mut found = false;
    for spec in specs {
        let matches = objects
            .matching_any_id(|id| id.name == replica.name.value && id.gvk.is_selected(&spec.gvk))?;
        found |= !matches.is_empty();
        for index in matches {
            let Some(resource) = objects.list.get_mut(index).map(Arc::make_mut) else { continue };
            let made = by(Operation::Replicas, replica.place, None);
            let create = Some((Kind::Scalar, &Tag::Int, &made));
            fieldspec::apply(&mut resource.tree, spec, create, &mut |tree, id| {
                let before = Some(tree.node(id).origin.clone()).filter(|origin| *origin != made);
                let origin = by(Operation::Replicas, replica.place, before);
                tree.set_scalar(id, tagged(replica.count.to_string(), Tag::Int, origin))
            })?;
        }
    }
    if found {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::NoTarget,
        format!(
            "`replicas` names {}, which isn't among the resources that have replicas",
            replica.name.value
        ),
    )
    .at(replica.name.place.or(replica.place)))
}
