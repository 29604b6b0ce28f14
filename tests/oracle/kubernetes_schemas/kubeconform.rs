//! Against kubeconform, strict, with the same schemas: mutations over all versions, and what the
//! corpora have.
//!
//! kubeconform wants a file for each kind and version. They are written when a kind is asked for, below
//! the target folder, with the definitions that the kind needs.

use std::{
    collections::BTreeSet,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use fastrand::Rng;
use libtest_mimic::Failed;
use portcullis::schema::{Problem, Versions};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    complaints_of, corpora, instances, mutations,
    package::{Kind, Package},
    verdict,
};
use crate::{generate, judge::judges};

/// How many mutations are tried, unless the environment says otherwise: kubeconform reads YAML a
/// hundred times slower than the other judge reads JSON.
const MUTATIONS: usize = 30_000;
/// Objects that are asked about at once.
const BATCH: usize = 4_000;

#[derive(Serialize)]
struct Input<'o> {
    schemas: &'o str,
    version: String,
    object: &'o Value,
}

#[derive(Debug, Deserialize)]
struct Judged {
    status: String,
    #[serde(default)]
    error: String,
}

/// What the two differ in. Each must occur in the mutations, or the list is stale.
#[derive(Default)]
pub(super) struct Known {
    /// Items that repeat a key or a value of a set: JSON Schema knows no such rule.
    duplicates: AtomicUsize,
    /// Integers beyond 32 bits, base64, quantities: kubeconform knows formats of JSON Schema alone.
    formats: AtomicUsize,
    /// `apiVersion` and `kind` of DeleteOptions, as with the other judge.
    delete_options: AtomicUsize,
}

/// A case: an object for one version.
pub(super) struct Case<'k> {
    pub(super) what: String,
    pub(super) kind: &'k Kind,
    pub(super) object: Value,
}

/// Where schemas are, in kubeconform's layout.
pub(super) struct Layout {
    folder: PathBuf,
    written: BTreeSet<PathBuf>,
}

impl Layout {
    /// An empty one. `name` keeps trials that run beside each other apart.
    pub(super) fn new(name: &str) -> Result<Self, Failed> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kubeconform").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        Ok(Self { folder, written: BTreeSet::new() })
    }

    /// Writes the schemas of these kinds that aren't there.
    fn write<'k>(&mut self, kinds: impl Iterator<Item = &'k Kind>) -> Result<(), Failed> {
        for kind in kinds {
            let path = self.folder.join(file_of(kind));
            if self.written.insert(path.clone()) {
                let parent = path.parent().ok_or("no folder")?;
                fs::create_dir_all(parent)?;
                fs::write(&path, super::package::standalone(kind)?)?;
            }
        }
        Ok(())
    }
}

/// `v1.37.0-standalone-strict/deployment-apps-v1.json`.
fn file_of(kind: &Kind) -> String {
    let suffix = match kind.api_version.split_once('/') {
        Some((group, version)) => {
            format!("{}-{version}", group.split('.').next().unwrap_or_default())
        }
        None => kind.api_version.clone(),
    };
    let name = kind.kind.to_lowercase();
    format!("v1.{}.0-standalone-strict/{name}-{suffix}.json", kind.minor)
}

/// Asks about the cases and says how the answers differ.
pub(super) fn differences(
    cases: &[Case<'_>],
    layout: &mut Layout,
    known: &Known,
) -> Result<(Vec<String>, usize), Failed> {
    layout.write(cases.iter().map(|case| case.kind))?;
    let schemas = layout.folder.to_string_lossy();
    let inputs: Vec<Input<'_>> = cases
        .iter()
        .map(|case| Input {
            schemas: &schemas,
            version: format!("1.{}.0", case.kind.minor),
            object: &case.object,
        })
        .collect();
    let verdicts = judges()?.ask_all::<_, Judged>("kubeconform", &inputs)?;
    let mut judged = Vec::with_capacity(cases.len());
    for verdict in verdicts {
        judged.push(verdict?);
    }
    let refused = judged.iter().filter(|judged| judged.status == "invalid").count();
    let differences = cases.par_iter().zip(&judged).filter_map(|(case, judged)| {
        let said = difference(case, judged, known)?;
        let short: String = case.object.to_string().chars().take(2000).collect();
        Some(format!("{}: {}: {said}: {judged:?}\n{short}", case.what, case.kind))
    });
    Ok((differences.collect(), refused))
}

fn difference(case: &Case<'_>, judged: &Judged, known: &Known) -> Option<String> {
    let version = Versions::minor(case.kind.minor);
    let Some(complaints) = complaints_of(&case.object.to_string(), version) else {
        return Some("no object to us".to_owned());
    };
    let (mut refused, mut duplicates, mut formats) = (false, false, false);
    for (problem, is_choice) in complaints {
        match problem {
            Problem::Deprecated => {}
            Problem::DuplicateItem => duplicates = true,
            Problem::InvalidValue if !is_choice => formats = true,
            _ => refused = true,
        }
    }
    let is_delete_options = || {
        case.kind.kind == "Eviction"
            && judged.error.matches("- at '").count()
                == judged.error.matches("- at '/deleteOptions/").count()
    };
    let counter = match judged.status.as_str() {
        "invalid" if refused || formats => return None,
        "valid" if !refused && !duplicates && !formats => return None,
        "valid" if !refused && duplicates => &known.duplicates,
        "valid" if !refused => &known.formats,
        "invalid" if is_delete_options() => &known.delete_options,
        _ => return Some(format!("valid to us: {}", !refused)),
    };
    counter.fetch_add(1, Ordering::Relaxed);
    None
}

/// Kinds that are kept in a cluster: the others are answers and options of requests, and lists.
pub(super) fn is_kept(kind: &Kind) -> bool {
    let definition = kind.definitions.get(&kind.definition).unwrap_or(&Value::Null);
    let metadata = definition["properties"]["metadata"]["$ref"].as_str().unwrap_or_default();
    metadata.ends_with(".ObjectMeta")
}

/// Mutations of objects of all kinds and versions.
pub(super) fn of_mutations() -> Result<(), Failed> {
    let package = Package::read()?;
    let count = generate::cases(MUTATIONS)?;
    let seed = generate::rng("kubernetes_schemas::kubeconform_mutations")?.u64(..);
    let kinds: Vec<&Kind> = package.kinds.iter().filter(|kind| is_kept(kind)).collect();
    let known = Known::default();
    let mut layout = Layout::new("mutations")?;
    let (mut all, mut refused) = (Vec::new(), 0);
    for start in (0..count).step_by(BATCH) {
        let mut cases: Vec<Case<'_>> = (start..count.min(start + BATCH))
            .into_par_iter()
            .filter_map(|number| {
                let mut rng = Rng::with_seed(seed ^ number as u64);
                let kind = *rng.choice(&kinds)?;
                let mut object = instances::make(kind, &mut rng);
                let what = mutations::mutate(&mut object, &mut rng).to_owned();
                Some(Case { what, kind, object })
            })
            .collect();
        if start == 0 {
            // Rare enough to be shown on purpose.
            cases.extend(package.of("policy/v1", "Eviction").map(|kind| Case {
                what: "the kind of DeleteOptions".to_owned(),
                kind,
                object: json!({
                    "apiVersion": "policy/v1",
                    "kind": "Eviction",
                    "deleteOptions": {"kind": "Options"},
                }),
            }));
        }
        let (mut differences, invalid) = differences(&cases, &mut layout, &known)?;
        all.append(&mut differences);
        refused += invalid;
    }
    eprintln!("{count} mutations, of which kubeconform refuses {refused}");
    if refused * 3 < count || refused == count {
        return Err(format!("{refused} of {count} mutations are invalid").into());
    }
    for (name, count) in [
        ("duplicates", &known.duplicates),
        ("formats", &known.formats),
        ("delete options", &known.delete_options),
    ] {
        let count = count.load(Ordering::Relaxed);
        if count == 0 {
            return Err(format!("no case shows the known difference {name}").into());
        }
        eprintln!("known difference, {name}: {count}");
    }
    verdict(all, count)
}

/// Every object of a built-in kind that a corpus renders, or that it has in a file, for every version.
pub(super) fn of_corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let package = Package::read()?;
    let known = Known::default();
    let mut layout = Layout::new("corpora")?;
    let (mut all, mut count) = (Vec::new(), 0);
    for corpus in corpora {
        let mut objects = corpora::objects(&corpus);
        // Overlays render most objects alike.
        objects.sort_by_cached_key(ToString::to_string);
        objects.dedup();
        let name = corpus.display().to_string();
        let cases: Vec<Case<'_>> = objects
            .iter()
            .flat_map(|object| {
                let text = |key: &str| object[key].as_str().unwrap_or_default();
                package.of(text("apiVersion"), text("kind")).map(|kind| Case {
                    what: name.clone(),
                    kind,
                    object: object.clone(),
                })
            })
            .collect();
        count += cases.len();
        all.append(&mut differences(&cases, &mut layout, &known)?.0);
    }
    eprintln!("{count} objects of corpora, each for each version");
    verdict(all, count)
}
