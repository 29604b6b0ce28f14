//! JSON Schemas, through the jsonschema crate: for kinds whose schema the user brings.
//!
//! Only objects of these kinds are turned into JSON. Nothing is ever fetched.

use jsonschema::{Draft, PatternOptions, Validator, error::ValidationErrorKind};
use rustc_hash::FxHashSet;
use serde_json::Value;
use spanned_yaml::{Dialect, Kind, Node, Scalar};

use super::{
    complaint::{Complaint, Problem, Spot},
    custom::Broken,
    model::Types,
    versions::Versions,
    walk::{named, shown, wrong_type},
};
use crate::kube::is_unresolved;

/// Mappings and lists in each other: deeper ones aren't looked into.
const MAX_DEPTH: usize = 200;
/// Bytes that a compiled pattern may take.
const PATTERN_SIZE: usize = 1 << 20;

/// Drafts, by a part of what `$schema` calls them.
const DRAFTS: [(&str, Draft); 5] = [
    ("json-schema.org/draft-04/schema", Draft::Draft4),
    ("json-schema.org/draft-06/schema", Draft::Draft6),
    ("json-schema.org/draft-07/schema", Draft::Draft7),
    ("json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("json-schema.org/draft/2020-12/schema", Draft::Draft202012),
];

/// A schema that is ready to use.
#[derive(Debug)]
pub(super) struct JsonSchema {
    validator: Validator,
}

/// Makes a schema ready, or says what is wrong with it and where.
pub(super) fn read(root: Node<'_>) -> Result<JsonSchema, Broken> {
    let broken = |node: Node<'_>, message: String| Broken { node: node.id(), message };
    let Some(mut schema) = json(root, 0) else {
        return Err(broken(root, format!("schemas nested deeper than {MAX_DEPTH} aren't read")));
    };
    let draft = match root.get("$schema") {
        // As kubeconform has it.
        None => Draft::Draft4,
        Some(node) => {
            let name = node.text().trim_end_matches('#');
            let name = name.trim_start_matches("http://").trim_start_matches("https://");
            match DRAFTS.iter().find(|(known, _)| *known == name) {
                Some((_, draft)) => *draft,
                None => {
                    let message =
                        format!("{} is no draft that is known: 4 to 2020-12", node.text());
                    return Err(broken(node, message));
                }
            }
        }
    };
    if let Some(node) = leads_out(root, 0) {
        let message = format!(
            "$ref: {} leads out of the file, and nothing is fetched: write what it names into the file",
            shown(node)
        );
        return Err(broken(node, message));
    }
    if let Some(node) = endless(root) {
        return Err(broken(node, "the schema refers to itself without an end".to_owned()));
    }
    leave_out_patterns_of_go(&mut schema);
    let validator = jsonschema::options()
        .with_draft(draft)
        .offline()
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_SIZE))
        .build(&schema);
    match validator {
        Ok(validator) => Ok(JsonSchema { validator }),
        Err(error) => {
            let node = root.at_pointer(error.instance_path().as_str()).unwrap_or(root);
            let message = match error.kind() {
                ValidationErrorKind::Format { format } if format == "regex" => {
                    "the pattern can't be read, or is too large".to_owned()
                }
                _ => format!("it is no JSON Schema: {}", error.masked()),
            };
            Err(broken(node, message))
        }
    }
}

/// Whether a pattern has what Go has and JSON Schema hasn't: flags (`(?i)`), classes of Unicode.
pub(super) fn is_of_go(pattern: &str) -> bool {
    let has_flags = pattern.match_indices("(?").any(|(at, _)| {
        let next = pattern.get(at + 2..).and_then(|rest| rest.chars().next());
        next.is_some_and(|next| next.is_ascii_alphabetic())
    });
    has_flags || [r"\p", r"\P", r"\z", r"\A", r"\Q", "[[:"].iter().any(|it| pattern.contains(it))
}

/// Takes patterns of Go away: Kubernetes' tools write them into schemas, and no validator of JSON
/// Schema reads them.
fn leave_out_patterns_of_go(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.get("pattern").and_then(Value::as_str).is_some_and(is_of_go) {
                fields.remove("pattern");
            }
            fields.values_mut().for_each(leave_out_patterns_of_go);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_patterns_of_go),
        _ => {}
    }
}

/// A node as JSON, as Kubernetes reads it; nothing if it is nested too deeply.
pub(super) fn json(node: Node<'_>, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match node.target().kind() {
        Kind::Mapping => {
            let fields = node.entries().map(|entry| {
                json(entry.value, depth + 1).map(|value| (entry.key.text().to_owned(), value))
            });
            Value::Object(fields.collect::<Option<_>>()?)
        }
        Kind::Sequence => {
            Value::Array(node.items().map(|item| json(item, depth + 1)).collect::<Option<_>>()?)
        }
        _ => match node.scalar(Dialect::GoYamlV2) {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => value.into(),
            Scalar::Int(value) => value.into(),
            Scalar::UInt(value) => value.into(),
            Scalar::Float(value) => value.into(),
            Scalar::Str(text) | Scalar::Timestamp(text) | Scalar::Binary(text) => text.into(),
        },
    })
}

/// A reference to another file or to the network.
fn leads_out(node: Node<'_>, depth: usize) -> Option<Node<'_>> {
    match node.target().kind() {
        _ if depth > MAX_DEPTH => None,
        Kind::Mapping => node.entries().find_map(|entry| match entry.key.text() {
            "$ref" | "$dynamicRef" | "$recursiveRef"
                if entry.value.as_str().is_some_and(|to| !to.starts_with('#')) =>
            {
                Some(entry.value)
            }
            // Values, not schemas.
            "enum" | "const" | "default" | "examples" | "example" => None,
            _ => leads_out(entry.value, depth + 1),
        }),
        Kind::Sequence => node.items().find_map(|item| leads_out(item, depth + 1)),
        _ => None,
    }
}

/// A reference that leads back to itself although no step into the value is made on the way: to follow
/// it would never end.
fn endless(root: Node<'_>) -> Option<Node<'_>> {
    let mut done = FxHashSet::default();
    let mut all = vec![(root, 0)];
    while let Some((node, depth)) = all.pop() {
        let node = node.target();
        if depth > MAX_DEPTH {
            continue;
        }
        if node.kind() == Kind::Mapping
            && let Some(at) = cycle(root, node, &mut Vec::new(), &mut done)
        {
            return Some(at);
        }
        all.extend(node.entries().map(|entry| (entry.value, depth + 1)));
        all.extend(node.items().map(|item| (item, depth + 1)));
    }
    None
}

/// As [`endless`], from one schema on. `path` has the schemas on the way to it.
fn cycle<'a>(
    root: Node<'a>,
    schema: Node<'a>,
    path: &mut Vec<spanned_yaml::NodeId>,
    done: &mut FxHashSet<spanned_yaml::NodeId>,
) -> Option<Node<'a>> {
    let schema = schema.target();
    let id = schema.id();
    if path.contains(&id) || path.len() > MAX_DEPTH {
        return Some(schema);
    }
    if schema.kind() != Kind::Mapping || done.contains(&id) {
        return None;
    }
    path.push(id);
    let mut next: Vec<(Node<'a>, Option<Node<'a>>)> = Vec::new();
    if let Some(reference) = schema.get("$ref") {
        let to = reference.as_str().and_then(|to| to.strip_prefix('#'));
        let to = to.and_then(|pointer| root.at_pointer(pointer));
        next.extend(to.map(|to| (to, Some(reference))));
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        next.extend(schema.get(keyword).iter().flat_map(|it| it.items()).map(|it| (it, None)));
    }
    for keyword in ["not", "if", "then", "else"] {
        next.extend(schema.get(keyword).map(|it| (it, None)));
    }
    for (to, reference) in next {
        if let Some(at) = cycle(root, to, path, done) {
            return Some(reference.unwrap_or(at));
        }
    }
    path.pop();
    done.insert(id);
    None
}

/// What is wrong with an object.
pub(super) fn complaints<'a>(
    schema: &JsonSchema,
    root: Node<'a>,
    versions: Versions,
) -> Vec<Complaint<'a>> {
    let unknown = |node| Complaint::new(Problem::Unknown, Spot::Value(node), versions);
    let Some(value) = json(root, 0) else { return vec![unknown(root)] };
    let mut complaints = Vec::new();
    for error in schema.validator.iter_errors(&value) {
        let path = error.instance_path().as_str();
        let node = root.at_pointer(path).unwrap_or(root).target();
        let key = key_of(root, path);
        let spot = Spot::Value(node);
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for name in unexpected {
                    let Some(entry) = node.entry(name) else { continue };
                    complaints.push(if is_unresolved(name) {
                        unknown(entry.key)
                    } else {
                        Complaint::new(Problem::UnknownField, Spot::Key(entry.key), versions)
                            .says(named(key, format_args!("unknown field {name}")))
                    });
                }
            }
            ValidationErrorKind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                complaints.push(
                    Complaint::new(
                        Problem::MissingField,
                        Spot::Missing(node, name.to_owned()),
                        versions,
                    )
                    .says(named(key, format_args!("the required field {name} is missing"))),
                );
            }
            // Flux substitutes variables after: what they will be isn't known.
            _ if has_unresolved(node, 0) => complaints.push(unknown(node)),
            ValidationErrorKind::Type { kind } => {
                complaints.push(wrong_type(node, key, types(kind), versions));
            }
            ValidationErrorKind::UniqueItems => complaints.push(
                Complaint::new(Problem::DuplicateItem, spot, versions)
                    .says(named(key, "two items are the same")),
            ),
            kind => complaints.push(
                Complaint::new(Problem::InvalidValue, spot, versions)
                    .says(named(key, said(node, kind)))
                    .choice(matches!(kind, ValidationErrorKind::Enum { .. })),
            ),
        }
    }
    complaints
}

/// The key that leads to a value, or to the list that it is in.
fn key_of<'a>(root: Node<'a>, path: &str) -> Option<Node<'a>> {
    let (parent, last) = path.rsplit_once('/')?;
    let node = root.at_pointer(parent)?;
    match node.target().kind() {
        Kind::Sequence => key_of(root, parent),
        _ => Some(node.entry(&last.replace("~1", "/").replace("~0", "~"))?.key),
    }
}

fn has_unresolved(node: Node<'_>, depth: usize) -> bool {
    let node = node.target();
    match node.kind() {
        _ if depth > MAX_DEPTH => true,
        Kind::Mapping => node
            .entries()
            .any(|entry| is_unresolved(entry.key.text()) || has_unresolved(entry.value, depth + 1)),
        Kind::Sequence => node.items().any(|item| has_unresolved(item, depth + 1)),
        _ => is_unresolved(node.text()) || node.text().starts_with("ENC[AES256_GCM,"),
    }
}

fn types(kind: &jsonschema::error::TypeKind) -> Types {
    use jsonschema::{JsonType, error::TypeKind};
    let one = |one: JsonType| match one {
        JsonType::Null => Types::NULL,
        JsonType::Boolean => Types::BOOLEAN,
        JsonType::Integer => Types::INTEGER,
        JsonType::Number => Types::NUMBER,
        JsonType::String => Types::STRING,
        JsonType::Array => Types::ARRAY,
        JsonType::Object => Types::OBJECT,
    };
    match kind {
        TypeKind::Single(single) => one(*single),
        TypeKind::Multiple(several) => several.iter().map(one).fold(Types::ANY, Types::or),
    }
}

/// What is wrong with a value, as the end of a sentence.
fn said(node: Node<'_>, kind: &ValidationErrorKind) -> String {
    use ValidationErrorKind as Is;
    let value = match node.kind() {
        Kind::Scalar => shown(node),
        _ => "this".to_owned(),
    };
    let least = |limit: u64, what: &str| format!("has fewer {what} than {limit}");
    let most = |limit: u64, what: &str| format!("has more {what} than {limit}");
    match kind {
        Is::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            let words: Vec<String> = options
                .iter()
                .map(|option| option.as_str().map_or_else(|| option.to_string(), str::to_owned))
                .collect();
            match words.as_slice() {
                [one] => format!("{value} is not {one}"),
                words if words.len() > 12 => format!("{value} is none of {} values", words.len()),
                words => format!("{value} is none of {}", words.join(", ")),
            }
        }
        Is::Constant { expected_value } => match expected_value.as_str() {
            Some(text) => format!("{value} is not {text}"),
            None => format!("{value} is not {expected_value}"),
        },
        Is::Pattern { pattern } => format!("{value} doesn't match {pattern}"),
        Is::Format { format } => format!("{value} is not of the format {format}"),
        Is::Minimum { limit } => format!("{value} is below {limit}"),
        Is::Maximum { limit } => format!("{value} is above {limit}"),
        Is::ExclusiveMinimum { limit } => format!("{value} is not above {limit}"),
        Is::ExclusiveMaximum { limit } => format!("{value} is not below {limit}"),
        Is::MultipleOf { multiple_of } => format!("{value} is no multiple of {multiple_of}"),
        Is::MinLength { limit } => least(*limit, "characters"),
        Is::MaxLength { limit } => most(*limit, "characters"),
        Is::MinItems { limit } => least(*limit, "items"),
        Is::MaxItems { limit } => most(*limit, "items"),
        Is::MinProperties { limit } => least(*limit, "fields"),
        Is::MaxProperties { limit } => most(*limit, "fields"),
        Is::AnyOf { context } | Is::OneOfNotValid { context } => {
            format!("fits none of {} alternatives", context.len())
        }
        Is::OneOfMultipleValid { .. } => "fits several alternatives, and must fit one".to_owned(),
        Is::Not { .. } | Is::FalseSchema => "is what the schema rules out".to_owned(),
        other => format!("{value} breaks `{}` of its schema", other.keyword()),
    }
}

#[cfg(test)]
mod tests {
    use super::{complaints, read};
    use crate::schema::Versions;

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
            ("{$schema: 'http://json-schema.org/draft-07/schema#', type: object}", ""),
            ("{$schema: 'https://json-schema.org/draft/2020-12/schema', type: object}", ""),
            (
                "{$schema: 'https://example.com/draft-99', type: object}",
                "https://example.com/draft-99: https://example.com/draft-99 is no draft that is known: 4 to 2020-12",
            ),
            (
                "{properties: {a: {$ref: 'https://example.com/a.json'}}}",
                "https://example.com/a.json: $ref: \"https://example.com/a.json\" leads out of the file, and nothing is fetched: write what it names into the file",
            ),
            (
                "{properties: {a: {$ref: '_definitions.json#/definitions/a'}}}",
                "_definitions.json#/definitions/a: $ref: \"_definitions.json#/definitions/a\" leads out of the file, and nothing is fetched: write what it names into the file",
            ),
            ("{$ref: '#'}", "#: the schema refers to itself without an end"),
            (
                "{definitions: {a: {anyOf: [{$ref: '#/definitions/b'}]}, b: {$ref: '#/definitions/a'}}}",
                "#/definitions/a: the schema refers to itself without an end",
            ),
            // Kubernetes' tools write flags of Go into patterns.
            ("{properties: {a: {pattern: '(?i)^a$'}}}", ""),
            // A value ends somewhere, and so does this.
            ("{properties: {child: {$ref: '#'}}}", ""),
            (
                "{pattern: '(a{900}){900}'}",
                "(a{900}){900}: the pattern can't be read, or is too large",
            ),
        ] {
            assert_eq!(broken(text), said, "{text}");
        }
        let wrong = broken("{properties: {a: {type: objekt}}}");
        assert!(wrong.starts_with("objekt: it is no JSON Schema"), "{wrong}");
        let nested = format!("{}{{}}{}", "{not: ".repeat(5000), "}".repeat(5000));
        assert_eq!(broken(&nested), ": schemas nested deeper than 200 aren't read");
    }

    #[test]
    fn hostile_patterns_cost_linear_time() {
        let tree = spanned_yaml::parse("{properties: {a: {pattern: '^(a+)+$'}}}".to_owned());
        let schema = read(tree.root(0).unwrap()).unwrap();
        let object = spanned_yaml::parse(format!("{{a: {}!}}", "a".repeat(100_000)));
        let found = complaints(&schema, object.root(0).unwrap(), Versions::newest());
        assert_eq!(found.len(), 1);
    }
}
