//! A rule's manual: the `//!` comment at the head of its file.
//!
//! The manual has a summary line and the sections `## What it does`, `## Why`,
//! `## Fails`, `## Passes`, and where they apply `## Options`, `## Limits`,
//! `## References`. The code blocks under Fails and Passes are examples; they
//! run as tests. One about a change has two blocks: `Before:`, and `After:`.

use super::Rule;

/// The manual of one rule.
#[derive(Clone, Debug)]
pub struct Manual {
    /// The text, as Markdown, without the comment marks.
    pub text: String,
    /// Its examples, in order.
    pub examples: Vec<Example>,
}

/// An example from a manual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Whether the rule reports it.
    pub fails: bool,
    /// What was there before, of a change.
    pub before: Option<String>,
    /// Manifests; a line `#- path` starts a file (`portcullis.yaml` among them).
    pub text: String,
}

impl Manual {
    /// Reads the manual of a rule.
    pub fn of(rule: &Rule) -> Self {
        let mut text = String::new();
        for line in rule.source.lines().map_while(|line| line.strip_prefix("//!")) {
            text.push_str(line.strip_prefix(' ').unwrap_or(line));
            text.push('\n');
        }
        let mut examples = Vec::new();
        let mut fails = None;
        let mut before = None;
        let mut is_before = false;
        let mut block: Option<String> = None;
        for line in text.lines() {
            match &mut block {
                Some(example) if line.starts_with("```") => {
                    let text = std::mem::take(example);
                    block = None;
                    match fails {
                        Some(_) if is_before => before = Some(text),
                        Some(fails) => {
                            examples.push(Example { fails, before: before.take(), text });
                        }
                        None => {}
                    }
                }
                Some(example) => {
                    example.push_str(line);
                    example.push('\n');
                }
                None if line.starts_with("```") => block = Some(String::new()),
                None if line.starts_with("## ") => {
                    fails = match line {
                        "## Fails" => Some(true),
                        "## Passes" => Some(false),
                        _ => None,
                    };
                }
                None => is_before = line == "Before:" || line.is_empty() && is_before,
            }
        }
        Self { text, examples }
    }

    /// The page of a rule: its manual below a head with id, level and release.
    pub fn page(&self, rule: &Rule) -> String {
        let body = self.text.split_once("\n\n").map_or("", |(_, body)| body);
        format!(
            "# {}\n\n{}\n\nLevel: {}. Since: {}.\n\n{}",
            rule.id,
            self.summary(),
            rule.level,
            rule.since,
            body
        )
    }

    /// The summary: the first paragraph on one line.
    pub fn summary(&self) -> String {
        self.text.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The body of a section, without its heading.
    pub fn section(&self, heading: &str) -> Option<&str> {
        let start = self.text.find(&format!("## {heading}\n"))?;
        let body = self.text.get(start..)?.split_once('\n')?.1;
        Some(body.split("\n## ").next().unwrap_or(body).trim())
    }
}

#[cfg(test)]
mod tests {
    use super::Manual;
    use crate::{
        check::{Options, run, testing},
        config::{self, Config},
        rules,
    };

    #[test]
    fn every_manual_is_complete_and_its_examples_hold() {
        for rule in rules::all() {
            let manual = Manual::of(rule);
            for section in ["What it does", "Why", "Fails", "Passes"] {
                assert!(
                    manual.section(section).is_some_and(|body| !body.is_empty()),
                    "{}: no section {section}",
                    rule.id
                );
            }
            for fails in [true, false] {
                assert!(
                    manual.examples.iter().any(|example| example.fails == fails),
                    "{}: no example with fails = {fails}",
                    rule.id
                );
            }
            for example in &manual.examples {
                let contents = testing::files_of(&example.text);
                let mut config = contents.config.as_ref().map_or_else(Config::default, |file| {
                    config::load(file).unwrap_or_else(|errors| panic!("{}: {errors:?}", rule.id))
                });
                // A rule that is off by default is on in its own examples.
                if rule.level == crate::finding::Level::Off {
                    config.rules.insert(
                        rule.id.to_owned(),
                        config::RuleSetting::Level(crate::finding::Level::Warn),
                    );
                }
                let options = Options::default();
                let report = match &example.before {
                    None => run(&contents, &config, &options),
                    Some(before) => testing::update(&testing::files_of(before), &contents, &config),
                };
                let found: Vec<_> =
                    report.findings.iter().filter(|finding| finding.rule == rule.id).collect();
                assert_eq!(
                    !found.is_empty(),
                    example.fails,
                    "{}: {found:#?}\n{}",
                    rule.id,
                    example.text
                );
            }
        }
    }
}
