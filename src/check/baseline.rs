//! Baselines: findings that a repository had when it adopted portcullis.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use spanned_yaml::Span;

use super::Options;
use crate::{
    finding::{Finding, Level, Location, Report, Suppression, SuppressionKind},
    repo::File,
};

/// The entries of a baseline file, and which of them matched.
#[derive(Debug)]
pub struct Baseline {
    entries: BTreeMap<String, Known>,
    path: Arc<str>,
}

#[derive(Debug)]
struct Known {
    entry: Entry,
    location: Location,
    used: AtomicBool,
}

/// A baseline file that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: not a baseline: {message}; write it anew with --update-baseline")]
pub struct BaselineError {
    path: String,
    message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: u32,
    findings: Vec<Entry>,
}

#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(deny_unknown_fields)]
struct Entry {
    file: String,
    rule: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    field: Option<String>,
    fingerprint: String,
}

impl Baseline {
    /// Reads a baseline file. `path` is how reports name it.
    ///
    /// # Errors
    /// When the text isn't a baseline of version 1.
    pub fn read(path: &str, text: &str) -> Result<Self, BaselineError> {
        let error = |message: String| BaselineError { path: path.to_owned(), message };
        let document: Document = serde_yaml::from_str(text).map_err(|e| error(e.to_string()))?;
        if document.version != 1 {
            return Err(error(format!("version {} is not known", document.version)));
        }
        let file = File::new(path, spanned_yaml::parse(text));
        let lines: BTreeMap<&str, Span> = fingerprints(&file);
        let entries = document.findings.into_iter().map(|entry| {
            let span = lines.get(entry.fingerprint.as_str()).copied().unwrap_or_default();
            let location = file.location(span);
            let fingerprint = entry.fingerprint.clone();
            (fingerprint, Known { entry, location, used: AtomicBool::new(false) })
        });
        Ok(Self { entries: entries.collect(), path: path.into() })
    }

    /// The text of a baseline that accepts everything a report has left,
    /// what an earlier baseline still covers, and what it covers that this run
    /// did not look at; and the number of findings in it.
    ///
    /// # Errors
    /// None in practice: every entry is plain text.
    pub fn write(
        report: &Report,
        previous: Option<&Self>,
        options: &Options,
    ) -> Result<(String, usize), serde_yaml::Error> {
        let accepted = report.suppressed.iter().filter(|finding| {
            finding.suppression.as_ref().is_some_and(|s| s.kind == SuppressionKind::Baseline)
        });
        let mut findings: Vec<Entry> = report
            .findings
            .iter()
            .chain(accepted)
            .filter(|finding| finding.level > Level::Off && finding.rule != "suppression/unused")
            .map(|finding| Entry {
                file: finding.location.file.to_string(),
                rule: finding.rule.to_owned(),
                object: finding.object.as_ref().map(ToString::to_string),
                field: finding.field.clone(),
                fingerprint: finding.fingerprint.clone(),
            })
            .collect();
        let earlier = previous.into_iter().flat_map(|previous| previous.entries.values());
        let not_judged =
            earlier.map(|known| &known.entry).filter(|e| !options.judges(&e.rule, &e.file));
        findings.extend(not_judged.cloned());
        findings.sort();
        findings.dedup();
        let count = findings.len();
        let text = serde_yaml::to_string(&Document { version: 1, findings })?;
        let head =
            "# Findings that portcullis accepts, written by `portcullis check --update-baseline`.";
        Ok((format!("{head}\n{text}"), count))
    }

    /// Whether a finding is known.
    pub(super) fn find(&self, finding: &Finding) -> Option<Suppression> {
        let known = self.entries.get(&finding.fingerprint)?;
        if known.entry.rule != finding.rule {
            return None;
        }
        known.used.store(true, Ordering::Relaxed);
        Some(Suppression {
            kind: SuppressionKind::Baseline,
            reason: None,
            location: Some(known.location.clone()),
        })
    }

    /// Entries that matched nothing, with their rules.
    pub(super) fn unused(&self) -> impl Iterator<Item = (&str, &Location)> {
        let unused = self.entries.values().filter(|known| !known.used.load(Ordering::Relaxed));
        unused.map(|known| (known.entry.rule.as_str(), &known.location))
    }

    /// How reports name the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The rules that its entries name.
    pub fn rules(&self) -> BTreeSet<&str> {
        self.entries.values().map(|known| known.entry.rule.as_str()).collect()
    }
}

/// Where each fingerprint stands in a baseline file.
fn fingerprints(file: &File) -> BTreeMap<&str, Span> {
    let root = file.tree.documents().first().and_then(|document| document.root);
    let findings = root.and_then(|root| file.tree.node(root).get("findings"));
    let items = findings.into_iter().flat_map(|findings| findings.items());
    items
        .filter_map(|item| item.get("fingerprint"))
        .map(|node| (node.text(), node.span()))
        .collect()
}
