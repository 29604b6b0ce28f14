//! `portcullis schema export`.

use std::{collections::BTreeMap, fs, io, path::PathBuf, process::ExitCode};

use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{Failure, print, repository::Repository},
    repo::File,
    schema::{CustomKinds, GivenSchemas, KnownKind, Packed, Versions},
};

/// Write schemas as JSON Schemas, for editors and kubeconform
///
/// The files are called as kubeconform looks for them: deployment-apps-v1.json, service-v1.json,
/// certificate-cert-manager-v1.json.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Kinds or groups, as Certificate or cert-manager.io; all when none is named
    #[arg(value_name = "KIND|GROUP")]
    only: Vec<String>,

    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    output: PathBuf,

    /// Version of Kubernetes, as 1.34 [default: that of portcullis.yaml, or the newest]
    #[arg(long, value_name = "VERSION")]
    kubernetes: Option<String>,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis schema export --output .schemas
  portcullis schema export cert-manager.io Deployment --output .schemas
  kubeconform -strict -schema-location '.schemas/{{.ResourceKind}}{{.KindSuffix}}.json' FILE

In an editor with yaml-language-server, a first line names the schema:
  # yaml-language-server: $schema=.schemas/deployment-apps-v1.json";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let folder = PathBuf::from(".");
    let repository = Repository::open(&folder, arguments.root.as_deref())?;
    let versions = match &arguments.kubernetes {
        None => repository.config.versions_of(None),
        Some(version) => Versions::parse(version).ok_or_else(|| {
            Failure::new(format!("--kubernetes: there are no schemas for {version}"))
                .help(format!("there are schemas for {}", Versions::known()))
        })?,
    };
    // Of several, the newest.
    let kubernetes = versions.minors().last().map_or_else(Versions::newest, Versions::minor);
    let mut schemas: BTreeMap<String, Value> = BTreeMap::new();
    let mut asked = arguments.only.iter().map(|name| (name, false)).collect::<Vec<_>>();
    let mut is_asked = |group: &str, kind: &str| {
        let mut found = asked.is_empty();
        for (name, seen) in &mut asked {
            let core = group.is_empty() && *name == "core";
            if core || name.eq_ignore_ascii_case(group) || name.eq_ignore_ascii_case(kind) {
                (found, *seen) = (true, true);
            }
        }
        found
    };
    for kind in KnownKind::all() {
        if is_asked(kind.group, kind.kind)
            && let Some(schema) = kind.json_schema(kubernetes)
        {
            schemas.insert(file_name(kind.group, kind.version, kind.kind), schema);
        }
    }
    let files = repository.contents.files.iter();
    let (given, others): (Vec<&File>, Vec<&File>) =
        files.partition(|file| repository.config.is_schema(&file.path));
    // What comes first counts, as for `check`.
    let mut defined: Vec<(String, String)> = Vec::new();
    for kinds in [CustomKinds::in_files(&others), GivenSchemas::of(&given).into_crds()] {
        for (group, version, kind, schema) in kinds.json_schemas(kubernetes) {
            if is_asked(group, kind) {
                schemas.entry(file_name(group, version, kind)).or_insert(schema);
            }
            defined.push((group.to_owned(), kind.to_owned()));
        }
    }
    for packed in Packed::all() {
        let (group, kind) = (packed.group(), packed.kind());
        if is_asked(group, kind)
            && !defined.iter().any(|(of, name)| of == group && name == kind)
            && let Some(schema) = packed.json_schema(kubernetes)
        {
            schemas.entry(file_name(group, packed.version(), kind)).or_insert(schema);
        }
    }
    if let Some((name, _)) = asked.iter().find(|(_, seen)| !seen) {
        let failure = Failure::new(format!("there is no kind and no group {name}"));
        return Err(failure.help("`portcullis schema list` lists them"));
    }
    write(arguments, &schemas)?;
    let plural = if schemas.len() == 1 { "" } else { "s" };
    print(&format!(
        "wrote {} schema{plural} into {} (Kubernetes {kubernetes})\n",
        schemas.len(),
        arguments.output.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// As kubeconform's `{{.ResourceKind}}{{.KindSuffix}}`.
fn file_name(group: &str, version: &str, kind: &str) -> String {
    let first = group.split('.').next().unwrap_or_default();
    let group = if first.is_empty() { String::new() } else { format!("-{first}") };
    format!("{}{group}-{version}.json", kind.to_lowercase())
}

fn write(arguments: &Arguments, schemas: &BTreeMap<String, Value>) -> Result<(), Failure> {
    let folder = &arguments.output;
    let failure = |error: io::Error| Failure::new(format!("{}: {error}", folder.display()));
    fs::create_dir_all(folder).map_err(failure)?;
    let put = |name: &str, schema: &Value| {
        let mut text = serde_json::to_string_pretty(schema).unwrap_or_default();
        text.push('\n');
        fs::write(folder.join(name), text).map_err(failure)
    };
    for (name, schema) in schemas {
        put(name, schema)?;
    }
    let references: Vec<Value> = schemas.keys().map(|name| json!({"$ref": name})).collect();
    put("all.json", &json!({"oneOf": references}))
}
