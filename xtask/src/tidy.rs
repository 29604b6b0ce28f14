//! What formatters and lints don't check.

use std::{fs, path::Path};

use anyhow::bail;
use walkdir::WalkDir;

/// Longer files say near their top why: a line with `Long because`.
const MAX_LINES: usize = 600;

pub(crate) fn run() -> anyhow::Result<()> {
    let mut problems = Vec::new();
    let walk = WalkDir::new(crate::root()).sort_by_file_name().into_iter().filter_entry(|entry| {
        let name = entry.file_name().to_string_lossy();
        // Cases hold what users get wrong.
        !matches!(&*name, ".git" | "target" | "cases" | "corpus" | "artifacts")
    });
    for entry in walk {
        let entry = entry?;
        let extension = entry.path().extension().unwrap_or_default().to_string_lossy();
        if !entry.file_type().is_file()
            || !matches!(&*extension, "rs" | "go" | "md" | "toml" | "yaml" | "yml" | "json")
        {
            continue;
        }
        let path = entry.path().strip_prefix(crate::root())?;
        match fs::read_to_string(entry.path()) {
            Ok(text) => check(path, &extension, &text, &mut problems),
            Err(error) => problems.push(format!("{}: {error}", path.display())),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{}", problems.join("\n"));
}

fn check(path: &Path, extension: &str, text: &str, problems: &mut Vec<String>) {
    let place = path.display();
    let lines = text.lines().count();
    let is_code = matches!(extension, "rs" | "go");
    let says_why = text.lines().take(40).any(|line| line.contains("Long because"));
    if is_code && lines > MAX_LINES && !says_why {
        problems.push(format!(
            "{place}: {lines} lines: split it, or say near its top that it is `Long because ...`"
        ));
    }
    if extension == "rs" && !text.starts_with("//!") {
        problems.push(format!("{place}: no `//!` that says what it is for"));
    }
    for (number, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            problems.push(format!("{place}:{}: blanks at the end of the line", number + 1));
        }
    }
    if text.contains('\r') {
        problems.push(format!("{place}: carriage returns"));
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        problems.push(format!("{place}: must end with one line end"));
    }
}
