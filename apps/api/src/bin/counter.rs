//! The counter: see `api::counter`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::run::main(&api::counter::SERVICE)
}
