//! Fixtures for rules: manifests with carets under what is reported.
//!
//! A line `#- path` starts a file. A comment made of spaces, carets and
//! `rule-id: message` states a finding on the line above it, from the first
//! caret's column to the last's; `gap kind: message` in place of the rule
//! states a coverage gap. All findings and gaps must be stated, and no others.

use std::fmt::Write;

use super::{Earlier, Options, check_update, run};
use crate::{
    config::{self, Config},
    finding::{Location, Report},
    fleet::Fleet,
    repo::{Contents, File},
    rules::Rule,
};

/// Checks a fixture with one rule and the default configuration.
pub(crate) fn check(rule: &'static Rule, fixture: &str) {
    check_with(rule, "", fixture);
}

/// Checks a fixture with one rule and a portcullis.yaml.
pub(crate) fn check_with(rule: &'static Rule, config: &str, fixture: &str) {
    let (contents, expected) = read_fixture(fixture);
    let config = load(config);
    // Gaps of the engine's own are left to its tests, unless the fixture states some.
    let states_gaps = expected.iter().any(|line| line.contains(" gap "));
    let found = run_only(rule, &contents, &config);
    let found: Vec<String> =
        found.into_iter().filter(|line| states_gaps || !line.contains(" gap ")).collect();
    assert!(found == expected, "expected:\n{}\nfound:\n{}", expected.join("\n"), found.join("\n"));
}

/// Checks a fixture from a file, with the configuration that it brings in a part
/// called portcullis.yaml. With `PORTCULLIS_UPDATE=1` it writes the statements
/// anew: read the difference before you keep it.
pub(crate) fn check_file(rule: &'static Rule, path: &std::path::Path) {
    let fixture = std::fs::read_to_string(path).unwrap_or_default();
    let (contents, expected) = read_fixture(&fixture);
    let config = contents.config.as_ref().map_or_else(Config::default, |file| {
        config::load(file).unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()))
    });
    let found = run_only(rule, &contents, &config);
    if std::env::var_os("PORTCULLIS_UPDATE").is_some() {
        std::fs::write(path, stated(&fixture, &found)).unwrap_or_default();
        return;
    }
    assert!(
        found == expected,
        "{}: expected:\n{}\nfound:\n{}",
        path.display(),
        expected.join("\n"),
        found.join("\n")
    );
}

/// A fixture with these statements in place of its own.
fn stated(fixture: &str, found: &[String]) -> String {
    let mut text = String::new();
    let mut path = "fixture.yaml".to_owned();
    let mut number = 0;
    for line in fixture.lines().filter(|line| caret(line).is_none()) {
        let _ = writeln!(text, "{line}");
        if let Some(started) = line.strip_prefix("#- ") {
            (path, number) = (started.trim().to_owned(), 0);
            continue;
        }
        number += 1;
        let here = format!("{path}:{number}:");
        for statement in found.iter().filter_map(|line| line.strip_prefix(&here)) {
            let Some((columns, said)) = statement.split_once(' ') else { continue };
            let Some((start, end)) = columns.split_once('-') else { continue };
            let column = |text: &str| text.parse::<usize>().unwrap_or(2);
            let (start, end) = (column(start), column(end));
            let _ = writeln!(
                text,
                "#{:1$}{2} {said}",
                "",
                start.saturating_sub(2),
                "^".repeat(end.saturating_sub(start))
            );
        }
    }
    text
}

/// Runs one rule over files given as text; lines `path:line:column-end rule: message`.
pub(crate) fn run_only(rule: &'static Rule, contents: &Contents, config: &Config) -> Vec<String> {
    let options = Options { only: vec![rule.id.to_owned()], ..Options::default() };
    let report = run(contents, config, &options);
    let mut lines: Vec<(Location, String)> = Vec::new();
    for finding in report.findings {
        lines.push((finding.location.clone(), format!("{}: {}", finding.rule, finding.message)));
    }
    for gap in report.coverage.gaps {
        lines.push((gap.location.clone(), format!("gap {}: {}", gap.kind.as_str(), gap.message)));
    }
    lines.sort();
    lines.into_iter().map(|(at, text)| format!("{} {text}", place(contents, &at))).collect()
}

/// Checks what a change makes of files.
pub(crate) fn update(before: &Contents, now: &Contents, config: &Config) -> Report {
    let options = Options::default();
    let render = |contents| Fleet::render(contents, config, &[], None);
    let earlier = Earlier { contents: before, fleet: &render(before) };
    check_update(earlier, now, &render(now), config, &options)
}

/// Reads a fixture's files without its statements.
pub(crate) fn files_of(fixture: &str) -> Contents {
    read_fixture(fixture).0
}

/// Reads a configuration that must be right.
pub(crate) fn load(text: &str) -> Config {
    let file = File::new("portcullis.yaml", spanned_yaml::parse(text));
    config::load(&file).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn place(contents: &Contents, at: &Location) -> String {
    let file = contents.files.iter().find(|file| file.path == at.file);
    let line = file
        .and_then(|file| file.source().lines().nth(at.start.line as usize - 1))
        .unwrap_or_default();
    let line_end = line.chars().count() as u32 + 1;
    let end = if at.end.line == at.start.line { at.end.column } else { line_end };
    format!("{}:{}:{}-{}", at.file, at.start.line, at.start.column, end)
}

fn read_fixture(fixture: &str) -> (Contents, Vec<String>) {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut expected: Vec<(String, u32, u32, String)> = Vec::new();
    let mut line_number = 0;
    for line in fixture.strip_prefix('\n').unwrap_or(fixture).lines() {
        if let Some(path) = line.strip_prefix("#- ") {
            files.push((path.trim().to_owned(), String::new()));
            line_number = 0;
            continue;
        }
        if files.is_empty() {
            files.push(("fixture.yaml".to_owned(), String::new()));
        }
        let Some((path, text)) = files.last_mut() else { continue };
        if let Some((start, end, statement)) = caret(line) {
            expected.push((
                path.clone(),
                line_number,
                start,
                format!("{path}:{line_number}:{start}-{end} {statement}"),
            ));
        } else {
            line_number += 1;
            let _ = writeln!(text, "{line}");
        }
    }
    expected.sort();
    files.sort();
    let mut contents = Contents::default();
    for (path, text) in files {
        let file = File::new(path.as_str(), spanned_yaml::parse(text));
        if path == crate::repo::CONFIG_FILE {
            contents.config = Some(file);
        } else {
            contents.files.push(file);
        }
    }
    (contents, expected.into_iter().map(|(_, _, _, line)| line).collect())
}

/// Columns and statement of a caret line.
fn caret(line: &str) -> Option<(u32, u32, &str)> {
    let rest = line.trim_start().strip_prefix('#')?;
    let carets = rest.trim_start();
    let statement = carets.trim_start_matches('^');
    if statement.len() == carets.len() || !statement.starts_with(' ') {
        return None;
    }
    let start = line.len() - carets.len();
    let end = line.len() - statement.len();
    Some((start as u32 + 1, end as u32 + 1, statement.trim()))
}
