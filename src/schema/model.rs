//! A schema in memory: the same form for built-in kinds and for custom resources.

use std::borrow::Cow;

use spanned_yaml::{Node, Tree};

use super::{
    formats::Format, packed_text::PackedSchema, restrictions::Restrictions, versions::Versions,
};

/// A field's name: of the table, or of a CRD.
pub(super) type Name = Cow<'static, str>;

/// Types of JSON, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Types(u8);

impl Types {
    pub(super) const ANY: Self = Self(0);
    pub(super) const STRING: Self = Self(1);
    pub(super) const INTEGER: Self = Self(2);
    /// Every number, whole ones too.
    pub(super) const NUMBER: Self = Self(4 | 2);
    pub(super) const BOOLEAN: Self = Self(8);
    pub(super) const OBJECT: Self = Self(16);
    pub(super) const ARRAY: Self = Self(32);
    pub(super) const NULL: Self = Self(64);
    /// A number that isn't whole.
    pub(super) const FRACTION: Self = Self(4);

    /// The type that a CRD calls so.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::STRING,
            "integer" => Self::INTEGER,
            "number" => Self::NUMBER,
            "boolean" => Self::BOOLEAN,
            "object" => Self::OBJECT,
            "array" => Self::ARRAY,
            _ => return None,
        })
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn is_any(self) -> bool {
        self.0 == 0
    }

    /// Whether a value of this one type may be there.
    pub(super) fn allow(self, one: Self) -> bool {
        self.is_any() || self.0 & one.0 == one.0
    }

    /// As messages name them: `a string or an integer`.
    pub(super) fn words(self) -> String {
        let all = [
            (Self::STRING, "a string"),
            (Self::FRACTION, "a number"),
            (Self::INTEGER, "an integer"),
            (Self::BOOLEAN, "a boolean"),
            (Self::OBJECT, "a mapping"),
            (Self::ARRAY, "a list"),
        ];
        let names: Vec<&str> = all
            .into_iter()
            .filter(|(one, _)| self.0 & one.0 == one.0)
            .filter(|(one, _)| *one != Self::INTEGER || self.0 & Self::FRACTION.0 == 0)
            .map(|(_, name)| name)
            .collect();
        match names.as_slice() {
            [] => "null".to_owned(),
            names => names.join(" or "),
        }
    }
}

/// What a value must be.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The types that it may have.
    pub(super) types: Types,
    /// What a text or a number must look like.
    pub(super) format: Format,
    /// Fields, sorted by [`Schema::sort_fields`]; several of a name hold for different versions.
    pub(super) fields: Vec<Field>,
    /// Fields that must be there.
    pub(super) required: Vec<(Name, Versions)>,
    /// What other fields may be.
    pub(super) rest: Rest,
    /// What items are.
    pub(super) items: Option<Link>,
    /// Which items of a list count as the same.
    pub(super) identity: Identity,
    /// It is of a CRD: null is taken for a field that isn't there, and defaults are set.
    pub(super) is_custom: bool,
    /// Null is a value here all the same.
    pub(super) nullable: bool,
    /// The API server sets a value where there is none.
    pub(super) has_default: bool,
    /// That value, if it is a scalar.
    pub(super) default: Option<Box<Tree>>,
    /// What else must hold.
    pub(super) restrictions: Option<Box<Restrictions>>,
}

/// A field of a mapping.
#[derive(Debug)]
pub(super) struct Field {
    /// [`rank`] of the name.
    rank: u32,
    pub(super) name: Name,
    pub(super) versions: Versions,
    /// Kubernetes says that it is deprecated.
    pub(super) is_deprecated: bool,
    pub(super) schema: Link,
}

/// Where a schema is.
#[derive(Debug)]
pub(super) enum Link {
    /// Right here.
    Inline(Box<Schema>),
    /// In a text that portcullis carries.
    Packed(Box<PackedSchema>),
    /// There, with others who have the same.
    Shared(&'static PackedSchema),
    /// A definition of the table of built-in kinds.
    Definition(u16),
}

/// Fields without a schema of their own.
#[derive(Debug, Default)]
pub(super) enum Rest {
    /// They may be anything.
    #[default]
    Open,
    /// There may be none.
    Closed,
    /// Each is one of these.
    Each(Link),
}

/// How items of a list are told apart.
#[derive(Debug, Default)]
pub(super) enum Identity {
    /// They aren't.
    #[default]
    None,
    /// By value, with what the API server takes for null.
    Set(Option<Name>),
    /// By the values of some of their fields, with what stands for one that isn't written.
    Keys(Vec<(Name, Option<Name>)>),
}

impl Link {
    /// The schema, unless it is of the table.
    pub(super) fn inline(&self) -> Option<&Schema> {
        match self {
            Self::Inline(schema) => Some(schema),
            Self::Packed(packed) => packed.schema(),
            Self::Shared(packed) => packed.schema(),
            Self::Definition(_) => None,
        }
    }
}

/// Length and first byte of a name. Names are sorted by it, then by their text: few are compared
/// any further.
fn rank(name: &str) -> u32 {
    (name.len() as u32) << 8 | u32::from(name.bytes().next().unwrap_or_default())
}

impl Field {
    pub(super) fn new(name: Name, versions: Versions, schema: Link) -> Self {
        Self { rank: rank(&name), name, versions, is_deprecated: false, schema }
    }

    fn order(&self) -> (u32, &str) {
        (self.rank, &self.name)
    }
}

impl Schema {
    /// Brings fields into their order.
    pub(super) fn sort_fields(&mut self) {
        self.fields.sort_by(|a, b| a.order().cmp(&b.order()));
    }

    /// The schema of a field of a custom resource, which is the same for all versions.
    pub(super) fn schema_of(&self, name: &str) -> Option<&Self> {
        let link = match (self.fields_named(name).first(), &self.rest) {
            (Some(field), _) => &field.schema,
            (None, Rest::Each(rest)) => rest,
            (None, Rest::Open | Rest::Closed) => return None,
        };
        link.inline()
    }

    /// Whether the API server takes a value for a field that isn't there.
    pub(super) fn drops(&self, value: Node<'_>) -> bool {
        self.is_custom && !self.nullable && value.is_null()
    }

    /// Whether the API server finds no field of this name in a mapping of this schema.
    pub(super) fn lacks(&self, mapping: Node<'_>, name: &str) -> bool {
        if !self.is_custom {
            return mapping.get(name).is_none();
        }
        let schema = self.schema_of(name).filter(|schema| schema.is_custom);
        let has_default = |schema: &Self| schema.has_default;
        match mapping.get(name) {
            Some(value) => schema.is_some_and(|schema| schema.drops(value) && !schema.has_default),
            None => !schema.is_some_and(has_default) || self.fields_named(name).is_empty(),
        }
    }

    /// How many fields the API server finds in a mapping of this schema.
    pub(super) fn count(&self, mapping: Node<'_>) -> usize {
        let written = mapping.entries().filter(|entry| !self.lacks(mapping, entry.key.text()));
        let defaults = self.fields.iter().filter(|field| {
            mapping.get(&field.name).is_none() && !self.lacks(mapping, &field.name)
        });
        written.count() + defaults.count()
    }

    /// The schemas of a field, for different versions.
    pub(super) fn fields_named(&self, name: &str) -> &[Field] {
        let rank = rank(name);
        let start = self.fields.partition_point(|field| field.rank < rank);
        let ranked = self.fields.get(start..).unwrap_or_default();
        let others = ranked.iter().take_while(|field| field.rank == rank && field.name != name);
        let named = ranked.get(others.count()..).unwrap_or_default();
        let count = named.iter().take_while(|field| field.name == name).count();
        named.get(..count).unwrap_or_default()
    }
}
