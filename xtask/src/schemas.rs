//! schemas/kubernetes.txt: the schemas of Kubernetes' own kinds, as one table over all versions.
//!
//! The source is an unpacked PyPI package `kubernetes-validate`. A definition is written once; a line
//! that doesn't hold for all versions of its definition ends with those for which it does. The form
//! is explained in docs/schemas.md, and read by `src/schema/table.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

const OUTPUT: &str = "schemas/kubernetes.txt";

/// What a key of a map list is where it isn't written: the default in `k8s.io/api`'s types, which
/// the schemas leave out.
const KEY_DEFAULTS: &[(&str, &str)] = &[("protocol", "TCP")];

/// Minor versions for which something holds.
type Minors = BTreeSet<u8>;

/// A definition over all versions: its heads, kinds and fields, each with the versions that have it.
#[derive(Default)]
struct Definition {
    minors: Minors,
    heads: BTreeMap<String, Minors>,
    kinds: BTreeMap<String, Minors>,
    fields: BTreeMap<String, BTreeMap<String, Minors>>,
}

/// Reads all versions below `folder` and writes the table.
pub(crate) fn run(folder: &Path) -> anyhow::Result<()> {
    let mut definitions: BTreeMap<String, Definition> = BTreeMap::new();
    let mut minors = Minors::new();
    let mut releases = BTreeMap::new();
    for (minor, release, path) in versions(folder)? {
        minors.insert(minor);
        releases.insert(minor, release);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let value: Value = serde_json::from_str(&text)?;
        let all = value.get("$defs").and_then(Value::as_object).context("no $defs")?;
        for (name, schema) in all {
            let definition = definitions.entry(short(name)?.to_owned()).or_default();
            add(definition, name, schema, minor).with_context(|| format!("{name} of 1.{minor}"))?;
        }
    }
    ensure!(!minors.is_empty(), "{}: no folder v1.N.M-local-strict", folder.display());
    let text = write(&definitions, &minors, &package(folder), &releases)?;
    fs::write(crate::root().join(OUTPUT), &text)?;
    println!("{OUTPUT}: {} definitions, {} bytes", definitions.len(), text.len());
    Ok(())
}

/// The versions of the package, oldest first: minor version, release, file of definitions.
fn versions(folder: &Path) -> anyhow::Result<Vec<(u8, String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(release) =
            name.strip_prefix('v').and_then(|name| name.strip_suffix("-local-strict"))
        else {
            continue;
        };
        let minor = release.split('.').nth(1).context("a version has a minor")?.parse()?;
        found.push((minor, release.to_owned(), entry.path().join("_definitions.json")));
    }
    found.sort();
    Ok(found)
}

/// The package's version, from the folder that pip unpacks beside it.
fn package(folder: &Path) -> String {
    let near = folder.ancestors().filter_map(|folder| fs::read_dir(folder).ok()).take(4);
    near.flatten()
        .filter_map(Result::ok)
        .find_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let rest = name.strip_prefix("kubernetes_validate-")?.strip_suffix(".dist-info")?;
            Some(rest.to_owned())
        })
        .unwrap_or_else(|| "of an unknown version".to_owned())
}

/// All names start alike.
fn short(name: &str) -> anyhow::Result<&str> {
    name.strip_prefix("io.k8s.").with_context(|| format!("{name} doesn't start with io.k8s."))
}

fn add(definition: &mut Definition, name: &str, schema: &Value, minor: u8) -> anyhow::Result<()> {
    definition.minors.insert(minor);
    let mut head = head(name, schema)?;
    if let Some(kind) = schema.get("x-kubernetes-map-type").and_then(Value::as_str) {
        write!(head, " map-type({kind})")?;
    }
    definition.heads.entry(head).or_default().insert(minor);
    let kinds = schema.get("x-kubernetes-group-version-kind").and_then(Value::as_array);
    // What belongs to every group is no object that anybody applies.
    for kind in kinds.filter(|kinds| kinds.len() <= 2).into_iter().flatten() {
        let part = |key| kind.get(key).and_then(Value::as_str).unwrap_or_default();
        let group = part("group");
        let slash = if group.is_empty() { "" } else { "/" };
        let text = format!("{group}{slash}{} {}", part("version"), part("kind"));
        definition.kinds.entry(text).or_default().insert(minor);
    }
    let required: Vec<&str> =
        strings(schema.get("required")).context("required isn't a list of names")?;
    let fields = schema.get("properties").and_then(Value::as_object);
    for (field, schema) in fields.into_iter().flatten() {
        let mut line = expression(schema, kinds.is_some_and(|kinds| kinds.len() > 1))
            .with_context(|| field.clone())?;
        attributes(schema, &mut line)?;
        if is_deprecated(schema) {
            line.push_str(" deprecated");
        }
        if required.contains(&field.as_str()) {
            line.insert(0, '!');
        }
        definition.fields.entry(field.clone()).or_default().entry(line).or_default().insert(minor);
    }
    for name in required {
        ensure!(fields.is_some_and(|fields| fields.contains_key(name)), "{name} is no field");
    }
    Ok(())
}

/// What a definition is, apart from its fields.
fn head(name: &str, schema: &Value) -> anyhow::Result<String> {
    let last = name.rsplit('.').next().unwrap_or(name);
    if schema.get("additionalProperties") == Some(&Value::Bool(false)) {
        return Ok(format!("{{}}{}", if is_nullable(schema) { "?" } else { "" }));
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let mut types = Vec::new();
        for choice in choices {
            types.extend(strings(choice.get("type")).context("oneOf of something else")?);
        }
        // Null is one of each, and therefore none.
        types.retain(|name| *name != "null");
        let format = if last == "Quantity" { ":quantity" } else { "" };
        return Ok(format!("{}{format}", types.join("|")));
    }
    let text = expression(schema, false)?;
    Ok(if last == "MicroTime" { text.replace(":date-time", ":micro-time") } else { text })
}

/// A schema as a word: `string?`, `list(@api.core.v1.EnvVar)?`, `map(string)`.
fn expression(schema: &Value, of_every_group: bool) -> anyhow::Result<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.strip_prefix("#/$defs/").context("a reference to elsewhere")?;
        return Ok(format!("@{}", short(name)?));
    }
    let mut types = strings(schema.get("type")).unwrap_or_default();
    types.retain(|name| *name != "null");
    let inner = |key: &str| match schema.get(key) {
        Some(inner) if inner.is_object() => expression(inner, false).map(Some),
        _ => Ok(None),
    };
    let mut text = match types.as_slice() {
        [] => "any".to_owned(),
        ["array"] => format!("list({})", inner("items")?.context("a list of what?")?),
        ["object"] => match inner("additionalProperties")? {
            Some(inner) => format!("map({inner})"),
            None => "object".to_owned(),
        },
        [name @ ("string" | "integer" | "number" | "boolean")] => (*name).to_owned(),
        other => bail!("the types {other:?}"),
    };
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        write!(text, ":{format}")?;
    }
    if !types.is_empty() && is_nullable(schema) {
        text.push('?');
    }
    if schema.get("enum").is_some() && !of_every_group {
        let choices = strings(schema.get("enum")).context("an enum of other things than texts")?;
        let word = |choice: &&str| {
            choice.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"./-".contains(&byte))
        };
        ensure!(choices.iter().all(word), "an enum of more than words");
        write!(text, "={}", choices.join("|"))?;
    }
    Ok(text)
}

/// How lists and maps are told apart and merged.
fn attributes(schema: &Value, line: &mut String) -> anyhow::Result<()> {
    let text = |key: &str| schema.get(key).and_then(Value::as_str);
    let keys = strings(schema.get("x-kubernetes-list-map-keys")).unwrap_or_default();
    // On a reference to a definition that is no list it says nothing.
    match text("x-kubernetes-list-type").filter(|_| schema.get("items").is_some()) {
        Some("map") => {
            let keys: Vec<String> = keys
                .into_iter()
                .map(|key| match KEY_DEFAULTS.iter().find(|(name, _)| *name == key) {
                    Some((_, value)) => format!("{key}={value}"),
                    None => key.to_owned(),
                })
                .collect();
            write!(line, " keys({})", keys.join(","))?;
        }
        Some(kind @ ("set" | "atomic")) => write!(line, " {kind}")?,
        Some(other) => bail!("the list type {other}"),
        None => {}
    }
    if let Some(kind) = text("x-kubernetes-map-type") {
        write!(line, " map-type({kind})")?;
    }
    if let Some(strategy) = text("x-kubernetes-patch-strategy") {
        write!(line, " patch({})", strategy.replace(',', "+"))?;
    }
    if let Some(key) = text("x-kubernetes-patch-merge-key") {
        write!(line, " merge-key({key})")?;
    }
    Ok(())
}

/// Whether the description opens with the word, or has it as a sentence's head, as Go has it.
fn is_deprecated(schema: &Value) -> bool {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.contains("Deprecated: ") || text.starts_with("Deprecated.")
}

fn is_nullable(schema: &Value) -> bool {
    strings(schema.get("type")).is_some_and(|types| types.contains(&"null"))
}

/// A text or a list of texts; nothing where there is none.
fn strings(value: Option<&Value>) -> Option<Vec<&str>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::String(one)) => Some(vec![one]),
        Some(Value::Array(all)) => all.iter().map(Value::as_str).collect(),
        Some(_) => None,
    }
}

fn write(
    definitions: &BTreeMap<String, Definition>,
    minors: &Minors,
    package: &str,
    releases: &BTreeMap<u8, String>,
) -> anyhow::Result<String> {
    let releases: Vec<&str> = releases.values().map(String::as_str).collect();
    let mut text = format!(
        "# The schemas of Kubernetes' own kinds; `cargo xtask schemas` writes this file.\n\
         # Source: kubernetes-validate {package} (PyPI), made from Kubernetes' OpenAPI documents.\n\
         # Licence of the source: Apache-2.0, The Kubernetes Authors and Will Thames.\n\
         # Releases: {}.\n\
         # The form is explained in docs/schemas.md.\n\
         versions{}\n",
        releases.join(", "),
        ranges(minors),
    );
    for (name, definition) in definitions {
        write!(text, "= {name}")?;
        if definition.minors != *minors {
            text.push_str(&ranges(&definition.minors));
        }
        text.push('\n');
        let line = |text: &mut String, line: &str, holds: &Minors| {
            text.push_str(line);
            if *holds != definition.minors {
                text.push_str(&ranges(holds));
            }
            text.push('\n');
        };
        for (kind, holds) in &definition.kinds {
            line(&mut text, &format!("* {kind}"), holds);
        }
        for (head, holds) in &definition.heads {
            line(&mut text, &format!(": {head}"), holds);
        }
        for (field, lines) in &definition.fields {
            for (schema, holds) in lines {
                let (mark, schema) = match schema.strip_prefix('!') {
                    Some(schema) => ("!", schema),
                    None => ("", schema.as_str()),
                };
                line(&mut text, &format!("{field}{mark} {schema}"), holds);
            }
        }
    }
    Ok(text)
}

/// ` ~25-31,33`: minor versions, ranges closed.
fn ranges(minors: &Minors) -> String {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for minor in minors {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *minor => *last = *minor,
            _ => runs.push((*minor, *minor)),
        }
    }
    let runs: Vec<String> = runs
        .into_iter()
        .map(
            |(first, last)| {
                if first == last { first.to_string() } else { format!("{first}-{last}") }
            },
        )
        .collect();
    format!(" ~{}", runs.join(","))
}
