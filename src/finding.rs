//! What a run says: findings with their places, and what was not checked.
//!
//! These types are owned and final: reports read nothing else. Their
//! serialised form is version 1 of the JSON report.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use spanned_yaml::{Span, Tree};

/// How much a finding matters. Ordered: `Off < Note < Warn < Error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The rule doesn't run.
    Off,
    /// Worth knowing.
    Note,
    /// Should be changed.
    Warn,
    /// Must be changed.
    Error,
}

impl Level {
    /// The word used in configuration and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A place in a file. Lines and columns count from 1, columns in Unicode code
/// points; offsets are bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode code points, from 1.
    pub column: u32,
    /// Byte offset, from 0.
    pub offset: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1, offset: 0 };
}

/// A stretch of a file; `end` is exclusive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// Path relative to the repository's root, with `/`.
    pub file: Arc<str>,
    /// First character.
    pub start: Position,
    /// Just past the last character.
    pub end: Position,
}

impl Location {
    /// The lines and columns of a span in a file.
    pub fn of(file: Arc<str>, tree: &Tree, span: Span) -> Self {
        let position = |offset| {
            let at = tree.position(offset);
            Position { line: at.line, column: at.column, offset: at.offset }
        };
        Self { file, start: position(span.start), end: position(span.end) }
    }

    /// The very start of a file: for what concerns the file as a whole.
    pub fn file(file: Arc<str>) -> Self {
        Self { file, start: Position::START, end: Position::START }
    }
}

/// Which Kubernetes object a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectRef {
    /// `apiVersion` as written.
    pub api_version: String,
    /// `kind` as written.
    pub kind: String,
    /// `metadata.namespace` as written.
    pub namespace: Option<String>,
    /// `metadata.name`, or `generateName` followed by `*`.
    pub name: String,
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// A second place that explains a finding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    /// What is to be seen there.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// Why a finding doesn't count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// Which kind of suppression matched.
    pub kind: SuppressionKind,
    /// The reason that its author gave.
    pub reason: Option<String>,
    /// The place where it is written, unless it is a baseline entry.
    pub location: Option<Location>,
}

/// Where a suppression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum SuppressionKind {
    /// `# portcullis: ignore[...]` in the manifest.
    Comment,
    /// The annotation `portcullis.dev/ignore`.
    Annotation,
    /// `ignore` in portcullis.yaml.
    Config,
    /// A baseline file.
    Baseline,
}

/// One offence against one rule at one place.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// The rule's id, `group/name`.
    pub rule: &'static str,
    /// Level after configuration.
    pub level: Level,
    /// What is wrong: one line, lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// A few words for the place itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The object concerned; none for what concerns a file.
    pub object: Option<ObjectRef>,
    /// Field path in Kubernetes' notation, as `spec.containers[0].image`.
    pub field: Option<String>,
    /// The place to edit.
    pub location: Location,
    /// Places that explain, in order.
    pub related: Vec<Related>,
    /// Clusters for which it holds; empty when manifests are checked as written.
    pub clusters: Vec<String>,
    /// Stays the same when lines move: hexadecimal, 32 digits.
    pub fingerprint: String,
    /// A fix, where one is known. None yet.
    pub fix: Option<()>,
    /// Set for findings listed under `suppressed`.
    pub suppression: Option<Suppression>,
}

/// Something that was not checked, or not fully.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Gap {
    /// The kind of gap.
    pub kind: GapKind,
    /// What was not checked and why.
    pub message: String,
    /// Where.
    pub location: Location,
}

/// Kinds of coverage gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// Not rendered: a chart, an overlay.
    Unrendered,
    /// A value that can't be known offline.
    UnknownValue,
    /// A kind without schema.
    NoSchema,
    /// A file, document or field that can't be read.
    Unreadable,
    /// Left out on purpose.
    Skipped,
}

impl GapKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unrendered => "unrendered",
            Self::UnknownValue => "unknown-value",
            Self::NoSchema => "no-schema",
            Self::Unreadable => "unreadable",
            Self::Skipped => "skipped",
        }
    }
}

/// How much was read, and what was not checked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// Files read.
    pub files: usize,
    /// YAML documents in them.
    pub documents: usize,
    /// Kubernetes objects in those.
    pub objects: usize,
    /// In order of file and line.
    pub gaps: Vec<Gap>,
    /// Gaps that portcullis.yaml accepts, in order of file and line.
    pub accepted: Vec<AcceptedGap>,
}

impl Coverage {
    /// All gaps, those that are accepted last.
    pub fn all_gaps(&self) -> impl Iterator<Item = &Gap> {
        self.gaps.iter().chain(self.accepted.iter().map(|accepted| &accepted.gap))
    }
}

/// A gap that portcullis.yaml accepts: it is reported, and doesn't fail a strict run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AcceptedGap {
    /// What was not checked.
    #[serde(flatten)]
    pub gap: Gap,
    /// Why that is accepted.
    pub reason: Option<String>,
}

/// Counts of what a report lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Findings of level error.
    pub error: usize,
    /// Findings of level warn.
    pub warn: usize,
    /// Findings of level note.
    pub note: usize,
    /// Suppressed findings.
    pub suppressed: usize,
    /// Coverage gaps.
    pub gaps: usize,
}

/// All that a run says.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What counts, by file, line, column, rule.
    pub findings: Vec<Finding>,
    /// What a suppression covers, in the same order.
    pub suppressed: Vec<Finding>,
    /// What was checked, and what not.
    pub coverage: Coverage,
    /// Counts.
    pub summary: Summary,
}
