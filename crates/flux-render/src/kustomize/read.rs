//! Typed reading of kustomize's own files as Go's encoding/json decodes them after
//! sigs.k8s.io/yaml: keys in any case, nulls as nothing, no conversions.

use smol_str::SmolStr;
use spanned_yaml::{Dialect, Entry, Kind, Node, Scalar};

use crate::{
    error::{Error, ErrorKind},
    place::{FileId, Place},
};

/// A text and its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) value: SmolStr,
    pub(crate) place: Option<Place>,
    /// Where the content of a block scalar stands, line by line; see [`LineMap`].
    pub(crate) lines: LineMap,
}

/// For each line of a text, from its start: offset in the text, offset in the file. Empty where
/// a text isn't written line by line.
pub(crate) type LineMap = Vec<(u32, u32)>;

/// Reads one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'s> {
    /// The file that is read; none for what was made in a build.
    pub(crate) file: Option<FileId>,
    /// Where all of it comes from, if not from a file.
    pub(crate) from: Option<Place>,
    /// Unknown keys at the top are dropped, as Flux does with the file that it writes anew.
    pub(crate) lenient_root: bool,
    /// Unknown keys are dropped everywhere.
    pub(crate) lenient: bool,
    pub(crate) source: &'s str,
}

/// A mapping that is read key by key.
pub(crate) struct Record<'r, 't> {
    reader: &'r Reader<'r>,
    root: bool,
    node: Option<Node<'t>>,
    entries: Vec<Field<'t>>,
}

/// A key with its value.
struct Field<'t> {
    text: &'t str,
    entry: Entry<'t>,
    /// Somebody asked for it.
    known: bool,
}

impl Reader<'_> {
    pub(crate) fn place(&self, node: Node<'_>) -> Option<Place> {
        let span = node.span();
        self.file.map(|file| Place { file, start: span.start, end: span.end }).or(self.from)
    }

    pub(crate) fn record<'t>(&self, node: Node<'t>) -> Result<Record<'_, 't>, Error> {
        self.open(node, true)
    }

    fn open<'t>(&self, node: Node<'t>, root: bool) -> Result<Record<'_, 't>, Error> {
        let entries = match node.kind() {
            Kind::Mapping => node
                .entries()
                .map(|entry| Field { text: entry.key.text(), entry, known: false })
                .collect(),
            _ if node.is_null() => Vec::new(),
            _ => return Err(self.wrong("a mapping", node)),
        };
        Ok(Record { reader: self, root, node: Some(node), entries })
    }

    fn wrong(&self, wanted: &str, node: Node<'_>) -> Error {
        let found = match node.kind() {
            Kind::Mapping => "a mapping".to_owned(),
            Kind::Sequence => "a list".to_owned(),
            _ => format!("`{}`", node.text()),
        };
        Error::invalid(format!("{found} stands where {wanted} is expected")).at(self.place(node))
    }

    /// A string; null counts as an empty one.
    pub(crate) fn text(&self, node: Node<'_>) -> Result<Text, Error> {
        match node.scalar(Dialect::GoYamlV2) {
            _ if node.kind() != Kind::Scalar => Err(self.wrong("a string", node)),
            Scalar::Null => Ok(Text::default()),
            Scalar::Str(_) | Scalar::Timestamp(_) => Ok(Text {
                value: node.text().into(),
                place: self.place(node),
                lines: self
                    .file
                    .filter(|_| node.style() == spanned_yaml::Style::Literal)
                    .map(|_| block_lines(node.text(), node.span(), self.source))
                    .unwrap_or_default(),
            }),
            scalar if self.lenient_root => Ok(Text {
                value: converted(scalar).unwrap_or_else(|| node.text().into()),
                place: self.place(node),
                lines: LineMap::new(),
            }),
            _ => Err(self.wrong("a string (write it in quotes)", node)),
        }
    }
}

/// A number or a boolean as a string: where sigs.k8s.io/yaml knows that one is wanted, as it does
/// when Flux reads a file, it converts.
fn converted(scalar: Scalar<'_>) -> Option<SmolStr> {
    match scalar {
        Scalar::Bool(value) => Some(value.to_string().into()),
        Scalar::Int(value) => Some(value.to_string().into()),
        Scalar::UInt(value) => Some(value.to_string().into()),
        Scalar::Float(value) => Some(crate::value::go_float(value).into()),
        _ => None,
    }
}

/// Where the lines of a literal block scalar stand in the file.
pub(crate) fn block_lines(text: &str, span: spanned_yaml::Span, source: &str) -> LineMap {
    let Some(written) = source.get(span.start as usize..span.end as usize) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let mut at = span.start as usize;
    let mut in_text = 0;
    // The head of the block is its first line.
    let mut source_lines = written.split_inclusive('\n');
    at += source_lines.next().map_or(0, str::len);
    for line in text.split_inclusive('\n') {
        let Some(source_line) = source_lines.next() else { break };
        let body = source_line.trim_end_matches(['\n', '\r']);
        let wanted = line.trim_end_matches('\n');
        let Some(indent) = body.strip_suffix(wanted).map(str::len) else { return Vec::new() };
        lines.push((in_text as u32, (at + indent) as u32));
        at += source_line.len();
        in_text += line.len();
    }
    lines
}

/// A key in JSON: what YAML reads as a number or a boolean, as Go writes it.
pub(crate) fn key_text(key: Node<'_>) -> SmolStr {
    match key.scalar(Dialect::GoYamlV2) {
        Scalar::Bool(value) => value.to_string().into(),
        Scalar::Int(value) => value.to_string().into(),
        Scalar::UInt(value) => value.to_string().into(),
        Scalar::Float(value) => crate::value::go_float(value).into(),
        _ => key.text().into(),
    }
}

impl<'t> Record<'_, 't> {
    /// The value of a key, which then counts as known.
    fn take(&mut self, key: &str) -> Option<Node<'t>> {
        // JSON has the keys in byte order, and the last one counts.
        let mut found: Option<(&str, Node<'t>)> = None;
        for one in &mut self.entries {
            if one.text.eq_ignore_ascii_case(key) {
                one.known = true;
                if found.is_none_or(|(before, _)| before <= one.text) {
                    found = Some((one.text, one.entry.value));
                }
            }
        }
        found.map(|(_, value)| value)
    }

    pub(crate) fn place(&self) -> Option<Place> {
        self.node.and_then(|node| self.reader.place(node))
    }

    /// Where a key is written.
    pub(crate) fn place_of(&self, key: &str) -> Option<Place> {
        let found = self.entries.iter().find(|one| one.text.eq_ignore_ascii_case(key));
        found
            .filter(|one| !one.entry.value.is_null())
            .and_then(|one| self.reader.place(one.entry.key))
    }

    /// Whether it is the topmost mapping of what is read.
    pub(crate) fn is_root(&self) -> bool {
        self.root
    }

    pub(crate) fn present(&mut self, key: &str) -> bool {
        self.take(key).is_some_and(|node| !node.is_null())
    }

    pub(crate) fn skip(&mut self, key: &str) {
        self.take(key);
    }

    pub(crate) fn ignore_metadata(&mut self) -> Result<(), Error> {
        self.one("metadata", |metadata| {
            metadata.text("name")?;
            metadata.text("namespace")?;
            metadata.text_map("labels")?;
            metadata.text_map("annotations")?;
            Ok(())
        })?;
        Ok(())
    }

    /// Whether a key besides `apiVersion` and `kind` has anything in it.
    pub(crate) fn filled(&self) -> bool {
        self.entries.iter().any(|Field { text: key, entry, known }| {
            let value = entry.value;
            let head = key.eq_ignore_ascii_case("apiVersion") || key.eq_ignore_ascii_case("kind");
            let empty =
                value.is_null() || (value.kind() == Kind::Scalar && value.text().is_empty());
            *known && !head && !empty
        })
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Text, Error> {
        self.take(key).map_or_else(|| Ok(Text::default()), |node| self.reader.text(node))
    }

    pub(crate) fn optional_text(&mut self, key: &str) -> Result<Option<Text>, Error> {
        let node = self.take(key).filter(|node| !node.is_null());
        node.map(|node| self.reader.text(node)).transpose()
    }

    pub(crate) fn texts(&mut self, key: &str) -> Result<Vec<Text>, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else {
            return Ok(Vec::new());
        };
        if node.kind() != Kind::Sequence {
            return Err(self.reader.wrong("a list", node));
        }
        node.items().map(|item| self.reader.text(item)).collect()
    }

    /// Strings by key.
    pub(crate) fn text_map(&mut self, key: &str) -> Result<Vec<(SmolStr, Text)>, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else {
            return Ok(Vec::new());
        };
        if node.kind() != Kind::Mapping {
            return Err(self.reader.wrong("a mapping", node));
        }
        let mut map: Vec<(SmolStr, Text)> = Vec::new();
        for entry in node.entries() {
            let (key, value) = (key_text(entry.key), self.reader.text(entry.value)?);
            match map.iter_mut().find(|(known, _)| *known == key) {
                Some(known) => known.1 = value,
                None => map.push((key, value)),
            }
        }
        Ok(map)
    }

    pub(crate) fn bool(&mut self, key: &str) -> Result<bool, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return Ok(false) };
        node.as_bool().ok_or_else(|| self.reader.wrong("true or false", node))
    }

    pub(crate) fn integer(&mut self, key: &str) -> Result<i64, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return Ok(0) };
        node.as_i64().ok_or_else(|| self.reader.wrong("a whole number", node))
    }

    pub(crate) fn one<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Record<'_, '_>) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return Ok(None) };
        let mut record = self.reader.open(node, false)?;
        let value = read(&mut record)?;
        record.finish()?;
        Ok(Some(value))
    }

    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        mut read: impl FnMut(&mut Record<'_, '_>) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else {
            return Ok(Vec::new());
        };
        if node.kind() != Kind::Sequence {
            return Err(self.reader.wrong("a list", node));
        }
        node.items()
            .map(|item| {
                let mut record = self.reader.open(item, false)?;
                let value = read(&mut record)?;
                record.finish()?;
                Ok(value)
            })
            .collect()
    }

    /// The place of a list that isn't empty, whatever is in it.
    pub(crate) fn list_place(&mut self, key: &str) -> Result<Option<Place>, Error> {
        let Some(node) = self.take(key).filter(|node| !node.is_null()) else { return Ok(None) };
        if node.kind() != Kind::Sequence {
            return Err(self.reader.wrong("a list", node));
        }
        Ok(if node.is_empty() { None } else { self.place_of(key) })
    }

    /// Refuses the keys that nobody asked for. Returns them where they drop out silently.
    pub(crate) fn finish(self) -> Result<Vec<(Place, SmolStr)>, Error> {
        let mut dropped = Vec::new();
        for Field { text: key, entry, known } in &self.entries {
            if *known {
                continue;
            }
            let place = self.reader.place(entry.key);
            if self.reader.lenient || (self.root && self.reader.lenient_root) {
                dropped.extend(place.map(|place| (place, SmolStr::from(*key))));
                continue;
            }
            return Err(Error::new(
                ErrorKind::UnknownField,
                format!("kustomize knows no field `{key}` here"),
            )
            .at(place));
        }
        Ok(dropped)
    }
}
