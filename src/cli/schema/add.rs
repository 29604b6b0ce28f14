//! `portcullis schema add`.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use spanned_yaml::{Kind, Node};

use crate::{
    cli::{Failure, print, repository::config_failure},
    config::{self, Config},
    repo::{self, File, Progress},
    schema::{is_json_schema, kind_of_json_schema, schema_as_json},
};

/// Add CRDs or JSON Schemas to the repository, where `check` finds them
///
/// Every CRD of the file, folder or standard input becomes a file of a folder that `schemas` of
/// portcullis.yaml names. Nothing is overwritten.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A file or folder with CRDs or JSON Schemas; `-` reads standard input
    #[arg(value_name = "FILE")]
    from: PathBuf,

    /// The folder to put them into, relative to the repository's root
    #[arg(long, value_name = "DIR", default_value = "schemas")]
    folder: String,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Replace files that exist and differ
    #[arg(long)]
    force: bool,
}

/// A file that is to be written, below the folder.
struct New {
    name: String,
    text: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let root = match &arguments.root {
        Some(root) => root
            .canonicalize()
            .map_err(|error| Failure::new(format!("--root {}: {error}", root.display())))?,
        None => {
            repo::find_root(&[Path::new(".")]).map_err(|error| Failure::new(error.to_string()))?
        }
    };
    let folder = arguments.folder.trim_matches('/');
    if folder.is_empty() || folder.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(Failure::new(format!("--folder {folder}: no folder of the repository")));
    }
    let new = read(&arguments.from)?;
    if new.is_empty() {
        let failure = Failure::new(format!("{}: no CRD, no JSON Schema", arguments.from.display()));
        return Err(failure.help(
            "a CRD has the kind CustomResourceDefinition; a JSON Schema is called \
             kind-group-version.json, or group/kind_version.json",
        ));
    }
    let same = |one: &New, path: &Path| fs::read_to_string(path).is_ok_and(|text| text == one.text);
    let path_of = |one: &New| root.join(folder).join(&one.name);
    // Nothing is written unless all can be.
    for one in &new {
        let path = path_of(one);
        if path.exists() && !same(one, &path) && !arguments.force {
            let failure = Failure::new(format!("{folder}/{} exists, and differs", one.name));
            return Err(failure.help("--force replaces it"));
        }
    }
    let mut said = String::new();
    for one in &new {
        let path = path_of(one);
        if same(one, &path) {
            let _ = writeln!(said, "there already: {folder}/{}", one.name);
            continue;
        }
        let word = if path.exists() { "replaced" } else { "wrote" };
        write(&path, &one.text)?;
        let _ = writeln!(said, "{word} {folder}/{}", one.name);
    }
    let names: Vec<String> = new.iter().map(|one| format!("{folder}/{}", one.name)).collect();
    register(&root, folder, &names, &mut said)?;
    print(&said)?;
    Ok(ExitCode::SUCCESS)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failure = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failure)?;
    }
    fs::write(path, text).map_err(failure)
}

/// The CRDs and JSON Schemas of a file, a folder, or standard input.
fn read(from: &Path) -> Result<Vec<New>, Failure> {
    let mut new: Vec<New> = Vec::new();
    if from.as_os_str() == "-" {
        let file = repo::read_text("<stdin>", io::stdin().lock())
            .map_err(|error| Failure::new(format!("standard input can't be read: {error}")))?;
        take(&file, &mut new)?;
        return Ok(new);
    }
    let unreadable = |error| Failure::new(format!("{}: can't be read: {error}", from.display()));
    if from.is_dir() {
        let contents = repo::read(from, repo::list(from, &[]), &Progress::default());
        for file in &contents.files {
            take(file, &mut new)?;
        }
        return Ok(new);
    }
    let name = from.to_string_lossy().replace('\\', "/");
    let file = repo::read_text(&name, fs::File::open(from).map_err(unreadable)?);
    take(&file.map_err(unreadable)?, &mut new)?;
    Ok(new)
}

fn take(file: &File, new: &mut Vec<New>) -> Result<(), Failure> {
    let mut add = |name: String, text: String| {
        // Names come from files: they stay below the folder.
        let is_safe = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
        match new.iter().find(|known| known.name == name) {
            Some(known) if known.text == text => Ok(()),
            Some(_) => Err(Failure::new(format!("{}: two schemas for {name}", file.path))),
            None if !is_safe => Err(Failure::new(format!("{}: {name} is no name", file.path))),
            None => {
                new.push(New { name, text });
                Ok(())
            }
        }
    };
    for document in file.tree.documents() {
        let Some(root) = document.root.map(|root| file.tree.node(root)) else { continue };
        let items = root.get("items").filter(|items| items.kind() == Kind::Sequence);
        let objects = items.map_or_else(|| vec![root], |items| items.items().collect());
        for object in objects {
            let kind = object.get("kind").and_then(Node::as_str);
            let name = object.get("metadata").and_then(|it| it.get("name")).and_then(Node::as_str);
            if kind == Some("CustomResourceDefinition") {
                if document.broken {
                    let at = file.location(object.span());
                    return Err(Failure::new(format!(
                        "{}:{}: this CRD can't be read: `portcullis check` says why",
                        at.file, at.start.line
                    )));
                }
                let Some(name) = name else {
                    return Err(Failure::new(format!("{}: a CRD has no name", file.path)));
                };
                add(format!("{name}.yaml"), text_of(file, object))?;
            }
        }
        if !document.broken
            && is_json_schema(root)
            && let Some((group, version, kind)) = kind_of_json_schema(root, &file.path)
        {
            let group = if group.is_empty() { version.clone() } else { group };
            let name = format!("{group}/{}_{version}.json", kind.to_lowercase());
            add(name, format!("{}\n", file.source().trim_end()))?;
        }
    }
    Ok(())
}

/// An object as it is written; as JSON, if it stands inside of something else.
fn text_of(file: &File, object: Node<'_>) -> String {
    let span = object.span();
    let is_alone = file.location(span).start.column == 1;
    let text = file.source().get(span.start as usize..span.end as usize).unwrap_or_default();
    if is_alone {
        return format!("{}\n", text.trim_end());
    }
    let value = schema_as_json(object).and_then(|it| serde_json::to_string_pretty(&it).ok());
    format!("{}\n", value.unwrap_or_else(|| text.trim_end().to_owned()))
}

/// Sees to it that `schemas` of portcullis.yaml names the files.
fn register(root: &Path, folder: &str, names: &[String], said: &mut String) -> Result<(), Failure> {
    let path = root.join(repo::CONFIG_FILE);
    let entry = format!("schemas:\n  - {folder}/**\n");
    let unreadable = |error| Failure::new(format!("{}: {error}", path.display()));
    if !path.exists() {
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).open(&path).map_err(unreadable)?;
        file.write_all(entry.as_bytes()).map_err(unreadable)?;
        let _ = writeln!(said, "wrote {}: `schemas` names {folder}/**", repo::CONFIG_FILE);
        return Ok(());
    }
    let text = fs::read_to_string(&path).map_err(unreadable)?;
    let file = File::new(repo::CONFIG_FILE, spanned_yaml::parse(text.clone()));
    let config: Config = config::load(&file).map_err(|errors| config_failure(&errors))?;
    if names.iter().all(|name| config.is_schema(name)) {
        return Ok(());
    }
    let has_key = file.tree.root(0).is_some_and(|root| root.get("schemas").is_some());
    let is_block = file.tree.root(0).is_none_or(|root| {
        let is_open = !text.get(root.span().start as usize..).unwrap_or("{").starts_with('{');
        root.kind() == Kind::Mapping && is_open
    });
    if has_key || !is_block || text.contains("\n---") || text.contains("\n...") {
        let _ = writeln!(said, "add to `schemas` of {}:\n  - {folder}/**", repo::CONFIG_FILE);
        return Ok(());
    }
    let line_end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    fs::write(&path, format!("{text}{line_end}{entry}")).map_err(unreadable)?;
    let _ = writeln!(said, "added to {}: `schemas` names {folder}/**", repo::CONFIG_FILE);
    Ok(())
}
