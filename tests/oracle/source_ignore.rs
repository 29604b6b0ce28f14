//! What is left out of artifacts: `flux_render::flux::ArtifactFiles` against the library that
//! source-controller uses, files and folders.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use flux_render::{
    Files, MemoryFiles,
    flux::{ArtifactFiles, IgnoreFile, SOURCE_IGNORE, SourceSettings},
};
use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};

use crate::{
    disagreements::Disagreements,
    generate::{self, pick},
    judge::judges,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("sourceignore::by_hand", by_hand),
        Trial::test("sourceignore::generated", generated),
    ]
}

#[derive(Clone, Debug, Serialize)]
struct Case {
    files: BTreeMap<String, String>,
    spec: Option<String>,
    bucket: bool,
    /// The judge finds the `.sourceignore` files on disk, which takes it long.
    disk: bool,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
struct Artifact {
    #[serde(default)]
    files: BTreeSet<String>,
    #[serde(default)]
    folders: BTreeSet<String>,
}

/// Paths that each case by hand has, beside its `.sourceignore` files.
const PATHS: [&str; 24] = [
    "a.yaml",
    "#a.yaml",
    "!a.yaml",
    " a.yaml",
    "a.yaml ",
    "README.md",
    ".gitignore",
    ".sops.yaml",
    ".git/config.yaml",
    ".github/workflows/ci.yaml",
    "logo.png",
    "apps/a.yaml",
    "apps/README.md",
    "apps/.sops.yaml",
    "apps/base/a.yaml",
    "apps/base/deep/a.yaml",
    "apps/web/a.yaml",
    "apps/web/logo.png",
    "apps/web/[x].yaml",
    "deploy/a.yaml",
    "deploy/README.md",
    "deploy/apps/é.yaml",
    "deploy/apps/base/a.yaml",
    "deploy-2/a.yaml",
];

/// Pairs of a `.sourceignore` file's folder and its patterns; `spec` stands for `spec.ignore`.
#[rustfmt::skip]
const BY_HAND: &[&[(&str, &str)]] = &[
    &[],
    &[("spec", "")],
    &[("spec", "# a comment\n\n   \n")],
    &[("spec", "nothing")],
    &[("spec", "/*\n!/deploy")],
    &[("spec", "# exclude all\n/*\n# include deploy dir\n!/deploy\n# but not\n/deploy/**/*.md\n/deploy/**/a.yaml")],
    &[("spec", "/*\n!/apps/web")],
    &[("spec", "/**\n!apps/")],
    &[("spec", "*\n!*.yaml")],
    &[("spec", "*\n!*/\n!*.yaml")],
    &[("spec", "**")], &[("spec", "**/")], &[("spec", "/")], &[("spec", "!")], &[("spec", "//")], &[("spec", "/**")],
    &[("spec", "apps/**")], &[("spec", "apps/**/")], &[("spec", "apps/*")], &[("spec", "apps/*/")],
    &[("spec", "**/base")], &[("spec", "**/base/")], &[("spec", "**/base/**")], &[("spec", "apps/**/a.yaml")],
    &[("spec", "**/**/a.yaml")], &[("spec", "**apps")], &[("spec", "a**.yaml")], &[("spec", "apps/b**")],
    &[("spec", "apps")], &[("spec", "apps/")], &[("spec", "/apps/")], &[("spec", "deploy")], &[("spec", "deploy*")],
    &[("spec", "base/deep")], &[("spec", "/base/deep")], &[("spec", "apps//base")],
    &[("spec", "#a.yaml")], &[("spec", "\\#a.yaml")], &[("spec", "!a.yaml")], &[("spec", "\\!a.yaml")],
    &[("spec", " a.yaml")], &[("spec", "a.yaml ")], &[("spec", "a.yaml\\ ")], &[("spec", "a.yaml  \r\n")],
    &[("spec", "\ta.yaml")], &[("spec", "a.yaml\t")], &[("spec", "\u{feff}a.yaml")], &[("spec", "a.yaml\r\r\n")],
    &[("spec", "[a-b].yaml")], &[("spec", "[")], &[("spec", "[\n*.md")], &[("spec", "[^a]*")], &[("spec", "[!a]*")],
    &[("spec", "[[]x[]].yaml")], &[("spec", "\\[x\\].yaml")], &[("spec", "?.yaml")], &[("spec", "é.yaml")],
    &[("spec", "*[^é].yaml")], &[("spec", "a.yaml\\")], &[("spec", "apps/[")], &[("spec", "**/[/a.yaml")],
    &[("", "*.md\n/deploy\n"), ("spec", "!/deploy")],
    &[("", "*.yaml"), ("apps", "!a.yaml")],
    &[("", "*.yaml"), ("apps", "!/base")],
    &[("apps", "*.yaml"), ("apps/base", "!*.yaml"), ("spec", "/apps/base/deep")],
    &[("apps", "/base"), ("apps/base", "!a.yaml")],
    &[("apps/base", "*"), ("apps", "!*")],
    &[("apps", "web")], &[("apps", "/web/\n")], &[("apps", "apps")], &[("apps", "../deploy")],
    &[("apps/web", "*"), ("deploy", "*.md"), ("spec", "!apps")],
    &[(".git", "*"), ("deploy", "#")], &[(".git", "*")],
    &[("", ".sourceignore")], &[("", "/*\n!.github")], &[("", "!logo.png")], &[("", "!.gitignore\n!.git/")],
    &[("a", "x"), ("a-b", "!x"), ("", "*.yaml\n!a.yaml"), ("a/b", "x")],
];

fn by_hand() -> Result<(), Failed> {
    let mut cases = Vec::new();
    for patterns in BY_HAND {
        let mut files: BTreeMap<String, String> =
            PATHS.iter().map(|path| ((*path).to_owned(), String::new())).collect();
        let mut spec = None;
        for (folder, text) in *patterns {
            match *folder {
                "spec" => spec = Some((*text).to_owned()),
                folder => {
                    files.insert(ignore_file(folder), (*text).to_owned());
                }
            }
        }
        for bucket in [false, true] {
            cases.push(Case { files: files.clone(), spec: spec.clone(), bucket, disk: true });
        }
    }
    // Reading ends at a line that is too long.
    for length in [65_534, 65_535, 65_536, 65_537] {
        for end in ["", "\n", "\r\n", "\n*.yaml"] {
            let files = PATHS.iter().map(|path| ((*path).to_owned(), String::new())).collect();
            let spec = Some(format!("*.md\n{}{end}", "x".repeat(length)));
            cases.push(Case { files, spec, bucket: false, disk: false });
        }
    }
    compare(&cases).map(|_| ())
}

fn ignore_file(folder: &str) -> String {
    if folder.is_empty() { SOURCE_IGNORE.to_owned() } else { format!("{folder}/{SOURCE_IGNORE}") }
}

const CASES: usize = 40_000;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "a", "a", "b", "ab", "apps", "base", "a.yaml", "b.yaml", "x.md", "é", "a b", "[a]", "*", "#a", "!a", " a", "a ", "a\\",
    ".git", ".github", ".gitignore", ".sops.yaml", "logo.png", "x.tar.gz", "cloudbuild.yaml", "**", "-", "a-b",
];

#[rustfmt::skip]
const PARTS: &[&str] = &[
    "a", "a", "b", "ab", "apps", "base", "a.yaml", "*.yaml", "*", "*", "**", "**", "?", "??", "a*", "*b", "[ab]", "[^a]",
    "[a-", "[", "]", "\\", "\\*", "\\[a]", "[a]", "**a", "a**", "é", "*[^é]", "a b", "a\\ ", "", ".git", ".github", "*.png",
    ".sops.yaml", "#a", "\\#a", "!a", "\\!a", ".*", "*.*", "[[-b]", "[]a]", "[a\\]", "*[a-b]*", "\u{fffd}", "x*d", ".sourceignore",
];

fn path(rng: &mut Rng) -> String {
    let parts: Vec<&str> = (0..rng.u8(1..5)).map(|_| pick(rng, NAMES)).collect();
    parts.join("/")
}

/// Some patterns: of such parts, or made of a path that is there, so that they match.
fn patterns(rng: &mut Rng, paths: &[String]) -> String {
    let mut text = String::new();
    for _ in 0..rng.u8(0..6) {
        if rng.u8(0..3) == 0 {
            text.push('!');
        }
        if rng.u8(0..3) == 0 {
            text.push('/');
        }
        let path = rng.choice(paths).filter(|_| rng.bool());
        let parts: Vec<&str> = match path {
            Some(path) => {
                let parts: Vec<&str> = path.split('/').collect();
                let from = rng.usize(0..parts.len());
                let to = rng.usize(from..parts.len());
                let kept = parts.get(from..=to).unwrap_or_default().iter();
                kept.map(|part| if rng.u8(0..4) == 0 { pick(rng, PARTS) } else { part }).collect()
            }
            None => (0..rng.u8(1..4)).map(|_| pick(rng, PARTS)).collect(),
        };
        text.push_str(&parts.join("/"));
        text.push_str(pick(rng, &["", "", "", "/", "/", " ", "  ", "\\ ", "/ ", "\r", "//"]));
        text.push_str(pick(rng, &["\n", "\n", "\n", "\n\n", "\n#\n"]));
    }
    text
}

fn case(rng: &mut Rng) -> Case {
    let mut paths = BTreeSet::new();
    for _ in 0..rng.u8(1..12) {
        paths.insert(path(rng));
    }
    // What others lie in is a folder.
    let is_folder = |path: &&String| {
        let below = format!("{path}/");
        paths.range(below.clone()..).next().is_some_and(|other| other.starts_with(&below))
    };
    let mut files: BTreeMap<String, String> = paths
        .iter()
        .filter(|path| !is_folder(path))
        .map(|path| (path.clone(), String::new()))
        .collect();
    let paths: Vec<String> = files.keys().cloned().collect();
    for _ in 0..rng.u8(0..3) {
        let below = rng.choice(&paths).cloned().unwrap_or_default();
        let folders: Vec<&str> =
            below.match_indices('/').filter_map(|(at, _)| below.get(..at)).collect();
        let folder = if rng.bool() { "" } else { pick(rng, &folders) };
        files.insert(ignore_file(folder), patterns(rng, &paths));
    }
    let spec = rng.bool().then(|| patterns(rng, &paths));
    Case { files, spec, bucket: rng.u8(0..8) == 0, disk: rng.u8(0..50) == 0 }
}

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("sourceignore::generated")?;
    let cases: Vec<Case> = (0..generate::cases(CASES)?).map(|_| case(&mut rng)).collect();
    let divided = compare(&cases)?;
    if divided * 4 < cases.len() {
        return Err(format!("only {divided} of {} artifacts are a part", cases.len()).into());
    }
    Ok(())
}

/// What is in our view of an artifact, asked for by path; and whether its folders list the same.
fn ours(case: &Case) -> (Artifact, bool) {
    let memory =
        MemoryFiles::new(case.files.iter().map(|(path, text)| (path.clone(), text.clone())));
    let ignore_files: Vec<IgnoreFile> = case
        .files
        .iter()
        .filter_map(|(path, text)| {
            let folder = path.strip_suffix(SOURCE_IGNORE)?.trim_end_matches('/').to_owned();
            Some(IgnoreFile { folder, content: text.clone().into_bytes() })
        })
        .collect();
    let repository = ArtifactFiles::new(&memory, ignore_files);
    let settings = SourceSettings {
        title: "GitRepository flux-system/fleet".to_owned(),
        is_bucket: case.bucket,
        ignore: case.spec.clone(),
        prefixes: Vec::new(),
    };
    let view = ArtifactFiles::of_source(&repository, settings);
    let asked = |path: &&String| !case.bucket || *path != SOURCE_IGNORE;
    let mut artifact = Artifact::default();
    for path in case.files.keys().filter(asked) {
        if view.bytes(path).is_some() {
            artifact.files.insert(path.clone());
        }
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        artifact.folders.extend(folders.filter(|path| view.is_folder(path)).map(str::to_owned));
    }
    let mut listed = Artifact::default();
    let mut queue = vec![String::new()];
    while let Some(folder) = queue.pop() {
        for entry in view.list(&folder) {
            let path = [&*folder, &*entry.name].join("/").trim_start_matches('/').to_owned();
            if entry.is_folder {
                listed.folders.insert(path.clone());
                queue.push(path);
            } else if asked(&&path) {
                listed.files.insert(path);
            }
        }
    }
    // What is there has no reason to be left out, and what isn't has one.
    let explained = case
        .files
        .keys()
        .filter(asked)
        .all(|path| view.left_out(path).is_some() != artifact.files.contains(path));
    let is_whole = listed == artifact && explained;
    (artifact, is_whole)
}

/// Compares all cases. How many artifacts have a part of the files, neither all nor none.
fn compare(cases: &[Case]) -> Result<usize, Failed> {
    let mut disagreements = Disagreements::default();
    let mut divided = 0;
    let verdicts = judges()?.ask_all::<_, Artifact>("source-ignore", cases)?;
    for (case, verdict) in cases.iter().zip(verdicts) {
        let theirs = verdict?;
        let (ours, is_whole) = ours(case);
        disagreements.compare(format!("{case:?}"), &ours, &theirs);
        disagreements.compare(format!("{case:?}: lists and reasons"), &is_whole, &true);
        divided += usize::from(!theirs.files.is_empty() && theirs.files.len() < case.files.len());
    }
    disagreements.verdict(cases.len())?;
    Ok(divided)
}
