//! A small report that the formats' tests share.

use std::sync::Arc;

use super::{Format, Sources, Style, write};
use crate::finding::{
    Coverage, Finding, Gap, GapKind, Level, Location, ObjectRef, Position, Related, Report,
    Summary, Suppression, SuppressionKind,
};

/// A manifest.
pub(super) const API: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: api
  namespace: shop
spec:
  hostNetwork: true # größe
  containers:
    - name: api
      image: docker.io/api:1
";
/// A Namespace.
pub(super) const NAMESPACE: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
";

/// The texts behind [`report`].
pub(super) struct Files(pub(super) Vec<(&'static str, String)>);

impl Sources for Files {
    fn text(&self, file: &str) -> Option<&str> {
        self.0.iter().find(|(path, _)| *path == file).map(|(_, text)| text.as_str())
    }
}

/// The files of [`report`].
pub(super) fn files() -> Files {
    Files(vec![("apps/api.yaml", API.to_owned()), ("apps/namespace.yaml", NAMESPACE.to_owned())])
}

/// The place of the first occurrence of `words` in `text`.
pub(super) fn location(file: &str, text: &str, words: &str) -> Location {
    let start = text.find(words).unwrap();
    let position = |offset: usize| {
        let before = &text[..offset];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
        Position { line: line as u32, column: column as u32, offset: offset as u32 }
    };
    Location { file: Arc::from(file), start: position(start), end: position(start + words.len()) }
}

/// A finding with nothing but what it must have.
pub(super) fn finding(
    rule: &'static str,
    level: Level,
    message: &str,
    location: Location,
) -> Finding {
    Finding {
        rule,
        level,
        message: message.to_owned(),
        help: None,
        label: None,
        object: None,
        field: None,
        location,
        related: Vec::new(),
        clusters: Vec::new(),
        fingerprint: "0123456789abcdef0123456789abcdef".to_owned(),
        fix: None,
        suppression: None,
    }
}

/// The Pod that findings of [`report`] are about.
pub(super) fn pod() -> ObjectRef {
    ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some("shop".to_owned()),
        name: "api".to_owned(),
    }
}

/// One finding of each level, one that is suppressed, and two gaps.
pub(super) fn report() -> Report {
    let api = |words| location("apps/api.yaml", API, words);
    let namespace = |words| location("apps/namespace.yaml", NAMESPACE, words);
    let findings = vec![
        Finding {
            help: Some("delete this line".to_owned()),
            label: Some("set here".to_owned()),
            object: Some(pod()),
            field: Some("spec.hostNetwork".to_owned()),
            related: vec![
                Related { message: "of this pod".to_owned(), location: api("name: api") },
                Related { message: "in this namespace".to_owned(), location: namespace("shop") },
            ],
            ..finding("test/host", Level::Error, "pod uses the host network", api("true"))
        },
        Finding {
            object: Some(pod()),
            field: Some("spec.containers[0].image".to_owned()),
            clusters: vec!["production".to_owned(), "staging".to_owned()],
            fingerprint: "11111111111111111111111111111111".to_owned(),
            ..finding(
                "test/registry",
                Level::Warn,
                "image \"docker.io/api:1\" comes from docker.io",
                api("docker.io/api:1"),
            )
        },
        Finding {
            fingerprint: "22222222222222222222222222222222".to_owned(),
            ..finding(
                "test/file",
                Level::Note,
                "nothing selects this",
                Location::file(Arc::from("apps/namespace.yaml")),
            )
        },
    ];
    let suppressed = vec![Finding {
        object: Some(pod()),
        fingerprint: "33333333333333333333333333333333".to_owned(),
        suppression: Some(Suppression {
            kind: SuppressionKind::Comment,
            reason: Some("it has no probe on purpose".to_owned()),
            location: Some(api("# größe")),
        }),
        ..finding(
            "test/probe",
            Level::Error,
            "container \"api\" has no probe",
            api("name: api\n      image"),
        )
    }];
    let gaps = vec![
        Gap {
            kind: GapKind::UnknownValue,
            message: "${TAG} is only known once Flux substitutes it".to_owned(),
            location: api("docker.io"),
        },
        Gap {
            kind: GapKind::Unrendered,
            message: "the overlay is not rendered".to_owned(),
            location: namespace("kind"),
        },
    ];
    Report {
        findings,
        suppressed,
        coverage: Coverage { files: 3, documents: 4, objects: 2, gaps, ..Coverage::default() },
        summary: Summary { error: 1, warn: 1, note: 1, suppressed: 1, gaps: 2 },
    }
}

/// A style without colour, 80 columns wide.
pub(super) fn style() -> Style {
    Style { color: false, unicode: true, width: 80, quiet: false, elapsed: None }
}

/// A report as text.
pub(super) fn written(format: Format, report: &Report, files: &Files, style: &Style) -> String {
    let mut out = Vec::new();
    write(format, report, files, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
