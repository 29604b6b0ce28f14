//! One run: from parsed files to a report.

use std::{collections::BTreeSet, sync::Arc};

use jiff::civil::Date;
use rayon::prelude::*;

use super::{
    baseline::Baseline,
    changed::Changed,
    cluster::Extent,
    documents::{self, Documents},
    environment::{self, Checked},
    fingerprint::{Fingerprint, Fingerprints},
    plan::Plan,
    suppress::Suppressions,
    update::{self, Earlier},
    violation::Findings,
};
use crate::{
    config::Config,
    finding::{Coverage, Finding, Gap, GapKind, Level, Location, Related, Report, Summary},
    fleet::{self, Environment, Fleet, FleetFindings, FleetViolation},
    kube::Object,
    repo::{Contents, File},
    rules::{self, Rule},
};

/// What a run is asked for, beyond the configuration.
#[derive(Debug)]
pub struct Options {
    /// Rules to run, by id or `group/*`; all when empty.
    pub only: Vec<String>,
    /// Rules not to run.
    pub skip: Vec<String>,
    /// Files and folders, relative to the root, that the report is narrowed to;
    /// everything when empty.
    pub paths: Vec<String>,
    /// Narrows the report to what changed files can have caused.
    pub changed: Option<Changed>,
    /// Findings that are known and accepted.
    pub baseline: Option<Baseline>,
    /// The day that end dates of suppressions are held against.
    pub today: Date,
    /// Addresses of this repository, as git has them for its remotes.
    pub remotes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            only: Vec::new(),
            skip: Vec::new(),
            paths: Vec::new(),
            changed: None,
            baseline: None,
            today: jiff::Zoned::now().date(),
            remotes: Vec::new(),
        }
    }
}

impl Options {
    /// Whether a run would report a finding of this rule in this file.
    pub(super) fn judges(&self, rule: &str, file: &str) -> bool {
        let named = |patterns: &[String]| {
            rules::find(rule).is_some_and(|rule| patterns.iter().any(|p| rule.is_named_by(p)))
        };
        // What changes can have caused isn't known from file and rule alone.
        self.changed.is_none()
            && Narrowing { options: self }.in_paths(&file.into())
            && (self.only.is_empty() || named(&self.only))
            && !named(&self.skip)
    }
}

/// Renders what the repository applies and checks that, and what it doesn't use as it is written.
/// Objects of overlays that no cluster uses are checked as soon as they are rendered, and not kept.
/// The result is the same, byte for byte, whatever the number of threads.
pub fn run(contents: &Contents, config: &Config, options: &Options) -> Report {
    render_and_check(contents, config, options).0
}

/// As [`run`], with what the repository applies: without the objects of overlays.
pub fn render_and_check(
    contents: &Contents,
    config: &Config,
    options: &Options,
) -> (Report, Fleet) {
    let plan = Plan::new(contents, config, options, None);
    let changed = options.changed.as_ref();
    let files = changed.filter(|changed| !changed.everything).map(|changed| &changed.files);
    let (fleet, overlays) =
        Fleet::render_with(contents, config, &options.remotes, files, |files, overlay| {
            let checked = overlay.environment().map(|environment| {
                environment::check_rendered(files, &environment, &plan, config, changed)
            });
            overlay.forget_objects();
            checked
        });
    let overlays = overlays.into_iter().flatten().collect();
    (report(contents, &fleet, overlays, &plan, config, options), fleet)
}

/// Checks a repository that was rendered.
pub fn check_fleet(
    contents: &Contents,
    fleet: &Fleet,
    config: &Config,
    options: &Options,
) -> Report {
    check_with(contents, fleet, &Plan::new(contents, config, options, None), config, options)
}

/// Checks a repository that was rendered, and what it would update of what an earlier revision applies.
pub fn check_update(
    earlier: Earlier<'_>,
    contents: &Contents,
    fleet: &Fleet,
    config: &Config,
    options: &Options,
) -> Report {
    let plan = Plan::new(contents, config, options, Some(earlier));
    check_with(contents, fleet, &plan, config, options)
}

fn check_with(
    contents: &Contents,
    fleet: &Fleet,
    plan: &Plan<'_>,
    config: &Config,
    options: &Options,
) -> Report {
    let overlays = fleet.overlays.par_iter().filter_map(|overlay| {
        let environment = overlay.environment()?;
        let changed = options.changed.as_ref();
        Some(environment::check_rendered(&fleet.files, &environment, plan, config, changed))
    });
    report(contents, fleet, overlays.collect(), plan, config, options)
}

/// Checks what clusters apply and what nothing uses, and adds what was found in overlays.
fn report(
    contents: &Contents,
    fleet: &Fleet,
    overlays: Vec<Checked>,
    plan: &Plan<'_>,
    config: &Config,
    options: &Options,
) -> Report {
    let files = &contents.files;
    let patches = documents::patches(files);
    // What is named as a schema is no manifest.
    let is_manifest = |file: &File| !config.is_schema(&file.path);
    let open = |file| {
        if is_manifest(file) { documents::open(file, &patches) } else { Documents::default() }
    };
    let opened: Vec<Documents<'_>> = files.par_iter().map(open).collect();
    let unused: Vec<bool> =
        files.par_iter().map(|file| !fleet.used.contains(&*file.path)).collect();
    let as_written = opened.iter().zip(&unused).filter(|(_, unused)| **unused);
    let as_written = as_written.map(|(documents, _)| documents.objects.as_slice());
    let as_written: Vec<Object<'_>> = as_written.collect::<Vec<_>>().concat();

    let clusters: Vec<Environment<'_>> = fleet.clusters.iter().map(Environment::of).collect();
    let check = |cluster| {
        let changed = options.changed.as_ref();
        environment::check_rendered(&fleet.files, cluster, plan, config, changed)
    };
    let (mut checked, mut of_fleet): (Vec<Checked>, _) = rayon::join(
        || clusters.par_iter().map(check).collect(),
        || {
            let mut findings = FleetFindings::default();
            plan.check_fleet(fleet, &mut findings);
            findings
        },
    );
    let reached: BTreeSet<&str> = clusters
        .iter()
        .zip(&checked)
        .filter(|(_, checked)| checked.reached)
        .filter_map(|(cluster, _)| cluster.cluster)
        .collect();
    checked.extend(overlays);
    let written_before = plan.earlier().map(Earlier::unused).unwrap_or_default();
    let before = plan.earlier().map(|_| update::Objects::written(&written_before));
    let updates: Vec<_> = before
        .iter()
        .flat_map(|before| as_written.iter().map(|object| before.in_file_of(object)))
        .collect();
    let extent = Extent::default();
    checked.push(environment::check(&as_written, &updates, None, extent, plan, config));
    let documents_findings: Vec<Findings<'_>> = files
        .par_iter()
        .zip(&opened)
        .map(|(file, documents)| {
            let mut findings = Findings::default();
            plan.check_documents(file, documents, &mut findings);
            findings
        })
        .filter(|findings| !findings.is_empty())
        .collect();

    let mut drafts: Vec<Draft> = documents_findings
        .par_iter()
        .flat_map_iter(|findings| {
            findings
                .violations
                .iter()
                .filter_map(|(rule, violation)| environment::draft(rule, violation, None, plan))
        })
        .collect();
    drafts.extend(syntax_errors(files, plan));
    drafts.extend(of_fleet.violations.into_iter().filter_map(|(rule, violation)| {
        let reached = violation.cluster.as_ref().is_some_and(|name| reached.contains(&**name));
        Draft::of_fleet(rule, violation, plan).map(|draft| Draft { reached, ..draft })
    }));
    let mut all_gaps = contents.gaps.clone();
    all_gaps.append(&mut of_fleet.gaps);
    all_gaps.extend(fleet::gaps(fleet));
    all_gaps.extend(gaps_of_schemas(contents, plan, config));
    all_gaps.extend(documents_findings.iter().flat_map(environment::gaps_in));
    all_gaps.extend(
        opened
            .iter()
            .zip(&unused)
            .filter(|(_, unused)| **unused)
            .flat_map(|(documents, _)| documents.gaps.iter().cloned()),
    );
    let mut annotations = Vec::new();
    let mut objects: Vec<Arc<str>> = Vec::new();
    for one in checked {
        drafts.extend(one.drafts);
        all_gaps.extend(one.gaps);
        annotations.extend(one.annotations);
        objects.extend(one.objects);
    }
    fold(&mut drafts);
    assign_fingerprints(&mut drafts);

    let mut suppressions = Suppressions::gather(contents, annotations, config, options);
    for draft in &mut drafts {
        draft.finding.suppression = suppressions.find(&draft.finding);
    }
    all_gaps
        .sort_by(|a, b| (&a.location, a.kind, &a.message).cmp(&(&b.location, b.kind, &b.message)));
    all_gaps.dedup();
    let mut accepted = Vec::new();
    all_gaps.retain(|gap| match suppressions.accept(gap) {
        Some(gap) => {
            accepted.push(gap);
            false
        }
        None => true,
    });
    let mut late: Vec<Draft> = suppressions.judge(plan);
    sort(&mut late);
    assign_fingerprints(&mut late);
    if let Some(baseline) = &options.baseline {
        for draft in &mut late {
            draft.finding.suppression = baseline.find(&draft.finding);
        }
    }
    drafts.extend(late);
    sort(&mut drafts);

    let narrow = Narrowing { options };
    let (findings, suppressed) = drafts
        .into_iter()
        .filter(|draft| narrow.keeps(draft))
        .map(|draft| draft.finding)
        .partition::<Vec<_>, _>(|finding| finding.suppression.is_none());
    let mut coverage = Coverage::default();
    let asked_for = files
        .iter()
        .zip(&opened)
        .filter(|(file, _)| is_manifest(file) && narrow.in_paths(&file.path));
    for (_, documents) in asked_for {
        coverage.files += 1;
        coverage.documents += documents.count;
    }
    coverage.objects = objects.iter().filter(|file| narrow.in_paths(file)).count();
    all_gaps.retain(|gap| narrow.keeps_gap(gap));
    accepted.retain(|accepted| narrow.keeps_gap(&accepted.gap));
    // A kind lacks its schema once, however many objects it has.
    let mut kinds = BTreeSet::new();
    all_gaps.retain(|gap| gap.kind != GapKind::NoSchema || kinds.insert(gap.message.clone()));
    coverage.gaps = all_gaps;
    coverage.accepted = accepted;
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let summary = Summary {
        error: count(Level::Error),
        warn: count(Level::Warn),
        note: count(Level::Note),
        suppressed: suppressed.len(),
        gaps: coverage.gaps.len(),
    };
    // Many small lists: all cores free them.
    drop(documents_findings);
    opened.into_par_iter().for_each(drop);
    Report { findings, suppressed, coverage, summary }
}

/// What `schemas` of portcullis.yaml names in vain.
fn gaps_of_schemas(contents: &Contents, plan: &Plan<'_>, config: &Config) -> Vec<Gap> {
    let problems = plan.given_schemas().problems.iter();
    let mut gaps: Vec<Gap> = problems
        .map(|problem| Gap {
            kind: GapKind::Unreadable,
            message: problem.message.clone(),
            location: problem.file.location(problem.span),
        })
        .collect();
    let (Some(file), Some(_)) = (&contents.config, &contents.root) else { return gaps };
    let root = file.tree.root(0);
    let nodes = root.and_then(|root| root.get("schemas")).into_iter().flat_map(|it| it.items());
    for (pattern, node) in config.schemas.iter().zip(nodes) {
        if !contents.files.iter().any(|file| pattern.matches_below(&file.path)) {
            gaps.push(Gap {
                kind: GapKind::Unreadable,
                message: format!("schemas: there is no file {}", node.text()),
                location: file.location(node.span()),
            });
        }
    }
    gaps
}

/// Sorts findings, and makes one of those that are the same in several clusters.
fn fold(drafts: &mut Vec<Draft>) {
    sort(drafts);
    drafts.dedup_by(|later, first| {
        let (a, b) = (&later.finding, &first.finding);
        let same = a.rule == b.rule
            && a.location == b.location
            && a.message == b.message
            && a.field == b.field;
        if same {
            first.reached |= later.reached;
            let (a, b) = (&later.finding, &mut first.finding);
            for cluster in &a.clusters {
                if !b.clusters.contains(cluster) {
                    b.clusters.push(cluster.clone());
                }
            }
            b.clusters.sort();
        }
        same
    });
}

/// A finding on its way to the report.
pub(super) struct Draft {
    pub(super) finding: Finding,
    /// Field path that stays the same when list items move.
    pub(super) stable_field: String,
    /// The namespace whose objects, together, decide it.
    pub(super) namespace: Option<String>,
    /// Changed files reach what it is about, when only their doing is asked for.
    pub(super) reached: bool,
}

impl Draft {
    /// A finding that no object claims.
    pub(super) fn new(
        rule: &'static Rule,
        level: Level,
        message: String,
        location: Location,
    ) -> Self {
        Self {
            // Without a field, the message is what tells two offences apart.
            stable_field: message.clone(),
            namespace: None,
            reached: false,
            finding: Finding {
                rule: rule.id,
                level,
                message,
                help: None,
                label: None,
                object: None,
                field: None,
                location,
                related: Vec::new(),
                clusters: Vec::new(),
                fingerprint: String::new(),
                fix: None,
                suppression: None,
            },
        }
    }
}

impl Draft {
    /// What a rule says of the fleet, unless its level there is off.
    fn of_fleet(rule: &'static Rule, violation: FleetViolation, plan: &Plan<'_>) -> Option<Self> {
        let level =
            plan.level_of_reference(rule, &[&violation.location.file], violation.object.as_ref());
        if level == Level::Off {
            return None;
        }
        let mut draft = Self::new(rule, level, violation.message, violation.location);
        draft.finding.help = violation.help;
        draft.finding.object = violation.object;
        draft.finding.field = violation.field;
        draft.finding.related = violation.related;
        draft.finding.clusters = violation.cluster.into_iter().collect();
        Some(draft)
    }
}

fn syntax_errors(files: &[File], plan: &Plan<'_>) -> Vec<Draft> {
    let rule = &crate::rules::yaml::SYNTAX;
    let mut drafts = Vec::new();
    if !plan.runs(rule) {
        return drafts;
    }
    for file in files {
        for error in file.tree.errors() {
            let level = plan.level(rule, &[&file.path], None);
            if level == Level::Off {
                continue;
            }
            let mut draft =
                Draft::new(rule, level, error.message.clone(), file.location(error.span));
            draft.finding.help.clone_from(&error.help);
            draft.finding.related.extend(error.related.iter().map(|(span, message)| Related {
                message: message.clone(),
                location: file.location(*span),
            }));
            drafts.push(draft);
        }
    }
    drafts
}

fn sort(drafts: &mut [Draft]) {
    fn key(draft: &Draft) -> (&str, u32, u32, &str, Option<&str>, &str) {
        let Finding { location: at, rule, field, message, .. } = &draft.finding;
        (&at.file, at.start.line, at.start.column, rule, field.as_deref(), message)
    }
    drafts.par_sort_by(|a, b| key(a).cmp(&key(b)));
}

fn assign_fingerprints(drafts: &mut [Draft]) {
    let digests: Vec<_> = drafts
        .par_iter()
        .map(|Draft { finding, stable_field, .. }| {
            let object = finding.object.as_ref();
            Fingerprint::of(finding.rule, &finding.location.file, object, stable_field)
        })
        .collect();
    let mut known = Fingerprints::default();
    for (draft, fingerprint) in drafts.iter_mut().zip(digests) {
        draft.finding.fingerprint = known.next(fingerprint);
    }
}

/// Which findings and gaps the run was asked for.
struct Narrowing<'a> {
    options: &'a Options,
}

impl Narrowing<'_> {
    fn keeps(&self, draft: &Draft) -> bool {
        self.in_paths(&draft.finding.location.file)
            && self.options.changed.as_ref().is_none_or(|changed| changed.can_have_caused(draft))
    }

    fn in_paths(&self, file: &Arc<str>) -> bool {
        let paths = &self.options.paths;
        paths.is_empty()
            || paths.iter().any(|path| {
                path.is_empty()
                    || file
                        .strip_prefix(path.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }

    fn keeps_gap(&self, gap: &Gap) -> bool {
        let file = &gap.location.file;
        self.in_paths(file)
            && self.options.changed.as_ref().is_none_or(|changed| changed.covers(file))
    }
}
