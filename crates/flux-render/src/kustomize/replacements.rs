//! `replacements`: a field of one object is copied to fields of others
//! (api/filters/replacement, kyaml/yaml/match.go).

use smol_str::SmolStr;

use super::{
    fields::{go_integer, is_list_index, kind_for, split_list_index, split_path_smartly},
    generators::go_json_string,
    kustomization::{FieldOptions, Replacement, Source, Target},
    resmap::ResMap,
    resource::Resource,
    selector::{SelectorRegex, compile},
    transformers::by,
};
use crate::{
    emit,
    error::{Error, ErrorKind},
    place::{Operation, Origin, Place},
    tree::{Id, Kind, Node, Tree},
};

/// Applies the replacements, one after the other.
pub(crate) fn apply(objects: &mut ResMap, replacements: &[Replacement]) -> Result<(), Error> {
    for replacement in replacements {
        one(objects, replacement).map_err(|error| error.at(replacement.place))?;
    }
    objects.drop_empty();
    for object in &objects.list {
        if object.name().is_empty() {
            let place = object.origin_of(&["metadata", "name"]).place;
            let message = format!("a replacement takes the name of a {} away", object.kind());
            return Err(Error::invalid(message).at(place));
        }
    }
    Ok(())
}

fn one(objects: &mut ResMap, replacement: &Replacement) -> Result<(), Error> {
    let value = match (&replacement.source, &replacement.source_value) {
        (Some(_), Some(_)) => {
            return Err(Error::invalid("a replacement has both `source` and `sourceValue`"));
        }
        (None, None) => {
            return Err(Error::invalid("a replacement needs `source` and `targets`"));
        }
        (_, _) if replacement.targets.is_none() => {
            return Err(Error::invalid("a replacement needs `source` and `targets`"));
        }
        (None, Some(text)) => {
            let origin = Origin { place: text.place, step: None };
            Value::Fixed(Tree::new(Node::plain(text.value.clone(), origin)))
        }
        (Some(source), None) => read(objects, source)?,
    };
    for target in replacement.targets.iter().flatten() {
        write(objects, &value, target, replacement.place)?;
    }
    Ok(())
}

/// What is written.
enum Value {
    /// This, whatever happens.
    Fixed(Tree),
    /// What a field of an object holds when it is written, which an earlier target may have changed.
    Live { index: usize, id: Id },
}

/// The value of the source field.
fn read(objects: &ResMap, source: &Source) -> Result<Value, Error> {
    let mut found: Option<(usize, &Resource)> = None;
    for (index, resource) in objects.list.iter().enumerate() {
        if selected_by(resource, source)? && found.replace((index, resource)).is_some() {
            return Err(Error::invalid("several resources are the source of the replacement"));
        }
    }
    let Some((index, resource)) = found else {
        return Err(Error::new(
            ErrorKind::NoTarget,
            "the source of the replacement isn't among the resources",
        ));
    };
    let path: &str =
        if source.field_path.is_empty() { "metadata.name" } else { &source.field_path };
    let parts = split_path_smartly(path, '.');
    let mut tree = resource.tree.clone();
    let root = tree.root();
    let id = tree.lookup(root, parts.iter().map(String::as_str), None)?;
    let id = id.filter(|id| !tree.node(*id).is_nil_or_empty()).ok_or_else(|| {
        Error::new(ErrorKind::NoTarget, format!("the source has no field {path}"))
    })?;
    let Some(options) = source.options.as_ref().filter(|options| !options.delimiter.is_empty())
    else {
        return Ok(Value::Live { index, id });
    };
    let mut value = tree.extract(id);
    let root = value.root();
    if value.node(root).kind != Kind::Scalar {
        return Err(Error::invalid("a delimiter only goes with single values"));
    }
    let text = value.node(root).text.clone();
    let piece = usize::try_from(options.index)
        .ok()
        .and_then(|index| text.split(options.delimiter.as_str()).nth(index))
        .ok_or_else(|| {
            Error::invalid(format!("`{text}` has no part with the index {}", options.index))
        })?;
    value.node_mut(root).text = piece.into();
    Ok(Value::Fixed(value))
}

fn selected_by(resource: &Resource, source: &Source) -> Result<bool, Error> {
    for id in ids(resource)? {
        if id.is_selected_by(&source.id) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Present and former ids, without what the schema knows of their scope (`MakeResIds`).
fn ids(resource: &Resource) -> Result<Vec<super::gvk::ResId>, Error> {
    let now = super::gvk::ResId { cluster_scoped: false, ..resource.id() };
    let mut ids = vec![now];
    ids.extend(resource.previous_ids()?);
    Ok(ids)
}

fn write(
    objects: &mut ResMap,
    value: &Value,
    target: &Target,
    place: Option<Place>,
) -> Result<(), Error> {
    let Some(select) = &target.select else {
        return Err(Error::invalid("a target of a replacement needs `select`"));
    };
    let select = SelectorRegex::new(select)?;
    let reject: Vec<SelectorRegex<'_>> =
        target.reject.iter().map(SelectorRegex::new).collect::<Result<_, _>>()?;
    for number in 0..objects.list.len() {
        let other = match value {
            Value::Live { index, .. } if *index != number => objects.list.get(*index).cloned(),
            _ => None,
        };
        let Some(resource) = objects.list.get_mut(number) else { break };
        let ids = ids(resource)?;
        if !(select.annotations(&resource.tree)? && select.labels(&resource.tree)?) {
            continue;
        }
        let mut rejected = false;
        for (selector, regex) in target.reject.iter().zip(&reject) {
            if selector.annotations.is_empty() && selector.labels.is_empty() {
                continue;
            }
            rejected |= regex.annotations(&resource.tree)? && regex.labels(&resource.tree)?;
        }
        let fits = |regex: &SelectorRegex<'_>, id: &super::gvk::ResId| {
            regex.gvk(&id.gvk) && regex.name(&id.name) && regex.namespace(&id.namespace)
        };
        rejected |= target.reject.iter().zip(&reject).any(|(selector, regex)| {
            let empty = selector.id == super::gvk::ResId::default();
            !empty && ids.iter().any(|id| fits(regex, id))
        });
        if rejected || !ids.iter().any(|id| fits(&select, id)) {
            continue;
        }
        let tree = &mut std::sync::Arc::make_mut(resource).tree;
        let default = vec![SmolStr::from("metadata.name")];
        let paths: Vec<SmolStr> = if target.field_paths.is_empty() {
            default
        } else {
            target.field_paths.iter().map(|path| path.value.clone()).collect()
        };
        for path in &paths {
            let mut copy = Copy {
                tree,
                value,
                other: other.as_deref(),
                options: target.options.as_ref(),
                place,
            };
            copy.to(path)?;
        }
    }
    Ok(())
}

struct Copy<'a> {
    tree: &'a mut Tree,
    value: &'a Value,
    /// The object of a live value, if it isn't the one that is written.
    other: Option<&'a Resource>,
    options: Option<&'a FieldOptions>,
    place: Option<Place>,
}

impl Copy<'_> {
    fn to(&mut self, path: &str) -> Result<(), Error> {
        let value = self.current();
        let kind = value.node(value.root()).kind;
        let create = self.options.is_some_and(|options| options.create).then_some(kind);
        if self.write_into_text(path, create).is_ok() {
            return Ok(());
        }
        let parts = split_path_smartly(path, '.');
        let root = self.tree.root();
        let mut matcher = Matcher { create, origin: by(Operation::Replacement, self.place, None) };
        let found = matcher.find(self.tree, root, &parts)?.unwrap_or_default();
        if found.is_empty() {
            return Err(Error::new(
                ErrorKind::NoTarget,
                format!("a target of the replacement has no field {path}"),
            ));
        }
        for field in found {
            self.set(field)?;
        }
        Ok(())
    }

    /// The value at this moment.
    fn current(&self) -> Tree {
        match (self.value, self.other) {
            (Value::Fixed(value), _) => value.clone(),
            (Value::Live { id, .. }, Some(other)) => other.tree.extract(*id),
            (Value::Live { id, .. }, None) => self.tree.extract(*id),
        }
    }

    /// The value's origin, with what was there before.
    fn origin(&self, value: &Tree, before: Origin) -> Origin {
        let written = value.node(value.root()).origin.place;
        let before = Some(before).filter(|before| before.place.is_some());
        Origin { place: written, ..by(Operation::Replacement, self.place, before) }
    }

    fn set(&mut self, field: Id) -> Result<(), Error> {
        let value = self.current();
        let source = value.node(value.root());
        let node = self.tree.node(field);
        let mut text = source.text.clone();
        if let Some(options) = self.options.filter(|options| !options.delimiter.is_empty()) {
            if node.kind != Kind::Scalar {
                return Err(Error::invalid("a delimiter only goes with single values"));
            }
            let mut parts: Vec<&str> = node.text.split(options.delimiter.as_str()).collect();
            let own = if source.is_null() { "" } else { source.text.as_str() };
            match usize::try_from(options.index) {
                Err(_) => parts.insert(0, own),
                Ok(index) => match parts.get_mut(index) {
                    Some(part) => *part = own,
                    None => parts.push(own),
                },
            }
            text = parts.join(&options.delimiter).into();
        }
        let origin = self.origin(&value, node.origin.clone());
        if node.kind == Kind::Scalar {
            let node = self.tree.node_mut(field);
            (node.text, node.origin) = (text, origin);
            return Ok(());
        }
        let copy = self.tree.import(&value, value.root());
        let mut copy = self.tree.node(copy).clone();
        (copy.text, copy.origin) = (text, origin);
        *self.tree.node_mut(field) = copy;
        Ok(())
    }

    /// Writes into YAML or JSON that a single value holds.
    fn write_into_text(&mut self, path: &str, create: Option<Kind>) -> Result<(), Error> {
        let no = || Error::invalid("no structured data there");
        let parts = split_path_smartly(path, '.');
        if parts.len() < 2 {
            return Err(no());
        }
        let root = self.tree.root();
        let mut holder = None;
        for length in 1..parts.len() {
            let Some(start) = parts.get(..length) else { continue };
            let Ok(Some(id)) = self.tree.lookup(root, start.iter().map(String::as_str), None)
            else {
                continue;
            };
            if self.tree.node(id).kind == Kind::Scalar
                && spanned_yaml::parse(self.tree.text(id)).errors().is_empty()
            {
                holder = Some((id, length));
                break;
            }
        }
        let (id, length) = holder.ok_or_else(no)?;
        let text = self.tree.node(id).text.clone();
        let mut inner = super::load::plain_tree(&text).ok_or_else(no)?;
        let inner_root = inner.root();
        let rest = parts.get(length..).unwrap_or_default();
        let mut matcher = Matcher { create, origin: Origin::default() };
        let found = matcher.find(&mut inner, inner_root, rest)?.unwrap_or_default();
        if found.is_empty() {
            return Err(no());
        }
        let value = self.current();
        for field in found {
            let source = value.node(value.root()).clone();
            if inner.node(field).kind == Kind::Scalar {
                inner.node_mut(field).text = source.text;
            } else {
                let copy = inner.import(&value, value.root());
                let copy = inner.node(copy).clone();
                *inner.node_mut(field) = copy;
            }
        }
        let first = text.trim().chars().next().ok_or_else(no)?;
        let written = if matches!(first, '{' | '[') {
            let pretty = text.contains('\n') && text.contains("  ");
            let mut out = String::new();
            write_json(&inner, inner_root, pretty.then_some(0), &mut out)?;
            out
        } else {
            emit::as_kyaml_writes(&inner)?.trim().to_owned()
        };
        let origin = self.origin(&value, self.tree.node(id).origin.clone());
        let node = self.tree.node_mut(id);
        (node.text, node.origin) = (written.into(), origin);
        Ok(())
    }
}

/// JSON as Go's encoding/json writes it; with an indent, on several lines.
fn write_json(tree: &Tree, id: Id, indent: Option<usize>, out: &mut String) -> Result<(), Error> {
    let node = tree.node(id);
    let inner = indent.map(|indent| indent + 2);
    let line = |out: &mut String, indent: Option<usize>| {
        if let Some(indent) = indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
        }
    };
    match node.kind {
        Kind::Mapping => {
            let mut entries = crate::key_order::sorted_entries(tree, id)?.entries.into_owned();
            entries.sort_by(|[a, _], [b, _]| tree.text(*a).cmp(tree.text(*b)));
            out.push('{');
            for (number, [key, value]) in entries.iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                line(out, inner);
                out.push_str(&go_json_string(tree.text(*key)));
                out.push(':');
                if indent.is_some() {
                    out.push(' ');
                }
                write_json(tree, *value, inner, out)?;
            }
            if !entries.is_empty() {
                line(out, indent);
            }
            out.push('}');
        }
        Kind::Sequence => {
            out.push('[');
            for (number, item) in tree.items(id).iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                line(out, inner);
                write_json(tree, *item, inner, out)?;
            }
            if !node.children.is_empty() {
                line(out, indent);
            }
            out.push(']');
        }
        Kind::Scalar => out.push_str(&match crate::value::scalar(node)? {
            crate::value::Value::Null => "null".to_owned(),
            crate::value::Value::Bool(value) => value.to_string(),
            crate::value::Value::Int(value) => value.to_string(),
            crate::value::Value::UInt(value) => value.to_string(),
            crate::value::Value::Float(value) => crate::value::json_float(value),
            crate::value::Value::String(text) => go_json_string(&text),
        }),
    }
    Ok(())
}

/// Finds fields by a path with patterns (`PathMatcher`); with `create`, makes what is missing.
struct Matcher {
    create: Option<Kind>,
    origin: Origin,
}

impl Matcher {
    fn find(&mut self, tree: &mut Tree, at: Id, path: &[String]) -> Result<Option<Vec<Id>>, Error> {
        let Some((part, rest)) = path.split_first() else { return Ok(Some(vec![at])) };
        let next = rest.first().map(String::as_str);
        if let Some(index) = go_integer(part).and_then(|index| usize::try_from(index).ok()) {
            tree.expect(Some(at), Kind::Sequence)?;
            let length = tree.items(at).len();
            if let Some(kind) = self.create.filter(|_| length == index) {
                let made = tree.add(Node::empty(kind_for(next, kind), self.origin.clone()));
                tree.node_mut(at).children.push(made);
            }
            let element = tree.children(at).get(index).copied().ok_or_else(|| {
                Error::invalid(format!("the list has {length} items, and no index {index}"))
            })?;
            return self.find(tree, element, rest);
        }
        if is_list_index(part) {
            return self.elements(tree, at, part, rest, true);
        }
        if part == "*" {
            tree.expect(Some(at), Kind::Sequence)?;
            let mut all: Option<Vec<Id>> = None;
            for item in tree.items(at).to_vec() {
                if let Some(found) = self.find(tree, item, rest)? {
                    all.get_or_insert_default().extend(found);
                }
            }
            return Ok(all);
        }
        let field = match (tree.field(at, part)?, self.create) {
            (Some(field), _) => field,
            (None, None) => return Ok(None),
            (None, Some(kind)) => {
                let made = tree.add(Node::empty(kind_for(next, kind), self.origin.clone()));
                tree.set_field(at, part, Some(made), false)?;
                made
            }
        };
        if tree.node(field).kind == Kind::Scalar && !rest.is_empty() {
            // What is found in a text that is parsed on the way is written nowhere.
            let text = tree.node(field).text.clone();
            let mut inner = super::load::plain_tree(&text)
                .ok_or_else(|| Error::invalid(format!("`{text}` has no fields")))?;
            let root = inner.root();
            let found = self.find(&mut inner, root, rest)?;
            return Ok(found.map(|found| found.iter().map(|id| tree.import(&inner, *id)).collect()));
        }
        self.find(tree, field, rest)
    }

    fn elements(
        &mut self,
        tree: &mut Tree,
        list: Id,
        part: &str,
        rest: &[String],
        may_create: bool,
    ) -> Result<Option<Vec<Id>>, Error> {
        let (name, pattern) = split_list_index(part)?;
        tree.expect(Some(list), Kind::Sequence)?;
        let mut all: Option<Vec<Id>> = None;
        for item in tree.items(list).to_vec() {
            let regex = compile(pattern, None)?;
            if name.is_empty() {
                if regex.is_match(emit::as_kyaml_writes(&tree.extract(item))?.trim()) {
                    all.get_or_insert_default().push(item);
                }
                continue;
            }
            let Some(field) = tree.get(item, name) else { continue };
            if !regex.is_match(emit::as_kyaml_writes(&tree.extract(field))?.trim()) {
                continue;
            }
            if let Some(found) = self.find(tree, item, rest)? {
                all.get_or_insert_default().extend(found);
            }
        }
        let all = all.filter(|found| !found.is_empty());
        if all.is_some() || self.create.is_none() {
            return Ok(all);
        }
        if !may_create {
            return Err(Error::invalid(format!("`{part}` doesn't fit what it makes")));
        }
        tree.append_element(list, name, pattern, &self.origin.clone())?;
        self.elements(tree, list, part, rest, false)
    }
}
