//! Reports against the readers they are for: the SARIF schema, a JUnit schema,
//! and what GitHub's runner does with each line of a log.
//!
//! The schemas are those that two dev-dependencies carry in their sources. Reports
//! are made from seeded random findings whose texts hold whatever could break a
//! format. The JUnit test needs `xmllint`; where it is missing the test says so,
//! or fails if `PORTCULLIS_REQUIRE` has the word `xmllint`.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "all of it is a test, which clippy sees by #[test] alone"
)]

mod case;
mod log_command;

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Command,
    sync::{Arc, LazyLock},
};

use case::{Case, style};
use libtest_mimic::{Arguments, Failed, Trial};
use log_command::LogCommand;
use portcullis::{
    finding::{Finding, Level, Location, Position, Report},
    report::{Format, Style},
};
use serde_json::Value;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("same_report_same_bytes", same_report_same_bytes),
        Trial::test("nothing_acts_on_a_terminal_or_a_log", nothing_acts_on_a_terminal_or_a_log),
        Trial::test("github_reads_back_every_finding", github_reads_back_every_finding),
        Trial::test("json_loses_nothing", json_loses_nothing),
        Trial::test("sarif_is_valid", sarif_is_valid),
        Trial::test("gitlab_has_every_finding", gitlab_has_every_finding),
        Trial::test("human_has_every_finding", || {
            human_has_every_finding();
            Ok(())
        }),
        Trial::test("ten_thousand_findings_in_one_file", || {
            ten_thousand_findings_in_one_file();
            Ok(())
        }),
    ];
    let has_xmllint = Command::new("xmllint").arg("--version").output().is_ok();
    let is_required = std::env::var("PORTCULLIS_REQUIRE")
        .is_ok_and(|words| words.split([',', ' ']).any(|word| word == "xmllint"));
    if !has_xmllint {
        eprintln!("xmllint is missing (Debian: libxml2-utils): JUnit reports are not validated");
    }
    trials.push(
        Trial::test("junit_is_valid", junit_is_valid)
            .with_ignored_flag(!has_xmllint && !is_required),
    );
    libtest_mimic::run(&arguments, trials).exit();
}

const SEEDS: u64 = 150;

const FORMATS: [Format; 7] = [
    Format::Human,
    Format::Concise,
    Format::Json,
    Format::Sarif,
    Format::Junit,
    Format::Github,
    Format::Gitlab,
];

fn same_report_same_bytes() -> Result<(), Failed> {
    for seed in 0..SEEDS {
        for format in FORMATS {
            let (one, other) = (Case::random(seed), Case::random(seed));
            if one.write(format, &style()) != other.write(format, &style()) {
                return Err(format!("{format:?} differs, seed {seed}").into());
            }
        }
    }
    Ok(())
}

fn nothing_acts_on_a_terminal_or_a_log() -> Result<(), Failed> {
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        for format in FORMATS {
            for unicode in [true, false] {
                let text = case.write(format, &Style { unicode, ..style() });
                if let Some(c) = text.chars().find(|c| acts(*c)) {
                    return Err(format!("{format:?} has {c:?}, seed {seed}").into());
                }
                let commands = text.lines().filter_map(LogCommand::parse).count();
                let expected =
                    if format == Format::Github { case.report.findings.len() } else { 0 };
                if commands != expected {
                    let message =
                        format!("{format:?} has {commands} commands, seed {seed}:\n{text}");
                    return Err(message.into());
                }
                for marker in ["##[", "##vso[", "##teamcity["] {
                    let is_escaped = format == Format::Github || !text.contains(marker);
                    if !is_escaped {
                        return Err(format!("{format:?} has {marker}, seed {seed}").into());
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether a terminal, or somebody who reads it, is misled by a character.
fn acts(c: char) -> bool {
    let controls = c < ' ' && c != '\n' && c != '\t';
    let more_controls = ('\u{7f}'..='\u{9f}').contains(&c);
    let directions = "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\
                      \u{2066}\u{2067}\u{2068}\u{2069}";
    controls
        || more_controls
        || directions.contains(c)
        || "\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}".contains(c)
}

fn github_reads_back_every_finding() -> Result<(), Failed> {
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        let text = case.write(Format::Github, &Style { quiet: true, ..style() });
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), case.report.findings.len(), "seed {seed}");
        for (line, finding) in lines.into_iter().zip(&case.report.findings) {
            let command = LogCommand::parse(line).ok_or("no command")?;
            let level = match finding.level {
                Level::Error => "error",
                Level::Warn => "warning",
                _ => "notice",
            };
            assert_eq!(command.name, level);
            assert_eq!(command.properties["title"], finding.rule);
            assert_eq!(command.properties["line"], finding.location.start.line.to_string());
            assert_eq!(command.properties["col"], finding.location.start.column.to_string());
            let is_harmless = |text: &str| !text.contains(|c| acts(c) || c == '\n' || c == '\\');
            if is_harmless(&finding.location.file) && !finding.location.file.is_empty() {
                let file = finding.location.file.trim_end();
                if !file.contains("##") && !file.contains("::") {
                    assert_eq!(command.properties["file"], *finding.location.file, "seed {seed}");
                }
            }
            let message = command.data.split('\n').next().unwrap_or_default();
            if is_harmless(&finding.message)
                && !finding.message.contains("##")
                && !finding.message.contains("::")
            {
                assert_eq!(message, finding.message, "seed {seed}");
            }
        }
    }
    Ok(())
}

fn json_loses_nothing() -> Result<(), Failed> {
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        let value: Value = serde_json::from_str(&case.write(Format::Json, &style()))?;
        let Report { findings, suppressed, coverage, summary } = &case.report;
        let keys: Vec<&String> = value.as_object().ok_or("no object")?.keys().collect();
        assert_eq!(keys, ["version", "tool", "findings", "suppressed", "coverage", "summary"]);
        assert_eq!(value["version"], 1);
        assert_eq!(value["findings"], serde_json::to_value(findings)?, "seed {seed}");
        assert_eq!(value["suppressed"], serde_json::to_value(suppressed)?, "seed {seed}");
        assert_eq!(value["coverage"], serde_json::to_value(coverage)?, "seed {seed}");
        assert_eq!(value["summary"], serde_json::to_value(summary)?, "seed {seed}");
    }
    Ok(())
}

/// Where the sources of a package lie that this one is built or tested with.
fn sources_of(package: &str) -> PathBuf {
    static METADATA: LazyLock<Value> = LazyLock::new(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let version = Command::new(&cargo).arg("-vV").output().expect("cargo runs");
        let version = String::from_utf8_lossy(&version.stdout).into_owned();
        let host = version.lines().find_map(|line| line.strip_prefix("host: "));
        // Without the filter, packages of other platforms would have to be fetched.
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked", "--offline"])
            .args(["--filter-platform", host.expect("cargo names its host")])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
    });
    let packages = METADATA["packages"].as_array().expect("there are packages");
    let found = packages.iter().find(|found| found["name"] == package);
    let manifest = found.unwrap_or_else(|| panic!("{package} is no dependency"))["manifest_path"]
        .as_str()
        .expect("a path");
    PathBuf::from(manifest).parent().expect("a folder").to_owned()
}

fn sarif_is_valid() -> Result<(), Failed> {
    let schema = fs::read_to_string(sources_of("serde-sarif").join("src/schema.json"))?;
    // The pattern of a language has a bracket too many to be a regular expression.
    let (wrong, right) = ("{2}-[a-zA-Z]{2}]?$", "{2}-[a-zA-Z]{2}$");
    assert_eq!(schema.matches(wrong).count(), 2);
    let schema: Value = serde_json::from_str(&schema.replace(wrong, right))?;
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .map_err(|error| error.to_string())?;
    // The schema refuses what it should.
    let broken = serde_json::json!({"version": "2.1.0", "runs": [{"tool": {}}]});
    assert!(!validator.is_valid(&broken));
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        let log: Value = serde_json::from_str(&case.write(Format::Sarif, &style()))?;
        let errors: Vec<String> = validator
            .iter_errors(&log)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "seed {seed}: {errors:#?}");
        let run = &log["runs"][0];
        let listed = run["tool"]["driver"]["rules"].as_array().ok_or("no rules")?;
        let results = run["results"].as_array().ok_or("no results")?;
        let findings = case.report.findings.iter().chain(&case.report.suppressed);
        assert_eq!(results.len(), findings.clone().count(), "seed {seed}");
        for (result, finding) in results.iter().zip(findings) {
            assert_eq!(result["ruleId"], finding.rule);
            let index = result["ruleIndex"].as_u64().ok_or("no index")?;
            assert_eq!(listed[usize::try_from(index)?]["id"], finding.rule);
        }
        let notifications = &run["invocations"][0]["toolExecutionNotifications"];
        let notifications = notifications.as_array().ok_or("no notifications")?;
        assert_eq!(notifications.len(), case.report.coverage.gaps.len(), "seed {seed}");
    }
    Ok(())
}

fn gitlab_has_every_finding() -> Result<(), Failed> {
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        let entries: Value = serde_json::from_str(&case.write(Format::Gitlab, &style()))?;
        let entries = entries.as_array().ok_or("no array")?;
        assert_eq!(entries.len(), case.report.findings.len(), "seed {seed}");
        for (entry, finding) in entries.iter().zip(&case.report.findings) {
            assert_eq!(entry["fingerprint"], finding.fingerprint);
            assert_eq!(entry["location"]["path"], *finding.location.file);
            let lines = &entry["location"]["lines"];
            assert_eq!(lines["begin"], finding.location.start.line);
            assert!(lines["end"].as_u64() >= lines["begin"].as_u64(), "seed {seed}");
        }
    }
    Ok(())
}

fn human_has_every_finding() {
    for seed in 0..SEEDS {
        let case = Case::random(seed);
        let text = case.write(Format::Human, &style());
        let heads = ["error[", "warning[", "note["];
        let heads = text.lines().filter(|line| heads.iter().any(|head| line.starts_with(head)));
        assert_eq!(heads.count(), case.report.findings.len(), "seed {seed}:\n{text}");
        assert!(!text.contains("Failed to read contents"), "seed {seed}:\n{text}");
        for finding in &case.report.findings {
            let start = finding.location.start;
            let place = format!(":{}:{}", start.line, start.column);
            assert!(text.contains(&place), "seed {seed}: no {place} in\n{text}");
        }
    }
}

/// A snippet must not cost a pass over its file: with ten megabytes and ten
/// thousand findings this test would take minutes.
fn ten_thousand_findings_in_one_file() {
    for line_end in ["\n", " "] {
        let line = format!("{:<1023}{line_end}", "key: value # ");
        let source = line.repeat(10_000);
        let findings = (0..10_000_u32).map(|number| {
            let place = |column: u32| match line_end {
                "\n" => Position { line: number + 1, column, offset: number * 1024 + column - 1 },
                _ => Position {
                    line: 1,
                    column: number * 1024 + column,
                    offset: number * 1024 + column - 1,
                },
            };
            Finding {
                rule: "test/unlisted",
                level: Level::Error,
                message: "it is wrong".to_owned(),
                help: None,
                label: Some("here".to_owned()),
                object: None,
                field: None,
                location: Location { file: Arc::from("f.yaml"), start: place(6), end: place(11) },
                related: Vec::new(),
                clusters: Vec::new(),
                fingerprint: format!("{number:032x}"),
                fix: None,
                suppression: None,
            }
        });
        let report = Report { findings: findings.collect(), ..Report::default() };
        let case = Case { report, files: BTreeMap::from([("f.yaml".to_owned(), source)]) };
        let text = case.write(Format::Human, &style());
        assert_eq!(text.matches("╰── here").count(), 10_000);
        assert_eq!(text.matches("key: value").count(), {
            // Each line of a snippet, its neighbours too, has one.
            if line_end == "\n" { 3 * 10_000 - 2 } else { 10_000 }
        });
    }
}

/// What the schema doesn't know, though readers do: each is a change of text
/// that takes it out. `testsuites` counts skipped tests (quick-junit writes that
/// always), `skipped` has a message (as pytest and Maven Surefire write it).
fn without_extensions(xml: &str) -> String {
    let mut text = String::new();
    for line in xml.lines() {
        let indent = line.len() - line.trim_start().len();
        if let Some(rest) = line.strip_prefix("<testsuites ") {
            let attributes = rest.split(' ').filter(|attribute| !attribute.starts_with("skipped="));
            text.push_str("<testsuites ");
            text.push_str(&attributes.collect::<Vec<_>>().join(" "));
        } else if let Some(message) = line
            .trim_start()
            .strip_prefix("<skipped message=\"")
            .and_then(|rest| rest.strip_suffix("\"/>"))
        {
            text.push_str(&line[..indent]);
            text.push_str("<skipped>");
            text.push_str(message);
            text.push_str("</skipped>");
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

fn junit_is_valid() -> Result<(), Failed> {
    let schema = sources_of("junit-report").join("tests/JUnit.xsd");
    let folder = tempfile::tempdir()?;
    let mut files = Vec::new();
    for seed in 0..SEEDS {
        let xml = Case::random(seed).write(Format::Junit, &style());
        let file = folder.path().join(format!("{seed}.xml"));
        fs::write(&file, without_extensions(&xml))?;
        files.push(file);
    }
    let validate = |files: &[PathBuf]| {
        Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(&schema)
            .args(files)
            .output()
            .map_err(|error| format!("xmllint can't be run: {error}"))
    };
    let output = validate(&files)?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(" validates\n").count(), files.len(), "{said}");

    // The extensions are still what they are said to be.
    let skipped = (0..SEEDS)
        .map(|seed| Case::random(seed).write(Format::Junit, &style()))
        .find(|xml| xml.contains("<skipped "))
        .ok_or("no report has a skipped test")?;
    let file = folder.path().join("as-written.xml");
    fs::write(&file, skipped)?;
    let output = validate(&[file])?;
    let said = String::from_utf8_lossy(&output.stderr);
    for complaint in
        ["Element 'testsuites', attribute 'skipped'", "Element 'skipped', attribute 'message'"]
    {
        assert!(said.contains(complaint), "no longer an extension: {complaint}\n{said}");
    }
    let others = said.lines().filter(|line| line.contains("Schemas validity error"));
    let others = others.filter(|line| {
        !line.contains("attribute 'skipped'") && !line.contains("attribute 'message'")
    });
    assert_eq!(others.count(), 0, "{said}");
    Ok(())
}
