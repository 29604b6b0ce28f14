//! `portcullis graph`.

use std::{fmt::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use flux_render::flux::{Cluster, Member, Outcome, SourceVerdict};
use serde_json::json;

use super::{Failure, print, repository::Repository};

/// Show the clusters, their Kustomizations, and where each comes from
///
/// Each Kustomization stands below the one that renders it, with its path, its
/// source and why that counts as this repository, and what it waits for.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// A folder of the repository
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// The repository's root [default: the nearest folder upwards with portcullis.yaml or .git]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,

    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "tree")]
    format: Format,
}

const AFTER_HELP: &str = "\
Examples:
  portcullis graph
  portcullis graph --format dot | dot -Tsvg > graph.svg";

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For people
    Tree,
    /// For Graphviz
    Dot,
    /// For Markdown
    Mermaid,
    /// For programs
    Json,
}

/// Runs the command.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let repository = Repository::open(&arguments.path, arguments.root.as_deref())?;
    let clusters = &repository.fleet.clusters;
    if clusters.is_empty() {
        return Err(Failure::new("no cluster was found").help(
            "name them in portcullis.yaml: clusters: {production: {path: clusters/production}}",
        ));
    }
    print(&match arguments.format {
        Format::Tree => tree(clusters),
        Format::Dot => dot(clusters),
        Format::Mermaid => mermaid(clusters),
        Format::Json => as_json(clusters),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn tree(clusters: &[Cluster]) -> String {
    let mut out = String::new();
    for (number, cluster) in clusters.iter().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        let path = shown_path(&cluster.path);
        let _ = writeln!(out, "{} ({path})", cluster.name);
        branches(&mut out, cluster, None, "");
    }
    out
}

fn branches(out: &mut String, cluster: &Cluster, parent: Option<usize>, lead: &str) {
    let children: Vec<(usize, &Member)> = cluster
        .members
        .iter()
        .enumerate()
        .filter(|(index, member)| member.parent == parent && Some(*index) != parent)
        .collect();
    for (number, (index, member)) in children.iter().enumerate() {
        let last = number + 1 == children.len();
        let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        let folder = member.spec.folder();
        let _ = writeln!(
            out,
            "{lead}{branch}{}  {}  {}",
            member.spec.name,
            shown_path(&folder),
            state(member)
        );
        let has_children = cluster.members.iter().skip(1).any(|other| other.parent == Some(*index));
        let inner = format!("{lead}{below}{}", if has_children { "│  " } else { "   " });
        if let Some(source) = &member.spec.source {
            let verdict = verdict(&member.source);
            let _ = writeln!(out, "{inner}from {} {}: {verdict}", source.kind, source.name);
        }
        if !member.spec.depends_on.is_empty() {
            let names: Vec<String> = member
                .spec
                .depends_on
                .iter()
                .map(|dependency| dependency.name.to_string())
                .collect();
            let _ = writeln!(out, "{inner}after {}", names.join(", "));
        }
        branches(out, cluster, Some(*index), &format!("{lead}{below}"));
    }
}

fn shown_path(path: &str) -> String {
    if path.is_empty() { "./".to_owned() } else { format!("./{path}") }
}

/// What came of a Kustomization, in a few words.
fn state(member: &Member) -> String {
    let state = match &member.outcome {
        Outcome::Rendered(rendering) => match rendering.objects.len() {
            1 => "1 object".to_owned(),
            count => format!("{count} objects"),
        },
        Outcome::Failed(_) => "can't be built".to_owned(),
        Outcome::Elsewhere => "not rendered".to_owned(),
        Outcome::NoFolder(None) => "no such folder".to_owned(),
        Outcome::NoFolder(Some(_)) => "folder left out of the artifact".to_owned(),
    };
    if member.spec.suspended.is_some() { format!("{state}, suspended") } else { state }
}

fn verdict(source: &SourceVerdict) -> String {
    match source {
        SourceVerdict::Here(reason) => reason.as_str().to_owned(),
        SourceVerdict::Foreign { url, .. } if url.is_empty() => "another repository".to_owned(),
        SourceVerdict::Foreign { url, .. } => format!("another repository, {url}"),
        SourceVerdict::Missing => "there is no such source".to_owned(),
    }
}

fn dot(clusters: &[Cluster]) -> String {
    let mut out = String::from("digraph flux {\n  rankdir=LR;\n  node [shape=box];\n");
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    for (number, cluster) in clusters.iter().enumerate() {
        let id = |name: &str| quoted(&format!("{}/{name}", cluster.name));
        let _ =
            writeln!(out, "  subgraph cluster_{number} {{\n    label={};", quoted(&cluster.name));
        for member in &cluster.members {
            let name = member.spec.name.to_string();
            let label = format!("{name}\n{}", shown_path(&member.spec.folder()));
            let _ =
                writeln!(out, "    {} [label={}];", id(&name), quoted(&label).replace('\n', "\\n"));
        }
        for (from, to, waits) in edges(cluster) {
            let style = if waits { " [style=dashed, label=\"after\"]" } else { "" };
            let _ = writeln!(out, "    {} -> {}{style};", id(&from), id(&to));
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}

fn mermaid(clusters: &[Cluster]) -> String {
    let mut out = String::from("flowchart LR\n");
    // Quotes end a label, whatever stands before them.
    let text = |text: &str| text.replace('"', "#quot;");
    for (number, cluster) in clusters.iter().enumerate() {
        let _ = writeln!(out, "  subgraph c{number}[\"{}\"]", text(&cluster.name));
        let ids: Vec<String> =
            cluster.members.iter().map(|member| member.spec.name.to_string()).collect();
        let id = |name: &str| {
            let at = ids.iter().position(|known| known == name);
            at.map(|at| format!("c{number}k{at}"))
        };
        for (at, member) in cluster.members.iter().enumerate() {
            let name = text(&member.spec.name.to_string());
            let path = text(&shown_path(&member.spec.folder()));
            let _ = writeln!(out, "    c{number}k{at}[\"{name}<br>{path}\"]");
        }
        for (from, to, waits) in edges(cluster) {
            if let (Some(from), Some(to)) = (id(&from), id(&to)) {
                let arrow = if waits { "-. after .->" } else { "-->" };
                let _ = writeln!(out, "    {from} {arrow} {to}");
            }
        }
        out.push_str("  end\n");
    }
    out
}

/// Who renders whom, and who waits for whom.
fn edges(cluster: &Cluster) -> Vec<(String, String, bool)> {
    let mut edges = Vec::new();
    for (index, member) in cluster.members.iter().enumerate() {
        let name = member.spec.name.to_string();
        let parent = member.parent.filter(|parent| *parent != index);
        if let Some(parent) = parent.and_then(|parent| cluster.members.get(parent)) {
            edges.push((parent.spec.name.to_string(), name.clone(), false));
        }
        for dependency in &member.spec.depends_on {
            edges.push((name.clone(), dependency.name.to_string(), true));
        }
    }
    edges
}

fn as_json(clusters: &[Cluster]) -> String {
    let clusters: Vec<_> = clusters
        .iter()
        .map(|cluster| {
            let members: Vec<_> = cluster
                .members
                .iter()
                .map(|member| {
                    let spec = &member.spec;
                    let parent = member.parent.and_then(|parent| cluster.members.get(parent));
                    json!({
                        "namespace": spec.name.namespace,
                        "name": spec.name.name,
                        "path": spec.folder(),
                        "parent": parent.map(|parent| parent.spec.name.to_string()),
                        "dependsOn": spec.depends_on.iter().map(|d| d.name.to_string()).collect::<Vec<_>>(),
                        "suspended": spec.suspended.is_some(),
                        "source": spec.source.as_ref().map(|source| json!({
                            "kind": source.kind,
                            "namespace": source.name.namespace,
                            "name": source.name.name,
                            "here": matches!(member.source, SourceVerdict::Here(_)),
                            "reason": verdict(&member.source),
                        })),
                        "state": match &member.outcome {
                            Outcome::Rendered(_) => "rendered",
                            Outcome::Failed(_) => "failed",
                            Outcome::Elsewhere => "elsewhere",
                            Outcome::NoFolder(_) => "no-folder",
                        },
                        "objects": member.objects().len(),
                    })
                })
                .collect();
            json!({"name": cluster.name, "path": cluster.path, "kustomizations": members})
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&json!({"version": 1, "clusters": clusters}))
        .unwrap_or_default();
    text.push('\n');
    text
}
