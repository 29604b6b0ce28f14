//! What a label selector is and matches: `kube::Selector` against apimachinery.

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::kube::{Labels, Match, Selector, invalid_label_key, invalid_label_value};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    disagreements::Disagreements,
    generate::{self, pick},
    judge::{JudgeError, judges},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("selectors::generated", generated), Trial::test("selectors::labels", labels)]
}

#[derive(Serialize)]
struct Case {
    selector: Value,
    labels: Vec<Value>,
}

#[derive(Deserialize)]
struct Judged {
    error: Option<String>,
    #[serde(default)]
    matches: Vec<bool>,
    #[serde(default)]
    invalid: Vec<String>,
}

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("selectors::generated")?;
    let cases: Vec<Case> = (0..generate::cases(50_000)?)
        .map(|_| Case {
            selector: selector(&mut rng),
            labels: (0..4).map(|_| label_set(&mut rng)).collect(),
        })
        .collect();
    let mut disagreements = Disagreements::default();
    let mut valid = 0;
    let verdicts = judges()?.ask_all::<_, Judged>("label-selector", &cases)?;
    for (case, verdict) in cases.iter().zip(verdicts) {
        let theirs = match verdict {
            Ok(judged) if judged.invalid.is_empty() && judged.error.is_none() => {
                valid += 1;
                Some(judged.matches)
            }
            Ok(_) => None,
            // What can't be decoded is refused, too.
            Err(JudgeError::Refused(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let name = format!("{} on {:?}", case.selector, case.labels);
        disagreements.compare(name, &ours(case), &theirs);
    }
    if valid * 3 < cases.len() {
        return Err(format!("only {valid} of {} selectors are valid", cases.len()).into());
    }
    disagreements.verdict(cases.len())
}

fn ours(case: &Case) -> Option<Vec<bool>> {
    let selector = spanned_yaml::parse(case.selector.to_string());
    let mut invalid = Vec::new();
    let selector = Selector::read(selector.root(0)?, &mut invalid);
    if !invalid.is_empty() {
        return None;
    }
    let matches = |labels: &Value| {
        let metadata = spanned_yaml::parse(json!({ "labels": labels }).to_string());
        selector.matches(&Labels::read(metadata.root(0))) == Match::Yes
    };
    Some(case.labels.iter().map(matches).collect())
}

const KEYS: &[&str] = &["app", "tier", "team", "example.com/app", "A_b.c-d"];
const VALUES: &[&str] = &["", "a", "b", "web", "x.y_z-0"];
#[rustfmt::skip]
const ODD: &[&str] = &[
    "", "-a", "a-", "a b", "a/b/c", "/a", "a/", "Example.com/a", "ex_ample.com/a", "a..b/c", "ü",
    "kubernetes.io/metadata.name", "a.b-c.d/e", ".a", "a.", "_",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

fn key(rng: &mut Rng) -> &'static str {
    let keys = if rng.u8(..40) == 0 { ODD } else { KEYS };
    pick(rng, keys)
}

/// A value, now and then not one.
fn value(rng: &mut Rng) -> Value {
    match rng.u8(..80) {
        0 => pick(rng, ODD).into(),
        1 => Value::Null,
        2 => 1.into(),
        3 => true.into(),
        _ => pick(rng, VALUES).into(),
    }
}

fn label_set(rng: &mut Rng) -> Value {
    let labels = (0..rng.usize(..5)).map(|_| (pick(rng, KEYS).into(), pick(rng, VALUES).into()));
    Value::Object(labels.collect())
}

fn selector(rng: &mut Rng) -> Value {
    let mut selector = serde_json::Map::new();
    if rng.bool() {
        let labels = (0..rng.usize(..3)).map(|_| (key(rng).into(), value(rng)));
        let labels = Value::Object(labels.collect());
        selector.insert("matchLabels".into(), odd_instead(rng, labels));
    }
    if rng.u8(..3) > 0 {
        let expressions = (0..rng.usize(..3)).map(|_| {
            let expression = expression(rng);
            odd_instead(rng, expression)
        });
        let expressions = Value::Array(expressions.collect());
        selector.insert("matchExpressions".into(), odd_instead(rng, expressions));
    }
    Value::Object(selector)
}

fn expression(rng: &mut Rng) -> Value {
    let operators: &[&str] = if rng.u8(..40) == 0 {
        &["", "in", "Equals", "Gt"]
    } else {
        &["In", "NotIn", "Exists", "DoesNotExist"]
    };
    let operator = pick(rng, operators);
    let mut expression = json!({ "key": key(rng), "operator": operator });
    let takes_values = operator.ends_with("In") != (rng.u8(..30) == 0);
    if let (true, Some(expression)) = (takes_values, expression.as_object_mut()) {
        let values: Vec<Value> = (0..rng.usize(1..4)).map(|_| value(rng)).collect();
        let values = if rng.u8(..40) == 0 { json!([]) } else { json!(values) };
        expression.insert("values".into(), odd_instead(rng, values));
    }
    if rng.u8(..60) == 0
        && let Some(expression) = expression.as_object_mut()
    {
        expression.remove(pick(rng, &["key", "operator"]));
    }
    expression
}

/// The value, now and then null or of another type.
fn odd_instead(rng: &mut Rng, value: Value) -> Value {
    match rng.u8(..100) {
        0 => Value::Null,
        1 => "a".into(),
        2 => json!([["a"]]),
        3 => json!({"a": {}}),
        _ => value,
    }
}

#[derive(Serialize)]
struct Label<'a> {
    key: &'a str,
    value: &'a str,
}

#[derive(Deserialize)]
struct JudgedLabel {
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    value: Vec<String>,
}

/// Texts as keys and as values of labels.
fn labels() -> Result<(), Failed> {
    let mut rng = generate::rng("selectors::labels")?;
    let letters = ["a", "Z", "9", "-", "_", ".", "/", " ", "ü", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"];
    let mut texts: Vec<String> = ODD.iter().chain(KEYS).map(|text| (*text).to_owned()).collect();
    for _ in 0..generate::cases(20_000)? {
        texts.push((0..rng.usize(..8)).map(|_| pick(&mut rng, &letters)).collect());
    }
    for length in [251, 252, 253, 254] {
        texts.push(format!("{}a/b", "a.".repeat(length / 2)));
    }
    let cases: Vec<Label<'_>> = texts.iter().map(|text| Label { key: text, value: text }).collect();
    let mut disagreements = Disagreements::default();
    for (text, verdict) in texts.iter().zip(judges()?.ask_all::<_, JudgedLabel>("label", &cases)?) {
        let judged = verdict?;
        let ours = (invalid_label_key(text).is_none(), invalid_label_value(text).is_none());
        disagreements.compare(text, &ours, &(judged.key.is_empty(), judged.value.is_empty()));
    }
    disagreements.verdict(texts.len())
}
