//! Upstream's own example objects, one of every kind with every field set, against all judges, for every
//! version. What Kubernetes' tests write there isn't always a valid object: the judges say so too.

use libtest_mimic::Failed;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    KnownDifferences,
    kubeconform::{self, Case, Layout},
    package::Package,
    strict_decoding, verdict,
};
use crate::judge::judges;

#[derive(Serialize)]
struct Input {}

#[derive(Deserialize)]
struct Output {
    fixtures: Vec<Fixture>,
}

#[derive(Deserialize)]
struct Fixture {
    release: String,
    name: String,
    object: Value,
}

pub(super) fn trial() -> Result<(), Failed> {
    let package = Package::read()?;
    let Output { mut fixtures } = judges()?.ask("api-fixtures", &Input {})?;
    // An event of a watch has no kind.
    fixtures.retain(|fixture| fixture.object["kind"].is_string());
    let cases: Vec<Case<'_>> = fixtures
        .iter()
        .flat_map(|fixture| {
            let text = |key: &str| fixture.object[key].as_str().unwrap_or_default();
            package.of(text("apiVersion"), text("kind")).map(|kind| Case {
                what: format!("{} of {}", fixture.name, fixture.release),
                kind,
                object: fixture.object.clone(),
            })
        })
        .collect();
    let known = KnownDifferences::default();
    let mut all: Vec<String> = cases
        .par_iter()
        .filter_map(|case| super::compare(case.kind, &case.object, package, &known))
        .collect();
    let mut layout = Layout::new("fixtures")?;
    let (mut differences, refused) =
        kubeconform::differences(&cases, &mut layout, &kubeconform::Known::default())?;
    all.append(&mut differences);
    let texts: Vec<String> = fixtures.iter().map(|fixture| fixture.object.to_string()).collect();
    let (mut differences, [judged, fatal, unknown, _]) =
        strict_decoding::differences(&texts, &strict_decoding::Known::default())?;
    all.append(&mut differences);
    eprintln!(
        "{} example objects, {} with each version that has their kind, of which kubeconform refuses \
         {refused}; {judged} decoded strictly, {fatal} not at all, {unknown} with unknown fields",
        fixtures.len(),
        cases.len(),
    );
    // A kind that a release adds must be in its table.
    if cases.len() < 5 * fixtures.len() {
        return Err("too few kinds have schemas".into());
    }
    verdict(all, cases.len())
}
