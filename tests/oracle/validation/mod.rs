//! What rules say of objects against what an API server says: its own defaulting, conversion and
//! validation, as `oracle/kubernetes` runs them, on objects that are made at random and on those that the
//! corpora render.
//!
//! A place that the API server refuses must have a finding, unless [`NOT_CLAIMED`] says why not; and what
//! the rules report must be refused.

mod claims;
mod objects;
mod pods;
mod updates;

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use portcullis::{
    check::{self, Options},
    config::Config,
    repo::{Contents, File},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    disagreements::Disagreements,
    generate::{cases, rng},
    judge::{JudgeError, kubernetes},
    kubernetes_schemas::corpora::objects,
};
use claims::{Claim, Claims};

/// Objects that are made, unless the environment says otherwise.
const OBJECTS: usize = 64_000;

/// Objects that are checked together.
const BATCH: usize = 4_000;

/// The rules that are judged.
const JUDGED: &[&str] = &[
    "references/volume",
    "schema/autoscaler",
    "schema/config-data",
    "schema/container-name",
    "schema/cron-schedule",
    "schema/disruption-budget",
    "schema/environment",
    "schema/ingress-path",
    "schema/metadata",
    "schema/port",
    "schema/probe",
    "schema/selector",
    "schema/volume",
    "schema/workload",
];

/// Rules that may report a place in the stead of those.
const OTHERS: &[&str] = &["schema/*", "resources/invalid-quantity", "images/invalid-reference"];

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("validation::generated", generated),
        Trial::test("validation::updates", updates::trial),
        Trial::test("validation::corpora", corpora),
    ]
}

#[derive(Serialize)]
struct Input<'v> {
    object: &'v Value,
}

#[derive(Debug, Deserialize)]
struct Output {
    errors: Vec<Problem>,
    #[serde(default)]
    decode: String,
}

/// An error of the API server's validation.
#[derive(Debug, Deserialize)]
struct Problem {
    r#type: String,
    field: String,
    detail: String,
}

/// What we report of one object: rule, and the place without the numbers of items.
#[derive(Debug, Default)]
struct Ours {
    judged: BTreeSet<(&'static str, String)>,
    all: BTreeSet<String>,
}

fn generated() -> Result<(), Failed> {
    let mut rng = rng("validation::generated")?;
    let made: Vec<Value> = (0..cases(OBJECTS)?).map(|_| objects::make(&mut rng)).collect();
    let mut tally = Tally::default();
    for batch in made.chunks(BATCH) {
        tally.judge(batch)?;
    }
    tally.verdict()
}

/// What real repositories apply.
fn corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let mut tally = Tally::default();
    for corpus in corpora {
        for batch in objects(&corpus).chunks(BATCH) {
            tally.judge(batch)?;
        }
    }
    eprintln!("{} objects of corpora, of which the judge refuses {}", tally.count, tally.refused);
    tally.disagreements.verdict(tally.count)
}

/// Checks objects as the manifests of one cluster.
fn ours(objects: &[Value]) -> Vec<Ours> {
    let mut contents = Contents::default();
    for (number, object) in objects.iter().enumerate() {
        let file = File::new(
            format!("{number:05}.yaml").as_str(),
            spanned_yaml::parse(object.to_string()),
        );
        contents.files.push(file);
    }
    let only = JUDGED.iter().chain(OTHERS).map(|rule| (*rule).to_owned()).collect();
    let options = Options { only, ..Options::default() };
    let report = check::run(&contents, &Config::default(), &options);
    let mut all: Vec<Ours> = objects.iter().map(|_| Ours::default()).collect();
    for finding in report.findings {
        let number = finding.location.file.trim_end_matches(".yaml").parse::<usize>();
        let Some(of_object) = number.ok().and_then(|number| all.get_mut(number)) else { continue };
        let place = claims::place(finding.field.as_deref().unwrap_or_default());
        if JUDGED.contains(&finding.rule) {
            of_object.judged.insert((finding.rule, place.clone()));
        }
        of_object.all.insert(place);
    }
    all
}

#[derive(Default)]
struct Tally {
    disagreements: Disagreements,
    claims: Claims,
    count: usize,
    refused: usize,
    by_rule: BTreeMap<&'static str, usize>,
}

impl Tally {
    fn judge(&mut self, objects: &[Value]) -> Result<(), Failed> {
        let inputs: Vec<Input<'_>> = objects.iter().map(|object| Input { object }).collect();
        let verdicts = kubernetes()?.ask_all::<_, Output>("validate", &inputs)?;
        for ((object, ours), verdict) in objects.iter().zip(ours(objects)).zip(verdicts) {
            let judged = match verdict {
                Ok(judged) => judged,
                // Kinds of others, and those that nobody writes.
                Err(JudgeError::Refused(error)) if error.contains("no strategy") => continue,
                Err(error) => return Err(format!("{error}\n{object}").into()),
            };
            if !judged.decode.is_empty() {
                continue;
            }
            self.count += 1;
            self.refused += usize::from(!judged.errors.is_empty());
            self.compare(object, &ours, &judged);
        }
        Ok(())
    }

    fn compare(&mut self, object: &Value, ours: &Ours, judged: &Output) {
        let mut refused = BTreeSet::new();
        for error in &judged.errors {
            let place = claims::place_of(error);
            let claim = self.claims.of(&place, error, object);
            // Of two items that are the same, `schema/duplicate-item` points at the item.
            let is_twice =
                error.r#type == "FieldValueDuplicate" || error.detail == "must be unique";
            let item = place.rsplit_once('.').filter(|_| is_twice).map(|(item, _)| item);
            let has_finding =
                ours.all.contains(&place) || item.is_some_and(|it| ours.all.contains(it));
            if claim == Claim::Unknown && !has_finding {
                self.disagreements.note(format!("nobody claims {place}: {error:?}\n    {object}"));
            }
            if claim == Claim::Ours && !has_finding {
                self.disagreements
                    .note(format!("only the judge refuses {place}: {error:?}\n    {object}"));
            }
            refused.insert(place);
        }
        for (rule, place) in &ours.judged {
            *self.by_rule.entry(rule).or_default() += 1;
            if !refused.contains(place) && !self.claims.is_only_ours(rule, place, object, judged) {
                self.disagreements.note(format!(
                    "only we refuse {place} ({rule})\n    judge: {:?}\n    {object}",
                    judged.errors
                ));
            }
        }
    }

    fn verdict(self) -> Result<(), Failed> {
        eprintln!("{} objects, of which the judge refuses {}", self.count, self.refused);
        self.disagreements.verdict(self.count)?;
        for rule in JUDGED {
            let count = self.by_rule.get(rule).copied().unwrap_or_default();
            eprintln!("{rule}: {count} findings");
            if count == 0 {
                return Err(format!("no object has a finding of {rule}").into());
            }
        }
        self.claims.verdict()
    }
}
