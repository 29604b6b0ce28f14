//! The predictor: see `api::predictor`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::run::main(&api::predictor::SERVICE)
}
