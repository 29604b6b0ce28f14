//! The greeter: see `api::greeter`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::run::main(&api::greeter::SERVICE)
}
