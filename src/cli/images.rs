//! `portcullis images`.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::{Failure, print, repository::Repository};
use crate::check::{self, ImageUse};

/// List every image that would run, where it is written, and who pulls it
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// A folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis images
  portcullis images --format json | jq -r '.images[].image' | sort -u";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let repository = Repository::open(&arguments.path, arguments.root.as_deref())?;
    let images = check::images(&repository.contents, &repository.fleet, &repository.config);
    print(&match arguments.format {
        Format::Table => table(&images),
        Format::Json => as_json(&images)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// One paragraph an image: a name is often longer than a column could be.
fn table(images: &[ImageUse]) -> String {
    let mut out = String::new();
    for group in images.chunk_by(|a, b| a.image == b.image) {
        let Some(first) = group.first() else { continue };
        let _ = writeln!(out, "{}", first.image);
        for one in group {
            let at = &one.location;
            let clusters = match one.clusters.as_slice() {
                [] => String::new(),
                names => format!("  ({})", names.join(", ")),
            };
            let _ = writeln!(out, "  {}, {}{clusters}", one.object, one.user);
            let _ = writeln!(out, "    {}:{}:{}", at.file, at.start.line, at.start.column);
        }
    }
    out
}

fn as_json(images: &[ImageUse]) -> Result<String, Failure> {
    let images: Vec<_> = images
        .iter()
        .map(|one| {
            json!({
                "image": one.image,
                "object": one.object,
                "user": one.user,
                "location": one.location,
                "clusters": one.clusters,
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({"version": 1, "images": images}))
        .map_err(|error| Failure::new(error.to_string()))?;
    text.push('\n');
    Ok(text)
}
