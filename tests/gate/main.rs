//! The gate bites: defects are planted in a copy of the folders that Flux applies, one at a time, and
//! each must be found at the line where it was planted.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop")]

mod defects;

use std::{
    fs,
    path::Path,
    process::{Command, ExitCode},
};

use defects::{DEFECTS, Defect};
use libtest_mimic::{Arguments, Failed, Trial};
use walkdir::WalkDir;

/// What Flux applies, and what portcullis is told of it.
const COPIED: &[&str] =
    &["apps", "clusters", "infrastructure", "policies", "portcullis.yaml", ".portcullisignore"];

fn main() -> ExitCode {
    let trials = DEFECTS.iter().enumerate().map(|(number, defect)| {
        let name = format!("{:02} {} in {}", number + 1, defect.rule, defect.file);
        Trial::test(name, move || is_found(defect))
    });
    let whole = Trial::test("without a defect there is no finding and no gap", nothing_is_found);
    libtest_mimic::run(&Arguments::from_args(), trials.chain([whole]).collect()).exit_code()
}

fn copy() -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copy = tempfile::tempdir().expect("a temporary folder");
    for part in COPIED {
        for entry in WalkDir::new(root.join(part)).into_iter().map(Result::unwrap) {
            let to = copy.path().join(entry.path().strip_prefix(root).unwrap());
            if entry.file_type().is_dir() {
                fs::create_dir_all(to).unwrap();
            } else {
                fs::copy(entry.path(), to).unwrap();
            }
        }
    }
    copy
}

fn check(root: &Path) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["check", "--strict", "--quiet", "--output", "json", "--root"])
        .arg(root)
        .output()
        .expect("portcullis runs");
    serde_json::from_slice(&output.stdout).expect("a JSON report")
}

fn is_found(defect: &Defect) -> Result<(), Failed> {
    let copy = copy();
    let path = copy.path().join(defect.file);
    let text = if defect.before.is_empty() {
        defect.after.to_owned()
    } else {
        let text = fs::read_to_string(&path)?;
        if text.matches(defect.before).count() == 0 {
            return Err(format!("{} doesn't hold {:?}", defect.file, defect.before).into());
        }
        text.replacen(defect.before, defect.after, 1)
    };
    let line = text.split('§').next().unwrap_or_default().lines().count();
    fs::write(&path, text.replace('§', ""))?;
    let report = check(copy.path());
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let found: Vec<String> = list(&report["findings"])
        .iter()
        .flat_map(|finding| {
            let rule = finding["rule"].as_str().unwrap_or_default().to_owned();
            let at = |place: &serde_json::Value| {
                let file = place["location"]["file"].as_str().unwrap_or_default();
                format!("{rule} at {file}:{}", place["location"]["start"]["line"])
            };
            // Of those that wait for each other, none is the one at fault: all are named.
            let places = if rule == "flux/depends-on-cycle" {
                list(&finding["related"]).iter().map(at).collect()
            } else {
                Vec::new()
            };
            [at(finding)].into_iter().chain(places).collect::<Vec<_>>()
        })
        .collect();
    let wanted = format!("{} at {}:{line}", defect.rule, defect.file);
    if found.contains(&wanted) {
        return Ok(());
    }
    Err(format!("no {wanted}, but\n{}", found.join("\n")).into())
}

fn nothing_is_found() -> Result<(), Failed> {
    let copy = copy();
    let report = check(copy.path());
    let empty = |value: &serde_json::Value| value.as_array().is_some_and(Vec::is_empty);
    if empty(&report["findings"]) && empty(&report["coverage"]["gaps"]) {
        return Ok(());
    }
    Err(format!("{:#}\n{:#}", report["findings"], report["coverage"]["gaps"]).into())
}
