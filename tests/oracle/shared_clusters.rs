//! Clusters that are rendered together against each of them alone: what they share must not show.

use std::{collections::BTreeMap, fmt::Write};

use fastrand::Rng;
use flux_render::{
    Files, MemoryFiles,
    flux::{self, Cluster, ClusterSettings, Outcome},
    kustomize::Builder,
};
use libtest_mimic::{Failed, Trial};
use portcullis::repo::{self, Progress, RepositoryFiles};

use crate::{disagreements::Disagreements, flux_pipeline, generate};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("shared_clusters::generated", generated),
        Trial::test("shared_clusters::corpora", corpora),
    ]
}

const REPOSITORIES: usize = 1_500;

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("shared_clusters::generated")?;
    let mut disagreements = Disagreements::default();
    let (cases, mut rendered) = (generate::cases(REPOSITORIES)?, 0);
    for _ in 0..cases {
        let repository = repository(&mut rng);
        let texts = repository.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let files = MemoryFiles::new(texts);
        let settings = CLUSTERS.map(|path| ClusterSettings {
            name: path.to_owned(),
            path: path.to_owned(),
            ..ClusterSettings::default()
        });
        rendered += compare(&files, &settings, &mut disagreements, || {
            repository.iter().flat_map(|(path, text)| ["=== ", path, "\n", text]).collect()
        });
    }
    disagreements.verdict(cases * CLUSTERS.len())?;
    if rendered < cases {
        return Err(format!("only {rendered} Kustomizations of {cases} repositories build").into());
    }
    Ok(())
}

const CLUSTERS: [&str; 4] = ["cluster", "cluster-b", "cluster-c", "cluster-d"];

/// A cluster, one like it, and two that differ from it in some lines.
fn repository(rng: &mut Rng) -> BTreeMap<String, String> {
    let mut files = flux_pipeline::cluster(rng);
    let own: Vec<(String, String)> = files
        .iter()
        .filter_map(|(path, text)| Some((path.strip_prefix("cluster/")?.to_owned(), text.clone())))
        .collect();
    for (number, cluster) in CLUSTERS.iter().enumerate().skip(1) {
        for (name, text) in &own {
            let text = if number == 1 { text.clone() } else { without_some_lines(text, rng) };
            files.insert(format!("{cluster}/{name}"), text);
        }
    }
    files
}

fn without_some_lines(text: &str, rng: &mut Rng) -> String {
    let lines = text.lines().filter(|_| rng.u8(0..20) > 0);
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let mut disagreements = Disagreements::default();
    let mut cases = 0;
    for root in corpora {
        // As a check reads them: copies of a text have one tree.
        let contents = repo::read(&root, repo::list(&root, &[]), &Progress::default());
        let files = RepositoryFiles::new(&contents, Some(&root));
        let manifests: Vec<_> =
            contents.files.iter().map(|file| (file.path.clone(), file.tree.clone())).collect();
        let found = flux::discover(&files, &manifests).into_iter();
        let settings: Vec<ClusterSettings> = found.map(ClusterSettings::from).collect();
        cases += settings.len();
        compare(&files, &settings, &mut disagreements, || root.display().to_string());
    }
    disagreements.verdict(cases)
}

/// How many Kustomizations could be rendered.
fn compare(
    files: &dyn Files,
    settings: &[ClusterSettings],
    disagreements: &mut Disagreements,
    describe: impl Fn() -> String,
) -> usize {
    let together = flux::render_all(&Builder::new(files), settings);
    let mut rendered = 0;
    for (cluster, settings) in together.iter().zip(settings) {
        let alone = flux::render(&Builder::new(files), settings);
        let (ours, theirs) = (told(cluster), told(&alone));
        let is_rendered = |member: &&flux::Member| member.outcome.rendering().is_some();
        rendered += alone.members.iter().filter(is_rendered).count();
        if let Some((one, other)) = ours.iter().zip(&theirs).find(|(one, other)| one != other) {
            disagreements.note(format!(
                "{}\n!!! {}\ntogether: {one}\nalone:    {other}",
                describe(),
                settings.name
            ));
        } else if ours.len() != theirs.len() {
            disagreements.note(format!("{}\n!!! {}: other members", describe(), settings.name));
        }
    }
    rendered
}

/// All that there is to know of each member, with the origins of all values.
fn told(cluster: &Cluster) -> Vec<String> {
    let mut all = vec![format!("{} {} {:?}", cluster.strict, cluster.unsettled, cluster.rivals)];
    for member in &cluster.members {
        let mut text = format!(
            "{:?} {:?} {:?} {:?}",
            member.spec, member.parent, member.source, member.problems
        );
        for applied in member.objects() {
            let _ = write!(
                text,
                "\n{:?} {:?} {}\n{}{:?}",
                applied.id,
                applied.control,
                applied.encrypted,
                applied.manifest.text(),
                applied.manifest.pieces()
            );
        }
        match &member.outcome {
            Outcome::Rendered(rendering) => {
                let _ = write!(
                    text,
                    "\n{:?} {:?} {:?} {:?} {:?}",
                    rendering.problems,
                    rendering.remarks,
                    rendering.patched,
                    rendering.folders,
                    rendering.read
                );
            }
            other => {
                let _ = write!(text, "\n{other:?}");
            }
        }
        all.push(text);
    }
    all
}
