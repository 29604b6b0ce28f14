//! The benchmark of schemas: kubeconform with the same schemas, several versions at once, and how long a
//! start takes. Ratios within one run.
#![allow(clippy::cast_precision_loss, reason = "ratios for people")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use crate::{
    bench,
    measure::{Measured, measure, median},
    tree::Tree,
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder kubernetes-json-schema of the PyPI package kubernetes-validate
    schemas: PathBuf,
    /// Size of the tree, in files
    #[arg(long, default_value_t = 10_000)]
    files: usize,
    /// Runs of each measurement; the median counts
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Runs of kubeconform, which takes long
    #[arg(long, default_value_t = 1)]
    kubeconform_runs: usize,
    /// Take the binary that is there, however old
    #[arg(long)]
    no_build: bool,
}

/// The version that both tools check.
const VERSION: &str = "1.37";
/// Versions that are checked at once.
const VERSIONS: [&str; 5] = ["1.33", "1.34", "1.35", "1.36", "1.37"];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let binary = crate::root().join("target/release/portcullis");
    if !arguments.no_build {
        let built = Command::new("cargo")
            .args(["build", "--release", "--package", "portcullis"])
            .current_dir(crate::root())
            .status()?;
        if !built.success() {
            bail!("the release build failed");
        }
    }
    let binary = text(&binary)?;
    let (folder, _) = bench::tree_of(arguments.files, Tree::Written)?;
    let several = config("several", &VERSIONS)?;
    let one = config("one", &[VERSION])?;
    let check = |config: &str| {
        measure(&[
            binary,
            "check",
            &folder,
            "--output=concise",
            "--fail-on=never",
            "--config",
            config,
        ])
    };
    let (mut ones, mut severals) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs {
        ones.push(check(&one)?);
        severals.push(check(&several)?);
    }
    let (one, several) = (median(ones)?, median(severals)?);
    println!("{} files, every rule, one version: {}", arguments.files, millis(one));
    println!(
        "{} versions at once: {}, {:.2} times one",
        VERSIONS.len(),
        millis(several),
        several.micros as f64 / one.micros as f64
    );
    start_up(arguments, binary)?;
    let theirs = kubeconform(arguments, &folder)?;
    println!(
        "kubeconform with the same schemas, all cores: {}, {:.0} times portcullis",
        millis(theirs),
        theirs.micros as f64 / one.micros as f64
    );
    Ok(())
}

fn millis(measured: Measured) -> String {
    format!("{:.1} ms, {} MiB", measured.micros as f64 / 1e3, measured.peak_kib / 1024)
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str().context("the path isn't UTF-8")
}

/// A configuration that names versions, and nothing else.
fn config(name: &str, versions: &[&str]) -> anyhow::Result<String> {
    let path = crate::root().join(format!("target/bench/{name}.yaml"));
    let versions: Vec<String> = versions.iter().map(|version| format!("{version:?}")).collect();
    fs::write(&path, format!("kubernetes: [{}]\n", versions.join(", ")))?;
    Ok(text(&path)?.to_owned())
}

/// What one short run takes.
fn start_up(arguments: &Arguments, binary: &str) -> anyhow::Result<()> {
    let (folder, _) = bench::tree_of(1, Tree::Written)?;
    let file = walkdir::WalkDir::new(&folder)
        .into_iter()
        .filter_map(Result::ok)
        .find(|entry| entry.path().extension().is_some_and(|extension| extension == "yaml"))
        .context("the tree is empty")?;
    let file = text(file.path())?;
    let (mut versions, mut checks) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs.max(21) {
        versions.push(measure(&[binary, "--version"])?);
        checks.push(measure(&[binary, "check", file, "--fail-on=never"])?);
    }
    println!("--version: {}", millis(median(versions)?));
    println!("check of one file: {}", millis(median(checks)?));
    Ok(())
}

/// Writes schemas in kubeconform's own layout: a file for each kind, with what it needs and no more.
fn layout(package: &Path) -> anyhow::Result<PathBuf> {
    const OF_KIND: &str = "x-kubernetes-group-version-kind";
    let path = package.join(format!("v{VERSION}.0-local-strict/_definitions.json"));
    let source = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let all: Value = serde_json::from_str(&source.replace("\"#/$defs/", "\"#/definitions/"))?;
    let all = all["$defs"].as_object().context("no $defs")?;
    let schemas = crate::root().join("target/bench/schemas");
    let folder = schemas.join(format!("v{VERSION}.0-standalone-strict"));
    fs::create_dir_all(&folder)?;
    for (name, schema) in all {
        let Some([kind]) = schema[OF_KIND].as_array().map(Vec::as_slice) else { continue };
        let text = |key: &str| kind[key].as_str().unwrap_or_default().to_lowercase();
        let group = text("group").split('.').next().unwrap_or_default().to_owned();
        let dash = if group.is_empty() { "" } else { "-" };
        let file = format!("{}-{group}{dash}{}.json", text("kind"), text("version"));
        let (mut needed, mut waiting) = (Map::new(), vec![name.as_str()]);
        while let Some(name) = waiting.pop() {
            let schema = all.get(name).with_context(|| format!("no definition {name}"))?;
            if needed.insert(name.to_owned(), schema.clone()).is_none() {
                references(schema, &mut waiting);
            }
        }
        let schema = json!({"$ref": format!("#/definitions/{name}"), "definitions": needed});
        fs::write(folder.join(file), schema.to_string())?;
    }
    Ok(schemas)
}

fn references<'s>(schema: &'s Value, found: &mut Vec<&'s str>) {
    match schema {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.push(reference.trim_start_matches("#/definitions/"));
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Builds kubeconform as the judges have it, and runs it.
fn kubeconform(arguments: &Arguments, folder: &str) -> anyhow::Result<Measured> {
    let program = crate::root().join("target/bench/kubeconform");
    let built = Command::new("go")
        .args(["build", "-o", text(&program)?, "github.com/yannh/kubeconform/cmd/kubeconform"])
        .current_dir(crate::root().join("oracle"))
        .status()?;
    if !built.success() {
        bail!("kubeconform can't be built");
    }
    let schemas = layout(&arguments.schemas)?;
    let cores = std::thread::available_parallelism()?.to_string();
    let version = format!("{VERSION}.0");
    let command = [
        text(&program)?,
        "-summary",
        "-strict",
        "-ignore-missing-schemas",
        "-n",
        &cores,
        "-kubernetes-version",
        &version,
        "-schema-location",
        text(&schemas)?,
        folder,
    ];
    let runs: Result<Vec<Measured>, _> =
        (0..arguments.kubeconform_runs.max(1)).map(|_| measure(&command)).collect();
    median(runs?)
}
