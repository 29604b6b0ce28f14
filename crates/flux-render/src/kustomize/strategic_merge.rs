//! Strategic merge patches as kustomize applies them (kyaml/yaml/walk, kyaml/yaml/merge2), with
//! new items of merged lists before those that were there.

use smol_str::SmolStr;

use super::openapi::{Schema, TypeId};
use crate::{
    error::Error,
    place::{Operation, Origin, Place, Step},
    tree::{Id, Kind, Node, Style, Tag, Tree},
};

const DIRECTIVE: &str = "$patch";
/// Entries of a mapping whose keys are compared each with each.
const FEW: usize = 12;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

/// A node to go on with; `keep` marks a null that was written and stays.
#[derive(Clone, Copy)]
struct Outcome {
    id: Option<Id>,
    keep: bool,
}

impl Outcome {
    const CLEAR: Self = Self { id: None, keep: false };

    fn node(id: Option<Id>) -> Self {
        Self { id, keep: false }
    }
}

/// Applies `patch`, which is in the same tree, to the root. Returns whether anything is left.
pub(crate) fn merge(tree: &mut Tree, patch: Id, schema: &Schema) -> Result<bool, Error> {
    let root = tree.root();
    let outcome = Walker { tree, schema, from: None }.walk(Some(root), Some(patch), None)?;
    // The root stays what it is: kustomize doesn't put another in its place, even where the whole
    // patch says `$patch: replace`.
    Ok(outcome.id.is_some())
}

/// Marks what is in a patch as set by it.
pub(crate) fn mark(tree: &mut Tree, id: Id, operation: &Operation) {
    let place = tree.node(id).origin.place;
    tree.node_mut(id).origin = Origin {
        place,
        step: Some(std::sync::Arc::new(Step { operation: operation.clone(), place, before: None })),
    };
    for child in tree.children(id).to_vec() {
        mark(tree, child, operation);
    }
}

struct Walker<'a> {
    tree: &'a mut Tree,
    schema: &'a Schema,
    /// The key under which the patch has what is walked.
    from: Option<Place>,
}

impl Walker<'_> {
    fn walk(
        &mut self,
        dest: Option<Id>,
        patch: Option<Id>,
        known: Option<TypeId>,
    ) -> Result<Outcome, Error> {
        let schema = known.or_else(|| self.schema_of(dest)).or_else(|| self.schema_of(patch));
        let kind = [dest, patch]
            .into_iter()
            .flatten()
            .find(|id| !self.tree.node(*id).is_null())
            .map(|id| self.tree.node(id).kind);
        if let Some(kind) = kind {
            self.tree.expect(dest, kind)?;
            self.tree.expect(patch, kind)?;
        }
        match kind {
            None | Some(Kind::Mapping) => self.map(dest, patch, schema),
            Some(Kind::Scalar) => Ok(Outcome::node(patch.or(dest))),
            Some(Kind::Sequence) => {
                let merged = schema.and_then(|id| self.schema.get(id)).is_some_and(|t| t.merges());
                if merged {
                    self.list(dest, patch, schema)
                } else {
                    Ok(Outcome::node(patch.or(dest)))
                }
            }
        }
    }

    fn schema_of(&self, id: Option<Id>) -> Option<TypeId> {
        let id = id.filter(|id| !self.tree.node(*id).is_null())?;
        let text = |key: &str| {
            let field = self.tree.get(id, key)?;
            (!self.tree.node(field).is_nil_or_empty()).then(|| self.tree.text(field))
        };
        self.schema.of_kind(text("apiVersion")?, text("kind")?)
    }

    fn map(
        &mut self,
        dest: Option<Id>,
        patch: Option<Id>,
        schema: Option<TypeId>,
    ) -> Result<Outcome, Error> {
        let visited = self.visit_map(dest, patch)?;
        let Some(result) = visited.id else { return Ok(visited) };
        let mut names: Vec<SmolStr> = Vec::new();
        // What the visit settled on stands for the destination from here on.
        for source in [Some(result), patch].into_iter().flatten() {
            if self.tree.expect(Some(source), Kind::Mapping).is_ok() {
                names.extend(
                    self.tree.entries(source).map(|(key, _)| self.tree.node(key).text.clone()),
                );
            }
        }
        names.sort_unstable();
        names.dedup();
        for name in names {
            let (old, old_key) = self.entry(Some(result), &name);
            let (new, new_key) = self.entry(patch, &name);
            let field_schema = schema.and_then(|id| self.schema.field(id, &name));
            if new.is_none() && old.is_some_and(|old| self.stays(old, field_schema)) {
                continue;
            }
            let before = self.from;
            self.from = new_key.and_then(|key| self.tree.node(key).origin.place).or(before);
            let outcome = self.walk(old, new, field_schema)?;
            let from = std::mem::replace(&mut self.from, before);
            if outcome.id.is_none_or(|id| self.tree.node(id).is_null() && !outcome.keep)
                && old.is_some()
                && new.is_some()
                && old != new
            {
                self.note_removal(result, &name, from);
            }
            let existed = old.is_some();
            self.tree.set_field(result, &name, outcome.id, outcome.keep)?;
            if !existed {
                self.dress_new_key(result, &name, outcome.id, [(old, old_key), (new, new_key)]);
            }
        }
        Ok(Outcome { id: Some(result), keep: visited.keep })
    }

    /// Whether a walk without a patch surely leaves a value as it is. It may write quotes, take
    /// nulls and repeated keys away, and order the items of lists that merge.
    fn stays(&self, id: Id, known: Option<TypeId>) -> bool {
        let node = self.tree.node(id);
        if node.is_null() {
            return false;
        }
        match node.kind {
            Kind::Scalar => {
                !node.is_string() || node.style != Style::Plain || crate::value::is_word(&node.text)
            }
            Kind::Sequence => {
                let schema = known.and_then(|id| self.schema.get(id));
                !schema.is_some_and(|schema| schema.merges())
            }
            Kind::Mapping => {
                let schema = known.or_else(|| self.schema_of(Some(id)));
                let mut entries = self.tree.entries(id).enumerate();
                node.children.len() <= 2 * FEW
                    && entries.all(|(number, (key, value))| {
                        let name = self.tree.text(key);
                        let mut before = self.tree.entries(id).take(number);
                        let field = || schema.and_then(|id| self.schema.field(id, name));
                        before.all(|(other, _)| self.tree.text(other) != name)
                            && self.stays(value, field())
                    })
            }
        }
    }

    /// A key that is appended has the style, and the origin, of the key that its value came with.
    fn dress_new_key(
        &mut self,
        map: Id,
        name: &str,
        value: Option<Id>,
        sources: [(Option<Id>, Option<Id>); 2],
    ) {
        let source = sources.into_iter().find(|(id, _)| id.is_some() && *id == value);
        let Some((_, Some(key))) = source else { return };
        let Some((appended, _)) = self.tree.entries(map).find(|(k, _)| self.tree.text(*k) == name)
        else {
            return;
        };
        if appended != key {
            let (style, origin) = (self.tree.node(key).style, self.tree.node(key).origin.clone());
            let node = self.tree.node_mut(appended);
            (node.style, node.origin) = (style, origin);
        }
    }

    fn note_removal(&mut self, parent: Id, name: &str, place: Option<Place>) {
        let node = self.tree.node_mut(parent);
        let before = node.origin.clone();
        node.origin.step = Some(std::sync::Arc::new(Step {
            operation: Operation::Removed(name.into()),
            place,
            before: Some(before),
        }));
    }

    fn entry(&self, map: Option<Id>, name: &str) -> (Option<Id>, Option<Id>) {
        let Some(map) = map else { return (None, None) };
        let found = self.tree.entries(map).find(|(key, _)| self.tree.text(*key) == name);
        (found.map(|(_, value)| value), found.map(|(key, _)| key))
    }

    fn visit_map(&mut self, dest: Option<Id>, patch: Option<Id>) -> Result<Outcome, Error> {
        if self.tree.is_missing_or_null(dest) {
            if self.directive(patch).is_ok_and(|directive| directive == Directive::Delete) {
                return Ok(Outcome::CLEAR);
            }
            let Some(dest) = dest.filter(|_| patch.is_none()) else {
                return Ok(Outcome::node(patch));
            };
            // A null that was written out (`null`, `~`) stays; an empty one goes.
            let text = self.tree.node(dest).text.clone();
            if text.is_empty() {
                return Ok(Outcome::CLEAR);
            }
            let origin = self.tree.node(dest).origin.clone();
            let null = Node::new(Kind::Scalar, Tag::Null, text, origin);
            return Ok(Outcome { id: Some(self.tree.add(null)), keep: true });
        }
        self.by_directive(dest, patch)
    }

    fn by_directive(&mut self, dest: Option<Id>, patch: Option<Id>) -> Result<Outcome, Error> {
        if patch.is_some_and(|id| self.tree.node(id).is_null()) {
            return Ok(Outcome::CLEAR);
        }
        Ok(match self.directive(patch)? {
            Directive::Delete => Outcome::CLEAR,
            Directive::Replace => Outcome::node(patch),
            Directive::Merge => Outcome::node(dest),
        })
    }

    /// The directive of a patch, which it is taken out of.
    fn directive(&mut self, patch: Option<Id>) -> Result<Directive, Error> {
        let Some(patch) = patch else { return Ok(Directive::Merge) };
        let (holder, value) = match self.tree.node(patch).kind {
            Kind::Scalar => {
                return Err(Error::invalid("a patch has a single value where a mapping is")
                    .at(self.tree.node(patch).origin.place));
            }
            Kind::Mapping => (patch, self.tree.get(patch, DIRECTIVE)),
            Kind::Sequence => {
                let item = self
                    .tree
                    .items(patch)
                    .iter()
                    .copied()
                    .find(|item| self.tree.get(*item, DIRECTIVE).is_some());
                let Some(item) = item.filter(|item| self.tree.children(*item).len() <= 2) else {
                    return Ok(Directive::Merge);
                };
                (item, self.tree.get(item, DIRECTIVE))
            }
        };
        let Some(value) = value else { return Ok(Directive::Merge) };
        let directive = match self.tree.text(value) {
            "delete" => Directive::Delete,
            "replace" => Directive::Replace,
            "merge" => Directive::Merge,
            other => {
                return Err(Error::invalid(format!(
                    "`$patch: {other}`: it is one of delete, replace and merge"
                ))
                .at(self.tree.node(value).origin.place));
            }
        };
        if holder == patch {
            self.tree.clear(patch, DIRECTIVE)?;
        } else {
            let text = self.tree.node(value).text.clone();
            self.set_element(patch, None, &[DIRECTIVE.into()], &[text])?;
        }
        Ok(directive)
    }

    fn list(
        &mut self,
        dest: Option<Id>,
        patch: Option<Id>,
        schema: Option<TypeId>,
    ) -> Result<Outcome, Error> {
        let visited = if self.tree.is_missing_or_null(dest) {
            Outcome::node(patch)
        } else {
            self.by_directive(dest, patch)?
        };
        let Some(result) = visited.id else { return Ok(visited) };
        let (strategy, keys) = schema
            .and_then(|id| self.schema.get(id))
            .map(|t| (t.strategy.clone(), t.keys.clone()))
            .unwrap_or_default();
        let keys = if strategy.is_empty() && keys.is_empty() { vec!["name".into()] } else { keys };
        let items = schema.and_then(|id| self.schema.items(id));
        let sources = [patch, Some(result)];
        if keys.is_empty() {
            let mut values: Vec<Vec<SmolStr>> = Vec::new();
            for source in sources.into_iter().flatten() {
                for item in self.tree.children(source) {
                    let text = self.tree.node(*item).text.clone();
                    if !values.iter().any(|known| known.first() == Some(&text)) {
                        values.push(vec![text]);
                    }
                }
            }
            return self.elements(result, patch, &values, &["".into()], items);
        }
        let mut values: Vec<Vec<SmolStr>> = Vec::new();
        for source in sources.into_iter().flatten() {
            if self.tree.expect(Some(source), Kind::Sequence).is_err() {
                continue;
            }
            for item in self.tree.children(source) {
                let value: Vec<SmolStr> = keys
                    .iter()
                    .map(|key| {
                        let field = self.tree.get(*item, key);
                        let field = field.filter(|id| !self.tree.node(*id).is_nil_or_empty());
                        field.map(|id| self.tree.node(id).text.clone()).unwrap_or_default()
                    })
                    .collect();
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        self.elements(result, patch, &values, &keys, items)
    }

    fn elements(
        &mut self,
        dest: Id,
        patch: Option<Id>,
        values: &[Vec<SmolStr>],
        keys: &[SmolStr],
        schema: Option<TypeId>,
    ) -> Result<Outcome, Error> {
        let mut values = values.to_vec();
        if keys.len() > 1 {
            unite(&mut values);
        }
        let origin = self.tree.node(dest).origin.clone();
        let added = self.tree.add(Node::empty(Kind::Sequence, origin));
        let mut valid_keys: Vec<SmolStr> = Vec::new();
        for value in &values {
            let (some_keys, some_values) = valid(&values, value, keys);
            valid_keys = some_keys;
            let (own_keys, own_values) =
                valid(std::slice::from_ref(&some_values), &some_values, &valid_keys);
            let old = self.find(Some(dest), &own_keys, &own_values);
            let new = self.find(patch, &own_keys, &own_values);
            let key_origins: Vec<Option<Origin>> = own_keys
                .iter()
                .map(|key| {
                    let field = old.and_then(|old| self.tree.get(old, key));
                    field.map(|field| self.tree.node(field).origin.clone())
                })
                .collect();
            let outcome = self.walk(old, new, schema)?;
            // The patch names the item by its keys, and changes nothing about them.
            for (key, origin) in own_keys.iter().zip(key_origins) {
                let field = outcome.id.and_then(|id| self.tree.get(id, key));
                if let (Some(field), Some(origin)) = (field, origin) {
                    self.tree.node_mut(field).origin = origin;
                }
            }
            let gone = outcome.id.filter(|id| {
                let node = self.tree.node(*id);
                !(node.is_null() || node.kind == Kind::Mapping && node.children.is_empty())
            });
            let Some(id) = gone else {
                self.note_removal(
                    dest,
                    own_values.first().map_or("", SmolStr::as_str),
                    self.patch_place(new),
                );
                self.set_element(dest, None, &valid_keys, &some_values)?;
                continue;
            };
            for (key, value) in valid_keys.iter().zip(&some_values) {
                let there = self.tree.get(id, key).is_some();
                if !(there || value.is_empty() || key.is_empty()) {
                    let origin = self.tree.node(id).origin.clone();
                    let node = self.tree.add(Node::plain(value.clone(), origin));
                    self.tree.set_field(id, key, Some(node), false)?;
                }
            }
            self.set_element(added, Some(id), &valid_keys, &some_values)?;
        }
        let mut result = dest;
        if !values.is_empty() {
            self.append_list(added, dest, &valid_keys)?;
            result = added;
        }
        Ok(Outcome::node(Some(result)))
    }

    fn patch_place(&self, patch: Option<Id>) -> Option<Place> {
        patch.and_then(|id| self.tree.node(id).origin.place).or(self.from)
    }

    fn find(&self, list: Option<Id>, keys: &[SmolStr], values: &[SmolStr]) -> Option<Id> {
        let list = list.filter(|id| self.tree.node(*id).kind == Kind::Sequence)?;
        let keys: Vec<&str> = keys.iter().map(SmolStr::as_str).collect();
        let values: Vec<&str> = values.iter().map(SmolStr::as_str).collect();
        self.tree.element(list, &keys, &values).ok().flatten()
    }

    /// Puts the items of `from` behind those of `to`, each in the place of its like.
    fn append_list(&mut self, to: Id, from: Id, keys: &[SmolStr]) -> Result<(), Error> {
        for item in self.tree.children(from).to_vec() {
            if keys.first().is_none_or(|key| key.is_empty()) {
                let text = self.tree.node(item).text.clone();
                self.set_element(to, Some(item), &["".into()], &[text])?;
                continue;
            }
            let mut values = Vec::new();
            for key in keys {
                match self.tree.field(item, key)? {
                    None => self.tree.node_mut(to).children.push(item),
                    Some(value) => values.push(self.tree.node(value).text.clone()),
                }
            }
            if keys.len() > 1 {
                self.set_element(to, None, keys, &values)?;
            }
            self.set_element(to, Some(item), keys, &values)?;
        }
        Ok(())
    }

    /// Replaces the items whose keys have these values, or appends (`ElementSetter`).
    fn set_element(
        &mut self,
        list: Id,
        element: Option<Id>,
        keys: &[SmolStr],
        values: &[SmolStr],
    ) -> Result<(), Error> {
        self.tree.expect(Some(list), Kind::Sequence)?;
        let of_mappings = keys.first().is_some_and(|key| !key.is_empty())
            && values.first().is_some_and(|value| !value.is_empty());
        let mut content = Vec::new();
        let mut found_any = false;
        for item in self.tree.children(list).to_vec() {
            let node = self.tree.node(item);
            if node.is_null() || (node.kind == Kind::Mapping && node.children.is_empty()) {
                continue;
            }
            if node.kind != Kind::Mapping && of_mappings {
                content.push(item);
                continue;
            }
            let mut found = true;
            let mut last = None;
            for (number, key) in keys.iter().enumerate() {
                if let Some(value) = values.get(number) {
                    last = self.matches(item, key, value)?;
                }
                if last.is_none() {
                    found = false;
                    break;
                }
            }
            if !found {
                if !values.is_empty() {
                    content.push(item);
                }
                continue;
            }
            found_any = true;
            content.extend(element);
        }
        self.tree.node_mut(list).children = content;
        let element = element.filter(|id| !self.tree.node(*id).is_null());
        if let Some(element) = element.filter(|_| !found_any) {
            self.tree.node_mut(list).children.push(element);
        }
        Ok(())
    }

    /// `FieldMatcher` with a text, of which an empty one asks for nothing but the key.
    fn matches(&self, item: Id, key: &str, value: &str) -> Result<Option<Id>, Error> {
        if key.is_empty() {
            self.tree.expect(Some(item), Kind::Scalar)?;
            return Ok((self.tree.text(item) == value).then_some(item));
        }
        let field = self.tree.field(item, key)?;
        Ok(field.filter(|id| value.is_empty() || self.tree.text(*id) == value))
    }
}

/// The keys that some item has a value for, and an item's values of them (`validateKeys`).
fn valid(
    all: &[Vec<SmolStr>],
    values: &[SmolStr],
    keys: &[SmolStr],
) -> (Vec<SmolStr>, Vec<SmolStr>) {
    let used: Vec<bool> = keys
        .iter()
        .enumerate()
        .map(|(i, _)| all.iter().any(|values| values.get(i).is_some_and(|value| !value.is_empty())))
        .collect();
    if !used.contains(&true) {
        return (keys.to_vec(), values.to_vec());
    }
    let is_used = |i: usize| used.get(i) == Some(&true);
    let some_keys =
        keys.iter().enumerate().filter(|(i, _)| is_used(*i)).map(|(_, key)| key.clone()).collect();
    let some_values = values
        .iter()
        .enumerate()
        .filter(|(i, value)| !value.is_empty() || is_used(*i))
        .map(|(_, value)| value.clone())
        .collect();
    (some_keys, some_values)
}

/// Items that agree in one key, and in the others where both have them, become one
/// (`mergeValues`).
fn unite(values: &mut [Vec<SmolStr>]) {
    for i in 0..values.len() {
        for j in 0..values.len() {
            let (Some(a), Some(b)) = (values.get(i), values.get(j)) else { continue };
            if let Some(both) = united(a, b) {
                for index in [i, j] {
                    if let Some(slot) = values.get_mut(index) {
                        slot.clone_from(&both);
                    }
                }
            }
        }
    }
}

fn united(a: &[SmolStr], b: &[SmolStr]) -> Option<Vec<SmolStr>> {
    if a.len() != b.len() {
        return None;
    }
    let mut common = false;
    let mut both = Vec::with_capacity(a.len());
    for (x, y) in a.iter().zip(b) {
        if x == y {
            common = true;
        } else if !x.is_empty() && !y.is_empty() {
            return None;
        }
        both.push(if x.is_empty() { y.clone() } else { x.clone() });
    }
    common.then_some(both)
}
