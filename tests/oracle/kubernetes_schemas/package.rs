//! The JSON Schemas of the PyPI package, a validator for each kind of each version.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use jsonschema::Validator;
use libtest_mimic::Failed;
use portcullis::schema::Versions;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

/// All kinds of all versions.
pub(super) struct Package {
    pub(super) kinds: Vec<Kind>,
}

/// A kind in a version.
#[allow(clippy::struct_field_names, reason = "an object's field has that name")]
pub(super) struct Kind {
    pub(super) minor: u8,
    pub(super) api_version: String,
    pub(super) kind: String,
    /// The name of its definition.
    pub(super) definition: String,
    pub(super) definitions: Arc<Map<String, Value>>,
    pub(super) validator: Validator,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{} {} {}", self.minor, self.api_version, self.kind)
    }
}

impl Package {
    /// The folder that the environment names, if it is there.
    pub(super) fn folder() -> Option<PathBuf> {
        let folder = PathBuf::from(std::env::var_os("PORTCULLIS_KUBERNETES_SCHEMAS")?);
        folder.is_dir().then_some(folder)
    }

    /// The package, read once.
    pub(super) fn read() -> Result<&'static Self, Failed> {
        static PACKAGE: OnceLock<Result<Package, String>> = OnceLock::new();
        let package = PACKAGE.get_or_init(|| {
            let folder = Self::folder().ok_or("PORTCULLIS_KUBERNETES_SCHEMAS names no folder")?;
            Self::open(&folder)
        });
        package.as_ref().map_err(|error| error.into())
    }

    fn open(folder: &Path) -> Result<Self, String> {
        let mut named = Vec::new();
        for minor in Versions::known().minors() {
            let path = folder.join(format!("v1.{minor}.0-local-strict/_definitions.json"));
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let mut value: Value = serde_json::from_str(&text)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let Some(Value::Object(definitions)) = value.get_mut("$defs").map(Value::take) else {
                return Err(format!("{}: no $defs", path.display()));
            };
            let definitions = Arc::new(definitions);
            for (name, schema) in definitions.iter() {
                let kinds = schema["x-kubernetes-group-version-kind"].as_array();
                let Some([kind]) = kinds.map(Vec::as_slice) else { continue };
                let text = |key: &str| kind[key].as_str().unwrap_or_default();
                let slash = if text("group").is_empty() { "" } else { "/" };
                let api_version = format!("{}{slash}{}", text("group"), text("version"));
                named.push((
                    minor,
                    api_version,
                    text("kind").to_owned(),
                    name.clone(),
                    Arc::clone(&definitions),
                ));
            }
        }
        let kinds: Result<Vec<Kind>, String> = named
            .into_par_iter()
            .map(|(minor, api_version, kind, definition, definitions)| {
                let validator = validator(&definition, &definitions)
                    .map_err(|error| format!("1.{minor} {definition}: {error}"))?;
                Ok(Kind { minor, api_version, kind, definition, definitions, validator })
            })
            .collect();
        Ok(Self { kinds: kinds? })
    }

    /// The versions that it has.
    pub(super) fn versions(&self) -> Versions {
        let minors = self.kinds.iter().map(|kind| Versions::minor(kind.minor));
        minors.fold(Versions::NONE, Versions::or)
    }

    /// The kind of an object, in each version that has it.
    pub(super) fn of(&self, api_version: &str, kind: &str) -> impl Iterator<Item = &Kind> {
        self.kinds.iter().filter(move |one| one.kind == kind && one.api_version == api_version)
    }
}

/// A validator of one definition, with those that it leads to and no others.
fn validator(name: &str, all: &Map<String, Value>) -> Result<Validator, String> {
    let schema = json!({"$ref": format!("#/$defs/{name}"), "$defs": needed(name, all)?});
    jsonschema::validator_for(&schema).map_err(|error| error.to_string())
}

/// The schema of a kind as a file of its own, in the words of draft 4, without descriptions.
pub(super) fn standalone(kind: &Kind) -> Result<String, String> {
    let mut all = json!(needed(&kind.definition, &kind.definitions)?);
    if let Value::Object(definitions) = &mut all {
        definitions.values_mut().for_each(undescribed);
    }
    let schema = json!({"$ref": format!("#/definitions/{}", kind.definition), "definitions": all});
    Ok(schema.to_string().replace("\"#/$defs/", "\"#/definitions/"))
}

/// Takes the descriptions away, of which there is more than of everything else.
fn undescribed(schema: &mut Value) {
    let Value::Object(words) = schema else { return };
    words.remove("description");
    if let Some(Value::Object(fields)) = words.get_mut("properties") {
        fields.values_mut().for_each(undescribed);
    }
    for word in ["items", "additionalProperties"] {
        words.get_mut(word).into_iter().for_each(undescribed);
    }
}

/// A definition with all that it leads to.
fn needed<'d>(
    name: &'d str,
    all: &'d Map<String, Value>,
) -> Result<BTreeMap<&'d str, &'d Value>, String> {
    let mut needed: BTreeMap<&str, &Value> = BTreeMap::new();
    let mut waiting = vec![name];
    while let Some(name) = waiting.pop() {
        let Some((name, schema)) = all.get_key_value(name) else {
            return Err(format!("no definition {name}"));
        };
        if needed.insert(name, schema).is_none() {
            references(schema, &mut waiting);
        }
    }
    Ok(needed)
}

fn references<'s>(schema: &'s Value, found: &mut Vec<&'s str>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference.trim_start_matches("#/$defs/"));
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
