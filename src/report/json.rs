//! `json`: version 1 of the JSON report. The types in [`crate::finding`] are
//! its form; within a version fields are added, never renamed.

use std::io;

use serde::Serialize;

use super::escape;
use crate::finding::{Coverage, Finding, Report, Summary};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    tool: Tool,
    findings: &'a [Finding],
    suppressed: &'a [Finding],
    coverage: &'a Coverage,
    summary: &'a Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let document = Document {
        version: 1,
        tool: Tool { name: "portcullis", version: env!("CARGO_PKG_VERSION") },
        findings: &report.findings,
        suppressed: &report.suppressed,
        coverage: &report.coverage,
        summary: &report.summary,
    };
    escape::write_json(out, &document)
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
    fn every_field_is_there_in_order() {
        let mut report = report();
        report.findings.truncate(1);
        report.coverage.gaps.truncate(1);
        let version = env!("CARGO_PKG_VERSION");
        assert_eq!(
            written(Format::Json, &report, &files(), &style()),
            r#"{
  "version": 1,
  "tool": {
    "name": "portcullis",
    "version": "VERSION"
  },
  "findings": [
    {
      "rule": "test/host",
      "level": "error",
      "message": "pod uses the host network",
      "help": "delete this line",
      "label": "set here",
      "object": {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "shop",
        "name": "api"
      },
      "field": "spec.hostNetwork",
      "location": {
        "file": "apps/api.yaml",
        "start": {
          "line": 7,
          "column": 16,
          "offset": 86
        },
        "end": {
          "line": 7,
          "column": 20,
          "offset": 90
        }
      },
      "related": [
        {
          "message": "of this pod",
          "location": {
            "file": "apps/api.yaml",
            "start": {
              "line": 4,
              "column": 3,
              "offset": 37
            },
            "end": {
              "line": 4,
              "column": 12,
              "offset": 46
            }
          }
        },
        {
          "message": "in this namespace",
          "location": {
            "file": "apps/namespace.yaml",
            "start": {
              "line": 3,
              "column": 18,
              "offset": 48
            },
            "end": {
              "line": 3,
              "column": 22,
              "offset": 52
            }
          }
        }
      ],
      "clusters": [],
      "fingerprint": "0123456789abcdef0123456789abcdef",
      "fix": null,
      "suppression": null
    }
  ],
  "suppressed": [
    {
      "rule": "test/probe",
      "level": "error",
      "message": "container \"api\" has no probe",
      "help": null,
      "object": {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "shop",
        "name": "api"
      },
      "field": null,
      "location": {
        "file": "apps/api.yaml",
        "start": {
          "line": 9,
          "column": 7,
          "offset": 121
        },
        "end": {
          "line": 10,
          "column": 12,
          "offset": 142
        }
      },
      "related": [],
      "clusters": [],
      "fingerprint": "33333333333333333333333333333333",
      "fix": null,
      "suppression": {
        "kind": "comment",
        "reason": "it has no probe on purpose",
        "location": {
          "file": "apps/api.yaml",
          "start": {
            "line": 7,
            "column": 21,
            "offset": 91
          },
          "end": {
            "line": 7,
            "column": 28,
            "offset": 100
          }
        }
      }
    }
  ],
  "coverage": {
    "files": 3,
    "documents": 4,
    "objects": 2,
    "gaps": [
      {
        "kind": "unknown-value",
        "message": "${TAG} is only known once Flux substitutes it",
        "location": {
          "file": "apps/api.yaml",
          "start": {
            "line": 10,
            "column": 14,
            "offset": 144
          },
          "end": {
            "line": 10,
            "column": 23,
            "offset": 153
          }
        }
      }
    ],
    "accepted": []
  },
  "summary": {
    "error": 1,
    "warn": 1,
    "note": 1,
    "suppressed": 1,
    "gaps": 2
  }
}
"#
            .replace("VERSION", version)
        );
    }

    #[test]
    fn an_empty_report_is_whole() {
        let written = written(Format::Json, &Report::default(), &files(), &style());
        let value: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(value["findings"], serde_json::json!([]));
        assert_eq!(value["coverage"]["gaps"], serde_json::json!([]));
        assert_eq!(value["summary"]["error"], 0);
    }
}
