//! Suppressions: gathering them, matching findings, and judging the
//! suppressions themselves.

use jiff::civil::Date;
use memchr::memmem;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use spanned_yaml::{Node, Span};

use super::{
    baseline::Baseline,
    directive::{self, Directive},
    engine::{Draft, Options},
    plan::Plan,
};
use crate::{
    config::{Config, Ignore},
    finding::{
        AcceptedGap, Finding, Gap, GapKind, Level, Location, ObjectRef, Suppression,
        SuppressionKind,
    },
    kube::Object,
    repo::{Contents, File},
    rules::{self, Rule, suppression as rule},
};

/// The annotation that suppresses findings of its object.
pub(super) const ANNOTATION: &str = "portcullis.dev/ignore";

/// All suppressions of a run.
pub(super) struct Suppressions<'a> {
    entries: Vec<Entry<'a>>,
    /// Entries that cover a stretch of a file, in order.
    by_file: FxHashMap<&'a str, Vec<usize>>,
    /// Entries of portcullis.yaml, and annotations.
    anywhere: Vec<usize>,
    /// Entries that accept gaps.
    of_gaps: Vec<usize>,
    baseline: Option<&'a Baseline>,
    today: Date,
}

struct Entry<'a> {
    kind: SuppressionKind,
    directive: Directive,
    location: Location,
    covers: Covers<'a>,
    /// For each rule of the directive, whether it suppressed something.
    used: Vec<bool>,
}

enum Covers<'a> {
    /// A stretch of a file.
    Span(&'a str, Span),
    /// An object, wherever its parts are written.
    Object(ObjectRef),
    /// What an entry of `ignore` names.
    Config(&'a Ignore),
    /// Gaps of a kind, where an entry of `ignore` says.
    Gaps(GapKind, &'a Ignore),
    /// Nothing: there is no node that the comment could stand for.
    Nothing,
}

/// An annotation that suppresses findings of its object.
pub(super) struct Annotation {
    text: String,
    location: Location,
    object: ObjectRef,
}

impl Annotation {
    /// The annotation of an object, if it has one.
    pub(super) fn of(object: &Object<'_>) -> Option<Self> {
        let value = object.metadata()?.get("annotations")?.get(ANNOTATION)?;
        Some(Self {
            text: value.text().to_owned(),
            location: object.file.location(value.span()),
            object: object.reference(),
        })
    }
}

impl<'a> Suppressions<'a> {
    pub(super) fn gather(
        contents: &'a Contents,
        annotations: Vec<Annotation>,
        config: &'a Config,
        options: &'a Options,
    ) -> Self {
        let mut all = Self {
            entries: Vec::new(),
            by_file: FxHashMap::default(),
            anywhere: Vec::new(),
            of_gaps: Vec::new(),
            baseline: options.baseline.as_ref(),
            today: options.today,
        };
        let marker = memmem::Finder::new("portcullis");
        let is_marked = |file: &&File| {
            let source = file.source().as_bytes();
            let mut comments = file.tree.comments().iter();
            comments.any(|comment| {
                source.get(comment.range()).is_some_and(|text| marker.find(text).is_some())
            })
        };
        let marked: Vec<&File> = contents.files.par_iter().filter(is_marked).collect();
        for file in &marked {
            all.gather_comments(file);
        }
        let mut annotations = annotations;
        annotations.sort_by(|a, b| (&a.location, &a.object).cmp(&(&b.location, &b.object)));
        annotations.dedup_by(|a, b| (&a.location, &a.object) == (&b.location, &b.object));
        for annotation in annotations {
            for directive in directive::from_annotation(&annotation.text) {
                let covers = Covers::Object(annotation.object.clone());
                let location = annotation.location.clone();
                all.push(SuppressionKind::Annotation, directive, location, covers);
            }
        }
        let nodes = contents.config.as_ref().map(ignore_nodes).unwrap_or_default();
        for (index, ignore) in config.ignore.iter().enumerate() {
            let location = match (&contents.config, nodes.get(index)) {
                (Some(file), Some(node)) => file.location(node.span()),
                _ => Location::file("portcullis.yaml".into()),
            };
            let (until, problem) = match ignore.until.as_deref().map(directive::parse_date) {
                None => (None, None),
                Some(Ok(date)) => (Some(date), None),
                Some(Err(problem)) => (None, Some(problem)),
            };
            let directive = Directive {
                rules: ignore.rule.iter().cloned().collect(),
                until,
                reason: ignore.reason.clone(),
                problem,
            };
            let covers = match ignore.gap {
                Some(kind) => Covers::Gaps(kind, ignore),
                None => Covers::Config(ignore),
            };
            all.push(SuppressionKind::Config, directive, location, covers);
        }
        all
    }

    fn push(
        &mut self,
        kind: SuppressionKind,
        directive: Directive,
        location: Location,
        covers: Covers<'a>,
    ) {
        match covers {
            Covers::Span(file, _) => {
                self.by_file.entry(file).or_default().push(self.entries.len());
            }
            Covers::Object(_) | Covers::Config(_) => self.anywhere.push(self.entries.len()),
            Covers::Gaps(..) => self.of_gaps.push(self.entries.len()),
            Covers::Nothing => {}
        }
        let used = match covers {
            Covers::Gaps(..) => vec![false],
            _ => vec![false; directive.rules.len()],
        };
        self.entries.push(Entry { kind, directive, location, covers, used });
    }

    fn gather_comments(&mut self, file: &'a File) {
        let mut units: Option<Units> = None;
        for span in file.tree.comments() {
            let text =
                file.source().get(span.start as usize..span.end as usize).unwrap_or_default();
            let Some(directive) = directive::from_comment(text) else { continue };
            let units = units.get_or_insert_with(|| Units::of(file));
            let covers = match units.covered(file.source(), *span) {
                Some(covered) => Covers::Span(&file.path, covered),
                None => Covers::Nothing,
            };
            self.push(SuppressionKind::Comment, directive, file.location(*span), covers);
        }
    }

    /// The suppression that covers a finding, if one does. Comments come before
    /// annotations, those before portcullis.yaml, that before the baseline.
    pub(super) fn find(&mut self, finding: &Finding) -> Option<Suppression> {
        let mut found = None;
        let in_file = self.by_file.get(&*finding.location.file).into_iter().flatten();
        for index in in_file.chain(&self.anywhere) {
            let Some(entry) = self.entries.get_mut(*index) else { continue };
            if !entry.covers.holds(finding) {
                continue;
            }
            for (pattern, used) in entry.directive.rules.iter().zip(&mut entry.used) {
                if names(pattern, finding.rule) {
                    *used = true;
                    if entry.directive.holds(self.today) && found.is_none() {
                        found = Some(Suppression {
                            kind: entry.kind,
                            reason: entry.directive.reason.clone(),
                            location: Some(entry.location.clone()),
                        });
                    }
                }
            }
        }
        found.or_else(|| self.baseline.and_then(|baseline| baseline.find(finding)))
    }

    /// Why a gap is accepted, if portcullis.yaml accepts it.
    pub(super) fn accept(&mut self, gap: &Gap) -> Option<AcceptedGap> {
        let mut accepted = None;
        for index in &self.of_gaps {
            let Some(entry) = self.entries.get_mut(*index) else { continue };
            if !entry.covers.holds_gap(gap) {
                continue;
            }
            entry.used.fill(true);
            if entry.directive.holds(self.today) && accepted.is_none() {
                let reason = entry.directive.reason.clone();
                accepted = Some(AcceptedGap { gap: gap.clone(), reason });
            }
        }
        accepted
    }

    /// The findings against the suppressions themselves. Call when every
    /// finding was matched.
    pub(super) fn judge(&self, plan: &Plan<'_>) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let mut report = |rule: &'static Rule, location: &Location, message: String, help: &str| {
            let level = plan.level(rule, &[&location.file], None);
            if plan.runs(rule) && level != Level::Off {
                let mut draft = Draft::new(rule, level, message, location.clone());
                draft.finding.help = Some(help.to_owned());
                drafts.push(draft);
            }
        };
        for entry in &self.entries {
            entry.judge(plan, self.today, &mut report);
        }
        for (id, location) in self.baseline.iter().flat_map(|baseline| baseline.unused()) {
            if rules::find(id).is_none_or(|known| plan.runs(known)) {
                let message = format!("the baseline's entry for {id} matches nothing");
                report(
                    &rule::UNUSED,
                    location,
                    message,
                    "delete it, or run with --update-baseline",
                );
            }
        }
        drafts
    }
}

impl Entry<'_> {
    fn name(&self) -> String {
        match &self.covers {
            Covers::Gaps(kind, _) => format!("{} gaps", kind.as_str()),
            _ => self.directive.rules.join(", "),
        }
    }

    fn judge(
        &self,
        plan: &Plan<'_>,
        today: Date,
        report: &mut impl FnMut(&'static Rule, &Location, String, &str),
    ) {
        let directive = &self.directive;
        if let Some(problem) = &directive.problem {
            report(
                &rule::MALFORMED,
                &self.location,
                problem.clone(),
                "nothing is suppressed until it is mended",
            );
            return;
        }
        let what = self.name();
        if let Covers::Gaps(kind, _) = &self.covers {
            if self.used.contains(&false) {
                let message = format!("no gap of kind {} is here to accept", kind.as_str());
                report(&rule::UNUSED, &self.location, message, "delete it, or correct its paths");
            }
        } else if directive.rules.is_empty() {
            report(
                &rule::UNKNOWN_RULE,
                &self.location,
                "the suppression names no rule".into(),
                "name the rules that it is for, as ignore[images/registry]",
            );
        }
        for (pattern, used) in directive.rules.iter().zip(&self.used) {
            let named: Vec<_> = rules::all().filter(|known| known.is_named_by(pattern)).collect();
            if named.is_empty() {
                let nearest = rules::nearest(pattern);
                let help = nearest.map_or_else(
                    || "`portcullis rules` lists them".to_owned(),
                    |nearest| format!("did you mean {nearest}? `portcullis rules` lists them all"),
                );
                report(
                    &rule::UNKNOWN_RULE,
                    &self.location,
                    format!("there is no rule {pattern}"),
                    &help,
                );
            } else if !used
                && named.iter().any(|known| plan.runs(known) && !known.looks_at_updates())
            {
                // What accepts a change may stay when the change is made.
                let message = format!("the suppression of {pattern} matches nothing");
                let help = "delete it, or move it to the entry that holds the finding";
                report(&rule::UNUSED, &self.location, message, help);
            }
        }
        if directive.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            report(
                &rule::MISSING_REASON,
                &self.location,
                format!("the suppression of {what} gives no reason"),
                "say why, for whoever reads it next",
            );
        }
        if let Some(until) = directive.until.filter(|until| *until < today) {
            report(
                &rule::EXPIRED,
                &self.location,
                format!("the suppression of {what} ended on {until}"),
                "mend what it covers, or set a new date",
            );
        }
    }
}

impl Covers<'_> {
    fn holds(&self, finding: &Finding) -> bool {
        match self {
            Self::Nothing | Self::Gaps(..) => false,
            Self::Span(file, span) => {
                let at = finding.location.start.offset;
                *finding.location.file == **file
                    && span.start <= at
                    && at < span.end.max(span.start + 1)
            }
            Self::Object(object) => finding.object.as_ref() == Some(object),
            Self::Config(ignore) => {
                let path = ignore.is_for(&finding.location.file);
                let object = ignore.objects.is_empty()
                    || finding.object.as_ref().is_some_and(|object| {
                        let namespace = object.namespace.as_deref().unwrap_or("default");
                        ignore
                            .objects
                            .iter()
                            .any(|p| p.matches_parts(&object.kind, namespace, &object.name))
                    });
                path && object
            }
        }
    }

    fn holds_gap(&self, gap: &Gap) -> bool {
        match self {
            Self::Gaps(kind, ignore) => *kind == gap.kind && ignore.is_for(&gap.location.file),
            _ => false,
        }
    }
}

fn names(pattern: &str, id: &str) -> bool {
    pattern == id
        || pattern
            .strip_suffix("/*")
            .is_some_and(|group| id.split_once('/').is_some_and(|(g, _)| g == group))
}

/// The `rule` or `gap` values of the entries of `ignore`, in order.
fn ignore_nodes(file: &File) -> Vec<Node<'_>> {
    let root = file.tree.documents().first().and_then(|document| document.root);
    let list = root.and_then(|root| file.tree.node(root).get("ignore"));
    list.into_iter()
        .flat_map(|list| list.items())
        .map(|item| item.get("rule").or_else(|| item.get("gap")).unwrap_or(item))
        .collect()
}

/// What comments may stand for: the mapping entries and sequence items of a file.
struct Units {
    /// In order; those that start together from the outermost inwards.
    all: Vec<Span>,
    /// Those that start before the line of the last comment, and end behind it:
    /// each lies within the one before.
    open: Vec<Span>,
    /// The first of `all` that was not looked at for `open`.
    next: usize,
}

impl Units {
    fn of(file: &File) -> Self {
        let mut all = Vec::new();
        let roots = file.tree.documents().iter().filter_map(|document| document.root);
        for root in roots.map(|id| file.tree.node(id)) {
            for node in root.descendants() {
                for entry in node.raw_entries() {
                    let end = entry.raw_value.span().end.max(entry.key.span().end);
                    all.push(Span { start: entry.key.span().start, end });
                }
                all.extend(node.raw_items().map(Node::span));
            }
        }
        all.sort_by(|a, b| a.start.cmp(&b.start).then(b.end.cmp(&a.end)));
        Self { all, open: Vec::new(), next: 0 }
    }

    /// What a comment covers: at the end of a line, the outermost entry or item
    /// that starts on that line, else the innermost that the line lies in; on a
    /// line of its own, the first that follows. Comments must be asked for in
    /// order, so that all of them together take linear time.
    fn covered(&mut self, source: &str, comment: Span) -> Option<Span> {
        let before = source.get(..comment.start as usize).unwrap_or_default();
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1) as u32;
        let lead = before.get(line_start as usize..).unwrap_or_default();
        let stands_alone = lead.chars().all(|c| c.is_whitespace() || c == '-' || c == '\u{feff}');
        if stands_alone && !lead.starts_with("---") {
            let next = self.all.partition_point(|unit| unit.start < comment.end);
            let next = self.all.get(next).copied()?;
            return is_above(source, comment, lead, next).then_some(next);
        }
        while let Some(unit) = self.all.get(self.next).filter(|unit| unit.start < line_start) {
            self.next += 1;
            self.open.push(*unit);
            // What has ended can't hold this line, nor a later one.
            while self.open.last().is_some_and(|unit| unit.end <= line_start) {
                self.open.pop();
            }
        }
        while self.open.last().is_some_and(|unit| unit.end <= line_start) {
            self.open.pop();
        }
        let on_line = self.all.get(self.next..)?.iter();
        let on_line = on_line.take_while(|unit| unit.start < comment.start);
        let outermost = on_line
            .copied()
            .reduce(|all, unit| Span { start: all.start, end: all.end.max(unit.end) });
        outermost.or_else(|| self.open.last().copied())
    }
}

/// Whether a comment on a line of its own stands above a unit: in the same
/// document, and not behind something that is indented more than the unit.
fn is_above(source: &str, comment: Span, lead: &str, unit: Span) -> bool {
    let between = source.get(comment.end as usize..unit.start as usize).unwrap_or_default();
    let (lines, unit_lead) = between.rsplit_once('\n').unwrap_or(("", between));
    let crosses = lines.lines().any(|line| line.starts_with("---") || line.starts_with("..."));
    let indent = |text: &str| text.chars().take_while(|c| *c == ' ').count();
    !crosses && !unit_lead.starts_with("---") && indent(unit_lead) >= indent(lead)
}
