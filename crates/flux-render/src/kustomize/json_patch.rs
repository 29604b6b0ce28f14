//! JSON 6902 patches as kustomize applies them (api/filters/patchjson6902, evanphx/json-patch v4).
//!
//! The object goes through JSON and back, which leaves its marks: numbers become floats, dates
//! become texts, keys have to be strings.

use smol_str::SmolStr;
use spanned_yaml::{Dialect, Scalar};

use super::{fields::go_integer, load::LoadedFile};
use crate::{
    error::{Error, ErrorKind},
    key_order,
    place::{Operation, Origin, Place, Step},
    tree::{Id, Kind, Node, Style, Tag, Tree, resolved_tag},
    value::{self, Value},
};

/// A patch: its operations, each with its value in the form that JSON gives it.
#[derive(Clone, Debug, Default)]
pub(crate) struct JsonPatch {
    pub(crate) operations: Vec<JsonOperation>,
}

#[derive(Clone, Debug)]
pub(crate) struct JsonOperation {
    op: SmolStr,
    path: Option<SmolStr>,
    from: Option<SmolStr>,
    value: Option<Tree>,
    place: Option<Place>,
}

/// What an operation works on: a key of a mapping, or a place in a list.
enum Holder {
    Map(Id),
    List(Id),
}

impl JsonPatch {
    /// Reads a patch. `places` tells where a span of the text stands.
    pub(crate) fn read(
        text: &str,
        places: &dyn Fn(spanned_yaml::Span) -> Option<Place>,
    ) -> Result<Self, Error> {
        let wrong = |message: &str, place| Error::invalid(message.to_owned()).at(place);
        if text.is_empty() {
            return Err(wrong("the JSON patch is empty", None));
        }
        let json = text.starts_with('[');
        if json && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return Err(wrong("the JSON patch isn't JSON", None));
        }
        Self::of(&spanned_yaml::parse(text), places)
    }

    /// Reads the patch that a file is.
    pub(crate) fn of_file(
        file: &LoadedFile,
        places: &dyn Fn(spanned_yaml::Span) -> Option<Place>,
    ) -> Result<Self, Error> {
        let text = file.text();
        if text.is_empty() || text.starts_with('[') {
            return Self::read(text, places);
        }
        Self::of(&file.tree, places)
    }

    fn of(
        tree: &spanned_yaml::Tree,
        places: &dyn Fn(spanned_yaml::Span) -> Option<Place>,
    ) -> Result<Self, Error> {
        let wrong = |message: &str, place| Error::invalid(message.to_owned()).at(place);
        if let Some(error) = tree.errors().first() {
            return Err(
                Error::new(ErrorKind::Malformed, error.message.clone()).at(places(error.span))
            );
        }
        let Some(root) = tree.root(0) else { return Ok(Self::default()) };
        if root.is_null() {
            return Ok(Self::default());
        }
        if root.kind() != spanned_yaml::Kind::Sequence {
            return Err(wrong("a JSON patch is a list of operations", places(root.span())));
        }
        let mut operations = Vec::new();
        for item in root.items() {
            let place = places(item.span());
            if item.kind() != spanned_yaml::Kind::Mapping && !item.is_null() {
                return Err(wrong("an operation of a JSON patch is a mapping", place));
            }
            let text = |key: &str| item.get(key).and_then(|node| node.as_str()).map(SmolStr::from);
            let value = item
                .get("value")
                .map(|node| Tree::made(|tree| import(tree, node, places, 0)))
                .transpose()?;
            let op = text("op").unwrap_or_else(|| "unknown".into());
            operations.push(JsonOperation {
                op,
                path: text("path"),
                from: text("from"),
                value,
                place,
            });
        }
        Ok(Self { operations })
    }

    /// Applies the patch to an object.
    pub(crate) fn apply(&self, tree: &Tree) -> Result<Tree, Error> {
        let mut tree = through_json(tree)?;
        for operation in &self.operations {
            operation.apply(&mut tree).map_err(|error| error.at(operation.place))?;
        }
        if tree.node(tree.root()).kind != Kind::Mapping {
            return Err(Error::invalid("the JSON patch leaves something else than an object"));
        }
        through_json(&tree)
    }
}

/// A value of a patch as JSON has it, read by YAML 1.1's rules as kubectl's library does.
fn import(
    tree: &mut Tree,
    node: spanned_yaml::Node<'_>,
    places: &dyn Fn(spanned_yaml::Span) -> Option<Place>,
    depth: usize,
) -> Result<Id, Error> {
    let place = places(node.span());
    if depth > crate::MOST_LEVELS || tree.len() > crate::MOST_NODES {
        return Err(Error::new(ErrorKind::Limit, "the value is too large").at(place));
    }
    let origin = Origin {
        place,
        step: Some(std::sync::Arc::new(Step {
            operation: Operation::JsonPatch,
            place,
            before: None,
        })),
    };
    match node.kind() {
        spanned_yaml::Kind::Mapping => {
            let mut children = Vec::new();
            for entry in node.entries() {
                let origin = Origin { place: places(entry.key.span()), ..origin.clone() };
                children.push(tree.add(Node::string(super::read::key_text(entry.key), origin)));
                children.push(import(tree, entry.value, places, depth + 1)?);
            }
            Ok(tree.add(Node { children, ..Node::empty(Kind::Mapping, origin) }))
        }
        spanned_yaml::Kind::Sequence => {
            let mut children = Vec::new();
            for item in node.items() {
                children.push(import(tree, item, places, depth + 1)?);
            }
            Ok(tree.add(Node { children, ..Node::empty(Kind::Sequence, origin) }))
        }
        _ => {
            let value = match node.scalar(Dialect::GoYamlV2) {
                Scalar::Null => Value::Null,
                Scalar::Bool(value) => Value::Bool(value),
                Scalar::Int(value) => Value::Int(value),
                Scalar::UInt(value) => Value::UInt(value),
                Scalar::Float(value) if value.is_finite() => Value::Float(value),
                Scalar::Float(_) => {
                    return Err(Error::invalid("JSON has no such number").at(place));
                }
                Scalar::Timestamp(text) | Scalar::Binary(text) | Scalar::Str(text) => {
                    Value::String(text.into())
                }
            };
            Ok(tree.add(json_node(&value, origin)))
        }
    }
}

/// A scalar as kyaml has it after JSON: every number was a float on the way.
fn json_node(value: &Value, origin: Origin) -> Node {
    #[allow(clippy::cast_precision_loss, reason = "as Go's JSON decodes numbers")]
    let number = match value {
        Value::Int(value) => *value as f64,
        Value::UInt(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Null => return Node::new(Kind::Scalar, Tag::Null, "null", origin),
        Value::Bool(value) => {
            return Node::new(Kind::Scalar, Tag::Bool, value.to_string(), origin);
        }
        Value::String(text) => {
            let style = if resolved_tag(text) == Tag::Str && !text.contains('\n') {
                Style::Plain
            } else {
                Style::Quoted
            };
            return Node { style, ..Node::string(text.clone(), origin) };
        }
    };
    let text = value::go_float(number);
    let tag = resolved_tag(&text);
    Node::new(Kind::Scalar, tag, text, origin)
}

/// A scalar of JSON that is read as YAML: texts in quotes, numbers as they are.
fn exact_node(value: &Value, origin: Origin) -> Node {
    match value {
        Value::Null => Node::new(Kind::Scalar, Tag::Null, "null", origin),
        Value::Bool(value) => Node::new(Kind::Scalar, Tag::Bool, value.to_string(), origin),
        Value::Int(value) => Node::new(Kind::Scalar, Tag::Int, value.to_string(), origin),
        Value::UInt(value) => Node::new(Kind::Scalar, Tag::Int, value.to_string(), origin),
        Value::Float(value) => {
            let text = value::json_float(*value);
            let tag = resolved_tag(&text);
            Node::new(Kind::Scalar, tag, text, origin)
        }
        Value::String(text) => Node { style: Style::Quoted, ..Node::string(text.clone(), origin) },
    }
}

/// The tree after a way through JSON and Go's maps, where every number becomes a float.
pub(crate) fn through_json(tree: &Tree) -> Result<Tree, Error> {
    rebuilt(tree, json_node, value::scalar)
}

/// The tree written as JSON, and read as YAML.
pub(crate) fn through_json_exactly(tree: &Tree) -> Result<Tree, Error> {
    rebuilt(tree, exact_node, value::decoded)
}

type Make = fn(&Value, Origin) -> Node;
type Read = fn(&Node) -> Result<Value, Error>;

fn rebuilt(tree: &Tree, make: Make, read: Read) -> Result<Tree, Error> {
    let root = tree.root();
    Tree::made(|result| copy(tree, root, result, make, read))
}

fn copy(from: &Tree, id: Id, to: &mut Tree, make: Make, read: Read) -> Result<Id, Error> {
    let node = from.node(id);
    let origin = node.origin.clone();
    match node.kind {
        Kind::Scalar => {
            let value = read(node)?;
            Ok(to.add(make(&value, origin)))
        }
        Kind::Sequence => {
            let mut children = Vec::with_capacity(node.children.len());
            for item in from.items(id) {
                children.push(copy(from, *item, to, make, read)?);
            }
            Ok(to.add(Node { children, ..Node::new(Kind::Sequence, Tag::Seq, "", origin) }))
        }
        Kind::Mapping => {
            let mut children = Vec::with_capacity(node.children.len());
            for &[key, value] in key_order::sorted_entries(from, id)?.entries.iter() {
                let key = from.node(key);
                children.push(to.add(make(&Value::String(key.text.clone()), key.origin.clone())));
                children.push(copy(from, value, to, make, read)?);
            }
            Ok(to.add(Node { children, ..Node::new(Kind::Mapping, Tag::Map, "", origin) }))
        }
    }
}

impl JsonOperation {
    fn apply(&self, tree: &mut Tree) -> Result<(), Error> {
        let path = || self.path.as_deref().ok_or_else(|| self.fail("has no path"));
        match self.op.as_str() {
            "add" => {
                let value = self.take_value(tree);
                self.add(tree, path()?, value)
            }
            "remove" => {
                let (holder, key) = self.find(tree, path()?)?;
                self.remove(tree, &holder, &key).map(|_| ())
            }
            "replace" => self.replace(tree, path()?),
            "move" => {
                let from = self.from.as_deref().ok_or_else(|| self.fail("has no `from`"))?;
                let (holder, key) = self.find(tree, from)?;
                // Of a mapping, a key that isn't there reads as nothing, and fails to go.
                self.get(tree, &holder, &key)?;
                let value = self.remove(tree, &holder, &key)?;
                self.add(tree, path()?, value)
            }
            "copy" => {
                let from = self.from.as_deref().ok_or_else(|| self.fail("has no `from`"))?;
                let (holder, key) = self.find(tree, from)?;
                let value = match self.get(tree, &holder, &key)? {
                    Some(id) => tree.copy(id),
                    None => tree.add(json_node(&Value::Null, Origin::default())),
                };
                self.add(tree, path()?, value)
            }
            "test" => self.test(tree, path()?),
            _ => Err(self.fail("is none of add, remove, replace, move, copy and test")),
        }
    }

    fn fail(&self, what: &str) -> Error {
        Error::invalid(format!("the operation `{}` {what}", self.op)).at(self.place)
    }

    fn take_value(&self, tree: &mut Tree) -> Id {
        match &self.value {
            Some(value) => tree.import(value, value.root()),
            None => tree.add(json_node(&Value::Null, Origin::default())),
        }
    }

    /// The collection that the path's last part is in.
    fn find(&self, tree: &Tree, path: &str) -> Result<(Holder, String), Error> {
        let missing = || {
            Error::new(
                ErrorKind::NoTarget,
                format!("the operation `{}` doesn't apply: there is no {path}", self.op),
            )
            .at(self.place)
        };
        let parts: Vec<String> =
            path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        let Some((key, between)) = parts.split_last().filter(|(_, between)| !between.is_empty())
        else {
            return Err(missing());
        };
        let mut at = tree.root();
        for part in between.iter().skip(1) {
            at = match tree.node(at).kind {
                Kind::Mapping => tree.get(at, part).ok_or_else(missing)?,
                Kind::Sequence => {
                    let index = index_in(part, tree.items(at).len()).ok_or_else(missing)?;
                    tree.items(at).get(index).copied().ok_or_else(missing)?
                }
                Kind::Scalar => return Err(missing()),
            };
        }
        match tree.node(at).kind {
            Kind::Mapping => Ok((Holder::Map(at), key.clone())),
            Kind::Sequence => Ok((Holder::List(at), key.clone())),
            Kind::Scalar => Err(missing()),
        }
    }

    fn get(&self, tree: &Tree, holder: &Holder, key: &str) -> Result<Option<Id>, Error> {
        match holder {
            Holder::Map(map) => Ok(tree.get(*map, key)),
            Holder::List(list) => {
                let items = tree.items(*list);
                let index = index_in(key, items.len());
                index.and_then(|index| items.get(index)).copied().map(Some).ok_or_else(|| {
                    self.fail(&format!("names the index {key}, which the list doesn't have"))
                })
            }
        }
    }

    fn add(&self, tree: &mut Tree, path: &str, value: Id) -> Result<(), Error> {
        let (holder, key) = self.find(tree, path)?;
        match holder {
            Holder::Map(map) => {
                self.put(tree, map, &key, value);
                Ok(())
            }
            Holder::List(list) => {
                let length = tree.items(list).len();
                let index = if key == "-" {
                    Some(length)
                } else {
                    go_integer(&key).and_then(|index| {
                        let index = if index < 0 { index + length as i64 + 1 } else { index };
                        usize::try_from(index).ok().filter(|index| *index <= length)
                    })
                };
                let index = index.ok_or_else(|| {
                    self.fail(&format!("names the index {key}, which the list doesn't have"))
                })?;
                tree.node_mut(list).children.insert(index, value);
                Ok(())
            }
        }
    }

    /// Writes a key of a mapping; the origin of what was there goes into the new one's.
    fn put(&self, tree: &mut Tree, map: Id, key: &str, value: Id) {
        let old = tree.get(map, key).map(|old| tree.node(old).origin.clone());
        if let Some(old) = old {
            let node = tree.node_mut(value);
            let step =
                Step { operation: Operation::JsonPatch, place: self.place, before: Some(old) };
            node.origin.step = Some(std::sync::Arc::new(step));
            let position = tree.entries(map).position(|(k, _)| tree.text(k) == key);
            if let Some(slot) =
                position.and_then(|position| tree.node_mut(map).children.get_mut(position * 2 + 1))
            {
                *slot = value;
            }
            return;
        }
        let origin = tree.node(value).origin.clone();
        let key = tree.add(json_node(&Value::String(key.into()), origin));
        tree.node_mut(map).children.extend([key, value]);
    }

    fn remove(&self, tree: &mut Tree, holder: &Holder, key: &str) -> Result<Id, Error> {
        let (parent, removed) = match holder {
            Holder::Map(map) => {
                let removed = tree.clear(*map, key)?.ok_or_else(|| {
                    Error::new(ErrorKind::NoTarget, format!("there is no key `{key}` to remove"))
                        .at(self.place)
                })?;
                (*map, removed)
            }
            Holder::List(list) => {
                let index = index_in(key, tree.items(*list).len()).ok_or_else(|| {
                    self.fail(&format!("names the index {key}, which the list doesn't have"))
                })?;
                (*list, tree.node_mut(*list).children.remove(index))
            }
        };
        let node = tree.node_mut(parent);
        let before = node.origin.clone();
        node.origin.step = Some(std::sync::Arc::new(Step {
            operation: Operation::Removed(key.into()),
            place: self.place,
            before: Some(before),
        }));
        Ok(removed)
    }

    fn replace(&self, tree: &mut Tree, path: &str) -> Result<(), Error> {
        let value = self.take_value(tree);
        if path.is_empty() {
            if tree.node(value).kind == Kind::Scalar {
                return Err(self.fail("replaces the object by a single value"));
            }
            let node = tree.node(value).clone();
            let root = tree.root();
            *tree.node_mut(root) = node;
            return Ok(());
        }
        let (holder, key) = self.find(tree, path)?;
        self.get(tree, &holder, &key)?;
        match holder {
            Holder::Map(map) => self.put(tree, map, &key, value),
            Holder::List(list) => {
                let index = index_in(&key, tree.items(list).len());
                let old = index.and_then(|index| tree.items(list).get(index).copied());
                if let Some(old) = old.map(|old| tree.node(old).origin.clone()) {
                    let step = Step {
                        operation: Operation::JsonPatch,
                        place: self.place,
                        before: Some(old),
                    };
                    tree.node_mut(value).origin.step = Some(std::sync::Arc::new(step));
                }
                if let Some(slot) =
                    index.and_then(|index| tree.node_mut(list).children.get_mut(index))
                {
                    *slot = value;
                }
            }
        }
        Ok(())
    }

    fn test(&self, tree: &Tree, path: &str) -> Result<(), Error> {
        let found = if path.is_empty() {
            Some(tree.root())
        } else {
            let (holder, key) = self.find(tree, path)?;
            self.get(tree, &holder, &key)?
        };
        let null = |tree: &Tree, id: Id| tree.node(id).is_null();
        let found = found.filter(|id| !null(tree, *id));
        let wanted = self.value.as_ref().filter(|value| !null(value, value.root()));
        let equal = match (found, wanted) {
            (None, None) => true,
            (Some(found), Some(wanted)) => equal(tree, found, wanted, wanted.root()),
            _ => false,
        };
        if equal { Ok(()) } else { Err(self.fail(&format!("fails at {path}"))) }
    }
}

fn equal(a: &Tree, x: Id, b: &Tree, y: Id) -> bool {
    let (left, right) = (a.node(x), b.node(y));
    if left.kind != right.kind {
        return false;
    }
    match left.kind {
        Kind::Scalar => left.tag == right.tag && left.text == right.text,
        Kind::Sequence => {
            let (xs, ys) = (a.items(x), b.items(y));
            xs.len() == ys.len() && xs.iter().zip(ys).all(|(x, y)| equal(a, *x, b, *y))
        }
        Kind::Mapping => {
            left.children.len() == right.children.len()
                && a.entries(x).all(|(key, value)| {
                    b.get(y, a.text(key)).is_some_and(|other| equal(a, value, b, other))
                })
        }
    }
}

/// The index that a part of a path names; negative ones count from the end.
fn index_in(part: &str, length: usize) -> Option<usize> {
    let index = go_integer(part)?;
    let index = if index < 0 { index + length as i64 } else { index };
    usize::try_from(index).ok().filter(|index| *index < length)
}
