//! `human`: each finding with the lines it is about, what to do, and a summary
//! that says what was checked and what was not.
//!
//! ```text
//! error[test/host]: pod uses the host network
//!   in Pod/shop/api, spec.hostNetwork
//!    ╭─[apps/api.yaml:7:16]
//!  6 │ spec:
//!  7 │   hostNetwork: true
//!    ·                ──┬─
//!    ·                  ╰── set here
//!    ╰────
//!   help: delete this line
//! ```
//!
//! miette draws the snippets. Places near each other share one; others have
//! their own below the offence's.

use std::{fmt, io};

use anstyle::{AnsiColor, Style as Paint};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters,
    ThemeStyles,
};

use super::{
    Sources, Style,
    escape::plain,
    excerpt::{Cut, Excerpt},
    summary, word,
};
use crate::finding::{Coverage, Finding, GapKind, Level, Location, Report};

/// Places at most so many lines apart share a snippet.
const NEAR_LINES: u32 = 8;

/// How many gaps are listed, at most.
const LISTED_GAPS: usize = 20;

pub(super) fn write(
    report: &Report,
    sources: &dyn Sources,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut text = String::new();
    for finding in &report.findings {
        text.clear();
        Page { sources, style, text: &mut text }
            .finding(finding)
            .map_err(|_| io::Error::other("a snippet can't be drawn"))?;
        out.write_all(text.as_bytes())?;
    }
    if style.quiet {
        return Ok(());
    }
    write_gaps(&report.coverage, style, out)?;
    write_summary(report, style, out)
}

/// Lists what could have hidden a finding, and that somebody can do something about.
fn write_gaps(coverage: &Coverage, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let worth_listing = |kind| matches!(kind, GapKind::Unreadable | GapKind::UnknownValue);
    let mut gaps = coverage.gaps.iter().filter(|gap| worth_listing(gap.kind)).peekable();
    if gaps.peek().is_none() {
        return Ok(());
    }
    let bold = paint(style, Paint::new().bold());
    writeln!(out, "{bold}could not be checked:{bold:#}")?;
    for gap in gaps.by_ref().take(LISTED_GAPS) {
        let start = gap.location.start;
        let file = plain(&gap.location.file);
        let message = plain(&gap.message);
        writeln!(out, "  {file}:{}:{}: {message}", start.line, start.column)?;
    }
    match gaps.count() {
        0 => writeln!(out),
        more => writeln!(out, "  and {more} more\n"),
    }
}

fn write_summary(report: &Report, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}", summary::checked(&report.coverage, style.elapsed))?;
    let worst = [
        (report.summary.error, level_paint(Level::Error)),
        (report.summary.warn, level_paint(Level::Warn)),
        (report.summary.note, level_paint(Level::Note)),
    ];
    let worst = worst.into_iter().find(|(number, _)| *number > 0);
    let fine = AnsiColor::Green.on_default().bold();
    let paint = paint(style, worst.map_or(fine, |(_, paint)| paint));
    let found = summary::found(&report.summary);
    writeln!(out, "{paint}{found}{paint:#}{}", summary::suppressed(&report.summary))?;
    if let Some(unchecked) = summary::unchecked(&report.coverage) {
        writeln!(out, "not checked: {unchecked} (`--output json` lists all)")?;
    }
    Ok(())
}

/// A place and the words for it.
type Labelled<'a> = (&'a Location, Option<&'a str>);

/// Writes findings into a text.
struct Page<'a> {
    sources: &'a dyn Sources,
    style: &'a Style,
    text: &'a mut String,
}

impl Page<'_> {
    fn finding(&mut self, finding: &Finding) -> fmt::Result {
        use fmt::Write as _;

        let level = paint(self.style, level_paint(finding.level));
        let bold = paint(self.style, Paint::new().bold());
        let (rule, message) = (finding.rule, plain(&finding.message));
        let head = word(finding.level);
        write!(self.text, "{level}{head}[{rule}]{level:#}{bold}:")?;
        self.wrapped(&message, head.len() + rule.len() + 3, 2);
        writeln!(self.text, "{bold:#}")?;
        self.context(finding)?;
        let place = (&finding.location, finding.label.as_deref());
        let related = finding.related.iter();
        let related = related.map(|other| (&other.location, Some(other.message.as_str())));
        let mut files: Vec<(&str, Vec<Labelled<'_>>)> = vec![(&finding.location.file, vec![place])];
        for (location, message) in related {
            let is_near = |(other, _): &Labelled<'_>| {
                other.start.line.abs_diff(location.start.line) <= NEAR_LINES
            };
            let shares = |(file, places): &&mut (&str, Vec<Labelled<'_>>)| {
                *file == &*location.file && places.iter().any(is_near)
            };
            match files.iter_mut().find(shares) {
                Some((_, places)) => places.push((location, message)),
                None => files.push((&location.file, vec![(location, message)])),
            }
        }
        for (index, (file, places)) in files.into_iter().enumerate() {
            self.snippet(finding.level, file, &places, index == 0)?;
        }
        if let Some(help) = &finding.help {
            self.help(help)?;
        }
        self.text.push('\n');
        Ok(())
    }

    /// The object and field, and the clusters.
    fn context(&mut self, finding: &Finding) -> fmt::Result {
        use fmt::Write as _;

        let object = finding.object.as_ref().map(ToString::to_string);
        let parts: Vec<&str> =
            object.as_deref().into_iter().chain(finding.field.as_deref()).collect();
        if !parts.is_empty() {
            self.text.push_str("  in");
            self.wrapped(&plain(&parts.join(", ")), 4, 5);
        }
        if !finding.clusters.is_empty() {
            let noun = if finding.clusters.len() == 1 { "cluster" } else { "clusters" };
            let names = finding.clusters.join(", ");
            match parts.as_slice() {
                [] => write!(self.text, "  in {noun} {}", plain(&names))?,
                _ => write!(self.text, " ({noun} {})", plain(&names))?,
            }
        }
        if !parts.is_empty() || !finding.clusters.is_empty() {
            self.text.push('\n');
        }
        Ok(())
    }

    /// The lines around places in one file.
    fn snippet(
        &mut self,
        level: Level,
        file: &str,
        places: &[Labelled<'_>],
        has_offence: bool,
    ) -> fmt::Result {
        use fmt::Write as _;

        let name = plain(file).into_owned();
        let Some(source) = self.sources.text(file) else {
            for (location, message) in places {
                let start = location.start;
                write!(self.text, "  at {name}:{}:{}", start.line, start.column)?;
                match message {
                    Some(message) => writeln!(self.text, ": {}", plain(message))?,
                    None => self.text.push('\n'),
                }
            }
            return Ok(());
        };
        let locations: Vec<&Location> = places.iter().map(|(location, _)| *location).collect();
        let digits = locations.iter().filter_map(|at| at.start.line.checked_ilog10());
        let digits = digits.max().unwrap_or(0) as usize;
        // Around a line: its number, a bar, spaces, two marks of a cut.
        let width = self.style.width.saturating_sub(digits + 8).max(20);
        let mark = if self.style.unicode { "…" } else { "..." };
        let excerpt = Excerpt::new(name, source, &locations, Cut { width, mark });

        // In the order that miette gives colours to them.
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|place| excerpt.span(*place).offset());
        let theme = self.theme(level, order.iter().map(|place| has_offence && *place == 0));
        let labels = order.iter().map(|place| {
            let label = places.get(*place).and_then(|(_, label)| *label);
            let label = label.map(|label| plain(label).into_owned());
            if *place == 0 {
                LabeledSpan::new_primary_with_span(label, excerpt.span(*place))
            } else {
                LabeledSpan::new_with_span(label, excerpt.span(*place))
            }
        });
        let snippet = Snippet { labels: labels.collect(), excerpt };
        let mut drawn = String::new();
        GraphicalReportHandler::new_themed(theme)
            .with_width(self.style.width)
            .with_context_lines(1)
            .with_links(false)
            .without_syntax_highlighting()
            .render_report(&mut drawn, &snippet)?;
        // miette starts with a line for a message; ours is written already.
        self.text.push_str(drawn.split_once('\n').map_or("", |(_, snippets)| snippets));
        Ok(())
    }

    /// What to do, wrapped.
    fn help(&mut self, help: &str) -> fmt::Result {
        use fmt::Write as _;

        let paint = paint(self.style, AnsiColor::Cyan.on_default());
        write!(self.text, "  {paint}help{paint:#}:")?;
        self.wrapped(&plain(help), 7, 8);
        self.text.push('\n');
        Ok(())
    }

    /// Words, each after a space, on lines that fit. The first line goes on at
    /// `column`, others start at `indent`.
    fn wrapped(&mut self, words: &str, mut column: usize, indent: usize) {
        let mut is_first = true;
        for word in words.split_whitespace() {
            let length = word.chars().count() + 1;
            if !is_first && column + length > self.style.width {
                self.text.push('\n');
                self.text.extend(std::iter::repeat_n(' ', indent));
                column = indent;
            } else {
                self.text.push(' ');
            }
            self.text.push_str(word);
            column += length;
            is_first = false;
        }
    }

    /// Colours for the offence and for what explains it, in the order of labels.
    fn theme(&self, level: Level, is_offence: impl Iterator<Item = bool>) -> GraphicalTheme {
        let characters =
            if self.style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        if !self.style.color {
            return GraphicalTheme { characters, styles: ThemeStyles::none() };
        }
        let mut styles = ThemeStyles::ansi();
        let offence = match level {
            Level::Error => styles.error,
            Level::Warn => styles.warning,
            Level::Note | Level::Off => styles.advice,
        };
        let other = styles.linum;
        styles.highlights = is_offence.map(|is| if is { offence } else { other }).collect();
        styles.link = styles.linum;
        GraphicalTheme { characters, styles }
    }
}

/// What miette draws.
#[derive(Debug)]
struct Snippet {
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl fmt::Display for Snippet {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

/// The colour of a level.
fn level_paint(level: Level) -> Paint {
    match level {
        Level::Error => AnsiColor::Red,
        Level::Warn => AnsiColor::Yellow,
        Level::Note | Level::Off => AnsiColor::Cyan,
    }
    .on_default()
    .bold()
}

/// A paint, or none without colour.
fn paint(style: &Style, paint: Paint) -> Paint {
    if style.color { paint } else { Paint::new() }
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::{Finding, Gap, GapKind, Level, Report},
        report::{
            Format, Style,
            testing::{Files, files, finding, location, report, style, written},
        },
    };

    fn only(finding: Finding) -> Report {
        Report { findings: vec![finding], ..Report::default() }
    }

    fn quiet() -> Style {
        Style { quiet: true, ..style() }
    }

    #[test]
    fn it_shows_the_lines_the_help_and_a_summary() {
        assert_eq!(
            written(Format::Human, &report(), &files(), &style()),
            "\
error[test/host]: pod uses the host network
  in Pod/shop/api, spec.hostNetwork
   ╭─[apps/api.yaml:7:16]
 3 │ metadata:
 4 │   name: api
   ·   ────┬────
   ·       ╰── of this pod
 5 │   namespace: shop
 6 │ spec:
 7 │   hostNetwork: true # größe
   ·                ──┬─
   ·                  ╰── set here
 8 │   containers:
   ╰────
   ╭─[apps/namespace.yaml:3:18]
 2 │ kind: Namespace
 3 │ metadata: {name: shop}
   ·                  ──┬─
   ·                    ╰── in this namespace
   ╰────
  help: delete this line

warning[test/registry]: image \"docker.io/api:1\" comes from docker.io
  in Pod/shop/api, spec.containers[0].image (clusters production, staging)
    ╭─[apps/api.yaml:10:14]
  9 │     - name: api
 10 │       image: docker.io/api:1
    ·              ───────────────
    ╰────

note[test/file]: nothing selects this
   ╭─[apps/namespace.yaml:1:1]
 1 │ apiVersion: v1
   · ▲
 2 │ kind: Namespace
   ╰────

could not be checked:
  apps/api.yaml:10:14: ${TAG} is only known once Flux substitutes it

2 objects in 3 files checked
1 error, 1 warning, 1 note (1 suppressed)
not checked: 1 unknown value, 1 not rendered (`--output json` lists all)
"
        );
    }

    #[test]
    fn it_draws_with_ascii() {
        let mut report = report();
        report.findings.truncate(1);
        let ascii = Style { unicode: false, ..quiet() };
        assert_eq!(
            written(Format::Human, &report, &files(), &ascii),
            "\
error[test/host]: pod uses the host network
  in Pod/shop/api, spec.hostNetwork
   ,-[apps/api.yaml:7:16]
 3 | metadata:
 4 |   name: api
   :   ^^^^|^^^^
   :       `-- of this pod
 5 |   namespace: shop
 6 | spec:
 7 |   hostNetwork: true # größe
   :                ^^|^
   :                  `-- set here
 8 |   containers:
   `----
   ,-[apps/namespace.yaml:3:18]
 2 | kind: Namespace
 3 | metadata: {name: shop}
   :                  ^^|^
   :                    `-- in this namespace
   `----
  help: delete this line

"
        );
    }

    #[test]
    fn colour_is_used_when_asked_for_and_changes_no_text() {
        let color = Style { color: true, ..style() };
        let coloured = written(Format::Human, &report(), &files(), &color);
        assert!(coloured.starts_with("\u{1b}[1m\u{1b}[31merror[test/host]\u{1b}[0m"));
        let mut plain = String::new();
        let mut parts = coloured.split("\u{1b}[");
        plain.push_str(parts.next().unwrap());
        for part in parts {
            plain.push_str(part.split_once('m').unwrap().1);
        }
        assert_eq!(plain, written(Format::Human, &report(), &files(), &style()));
    }

    #[test]
    fn a_file_without_text_is_named() {
        let report = only(Finding {
            label: Some("here".to_owned()),
            ..finding("test/file", Level::Error, "can't be read", location("gone", "x", "x"))
        });
        assert_eq!(
            written(Format::Human, &report, &files(), &quiet()),
            "error[test/file]: can't be read\n  at gone:1:1: here\n\n"
        );
    }

    #[test]
    fn a_long_line_is_cut_to_the_width() {
        let text = format!("key: {}WORD{}\n", "a".repeat(600), "b".repeat(600));
        let report = only(finding("test/x", Level::Warn, "m", location("f", &text, "WORD")));
        let text = written(Format::Human, &report, &Files(vec![("f", text)]), &quiet());
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.contains("aWORDb") && text.contains('…'), "{text}");
    }

    #[test]
    fn help_is_wrapped() {
        let report = only(Finding {
            help: Some("word ".repeat(30)),
            ..finding("test/x", Level::Warn, "m", location("gone", "x", "x"))
        });
        let text = written(Format::Human, &report, &files(), &quiet());
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert!(lines[0].starts_with("  help: word word"), "{text}");
        assert!(lines[1].starts_with("        word"), "{text}");
        assert!(lines.iter().all(|line| line.len() <= 80), "{text}");
    }

    #[test]
    fn nothing_from_files_acts_on_the_terminal() {
        let text = "a: \"\u{1b}]0;x\u{7}\" # \u{9b}2J \u{202e}\n";
        let mut report = only(Finding {
            label: Some("l\u{1b}[2J".to_owned()),
            help: Some("h\u{1b}[2J".to_owned()),
            field: Some("f\u{1b}[2J".to_owned()),
            ..finding("test/x", Level::Warn, "m\u{1b}[2J\r", location("p\u{1b}.yaml", text, "\""))
        });
        report.coverage.gaps.push(Gap {
            kind: GapKind::Unreadable,
            message: "g\u{1b}[2J".to_owned(),
            location: location("p\u{1b}.yaml", text, "a"),
        });
        let text = written(
            Format::Human,
            &report,
            &Files(vec![("p\u{1b}.yaml", text.to_owned())]),
            &style(),
        );
        assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        assert!(text.contains("a: \"\\u{1b}]0;x\\u{7}\" # \\u{9b}2J \\u{202e}"), "{text}");
    }

    #[test]
    fn many_gaps_are_counted() {
        let mut report = Report::default();
        report.coverage.gaps = (0..25)
            .map(|number| Gap {
                kind: GapKind::Unreadable,
                message: format!("number {number}"),
                location: location("f", "x", "x"),
            })
            .collect();
        let text = written(Format::Human, &report, &files(), &style());
        assert!(text.contains("f:1:1: number 19\n  and 5 more\n"), "{text}");
        assert!(text.ends_with("not checked: 25 unreadable (`--output json` lists all)\n"));
    }
}
