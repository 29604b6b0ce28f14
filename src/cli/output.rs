//! `--output FORMAT[=FILE]`.

use std::{path::PathBuf, str::FromStr};

use clap::ValueEnum;

use crate::report::Format;

/// One report: its format, and the file it goes to (standard output if none).
#[derive(Clone, Debug)]
pub struct Output {
    /// The format.
    pub format: Format,
    /// The file.
    pub file: Option<PathBuf>,
}

/// An `--output` that isn't understood.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// There is no such format.
    #[error("there is no format \"{0}\": use one of {1}")]
    Format(String, String),
    /// `FORMAT=` with nothing behind it.
    #[error("no file is named after \"=\"")]
    File,
}

impl FromStr for Output {
    type Err = OutputError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = match text.split_once('=') {
            Some((_, "")) => return Err(OutputError::File),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (text, None),
        };
        let format = Format::from_str(format, false)
            .map_err(|_| OutputError::Format(format.to_owned(), names()))?;
        Ok(Self { format, file })
    }
}

fn names() -> String {
    let names = Format::value_variants().iter().filter_map(ValueEnum::to_possible_value);
    names.map(|value| value.get_name().to_owned()).collect::<Vec<_>>().join(", ")
}
