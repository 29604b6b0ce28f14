//! `portcullis schema list`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::{
    cli::{Failure, print, repository::Repository},
    repo::File,
    schema::{CustomKinds, GivenSchemas, KnownKind, Packed},
};

/// List the kinds whose schema is known here, and where it comes from
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only kinds whose group, name or source has this in it
    #[arg(value_name = "FILTER")]
    filter: Option<String>,

    /// A folder of the repository
    #[arg(long, value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

/// By group and kind, then version: where its schema comes from.
type Kinds = BTreeMap<(String, String), BTreeMap<String, String>>;

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let repository = Repository::open(&arguments.path, arguments.root.as_deref())?;
    let mut kinds = known(&repository);
    if let Some(filter) = &arguments.filter {
        let filter = filter.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&filter);
        for ((group, kind), versions) in &mut kinds {
            if !has(group) && !has(kind) {
                versions.retain(|_, source| has(source));
            }
        }
        kinds.retain(|_, versions| !versions.is_empty());
        if kinds.is_empty() {
            return Err(Failure::new(format!("no kind has {filter} in it"))
                .help("`portcullis schema add FILE` adds a CRD"));
        }
    }
    print(&match arguments.format {
        Format::Table => table(&kinds),
        Format::Json => as_json(&kinds)?,
    })?;
    Ok(ExitCode::SUCCESS)
}

/// All kinds. Of several schemas for one the first counts, as for `check`: Kubernetes' own, CRDs of the
/// repository, `schemas` of portcullis.yaml, and what portcullis carries.
fn known(repository: &Repository) -> Kinds {
    let mut kinds = Kinds::new();
    for KnownKind { group, version, kind, versions } in KnownKind::all() {
        let of_kind = kinds.entry((group.to_owned(), kind.to_owned())).or_default();
        of_kind.insert(version.to_owned(), format!("Kubernetes {versions}"));
    }
    let files = repository.contents.files.iter();
    let (given, others): (Vec<&File>, Vec<&File>) =
        files.partition(|file| repository.config.is_schema(&file.path));
    let given = GivenSchemas::of(&given);
    let crds = [CustomKinds::in_files(&others).kinds(), given.crd_kinds()].concat();
    let mut of_crds = Kinds::new();
    for (group, version, kind, file) in crds {
        let of_kind = of_crds.entry((group.to_owned(), kind.to_owned())).or_default();
        of_kind.entry(version.to_owned()).or_insert_with(|| file.path.to_string());
    }
    // A CRD says all of its kind.
    let defined: BTreeSet<(String, String)> = of_crds.keys().cloned().collect();
    for (id, versions) in of_crds {
        kinds.entry(id).or_insert(versions);
    }
    for (group, version, kind, file) in given.json_kinds() {
        let of_kind = kinds.entry((group.to_owned(), kind.to_owned())).or_default();
        of_kind.entry(version.to_owned()).or_insert_with(|| file.path.to_string());
    }
    for packed in Packed::all() {
        let id = (packed.group().to_owned(), packed.kind().to_owned());
        if !defined.contains(&id) {
            let versions = kinds.entry(id).or_default();
            let source = || packed.project().to_owned();
            versions.entry(packed.version().to_owned()).or_insert_with(source);
        }
    }
    kinds
}

/// Width of the columns of a table; what is longer stands on a line of its own.
const KIND: usize = 30;
const VERSIONS: usize = 14;

/// A paragraph a group, and in it a line a kind and source.
fn table(kinds: &Kinds) -> String {
    let mut out = String::new();
    let mut last = None;
    for ((group, kind), versions) in kinds {
        if last != Some(group) {
            let name = if group.is_empty() { "core" } else { group };
            let _ = writeln!(out, "{name}");
            last = Some(group);
        }
        let mut lines: Vec<(String, &str)> = Vec::new();
        for (version, source) in versions {
            match lines.last_mut() {
                Some((all, of)) if of == source && all.len() + version.len() + 2 <= VERSIONS => {
                    all.push_str(", ");
                    all.push_str(version);
                }
                _ => lines.push((version.clone(), source)),
            }
        }
        let mut name = kind.as_str();
        if name.len() > KIND {
            let _ = writeln!(out, "  {name}");
            name = "";
        }
        for (versions, source) in lines {
            let _ = writeln!(out, "  {name:<KIND$} {versions:<VERSIONS$} {source}");
            name = "";
        }
    }
    out
}

fn as_json(kinds: &Kinds) -> Result<String, Failure> {
    let all: Vec<_> = kinds
        .iter()
        .flat_map(|((group, kind), versions)| {
            versions.iter().map(move |(version, source)| {
                json!({"group": group, "version": version, "kind": kind, "source": source})
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({"version": 1, "kinds": all}))
        .map_err(|error| Failure::new(error.to_string()))?;
    text.push('\n');
    Ok(text)
}
