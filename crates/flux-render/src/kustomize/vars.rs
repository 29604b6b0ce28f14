//! `vars`: `$(NAME)` in fields (api/filters/refvar).

use super::{
    config::Config, fields::split_path_smartly, fieldspec, kustomization::Var, resmap::ResMap,
    transformers::by,
};
use crate::{
    error::Error,
    place::{Operation, Origin, Place},
    tree::{Id, Kind, Node, Style, Tag, Tree},
    value,
};

/// A variable with the value that it has in the build.
struct Resolved {
    name: String,
    text: String,
    tag: Tag,
    place: Option<Place>,
}

/// Notes on the object that a variable reads that it does.
pub(crate) fn note(objects: &mut ResMap, var: &Var) -> Result<(), Error> {
    let target = super::gvk::ResId {
        cluster_scoped: objects
            .list
            .first()
            .is_some_and(|resource| resource.schema().is_cluster_scoped(&var.target.gvk)),
        ..var.target.clone()
    };
    let exact = !target.namespace.is_empty();
    let matches = objects.matching_any_id(|id| {
        if exact { target.equals(id) } else { target.name == id.name && target.gvk == id.gvk }
    })?;
    if matches.len() > 1 {
        return Err(Error::invalid(format!(
            "several resources are the target of the variable {}",
            var.name.value
        ))
        .at(var.name.place));
    }
    for index in matches {
        if let Some(resource) = objects.list.get_mut(index).map(std::sync::Arc::make_mut) {
            resource.vars.push(var.name.value.clone());
        }
    }
    Ok(())
}

/// Puts the variables' values in.
pub(crate) fn resolve(objects: &mut ResMap, vars: &[Var], config: &Config) -> Result<(), Error> {
    let mut resolved = Vec::new();
    for var in vars {
        resolved.push(read(objects, var)?);
    }
    if resolved.is_empty() {
        return Ok(());
    }
    for resource in objects.iter_mut() {
        for spec in config.var_reference.iter() {
            fieldspec::apply(&mut resource.tree, spec, None, &mut |tree, id| {
                set(tree, id, &resolved)
            })?;
        }
    }
    Ok(())
}

fn read(objects: &mut ResMap, var: &Var) -> Result<Resolved, Error> {
    let fail = |what: &str| {
        Error::invalid(format!("the variable {} {what}", var.name.value)).at(var.name.place)
    };
    let path = parts(&var.field_path);
    let found = objects
        .list
        .iter_mut()
        .find(|resource| resource.vars.contains(&var.name.value))
        .ok_or_else(|| fail("names an object that isn't among the resources"))?;
    let mut tree = found.tree.clone();
    let root = tree.root();
    let id = tree.lookup(root, path.iter().map(String::as_str), None);
    let id = id.ok().flatten().ok_or_else(|| fail("names a field that the object doesn't have"))?;
    let node = tree.node(id);
    if node.kind != Kind::Scalar {
        // kustomize leaves such a variable as it is, and says so in its log.
        return Ok(Resolved {
            name: var.name.value.to_string(),
            text: format!("$({})", var.name.value),
            tag: Tag::Str,
            place: node.origin.place,
        });
    }
    let (text, tag) = match node.tag {
        Tag::Int => match super::fields::go_integer(&node.text) {
            Some(value) => (value.to_string(), Tag::Int),
            None => return Err(fail("reads a whole number that isn't one in decimal")),
        },
        Tag::Float => match node.text.parse::<f64>() {
            Ok(value) => (format!("{value}"), Tag::Float),
            Err(_) => return Err(fail("reads a number that isn't one")),
        },
        Tag::Bool => match node.text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => ("true".to_owned(), Tag::Bool),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => ("false".to_owned(), Tag::Bool),
            _ => return Err(fail("reads a boolean that isn't one")),
        },
        _ => (node.text.to_string(), Tag::Str),
    };
    Ok(Resolved { name: var.name.value.to_string(), text, tag, place: node.origin.place })
}

/// The path's parts, with indices apart (`convertSliceIndex`).
fn parts(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in split_path_smartly(path, '.') {
        let index = part
            .strip_suffix(']')
            .and_then(|inner| inner.rsplit_once('['))
            .filter(|(_, index)| !index.is_empty() && index.bytes().all(|c| c.is_ascii_digit()));
        match index {
            Some((name, index)) => {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.to_owned());
            }
            None => parts.push(part),
        }
    }
    parts
}

fn set(tree: &mut Tree, id: Id, vars: &[Resolved]) -> Result<(), Error> {
    let node = tree.node(id);
    if node.is_null() {
        return Ok(());
    }
    match node.kind {
        Kind::Scalar => {
            if node.is_string() {
                update(tree, id, vars);
            }
        }
        Kind::Mapping => {
            for (key, value) in tree.entries(id).collect::<Vec<_>>() {
                if !tree.node(key).is_string() {
                    return Err(Error::invalid(format!(
                        "the key `{}` isn't a string",
                        tree.text(key)
                    ))
                    .at(tree.node(key).origin.place));
                }
                if tree.node(value).is_string() {
                    update(tree, value, vars);
                }
            }
        }
        Kind::Sequence => {
            for item in tree.items(id).to_vec() {
                if !tree.node(item).is_string() {
                    return Err(Error::invalid("a list with variables may only hold strings")
                        .at(tree.node(item).origin.place));
                }
                update(tree, item, vars);
            }
        }
    }
    Ok(())
}

fn update(tree: &mut Tree, id: Id, vars: &[Resolved]) {
    let node = tree.node(id);
    let (text, tag, place) = replaced(&node.text, vars);
    let before = node.origin.clone();
    let changed = text != node.text.as_str();
    let origin = match place {
        Some(place) if changed => {
            Origin { place: before.place, ..by(Operation::Vars, Some(place), Some(before)) }
        }
        _ => before,
    };
    // Every string that is looked at loses its quotes, and keeps its tag.
    let style = if text.contains('\n') { Style::Quoted } else { Style::Plain };
    *tree.node_mut(id) = Node { style, ..Node::new(Kind::Scalar, tag, text, origin) };
}

/// The text with `$(NAME)` replaced and `$$` as `$`. A text that is one variable takes its type.
fn replaced(input: &str, vars: &[Resolved]) -> (String, Tag, Option<Place>) {
    let mut out = String::new();
    let mut place = None;
    let mut rest = input;
    while let Some(dollar) = rest.find('$') {
        let (before, from) = rest.split_at(dollar);
        out.push_str(before);
        let behind = from.get(1..).unwrap_or_default();
        if let Some(after) = behind.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) =
            behind.strip_prefix('(').and_then(|inner| inner.split_once(')'))
        {
            match vars.iter().find(|var| var.name == name) {
                Some(var) => {
                    place = var.place.or(place);
                    if input == format!("$({name})") {
                        return (var.text.clone(), var.tag.clone(), place);
                    }
                    out.push_str(&in_text(var));
                }
                None => {
                    out.push_str("$(");
                    out.push_str(name);
                    out.push(')');
                }
            }
            rest = after;
        } else {
            out.push('$');
            rest = behind;
        }
    }
    out.push_str(rest);
    (out, Tag::Str, place)
}

/// A value inside a longer text, as Go's `%v` writes it.
fn in_text(var: &Resolved) -> String {
    match (&var.tag, var.text.parse::<f64>()) {
        (Tag::Float, Ok(value)) => value::go_float_in_text(value),
        _ => var.text.clone(),
    }
}
