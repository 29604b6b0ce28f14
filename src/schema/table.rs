//! The table of built-in kinds: indexed at first use, each definition read when it is asked for.

use std::{borrow::Cow, sync::OnceLock};

use memchr::memmem;
use rustc_hash::FxHashMap;

use super::{
    formats::Format,
    model::{Field, Identity, Link, Rest, Schema, Types},
    versions::Versions,
};

const TEXT: &str = include_str!("../../schemas/kubernetes.txt");

/// All definitions, by name, and the kinds that they are.
pub(super) struct Table {
    /// The versions that it has.
    pub(super) versions: Versions,
    definitions: Vec<Entry>,
    /// By kind, then by API version.
    kinds: FxHashMap<&'static str, Vec<OfApi>>,
}

/// The definitions of a kind in one API version, with the versions of Kubernetes that have each.
type OfApi = (&'static str, Vec<(Versions, u16)>);

struct Entry {
    name: &'static str,
    versions: Versions,
    lines: &'static str,
    read: OnceLock<Vec<(Versions, Schema)>>,
}

/// The table.
pub(super) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::index(TEXT))
}

impl Table {
    fn index(text: &'static str) -> Self {
        let head = text.lines().find_map(|line| line.strip_prefix("versions ~"));
        let versions = head.and_then(Versions::ranges).unwrap_or(Versions::NONE);
        let starts: Vec<usize> = memmem::find_iter(text.as_bytes(), "\n= ").collect();
        let mut definitions = Vec::with_capacity(starts.len());
        let mut kinds: FxHashMap<&str, Vec<OfApi>> = FxHashMap::default();
        for (index, start) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(text.len(), |next| next + 1);
            let block = text.get(start + 3..end).unwrap_or_default();
            let (head, lines) = block.split_once('\n').unwrap_or((block, ""));
            let (name, versions) = holds(head, versions);
            for kind in lines.lines().map_while(|line| line.strip_prefix("* ")) {
                let (kind, versions) = holds(kind, versions);
                let Some((api_version, kind)) = kind.split_once(' ') else { continue };
                let apis = kinds.entry(kind).or_default();
                match apis.iter_mut().find(|(known, _)| *known == api_version) {
                    Some((_, all)) => all.push((versions, index as u16)),
                    None => apis.push((api_version, vec![(versions, index as u16)])),
                }
            }
            definitions.push(Entry { name, versions, lines, read: OnceLock::new() });
        }
        Self { versions, definitions, kinds }
    }

    /// The definitions of a kind, with the versions that have it.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> &[(Versions, u16)] {
        let apis = self.kinds.get(kind).map_or(&[][..], Vec::as_slice);
        apis.iter().find(|(known, _)| *known == api_version).map_or(&[], |(_, all)| all)
    }

    /// All kinds: API version, kind, and the versions that have it.
    pub(super) fn kinds(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, Versions)> + '_ {
        self.kinds.iter().flat_map(|(kind, apis)| {
            apis.iter().map(|(api_version, all)| {
                let versions = all.iter().map(|(versions, _)| *versions);
                (*api_version, *kind, versions.fold(Versions::NONE, Versions::or))
            })
        })
    }

    /// A definition by its number: a schema for each head that it had.
    pub(super) fn definition(&self, index: u16) -> &[(Versions, Schema)] {
        let Some(entry) = self.definitions.get(usize::from(index)) else { return &[] };
        entry.read.get_or_init(|| self.read(entry))
    }

    /// The name of a definition.
    pub(super) fn name(&self, index: u16) -> &'static str {
        self.definitions.get(usize::from(index)).map_or("", |entry| entry.name)
    }

    /// The number of a definition by its name.
    pub(super) fn named(&self, name: &str) -> Option<u16> {
        let found = self.definitions.binary_search_by(|entry| entry.name.cmp(name)).ok()?;
        Some(found as u16)
    }

    /// Reads a definition. What the table of this release has wrong, `every_line_is_read` finds.
    fn read(&self, entry: &Entry) -> Vec<(Versions, Schema)> {
        let mut heads = Vec::new();
        let mut fields = Vec::new();
        let mut required: Vec<(Cow<'static, str>, Versions)> = Vec::new();
        for line in entry.lines.lines().filter(|line| !line.starts_with("* ")) {
            let (line, versions) = holds(line, entry.versions);
            let Some((name, rest)) = line.split_once(' ') else { continue };
            let mut words = rest.split(' ');
            let Some(link) = words.next().and_then(|word| self.link(word)) else { continue };
            if name == ":" {
                heads.push((versions, link));
                continue;
            }
            let mut link = link;
            if let Link::Inline(schema) = &mut link {
                schema.identity = words.fold(Identity::None, identity);
            }
            let (name, is_required) = match name.strip_suffix('!') {
                Some(name) => (name, true),
                None => (name, false),
            };
            if is_required {
                match required.iter_mut().find(|(known, _)| known == name) {
                    Some((_, known)) => *known = known.or(versions),
                    None => required.push((Cow::Borrowed(name), versions)),
                }
            }
            let mut field = Field::new(Cow::Borrowed(name), versions, link);
            field.is_deprecated = line.ends_with(" deprecated");
            fields.push(field);
        }
        let mut read: Vec<(Versions, Schema)> = Vec::new();
        for (versions, link) in heads {
            let Link::Inline(mut schema) = link else { continue };
            if matches!(schema.rest, Rest::Closed) {
                // Heads with fields differ in how they merge alone.
                let known = read.iter_mut().find(|(_, known)| matches!(known.rest, Rest::Closed));
                if let Some((known, _)) = known {
                    *known = known.or(versions);
                    continue;
                }
                schema.fields = std::mem::take(&mut fields);
                schema.sort_fields();
                schema.required = std::mem::take(&mut required);
            }
            read.push((versions, *schema));
        }
        read
    }

    /// Reads `string?`, `list(@api.core.v1.EnvVar)?`, `{}`.
    fn link(&self, word: &'static str) -> Option<Link> {
        if let Some(name) = word.strip_prefix('@') {
            return self.named(name).map(Link::Definition);
        }
        let mut schema = Schema::default();
        let word = match word.split_once('=') {
            Some((word, choices)) => {
                schema.restrictions = Some(Box::new(super::restrictions::words(choices)));
                word
            }
            None => word,
        };
        let (word, nullable) = match word.strip_suffix('?') {
            Some(word) => (word, Types::NULL),
            None => (word, Types::ANY),
        };
        let inner = |name: &str| word.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(items) = inner("list") {
            schema.types = Types::ARRAY.or(nullable);
            schema.items = Some(self.link(items)?);
            return Some(Link::Inline(Box::new(schema)));
        }
        if let Some(values) = inner("map") {
            schema.types = Types::OBJECT.or(nullable);
            schema.rest = Rest::Each(self.link(values)?);
            return Some(Link::Inline(Box::new(schema)));
        }
        let (types, format) = word.split_once(':').unwrap_or((word, ""));
        schema.format = Format::of_table(format)?;
        for name in types.split('|') {
            let one = match name {
                "any" => return Some(Link::Inline(Box::new(schema))),
                "string" => Types::STRING,
                "integer" => Types::INTEGER,
                "number" => Types::NUMBER,
                "boolean" => Types::BOOLEAN,
                "object" => Types::OBJECT,
                "{}" => {
                    schema.rest = Rest::Closed;
                    Types::OBJECT
                }
                _ => return None,
            };
            schema.types = schema.types.or(one);
        }
        // Go's IntOrString holds 32 bits, which the schemas don't say.
        if types == "string|integer" {
            schema.format = Format::Int32;
        }
        schema.types = schema.types.or(nullable);
        Some(Link::Inline(Box::new(schema)))
    }
}

/// How items are told apart, as the words behind a type say it; how they merge is read elsewhere.
fn identity(known: Identity, word: &'static str) -> Identity {
    if word == "set" {
        return Identity::Set(None);
    }
    match word.strip_prefix("keys(").and_then(|keys| keys.strip_suffix(')')) {
        Some(keys) => Identity::Keys(
            keys.split(',')
                .map(|key| match key.split_once('=') {
                    Some((key, value)) => (Cow::Borrowed(key), Some(Cow::Borrowed(value))),
                    None => (Cow::Borrowed(key), None),
                })
                .collect(),
        ),
        None => known,
    }
}

/// Takes ` ~25-31` off a line.
fn holds(line: &'static str, all: Versions) -> (&'static str, Versions) {
    match line.rsplit_once(" ~") {
        Some((line, ranges)) => (line, Versions::ranges(ranges).unwrap_or(Versions::NONE)),
        None => (line, all),
    }
}

#[cfg(test)]
mod tests {
    use super::{TEXT, Table, holds, table};
    use crate::schema::versions::Versions;

    #[test]
    fn every_line_is_read() {
        let table = table();
        assert!(table.versions.minors().count() >= 13);
        let mut lines = 0;
        for (index, entry) in table.definitions.iter().enumerate() {
            assert_eq!(table.named(entry.name), Some(index as u16), "{}", entry.name);
            let own = entry.lines.lines().filter(|line| !line.starts_with("* ")).count();
            let heads = table.definition(index as u16);
            let read: usize = heads.iter().map(|(_, schema)| schema.fields.len()).sum();
            let with_heads = entry.lines.lines().filter(|line| line.starts_with(": ")).count();
            assert_eq!(read + with_heads, own, "{}", entry.name);
            // Only fields can be told apart by version, not whether there are fields.
            let closed = entry.lines.lines().filter_map(|line| line.strip_prefix(": {}"));
            assert!(closed.clone().all(|rest| rest.starts_with('?')), "{}", entry.name);
            for (versions, _) in heads {
                assert!(!versions.is_empty(), "{}", entry.name);
            }
            for line in entry.lines.lines() {
                assert!(!holds(line, Versions::ALL).1.is_empty(), "{line}");
            }
            lines += own;
        }
        assert!(lines > 5000, "{lines} lines");
    }

    #[test]
    fn kinds_are_found() {
        let deployment = table().kind("apps/v1", "Deployment");
        assert_eq!(deployment.len(), 1);
        assert!(table().kind("extensions/v1beta1", "Ingress").is_empty());
    }

    /// Every run pays for the index.
    #[test]
    fn the_index_is_quick() {
        let quickest = (0..20)
            .map(|_| {
                let start = std::time::Instant::now();
                assert!(Table::index(TEXT).definitions.len() > 1000);
                start.elapsed()
            })
            .min();
        // Without optimization; with it, an eighth of that.
        assert!(quickest.unwrap().as_millis() < 40, "{quickest:?}");
    }
}
