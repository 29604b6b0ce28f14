//! Portcullis against upstream's own code.
//!
//! Each module asks a judge of `oracle/` (a Go program that runs the upstream libraries; its
//! README says which) and compares. Without Go the trials are ignored, unless `PORTCULLIS_REQUIRE`
//! has the word `go`.
#![allow(clippy::print_stderr, reason = "a test harness reports to a person")]

mod base64;
mod charts;
mod custom_pack;
mod custom_resources;
mod disagreements;
mod egress;
mod egress_clusters;
mod flux_pipeline;
mod formats;
mod generate;
mod image_references;
mod judge;
mod kubernetes_schemas;
mod kustomizations;
mod kustomize_build;
mod kustomize_fields;
mod manifests;
mod metrics;
mod platform;
mod pod_security;
mod policies;
mod provenance;
mod provenance_pipeline;
mod quantities;
mod reachability;
mod references;
mod selectors;
mod shared_clusters;
mod smoke;
mod source_ignore;
mod substitution;
mod substitution_cases;
mod validation;
mod yaml_scalar_cases;
mod yaml_scalars;

use std::{path::PathBuf, process::ExitCode};

use libtest_mimic::{Arguments, Failed, Trial};

fn trials() -> Vec<Trial> {
    [
        charts::trials(),
        custom_pack::trials(),
        custom_resources::trials(),
        egress::trials(),
        flux_pipeline::trials(),
        formats::trials(),
        image_references::trials(),
        kustomize_build::trials(),
        manifests::trials(),
        metrics::trials(),
        pod_security::trials(),
        policies::trials(),
        provenance::trials(),
        provenance_pipeline::trials(),
        quantities::trials(),
        reachability::trials(),
        references::trials(),
        selectors::trials(),
        shared_clusters::trials(),
        smoke::trials(),
        source_ignore::trials(),
        substitution::trials(),
        validation::trials(),
        yaml_scalars::trials(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = trials();
    if !arguments.list {
        match generate::seed() {
            Ok(seed) => eprintln!("seed: {seed} (set PORTCULLIS_SEED to repeat a run)"),
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
        if let Err(missing) = judge::toolchain() {
            eprintln!("{missing}");
            if !required("go") {
                trials = trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect();
            }
        }
    }
    // Their judge is no Go program.
    trials.extend(kubernetes_schemas::trials());
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Tells whether `PORTCULLIS_REQUIRE` names something that must not be missing.
fn required(word: &str) -> bool {
    std::env::var("PORTCULLIS_REQUIRE").is_ok_and(|value| {
        value.split(|c: char| !c.is_ascii_alphanumeric()).any(|found| found == word)
    })
}

/// The corpora, a folder each, by name; none where there are none, and none are required.
fn corpora() -> Result<Option<Vec<PathBuf>>, Failed> {
    let Some(folder) = std::env::var_os("PORTCULLIS_CORPORA") else {
        if required("corpora") {
            return Err("PORTCULLIS_CORPORA isn't set".into());
        }
        eprintln!("PORTCULLIS_CORPORA isn't set: no corpus was judged");
        return Ok(None);
    };
    let entries = std::fs::read_dir(folder)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    if folders.is_empty() {
        return Err("there is no folder where PORTCULLIS_CORPORA says".into());
    }
    Ok(Some(folders))
}
