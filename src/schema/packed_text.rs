//! A schema in the text that portcullis carries, read when somebody first asks for it: of most kinds a
//! few fields are ever written.
//!
//! Lines are told apart by their blanks, as `cargo xtask custom-schemas` writes them; what a schema says
//! on lines of its own is YAML.

use std::{borrow::Cow, sync::OnceLock};

use memchr::memchr;

use super::{
    custom_read,
    model::{Field, Identity, Link, Name, Rest, Schema},
    pack::Project,
    versions::Versions,
};

/// A schema, perhaps still a text.
pub(super) struct PackedSchema {
    /// `{type: string}`, or lines with at least as many blanks as the first has.
    pub(super) text: &'static str,
    /// Which names it may have.
    project: &'static Project,
    read: OnceLock<Option<Schema>>,
}

impl std::fmt::Debug for PackedSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PackedSchema").field(&self.text).finish()
    }
}

impl PackedSchema {
    pub(super) fn new(text: &'static str, project: &'static Project) -> Self {
        Self { text, project, read: OnceLock::new() }
    }

    /// The schema, down to where the next text begins. What can't be read, `every_schema_is_read`
    /// finds.
    pub(super) fn schema(&self) -> Option<&Schema> {
        self.read.get_or_init(|| read(self.text, self.project)).as_ref()
    }
}

/// Reads a schema, down to where the next text begins.
pub(super) fn read(text: &'static str, project: &'static Project) -> Option<Schema> {
    if text.starts_with('{') {
        return own(text);
    }
    let depth = text.len() - text.trim_start_matches(' ').len();
    let mut lines = Lines { rest: text, depth };
    let mut said = String::new();
    let (mut fields, mut required) = (Vec::new(), Vec::new());
    let (mut rest, mut items) = (None, None);
    while let Some(line) = lines.next() {
        // Items of a list stand as deep as its key.
        let (key, value) = if line.starts_with("- ") { ("", line) } else { key(line)? };
        match (key, value) {
            ("properties", "") => fields = self::fields(&mut lines, project)?,
            ("required", value) if value.starts_with('[') && !value.contains('"') => {
                let names = value.get(1..value.len() - 1)?.split(", ");
                required = names.map(|name| (Cow::Borrowed(name), Versions::ALL)).collect();
            }
            ("items", value) => items = Some(link(value, &mut lines, project)?),
            ("additionalProperties", value) if !matches!(value, "true" | "false") => {
                rest = Some(link(value, &mut lines, project)?);
            }
            _ => {
                said.push_str(line);
                said.push('\n');
            }
        }
    }
    let mut read = own(if said.is_empty() { "{}" } else { &said })?;
    // An embedded resource has those that every object has, whatever it says of them.
    fields.retain(|field| read.fields_named(&field.name).is_empty());
    read.fields.append(&mut fields);
    read.sort_fields();
    if let Some(rest) = rest {
        read.rest = Rest::Each(rest);
    }
    required.append(&mut read.required);
    read.required = required;
    read.items = items;
    let items = read.items.as_ref().and_then(Link::inline);
    match (&mut read.identity, items) {
        (Identity::Set(default), Some(items)) => *default = default_text(items),
        (Identity::Keys(keys), Some(items)) => {
            for (name, default) in keys {
                *default = items.schema_of(name).and_then(default_text);
            }
        }
        _ => {}
    }
    Some(read)
}

/// What is said without what is below.
fn own(said: &str) -> Option<Schema> {
    // Half of them say nothing but a type.
    let bare = match said.strip_prefix('{') {
        Some(said) => said.strip_suffix('}'),
        None => said.strip_suffix('\n'),
    };
    let bare = bare.and_then(|said| said.strip_prefix("type: "));
    if let Some(schema) = bare.and_then(custom_read::of_type) {
        return Some(schema);
    }
    let tree = spanned_yaml::parse(said);
    custom_read::read_packed(tree.root(0)?).ok()
}

/// The fields on the lines below the last.
fn fields(above: &mut Lines, project: &'static Project) -> Option<Vec<Field>> {
    let mut lines = Lines { rest: above.rest, depth: above.depth + 1 };
    let mut fields = Vec::new();
    while above.is_above(lines.rest) {
        let (name, value) = key(lines.next()?)?;
        let name = if name.starts_with('"') {
            Cow::Owned(serde_json::from_str(name).ok()?)
        } else {
            Cow::Borrowed(name)
        };
        let schema = link(value, &mut lines, project)?;
        fields.push(Field::new(name, Versions::ALL, schema));
    }
    above.rest = lines.rest;
    Some(fields)
}

/// The schema that stands behind a key, or below it.
fn link(value: &'static str, lines: &mut Lines, project: &'static Project) -> Option<Link> {
    if let Some(name) = value.strip_prefix('$') {
        return project.definition(name).map(Link::Shared);
    }
    let text = if value.is_empty() { lines.below() } else { value };
    Some(Link::Packed(Box::new(PackedSchema::new(text, project))))
}

/// The key of a line, in quotes if it is written so, and what stands behind it.
fn key(line: &'static str) -> Option<(&'static str, &'static str)> {
    let end = if line.starts_with('"') {
        line.match_indices("\":").map(|(at, _)| at).find(|at| !line[..*at].ends_with('\\'))? + 1
    } else {
        memchr(b':', line.as_bytes())?
    };
    Some((line.get(..end)?, line.get(end + 1..)?.trim_start()))
}

fn default_text(schema: &Schema) -> Option<Name> {
    let default = schema.default.as_ref()?.root(0)?.as_str()?;
    Some(Cow::Owned(default.to_owned()))
}

/// Lines that all start with at least so many blanks.
struct Lines {
    rest: &'static str,
    depth: usize,
}

impl Lines {
    fn take_line(&mut self) -> Option<&'static str> {
        let end = memchr(b'\n', self.rest.as_bytes())?;
        let (line, rest) = (self.rest.get(..end)?, self.rest.get(end + 1..)?);
        self.rest = rest;
        Some(line)
    }

    /// Whether the first line of a text has more blanks.
    fn is_above(&self, text: &str) -> bool {
        text.as_bytes().get(self.depth) == Some(&b' ')
    }

    /// The next lines that have more blanks.
    fn below(&mut self) -> &'static str {
        let all = self.rest;
        while self.is_above(self.rest) && self.take_line().is_some() {}
        all.get(..all.len() - self.rest.len()).unwrap_or_default()
    }
}

impl Iterator for Lines {
    type Item = &'static str;

    /// The next line, without its blanks.
    fn next(&mut self) -> Option<&'static str> {
        let depth = self.depth;
        self.take_line()?.get(depth..)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lines, key};
    use crate::schema::{
        custom_read,
        model::{Link, Rest, Schema},
        pack::{Packed, project_of},
    };

    /// That what is read piece by piece says the same as what is read as a whole; how many schemas.
    fn compare(piece: &Schema, whole: &Schema, at: &str) -> usize {
        let own = |it: &Schema| {
            let default = it.default.as_ref().map(|tree| tree.source().to_owned());
            let flags = (it.is_custom, it.nullable, it.has_default);
            let parts = (it.types, it.format, &it.required, &it.identity, &it.restrictions);
            format!("{default:?} {flags:?} {parts:?}")
        };
        assert_eq!(own(piece), own(whole), "{at}");
        let names =
            |it: &Schema| it.fields.iter().map(|it| it.name.to_string()).collect::<Vec<_>>();
        assert_eq!(names(piece), names(whole), "{at}");
        let mut count = 1;
        let mut links = |piece: &Link, whole: &Link, name: &str| match (piece, whole) {
            (Link::Definition(piece), Link::Definition(whole)) => assert_eq!(piece, whole, "{at}"),
            _ => {
                let at = format!("{at}.{name}");
                let (Some(piece), Some(whole)) = (piece.inline(), whole.inline()) else {
                    panic!("{at} isn't read");
                };
                count += compare(piece, whole, &at);
            }
        };
        for (piece, whole) in piece.fields.iter().zip(&whole.fields) {
            links(&piece.schema, &whole.schema, &piece.name);
        }
        match (&piece.rest, &whole.rest) {
            (Rest::Each(piece), Rest::Each(whole)) => links(piece, whole, "*"),
            (Rest::Open, Rest::Open) | (Rest::Closed, Rest::Closed) => {}
            _ => panic!("{at}: other fields differ"),
        }
        match (&piece.items, &whole.items) {
            (Some(piece), Some(whole)) => links(piece, whole, "[]"),
            (None, None) => {}
            _ => panic!("{at}: items differ"),
        }
        count
    }

    #[test]
    fn pieces_say_what_the_whole_says() {
        let mut count = 0;
        for packed in Packed::all() {
            let project = project_of(packed.group()).unwrap();
            let versions = project.versions(packed.group(), packed.kind());
            let kind = versions.iter().find(|it| it.version == packed.version()).unwrap();
            let tree = spanned_yaml::parse(packed.document().to_string());
            let mut whole = custom_read::read_packed(tree.root(0).unwrap()).unwrap();
            custom_read::add_object_fields(&mut whole);
            count += compare(project.schema(kind).unwrap(), &whole, packed.kind());
        }
        assert!(count > 50_000, "{count}");
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(key("name: {type: string}"), Some(("name", "{type: string}")));
        assert_eq!(key("properties:"), Some(("properties", "")));
        assert_eq!(key(r#""a\":b": $x"#), Some((r#""a\":b""#, "$x")));
        assert_eq!(key("name"), None);
        let mut lines = Lines { rest: " a:\n  b: 1\n   c: 2\n d: 3\n", depth: 1 };
        assert_eq!(lines.next(), Some("a:"));
        assert_eq!(lines.below(), "  b: 1\n   c: 2\n");
        assert_eq!((lines.next(), lines.next()), (Some("d: 3"), None));
    }
}
