//! `portcullis explain`.

use std::process::ExitCode;

use clap::Args;

use super::{Failure, print};
use crate::rules::{self, Manual};

/// Show a rule's page
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The rule's id, as `images/registry`
    #[arg(value_name = "RULE")]
    rule: String,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let Some(rule) = rules::find(&arguments.rule) else {
        let failure = Failure::new(format!("there is no rule {}", arguments.rule));
        return Err(match rules::nearest(&arguments.rule) {
            Some(nearest) => failure.help(format!("did you mean {nearest}?")),
            None => failure.help("`portcullis rules` lists them"),
        });
    };
    print(&Manual::of(rule).page(rule))?;
    Ok(ExitCode::SUCCESS)
}
