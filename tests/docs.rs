//! The examples in the documentation.
//!
//! - A `yaml` block that starts with `# portcullis.yaml` is a configuration that loads.
//! - A `yaml` block with `apiVersion` is manifests that can be read, and whose suppressions are
//!   all in use and well formed.
//! - In a `console` block a line `$ portcullis ...` is run at the repository's root; what follows
//!   is exactly what it prints. `PORTCULLIS_UPDATE=1` writes that anew.
//! - Links to files of the repository lead somewhere.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use portcullis::{
    check::{Options, run},
    config::{self, Config},
    repo::{Contents, File},
};
use walkdir::WalkDir;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Pages that people wrote. Those of rules are made from manuals, whose examples have their own test.
fn pages() -> Vec<PathBuf> {
    let docs = WalkDir::new(root().join("docs")).sort_by_file_name().into_iter();
    let docs = docs.filter_map(|entry| entry.ok().map(walkdir::DirEntry::into_path));
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    docs.chain(top.map(|name| root().join(name)))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

/// The fenced blocks of a page: language, line, text.
fn blocks(text: &str) -> Vec<(String, usize, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, usize, String)> = None;
    for (number, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), number + 2, String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, _, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn configurations_load_and_manifests_can_be_read() {
    let (mut configurations, mut manifests) = (0, 0);
    for page in pages().iter().filter(|page| !page.starts_with(root().join("docs/rules"))) {
        for (language, line, block) in blocks(&fs::read_to_string(page).unwrap()) {
            let place = format!("{}:{line}", page.display());
            if language != "yaml" {
                continue;
            }
            let file = File::new("docs.yaml", spanned_yaml::parse(block.as_str()));
            assert!(file.tree.errors().is_empty(), "{place}: {:?}", file.tree.errors());
            if block.starts_with("# portcullis.yaml\n") {
                if let Err(errors) = config::load(&file) {
                    panic!("{place}: {errors:?}");
                }
                configurations += 1;
            } else if block.contains("apiVersion:") {
                let contents = Contents { files: vec![file], ..Contents::default() };
                let report = run(&contents, &Config::default(), &Options::default());
                assert!(report.coverage.gaps.is_empty(), "{place}: {:?}", report.coverage.gaps);
                let odd: Vec<_> = report
                    .findings
                    .iter()
                    .filter(|finding| finding.rule.starts_with("suppression/"))
                    .collect();
                assert!(odd.is_empty(), "{place}: {odd:?}");
                manifests += 1;
            }
        }
    }
    assert!(configurations >= 6 && manifests >= 2, "{configurations}, {manifests}");
}

#[test]
fn consoles_show_what_is_printed() {
    let mut shown = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for (language, line, block) in blocks(&text) {
            if language != "console" {
                continue;
            }
            let place = format!("{}:{line}", page.display());
            let (command, expected) = block.split_once('\n').unwrap_or((&block, ""));
            let arguments = command.strip_prefix("$ portcullis ").expect(&place);
            let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
                .args(arguments.split_whitespace())
                .current_dir(root())
                .env_clear()
                .env("COLUMNS", "80")
                .output()
                .unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            if std::env::var_os("PORTCULLIS_UPDATE").is_some() {
                let block_now = format!("{command}\n{printed}");
                fs::write(&page, text.replace(&block, &block_now)).unwrap();
            } else {
                assert_eq!(printed, expected, "{place}");
            }
            shown += 1;
        }
    }
    assert!(shown > 0);
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.contains(' ') {
                continue;
            }
            let target = page.parent().unwrap_or(root()).join(path);
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}
