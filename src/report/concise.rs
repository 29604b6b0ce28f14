//! `concise`: `path:line:column: level[rule] message`, one line a finding, then
//! one line that sums up. Editors and `grep` read it.

use std::io;

use super::{Style, escape::plain, summary, word};
use crate::finding::Report;

pub(super) fn write(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    for finding in &report.findings {
        let at = &finding.location;
        writeln!(
            out,
            "{}:{}:{}: {}[{}] {}",
            plain(&at.file),
            at.start.line,
            at.start.column,
            word(finding.level),
            finding.rule,
            plain(&finding.message),
        )?;
    }
    if !style.quiet {
        writeln!(out, "{}", line(report, style))?;
    }
    Ok(())
}

/// The whole summary on one line.
pub(super) fn line(report: &Report, style: &Style) -> String {
    let mut line = format!(
        "{}: {}{}",
        summary::checked(&report.coverage, style.elapsed),
        summary::found(&report.summary),
        summary::suppressed(&report.summary),
    );
    if let Some(unchecked) = summary::unchecked(&report.coverage) {
        line.push_str("; not checked: ");
        line.push_str(&unchecked);
    }
    line
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::Level,
        report::{
            Format, Style,
            testing::{files, finding, location, report, style, written},
        },
    };

    #[test]
    fn a_line_a_finding_and_a_summary() {
        assert_eq!(
            written(Format::Concise, &report(), &files(), &style()),
            "\
apps/api.yaml:7:16: error[test/host] pod uses the host network
apps/api.yaml:10:14: warning[test/registry] image \"docker.io/api:1\" comes from docker.io
apps/namespace.yaml:1:1: note[test/file] nothing selects this
2 objects in 3 files checked: 1 error, 1 warning, 1 note (1 suppressed); \
             not checked: 1 unknown value, 1 not rendered
"
        );
    }

    #[test]
    fn quiet_leaves_the_summary_out() {
        let quiet = Style { quiet: true, ..style() };
        assert_eq!(written(Format::Concise, &report(), &files(), &quiet).lines().count(), 3);
    }

    #[test]
    fn nothing_in_it_acts_on_a_log() {
        let mut report = report();
        report.findings = vec![finding(
            "test/host",
            Level::Error,
            "a\n##[warning]b\u{1b}]0;title\u{7}",
            location("::error file=x::\u{1b}[2J.yaml", "x", "x"),
        )];
        let quiet = Style { quiet: true, ..style() };
        assert_eq!(
            written(Format::Concise, &report, &files(), &quiet),
            "\\u{3a}:error file=x::\\u{1b}[2J.yaml:1:1: error[test/host] \
             a\\n#\\u{23}[warning]b\\u{1b}]0;title\\u{7}\n"
        );
    }
}
