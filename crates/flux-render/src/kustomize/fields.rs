//! Reading and writing fields as kyaml does (kyaml/yaml/fns.go, rnode.go): which of several equal
//! keys counts, what a null stops, which style a written value has.

use smol_str::SmolStr;
use spanned_yaml::{Dialect, Scalar};

use crate::{
    error::Error,
    place::Origin,
    tree::{Id, Kind, Node, Style, Tag, Tree},
};

/// A part of a path as `PathGetter` reads it.
enum Part<'p> {
    Index(usize),
    Last,
    Element(&'p str, &'p str),
    Field(&'p str),
}

impl Tree {
    /// Takes a key out of a mapping (`FieldClearer`). Returns its value.
    pub(crate) fn clear(&mut self, map: Id, key: &str) -> Result<Option<Id>, Error> {
        self.expect(Some(map), Kind::Mapping)?;
        let found = self.entries(map).position(|(k, _)| self.text(k) == key);
        let Some(position) = found else { return Ok(None) };
        let removed = self.children(map).get(position * 2 + 1).copied();
        self.node_mut(map).children.drain(position * 2..position * 2 + 2);
        Ok(removed)
    }

    /// The value of a key (`FieldMatcher`): nothing below a null, an error below anything else
    /// that isn't a mapping.
    pub(crate) fn field(&self, map: Id, key: &str) -> Result<Option<Id>, Error> {
        if self.node(map).is_null() {
            return Ok(None);
        }
        self.expect(Some(map), Kind::Mapping)?;
        Ok(self.get(map, key))
    }

    /// Writes a key (`FieldSetter` with a name): a null takes the key away, a value that is there
    /// is overwritten in place and keeps its style.
    pub(crate) fn set_field(
        &mut self,
        map: Id,
        key: &str,
        value: Option<Id>,
        keep_null: bool,
    ) -> Result<Option<Id>, Error> {
        let Some(value) = value.filter(|value| keep_null || !self.node(*value).is_null()) else {
            self.clear(map, key)?;
            return Ok(None);
        };
        self.quote_what_yaml_1_1_misreads(value);
        if let Some(old) = self.field(map, key)? {
            self.overwrite(old, value);
            return Ok(Some(old));
        }
        let origin = self.node(value).origin.clone();
        let key = self.add(Node::plain(key, origin));
        self.node_mut(map).children.extend([key, value]);
        Ok(Some(value))
    }

    /// Overwrites a scalar (`FieldSetter` without a name).
    pub(crate) fn set_scalar(&mut self, id: Id, value: Node) -> Result<(), Error> {
        self.expect(Some(id), Kind::Scalar)?;
        if value.is_null() {
            return Ok(());
        }
        let style = self.node(id).style;
        *self.node_mut(id) = Node { style, ..value };
        Ok(())
    }

    /// Puts a scalar in the place of another (kyaml's `FieldSetter` without a name).
    pub(crate) fn put_scalar(&mut self, id: Id, value: Id) -> Result<(), Error> {
        self.expect(Some(id), Kind::Scalar)?;
        if !self.node(value).is_null() {
            *self.node_mut(id) = self.node(value).clone();
        }
        Ok(())
    }

    /// Puts one node's content into another's place, whose style stays.
    fn overwrite(&mut self, old: Id, value: Id) {
        let style = self.node(old).style;
        self.node_mut(value).style = style;
        let node = self.node(value).clone();
        *self.node_mut(old) = node;
    }

    fn quote_what_yaml_1_1_misreads(&mut self, value: Id) {
        let node = self.node(value);
        if node.is_string() && node.style == Style::Plain && is_yaml_1_1_non_string(&node.text) {
            self.node_mut(value).style = Style::Quoted;
        }
    }

    /// Follows a path (`PathGetter`); with `create`, makes what is missing, the last of that kind.
    pub(crate) fn lookup<'p>(
        &mut self,
        from: Id,
        path: impl IntoIterator<Item = &'p str>,
        create: Option<(Kind, &Origin)>,
    ) -> Result<Option<Id>, Error> {
        let mut path = path.into_iter().map(str::trim).filter(|part| !part.is_empty()).peekable();
        let mut found = from;
        while let Some(part) = path.next() {
            let next = path.peek().copied();
            let step = match part_of(part)? {
                Part::Index(index) => {
                    self.expect(Some(found), Kind::Sequence)?;
                    self.items(found).get(index).copied()
                }
                Part::Last => {
                    self.expect(Some(found), Kind::Sequence)?;
                    self.items(found).last().copied()
                }
                Part::Element(name, value) => match self.element(found, &[name], &[value])? {
                    None if create.is_some() => {
                        let origin = create.map(|(_, origin)| origin.clone());
                        Some(self.append_element(
                            found,
                            name,
                            value,
                            &origin.unwrap_or_default(),
                        )?)
                    }
                    element => element,
                },
                Part::Field(name) => match (self.field(found, name)?, create) {
                    (None, Some((kind, origin))) if !self.node(found).is_null() => {
                        let kind = kind_for(next, kind);
                        let made = self.add(Node::empty(kind, origin.clone()));
                        self.set_field(found, name, Some(made), false)?
                    }
                    (field, _) => field,
                },
            };
            match step {
                Some(id) => found = id,
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    /// The first item in which each key has its value (`ElementMatcher`); with an empty key, the
    /// first item of that text.
    pub(crate) fn element(
        &self,
        list: Id,
        keys: &[&str],
        values: &[&str],
    ) -> Result<Option<Id>, Error> {
        self.expect(Some(list), Kind::Sequence)?;
        let items = self.children(list);
        if keys.first().is_none_or(|key| key.is_empty()) {
            let wanted = values.first().copied().unwrap_or_default();
            return Ok(items.iter().copied().find(|item| self.text(*item) == wanted));
        }
        if keys.len() != values.len() {
            return Err(Error::invalid("a list has other merge keys than values for them"));
        }
        Ok(items.iter().copied().find(|item| {
            self.expect(Some(*item), Kind::Mapping).is_ok()
                && keys.iter().zip(values).all(|(key, value)| {
                    !self.node(*item).is_null()
                        && self.get(*item, key).is_some_and(|field| self.text(field) == *value)
                })
        }))
    }

    pub(crate) fn append_element(
        &mut self,
        list: Id,
        name: &str,
        value: &str,
        origin: &Origin,
    ) -> Result<Id, Error> {
        self.expect(Some(list), Kind::Sequence)?;
        let value = self.add(Node::plain(value, origin.clone()));
        let element = if name.is_empty() {
            value
        } else {
            let key = self.add(Node::plain(name, origin.clone()));
            let children = vec![key, value];
            self.add(Node { children, ..Node::empty(Kind::Mapping, origin.clone()) })
        };
        self.node_mut(list).children.push(element);
        Ok(element)
    }

    /// The text of a top-level field; empty if there is none (`GetKind`, `GetApiVersion`).
    pub(crate) fn top(&self, key: &str) -> &str {
        // Not asked whether the root is a mapping: of anything else, there are no entries.
        self.get(self.root(), key).map_or("", |id| self.text(id))
    }

    /// The text of a field of `metadata`, of which nulls and empty collections don't count.
    pub(crate) fn meta(&self, key: &str) -> &str {
        self.metadata()
            .and_then(|metadata| self.get(metadata, key))
            .filter(|id| !self.node(*id).is_nil_or_empty())
            .map_or("", |id| self.text(id))
    }

    pub(crate) fn metadata(&self) -> Option<Id> {
        self.get(self.root(), "metadata").filter(|id| !self.node(*id).is_nil_or_empty())
    }

    /// `labels` or `annotations` of the metadata, as text; keys in order of writing.
    pub(crate) fn meta_map(&self, field: &str) -> Vec<(SmolStr, SmolStr)> {
        let Some(map) = self.metadata().and_then(|metadata| self.get(metadata, field)) else {
            return Vec::new();
        };
        let mut pairs: Vec<(SmolStr, SmolStr)> = Vec::new();
        for (key, value) in self.entries(map) {
            let (key, value) = (&self.node(key).text, self.node(value).text.clone());
            match pairs.iter_mut().find(|(known, _)| known == key) {
                Some(pair) => pair.1 = value,
                None => pairs.push((key.clone(), value)),
            }
        }
        pairs
    }

    /// The annotation of this name.
    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        let [found] = self.annotations([name]);
        found
    }

    /// The annotations of these names.
    pub(crate) fn annotations<const N: usize>(&self, names: [&str; N]) -> [Option<&str>; N] {
        let mut found = [None; N];
        let map = self.metadata().and_then(|metadata| self.get(metadata, "annotations"));
        for (key, value) in map.into_iter().flat_map(|map| self.entries(map)) {
            let at = names.iter().position(|name| *name == self.text(key));
            if let Some(slot) = at.and_then(|at| found.get_mut(at)) {
                // As reading all into a map does: of duplicates the last.
                *slot = Some(self.text(value));
            }
        }
        found
    }

    /// Writes `labels` or `annotations` anew, in the order of their keys, all as strings.
    pub(crate) fn set_meta_map(
        &mut self,
        field: &str,
        mut pairs: Vec<(SmolStr, SmolStr)>,
        origin: &Origin,
    ) -> Result<(), Error> {
        let root = self.root();
        let Some(metadata) = self.lookup(root, ["metadata"], Some((Kind::Mapping, origin)))? else {
            return Ok(());
        };
        if pairs.is_empty() {
            self.clear(metadata, field)?;
            return Ok(());
        }
        let old: Vec<(SmolStr, Origin, Origin)> = self
            .get(metadata, field)
            .into_iter()
            .flat_map(|map| self.entries(map))
            .map(|(key, value)| (self.node(key), self.node(value)))
            .map(|(key, value)| (key.text.clone(), key.origin.clone(), value.origin.clone()))
            .collect();
        let head = self
            .entries(metadata)
            .find(|(key, _)| self.text(*key) == field)
            .map(|(key, value)| (self.node(key).origin.clone(), self.node(value).origin.clone()));
        self.clear(metadata, field)?;
        pairs.sort();
        let (key_origin, map_origin) = head.unwrap_or_else(|| (origin.clone(), origin.clone()));
        let mut children = Vec::with_capacity(pairs.len() * 2);
        for (key, value) in pairs {
            let known = old.iter().find(|(name, ..)| *name == key);
            let (key_origin, value_origin) = known.map_or_else(
                || (origin.clone(), origin.clone()),
                |(_, key, value)| (key.clone(), value.clone()),
            );
            let style = if is_yaml_1_1_non_string(&value) { Style::Quoted } else { Style::Plain };
            children.push(self.add(Node::plain(key.clone(), key_origin)));
            children.push(self.add(Node { style, ..Node::string(value, value_origin) }));
        }
        let key = self.add(Node::plain(field, key_origin));
        let map = self.add(Node { children, ..Node::empty(Kind::Mapping, map_origin) });
        self.node_mut(metadata).children.extend([key, map]);
        Ok(())
    }

    /// Sets one annotation in place where there is one; see [`Tree::set_meta_map`].
    pub(crate) fn set_annotation(
        &mut self,
        key: &str,
        value: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let mut pairs = self.meta_map("annotations");
        match pairs.iter_mut().find(|(known, _)| known == key) {
            Some(pair) => pair.1 = value.into(),
            None => pairs.push((key.into(), value.into())),
        }
        self.set_meta_map("annotations", pairs, origin)
    }

    /// Sets a text field of the metadata or, with an empty text, of `namespace`, clears it.
    pub(crate) fn set_meta(
        &mut self,
        key: &str,
        value: &str,
        origin: &Origin,
    ) -> Result<(), Error> {
        let root = self.root();
        let Some(metadata) = self.lookup(root, ["metadata"], Some((Kind::Mapping, origin)))? else {
            return Ok(());
        };
        let value = self.add(Node::plain(value, origin.clone()));
        self.set_field(metadata, key, Some(value), false)?;
        Ok(())
    }
}

fn part_of(part: &str) -> Result<Part<'_>, Error> {
    if part.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return Ok(Part::Field(part));
    }
    if let Some(number) = go_integer(part) {
        return usize::try_from(number)
            .map(Part::Index)
            .map_err(|_| Error::invalid(format!("the list index {part} is below zero")));
    }
    match part {
        "-" => Ok(Part::Last),
        "*" => Err(Error::invalid("`*` can't be used in this path")),
        _ if is_list_index(part) => {
            let (name, value) = split_list_index(part)?;
            Ok(Part::Element(name, value))
        }
        _ => Ok(Part::Field(part)),
    }
}

/// Go's `strconv.Atoi`: digits with an optional sign.
pub(crate) fn go_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.strip_prefix('+').unwrap_or(text).parse().ok() } else { None }
}

pub(crate) fn is_list_index(part: &str) -> bool {
    part.starts_with('[') && part.ends_with(']')
}

/// `[name=value]` in its parts.
pub(crate) fn split_list_index(part: &str) -> Result<(&str, &str), Error> {
    let inner = part.strip_suffix(']').unwrap_or(part);
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    inner.split_once('=').ok_or_else(|| {
        Error::invalid(format!("`{part}` in a path lacks its `=`: write [name=value]"))
    })
}

/// What a missing part of a path becomes, by the part behind it (`getPathPartKind`).
pub(crate) fn kind_for(next: Option<&str>, last: Kind) -> Kind {
    match next {
        None => last,
        Some(part) if is_list_index(part) => Kind::Sequence,
        Some(part) if go_integer(part).is_some_and(|number| number >= 0) => Kind::Sequence,
        Some(_) => Kind::Mapping,
    }
}

/// Whether a YAML 1.1 reader takes the text for anything but a string (`IsValueNonString`).
pub(crate) fn is_yaml_1_1_non_string(text: &str) -> bool {
    if text.is_empty() || text.contains('\n') {
        return false;
    }
    if is_surely_plain(text) {
        return !matches!(
            spanned_yaml::resolve_plain(text, Dialect::GoYamlV2),
            Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_)
        );
    }
    let tree = spanned_yaml::parse(text);
    if !tree.errors().is_empty() {
        return false;
    }
    match tree.root(0) {
        None => true,
        Some(root) => match root.kind() {
            spanned_yaml::Kind::Scalar => !matches!(
                root.scalar(Dialect::GoYamlV2),
                Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_)
            ),
            _ => true,
        },
    }
}

/// Whether the text is one plain scalar without a parser having to say so.
fn is_surely_plain(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.' | b'/');
    text.bytes().all(plain) && !text.starts_with(['-', '.'])
}

/// Path parts at `delimiter`, of which `\` before it takes the meaning (`PathSplitter`).
pub(crate) fn split_path(path: &str, delimiter: char) -> Vec<String> {
    let mut parts: Vec<&str> = path.split(delimiter).collect();
    if parts.len() > 1 && parts.first().is_some_and(|first| first.is_empty()) {
        parts.remove(0);
    }
    let mut result: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts {
        match result.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            None => result.push(part.to_owned()),
        }
    }
    result
}

/// Like [`split_path`], but a piece in brackets stays whole (`SmarterPathSplitter`).
pub(crate) fn split_path_smartly(path: &str, delimiter: char) -> Vec<String> {
    let mut result = Vec::new();
    let mut parts = split_path(path, delimiter).into_iter();
    while let Some(part) = parts.next() {
        if !part.starts_with('[') || part.ends_with(']') {
            result.push(part);
            continue;
        }
        let mut whole = part;
        for more in parts.by_ref() {
            whole.push(delimiter);
            whole.push_str(&more);
            if more.ends_with(']') {
                break;
            }
        }
        if whole.contains('=') {
            result.push(whole);
        } else {
            result.push(whole.trim_matches(['[', ']']).to_owned());
        }
    }
    result
}

/// A value's tag where it is written as a string or, untagged, left to its text.
pub(crate) fn tagged(text: impl Into<SmolStr>, tag: Tag, origin: Origin) -> Node {
    Node::new(Kind::Scalar, tag, text, origin)
}
