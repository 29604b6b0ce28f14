//! `portcullis diff`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    io::IsTerminal,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use clap::Args;
use flux_render::flux::{Manifest, ObjectId};
use similar::{ChangeTag, TextDiff};

use super::{FINDINGS, Failure, print, repository::Repository, terminal::ColorChoice};
use crate::{
    check::{self, Earlier},
    finding::{Finding, Gap, GapKind, Report},
    repo,
};

/// Show what a change does to every cluster
///
/// Renders the revision REV and the working tree, and lists the objects that
/// are added, changed or removed, the findings that come or go with them, and
/// what can't be checked any more. A change that the API server refuses is a
/// finding too: schema/immutable-field.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// The revision to compare with
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// Run only this rule, or the rules of a group as `network/*` (repeatable)
    #[arg(long = "rule", value_name = "ID")]
    rules: Vec<String>,

    /// Leave out this rule, or the rules of a group (repeatable)
    #[arg(long, value_name = "ID")]
    skip: Vec<String>,

    /// When to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis diff                what isn't committed yet
  portcullis diff origin/main    what a pull request does

Exit status:
  0  nothing differs
  1  something does
  2  the run itself failed";

/// Objects by cluster, kind, namespace and name.
type Objects = BTreeMap<(String, ObjectId), Arc<Manifest>>;

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    super::rules::require(arguments.rules.iter().chain(&arguments.skip))?;
    let now = Repository::open(&PathBuf::from("."), arguments.root.as_deref())?;
    let folder = tempfile::Builder::new()
        .prefix("portcullis-")
        .tempdir()
        .map_err(|error| Failure::new(format!("no folder for the other revision: {error}")))?;
    let remotes = repo::git::remotes(&now.root);
    let before = repo::git::check_out(&now.root, &arguments.revision, folder.path())
        .map_err(|error| Failure::new(format!("{}: {error}", arguments.revision)))?;
    let before = Repository::at(before, &remotes)?;

    let colored = arguments.color.colors(std::io::stdout().is_terminal());
    let mut out = String::new();
    let objects = changes(&mut out, &objects(&before), &objects(&now), colored);
    let options = check::Options {
        only: arguments.rules.clone(),
        skip: arguments.skip.clone(),
        remotes,
        ..check::Options::default()
    };
    let earlier = Earlier { contents: &before.contents, fleet: &before.fleet };
    let before = check::check_fleet(&before.contents, &before.fleet, &before.config, &options);
    let now = check::check_update(earlier, &now.contents, &now.fleet, &now.config, &options);
    let findings = found(&mut out, &before, &now, colored);
    let gaps = unchecked(&mut out, &before, &now);
    let differs = objects || findings || gaps;
    if !differs {
        out.push_str("nothing differs\n");
    }
    print(&out)?;
    Ok(if differs { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// What a repository applies; of overlays that no cluster uses, by their folders.
fn objects(repository: &Repository) -> Objects {
    let mut objects = Objects::new();
    for cluster in &repository.fleet.clusters {
        for (_, applied) in cluster.objects() {
            let key = (cluster.name.clone(), applied.id.clone());
            objects.insert(key, Arc::clone(&applied.manifest));
        }
    }
    for overlay in &repository.fleet.overlays {
        for applied in overlay.outcome.iter().flat_map(|rendering| &rendering.objects) {
            let key = (overlay.folder.clone(), applied.id.clone());
            objects.insert(key, Arc::clone(&applied.manifest));
        }
    }
    objects
}

/// Writes the objects that differ. Whether there are any.
fn changes(out: &mut String, before: &Objects, now: &Objects, colored: bool) -> bool {
    let keys: BTreeSet<_> = before.keys().chain(now.keys()).collect();
    let mut cluster = None;
    for key in keys {
        let (before, now) = (before.get(key), now.get(key));
        if before.map(|it| it.text()) == now.map(|it| it.text()) {
            continue;
        }
        if cluster != Some(&key.0) {
            let _ = writeln!(out, "{}", key.0);
            cluster = Some(&key.0);
        }
        let word = match (before, now) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let _ = writeln!(out, "  {word} {}", key.1);
        if let (Some(before), Some(now)) = (before, now) {
            lines(out, before.text(), now.text(), colored);
        }
    }
    cluster.is_some()
}

/// Writes the lines that differ, each with what surrounds it.
fn lines(out: &mut String, before: &str, now: &str, colored: bool) {
    let (red, green, reset) =
        if colored { ("\u{1b}[31m", "\u{1b}[32m", "\u{1b}[0m") } else { ("", "", "") };
    let diff = TextDiff::from_lines(before, now);
    for (number, group) in diff.grouped_ops(2).iter().enumerate() {
        if number > 0 {
            out.push_str("      ...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let text = change.value().trim_end_matches('\n');
            let _ = match change.tag() {
                ChangeTag::Delete => writeln!(out, "    {red}- {text}{reset}"),
                ChangeTag::Insert => writeln!(out, "    {green}+ {text}{reset}"),
                ChangeTag::Equal => writeln!(out, "      {text}"),
            };
        }
    }
}

/// Writes the findings that come and go. Whether there are any.
fn found(out: &mut String, before: &Report, now: &Report, colored: bool) -> bool {
    let (red, green, reset) =
        if colored { ("\u{1b}[31m", "\u{1b}[32m", "\u{1b}[0m") } else { ("", "", "") };
    // A finding that holds for one more cluster is one more.
    let keys = |finding: &Finding| -> Vec<(String, String)> {
        let clusters = finding.clusters.iter().cloned();
        let none = finding.clusters.is_empty().then(String::new);
        clusters.chain(none).map(|cluster| (finding.fingerprint.clone(), cluster)).collect()
    };
    let known = |report: &Report| -> BTreeSet<(String, String)> {
        report.findings.iter().flat_map(keys).collect()
    };
    let (old, new) = (known(before), known(now));
    let line = |finding: &Finding| {
        let at = &finding.location;
        let clusters = match finding.clusters.as_slice() {
            [] => String::new(),
            names => format!(" ({})", names.join(", ")),
        };
        format!(
            "{}:{} {}[{}] {}{clusters}",
            at.file, at.start.line, finding.level, finding.rule, finding.message
        )
    };
    let added: Vec<_> = now
        .findings
        .iter()
        .filter(|finding| keys(finding).iter().any(|key| !old.contains(key)))
        .collect();
    let gone: Vec<_> = before
        .findings
        .iter()
        .filter(|finding| keys(finding).iter().any(|key| !new.contains(key)))
        .collect();
    if !added.is_empty() {
        out.push_str("findings that this adds\n");
        for finding in &added {
            let _ = writeln!(out, "  {red}+ {}{reset}", line(finding));
        }
    }
    if !gone.is_empty() {
        out.push_str("findings that this fixes\n");
        for finding in &gone {
            let _ = writeln!(out, "  {green}- {}{reset}", line(finding));
        }
    }
    !added.is_empty() || !gone.is_empty()
}

/// Writes what can't be checked that could be, or wasn't there. Whether there is any.
fn unchecked(out: &mut String, before: &Report, now: &Report) -> bool {
    // Lines move, and of the objects of a kind without a schema another may be the first now.
    fn key(gap: &Gap) -> (GapKind, &str, &str) {
        let file = if gap.kind == GapKind::NoSchema { "" } else { &*gap.location.file };
        (gap.kind, file, &gap.message)
    }
    let known: BTreeSet<_> = before.coverage.all_gaps().map(key).collect();
    let new = now.coverage.gaps.iter().filter(|gap| !known.contains(&key(gap)));
    // What is left out on purpose is no news.
    let new: Vec<_> = new.filter(|gap| gap.kind != GapKind::Skipped).collect();
    if !new.is_empty() {
        out.push_str("what this leaves unchecked\n");
        for gap in &new {
            let (at, kind) = (&gap.location, gap.kind.as_str());
            let _ = writeln!(out, "  ? {}:{} {kind}: {}", at.file, at.start.line, gap.message);
        }
    }
    !new.is_empty()
}
