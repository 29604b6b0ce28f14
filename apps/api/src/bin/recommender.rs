//! The recommender: see `api::recommender`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::run::main(&api::recommender::SERVICE)
}
