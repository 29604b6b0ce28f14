//! `portcullis build`.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use flux_render::{
    ErrorKind, Files, Operation, Origin, Place, emit,
    flux::{Applied, Member, Outcome, apply_order},
    kustomize::{Builder, FILE_NAMES, Options},
};

use super::{Failure, print, repository::Repository, terminal};
use crate::{
    fleet::Fleet,
    repo::{self, DiskFiles},
};

/// Print what Flux would apply to a cluster, or what kustomize makes of a folder
///
/// A CLUSTER is one that `portcullis graph` lists: its objects come in the order
/// in which Flux applies them, Kustomization by Kustomization. A PATH with a
/// kustomization file is built as kustomize does it, byte for byte. Nothing is
/// fetched, and paths don't lead out of the repository.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// A cluster's name, or a folder with a kustomization file [default: the only cluster]
    #[arg(value_name = "CLUSTER|PATH")]
    target: Option<PathBuf>,

    /// Only this Kustomization of Flux
    #[arg(long, value_name = "NAMESPACE/NAME")]
    kustomization: Option<String>,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Add, to every line that a patch, transformer or variable changed, where that is written
    #[arg(long)]
    origins: bool,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis build production
  portcullis build production --kustomization flux-system/apps --origins
  portcullis build apps/api/overlays/production
  portcullis build apps/api/overlays/production | portcullis check -";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let here = Path::new(".");
    let folder = arguments.target.as_deref().unwrap_or(here);
    let is_folder = FILE_NAMES.iter().any(|name| folder.join(name).is_file());
    if is_folder && arguments.kustomization.is_none() {
        return build_folder(arguments, folder);
    }
    if arguments.target.is_some() && folder.exists() && folder.components().count() > 1 {
        return Err(Failure::new(format!("{} has no kustomization file", folder.display()))
            .help("give a folder that has one, or the name of a cluster"));
    }
    build_cluster(arguments)
}

/// Prints what is applied to a cluster.
fn build_cluster(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let repository = Repository::open(Path::new("."), arguments.root.as_deref())?;
    let fleet = &repository.fleet;
    let cluster = match &arguments.target {
        Some(name) => {
            fleet.clusters.iter().find(|cluster| Path::new(&cluster.name) == name.as_path())
        }
        None if fleet.clusters.len() == 1 => fleet.clusters.first(),
        None => None,
    };
    let names: Vec<&str> = fleet.clusters.iter().map(|cluster| cluster.name.as_str()).collect();
    let Some(cluster) = cluster else {
        let failure = Failure::new(match &arguments.target {
            Some(path) if path.is_dir() => {
                format!("{} has no kustomization file, and is no cluster", path.display())
            }
            Some(name) => format!("there is no folder and no cluster {}", name.display()),
            None => "which cluster?".to_owned(),
        });
        return Err(failure.help(match names.as_slice() {
            [] => "no cluster was found: name a folder with a kustomization file".to_owned(),
            names => format!("clusters: {}", names.join(", ")),
        }));
    };
    let spot = |place: Place| {
        let at = fleet.files.location(place)?;
        Some(format!("{}:{}:{}", at.file, at.start.line, at.start.column))
    };
    let mut out = String::new();
    let mut found = false;
    for member in &cluster.members {
        let name = member.spec.name.to_string();
        if arguments.kustomization.as_ref().is_some_and(|wanted| *wanted != name) {
            continue;
        }
        found = true;
        if let Some(remark) = failure(fleet, member) {
            let styles = terminal::Styles::for_stderr(terminal::ColorChoice::Auto);
            eprintln!("{}warning{}: {remark}", styles.warning, styles.reset);
        }
        let mut objects: Vec<&Applied> =
            member.objects().iter().filter(|one| one.control.is_applied()).collect();
        objects.sort_by(|a, b| apply_order(&a.id, &b.id));
        if !objects.is_empty() && arguments.kustomization.is_none() {
            out.push_str(&format!("# Kustomization {name}, ./{}\n", member.spec.folder()));
        }
        for applied in objects {
            out.push_str("---\n");
            let manifest = &applied.manifest;
            if arguments.origins {
                let pieces = manifest.pieces().iter();
                let pieces = pieces.map(|piece| (piece.start, piece.end, &piece.origin));
                out.push_str(&annotated(&spot, manifest.text(), pieces));
            } else {
                out.push_str(manifest.text());
            }
        }
    }
    if !found {
        let wanted = arguments.kustomization.as_deref().unwrap_or_default();
        return Err(Failure::new(format!(
            "cluster {} has no Kustomization {wanted}",
            cluster.name
        ))
        .help("`portcullis graph` lists them"));
    }
    print(&out)?;
    Ok(ExitCode::SUCCESS)
}

/// Why a Kustomization's objects aren't all of what it would apply.
fn failure(fleet: &Fleet, member: &Member) -> Option<String> {
    let name = &member.spec.name;
    match &member.outcome {
        Outcome::Rendered(_) => None,
        Outcome::Failed(error) => {
            let at = error.place.and_then(|place| fleet.files.location(place));
            let at = at.map(|at| format!("{}:{}:{}: ", at.file, at.start.line, at.start.column));
            Some(format!("{}{name} can't be built: {error}", at.unwrap_or_default()))
        }
        Outcome::Elsewhere => Some(format!("{name} isn't rendered: its source isn't here")),
        Outcome::NoFolder(Some(why)) => Some(format!("{name} isn't rendered: {why}")),
        Outcome::NoFolder(None) => {
            Some(format!("{name} isn't rendered: there is no folder {}", member.spec.folder()))
        }
    }
}

/// Prints what kustomize makes of a folder.
fn build_folder(arguments: &Arguments, path: &Path) -> Result<ExitCode, Failure> {
    let fail = |error: repo::RootError| Failure::new(error.to_string());
    let root = match &arguments.root {
        Some(root) => root
            .canonicalize()
            .map_err(|error| Failure::new(format!("{}: {error}", root.display())))?,
        None => default_root(path).map_err(fail)?,
    };
    let folder = repo::relative(&root, path).map_err(fail)?;
    let files = DiskFiles::new(&root)
        .map_err(|error| Failure::new(format!("{}: {error}", root.display())))?;
    let spot = |place: Place| spot(&files, place);
    let locate = |place: Option<Place>, message: &str| match place.and_then(spot) {
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
            let pieces =
                written.iter().map(|one| (one.start, one.end, &object.tree.node(one.id).origin));
            annotated(&spot, &text, pieces)
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
    let position = tree.position(place.start);
    Some(format!("{path}:{}:{}", position.line, position.column))
}

/// The text with a comment on each line that an operation wrote.
fn annotated<'o>(
    spot: &dyn Fn(Place) -> Option<String>,
    text: &str,
    pieces: impl Iterator<Item = (u32, u32, &'o Origin)>,
) -> String {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let mut comments: BTreeMap<usize, String> = BTreeMap::new();
    for (start, end, origin) in pieces {
        let Some(comment) = comment(spot, origin) else { continue };
        // A block begins with a line of its own; any other scalar ends its last line.
        let (start, end) = (start as usize, end as usize);
        let scalar = text.get(start..end).unwrap_or_default();
        let at = if scalar.starts_with('|') { start } else { end };
        // A value comes behind its key, and tells more.
        comments.insert(breaks.partition_point(|line_end| *line_end < at), comment);
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
fn comment(spot: &dyn Fn(Place) -> Option<String>, origin: &Origin) -> Option<String> {
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
        let spot = spot(place)?;
        Some(spot.rsplit_once(':').map_or(spot.clone(), |(line, _)| line.to_owned()))
    });
    Some(match place {
        Some(place) => format!("{what}, {place}"),
        None => what.to_owned(),
    })
}
