//! Random reports from seeds, whose texts hold whatever could break a format.

use std::{collections::BTreeMap, sync::Arc};

use fastrand::Rng;
use portcullis::{
    finding::{
        Coverage, Finding, Gap, GapKind, Level, Location, ObjectRef, Position, Related, Report,
        Summary, Suppression, SuppressionKind,
    },
    report::{self, Format, Sources, Style},
    rules,
};

/// What files may hold to trouble a report.
const PIECES: [&str; 40] = [
    "a",
    "name: api",
    " ",
    "  ",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "é",
    "日本",
    "\u{1f469}\u{200d}\u{1f4bb}",
    "\u{1b}[31m",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "\u{0}",
    "\u{7f}",
    "\u{202e}",
    "\u{2066}",
    "\u{2028}",
    "\u{85}",
    "\u{feff}",
    "\u{ffff}",
    "\u{fffe}",
    "::error::x",
    " ::warning file=y::z",
    "##[error]x",
    "##vso[task.complete]",
    "###[add-mask]s",
    "::",
    "%0A",
    "%",
    ",",
    "\"",
    "<b>",
    "]]>",
    "&",
    "[a](1)",
    "\\",
    "{0}",
    "\u{a0}",
];

/// A report, and the files that it is about.
pub(super) struct Case {
    pub(super) report: Report,
    pub(super) files: BTreeMap<String, String>,
}

impl Sources for Case {
    fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }
}

impl Case {
    /// The report that a seed gives.
    pub(super) fn random(seed: u64) -> Self {
        let rng = &mut Rng::with_seed(seed);
        let mut files = BTreeMap::new();
        for number in 0..rng.usize(1..4) {
            let long = if rng.u8(..4) == 0 { "x".repeat(3000) } else { String::new() };
            files.insert(format!("{}{number}.yaml", text(rng, 3)), text(rng, 60) + &long);
        }
        let mut findings: Vec<Finding> =
            (0..rng.usize(..8)).map(|_| finding(rng, &files)).collect();
        findings.sort_by(|a, b| a.location.cmp(&b.location));
        let suppressed = (0..rng.usize(..3)).map(|_| Finding {
            suppression: Some(Suppression {
                kind: match rng.u8(..4) {
                    0 => SuppressionKind::Comment,
                    1 => SuppressionKind::Annotation,
                    2 => SuppressionKind::Config,
                    _ => SuppressionKind::Baseline,
                },
                reason: rng.bool().then(|| text(rng, 4)),
                location: rng.bool().then(|| location(rng, &files)),
            }),
            ..finding(rng, &files)
        });
        let suppressed: Vec<Finding> = suppressed.collect();
        let gaps = (0..rng.usize(..5)).map(|_| Gap {
            kind: match rng.u8(..5) {
                0 => GapKind::Unrendered,
                1 => GapKind::UnknownValue,
                2 => GapKind::NoSchema,
                3 => GapKind::Unreadable,
                _ => GapKind::Skipped,
            },
            message: text(rng, 4),
            location: location(rng, &files),
        });
        let gaps: Vec<Gap> = gaps.collect();
        let number = |level| findings.iter().filter(|finding| finding.level == level).count();
        let summary = Summary {
            error: number(Level::Error),
            warn: number(Level::Warn),
            note: number(Level::Note),
            suppressed: suppressed.len(),
            gaps: gaps.len(),
        };
        let coverage = Coverage {
            files: files.len(),
            documents: 3,
            objects: rng.usize(..3),
            gaps,
            ..Coverage::default()
        };
        Self { report: Report { findings, suppressed, coverage, summary }, files }
    }

    /// The report as text.
    pub(super) fn write(&self, format: Format, style: &Style) -> String {
        let mut out = Vec::new();
        report::write(format, &self.report, self, style, &mut out).expect("a Vec takes it all");
        String::from_utf8(out).expect("reports are UTF-8")
    }
}

/// Without colour, 80 columns wide.
pub(super) fn style() -> Style {
    Style { color: false, unicode: true, width: 80, quiet: false, elapsed: None }
}

fn text(rng: &mut Rng, most: usize) -> String {
    (0..rng.usize(..=most)).map(|_| PIECES[rng.usize(..PIECES.len())]).collect()
}

fn finding(rng: &mut Rng, files: &BTreeMap<String, String>) -> Finding {
    let known: Vec<&'static str> = rules::all().map(|rule| rule.id).collect();
    let rule = match rng.usize(..=known.len()) {
        0 => "test/unlisted",
        number => known[number - 1],
    };
    let object = |rng: &mut Rng| ObjectRef {
        api_version: text(rng, 2),
        kind: text(rng, 2),
        namespace: rng.bool().then(|| text(rng, 2)),
        name: text(rng, 2),
    };
    Finding {
        rule,
        level: [Level::Note, Level::Warn, Level::Error][rng.usize(..3)],
        message: text(rng, 6),
        help: rng.bool().then(|| text(rng, 30)),
        label: rng.bool().then(|| text(rng, 3)),
        object: rng.bool().then(|| object(rng)),
        field: rng.bool().then(|| text(rng, 3)),
        location: location(rng, files),
        related: (0..rng.usize(..3))
            .map(|_| Related { message: text(rng, 3), location: location(rng, files) })
            .collect(),
        clusters: (0..rng.usize(..3)).map(|_| text(rng, 2)).collect(),
        fingerprint: format!("{:032x}", rng.u128(..)),
        fix: None,
        suppression: None,
    }
}

/// A place in one of the files, or now and then in one that isn't there.
fn location(rng: &mut Rng, files: &BTreeMap<String, String>) -> Location {
    let (path, source) = files.iter().nth(rng.usize(..files.len())).expect("there is one");
    if rng.u8(..8) == 0 {
        return Location::file(Arc::from(text(rng, 2)));
    }
    let mut offsets: Vec<usize> =
        (0..=source.len()).filter(|at| source.is_char_boundary(*at)).collect();
    let mut pick = || offsets.swap_remove(rng.usize(..offsets.len().max(1)).min(offsets.len() - 1));
    let first = pick();
    let second = if source.is_empty() { first } else { pick() };
    let position = |offset: usize| position(source, offset);
    Location {
        file: Arc::from(path.as_str()),
        start: position(first.min(second)),
        end: position(first.max(second)),
    }
}

/// Line and column, the slow and simple way.
fn position(source: &str, offset: usize) -> Position {
    let (mut line, mut column) = (1, 1);
    let mut before = '\0';
    for c in source[..offset].chars() {
        match c {
            '\n' if before == '\r' => {}
            '\n' | '\r' => (line, column) = (line + 1, 1),
            _ => column += 1,
        }
        before = c;
    }
    Position { line, column, offset: u32::try_from(offset).expect("texts are short") }
}
