//! One run: from parsed files to a report.

use std::sync::Arc;

use jiff::civil::Date;
use rayon::prelude::*;

use super::{
    baseline::Baseline,
    changed::Changed,
    cluster::{Cluster, Scope},
    documents::{self, Documents},
    fingerprint::Fingerprints,
    plan::Plan,
    suppress::Suppressions,
    violation::{Findings, Place},
};
use crate::{
    config::Config,
    finding::{Coverage, Finding, Gap, GapKind, Level, Location, Related, Report, Summary},
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

/// Checks everything that was read. The result is the same, byte for byte,
/// whatever the number of threads.
pub fn run(contents: &Contents, config: &Config, options: &Options) -> Report {
    let files = &contents.files;
    let plan = Plan::new(config, options);
    let patches = documents::patches(files);
    let opened: Vec<Documents<'_>> =
        files.par_iter().map(|file| documents::open(file, &patches)).collect();
    let objects: Vec<Object<'_>> =
        opened.iter().flat_map(|documents| documents.objects.iter().copied()).collect();

    let read: Vec<_> = objects.par_iter().filter_map(|object| plan.read_pod(object)).collect();
    let mut pods = Vec::with_capacity(read.len());
    let mut gaps = Findings::default();
    for (object, pod) in read {
        match pod {
            Ok(pod) => pods.push(pod),
            Err(malformed) => {
                gaps.gap(
                    GapKind::Unreadable,
                    Place::node(object, malformed.node),
                    malformed.message,
                );
            }
        }
    }
    for pod in &pods {
        for malformed in &pod.malformed {
            let place = Place::node(pod.object, malformed.node);
            gaps.gap(GapKind::Unreadable, place, malformed.message.clone());
        }
    }
    let cluster = Cluster::new(&objects, &pods);
    for policy in cluster.namespaces.values().flat_map(|namespace| &namespace.network_policies) {
        for problem in &policy.problems {
            match &problem.refused {
                None => gaps.unknown(policy.object, problem.node),
                Some(why) => gaps.gap(
                    GapKind::Unreadable,
                    Place::node(policy.object, problem.node),
                    format!("the API server refuses this NetworkPolicy: {why}"),
                ),
            }
        }
    }
    for (first, later) in cluster.namespaces.values().flat_map(super::Namespace::rivals) {
        let at = first.file.location(first.root.span());
        let message = format!(
            "{} {} is written at {}:{} as well: which of them a cluster has is not known",
            later.kind,
            later.name.unwrap_or_default(),
            at.file,
            at.start.line
        );
        gaps.gap(GapKind::Unrendered, Place::node(later, later.root), message);
    }
    for object in objects.iter().filter(|object| crate::netpol::is_third_party_policy(object)) {
        let message = format!(
            "{} is not evaluated: only a NetworkPolicy counts as closing traffic",
            object.kind
        );
        gaps.gap(GapKind::Skipped, Place::node(object, object.root), message);
    }

    let mut collected: Vec<Findings<'_>> = vec![gaps];
    let scope = |namespace: &str| Scope {
        config,
        cluster: &cluster,
        namespace: cluster.namespace(namespace),
    };
    let worth_keeping = |findings: &Findings<'_>| !findings.is_empty();
    collected.par_extend(
        files
            .par_iter()
            .zip(&opened)
            .map(|(file, documents)| {
                let mut findings = Findings::default();
                plan.check_documents(file, documents, &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    collected.par_extend(
        objects
            .par_iter()
            .map(|object| {
                let mut findings = Findings::default();
                plan.check_object(object, &scope(object.effective_namespace()), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    collected.par_extend(
        pods.par_iter()
            .map(|pod| {
                let mut findings = Findings::default();
                plan.check_pod(pod, &scope(pod.namespace()), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    let namespaces: Vec<_> = cluster.namespaces.values().collect();
    collected.par_extend(
        namespaces
            .par_iter()
            .map(|namespace| {
                let mut findings = Findings::default();
                plan.check_namespace(namespace, &scope(namespace.name), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );

    let mut drafts: Vec<Draft> =
        collected.par_iter().flat_map_iter(|findings| locate(findings, &plan)).collect();
    drafts.extend(syntax_errors(files, &plan));
    sort(&mut drafts);
    drafts.dedup_by(|a, b| {
        a.finding.rule == b.finding.rule
            && a.finding.location == b.finding.location
            && a.finding.message == b.finding.message
            && a.finding.field == b.finding.field
    });
    assign_fingerprints(&mut drafts);

    let mut suppressions = Suppressions::gather(contents, &objects, config, options);
    for draft in &mut drafts {
        draft.finding.suppression = suppressions.find(&draft.finding);
    }
    let mut late: Vec<Draft> = suppressions.judge(&plan);
    sort(&mut late);
    assign_fingerprints(&mut late);
    if let Some(baseline) = &options.baseline {
        for draft in &mut late {
            draft.finding.suppression = baseline.find(&draft.finding);
        }
    }
    drafts.extend(late);
    sort(&mut drafts);

    let mut all_gaps = contents.gaps.clone();
    all_gaps.extend(opened.iter().flat_map(|documents| documents.gaps.iter().cloned()));
    all_gaps.extend(collected.iter().flat_map(|findings| &findings.gaps).map(
        |(kind, place, message)| Gap {
            kind: *kind,
            message: message.clone(),
            location: place.locate().location,
        },
    ));
    all_gaps
        .sort_by(|a, b| (&a.location, a.kind, &a.message).cmp(&(&b.location, b.kind, &b.message)));
    all_gaps.dedup();

    let narrow = Narrowing { options };
    let (findings, suppressed) = drafts
        .into_iter()
        .filter(|draft| narrow.keeps(draft))
        .map(|draft| draft.finding)
        .partition::<Vec<_>, _>(|finding| finding.suppression.is_none());
    let mut coverage = Coverage::default();
    let asked_for = files.iter().zip(&opened).filter(|(file, _)| narrow.in_paths(&file.path));
    for (_, documents) in asked_for {
        coverage.files += 1;
        coverage.documents += documents.count;
        coverage.objects += documents.objects.len();
    }
    all_gaps
        .retain(|gap| narrow.in_paths(&gap.location.file) && narrow.in_changed(&gap.location.file));
    coverage.gaps = all_gaps;
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let summary = Summary {
        error: count(Level::Error),
        warn: count(Level::Warn),
        note: count(Level::Note),
        suppressed: suppressed.len(),
        gaps: coverage.gaps.len(),
    };
    Report { findings, suppressed, coverage, summary }
}

/// A finding on its way to the report.
pub(super) struct Draft {
    pub(super) finding: Finding,
    /// Field path that stays the same when list items move.
    pub(super) stable_field: String,
    /// The namespace whose objects, together, decide it.
    pub(super) namespace: Option<String>,
}

fn locate<'f>(findings: &'f Findings<'_>, plan: &'f Plan<'_>) -> impl Iterator<Item = Draft> + 'f {
    findings.violations.iter().filter_map(move |(rule, violation)| {
        let place = &violation.place;
        let level = plan.level(rule, &place.file.path, place.object);
        if level == Level::Off {
            return None;
        }
        let located = place.locate();
        let related = violation.related.iter().map(|(place, message)| Related {
            message: message.clone(),
            location: place.locate().location,
        });
        Some(Draft {
            stable_field: located.stable_field,
            namespace: rule
                .looks_at_namespace()
                .then(|| place.object.map(|object| object.effective_namespace().to_owned()))
                .flatten(),
            finding: Finding {
                rule: rule.id,
                level,
                message: violation.message.clone(),
                help: violation.help.clone(),
                label: violation.label.clone(),
                object: place.object.map(Object::reference),
                field: located.field,
                location: located.location,
                related: related.collect(),
                clusters: Vec::new(),
                fingerprint: String::new(),
                fix: None,
                suppression: None,
            },
        })
    })
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

fn syntax_errors(files: &[File], plan: &Plan<'_>) -> Vec<Draft> {
    let rule = &crate::rules::yaml::SYNTAX;
    let mut drafts = Vec::new();
    if !plan.runs(rule) {
        return drafts;
    }
    for file in files {
        for error in file.tree.errors() {
            let level = plan.level(rule, &file.path, None);
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
    drafts.sort_by(|a, b| {
        let key = |draft: &Draft| {
            let at = &draft.finding.location;
            (at.file.clone(), at.start.line, at.start.column, draft.finding.rule)
        };
        let rest = |draft: &Draft| (draft.finding.field.clone(), draft.finding.message.clone());
        key(a).cmp(&key(b)).then_with(|| rest(a).cmp(&rest(b)))
    });
}

fn assign_fingerprints(drafts: &mut [Draft]) {
    let mut fingerprints = Fingerprints::default();
    for draft in drafts {
        let finding = &mut draft.finding;
        finding.fingerprint = fingerprints.next(
            finding.rule,
            &finding.location.file,
            finding.object.as_ref(),
            &draft.stable_field,
        );
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

    fn in_changed(&self, file: &Arc<str>) -> bool {
        self.options.changed.as_ref().is_none_or(|changed| changed.covers(file))
    }
}
