//! The benchmark of rendering: one process each, ratios within one run.
#![allow(clippy::cast_precision_loss, reason = "ratios for people")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};
use clap::Args;
use flux_render::{
    emit,
    kustomize::{Builder, Options},
};
use portcullis::{
    config::Config,
    fleet::Fleet,
    repo::{self, DiskFiles, Progress},
};
use rayon::prelude::*;
use walkdir::WalkDir;

use crate::{
    fleet,
    measure::{Measured, measure, median},
};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Overlays of the fleet
    #[arg(long, default_value_t = 500)]
    overlays: usize,
    /// A repository to measure instead of a generated fleet, as one of the corpora
    #[arg(long, conflicts_with = "overlays")]
    folder: Option<PathBuf>,
    /// Runs of each measurement; the median counts
    #[arg(long, default_value_t = 7)]
    runs: usize,
}

/// Measures rendering a fleet against reading and parsing it, and against kustomize's own api.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let folder = match &arguments.folder {
        Some(folder) => folder.canonicalize().with_context(|| folder.display().to_string())?,
        None => generated(arguments.overlays)?,
    };
    let folder = folder.to_str().context("the path isn't UTF-8")?;
    let judge = std::env::temp_dir().join("portcullis-bench-oracle");
    let judge = judge.to_str().context("the path isn't UTF-8")?.to_owned();
    let built = Command::new("go")
        .args(["build", "-o", &judge, "."])
        .current_dir(crate::root().join("oracle"))
        .status()
        .context("go builds kustomize's api")?;
    if !built.success() {
        bail!("building kustomize's api failed");
    }
    let this = std::env::current_exe()?;
    let this = this.to_str().context("the path isn't UTF-8")?;
    let take = |command: &[&str]| -> anyhow::Result<Measured> {
        median((0..arguments.runs).map(|_| measure(command)).collect::<anyhow::Result<_>>()?)
    };
    let portcullis = Path::new(this).with_file_name("portcullis");
    let portcullis = portcullis.to_str().context("the path isn't UTF-8")?;
    let named = named_files(Path::new(folder))?;
    // In turns, so that a busy machine slows both.
    let (mut checks, mut floors) = (Vec::new(), Vec::new());
    for _ in 0..arguments.runs {
        checks.push(measure(&[portcullis, "check", "--root", folder, "--output", "concise"])?);
        floors.push(measure(&[this, "floor", folder, "--with", &named])?);
    }
    let (check, floor) = (median(checks)?, median(floors)?);
    // It renders what `gen-fleet` makes.
    let render = match &arguments.folder {
        None => Some(take(&[this, "render", folder])?),
        Some(_) => None,
    };
    let overlays = overlays_of(Path::new(folder), arguments.folder.is_some())?;
    let list = |overlays: &[&PathBuf]| -> anyhow::Result<String> {
        let lines: Vec<String> = overlays.iter().map(|path| path.display().to_string()).collect();
        let path = std::env::temp_dir().join("portcullis-bench-overlays");
        fs::write(&path, lines.join("\n"))?;
        Ok(path.to_str().context("the path isn't UTF-8")?.to_owned())
    };
    let all = list(&overlays.iter().collect::<Vec<_>>())?;
    let kustomize = take(&[&judge, "build-overlays", &all])?;
    // One `kustomize build` an overlay: a sample, as all of them would take minutes.
    let step = overlays.len().div_ceil(SAMPLE).max(1);
    let sample: Vec<&PathBuf> = overlays.iter().step_by(step).collect();
    let mut processes = 0;
    for overlay in &sample {
        processes += measure(&[&judge, "build-overlays", &list(&[*overlay])?])?.micros;
    }
    let processes = processes * overlays.len() as u64 / sample.len().max(1) as u64;
    let one = overlays.first().context("no overlay")?.join("kustomization.yaml");
    let one = one.to_str().context("the path isn't UTF-8")?;
    let changed =
        take(&[portcullis, "check", "--root", folder, "--output", "concise", "--changed", one])?;
    println!(
        "{} overlays, {} files, medians of {}:",
        overlays.len(),
        WalkDir::new(folder).into_iter().flatten().filter(|one| one.file_type().is_file()).count(),
        arguments.runs
    );
    println!("| | time | of the floor | peak |");
    println!("|---|---|---|---|");
    let row = |name: &str, measured: Measured| {
        println!(
            "| {name} | {:.1} ms | {:.2} | {} MiB |",
            measured.micros as f64 / 1_000.0,
            measured.micros as f64 / floor.micros as f64,
            measured.peak_kib / 1024,
        );
    };
    row("floor: walk, read, parse", floor);
    if let Some(render) = render {
        row("render", render);
    }
    row("check: render, every rule", check);
    row("check --changed, one file", changed);
    row("kustomize's api, one process", kustomize);
    println!(
        "check is {:.1} times as fast as kustomize's api in one process, and {:.0} times as fast as a \
         process of it an overlay ({} of them measured)",
        kustomize.micros as f64 / check.micros as f64,
        processes as f64 / check.micros as f64,
        sample.len(),
    );
    Ok(())
}

/// A list of what kustomizations read besides manifests, as the files of generators: no check can do
/// without reading them, and so the floor reads them, too.
fn named_files(folder: &Path) -> anyhow::Result<String> {
    let contents = repo::read(folder, repo::list(folder, &[]), &Progress::default());
    let (fleet, _) = Fleet::render_with(&contents, &Config::default(), &[], None, |_, _| ());
    let manifests: BTreeSet<&str> = fleet.manifests.iter().map(|path| &**path).collect();
    let others = fleet.used.iter().filter(|path| !manifests.contains(path.as_str()));
    let lines: Vec<&str> = others.map(String::as_str).collect();
    let path = std::env::temp_dir().join("portcullis-bench-named");
    fs::write(&path, lines.join("\n"))?;
    Ok(path.to_str().context("the path isn't UTF-8")?.to_owned())
}

/// A fleet of so many overlays, written anew.
fn generated(overlays: usize) -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("portcullis-fleet-{overlays}"));
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fleet::write(overlays, &folder, 1)?;
    Ok(folder)
}

/// Overlays that are built by a process each.
const SAMPLE: usize = 20;

/// The overlays of a generated fleet; of another repository (`any`), each folder that builds.
fn overlays_of(folder: &Path, any: bool) -> anyhow::Result<Vec<PathBuf>> {
    let files = DiskFiles::new(folder)?;
    let builder = Builder::new(&files);
    let builds = |path: &PathBuf| {
        let relative = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
        builder.build(&relative, Options::default()).is_ok()
    };
    Ok(WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name() == "kustomization.yaml")
        .filter_map(|entry| entry.path().parent().map(Path::to_owned))
        .filter(|path| any || path.components().any(|part| part.as_os_str() == "overlays"))
        .filter(|path| !any || builds(path))
        .collect())
}

/// Renders every overlay of a fleet and writes it to nowhere.
pub(crate) fn render(folder: &Path) -> anyhow::Result<()> {
    let overlays = overlays_of(folder, false)?;
    let files = DiskFiles::new(folder)?;
    let builder = Builder::new(&files);
    let bytes: usize = overlays
        .par_iter()
        .map(|overlay| {
            let relative = overlay.strip_prefix(folder)?.to_string_lossy().into_owned();
            let built = builder.build(&relative, Options::default())?;
            let mut bytes = 0;
            for object in &built.objects {
                bytes += emit::yaml(&object.tree)?.0.len();
            }
            Ok(bytes)
        })
        .collect::<anyhow::Result<Vec<usize>>>()?
        .into_iter()
        .sum();
    println!("{} overlays, {bytes} bytes", overlays.len());
    Ok(())
}
