//! Configuration: environment variables, declared once, read once, with every error told at once.

mod environment;
mod shared;

pub use environment::{ConfigError, Environment};
pub use shared::{LogFormat, SHARED, Shared};

/// Exit code of a process whose configuration is wrong: `EX_CONFIG` of sysexits.h.
pub const EXIT_CONFIG: u8 = 78;

/// An environment variable: what is read, and what the documentation says of it.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What counts if it is unset or empty; `None` if there is no such value.
    pub default: Option<&'static str>,
    /// The values that it may have, for people.
    pub values: &'static str,
    /// What it decides, for people.
    pub meaning: &'static str,
}
