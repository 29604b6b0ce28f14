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

/// Finds a schema that several have in common, by its name.
type Shared<'p> = &'p dyn Fn(&str) -> Option<&'static Schema>;

/// Reads `openAPIV3Schema`: the schema of an object with `apiVersion`, `kind` and `metadata`.
pub(super) fn read(node: Node<'_>) -> Result<Schema, Broken> {
    let left = Cell::new(MAX_SCHEMAS);
    let place = Place { depth: 0, in_alternative: false, left: &left, shared: None };
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
    let place = Place { depth: 0, in_alternative: is_open, left: &left, shared: None };
    let object = || Schema { types: Types::OBJECT, is_custom: true, ..Schema::default() };
    let field = |name, schema| Field {
        is_deprecated: false,
        name: Cow::Borrowed(name),
        versions: Versions::ALL,
        schema: Link::Inline(Box::new(schema)),
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

/// As [`read`], for a schema of `schemas/custom`.
pub(super) fn read_packed(node: Node<'_>, shared: Shared<'_>) -> Result<Schema, Broken> {
    let mut read = read_shared(node, shared)?;
    add_object_fields(&mut read);
    Ok(read)
}

/// Reads what several schemas of `schemas/custom` have in common.
pub(super) fn read_shared(node: Node<'_>, shared: Shared<'_>) -> Result<Schema, Broken> {
    let left = Cell::new(MAX_SCHEMAS);
    schema(node, Place { depth: 0, in_alternative: false, left: &left, shared: Some(shared) })
}

/// Where a schema stands in the schema.
#[derive(Clone, Copy)]
struct Place<'p> {
    depth: usize,
    /// Below `allOf`, `anyOf`, `oneOf` or `not`, which restrict and define nothing.
    in_alternative: bool,
    /// How many schemas may still be read.
    left: &'p Cell<usize>,
    /// Where `$name` leads, in schemas of ours.
    shared: Option<Shared<'p>>,
}

/// The fields that every object has, as the API server defines them, whatever the CRD says.
fn add_object_fields(schema: &mut Schema) {
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
            let name = Cow::Borrowed(name);
            schema.fields.push(Field {
                name,
                versions: Versions::ALL,
                is_deprecated: false,
                schema: link,
            });
        }
    }
    schema.fields.sort_by(|a, b| Field::order(&a.name).cmp(&Field::order(&b.name)));
}

fn broken<T>(node: Node<'_>, message: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { node: node.id(), message: message.into() })
}

/// A schema, or the name of one.
fn link(node: Node<'_>, place: Place<'_>) -> Result<Link, Broken> {
    if let Some(shared) = place.shared
        && let Some(name) = node.text().strip_prefix('$')
    {
        return match shared(name) {
            Some(schema) => Ok(Link::Shared(schema)),
            None => broken(node, "nothing has this name"),
        };
    }
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
    if let Some(entry) = REFUSED.iter().find_map(|name| node.entry(name)) {
        return broken(entry.key, format!("{} is not allowed in a CRD", entry.key.text()));
    }
    let below = Place { depth: place.depth + 1, ..place };
    let mut read = Schema {
        is_custom: true,
        nullable: flag(node, "nullable")?,
        has_default: node.get("default").is_some_and(|default| !default.is_null()),
        ..Schema::default()
    };
    let default = node.get("default").filter(|default| default.kind() == Kind::Scalar);
    read.default = default.map(|default| Box::new(one_scalar(default)));
    read.types = types(node)?;
    let of_type = text(node, "type")?.unwrap_or_default();
    read.format =
        text(node, "format")?.map_or(Format::None, |name| Format::of_custom(name, of_type));
    let is_embedded = flag(node, "x-kubernetes-embedded-resource")?;
    if let Some(properties) = mapping(node, "properties")? {
        for entry in properties.entries() {
            read.fields.push(Field {
                name: Cow::Owned(entry.key.text().to_owned()),
                versions: Versions::ALL,
                is_deprecated: false,
                schema: link(entry.value, below)?,
            });
        }
    }
    read.fields.sort_by(|a, b| Field::order(&a.name).cmp(&Field::order(&b.name)));
    for name in list(node, "required")?.into_iter().flat_map(Node::items) {
        match name.as_str() {
            Some(name) => {
                read.required.push((Cow::Owned(name.to_owned()), Versions::ALL));
            }
            None => return broken(name, "required must be a list of names"),
        }
    }
    let preserves = flag(node, "x-kubernetes-preserve-unknown-fields")?;
    let is_object = read.types.allow(Types::OBJECT) && !read.types.is_any();
    read.rest = match node.get("additionalProperties") {
        Some(rest) if rest.as_bool() == Some(true) => Rest::Open,
        Some(rest) if rest.kind() == Kind::Mapping || rest.text().starts_with('$') => {
            Rest::Each(link(rest, below)?)
        }
        _ if preserves || place.in_alternative || !is_object => Rest::Open,
        _ => Rest::Closed,
    };
    if is_embedded {
        add_object_fields(&mut read);
        for name in ["apiVersion", "kind"] {
            read.required.push((Cow::Borrowed(name), Versions::ALL));
        }
    }
    if let Some(items) = node.get("items") {
        read.items = Some(link(items, below)?);
    }
    read.identity = identity(node)?;
    read.restrictions = restrictions(node, below)?;
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

fn types(node: Node<'_>) -> Result<Types, Broken> {
    let types = if flag(node, "x-kubernetes-int-or-string")? {
        Types::STRING.or(Types::INTEGER)
    } else {
        match text(node, "type")?.unwrap_or_default() {
            "" => return Ok(Types::ANY),
            "string" => Types::STRING,
            "integer" => Types::INTEGER,
            "number" => Types::NUMBER,
            "boolean" => Types::BOOLEAN,
            "object" => Types::OBJECT,
            "array" => Types::ARRAY,
            other => {
                let at = node.get("type").unwrap_or(node);
                return broken(at, format!("there is no type {other}"));
            }
        }
    };
    Ok(if flag(node, "nullable")? { types.or(Types::NULL) } else { types })
}

fn identity(node: Node<'_>) -> Result<Identity, Broken> {
    match text(node, "x-kubernetes-list-type")?.unwrap_or_default() {
        "" | "atomic" => Ok(Identity::None),
        "set" => {
            let default = node.get("items").and_then(|items| items.get("default"));
            let default = default.and_then(Node::as_str);
            Ok(Identity::Set(default.map(|default| Cow::Owned(default.to_owned()))))
        }
        "map" => {
            let mut keys: Vec<(Name, Option<Name>)> = Vec::new();
            let list = list(node, "x-kubernetes-list-map-keys")?;
            let properties = node.get("items").and_then(|items| items.get("properties"));
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
        other => {
            let at = node.get("x-kubernetes-list-type").unwrap_or(node);
            broken(at, format!("there is no list type {other}"))
        }
    }
}

fn restrictions(node: Node<'_>, below: Place<'_>) -> Result<Option<Box<Restrictions>>, Broken> {
    const KEYWORDS: [&str; 17] = [
        "enum",
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
        "pattern",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ];
    let mut entries = node.entries();
    if !entries.any(|entry| KEYWORDS.contains(&entry.key.text())) {
        return Ok(None);
    }
    let below = Place { in_alternative: true, ..below };
    let mut all = Restrictions::default();
    for choice in list(node, "enum")?.into_iter().flat_map(Node::items) {
        all.choices.push(choice_of(choice));
    }
    for (name, exclusive, bound) in [
        ("minimum", "exclusiveMinimum", &mut all.minimum),
        ("maximum", "exclusiveMaximum", &mut all.maximum),
    ] {
        let exclusive = flag(node, exclusive)?;
        *bound = number(node, name)?.map(|limit| Bound { limit, exclusive });
    }
    all.multiple_of = number(node, "multipleOf")?;
    for (least, most, range) in [
        ("minLength", "maxLength", &mut all.length),
        ("minItems", "maxItems", &mut all.items),
        ("minProperties", "maxProperties", &mut all.properties),
    ] {
        *range = Range { least: count(node, least)?, most: count(node, most)? };
    }
    if let Some(pattern) = text(node, "pattern")? {
        let read = match below.shared {
            Some(_) => Ok(Pattern::packed(pattern)),
            None => Pattern::read(pattern),
        };
        match read {
            Ok(pattern) => all.pattern = Some(pattern),
            Err(message) => return broken(node.get("pattern").unwrap_or(node), message),
        }
    }
    for (name, schemas) in
        [("allOf", &mut all.all_of), ("anyOf", &mut all.any_of), ("oneOf", &mut all.one_of)]
    {
        for one in list(node, name)?.into_iter().flat_map(Node::items) {
            schemas.push(schema(one, below)?);
        }
    }
    if let Some(not) = node.get("not") {
        all.not = Some(schema(not, below)?);
    }
    Ok(Some(Box::new(all)))
}

fn text<'a>(node: Node<'a>, key: &str) -> Result<Option<&'a str>, Broken> {
    match node.get(key) {
        None => Ok(None),
        Some(value) => match value.as_str() {
            Some(text) => Ok(Some(text)),
            None => broken(value, format!("{key} must be a string")),
        },
    }
}

fn flag(node: Node<'_>, key: &str) -> Result<bool, Broken> {
    match node.get(key) {
        None => Ok(false),
        Some(value) => match value.as_bool() {
            Some(flag) => Ok(flag),
            None => broken(value, format!("{key} must be true or false")),
        },
    }
}

fn number(node: Node<'_>, key: &str) -> Result<Option<f64>, Broken> {
    let Some(value) = node.get(key) else { return Ok(None) };
    #[allow(clippy::cast_precision_loss, reason = "bounds are JSON numbers")]
    match value.scalar(Dialect::GoYamlV2) {
        Scalar::Int(number) => Ok(Some(number as f64)),
        Scalar::UInt(number) => Ok(Some(number as f64)),
        Scalar::Float(number) => Ok(Some(number)),
        _ => broken(value, format!("{key} must be a number")),
    }
}

fn count(node: Node<'_>, key: &str) -> Result<Option<usize>, Broken> {
    let Some(value) = node.get(key) else { return Ok(None) };
    match value.as_i64().and_then(|count| usize::try_from(count).ok()) {
        Some(count) => Ok(Some(count)),
        None => broken(value, format!("{key} must be a whole number from 0")),
    }
}

fn mapping<'a>(node: Node<'a>, key: &str) -> Result<Option<Node<'a>>, Broken> {
    match node.get(key) {
        Some(value) if value.kind() == Kind::Mapping => Ok(Some(value)),
        Some(value) => broken(value, format!("{key} must be a mapping")),
        None => Ok(None),
    }
}

fn list<'a>(node: Node<'a>, key: &str) -> Result<Option<Node<'a>>, Broken> {
    match node.get(key) {
        Some(value) if value.kind() == Kind::Sequence => Ok(Some(value)),
        Some(value) => broken(value, format!("{key} must be a list")),
        None => Ok(None),
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
