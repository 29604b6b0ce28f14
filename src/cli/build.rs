//! `portcullis build`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use flux_render::{
    ErrorKind, Files, Operation, Origin, Place,
    emit::{self, Written},
    kustomize::{Builder, Options, Resource},
};

use super::{Failure, print, terminal};
use crate::repo::{self, DiskFiles};

/// Print what kustomize makes of a folder
///
/// Builds the kustomization file in PATH as Flux does: with kustomize's own
/// result, byte for byte, in the order of its resources, and without fetching
/// anything. Paths may lead anywhere inside the repository, but not out of it.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Folder with a kustomization file
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Add, to every line that a patch or transformer changed, where that is written
    #[arg(long)]
    origins: bool,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis build apps/api/overlays/production
  portcullis build apps/api/overlays/production --origins
  portcullis build apps/api/overlays/production | portcullis check -";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let fail = |error: repo::RootError| Failure::new(error.to_string());
    let root = match &arguments.root {
        Some(root) => root
            .canonicalize()
            .map_err(|error| Failure::new(format!("{}: {error}", root.display())))?,
        None => default_root(&arguments.path).map_err(fail)?,
    };
    let folder = repo::relative(&root, &arguments.path).map_err(fail)?;
    let files = DiskFiles::new(&root)
        .map_err(|error| Failure::new(format!("{}: {error}", root.display())))?;
    if !files.is_folder(&folder) {
        return Err(Failure::new(format!("{} is no folder", arguments.path.display()))
            .help("give the folder that holds the kustomization file"));
    }
    let locate =
        |place: Option<Place>, message: &str| match place.and_then(|place| spot(&files, place)) {
            Some(spot) => format!("{spot}: {message}"),
            None => message.to_owned(),
        };
    let built = Builder::new(&files).build(&folder, Options::default()).map_err(|error| {
        let failure = Failure::new(locate(error.place, &error.message));
        match error.kind {
            ErrorKind::Outside => failure.help(format!(
                "the repository begins at {}: --root DIR sets another folder",
                root.display()
            )),
            _ => failure,
        }
    })?;
    let styles = terminal::Styles::for_stderr(terminal::ColorChoice::Auto);
    for remark in &built.remarks {
        let text = locate(Some(remark.place), &remark.message);
        eprintln!("{}warning{}: {text}", styles.warning, styles.reset);
    }
    let mut texts = Vec::with_capacity(built.objects.len());
    for object in &built.objects {
        let (text, written) = emit::yaml(&object.tree)
            .map_err(|error| Failure::new(locate(error.place, &error.message)))?;
        texts.push(if arguments.origins {
            annotated(&files, object, &text, &written)
        } else {
            text
        });
    }
    print(&texts.join("---\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The repository's root; where nothing marks one, the working directory, if the path lies in it.
fn default_root(path: &Path) -> Result<PathBuf, repo::RootError> {
    let root = repo::find_root(&[path])?;
    let marked = root.join(repo::CONFIG_FILE).is_file() || root.join(".git").exists();
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here {
        Ok(here) if !marked && root.starts_with(&here) => Ok(here),
        _ => Ok(root),
    }
}

/// A place as `path:line:column`.
fn spot(files: &DiskFiles, place: Place) -> Option<String> {
    let path = files.path(place.file)?;
    let tree = files.tree(&path)?;
    let position = tree.line_index().position(tree.source(), place.start);
    Some(format!("{path}:{}:{}", position.line, position.column))
}

/// The text with a comment on each line that an operation wrote.
fn annotated(files: &DiskFiles, object: &Resource, text: &str, written: &[Written]) -> String {
    let mut comments: BTreeMap<usize, String> = BTreeMap::new();
    for one in written {
        let origin = &object.tree.node(one.id).origin;
        let Some(comment) = comment(files, origin) else { continue };
        // A block begins with a line of its own; any other scalar ends its last line.
        let (start, end) = (one.start as usize, one.end as usize);
        let scalar = text.get(start..end).unwrap_or_default();
        let at = if scalar.starts_with('|') { start } else { end };
        let line = text.get(..at).unwrap_or_default().matches('\n').count();
        // A value comes behind its key, and tells more.
        comments.insert(line, comment);
    }
    let mut out = String::with_capacity(text.len() + comments.len() * 32);
    for (number, line) in text.lines().enumerate() {
        out.push_str(line);
        if let Some(comment) = comments.get(&number) {
            out.push_str("  # ");
            out.push_str(comment);
        }
        out.push('\n');
    }
    out
}

/// What happened to a value, and where that is written.
fn comment(files: &DiskFiles, origin: &Origin) -> Option<String> {
    let step = origin.steps().find(|step| !matches!(step.operation, Operation::Removed(_)))?;
    let what = match &step.operation {
        Operation::Patch | Operation::JsonPatch => "patch",
        Operation::Images => "images",
        Operation::Replicas => "replicas",
        Operation::Namespace => "namespace",
        Operation::NamePrefix => "namePrefix",
        Operation::NameSuffix => "nameSuffix",
        Operation::Labels => "labels",
        Operation::Annotations => "commonAnnotations",
        Operation::Replacement => "replacement",
        Operation::Vars => "vars",
        Operation::Generator => "generator",
        Operation::NameReference => "name of another object",
        Operation::NameHash => "hash of the content",
        Operation::Variable(_) => "variable",
        Operation::CommonMetadata => "commonMetadata",
        Operation::Flux | Operation::Kustomize | Operation::Removed(_) => return None,
    };
    let place = step.place.and_then(|place| {
        let spot = spot(files, place)?;
        Some(spot.rsplit_once(':').map_or(spot.clone(), |(line, _)| line.to_owned()))
    });
    Some(match place {
        Some(place) => format!("{what}, {place}"),
        None => what.to_owned(),
    })
}
