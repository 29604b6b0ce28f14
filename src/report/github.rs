//! `github`: workflow commands of GitHub Actions, which show findings at their
//! lines in a pull request, then one line for the log that sums up.
//!
//! The escapes are those that the runner takes back: `%`, CR and LF in text,
//! `:` and `,` in properties too (actions/runner, `ActionCommand.cs`). GitHub
//! shows ten annotations of each level a step; the log has them all. Coverage
//! has no annotations: the last line counts what was not checked.
//!
//! Lines and columns count from 1, columns in code points, `endColumn` is just
//! past the last character.

use std::{borrow::Cow, io};

use super::{Style, concise, escape::plain};
use crate::finding::{Level, Report};

pub(super) fn write(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &report.findings {
        let command = match finding.level {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Note | Level::Off => "notice",
        };
        let (start, end) = (finding.location.start, finding.location.end);
        write!(
            out,
            "::{command} file={},line={},col={}",
            property(&finding.location.file),
            start.line,
            start.column
        )?;
        if end > start {
            write!(out, ",endLine={},endColumn={}", end.line, end.column)?;
        }
        write!(out, ",title={}::{}", property(finding.rule), data(&finding.message))?;
        if let Some(help) = &finding.help {
            write!(out, "%0Ahelp: {}", data(help))?;
        }
        writeln!(out)?;
    }
    if !style.quiet {
        writeln!(out, "{}", concise::line(report, style))?;
    }
    Ok(())
}

/// Text after the second `::`.
fn data(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    if text.contains('%') { Cow::Owned(text.replace('%', "%25")) } else { text }
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::{Finding, Level},
        report::{
            Format, Style,
            testing::{files, finding, location, report, style, written},
        },
    };

    #[test]
    fn a_command_a_finding_and_a_line_for_the_log() {
        assert_eq!(
            written(Format::Github, &report(), &files(), &style()),
            "\
::error file=apps/api.yaml,line=7,col=16,endLine=7,endColumn=20,title=test/host::\
             pod uses the host network%0Ahelp: delete this line
::warning file=apps/api.yaml,line=10,col=14,endLine=10,endColumn=29,title=test/registry::\
             image \"docker.io/api:1\" comes from docker.io
::notice file=apps/namespace.yaml,line=1,col=1,title=test/file::nothing selects this
2 objects in 3 files checked: 1 error, 1 warning, 1 note (1 suppressed); \
             not checked: 1 unknown value, 1 not rendered
"
        );
    }

    #[test]
    fn text_from_files_stays_in_its_place() {
        let mut report = report();
        report.findings = vec![Finding {
            help: Some("100%\n::warning::b".to_owned()),
            ..finding(
                "test/host",
                Level::Error,
                "50%0A::error::a\r\n::error::b\u{1b}[2J",
                location("a,line=9::b:%41\n.yaml", "x", "x"),
            )
        }];
        let quiet = Style { quiet: true, ..style() };
        assert_eq!(
            written(Format::Github, &report, &files(), &quiet),
            "::error file=a%2Cline=9%3A%3Ab%3A%2541\\n.yaml,line=1,col=1,endLine=1,endColumn=2,\
             title=test/host::50%250A::error::a\\r\\n\\u{3a}:error::b\\u{1b}[2J\
             %0Ahelp: 100%25\\n\\u{3a}:warning::b\n"
        );
    }
}
