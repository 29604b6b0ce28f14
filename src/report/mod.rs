//! Writes what a run found, one file a format.
//!
//! A report sees findings, coverage and the text of files, nothing else. Each
//! format is a function in its own file that is named once in [`write`].
//!
//! Files, and so messages and snippets, may come from anybody who can open a
//! pull request, while reports end up on terminals and in logs that obey what
//! they read. `escape` is what every format sends such text through.

mod concise;
mod escape;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod json;
mod junit;
mod sarif;
mod summary;

use std::{io, time::Duration};

use clap::ValueEnum;

use crate::finding::{Level, Report};

/// The texts that a report shows pieces of.
pub trait Sources {
    /// The text of a file, by its path relative to the repository's root. None
    /// for files that are not text or were not read.
    fn text(&self, file: &str) -> Option<&str>;
}

/// Format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Snippets with carets, for people
    Human,
    /// One line a finding
    Concise,
    /// Everything, for programs
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML, for test result pages
    Junit,
    /// Workflow commands of GitHub Actions
    Github,
    /// Code Quality report of GitLab
    Gitlab,
}

/// How a report is dressed.
#[derive(Clone, Debug)]
pub struct Style {
    /// Whether to colour with ANSI escapes.
    pub color: bool,
    /// Whether to draw with characters beyond ASCII.
    pub unicode: bool,
    /// Columns to fit into, where a format can.
    pub width: usize,
    /// Only findings, no summary.
    pub quiet: bool,
    /// How long the run took, if that is to be shown.
    pub elapsed: Option<Duration>,
}

/// Writes a report. The same report gives the same bytes, but for
/// [`Style::elapsed`].
///
/// # Errors
///
/// Those of `out`.
pub fn write(
    format: Format,
    report: &Report,
    sources: &dyn Sources,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, sources, style, out),
        Format::Concise => concise::write(report, style, out),
        Format::Json => json::write(report, out),
        Format::Sarif => sarif::write(report, out),
        Format::Junit => junit::write(report, out),
        Format::Github => github::write(report, style, out),
        Format::Gitlab => gitlab::write(report, out),
    }
}

/// The word for a level in prose, as compilers have it.
fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
        Level::Off => "off",
    }
}

#[cfg(test)]
mod testing;
