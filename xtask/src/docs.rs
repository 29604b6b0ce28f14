//! docs/rules: a page a rule, and their index, from the rules' own files.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use portcullis::rules::{self, Manual};
use walkdir::WalkDir;

pub(crate) fn run(check: bool) -> anyhow::Result<()> {
    let folder = crate::root().join("docs/rules");
    let pages = pages()?;
    let written: Vec<PathBuf> = WalkDir::new(&folder)
        .into_iter()
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().strip_prefix(&folder).ok().map(Path::to_owned))
        .collect();
    let mut stale: Vec<PathBuf> =
        written.into_iter().filter(|path| !pages.contains_key(path)).collect();
    for (path, text) in &pages {
        if fs::read_to_string(folder.join(path)).ok().as_ref() != Some(text) {
            stale.push(path.clone());
        }
    }
    if check {
        if stale.is_empty() {
            return Ok(());
        }
        bail!("docs/rules is out of date: run `cargo xtask docs` ({stale:?})");
    }
    for path in stale {
        let place = folder.join(&path);
        match pages.get(&path) {
            Some(text) => {
                fs::create_dir_all(place.parent().context("no folder")?)?;
                fs::write(&place, text)?;
            }
            None => fs::remove_file(&place)?,
        }
        println!("docs/rules/{}", path.display());
    }
    Ok(())
}

fn pages() -> anyhow::Result<BTreeMap<PathBuf, String>> {
    let mut pages = BTreeMap::new();
    let mut index = String::from(
        "# Rules\n\nEach page is made from the rule's own file by `cargo xtask docs`, and its \
         examples run as tests.\n`portcullis explain RULE` prints the same page.\n",
    );
    let mut group = "";
    for rule in rules::all() {
        if rule.group() != group {
            group = rule.group();
            write!(index, "\n## {group}\n\n| rule | level | reports |\n|---|---|---|\n")?;
        }
        writeln!(index, "| [{0}]({0}.md) | {1} | {2} |", rule.id, rule.level, rule.summary)?;
        let page = Manual::of(rule).page(rule);
        pages.insert(PathBuf::from(format!("{}.md", rule.id)), format!("{}\n", page.trim_end()));
    }
    pages.insert(PathBuf::from("README.md"), index);
    Ok(pages)
}
