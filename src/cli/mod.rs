//! The command line: one file a subcommand. Only here is anything printed, and
//! the environment read.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is the edge")]

mod build;
mod check;
mod completions;
mod diff;
mod explain;
mod graph;
mod images;
mod init;
mod output;
mod progress;
mod repository;
mod rules;
mod schema;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use output::{Output, OutputError};

/// A linter and policy gate for Flux GitOps repositories
///
/// portcullis checks Kubernetes manifests against restricted Pod Security,
/// deny-egress NetworkPolicy, resource limits and an image policy, and points
/// at the line that somebody wrote.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, max_term_width = 100, after_long_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis check                     check the repository around this folder
  portcullis check apps/greeter        report only what lies under apps/greeter
  portcullis check --changed           report what changed files can have caused
  helm template . | portcullis check - check what another tool rendered
  portcullis build production          print what Flux would apply to a cluster
  portcullis diff origin/main          what a change does to every cluster
  portcullis graph                     clusters, their Kustomizations and sources
  portcullis explain images/registry   read a rule's page
  portcullis schema add crds.yaml      add CRDs that objects are held against
  portcullis init                      write portcullis.yaml, a hook and a workflow

Exit status:
  0  nothing at or above --fail-on
  1  findings
  2  the run itself failed: bad flag, unreadable configuration, nothing to check";

#[derive(Debug, Subcommand)]
enum Command {
    Check(Box<check::Arguments>),
    Build(build::Arguments),
    Diff(diff::Arguments),
    Graph(graph::Arguments),
    Images(images::Arguments),
    Explain(explain::Arguments),
    Rules(rules::Arguments),
    Schema(schema::Arguments),
    Init(init::Arguments),
    Completions(completions::Arguments),
}

/// Findings were found.
const FINDINGS: u8 = 1;
/// The run itself failed.
const FAILED: u8 = 2;

/// An error that ends a run, in words for whoever started it.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Runs the command that the process's arguments ask for.
pub fn run() -> ExitCode {
    let matches = match Arguments::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help goes to standard output with 0, usage errors to standard error with 2.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(FAILED));
        }
    };
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(FAILED);
        }
    };
    let result = match arguments.command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Build(arguments) => build::run(&arguments),
        Command::Diff(arguments) => diff::run(&arguments),
        Command::Graph(arguments) => graph::run(&arguments),
        Command::Images(arguments) => images::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
    };
    result.unwrap_or_else(|failure| {
        let styles = terminal::Styles::for_stderr(terminal::ColorChoice::Auto);
        eprintln!("{}error{}: {}", styles.error, styles.reset, failure.message);
        if let Some(help) = failure.help {
            eprintln!("  {}help{}: {help}", styles.help, styles.reset);
        }
        ExitCode::from(FAILED)
    })
}

/// Writes to standard output. A reader that has gone away (`| head`) is no error.
fn print(text: &str) -> Result<(), Failure> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(format!("standard output can't be written: {error}")))
        }
        _ => Ok(()),
    }
}
