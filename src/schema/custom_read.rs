//! Reads the structural schema of a CRD from its own tree.

use std::{borrow::Cow, cell::Cell};

use spanned_yaml::{Dialect, Kind, Node, Scalar, Tree};

use super::{
    custom::Broken,
    formats::Format,
    model::{Field, Identity, Link, Name, Rest, Schema, Types},
    pattern::Pattern,
    restrictions::{Bound, Choice, Range, Restrictions},
    table::table,
    versions::Versions,
};

/// Schemas in schemas: deeper ones are broken.
const MAX_DEPTH: usize = 100;
/// Schemas of one CRD, counted as often as an alias repeats them.
const MAX_SCHEMAS: usize = 50_000;

/// Keywords that a CRD may not have, because they would lead out of it.
const REFUSED: [&str; 3] = ["$ref", "definitions", "dependencies"];

/// Reads `openAPIV3Schema`: the schema of an object with `apiVersion`, `kind` and `metadata`.
pub(super) fn read(node: Node<'_>) -> Result<Schema, Broken> {
    let left = Cell::new(MAX_SCHEMAS);
    let place = Place { depth: 0, in_alternative: false, left: &left, is_packed: false };
    let mut read = schema(node, place)?;
    add_object_fields(&mut read);
    Ok(read)
}

/// What Gatekeeper makes of a ConstraintTemplate: a kind whose parameters have this schema. `is_open`
/// tells that they may have other fields, too. What constraints match, and what else they may say, isn't
/// looked at.
pub(super) fn read_constraint(
    parameters: Option<Node<'_>>,
    is_open: bool,
) -> Result<Schema, Broken> {
    let left = Cell::new(MAX_SCHEMAS);
    let place = Place { depth: 0, in_alternative: is_open, left: &left, is_packed: false };
    let object = || Schema { types: Types::OBJECT, is_custom: true, ..Schema::default() };
    let field = |name, schema| {
        Field::new(Cow::Borrowed(name), Versions::ALL, Link::Inline(Box::new(schema)))
    };
    let mut spec = object();
    if let Some(parameters) = parameters {
        spec.fields.push(field("parameters", schema(parameters, place)?));
    }
    let mut read = object();
    read.fields.push(field("spec", spec));
    read.fields.push(field("status", Schema { is_custom: true, ..Schema::default() }));
    read.rest = Rest::Closed;
    add_object_fields(&mut read);
    Ok(read)
}

/// A schema of `schemas/custom`, with what is written in it.
pub(super) fn read_packed(node: Node<'_>) -> Result<Schema, Broken> {
    let left = Cell::new(MAX_SCHEMAS);
    schema(node, Place { depth: 0, in_alternative: false, left: &left, is_packed: true })
}

/// What [`read_packed`] makes of a schema that says nothing but its type.
pub(super) fn of_type(name: &str) -> Option<Schema> {
    let types = Types::named(name)?;
    let rest = if types == Types::OBJECT { Rest::Closed } else { Rest::Open };
    Some(Schema { types, is_custom: true, rest, ..Schema::default() })
}

/// Where a schema stands in the schema.
#[derive(Clone, Copy)]
struct Place<'p> {
    depth: usize,
    /// Below `allOf`, `anyOf`, `oneOf` or `not`, which restrict and define nothing.
    in_alternative: bool,
    /// How many schemas may still be read.
    left: &'p Cell<usize>,
    /// In a schema of ours, of which a test tells that nothing is broken.
    is_packed: bool,
}

/// What a schema says, by keyword.
#[derive(Default)]
struct Keywords<'a> {
    /// The first of [`REFUSED`] that it has.
    refused: Option<Node<'a>>,
    /// It has one of those that make [`Restrictions`].
    restricts: bool,
    additional_properties: Option<Node<'a>>,
    all_of: Option<Node<'a>>,
    any_of: Option<Node<'a>>,
    default: Option<Node<'a>>,
    embedded: Option<Node<'a>>,
    exclusive_maximum: Option<Node<'a>>,
    exclusive_minimum: Option<Node<'a>>,
    format: Option<Node<'a>>,
    int_or_string: Option<Node<'a>>,
    items: Option<Node<'a>>,
    list_map_keys: Option<Node<'a>>,
    list_type: Option<Node<'a>>,
    max_items: Option<Node<'a>>,
    max_length: Option<Node<'a>>,
    max_properties: Option<Node<'a>>,
    maximum: Option<Node<'a>>,
    min_items: Option<Node<'a>>,
    min_length: Option<Node<'a>>,
    min_properties: Option<Node<'a>>,
    minimum: Option<Node<'a>>,
    multiple_of: Option<Node<'a>>,
    not: Option<Node<'a>>,
    nullable: Option<Node<'a>>,
    of_type: Option<Node<'a>>,
    one_of: Option<Node<'a>>,
    pattern: Option<Node<'a>>,
    preserves: Option<Node<'a>>,
    properties: Option<Node<'a>>,
    required: Option<Node<'a>>,
    choices: Option<Node<'a>>,
}

impl<'a> Keywords<'a> {
    /// Goes through them once, as looking for each takes most of the time that reading takes. Of a
    /// keyword that is written twice the last counts.
    fn of(node: Node<'a>) -> Self {
        let mut all = Self::default();
        let mut rank = REFUSED.len();
        for entry in node.entries() {
            let (value, restricts) = match entry.key.text().as_bytes() {
                b"type" => (&mut all.of_type, false),
                b"properties" => (&mut all.properties, false),
                b"items" => (&mut all.items, false),
                b"required" => (&mut all.required, false),
                b"format" => (&mut all.format, false),
                b"default" => (&mut all.default, false),
                b"nullable" => (&mut all.nullable, false),
                b"additionalProperties" => (&mut all.additional_properties, false),
                b"x-kubernetes-embedded-resource" => (&mut all.embedded, false),
                b"x-kubernetes-int-or-string" => (&mut all.int_or_string, false),
                b"x-kubernetes-list-map-keys" => (&mut all.list_map_keys, false),
                b"x-kubernetes-list-type" => (&mut all.list_type, false),
                b"x-kubernetes-preserve-unknown-fields" => (&mut all.preserves, false),
                b"enum" => (&mut all.choices, true),
                b"pattern" => (&mut all.pattern, true),
                b"minimum" => (&mut all.minimum, true),
                b"maximum" => (&mut all.maximum, true),
                b"exclusiveMinimum" => (&mut all.exclusive_minimum, true),
                b"exclusiveMaximum" => (&mut all.exclusive_maximum, true),
                b"multipleOf" => (&mut all.multiple_of, true),
                b"minLength" => (&mut all.min_length, true),
                b"maxLength" => (&mut all.max_length, true),
                b"minItems" => (&mut all.min_items, true),
                b"maxItems" => (&mut all.max_items, true),
                b"minProperties" => (&mut all.min_properties, true),
                b"maxProperties" => (&mut all.max_properties, true),
                b"allOf" => (&mut all.all_of, true),
                b"anyOf" => (&mut all.any_of, true),
                b"oneOf" => (&mut all.one_of, true),
                b"not" => (&mut all.not, true),
                other => {
                    let found = REFUSED.iter().position(|name| name.as_bytes() == other);
                    if let Some(found) = found.filter(|found| *found <= rank) {
                        rank = found;
                        all.refused = Some(entry.key);
                    }
                    continue;
                }
            };
            *value = Some(entry.value);
            all.restricts |= restricts;
        }
        all
    }
}

/// The fields that every object has, as the API server defines them, whatever the CRD says.
pub(super) fn add_object_fields(schema: &mut Schema) {
    schema.fields.retain(|field| !matches!(&*field.name, "apiVersion" | "kind" | "metadata"));
    let text = || Link::Inline(Box::new(Schema { types: Types::STRING, ..Schema::default() }));
    let metadata = table().named("apimachinery.pkg.apis.meta.v1.ObjectMeta");
    let fields = [
        ("apiVersion", Some(text())),
        ("kind", Some(text())),
        ("metadata", metadata.map(Link::Definition)),
    ];
    for (name, link) in fields {
        if let Some(link) = link {
            schema.fields.push(Field::new(Cow::Borrowed(name), Versions::ALL, link));
        }
    }
    schema.sort_fields();
}

fn broken<T>(node: Node<'_>, message: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { node: node.id(), message: message.into() })
}

fn link(node: Node<'_>, place: Place<'_>) -> Result<Link, Broken> {
    schema(node, place).map(|schema| Link::Inline(Box::new(schema)))
}

fn schema(node: Node<'_>, place: Place<'_>) -> Result<Schema, Broken> {
    if node.kind() != Kind::Mapping {
        return broken(node, "a schema must be a mapping");
    }
    if place.depth > MAX_DEPTH {
        return broken(node, format!("schemas nested deeper than {MAX_DEPTH} aren't read"));
    }
    let Some(left) = place.left.get().checked_sub(1) else {
        return broken(node, format!("more than {MAX_SCHEMAS} schemas aren't read"));
    };
    place.left.set(left);
    let said = Keywords::of(node);
    if let Some(key) = said.refused {
        return broken(key, format!("{} is not allowed in a CRD", key.text()));
    }
    let below = Place { depth: place.depth + 1, ..place };
    let mut read = Schema {
        is_custom: true,
        nullable: flag(said.nullable, "nullable")?,
        has_default: said.default.is_some_and(|default| !default.is_null()),
        ..Schema::default()
    };
    let default = said.default.filter(|default| default.kind() == Kind::Scalar);
    read.default = default.map(|default| Box::new(one_scalar(default)));
    read.types = types(&said, read.nullable)?;
    let of_type = text(said.of_type, "type")?.unwrap_or_default();
    read.format =
        text(said.format, "format")?.map_or(Format::None, |name| Format::of_custom(name, of_type));
    let is_embedded = flag(said.embedded, "x-kubernetes-embedded-resource")?;
    if let Some(properties) = mapping(said.properties, "properties")? {
        for entry in properties.entries() {
            let name = Cow::Owned(entry.key.text().to_owned());
            read.fields.push(Field::new(name, Versions::ALL, link(entry.value, below)?));
        }
    }
    read.sort_fields();
    for name in list(said.required, "required")?.into_iter().flat_map(Node::items) {
        match name.as_str() {
            Some(name) => {
                read.required.push((Cow::Owned(name.to_owned()), Versions::ALL));
            }
            None => return broken(name, "required must be a list of names"),
        }
    }
    let preserves = flag(said.preserves, "x-kubernetes-preserve-unknown-fields")?;
    let is_object = read.types.allow(Types::OBJECT) && !read.types.is_any();
    read.rest = match said.additional_properties {
        Some(rest) if rest.as_bool() == Some(true) => Rest::Open,
        Some(rest) if rest.kind() == Kind::Mapping => Rest::Each(link(rest, below)?),
        _ if preserves || place.in_alternative || !is_object => Rest::Open,
        _ => Rest::Closed,
    };
    if is_embedded {
        add_object_fields(&mut read);
        for name in ["apiVersion", "kind"] {
            read.required.push((Cow::Borrowed(name), Versions::ALL));
        }
    }
    if let Some(items) = said.items {
        read.items = Some(link(items, below)?);
    }
    read.identity = identity(node, &said)?;
    read.restrictions = restrictions(&said, below)?;
    Ok(read)
}

/// A scalar in a tree of its own.
fn one_scalar(node: Node<'_>) -> Tree {
    let is_text = matches!(node.scalar(Dialect::GoYamlV2), Scalar::Str(_));
    let text = node.text();
    spanned_yaml::parse(if is_text {
        serde_json::Value::from(text).to_string()
    } else {
        text.to_owned()
    })
}

fn types(said: &Keywords<'_>, nullable: bool) -> Result<Types, Broken> {
    let types = if flag(said.int_or_string, "x-kubernetes-int-or-string")? {
        Types::STRING.or(Types::INTEGER)
    } else {
        let (Some(at), Some(name)) = (said.of_type, text(said.of_type, "type")?) else {
            return Ok(Types::ANY);
        };
        match Types::named(name) {
            Some(types) => types,
            None if name.is_empty() => return Ok(Types::ANY),
            None => return broken(at, format!("there is no type {name}")),
        }
    };
    Ok(if nullable { types.or(Types::NULL) } else { types })
}

fn identity(node: Node<'_>, said: &Keywords<'_>) -> Result<Identity, Broken> {
    match text(said.list_type, "x-kubernetes-list-type")?.unwrap_or_default() {
        "" | "atomic" => Ok(Identity::None),
        "set" => {
            let default = said.items.and_then(|items| items.get("default"));
            let default = default.and_then(Node::as_str);
            Ok(Identity::Set(default.map(|default| Cow::Owned(default.to_owned()))))
        }
        "map" => {
            let mut keys: Vec<(Name, Option<Name>)> = Vec::new();
            let list = list(said.list_map_keys, "x-kubernetes-list-map-keys")?;
            let properties = said.items.and_then(|items| items.get("properties"));
            for key in list.into_iter().flat_map(Node::items) {
                let Some(name) = key.as_str() else {
                    return broken(key, "x-kubernetes-list-map-keys must be names");
                };
                let default = properties.and_then(|properties| properties.get(name));
                let default = default.and_then(|it| it.get("default")).and_then(Node::as_str);
                keys.push((
                    Cow::Owned(name.to_owned()),
                    default.map(|default| Cow::Owned(default.to_owned())),
                ));
            }
            if keys.is_empty() {
                return broken(node, "a list of type map needs x-kubernetes-list-map-keys");
            }
            Ok(Identity::Keys(keys))
        }
        other => broken(said.list_type.unwrap_or(node), format!("there is no list type {other}")),
    }
}

fn restrictions(
    said: &Keywords<'_>,
    below: Place<'_>,
) -> Result<Option<Box<Restrictions>>, Broken> {
    if !said.restricts {
        return Ok(None);
    }
    let below = Place { in_alternative: true, ..below };
    let mut all = Restrictions::default();
    for choice in list(said.choices, "enum")?.into_iter().flat_map(Node::items) {
        all.choices.push(choice_of(choice));
    }
    for ((limit, name), (exclusive, exclusive_name), bound) in [
        ((said.minimum, "minimum"), (said.exclusive_minimum, "exclusiveMinimum"), &mut all.minimum),
        ((said.maximum, "maximum"), (said.exclusive_maximum, "exclusiveMaximum"), &mut all.maximum),
    ] {
        let exclusive = flag(exclusive, exclusive_name)?;
        *bound = number(limit, name)?.map(|limit| Bound { limit, exclusive });
    }
    all.multiple_of = number(said.multiple_of, "multipleOf")?;
    for (least, most, name, range) in [
        (said.min_length, said.max_length, "Length", &mut all.length),
        (said.min_items, said.max_items, "Items", &mut all.items),
        (said.min_properties, said.max_properties, "Properties", &mut all.properties),
    ] {
        *range = Range { least: count(least, "min", name)?, most: count(most, "max", name)? };
    }
    if let (Some(node), Some(pattern)) = (said.pattern, text(said.pattern, "pattern")?) {
        let read =
            if below.is_packed { Ok(Pattern::packed(pattern)) } else { Pattern::read(pattern) };
        match read {
            Ok(pattern) => all.pattern = Some(pattern),
            Err(message) => return broken(node, message),
        }
    }
    for (alternatives, name, schemas) in [
        (said.all_of, "allOf", &mut all.all_of),
        (said.any_of, "anyOf", &mut all.any_of),
        (said.one_of, "oneOf", &mut all.one_of),
    ] {
        for one in list(alternatives, name)?.into_iter().flat_map(Node::items) {
            schemas.push(schema(one, below)?);
        }
    }
    if let Some(not) = said.not {
        all.not = Some(schema(not, below)?);
    }
    Ok(Some(Box::new(all)))
}

fn text<'a>(value: Option<Node<'a>>, key: &str) -> Result<Option<&'a str>, Broken> {
    let Some(value) = value else { return Ok(None) };
    match value.as_str() {
        Some(text) => Ok(Some(text)),
        None => broken(value, format!("{key} must be a string")),
    }
}

fn flag(value: Option<Node<'_>>, key: &str) -> Result<bool, Broken> {
    let Some(value) = value else { return Ok(false) };
    match value.as_bool() {
        Some(flag) => Ok(flag),
        None => broken(value, format!("{key} must be true or false")),
    }
}

fn number(value: Option<Node<'_>>, key: &str) -> Result<Option<f64>, Broken> {
    let Some(value) = value else { return Ok(None) };
    #[allow(clippy::cast_precision_loss, reason = "bounds are JSON numbers")]
    match value.scalar(Dialect::GoYamlV2) {
        Scalar::Int(number) => Ok(Some(number as f64)),
        Scalar::UInt(number) => Ok(Some(number as f64)),
        Scalar::Float(number) => Ok(Some(number)),
        _ => broken(value, format!("{key} must be a number")),
    }
}

fn count(value: Option<Node<'_>>, end: &str, of: &str) -> Result<Option<usize>, Broken> {
    let Some(value) = value else { return Ok(None) };
    match value.as_i64().and_then(|count| usize::try_from(count).ok()) {
        Some(count) => Ok(Some(count)),
        None => broken(value, format!("{end}{of} must be a whole number from 0")),
    }
}

fn mapping<'a>(value: Option<Node<'a>>, key: &str) -> Result<Option<Node<'a>>, Broken> {
    match value {
        Some(value) if value.kind() != Kind::Mapping => {
            broken(value, format!("{key} must be a mapping"))
        }
        value => Ok(value),
    }
}

fn list<'a>(value: Option<Node<'a>>, key: &str) -> Result<Option<Node<'a>>, Broken> {
    match value {
        Some(value) if value.kind() != Kind::Sequence => {
            broken(value, format!("{key} must be a list"))
        }
        value => Ok(value),
    }
}

fn choice_of(node: Node<'_>) -> Choice {
    if node.kind() != Kind::Scalar {
        return Choice::Other;
    }
    match node.scalar(Dialect::GoYamlV2) {
        Scalar::Null => Choice::Null,
        Scalar::Bool(value) => Choice::Boolean(value),
        #[allow(clippy::cast_precision_loss, reason = "choices are JSON numbers")]
        Scalar::Int(value) => Choice::Number(value as f64),
        #[allow(clippy::cast_precision_loss, reason = "choices are JSON numbers")]
        Scalar::UInt(value) => Choice::Number(value as f64),
        Scalar::Float(value) => Choice::Number(value),
        Scalar::Str(text) | Scalar::Timestamp(text) | Scalar::Binary(text) => {
            Choice::Text(Cow::Owned(text.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    /// What is wrong with a schema.
    fn broken(text: &str) -> String {
        let tree = spanned_yaml::parse(text.to_owned());
        match read(tree.root(0).unwrap()) {
            Ok(_) => String::new(),
            Err(broken) => format!("{}: {}", tree.node(broken.node).text(), broken.message),
        }
    }

    #[test]
    fn what_is_broken_is_said_where_it_is() {
        for (text, said) in [
            ("{type: object}", ""),
            ("{}", ""),
            ("[]", ": a schema must be a mapping"),
            ("{type: objekt}", "objekt: there is no type objekt"),
            ("{type: [object]}", ": type must be a string"),
            ("{properties: []}", ": properties must be a mapping"),
            ("{properties: {a: 1}}", "1: a schema must be a mapping"),
            ("{required: [1]}", "1: required must be a list of names"),
            ("{pattern: '('}", "(: the pattern can't be read"),
            ("{pattern: '(a{900}){900}'}", "(a{900}){900}: the pattern is too large"),
            ("{$ref: 'https://example.com/schema'}", "$ref: $ref is not allowed in a CRD"),
            ("{minLength: -1}", "-1: minLength must be a whole number from 0"),
            ("{maximum: ten}", "ten: maximum must be a number"),
            ("{nullable: 1}", "1: nullable must be true or false"),
            ("{x-kubernetes-list-type: list}", "list: there is no list type list"),
        ] {
            assert_eq!(broken(text), said, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| {
            format!(
                "{}{{type: string}}{}",
                "{type: array, items: ".repeat(depth),
                "}".repeat(depth)
            )
        };
        assert_eq!(broken(&nested(100)), "");
        assert_eq!(broken(&nested(5000)), ": schemas nested deeper than 100 aren't read");
        // Aliases repeat schemas: 60 times a thousand.
        let properties: Vec<String> =
            (0..1000).map(|n| format!("p{n}: {{type: string}}")).collect();
        let first = format!("first: &x {{properties: {{{}}}}}", properties.join(", "));
        let again: Vec<String> = (0..60).map(|n| format!("again{n}: *x")).collect();
        let repeated = format!("properties: {{{first}, {}}}", again.join(", "));
        assert_eq!(broken(&repeated), ": more than 50000 schemas aren't read");
    }
}
