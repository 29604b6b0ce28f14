//! Objects of built-in kinds against the jsonschema crate and kubeconform with the strict JSON Schemas
//! of the PyPI package that the table is made from, for every version: objects made from the schemas,
//! mutations of these, and what the corpora render.
//!
//! The package isn't part of this repository. `PORTCULLIS_KUBERNETES_SCHEMAS` names its folder
//! `kubernetes-json-schema`; without it the trials are ignored, unless `PORTCULLIS_REQUIRE` has the
//! word `schemas`.

pub(crate) mod corpora;
mod fixtures;
mod instances;
mod kubeconform;
pub(crate) mod mutations;
mod package;
mod strict_decoding;

use std::sync::atomic::{AtomicUsize, Ordering};

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::{
    kube::Object,
    repo::File,
    schema::{self, CustomKinds, Customs, Problem, Versions},
};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::{disagreements::Disagreements, generate, judge, required};
use package::{Kind, Package};

/// How many mutations are tried, unless the environment says otherwise.
const MUTATIONS: usize = 200_000;

pub(crate) fn trials() -> Vec<Trial> {
    let missing = Package::folder().is_none();
    if missing {
        eprintln!(
            "PORTCULLIS_KUBERNETES_SCHEMAS names no folder: the judges of schemas are ignored"
        );
    }
    let ignored = missing && !required("schemas");
    let own = [
        Trial::test("kubernetes_schemas::instances", instances),
        Trial::test("kubernetes_schemas::mutations", mutations),
        Trial::test("kubernetes_schemas::corpora", corpora::trial),
    ];
    // These ask a Go program.
    let no_go = judge::toolchain().is_err() && !required("go");
    let asked = [
        Trial::test("kubernetes_schemas::kubeconform_mutations", kubeconform::of_mutations),
        Trial::test("kubernetes_schemas::kubeconform_corpora", kubeconform::of_corpora),
        Trial::test("kubernetes_schemas::fixtures", fixtures::trial),
        Trial::test("kubernetes_schemas::strict_mutations", strict_decoding::of_mutations),
        Trial::test("kubernetes_schemas::strict_corpora", strict_decoding::of_corpora),
    ];
    let own = own.into_iter().map(|trial| trial.with_ignored_flag(ignored));
    own.chain(asked.into_iter().map(|trial| trial.with_ignored_flag(ignored || no_go))).collect()
}

/// What the API server checks and the judge's schemas have no words for. Each must occur, or the
/// list is stale.
#[derive(Default)]
struct KnownDifferences {
    /// Items that repeat a key: the schemas name the keys, and JSON Schema knows no such rule.
    duplicates: AtomicUsize,
    /// `apiVersion` and `kind` of DeleteOptions, of which every group has its own: the table has no
    /// enumeration of a hundred API versions for an object that nobody keeps in Git.
    delete_options: AtomicUsize,
    /// Integers beyond 32 bits, base64, times, quantities: formats are no assertions in JSON Schema.
    formats: AtomicUsize,
}

impl KnownDifferences {
    fn verdict(&self) -> Result<(), Failed> {
        for (name, count) in [
            ("duplicates", &self.duplicates),
            ("delete options", &self.delete_options),
            ("formats", &self.formats),
        ] {
            let count = count.load(Ordering::Relaxed);
            if count == 0 {
                return Err(format!("no case shows the known difference {name}").into());
            }
            eprintln!("known difference, {name}: {count}");
        }
        Ok(())
    }
}

/// What our walk says of an object: each problem, and whether it is about an enumeration. None if it is
/// no object to us.
fn complaints_of(text: &str, versions: Versions) -> Option<Vec<(Problem, bool)>> {
    let file = File::new("object.yaml", spanned_yaml::parse(text));
    let object = Object::read(&file, file.tree.root(0)?)?;
    let none = CustomKinds::default();
    let customs = Customs::new(&none, &none);
    let complaints = schema::complaints(&object, versions, &customs);
    Some(complaints.into_iter().map(|one| (one.problem, one.is_choice)).collect())
}

/// The versions for which our walk refuses an object, apart from known differences; none if it is
/// no object to us.
fn refused(text: &str, versions: Versions, known: &KnownDifferences) -> Option<Versions> {
    let file = File::new("object.yaml", spanned_yaml::parse(text));
    let object = Object::read(&file, file.tree.root(0)?)?;
    let none = CustomKinds::default();
    let customs = Customs::new(&none, &none);
    let mut refused = Versions::NONE;
    for complaint in schema::complaints(&object, versions, &customs) {
        match complaint.problem {
            Problem::DuplicateItem => {
                known.duplicates.fetch_add(1, Ordering::Relaxed);
            }
            Problem::Deprecated => {}
            Problem::InvalidValue if !complaint.is_choice => {
                known.formats.fetch_add(1, Ordering::Relaxed);
            }
            _ => refused = refused.or(complaint.versions),
        }
    }
    Some(refused)
}

/// Compares one object for one version, walked for all versions at once.
fn compare(
    kind: &Kind,
    object: &Value,
    package: &Package,
    known: &KnownDifferences,
) -> Option<String> {
    let text = object.to_string();
    let judged = kind.validator.is_valid(object);
    let all = package.versions();
    let version = Versions::minor(kind.minor);
    let Some(refused) = refused(&text, all, known) else {
        return Some(format!("{kind}: no object to us: {text}"));
    };
    let accepted = refused.and(version).is_empty();
    if accepted == judged {
        return None;
    }
    let is_of_delete_options =
        |path: &str| matches!(path, "/deleteOptions/apiVersion" | "/deleteOptions/kind");
    let mut errors = kind.validator.iter_errors(object);
    if accepted
        && kind.kind == "Eviction"
        && errors.all(|error| is_of_delete_options(error.instance_path().as_str()))
    {
        known.delete_options.fetch_add(1, Ordering::Relaxed);
        return None;
    }
    let why: Vec<String> = kind
        .validator
        .iter_errors(object)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    let short: String = text.chars().take(2000).collect();
    Some(format!("{kind}: valid to us: {accepted}; to the judge: {judged}, {why:?}\n{short}"))
}

/// Objects made from the schemas fit them, for every kind of every version.
fn instances() -> Result<(), Failed> {
    let package = Package::read()?;
    let known = KnownDifferences::default();
    let differences: Vec<String> = package
        .kinds
        .par_iter()
        .flat_map_iter(|kind| {
            let mut rng = Rng::with_seed(u64::from(kind.minor));
            let object = instances::make(kind, &mut rng);
            if !kind.validator.is_valid(&object) {
                let why: Vec<String> =
                    kind.validator.iter_errors(&object).map(|error| error.to_string()).collect();
                return Some(format!("{kind}: the instance is invalid: {why:?} {object}"));
            }
            compare(kind, &object, package, &known)
        })
        .collect();
    verdict(differences, package.kinds.len())
}

/// Mutations of such objects are refused by both, or by neither.
fn mutations() -> Result<(), Failed> {
    let package = Package::read()?;
    let known = KnownDifferences::default();
    let count = generate::cases(MUTATIONS)?;
    let seed = generate::rng("kubernetes_schemas::mutations")?.u64(..);
    let refused = AtomicUsize::new(0);
    let mut differences: Vec<String> = (0..count)
        .into_par_iter()
        .flat_map_iter(|number| {
            let mut rng = Rng::with_seed(seed ^ number as u64);
            let kind = rng.choice(&package.kinds)?;
            let mut object = instances::make(kind, &mut rng);
            let what = mutations::mutate(&mut object, &mut rng);
            if !kind.validator.is_valid(&object) {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            // Another version of the kind tells whether versions are told apart.
            let versions: Vec<&Kind> = package.of(&kind.api_version, &kind.kind).collect();
            let other = *rng.choice(&versions)?;
            [kind, other]
                .into_iter()
                .find_map(|kind| compare(kind, &object, package, &known))
                .map(|said| format!("{what}: {said}"))
        })
        .collect();
    // Rare enough to be shown on purpose.
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "deleteOptions": {"kind": "Options"},
    });
    for kind in package.of("policy/v1", "Eviction") {
        if let Some(difference) = compare(kind, &eviction, package, &known) {
            differences.push(difference);
        }
    }
    let refused = refused.into_inner();
    eprintln!("{count} mutations, of which the judge refuses {refused}");
    // Half of the mutations make objects invalid: fewer would mean that they don't mutate.
    if refused * 3 < count || refused == count {
        return Err(format!("{refused} of {count} mutations are invalid").into());
    }
    known.verdict()?;
    verdict(differences, count)
}

fn verdict(differences: Vec<String>, cases: usize) -> Result<(), Failed> {
    let mut disagreements = Disagreements::default();
    for difference in differences {
        disagreements.note(difference);
    }
    disagreements.verdict(cases)
}
