//! schemas/lifecycles.txt: when Kubernetes deprecated and removed each API, and what replaces it.
//!
//! The facts are in files `zz_generated.prerelease-lifecycle.go` and `lifecycle.go` of Kubernetes' Go
//! modules. A module loses those of a package with the package, so several releases are read; of an
//! API that several have, the newest release decides.

use std::{collections::BTreeMap, fmt::Write, fs, path::Path};

use anyhow::{Context, ensure};
use walkdir::WalkDir;

const OUTPUT: &str = "schemas/lifecycles.txt";
/// Where the facts are: those of stable packages are written by hand.
const FACTS: [&str; 2] = ["zz_generated.prerelease-lifecycle.go", "lifecycle.go"];

#[derive(Default)]
struct Lifecycle {
    introduced: Option<String>,
    deprecated: Option<String>,
    removed: Option<String>,
    replacement: Option<String>,
}

/// Reads the modules, oldest release first, and writes the table.
pub(crate) fn run(modules: &[impl AsRef<Path>]) -> anyhow::Result<()> {
    let mut all: BTreeMap<String, Lifecycle> = BTreeMap::new();
    let mut names = Vec::new();
    for module in modules {
        let module = module.as_ref();
        names.push(module.file_name().context("a folder has a name")?.to_string_lossy());
        for entry in WalkDir::new(module).sort_by_file_name() {
            let entry = entry?;
            if FACTS.iter().any(|name| entry.file_name() == *name) {
                read(entry.path(), &mut all).with_context(|| entry.path().display().to_string())?;
            }
        }
    }
    ensure!(!all.is_empty(), "no {} was found", FACTS[0]);
    let mut text = format!(
        "# When Kubernetes deprecates and removes its APIs; `cargo xtask lifecycles` writes this file.\n\
         # Source: {} in the Go modules {}.\n\
         # Licence of the source: Apache-2.0, The Kubernetes Authors.\n\
         # API, kind, introduced, deprecated, removed, replacement; a - where there is none.\n",
        FACTS.join(" and "),
        names.join(", ")
    );
    for (kind, facts) in &all {
        let or_none = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "-".to_owned());
        writeln!(
            text,
            "{kind} {} {} {} {}",
            or_none(&facts.introduced),
            or_none(&facts.deprecated),
            or_none(&facts.removed),
            or_none(&facts.replacement)
        )?;
    }
    fs::write(crate::root().join(OUTPUT), &text)?;
    println!("{OUTPUT}: {} kinds, {} bytes", all.len(), text.len());
    Ok(())
}

/// Reads the facts of one package.
fn read(path: &Path, all: &mut BTreeMap<String, Lifecycle>) -> anyhow::Result<()> {
    let folder = path.parent().context("a file is in a folder")?;
    let version = folder.file_name().context("a folder has a name")?.to_string_lossy();
    let register = fs::read_to_string(folder.join("register.go"))?;
    let group = register
        .lines()
        .find_map(|line| {
            line.trim().strip_prefix("const ").unwrap_or(line.trim()).strip_prefix("GroupName")
        })
        .and_then(quoted)
        .context("register.go names no group")?;
    let slash = if group.is_empty() { "" } else { "/" };
    let mut found: BTreeMap<String, Lifecycle> = BTreeMap::new();
    let mut at: Option<(String, String)> = None;
    for line in fs::read_to_string(path)?.lines() {
        if let Some(rest) = line.strip_prefix("func (in *") {
            let (kind, rest) = rest.split_once(") APILifecycle").context("a function of a kind")?;
            let fact = rest.split('(').next().unwrap_or_default();
            at = Some((kind.to_owned(), fact.to_owned()));
        } else if let (Some((kind, fact)), Some(value)) = (&at, line.trim().strip_prefix("return "))
        {
            let kind = found.entry(format!("{group}{slash}{version} {kind}")).or_default();
            match fact.as_str() {
                "Introduced" => kind.introduced = Some(release(value)),
                "Deprecated" => kind.deprecated = Some(release(value)),
                "Removed" => kind.removed = Some(release(value)),
                "Replacement" => kind.replacement = Some(replacement(value)?),
                other => anyhow::bail!("the fact {other}"),
            }
        }
    }
    found.retain(|kind, facts| facts.deprecated.is_some() && !kind.ends_with("List"));
    all.extend(found);
    Ok(())
}

/// `1, 22` as `1.22`.
fn release(value: &str) -> String {
    value.replace(", ", ".")
}

/// `schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}` as `apps/v1/Deployment`.
fn replacement(value: &str) -> anyhow::Result<String> {
    let part = |name: &str| {
        let rest = value.split_once(&format!("{name}: "))?.1;
        quoted(rest)
    };
    let group = part("Group").context("no group")?;
    let slash = if group.is_empty() { "" } else { "/" };
    let version = part("Version").context("no version")?;
    Ok(format!("{group}{slash}{version}/{}", part("Kind").context("no kind")?))
}

/// What stands between the first quotes.
fn quoted(text: &str) -> Option<&str> {
    text.split('"').nth(1)
}
