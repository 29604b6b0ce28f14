//! The guides and READMEs name what is there.
//!
//! - Relative links lead to a file, and with `#` to a heading of it.
//! - In guides, runbooks and READMEs each path that starts in a folder of this repository exists,
//!   in text and in code blocks alike. `<name>`, `$NAME` and `*` stand for any name, `{a,b}` for
//!   both. Only `console` blocks are left out: `tests/docs.rs` runs those.
//! - `sh` blocks are shell, and a renamed copy is to the gate what this repository is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may stop")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use globset::GlobBuilder;
use tempfile::TempDir;
use walkdir::{DirEntry, WalkDir};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Everything in the repository, as paths from the root. What builds and tests make is left out.
fn contents() -> Vec<PathBuf> {
    let keep = |entry: &DirEntry| {
        let name = entry.file_name().to_string_lossy();
        !matches!(&*name, ".git" | "target" | "corpus" | "artifacts")
    };
    let walk = WalkDir::new(root()).min_depth(1).sort_by_file_name().into_iter();
    walk.filter_entry(keep)
        .map(|entry| entry.unwrap().path().strip_prefix(root()).unwrap().to_owned())
        .collect()
}

/// Pages that people wrote; those of rules are made from manuals, and cases are users' own.
fn pages(contents: &[PathBuf]) -> Vec<&Path> {
    let is_page = |path: &&Path| {
        path.extension().is_some_and(|extension| extension == "md")
            && !path.starts_with("docs/rules")
            && !path.starts_with("tests/cases")
            && root().join(path).is_file()
    };
    contents.iter().map(PathBuf::as_path).filter(is_page).collect()
}

/// The lines of a page outside of `console` blocks, numbered from 1.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        match (fence, line.trim_start().strip_prefix("```")) {
            (None, Some(language)) => fence = Some(language),
            (Some(_), Some(_)) => fence = None,
            (Some("console"), None) => {}
            (_, None) => lines.push((number + 1, line)),
        }
    }
    lines
}

/// GitHub's anchors of a page's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let slug = |heading: &str| -> String {
        let kept = heading.trim().to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    let headings = lines(text).into_iter().filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| slug(line.trim_start_matches('#'))).collect()
}

#[test]
fn links_lead_to_files_and_headings() {
    let contents = contents();
    let mut followed = 0;
    for page in pages(&contents) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for (number, line) in lines(&text) {
            for link in line.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let place = format!("{}:{number}: {link}", page.display());
                if link.contains("://") || link.contains(' ') {
                    continue;
                }
                let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
                let target = match path {
                    "" => root().join(page),
                    path => root().join(page).parent().unwrap().join(path),
                };
                assert!(target.exists(), "{place}: no such file");
                if !anchor.is_empty() {
                    let anchors = anchors(&fs::read_to_string(&target).unwrap());
                    assert!(anchors.contains(anchor), "{place}: not among {anchors:?}");
                }
                followed += 1;
            }
        }
    }
    assert!(followed > 50, "{followed}");
}

/// Paths that a line names: words of path characters that start with one of `folders`.
fn named(line: &str, folders: &BTreeSet<String>) -> Vec<String> {
    let is_path = |c: char| c.is_alphanumeric() || "._/*{}<>$,-".contains(c);
    let words = line.split(|c| !is_path(c));
    words
        .map(|word| word.trim_start_matches("./").trim_end_matches(['.', ',', '>', '<', '$', '-']))
        .filter(|word| word.split_once('/').is_some_and(|(first, _)| folders.contains(first)))
        // The API group of Deployments looks like a folder.
        .filter(|word| *word != "apps/v1")
        .map(str::to_owned)
        .collect()
}

/// `word` as a glob: any name for each placeholder.
fn pattern(word: &str) -> String {
    let mut pattern = String::new();
    let mut characters = word.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '<' => {
                characters.by_ref().find(|c| *c == '>');
                pattern.push('*');
            }
            '$' => {
                if characters.next_if_eq(&'{').is_some() {
                    characters.by_ref().find(|c| *c == '}');
                } else {
                    while characters.next_if(|c| c.is_alphanumeric() || *c == '_').is_some() {}
                }
                pattern.push('*');
            }
            c => pattern.push(c),
        }
    }
    pattern.trim_end_matches('/').to_owned()
}

/// Each alternative of `{a,b}`, each of which must exist.
fn alternatives(pattern: &str) -> Vec<String> {
    match (pattern.find('{'), pattern.find('}')) {
        (Some(open), Some(close)) if open < close => pattern[open + 1..close]
            .split(',')
            .flat_map(|one| {
                alternatives(&format!("{}{one}{}", &pattern[..open], &pattern[close + 1..]))
            })
            .collect(),
        _ => vec![pattern.to_owned()],
    }
}

#[test]
fn named_paths_exist() {
    let contents = contents();
    let folders = contents
        .iter()
        .filter(|path| path.components().count() == 1 && root().join(path).is_dir())
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    let is_held = |page: &&Path| {
        page.starts_with("docs/guides")
            || page.starts_with("docs/runbooks")
            || page.ends_with("docs/action.md")
            || page.ends_with("README.md")
    };
    let (mut found, mut missing) = (0, Vec::new());
    for page in pages(&contents).into_iter().filter(is_held) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for (number, line) in lines(&text) {
            for word in named(line, &folders) {
                for pattern in alternatives(&pattern(&word)) {
                    let glob = GlobBuilder::new(&pattern).literal_separator(true).build();
                    let glob = glob.expect(&word).compile_matcher();
                    // A package's README names what lies beside it.
                    let beside = page.parent().unwrap();
                    let exists = contents.iter().any(|path| {
                        glob.is_match(path)
                            || path.strip_prefix(beside).is_ok_and(|path| glob.is_match(path))
                    });
                    if exists {
                        found += 1;
                    } else {
                        missing.push(format!("{}:{number}: {word}", page.display()));
                    }
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(found > 80, "{found}");
}

#[test]
fn commands_are_shell() {
    let contents = contents();
    let mut read = 0;
    for page in pages(&contents) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for block in text.split("\n```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next()) {
            let output = Command::new("bash").args(["-n", "-c", block]).output().unwrap();
            let problem = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{}: {problem}\n{block}", page.display());
            read += 1;
        }
    }
    assert!(read > 30, "{read}");
}

#[test]
fn paths_are_found_in_text_and_code() {
    let folders = ["apps".to_owned(), ".github".to_owned()].into();
    let line = "see `apps/<service>/overlays/{staging,production}`, ./apps/$SERVICE/base/x.yaml. \
                https://example.com/apps/no apps/v1 (.github/scripts/image)";
    let words = named(line, &folders);
    let patterns: Vec<_> = words.iter().flat_map(|word| alternatives(&pattern(word))).collect();
    assert_eq!(
        patterns,
        [
            "apps/*/overlays/staging",
            "apps/*/overlays/production",
            "apps/*/base/x.yaml",
            ".github/scripts/image"
        ]
    );
}

#[test]
fn a_copy_with_other_names_is_the_same_to_the_gate() {
    let folder = TempDir::new().unwrap();
    for path in contents() {
        let (from, to) = (root().join(&path), folder.path().join(&path));
        if from.is_dir() {
            fs::create_dir(&to).unwrap();
        } else {
            fs::copy(&from, &to).unwrap();
        }
    }
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    };
    assert_eq!(run("git", &["init", "--quiet"]).0, Some(0));
    assert_eq!(run("git", &["add", "--all"]).0, Some(0));

    let rename = ".github/scripts/rename";
    for wrong in [
        ["Fab", "x.example", "a/b"],
        ["fabrikam", "example", "a/b"],
        ["fabrikam", "x.example", "a"],
    ] {
        assert_eq!(run(rename, &wrong).0, Some(1), "{wrong:?}");
    }
    let (code, text) = run(rename, &["fabrikam", "cloud.fabrikam.example", "fabrikam/platform"]);
    assert_eq!(code, Some(0), "{text}");
    let places = ["apps", "clusters", "infrastructure", "policies", "portcullis.yaml", ".github"];
    let search =
        ["grep", "--line-number", "--ignore-case", "-e", "contoso", "-e", "portcullis-dev"];
    let (_, left) = run("git", &[&search[..], &["--"], &places[..]].concat());
    // The script names what it replaces; examples/ keeps its registry.
    let is_left = |line: &&str| {
        !line.contains(".github/scripts/rename") && !line.contains("contoso.azurecr.io/shop")
    };
    let left: Vec<_> = left.lines().filter(is_left).collect();
    assert!(left.is_empty(), "{}", left.join("\n"));

    // Whatever the gate says here it says there.
    let portcullis = env!("CARGO_BIN_EXE_portcullis");
    let gate = |root: &str| {
        let format = ["--strict", "--output", "concise"];
        run(portcullis, &[&["check", root, "--root", root], &format[..]].concat())
    };
    let (here, there) = (gate(root().to_str().unwrap()), gate("."));
    let renamed = here.1.replace("contoso.example", "cloud.fabrikam.example");
    assert_eq!((here.0, renamed.replace("contoso.azurecr", "fabrikam.azurecr")), there);
}
