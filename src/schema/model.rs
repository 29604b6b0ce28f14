//! A schema in memory: the same form for built-in kinds and for custom resources.

use std::borrow::Cow;

use super::{formats::Format, restrictions::Restrictions, versions::Versions};

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
    /// Fields, sorted by [`Field::order`]; several of a name hold for different versions.
    pub(super) fields: Vec<Field>,
    /// Fields that must be there.
    pub(super) required: Vec<(Name, Versions)>,
    /// What other fields may be.
    pub(super) rest: Rest,
    /// What items are.
    pub(super) items: Option<Link>,
    /// Which items of a list count as the same.
    pub(super) identity: Identity,
    /// Null is taken for a field that isn't there, as the API server does for custom resources.
    pub(super) null_is_absent: bool,
    /// An object in an object: it needs `apiVersion` and `kind`, and has `metadata`.
    pub(super) embedded: bool,
    /// What else must hold.
    pub(super) restrictions: Option<Box<Restrictions>>,
}

/// A field of a mapping.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) versions: Versions,
    pub(super) schema: Link,
}

/// Where a schema is.
#[derive(Debug)]
pub(super) enum Link {
    /// Right here.
    Inline(Box<Schema>),
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
    /// By value.
    Set,
    /// By the values of some of their fields, with what stands for one that isn't written.
    Keys(Vec<(Name, Option<Name>)>),
}

impl Field {
    /// Shorter names first: a comparison mostly ends with the lengths.
    pub(super) fn order(name: &str) -> (usize, &str) {
        (name.len(), name)
    }
}

impl Schema {
    /// The schemas of a field, for different versions.
    pub(super) fn fields_named(&self, name: &str) -> &[Field] {
        let order = Field::order(name);
        let start = self.fields.partition_point(|field| Field::order(&field.name) < order);
        let rest = self.fields.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|field| field.name == name).count();
        rest.get(..count).unwrap_or_default()
    }
}
