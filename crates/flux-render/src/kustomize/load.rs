//! Objects of a file or of a text inside one (kyaml's ByteReader, kustomize's resource factory):
//! several documents, anchors resolved, lists opened.

use std::sync::Arc;

use spanned_yaml::{Dialect, Kind as YamlKind, Node as YamlNode, Scalar, Span};

use super::{openapi::Schema, read::Text, resource::Resource};
use crate::{
    error::{Error, ErrorKind},
    files::Files,
    place::{FileId, Origin, Place},
    tree::{Id, Kind, Node, ROOM, Style, Tag, Tree},
};

/// A file that was read.
pub(crate) struct LoadedFile {
    pub(crate) id: FileId,
    pub(crate) tree: Arc<spanned_yaml::Tree>,
}

impl LoadedFile {
    /// Fails if the file isn't YAML.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check(&self.tree, self.id)
    }

    pub(crate) fn text(&self) -> &str {
        self.tree.source()
    }
}

/// YAML, and where its pieces are written.
#[derive(Clone)]
pub(crate) struct Source<'s> {
    tree: Arc<spanned_yaml::Tree>,
    whole: Option<Place>,
    file: Option<FileId>,
    lines: Option<&'s Text>,
    /// Bytes that stand before it in the text or file.
    skipped: u32,
    /// `<<` stands in it somewhere, and may merge.
    may_merge: bool,
}

impl<'s> Source<'s> {
    pub(crate) fn file(file: &LoadedFile) -> Self {
        Self {
            tree: Arc::clone(&file.tree),
            whole: None,
            file: Some(file.id),
            lines: None,
            skipped: 0,
            may_merge: file.tree.mentions("<<"),
        }
    }

    /// A text that stands in a field.
    pub(crate) fn inline(text: &'s Text, trim: bool) -> Self {
        let value = text.value.as_str();
        let trimmed = if trim { value.trim() } else { value };
        let skipped = if trim { value.len() - value.trim_start().len() } else { 0 };
        let tree = spanned_yaml::parse(trimmed);
        Self {
            may_merge: tree.mentions("<<"),
            tree: Arc::new(tree),
            whole: text.place,
            file: text.place.map(|place| place.file),
            lines: (!text.lines.is_empty()).then_some(text),
            skipped: skipped as u32,
        }
    }

    /// Where a piece of the text is written.
    pub(crate) fn place(&self, span: Span) -> Option<Place> {
        if self.whole.is_none() {
            let (start, end) = (span.start + self.skipped, span.end + self.skipped);
            return self.file.map(|file| Place { file, start, end });
        }
        let (Some(text), Some(file)) = (self.lines, self.file) else { return self.whole };
        let map = |offset: u32| {
            let offset = offset + self.skipped;
            let line = text.lines.partition_point(|(start, _)| *start <= offset).checked_sub(1)?;
            let (start, in_file) = text.lines.get(line)?;
            Some(in_file + (offset - start))
        };
        match (map(span.start), map(span.end)) {
            (Some(start), Some(end)) => Some(Place { file, start, end: end.max(start) }),
            _ => self.whole,
        }
    }
}

/// The objects of a text.
///
/// # Errors
/// It isn't YAML, or something in it has no kind or no name.
pub(crate) fn objects(source: &Source<'_>, schema: &Arc<Schema>) -> Result<Vec<Resource>, Error> {
    let mut trees = Vec::new();
    for tree in documents(source)? {
        if validated(&tree)? {
            trees.push(tree);
        }
    }
    let mut objects = Vec::new();
    let mut queue: std::collections::VecDeque<Tree> = trees.into();
    while let Some(tree) = queue.pop_front() {
        let items = tree.get(tree.root(), "items").filter(|_| tree.top("kind").ends_with("List"));
        let Some(items) = items else {
            objects.push(Resource::new(tree, schema));
            continue;
        };
        match tree.node(items).kind {
            _ if tree.node(items).is_null() => {}
            Kind::Sequence => {
                for item in tree.items(items) {
                    // The items go through JSON on the way out of the list.
                    let item = super::json_patch::through_json_exactly(&tree.extract(*item))?;
                    if validated(&item)? {
                        queue.push_back(item);
                    }
                }
            }
            _ => return Err(Error::wrong_kind(Kind::Sequence, tree.node(items))),
        }
    }
    Ok(objects)
}

/// The objects of a file as they are written.
///
/// # Errors
/// As [`objects`].
pub(crate) fn objects_of_file(files: &dyn Files, path: &str) -> Result<Vec<Resource>, Error> {
    let Some(tree) = files.tree(path) else { return Ok(Vec::new()) };
    let file = LoadedFile { id: files.id(path), tree };
    objects(&Source::file(&file), &Schema::built_in())
}

/// Whether there is an object at all; an error if it lacks a kind or a name.
fn validated(tree: &Tree) -> Result<bool, Error> {
    let root = tree.node(tree.root());
    if root.is_nil_or_empty() {
        return Ok(false);
    }
    let place = root.origin.place;
    if root.kind != Kind::Mapping {
        return Err(Error::invalid("this is no Kubernetes object: it has no kind").at(place));
    }
    let kind = tree.top("kind");
    let kind_is_set = tree
        .get(tree.root(), "kind")
        .is_some_and(|id| !tree.node(id).is_nil_or_empty() && !kind.is_empty());
    if !kind_is_set {
        return Err(Error::invalid("the object has no kind").at(place));
    }
    if !kind.ends_with("List") && tree.meta("name").is_empty() {
        return Err(Error::invalid(format!("the {kind} has no metadata.name")).at(place));
    }
    Ok(true)
}

/// The documents of a text as trees; those that hold nothing are left out.
fn documents(source: &Source<'_>) -> Result<Vec<Tree>, Error> {
    let separators = separators(source)?;
    let mut trees = Vec::new();
    let parts;
    if are_documents(&source.tree, &separators) {
        let yaml = &source.tree;
        parts = yaml.documents().len();
        for document in yaml.documents() {
            let Some(root) = document.root else { continue };
            trees.extend(document_tree(yaml.node(root), source)?);
        }
    } else {
        // kyaml cuts the text at each separator, whatever stands around it, and reads the first
        // document of each piece.
        let text = source.tree.source();
        let mut from = 0;
        let ends = separators.iter().map(|separator| separator.start + 1);
        let starts: Vec<usize> = separators.iter().map(|separator| separator.end).collect();
        parts = starts.len() + 1;
        for (number, end) in ends.chain([text.len()]).enumerate() {
            let piece = text.get(from..end).unwrap_or_default();
            let piece = Source {
                tree: Arc::new(spanned_yaml::parse(piece)),
                skipped: source.skipped + from as u32,
                ..source.clone()
            };
            let first = piece.tree.documents().first();
            if first.is_some_and(|document| document.broken)
                && let Some(error) = piece.tree.errors().first()
            {
                return Err(malformed(error).at(piece.place(error.span)));
            }
            if let Some(root) = piece.tree.root(0) {
                trees.extend(document_tree(root, &piece)?);
            }
            from = starts.get(number).copied().unwrap_or(text.len());
        }
    }
    if let (1, [tree]) = (parts, trees.as_slice())
        && matches!(tree.top("kind"), "List" | "ResourceList")
        && let Some(items) = tree.get(tree.root(), "items")
    {
        return Ok(tree.children(items).iter().map(|item| tree.extract(*item)).collect());
    }
    Ok(trees)
}

/// Fails if a file isn't YAML.
pub(crate) fn check(tree: &spanned_yaml::Tree, file: FileId) -> Result<(), Error> {
    let Some(error) = tree.errors().first() else { return Ok(()) };
    let Span { start, end } = error.span;
    Err(malformed(error).at(Some(Place { file, start, end })))
}

fn malformed(error: &spanned_yaml::Error) -> Error {
    Error::new(ErrorKind::Malformed, error.message.clone())
}

/// A document as a tree of its own; none if there is nothing in it.
fn document_tree(root: YamlNode<'_>, source: &Source<'_>) -> Result<Option<Tree>, Error> {
    let room = root.descendants().len() + ROOM;
    let tree = Tree::with_room(room, |tree| import(tree, root, source, 0))?;
    Ok((!tree.node(tree.root()).is_null()).then_some(tree))
}

/// The lines that begin with `---`, with the break before them and their own (kyaml's
/// `splitDocuments`). Nothing but a comment may stand on them.
fn separators(source: &Source<'_>) -> Result<Vec<std::ops::Range<usize>>, Error> {
    let text = source.tree.source();
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for start in memchr::memmem::find_iter(text.as_bytes(), "\n---") {
        // The break at the end of one separator isn't the one before the next.
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let rest = text.get(start + 4..).unwrap_or_default();
        let Some(length) = memchr::memchr(b'\n', rest.as_bytes()) else { continue };
        let behind = rest.get(..length).unwrap_or_default().trim();
        if !behind.is_empty() && !behind.starts_with('#') {
            let (start, end) = (start as u32 + 1, (start + 4 + length) as u32);
            return Err(Error::new(
                ErrorKind::Malformed,
                "kustomize takes nothing but a comment behind `---`",
            )
            .at(source.place(Span { start, end })));
        }
        found.push(start..start + 4 + length + 1);
    }
    Ok(found)
}

/// Whether cutting at the separators gives the documents that the parser found.
fn are_documents(yaml: &spanned_yaml::Tree, separators: &[std::ops::Range<usize>]) -> bool {
    let plain = |document: &spanned_yaml::Document| {
        !document.explicit_end && document.version.is_none() && document.tag_directives.is_empty()
    };
    let begun = yaml.documents().iter().filter(|document| {
        document.explicit_start
            && separators.iter().any(|s| s.start + 1 == document.span.start as usize)
    });
    yaml.errors().is_empty()
        && yaml.documents().iter().all(plain)
        && yaml.documents().iter().skip(1).all(|document| document.explicit_start)
        && begun.count() == separators.len()
}

/// A node with what it names through aliases and merge keys written out (kyaml's `DeAnchor`).
fn import(
    tree: &mut Tree,
    node: YamlNode<'_>,
    source: &Source<'_>,
    depth: usize,
) -> Result<Id, Error> {
    let place = source.place(node.span());
    if depth > crate::MOST_LEVELS || tree.len() > crate::MOST_NODES {
        return Err(Error::new(
            ErrorKind::Limit,
            "the document is too large or too deep once its aliases are written out",
        )
        .at(place));
    }
    let origin = Origin { place, step: None };
    let target = node.target();
    match target.kind() {
        YamlKind::Mapping => {
            let mut children = Vec::with_capacity(target.len() * 2);
            let mut add = |key, value| {
                children.push(tree.add(scalar(key, source)));
                children.push(import(tree, value, source, depth + 1)?);
                Ok(())
            };
            if source.may_merge {
                for (key, value) in merged_entries(target, source)? {
                    add(key, value)?;
                }
            } else {
                target.raw_entries().try_for_each(|entry| add(entry.key, entry.raw_value))?;
            }
            let tag = collection_tag(target, Tag::Map);
            Ok(tree.add(Node { children, ..Node::new(Kind::Mapping, tag, "", origin) }))
        }
        YamlKind::Sequence => {
            let mut children = Vec::with_capacity(target.len());
            for item in target.raw_items() {
                children.push(import(tree, item, source, depth + 1)?);
            }
            let tag = collection_tag(target, Tag::Seq);
            Ok(tree.add(Node { children, ..Node::new(Kind::Sequence, tag, "", origin) }))
        }
        _ => {
            let mut made = scalar(target, source);
            made.origin = Origin { place: source.place(target.span()), step: None };
            Ok(tree.add(made))
        }
    }
}

fn collection_tag(node: YamlNode<'_>, own: Tag) -> Tag {
    match node.tag() {
        None | Some("!" | "tag:yaml.org,2002:map" | "tag:yaml.org,2002:seq") => own,
        Some(tag) => Tag::Other(tag.into()),
    }
}

fn scalar(node: YamlNode<'_>, source: &Source<'_>) -> Node {
    let origin = Origin { place: source.place(node.span()), step: None };
    let node = node.target();
    let style = match node.style() {
        spanned_yaml::Style::Plain => Style::Plain,
        spanned_yaml::Style::Folded => Style::Folded,
        _ => Style::Quoted,
    };
    let (tag, tagged) = match node.tag() {
        None | Some("!") => {
            let tag = match node.scalar(Dialect::GoYamlV3) {
                Scalar::Null => Tag::Null,
                Scalar::Bool(_) => Tag::Bool,
                Scalar::Int(_) | Scalar::UInt(_) => Tag::Int,
                Scalar::Float(_) => Tag::Float,
                Scalar::Timestamp(_) => Tag::Timestamp,
                Scalar::Binary(_) => Tag::Binary,
                Scalar::Str("<<") if style == Style::Plain => Tag::Merge,
                Scalar::Str(_) => Tag::Str,
            };
            (tag, false)
        }
        Some(tag) => match tag.strip_prefix("tag:yaml.org,2002:") {
            Some("str") => (Tag::Str, true),
            Some("int") => (Tag::Int, true),
            Some("float") => (Tag::Float, true),
            Some("bool") => (Tag::Bool, true),
            Some("null") => (Tag::Null, true),
            Some("timestamp") => (Tag::Timestamp, true),
            Some("binary") => (Tag::Binary, true),
            _ => (Tag::Other(tag.into()), true),
        },
    };
    Node { style, tagged, ..Node::new(Kind::Scalar, tag, node.text(), origin) }
}

/// Entries with those that `<<` merges: a mapping's own last, each key at the place where it was
/// first found, as kyaml does it.
fn merged_entries<'t>(
    map: YamlNode<'t>,
    source: &Source<'_>,
) -> Result<Vec<(YamlNode<'t>, YamlNode<'t>)>, Error> {
    let is_merge = |key: YamlNode<'_>| {
        key.text() == "<<"
            && (key.tag() == Some("tag:yaml.org,2002:merge")
                || (key.tag().is_none() && key.style() == spanned_yaml::Style::Plain))
    };
    let mut merge = None;
    for entry in map.raw_entries() {
        if is_merge(entry.key) {
            if merge.is_some() {
                return Err(
                    Error::invalid("a mapping has `<<` twice").at(source.place(entry.key.span()))
                );
            }
            merge = Some(entry.raw_value);
        }
    }
    // kyaml clears the first key that reads `<<`, quoted ones included, whether it merges or not.
    let cleared = map.raw_entries().position(|entry| entry.key.text() == "<<");
    let own = || {
        map.raw_entries()
            .enumerate()
            .filter(|(index, _)| Some(*index) != cleared)
            .map(|(_, entry)| (entry.key, entry.raw_value))
    };
    let Some(value) = merge else { return Ok(own().collect()) };
    let wrong = |node: YamlNode<'_>| {
        Error::invalid("`<<` takes a mapping or a list of mappings").at(source.place(node.span()))
    };
    let mut sources = Vec::new();
    let target = value.target();
    match target.kind() {
        YamlKind::Mapping => sources.push(target),
        YamlKind::Sequence if value.kind() == YamlKind::Sequence => {
            for item in target.raw_items() {
                if item.target().kind() != YamlKind::Mapping {
                    return Err(wrong(item));
                }
                sources.insert(0, item.target());
            }
        }
        _ => return Err(wrong(value)),
    }
    let mut entries: Vec<(YamlNode<'t>, YamlNode<'t>)> = own().collect();
    let mut put = |key: YamlNode<'t>, value: YamlNode<'t>| match entries
        .iter_mut()
        .find(|(known, _)| known.text() == key.text())
    {
        Some(entry) => *entry = (key, value),
        None => entries.push((key, value)),
    };
    for from in sources {
        // What a merged mapping merges itself was written out before.
        for (key, value) in merged_entries(from, source)? {
            put(key, value);
        }
    }
    for (key, value) in own() {
        put(key, value);
    }
    Ok(entries)
}

/// The first document of a text as a tree of its own, without places.
pub(crate) fn plain_tree(text: &str) -> Option<Tree> {
    let yaml = Arc::new(spanned_yaml::parse(text));
    if !yaml.errors().is_empty() {
        return None;
    }
    let source = Source {
        tree: Arc::clone(&yaml),
        whole: None,
        file: None,
        lines: None,
        skipped: 0,
        may_merge: yaml.mentions("<<"),
    };
    let root = yaml.root(0)?;
    Tree::made(|tree| import(tree, root, &source, 0)).ok()
}
