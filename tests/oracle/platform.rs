//! This repository's own folders, as Flux would apply them.

use std::{path::Path, process::Command};

use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;

/// The clusters under `clusters/`.
pub(crate) const CLUSTERS: [&str; 3] = ["management", "production", "staging"];

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What `portcullis build` prints for a cluster or a folder.
pub(crate) fn built(target: &str) -> Result<Vec<Value>, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["build", target])
        .current_dir(root())
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let text = String::from_utf8(output.stdout)?;
    let documents = serde_yaml::Deserializer::from_str(&text).map(Value::deserialize);
    let objects: Vec<Value> = documents.collect::<Result<_, _>>()?;
    if objects.is_empty() {
        return Err(format!("{target} renders nothing").into());
    }
    Ok(objects)
}

/// A file of the repository that isn't a manifest.
pub(crate) fn read<T: serde::de::DeserializeOwned>(path: &str) -> Result<T, Failed> {
    let text = std::fs::read_to_string(root().join(path)).map_err(|e| format!("{path}: {e}"))?;
    Ok(serde_yaml::from_str(&text).map_err(|error| format!("{path}: {error}"))?)
}

/// A text somewhere in an object; empty where there is none.
pub(crate) fn text<'o>(object: &'o Value, pointer: &str) -> &'o str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Kind and name of an object, for messages.
pub(crate) fn name_of(object: &Value) -> String {
    let name = text(object, "/metadata/name");
    match text(object, "/metadata/namespace") {
        "" => format!("{}/{name}", text(object, "/kind")),
        namespace => format!("{}/{namespace}/{name}", text(object, "/kind")),
    }
}
