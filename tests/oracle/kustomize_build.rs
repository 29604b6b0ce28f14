//! Kustomizations: `flux_render::kustomize` against kustomize's own api, byte for byte, on generated
//! repositories and on every folder of the corpora that has a kustomization file.

use std::{collections::BTreeMap, path::Path};

use flux_render::{
    MemoryFiles,
    flux::Manifest,
    kustomize::{Builder, FILE_NAMES, Options},
};
use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use spanned_yaml::Node;

use crate::{
    disagreements::Disagreements,
    generate,
    judge::judges,
    kustomizations::{Repository, repository},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("kustomize_build::generated", generated),
        Trial::test("kustomize_build::corpora", corpora),
        Trial::test("kustomize_build::fields", fields),
        Trial::test("kustomize_build::tables", tables),
    ]
}

#[derive(Default, Serialize)]
pub(crate) struct Input<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) files: Option<&'a BTreeMap<String, String>>,
    pub(crate) path: String,
    pub(crate) disk: String,
}

#[derive(Deserialize)]
pub(crate) struct Judged {
    pub(crate) ok: bool,
    #[serde(default)]
    pub(crate) yaml: String,
    #[serde(default)]
    pub(crate) error: String,
}

/// What one side makes of a folder: text, or that it refuses.
type Outcome = Option<String>;

pub(crate) fn ours(files: &MemoryFiles, folder: &str) -> Result<String, String> {
    let built =
        Builder::new(files).build(folder, Options::default()).map_err(|error| error.to_string())?;
    let mut texts = Vec::new();
    for object in &built.objects {
        let manifest = Manifest::new(&object.tree).map_err(|error| error.to_string())?;
        let parsed = spanned_yaml::parse(manifest.text());
        if !is_same(manifest.root(), parsed.root(0)) {
            return Err(format!("the tree isn't that of its text: {}", manifest.text()));
        }
        texts.push(manifest.text().to_owned());
    }
    Ok(texts.join("---\n"))
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    node.entries().flat_map(|entry| [entry.key, entry.value]).chain(node.items()).collect()
}

/// Whether a tree that was made along with its text is what a parse makes of it.
fn is_same(made: Option<Node<'_>>, parsed: Option<Node<'_>>) -> bool {
    let (Some(made), Some(parsed)) = (made, parsed) else {
        return made.is_none() && parsed.is_none();
    };
    let facts = |node: Node<'_>| (node.kind(), node.style(), node.span(), node.id());
    let (ours, theirs) = (children(made), children(parsed));
    facts(made) == facts(parsed)
        && made.text() == parsed.text()
        && ours.len() == theirs.len()
        && ours.iter().zip(&theirs).all(|(made, parsed)| is_same(Some(*made), Some(*parsed)))
}

const REPOSITORIES: usize = 20_000;

/// What must take part in repositories that build, by what stands in their files.
#[rustfmt::skip]
const FEATURES: &[&str] = &[
    "\nresources:", "\nbases:", "\ncomponents:", "\nnamespace:", "\nnamePrefix:", "\nnameSuffix:",
    "\ncommonLabels:", "\nlabels:", "includeSelectors:", "includeTemplates:", "\n  fields:", "\ncommonAnnotations:",
    "\nimages:", "\nimageTags:", "tagSuffix:", "digest:", "newName:", "\nreplicas:", "\nconfigMapGenerator:",
    "\nsecretGenerator:", "  files:", "  envs:", "  env: vars.env", "  literals:", "behavior: merge", "behavior: replace",
    "disableNameSuffixHash:", "immutable:", "\ngeneratorOptions:", "\npatches:", "\npatchesStrategicMerge:",
    "\npatchesJson6902:", "$patch: delete", "$patch: replace", "$setElementOrder/", "$deleteFromPrimitiveList/",
    "$retainKeys", "allowNameChange:", "allowKindChange:", "labelSelector:", "annotationSelector:", "op: add",
    "op: remove", "op: replace", "op: move", "op: copy", "op: test", "a~1b~0c", "containers/-1", "\nreplacements:",
    "sourceValue:", "path: replacement.yaml", "delimiter:", "reject:", "create: true", "\nvars:", "\nconfigurations:",
    "nameReference:\n- kind", "\ncrds:", "\nopenapi:", "path: schema.json", "order: legacy", "order: fifo",
    "legacySortOptions:", "originAnnotations", "transformerAnnotations", "managedByLabel", "\ngenerators:",
    "\ntransformers:", "\nvalidators:", "kind: List", "kind: ConfigMapList", "local-config", "<<:", "kind: Component",
];

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("kustomize_build::generated")?;
    let mut disagreements = Disagreements::default();
    let (mut built, mut cases) = (0, 0);
    let mut seen = [0_usize; FEATURES.len()];
    // kyaml reads its built-in schema at the first need, and keeps it beside one that a folder sets
    // later: which of the two orders happened isn't always known here. `openapi` in a base or a
    // component is rare, and this is rarer.
    let mut openapi = 0;
    let mut left = generate::cases(REPOSITORIES)?;
    while left > 0 {
        let batch: Vec<Repository> = (0..left.min(2_000)).map(|_| repository(&mut rng)).collect();
        left -= batch.len();
        let inputs: Vec<Input<'_>> = batch
            .iter()
            .map(|one| Input {
                files: Some(&one.files),
                path: one.path.clone(),
                ..Input::default()
            })
            .collect();
        for (one, verdict) in
            batch.iter().zip(judges()?.ask_all::<_, Judged>("kustomize-build", &inputs)?)
        {
            cases += 1;
            let judged = verdict.unwrap_or_else(|error| Judged {
                ok: false,
                yaml: String::new(),
                error: error.to_string(),
            });
            let files = MemoryFiles::new(
                one.files.iter().map(|(path, text)| (path.as_str(), text.as_str())),
            );
            let own = ours(&files, &one.path);
            built += usize::from(judged.ok);
            if judged.ok {
                for (feature, count) in FEATURES.iter().zip(&mut seen) {
                    *count += usize::from(one.files.values().any(|text| text.contains(feature)));
                }
            }
            let theirs: Outcome = judged.ok.then_some(judged.yaml);
            let differs = own.as_ref().ok() != theirs.as_ref();
            if differs && one.files.values().any(|text| text.contains("openapi:")) {
                openapi += 1;
            } else if differs {
                let mut description = String::new();
                for (path, text) in &one.files {
                    description.push_str(&format!("=== {path}\n{text}"));
                }
                description.push_str(&match (&own, &theirs) {
                    (Ok(own), Some(theirs)) => difference(own, theirs),
                    (Ok(_), None) => format!("!!! only the judge refuses: {}", judged.error),
                    (Err(error), _) => format!("!!! only we refuse: {error}"),
                });
                disagreements.note(description);
            }
        }
    }
    disagreements.verdict(cases)?;
    if openapi * 5_000 > cases {
        return Err(format!("{openapi} of {cases} repositories with `openapi` differ").into());
    }
    // A generator whose repositories hardly build, or all do, or in which a field hardly ever takes
    // part, proves little.
    if built * 100 < cases * 45 || built * 100 > cases * 90 {
        return Err(format!("{built} of {cases} repositories build").into());
    }
    let rare: Vec<&str> = FEATURES
        .iter()
        .zip(&seen)
        .filter(|(_, count)| **count * 2_000 < cases)
        .map(|(feature, _)| *feature)
        .collect();
    if !rare.is_empty() {
        return Err(format!("in hardly any repository that builds: {}", rare.join(", ")).into());
    }
    Ok(())
}

/// A case by hand for each field and option.
fn fields() -> Result<(), Failed> {
    let cases = crate::kustomize_fields::cases();
    let inputs: Vec<Input<'_>> = cases
        .iter()
        .map(|(_, one)| Input {
            files: Some(&one.files),
            path: one.path.clone(),
            ..Input::default()
        })
        .collect();
    let mut disagreements = Disagreements::default();
    let verdicts = judges()?.ask_all::<_, Judged>("kustomize-build", &inputs)?;
    for ((name, one), verdict) in cases.iter().zip(verdicts) {
        let judged = verdict?;
        if judged.ok == name.starts_with("error: ") {
            disagreements.note(format!("{name}: the case is wrong: {}", judged.error));
        }
        let files =
            MemoryFiles::new(one.files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        let own = ours(&files, &one.path);
        let theirs: Outcome = judged.ok.then_some(judged.yaml);
        if own.as_ref().ok() != theirs.as_ref() {
            disagreements.note(match (&own, &theirs) {
                (Ok(own), Some(theirs)) => format!("{name}: {}", difference(own, theirs)),
                (Ok(_), None) => format!("{name}: only the judge refuses: {}", judged.error),
                (Err(error), _) => format!("{name}: only we refuse: {error}"),
            });
        }
    }
    disagreements.verdict(cases.len())
}

/// The first lines in which two texts differ.
pub(crate) fn difference(ours: &str, theirs: &str) -> String {
    let common = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
    let show = |text: &str| {
        text.lines().skip(common.saturating_sub(3)).take(9).collect::<Vec<_>>().join("\n")
    };
    format!("!!! ours:\n{}\n!!! judge:\n{}", show(ours), show(theirs))
}

fn corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let mut disagreements = Disagreements::default();
    let mut cases = 0;
    for root in corpora {
        let contents = contents(&root)?;
        let folders: Vec<String> = contents
            .iter()
            .filter_map(|(path, content)| {
                let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
                // Nothing is fetched: not even to see that it can't be.
                let remote = String::from_utf8_lossy(content).contains("- https://");
                (FILE_NAMES.contains(&name) && !remote).then(|| folder.to_owned())
            })
            .collect();
        let files = MemoryFiles::new(contents);
        let inputs: Vec<Input<'_>> = folders
            .iter()
            .map(|folder| Input {
                disk: root.join(folder).to_string_lossy().into_owned(),
                ..Input::default()
            })
            .collect();
        let verdicts = judges()?.ask_all::<_, Judged>("kustomize-build", &inputs)?;
        for (folder, verdict) in folders.iter().zip(verdicts) {
            cases += 1;
            let judged = verdict?;
            let own = ours(&files, folder);
            let theirs: Outcome = judged.ok.then_some(judged.yaml);
            if own.as_ref().ok() != theirs.as_ref() {
                disagreements.note(format!(
                    "{}/{folder}: {}",
                    root.display(),
                    match (&own, &theirs) {
                        (Ok(own), Some(theirs)) => difference(own, theirs),
                        (Ok(_), None) => format!("only the judge refuses: {}", judged.error),
                        (Err(error), _) => format!("only we refuse: {error}"),
                    }
                ));
            }
        }
    }
    disagreements.verdict(cases)
}

/// All files below a folder, by path.
pub(crate) fn contents(root: &Path) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let mut contents = Vec::new();
    for entry in walkdir::WalkDir::new(root).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            contents.push((relative(root, entry.path()), std::fs::read(entry.path())?));
        }
    }
    Ok(contents)
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

#[derive(Deserialize)]
struct Tables {
    #[serde(rename = "fieldSpecs")]
    field_specs: String,
    schema: String,
}

/// The tables that flux-render builds in are what kustomize builds in.
fn tables() -> Result<(), Failed> {
    let verdicts = judges()?.ask_all::<_, Tables>("kustomize-tables", &[serde_json::json!({})])?;
    let Some(judged) = verdicts.into_iter().next() else { return Err("no answer".into()) };
    let judged = judged?;
    compare_table("field-specs.tsv", &judged.field_specs)?;
    compare_table("schema.txt", &judged.schema)
}

/// Compares a table that flux-render builds in with what the judge says, or writes it anew.
pub(crate) fn compare_table(name: &str, judged: &str) -> Result<(), Failed> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/flux-render/tables").join(name);
    let ours = std::fs::read_to_string(&path)?;
    let head: String =
        ours.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
    let theirs = format!("{head}{judged}");
    if std::env::var_os("PORTCULLIS_UPDATE").is_some() {
        std::fs::write(&path, theirs)?;
    } else if ours != theirs {
        return Err(format!("{name} differs: run this with PORTCULLIS_UPDATE=1").into());
    }
    Ok(())
}
