//! Origins are sound in what Flux would apply, too: of generated Kustomizations and of those of the
//! corpora, a scalar at the place that a value names is changed, and the value must change with it.

use std::collections::BTreeMap;

use fastrand::Rng;
use flux_render::{
    MemoryFiles, Operation,
    flux::{self, Cluster, ClusterSettings, Manifest},
    kustomize::Builder,
};
use libtest_mimic::{Failed, Trial};
use spanned_yaml::{Kind, Node, Span};

use crate::{disagreements::Disagreements, generate, provenance::with_change};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("provenance_pipeline::generated", generated),
        Trial::test("provenance_pipeline::corpora", corpora),
    ]
}

const KUSTOMIZATIONS: usize = 1_500;
/// Values that are changed in each generated cluster, and in each of the corpora.
const CHANGES: (usize, usize) = (4, 8);

type Files = BTreeMap<String, String>;

#[derive(Default)]
struct Figures {
    values: usize,
    placed: usize,
    exact: usize,
    changed: usize,
    broken: usize,
}

impl Figures {
    fn verdict(&self, name: &str) -> Result<(), Failed> {
        let Self { values, placed, exact, changed, broken } = self;
        let told = format!(
            "{name}: {values} values, {placed} with a place, {exact} with an exact one, {changed} \
             changed, {broken} changes broke the build"
        );
        if std::env::var_os("PORTCULLIS_FIGURES").is_some() {
            eprintln!("{told}");
        }
        let few = placed * 100 < values * 99 || exact * 100 < values * 85 || changed < broken;
        if few { Err(told.into()) } else { Ok(()) }
    }
}

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("provenance_pipeline::generated")?;
    let mut disagreements = Disagreements::default();
    let mut figures = Figures::default();
    for _ in 0..generate::cases(KUSTOMIZATIONS)? {
        let files = crate::flux_pipeline::cluster(&mut rng);
        let settings = ClusterSettings { path: "cluster".to_owned(), ..Default::default() };
        try_cluster(&files, &settings, &mut rng, CHANGES.0, &mut figures, &mut disagreements);
    }
    disagreements.verdict(figures.values)?;
    figures.verdict("generated")
}

fn corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let mut rng = generate::rng("provenance_pipeline::corpora")?;
    let mut disagreements = Disagreements::default();
    let mut figures = Figures::default();
    for root in corpora {
        let contents = crate::kustomize_build::contents(&root)?;
        let files: Files = contents
            .into_iter()
            .filter_map(|(path, bytes)| Some((path, String::from_utf8(bytes).ok()?)))
            .collect();
        let memory = memory(&files);
        for found in flux::discover(&memory, &memory.trees().collect::<Vec<_>>()) {
            let settings = found.into();
            try_cluster(&files, &settings, &mut rng, CHANGES.1, &mut figures, &mut disagreements);
        }
    }
    disagreements.verdict(figures.values)?;
    figures.verdict("corpora")
}

fn memory(files: &Files) -> MemoryFiles {
    MemoryFiles::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

fn render(files: &Files, settings: &ClusterSettings) -> (MemoryFiles, Cluster) {
    let memory = memory(files);
    let cluster = flux::render(&Builder::new(&memory), settings);
    (memory, cluster)
}

fn try_cluster(
    files: &Files,
    settings: &ClusterSettings,
    rng: &mut Rng,
    changes: usize,
    figures: &mut Figures,
    disagreements: &mut Disagreements,
) {
    let (memory, cluster) = render(files, settings);
    let mut exact: Vec<(usize, Span)> = Vec::new();
    let objects: Vec<&Manifest> =
        cluster.objects().map(|(_, applied)| &*applied.manifest).collect();
    for (number, manifest) in objects.iter().enumerate() {
        let Some(root) = manifest.root() else { continue };
        for node in values(root) {
            let Some(origin) = manifest.origin(node.span().start) else { continue };
            let by_machine = origin.steps().next().is_some_and(|step| {
                matches!(step.operation, Operation::Kustomize | Operation::Flux)
            });
            figures.values += 1;
            figures.placed += usize::from(origin.place.is_some() || by_machine);
            if is_exact(files, &memory, manifest, node) && !by_machine {
                figures.exact += 1;
                exact.push((number, node.span()));
            } else if by_machine {
                figures.exact += 1;
            }
        }
    }
    for _ in 0..changes {
        let Some((number, span)) = rng.choice(&exact).copied() else { break };
        let Some(manifest) = objects.get(number) else { continue };
        let Some(place) = manifest.origin(span.start).and_then(|origin| origin.place) else {
            continue;
        };
        // The last letter of an expression is often that of a default which isn't used.
        let path = memory.path(place.file).and_then(|path| files.get(path));
        let written = path.and_then(|text| text.get(place.start as usize..place.end as usize));
        if written.is_none_or(|text| text.contains("${")) {
            continue;
        }
        let Some(other) = with_change(files, &memory, place) else { continue };
        let (_, again) = render(&other, settings);
        let after: Vec<&str> =
            again.objects().map(|(_, applied)| applied.manifest.text()).collect();
        // Another path, or a name that others refer to: nothing is left to compare.
        if after.len() != objects.len() {
            figures.broken += 1;
            continue;
        }
        figures.changed += 1;
        // A list item that a patch names by the changed key becomes another one.
        if after.get(number) == Some(&manifest.text()) && !is_sorted(files) {
            let shown = manifest.text().get(span.range()).unwrap_or_default();
            disagreements.note(format!(
                "{}: `{shown}` stays when {:?}:{}..{} is changed, in\n{}",
                settings.path,
                memory.path(place.file),
                place.start,
                place.end,
                manifest.text()
            ));
        }
    }
}

/// A sorted build may have another object there afterwards.
fn is_sorted(files: &Files) -> bool {
    files.values().any(|text| text.contains("sortOptions:"))
}

fn values(root: Node<'_>) -> Vec<Node<'_>> {
    let mut found = Vec::new();
    let mut queue = vec![root];
    while let Some(node) = queue.pop() {
        match node.kind() {
            Kind::Mapping => queue.extend(node.entries().map(|entry| entry.value)),
            Kind::Sequence => queue.extend(node.items()),
            _ => found.push(node),
        }
    }
    found
}

/// Whether what stands at the origin is the value, or a part of it.
fn is_exact(files: &Files, memory: &MemoryFiles, manifest: &Manifest, node: Node<'_>) -> bool {
    let place = manifest.origin(node.span().start).and_then(|origin| origin.place);
    let written = place.and_then(|place| {
        let text = files.get(memory.path(place.file)?)?;
        text.get(place.start as usize..place.end as usize)
    });
    let Some(written) = written else { return false };
    let bare = spanned_yaml::parse(written);
    let Some(root) = bare.root(0).filter(|root| root.kind() == Kind::Scalar) else { return false };
    let literal = root.text().split_once('=').map(|(_, value)| value.trim_matches(['"', '\'']));
    !root.text().is_empty()
        && (node.text().contains(root.text())
            || literal.is_some_and(|value| value == node.text())
            // A text with variables in it.
            || root.text().contains("${"))
}
