//! `portcullis schema`.

mod add;
mod export;
mod list;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;

/// List, add and export the schemas that objects are held against
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis schema list cert-manager            what is known of a project
  portcullis schema add crds.yaml                CRDs of this file, into schemas/
  helm template . | portcullis schema add -      CRDs that another tool renders
  portcullis schema export --output editor       JSON Schemas for editors and kubeconform";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::Arguments),
    Add(add::Arguments),
    Export(export::Arguments),
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::List(arguments) => list::run(arguments),
        Command::Add(arguments) => add::run(arguments),
        Command::Export(arguments) => export::run(arguments),
    }
}
