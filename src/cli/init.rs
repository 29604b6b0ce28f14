//! `portcullis init`.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use memchr::memmem;

use super::{Failure, print};
use crate::repo::{self, Contents, Progress};

/// Write portcullis.yaml, a pre-commit hook and a CI workflow for this repository
///
/// Files that exist are left alone; what to add to them is printed.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
}

const HOOK: &str = "  - repo: https://github.com/portcullis-dev/portcullis
    rev: vVERSION
    hooks:
      - id: portcullis
";

const WORKFLOW: &str = "\
name: portcullis
on:
  pull_request:
  push:
    branches: [main]
permissions: {}
jobs:
  check:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      security-events: write # uploads SARIF to code scanning
    steps:
      - uses: actions/checkout@v4
        with:
          persist-credentials: false
      - run: cargo install --locked --version VERSION portcullis
      - run: portcullis check --output github --output sarif=portcullis.sarif
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with:
          sarif_file: portcullis.sarif
";

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let root =
        repo::find_root(&[&arguments.path]).map_err(|error| Failure::new(error.to_string()))?;
    let contents = repo::read(&root, repo::list(&root, &[]), &Progress::default());
    let version = |text: &str| text.replace("VERSION", env!("CARGO_PKG_VERSION"));
    let hook = version(HOOK);
    let mut said = String::new();
    write_new(&root, repo::CONFIG_FILE, &configuration(&contents), None, &mut said)?;
    write_new(
        &root,
        ".pre-commit-config.yaml",
        &format!("repos:\n{hook}"),
        Some(&hook),
        &mut said,
    )?;
    write_new(&root, ".github/workflows/portcullis.yaml", &version(WORKFLOW), None, &mut said)?;
    said.push_str("next: portcullis check\n");
    print(&said)?;
    Ok(ExitCode::SUCCESS)
}

fn write_new(
    root: &Path,
    name: &str,
    text: &str,
    addition: Option<&str>,
    said: &mut String,
) -> Result<(), Failure> {
    let path = root.join(name);
    let failure = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failure)?;
    }
    let file = fs::OpenOptions::new().write(true).create_new(true).open(&path);
    match file {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(failure)?;
            let _ = writeln!(said, "wrote {name}");
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let _ = writeln!(said, "left alone: {name} exists");
            if let Some(addition) = addition {
                let _ = writeln!(said, "  add to it, under repos:\n{addition}");
            }
        }
        Err(error) => return Err(failure(error)),
    }
    Ok(())
}

/// A portcullis.yaml that names the registries this repository uses already.
fn configuration(contents: &Contents) -> String {
    let registries = azure_registries(contents);
    let mut text = String::from(
        "# What portcullis holds this repository to. Every key is optional; what is\n\
         # left out has the default. `portcullis rules` lists the rules.\n\
         podSecurity:\n  level: restricted\n  version: latest\n",
    );
    text.push_str("images:\n");
    if registries.is_empty() {
        text.push_str(
            "  # Name your registry here: any registry on Azure is allowed until then.\n",
        );
        text.push_str("  allow: [\"*.azurecr.io\"]\n");
    } else {
        text.push_str("  # The registries that this repository uses today.\n  allow:\n");
        for registry in registries {
            let _ = writeln!(text, "    - {registry}");
        }
    }
    text.push_str(
        "egress:\n  # Beyond DNS and a pod's own namespace, what may an egress rule open?\n  \
         # - {cidr: 10.20.0.0/16, ports: [443]}\n  # - {namespace: redis, pods: {app: redis}, ports: [6379]}\n  \
         allow: []\n  exempt: {namespaces: [kube-system, flux-system]}\n",
    );
    text
}

/// Hosts `NAME.azurecr.io` that occur in the repository's manifests.
fn azure_registries(contents: &Contents) -> BTreeSet<String> {
    let suffix = memmem::Finder::new(".azurecr.io");
    let mut hosts = BTreeSet::new();
    for file in &contents.files {
        let source = file.source();
        for at in suffix.find_iter(source.as_bytes()) {
            let before = source.get(..at).unwrap_or_default();
            let name =
                before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            // Registry names have 5 to 50 letters and digits.
            if (5..=50).contains(&name.len()) {
                hosts.insert(format!("{}.azurecr.io", name.to_ascii_lowercase()));
            }
        }
    }
    hosts
}
