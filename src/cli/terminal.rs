//! What the terminal can do, and whether to use colour.

use std::io::IsTerminal;

use clap::ValueEnum;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set; always if `CLICOLOR_FORCE` is.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether to colour a stream, which is a terminal or not. See
    /// <https://no-color.org> and <https://bixense.com/clicolors>.
    pub(super) fn colors(self, is_terminal: bool) -> bool {
        let is_set =
            |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) => {
                false
            }
            Self::Auto if is_set("CLICOLOR_FORCE") => true,
            Self::Auto => {
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                is_terminal && !dumb
            }
        }
    }
}

/// Escapes for messages on standard error; empty without colour.
pub(super) struct Styles {
    pub(super) error: &'static str,
    pub(super) warning: &'static str,
    pub(super) help: &'static str,
    pub(super) reset: &'static str,
}

impl Styles {
    pub(super) fn for_stderr(choice: ColorChoice) -> Self {
        if choice.colors(std::io::stderr().is_terminal()) {
            Self {
                error: "\u{1b}[1;31m",
                warning: "\u{1b}[1;33m",
                help: "\u{1b}[36m",
                reset: "\u{1b}[0m",
            }
        } else {
            Self { error: "", warning: "", help: "", reset: "" }
        }
    }
}

/// Columns to write for: the terminal's, at most 120; 80 elsewhere.
pub(super) fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
    let detected = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(detected).unwrap_or(80).clamp(40, 120)
}

/// Whether standard output takes characters beyond ASCII: it does when it is no
/// terminal, or one whose environment says so.
pub(super) fn unicode() -> bool {
    supports_unicode::on(supports_unicode::Stream::Stdout)
}
