//! Reading portcullis.yaml: first for its places, then against its schema, then
//! typed. Every error has a line.

use jsonschema::error::ValidationErrorKind;
use serde_json::Value;
use spanned_yaml::{Kind, Span};

use super::Config;
use crate::{finding::Location, repo::File, rules};

/// The JSON Schema of portcullis.yaml.
pub(super) const SCHEMA: &str = include_str!("../../schemas/portcullis.schema.json");

/// An error in portcullis.yaml.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}:{}:{}: {message}", location.file, location.start.line, location.start.column)]
pub struct ConfigError {
    /// Where.
    pub location: Location,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// Reads a configuration.
///
/// # Errors
/// All that is wrong with it, in order of line.
pub fn load(file: &File) -> Result<Config, Vec<ConfigError>> {
    let mut errors: Vec<ConfigError> = file
        .tree
        .errors()
        .iter()
        .map(|error| ConfigError {
            location: file.location(error.span),
            message: error.message.clone(),
            help: error.help.clone(),
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let Some(root) = file.tree.documents().first().and_then(|document| document.root) else {
        return Ok(Config::default());
    };
    for (first, later) in file
        .tree
        .node(root)
        .descendants()
        .filter(|node| node.kind() == Kind::Mapping)
        .flat_map(|node| node.duplicate_keys())
    {
        let line = file.location(first.span()).start.line;
        errors.push(ConfigError {
            location: file.location(later.span()),
            message: format!("the key {} is already set on line {line}", later.text()),
            help: None,
        });
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let value: Value = match serde_yaml::from_str(file.source()) {
        Ok(Value::Null) => return Ok(Config::default()),
        Ok(value) => value,
        Err(error) => return Err(vec![from_serde(file, &error)]),
    };
    errors.extend(schema_errors(file, &value));
    errors.extend(unknown_rules(file, &value));
    if errors.is_empty() {
        match serde_yaml::from_str::<Config>(file.source()) {
            Ok(config) => {
                errors.extend(pattern_errors(file, &config));
                if errors.is_empty() {
                    return Ok(config);
                }
            }
            Err(error) => errors.push(from_serde(file, &error)),
        }
    }
    errors.sort_by(|a, b| a.location.cmp(&b.location));
    errors.dedup_by(|a, b| a.location == b.location && a.message == b.message);
    Err(errors)
}

fn from_serde(file: &File, error: &serde_yaml::Error) -> ConfigError {
    let offset = error.location().map_or(0, |location| location.index()) as u32;
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message).to_owned();
    ConfigError {
        location: file.location(Span { start: offset, end: offset }),
        message,
        help: None,
    }
}

fn schema_errors(file: &File, value: &Value) -> Vec<ConfigError> {
    let Ok(schema) = serde_json::from_str::<Value>(SCHEMA) else { return Vec::new() };
    let Ok(validator) = jsonschema::validator_for(&schema) else { return Vec::new() };
    let mut errors = Vec::new();
    for error in validator.iter_errors(value) {
        let path = error.instance_path().as_str();
        if let ValidationErrorKind::AdditionalProperties { unexpected } = error.kind() {
            let known = known_keys(&schema, error.schema_path().as_str());
            for key in unexpected {
                let nearest = nearest(&known, key);
                errors.push(ConfigError {
                    location: key_location(file, path, key),
                    message: format!("unknown key {key}"),
                    help: Some(nearest.map_or_else(
                        || format!("known here: {}", known.join(", ")),
                        |nearest| format!("did you mean {nearest}?"),
                    )),
                });
            }
        } else {
            errors.push(ConfigError {
                location: value_location(file, path),
                message: message(&schema, &error),
                help: None,
            });
        }
    }
    errors
}

fn message(schema: &Value, error: &jsonschema::ValidationError<'_>) -> String {
    // What the schema itself says is wanted there, in words.
    let wanted = at_schema_path(schema, error.schema_path().as_str())
        .and_then(|at| at.get("x-wanted").and_then(Value::as_str));
    if let Some(wanted) = wanted {
        return format!("{} is not {wanted}", plain(error.instance()));
    }
    match error.kind() {
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> =
                options.as_array().into_iter().flatten().map(plain).collect();
            format!("{} is not one of {}", plain(error.instance()), options.join(", "))
        }
        ValidationErrorKind::Required { property } => {
            format!("the key {} is missing", plain(property))
        }
        _ => error.to_string(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The keys that the schema knows where `schema_path` (of an
/// `additionalProperties`) stands.
fn known_keys(schema: &Value, schema_path: &str) -> Vec<String> {
    let at = at_schema_path(schema, schema_path);
    let properties = at.and_then(|at| at.get("properties")).and_then(Value::as_object);
    properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
}

/// The schema that has the keyword at the end of `schema_path`; `$ref`s are followed.
fn at_schema_path<'s>(schema: &'s Value, schema_path: &str) -> Option<&'s Value> {
    let (parent, _) = schema_path.rsplit_once('/')?;
    let mut at = schema;
    for part in parent.split('/').filter(|part| !part.is_empty()) {
        at = match (part, at.get("$ref").and_then(Value::as_str)) {
            ("$ref", Some(reference)) => schema.pointer(reference.trim_start_matches('#'))?,
            _ => match at {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                _ => at.get(part)?,
            },
        };
    }
    Some(at)
}

fn nearest(known: &[String], key: &str) -> Option<String> {
    let score =
        |candidate: &&String| strsim::jaro_winkler(&candidate.to_lowercase(), &key.to_lowercase());
    let best = known.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) > 0.75).then(|| best.clone())
}

/// Names in `rules`, `overrides` and `ignore` must be rules.
fn unknown_rules(file: &File, value: &Value) -> Vec<ConfigError> {
    let mut named: Vec<(String, String, bool)> = Vec::new();
    let mut keys = |path: String, table: Option<&Value>| {
        for id in table.and_then(Value::as_object).into_iter().flat_map(|table| table.keys()) {
            named.push((path.clone(), id.clone(), true));
        }
    };
    keys("/rules".into(), value.get("rules"));
    for (index, entry) in
        value.get("overrides").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        keys(format!("/overrides/{index}/rules"), entry.get("rules"));
    }
    for (index, entry) in
        value.get("ignore").and_then(Value::as_array).into_iter().flatten().enumerate()
    {
        if let Some(id) = entry.get("rule").and_then(Value::as_str) {
            named.push((format!("/ignore/{index}/rule"), id.to_owned(), false));
        }
    }
    let unknown =
        named.into_iter().filter(|(_, id, _)| !rules::all().any(|rule| rule.is_named_by(id)));
    unknown
        .map(|(path, id, is_key)| ConfigError {
            location: if is_key {
                key_location(file, &path, &id)
            } else {
                value_location(file, &path)
            },
            message: format!("there is no rule {id}"),
            help: rules::nearest(&id).map(|nearest| format!("did you mean {nearest}?")),
        })
        .collect()
}

/// Patterns that the schema can't judge.
fn pattern_errors(file: &File, config: &Config) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    for (pointer, message) in config.problems() {
        errors.push(ConfigError { location: value_location(file, &pointer), message, help: None });
    }
    errors
}

fn value_location(file: &File, pointer: &str) -> Location {
    let root = file.tree.documents().first().and_then(|document| document.root);
    let node = root.and_then(|root| file.tree.node(root).at_pointer(pointer));
    let span = node.map_or_else(Span::default, |node| match node.kind() {
        Kind::Scalar | Kind::Alias => node.span(),
        Kind::Mapping | Kind::Sequence => Span { start: node.span().start, end: node.span().start },
    });
    file.location(span)
}

fn key_location(file: &File, pointer: &str, key: &str) -> Location {
    let root = file.tree.documents().first().and_then(|document| document.root);
    let node = root.and_then(|root| file.tree.node(root).at_pointer(pointer));
    match node.and_then(|node| node.entry(key)) {
        Some(entry) => file.location(entry.key.span()),
        None => value_location(file, pointer),
    }
}
