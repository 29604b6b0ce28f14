//! What is left of an object once it went through the Go types of Kubernetes' own kinds
//! (fluxcd/pkg/ssa v0.78.0, normalize/normalize.go; k8s.io/apimachinery, runtime/converter.go).

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use base64::{Engine, engine::general_purpose::STANDARD};

use super::pipeline::{Problem, ProblemKind};
use crate::{
    error::Error,
    kustomize::Resource,
    place::{Operation, Origin, Step},
    tree::{Id, Kind, Node, Tag, Tree},
    value::{self, Value},
};

/// What a value may be.
#[derive(Clone, Debug)]
enum Shape {
    Text,
    Bool,
    Integer,
    Number,
    Quantity,
    /// A quantity that Go writes as 0 where there is none.
    WrittenQuantity,
    Base64,
    IntOrText,
    Anything,
    Struct(usize),
    List(Box<Shape>),
    Map(Box<Shape>),
}

/// The types of Kubernetes' own kinds.
struct Types {
    /// By apiVersion and kind, with a space between.
    kinds: HashMap<&'static str, Shape>,
    fields: Vec<BTreeMap<&'static str, Shape>>,
}

static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let mut types = Types { kinds: HashMap::new(), fields: Vec::new() };
    for line in include_str!("../../tables/typed-fields.txt").lines() {
        if let Some(kind) = line.strip_prefix("kind ") {
            if let Some((kind, shape)) = kind.rsplit_once(' ') {
                types.kinds.insert(kind, Shape::read(shape));
            }
        } else if let Some(fields) = line.strip_prefix("type ") {
            let fields = fields.split(' ').skip(1).filter_map(|field| field.split_once(':'));
            types.fields.push(fields.map(|(name, shape)| (name, Shape::read(shape))).collect());
        }
    }
    types
});

impl Shape {
    fn read(text: &str) -> Self {
        let rest = text.get(1..).unwrap_or_default();
        match text.as_bytes().first() {
            Some(b's') => Self::Text,
            Some(b'b') => Self::Bool,
            Some(b'i') => Self::Integer,
            Some(b'f') => Self::Number,
            Some(b'q') => Self::Quantity,
            Some(b'Q') => Self::WrittenQuantity,
            Some(b'y') => Self::Base64,
            Some(b'o') => Self::IntOrText,
            Some(b'[') => Self::List(Box::new(Self::read(rest))),
            Some(b'{') => Self::Map(Box::new(Self::read(rest))),
            Some(b'0'..=b'9') => text.parse().map_or(Self::Anything, Self::Struct),
            _ => Self::Anything,
        }
    }
}

/// A key that the type of its mapping doesn't have.
struct Dropped {
    holder: Id,
    key: String,
    path: String,
    nearest: Option<&'static str>,
}

/// What Go makes of an object that isn't what is written.
#[derive(Default)]
struct Found {
    dropped: Vec<Dropped>,
    /// What Go writes otherwise.
    encoded: Vec<(Id, String)>,
    /// Quantities that Go writes where there are none: what holds them, and their names.
    filled: Vec<(Id, &'static str)>,
}

/// A field below others, from the root; `[]` stands for an item. Few are ever written out.
#[derive(Clone, Copy)]
struct Path<'p>(Option<&'p Path<'p>>, &'p str);

impl std::fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(holder, part) = self;
        if let Some(holder) = holder {
            holder.fmt(f)?;
            if *part != "[]" && holder.0.is_some() {
                f.write_str(".")?;
            }
        }
        f.write_str(part)
    }
}

/// Takes away what Flux drops, and fills in what it fills in. An object that doesn't fit its type
/// stays as it is, but for its status.
pub(crate) fn normalize(resource: &mut Resource, problems: &mut Vec<Problem>) -> Result<(), Error> {
    let (version, kind) = (resource.tree.top("apiVersion").to_owned(), resource.kind().to_owned());
    // Their rules would be reset: kustomize-controller#1041.
    if version == "rbac.authorization.k8s.io/v1" && matches!(kind.as_str(), "Role" | "ClusterRole")
    {
        return Ok(());
    }
    let shape = TYPES.kinds.get(format!("{version} {kind}").as_str());
    let root = resource.tree.root();
    let mut found = Found::default();
    let fits =
        shape.is_some_and(|shape| fits(&resource.tree, root, shape, Path(None, ""), &mut found));
    let keeps_status = kind == "CustomResourceDefinition";
    let is_there = |field| resource.tree.get(root, field).is_some();
    if !found.dropped.is_empty() || is_there("stringData") || !keeps_status && is_there("status") {
        resource.expect_writable()?;
    }
    if fits {
        for (id, text) in found.encoded {
            let origin = resource.tree.node(id).origin.clone();
            *resource.tree.node_mut(id) = Node::string(text, origin);
        }
        for (holder, name) in found.filled {
            let origin = filled_in(&resource.tree.node(holder).origin);
            let zero = resource.tree.add(Node::string("0", origin));
            resource.tree.set_field(holder, name, Some(zero), false)?;
        }
        for one in found.dropped {
            let key = resource.tree.entries(one.holder).map(|(key, _)| key);
            let key = key.into_iter().find(|key| resource.tree.text(*key) == one.key);
            let origin = key.map(|key| resource.tree.node(key).origin.clone()).unwrap_or_default();
            problems.push(Problem {
                help: Some(match one.nearest {
                    Some(nearest) => format!("did you mean {nearest}?"),
                    None => "delete it, or move it to where it belongs".to_owned(),
                }),
                ..Problem::new(
                    ProblemKind::DroppedField,
                    format!("{kind} has no field {}: Flux drops it", one.path),
                    origin,
                )
            });
            resource.tree.clear(one.holder, &one.key)?;
        }
        fill_in(&mut resource.tree, &version, &kind)?;
    }
    if !keeps_status {
        resource.tree.clear(root, "status")?;
    }
    Ok(())
}

/// Whether a value can be decoded into its type; what the type has no place for is noted.
fn fits(tree: &Tree, id: Id, shape: &Shape, path: Path<'_>, found: &mut Found) -> bool {
    fits_within(tree, id, shape, path, false, found)
}

fn fits_within(
    tree: &Tree,
    id: Id,
    shape: &Shape,
    path: Path<'_>,
    in_map: bool,
    found: &mut Found,
) -> bool {
    let node = tree.node(id);
    let shape = if matches!(shape, Shape::WrittenQuantity) { &Shape::Quantity } else { shape };
    if node.kind == Kind::Scalar {
        let Ok(value) = value::scalar(node) else { return false };
        return match (value, shape) {
            // A quantity is a struct in Go, which has no null.
            (Value::Null, Shape::Quantity) if in_map => {
                found.encoded.push((id, "0".to_owned()));
                true
            }
            (Value::Null, _) | (_, Shape::Anything) => true,
            (Value::String(_), Shape::Text | Shape::Quantity | Shape::IntOrText) => true,
            (Value::String(text), Shape::Base64) => {
                let Some(bytes) = decoded(&text) else { return false };
                found.encoded.push((id, STANDARD.encode(bytes)));
                true
            }
            (Value::Bool(_), Shape::Bool) => true,
            (
                Value::Int(_) | Value::UInt(_),
                Shape::Integer | Shape::Number | Shape::Quantity | Shape::IntOrText,
            ) => true,
            (Value::Float(_), Shape::Number | Shape::Quantity) => true,
            (Value::Float(value), Shape::Integer) => value.fract() == 0.0,
            _ => false,
        };
    }
    match shape {
        Shape::Anything => true,
        Shape::List(item) if node.kind == Kind::Sequence => tree
            .items(id)
            .iter()
            .all(|child| fits(tree, *child, item, Path(Some(&path), "[]"), found)),
        Shape::Map(value) if node.kind == Kind::Mapping => tree.entries(id).all(|(key, child)| {
            fits_within(tree, child, value, Path(Some(&path), tree.text(key)), true, found)
        }),
        Shape::Struct(number) if node.kind == Kind::Mapping => {
            let Some(fields) = TYPES.fields.get(*number) else { return false };
            for (name, shape) in fields {
                let unset = tree.get(id, name).is_none_or(|value| tree.node(value).is_null());
                if unset && matches!(shape, Shape::WrittenQuantity) {
                    found.filled.push((id, name));
                }
            }
            tree.entries(id).all(|(key, child)| {
                let name = tree.text(key);
                let path = Path(Some(&path), name);
                match fields.get(name) {
                    Some(shape) => fits(tree, child, shape, path, found),
                    None => {
                        let score = |field: &&str| strsim::jaro_winkler(field, name);
                        let mut known: Vec<&'static str> = fields.keys().copied().collect();
                        known.sort_unstable();
                        let nearest = known
                            .into_iter()
                            .max_by(|a, b| score(a).total_cmp(&score(b)))
                            .filter(|nearest| score(nearest) > 0.85);
                        found.dropped.push(Dropped {
                            holder: id,
                            key: name.to_owned(),
                            path: path.to_string(),
                            nearest,
                        });
                        true
                    }
                }
            })
        }
        _ => false,
    }
}

/// Base64 with breaks in it, which Go passes over.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let joined: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    STANDARD.decode(joined).ok()
}

/// The protocol of ports, and a Secret's texts among its data.
fn fill_in(tree: &mut Tree, version: &str, kind: &str) -> Result<(), Error> {
    let pod: &[&str] = match (version, kind) {
        ("v1", "Pod") => &["spec"],
        ("apps/v1", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet")
        | ("batch/v1", "Job") => &["spec", "template", "spec"],
        ("batch/v1", "CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
        ("v1", "Service") => {
            let ports = tree.at(&["spec", "ports"]);
            return default_protocols(tree, ports);
        }
        ("v1", "Secret") => return fold_string_data(tree),
        _ => return Ok(()),
    };
    let Some(containers) = tree.at(pod).and_then(|pod| tree.get(pod, "containers")) else {
        return Ok(());
    };
    for container in tree.items(containers).to_vec() {
        let ports = tree.get(container, "ports");
        default_protocols(tree, ports)?;
    }
    Ok(())
}

fn default_protocols(tree: &mut Tree, ports: Option<Id>) -> Result<(), Error> {
    let items = ports.map(|ports| tree.items(ports).to_vec()).unwrap_or_default();
    for port in items {
        let protocol = tree.get(port, "protocol");
        let unset = protocol.is_none_or(|id| tree.node(id).is_null() || tree.text(id).is_empty());
        if unset && tree.node(port).kind == Kind::Mapping {
            let origin = filled_in(&tree.node(port).origin);
            let node = tree.add(Node::string("TCP", origin));
            tree.set_field(port, "protocol", Some(node), false)?;
        }
    }
    Ok(())
}

fn fold_string_data(tree: &mut Tree) -> Result<(), Error> {
    let root = tree.root();
    let Some(texts) = tree.at(&["stringData"]) else { return Ok(()) };
    let entries: Vec<(Id, Id)> = tree.entries(texts).collect();
    if !entries.is_empty() {
        let origin = tree.node(texts).origin.clone();
        let create = Some((Kind::Mapping, &origin));
        let data = tree.lookup(root, ["data"], create)?;
        for (key, value) in entries {
            let (Some(data), name) = (data, tree.text(key).to_owned()) else { continue };
            let encoded = match value::scalar(tree.node(value))? {
                // What SOPS has encrypted isn't known.
                Value::String(text) if text.starts_with(super::variables::ENCRYPTED) => text,
                Value::String(text) => STANDARD.encode(text.as_bytes()).into(),
                _ => continue,
            };
            let origin = tree.node(value).origin.clone();
            let node = tree.add(Node::new(Kind::Scalar, Tag::Str, encoded, origin));
            tree.set_field(data, &name, Some(node), false)?;
        }
    }
    tree.clear(root, "stringData")?;
    Ok(())
}

/// The origin of what Flux adds to something that somebody wrote.
fn filled_in(near: &Origin) -> Origin {
    let step = Step { operation: Operation::Flux, place: None, before: None };
    Origin { place: near.place, step: Some(std::sync::Arc::new(step)) }
}
