//! The benchmark: ratios within one run, never absolute times.
#![allow(clippy::cast_precision_loss, reason = "ratios for people")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use clap::Args;
use portcullis::repo;
use rayon::prelude::*;
use spanned_yaml::Limits;

use crate::{
    measure::{Measured, measure, median},
    tree::{self, Tree},
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Sizes of the trees, in files; the smallest and the largest show growth
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    files: Vec<usize>,
    /// Runs of each measurement; the median counts
    #[arg(long, default_value_t = 11)]
    runs: usize,
    /// A kube-linter to compare with
    #[arg(long)]
    kube_linter: Option<PathBuf>,
    /// A kubeconform to compare with
    #[arg(long)]
    kubeconform: Option<PathBuf>,
    /// Schemas for kubeconform, so that it need not fetch any
    #[arg(long, default_value = "default")]
    kubeconform_schemas: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let built = Command::new("cargo")
        .args(["build", "--release", "--package", "portcullis"])
        .current_dir(crate::root())
        .status()?;
    if !built.success() {
        bail!("the release build failed");
    }
    let binary = crate::root().join("target/release/portcullis");
    let binary = binary.to_str().context("the path isn't UTF-8")?;
    let this = std::env::current_exe()?;
    let this = this.to_str().context("the path isn't UTF-8")?;

    if cfg!(debug_assertions) {
        println!("This build isn't optimized: the floors are too slow to compare with.\n");
    }
    println!(
        "| files | manifests | bytes | check | floor | check/floor | us per object | peak | peak/bytes |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let sizes = |kind| arguments.files.iter().map(move |count| (kind, count));
    let mut per_object = Vec::new();
    for (kind, count) in sizes(Tree::Written).chain(sizes(Tree::Rendered)) {
        let (folder, bytes) = tree_of(*count, kind)?;
        let runs = if *count > 20_000 { arguments.runs.min(5) } else { arguments.runs };
        let (mut checks, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            checks.push(measure(&[
                binary,
                "check",
                &folder,
                "--output=concise",
                "--fail-on=never",
            ])?);
            floors.push(measure(&[this, "floor", &folder])?);
        }
        let (check, floor) = (median(checks)?, median(floors)?);
        let objects = objects_in(binary, &folder)?;
        let each = check.micros as f64 / objects as f64;
        let manifests = match kind {
            Tree::Written => "as written",
            Tree::Rendered => "rendered",
        };
        if kind == Tree::Written {
            per_object.push(each);
        }
        println!(
            "| {count} | {manifests} | {bytes} | {} | {} | {:.2} | {each:.2} | {} MiB | {:.2} |",
            millis(check),
            millis(floor),
            check.micros as f64 / floor.micros as f64,
            check.peak_kib / 1024,
            (check.peak_kib * 1024) as f64 / bytes as f64,
        );
    }
    if let [first, .., last] = per_object.as_slice() {
        println!("\ntime per object, largest tree to smallest: {:.2}", last / first);
    }
    one_file(arguments, binary)?;
    rivals(arguments, binary)
}

fn millis(measured: Measured) -> String {
    format!("{:.1} ms", measured.micros as f64 / 1e3)
}

/// A tree of the benchmark, made once, and the bytes in it.
pub(crate) fn tree_of(count: usize, kind: Tree) -> anyhow::Result<(String, u64)> {
    let name = match kind {
        Tree::Written => "written",
        Tree::Rendered => "tree",
    };
    let folder = crate::root().join(format!("target/bench/{name}-{count}"));
    let stamp = folder.with_extension("stamp");
    let wanted = |bytes: u64| format!("{} {bytes}", tree::VERSION);
    let known = fs::read_to_string(&stamp).unwrap_or_default();
    let bytes = match known.split_once(' ') {
        Some((version, bytes)) if version == tree::VERSION => bytes.parse()?,
        _ => {
            let _ = fs::remove_dir_all(&folder);
            let written = tree::write(count, kind, &folder, 1)?;
            // A root of its own: `check` must not look upwards into this repository.
            fs::create_dir_all(folder.join(".git"))?;
            fs::write(&stamp, wanted(written.bytes))?;
            written.bytes
        }
    };
    Ok((folder.to_str().context("the path isn't UTF-8")?.to_owned(), bytes))
}

fn objects_in(binary: &str, folder: &str) -> anyhow::Result<u64> {
    let output = Command::new(binary).args(["check", folder, "--output=json"]).output()?;
    let text = String::from_utf8(output.stdout)?;
    let (_, after) = text.rsplit_once("\"objects\":").context("no count of objects")?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).collect();
    Ok(digits.parse::<u64>()?.max(1))
}

/// One changed file: what a hook waits for, beyond starting the process.
fn one_file(arguments: &Arguments, binary: &str) -> anyhow::Result<()> {
    println!("\n| repository | check FILE | --version | difference |");
    println!("|---|---|---|---|");
    for count in [1, 100, 1000] {
        let (folder, _) = tree_of(count, Tree::Rendered)?;
        let file = walkdir::WalkDir::new(&folder)
            .sort_by_file_name()
            .into_iter()
            .filter_map(Result::ok)
            .find(|entry| entry.path().extension().is_some_and(|extension| extension == "yaml"))
            .context("the tree is empty")?;
        let file = file.path().to_str().context("the path isn't UTF-8")?.to_owned();
        let (mut checks, mut versions) = (Vec::new(), Vec::new());
        for _ in 0..arguments.runs.max(21) {
            checks.push(measure(&[binary, "check", &file])?);
            versions.push(measure(&[binary, "--version"])?);
        }
        let (check, version) = (median(checks)?, median(versions)?);
        println!(
            "| {count} files | {} | {} | {:.1} ms |",
            millis(check),
            millis(version),
            (check.micros as f64 - version.micros as f64) / 1e3
        );
    }
    Ok(())
}

fn rivals(arguments: &Arguments, binary: &str) -> anyhow::Result<()> {
    let (folder, _) = tree_of(1000, Tree::Written)?;
    let ours = || measure(&[binary, "check", &folder, "--output=concise", "--fail-on=never"]);
    let compare = |name: &str, command: &[&str]| -> anyhow::Result<()> {
        let (mut theirs_all, mut ours_all) = (Vec::new(), Vec::new());
        for _ in 0..arguments.runs.min(5) {
            theirs_all.push(measure(command)?);
            ours_all.push(ours()?);
        }
        let (theirs, ours) = (median(theirs_all)?, median(ours_all)?);
        println!(
            "{name} on 1000 files: {}, portcullis {}: {:.0} times",
            millis(theirs),
            millis(ours),
            theirs.micros as f64 / ours.micros as f64
        );
        Ok(())
    };
    println!();
    match arguments.kube_linter.as_deref().and_then(Path::to_str) {
        Some(path) => compare("kube-linter", &[path, "lint", &folder])?,
        None => println!("kube-linter: not compared, no --kube-linter PATH"),
    }
    match arguments.kubeconform.as_deref().and_then(Path::to_str) {
        Some(path) => compare(
            "kubeconform",
            &[
                path,
                "-ignore-missing-schemas",
                "-schema-location",
                &arguments.kubeconform_schemas,
                &folder,
            ],
        )?,
        None => println!("kubeconform: not compared, no --kubeconform PATH"),
    }
    Ok(())
}

/// What no check of a folder can do without: walking it, reading and parsing each file; and reading the
/// files that a list names, one a line.
pub(crate) fn floor(folder: &Path, named: Option<&Path>) -> anyhow::Result<()> {
    let named = named.map(fs::read_to_string).transpose()?.unwrap_or_default();
    let read = |path: &str| fs::read(folder.join(path)).with_context(|| path.to_owned());
    let trees = repo::list(folder, &[])
        .files
        .par_iter()
        .map(|path| Ok(spanned_yaml::parse_bytes(read(path)?, &Limits::default())))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let bytes =
        named.par_lines().map(|path| Ok(read(path)?.len())).sum::<anyhow::Result<usize>>()?;
    println!("{} manifests, {bytes} bytes of other files", trees.len());
    // As `check` does: the process ends here.
    std::mem::forget(trees);
    Ok(())
}
