//! `portcullis rules`.

use std::{fmt::Write, process::ExitCode};

use clap::Args;

use super::{Failure, print};
use crate::rules;

/// List the rules
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Only the rules of this group, as `network`
    #[arg(value_name = "GROUP")]
    group: Option<String>,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let asked = |group: &str| arguments.group.as_deref().is_none_or(|asked| asked == group);
    let listed: Vec<_> = rules::all().filter(|rule| asked(rule.group())).collect();
    if listed.is_empty() {
        let groups: std::collections::BTreeSet<&str> =
            rules::all().map(rules::Rule::group).collect();
        let groups = groups.into_iter().collect::<Vec<_>>().join(", ");
        let asked = arguments.group.as_deref().unwrap_or_default();
        return Err(
            Failure::new(format!("there is no group {asked}")).help(format!("groups: {groups}"))
        );
    }
    let width = listed.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    let mut text = String::new();
    for rule in listed {
        let _ = writeln!(text, "{:<width$}  {:<5}  {}", rule.id, rule.level, rule.summary);
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Fails unless each of these names rules.
pub(super) fn require<'a>(patterns: impl Iterator<Item = &'a String>) -> Result<(), Failure> {
    for pattern in patterns {
        if !rules::all().any(|rule| rule.is_named_by(pattern)) {
            let failure = Failure::new(format!("there is no rule {pattern}"));
            return Err(match rules::nearest(pattern) {
                Some(nearest) => failure.help(format!("did you mean {nearest}?")),
                None => failure.help("`portcullis rules` lists them"),
            });
        }
    }
    Ok(())
}
