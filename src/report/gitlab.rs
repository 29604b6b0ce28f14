//! `gitlab`: the Code Quality report of GitLab, an array of findings with the
//! fields that GitLab reads (<https://docs.gitlab.com/ci/testing/code_quality/>).
//!
//! The format has no place for what was not checked: write a second report for
//! that. Errors are `critical`, warnings `minor`, notes `info`.

use std::io;

use serde::Serialize;

use super::escape;
use crate::finding::{Finding, Level, Report};

#[derive(Serialize)]
struct Entry<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Place<'a>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

/// From 1, both inclusive.
#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let entries: Vec<Entry<'_>> = report.findings.iter().map(Entry::of).collect();
    escape::write_json(out, &entries)
}

impl<'a> Entry<'a> {
    fn of(finding: &'a Finding) -> Self {
        let (start, end) = (finding.location.start, finding.location.end);
        // An end at the start of a line has nothing of that line.
        let last = if end.column == 1 { end.line.saturating_sub(1) } else { end.line };
        Self {
            description: &finding.message,
            check_name: finding.rule,
            fingerprint: &finding.fingerprint,
            severity: match finding.level {
                Level::Error => "critical",
                Level::Warn => "minor",
                Level::Note | Level::Off => "info",
            },
            location: Place {
                path: &finding.location.file,
                lines: Lines { begin: start.line, end: last.max(start.line) },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::Report,
        report::{
            Format,
            testing::{files, report, style, written},
        },
    };

    #[test]
    fn an_entry_a_finding() {
        let mut report = report();
        report.findings[0].location.end =
            crate::finding::Position { line: 9, column: 1, offset: 120 };
        assert_eq!(
            written(Format::Gitlab, &report, &files(), &style()),
            r#"[
  {
    "description": "pod uses the host network",
    "check_name": "test/host",
    "fingerprint": "0123456789abcdef0123456789abcdef",
    "severity": "critical",
    "location": {
      "path": "apps/api.yaml",
      "lines": {
        "begin": 7,
        "end": 8
      }
    }
  },
  {
    "description": "image \"docker.io/api:1\" comes from docker.io",
    "check_name": "test/registry",
    "fingerprint": "11111111111111111111111111111111",
    "severity": "minor",
    "location": {
      "path": "apps/api.yaml",
      "lines": {
        "begin": 10,
        "end": 10
      }
    }
  },
  {
    "description": "nothing selects this",
    "check_name": "test/file",
    "fingerprint": "22222222222222222222222222222222",
    "severity": "info",
    "location": {
      "path": "apps/namespace.yaml",
      "lines": {
        "begin": 1,
        "end": 1
      }
    }
  }
]
"#
        );
    }

    #[test]
    fn nothing_found_is_an_empty_array() {
        assert_eq!(written(Format::Gitlab, &Report::default(), &files(), &style()), "[]\n");
    }
}
