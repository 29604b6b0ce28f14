//! What a scalar is: spanned-yaml's two dialects against go-yaml v2 and v3.
//!
//! Two differences are by design, and held here. `Scalar` keeps a timestamp and a binary as
//! written, where go-yaml computes an instant and bytes; and where go-yaml refuses a value that
//! contradicts its tag (`!!int x`), `Scalar` is the text.

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use serde::{Deserialize, Serialize};
use spanned_yaml::{Dialect, Kind, Node, Scalar};

use crate::{
    base64,
    disagreements::Disagreements,
    generate,
    judge::judges,
    yaml_scalar_cases::{HARD, generated},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("yaml_scalars::hard", hard),
        Trial::test("yaml_scalars::generated", generated_cases),
    ]
}

fn hard() -> Result<(), Failed> {
    let cases: Vec<Case> = HARD
        .iter()
        .flat_map(|scalar| Place::ALL.map(|place| Case { scalar: (*scalar).into(), place }))
        .collect();
    let met = agree(&cases)?;
    match KNOWN.iter().find(|known| !met.contains(known.what)) {
        None => Ok(()),
        Some(gone) => Err(format!("no longer differs, delete it from KNOWN: {}", gone.what).into()),
    }
}

fn generated_cases() -> Result<(), Failed> {
    let mut rng = generate::rng("yaml_scalars::generated")?;
    let cases: Vec<Case> = (0..generate::cases(100_000)?)
        .map(|_| Case { scalar: generated(&mut rng), place: generate::pick(&mut rng, &Place::ALL) })
        .collect();
    agree(&cases).map(drop)
}

/// A difference that is known and not yet mended. One that no hard case shows any more fails the
/// trial, so that none outlives its cause.
struct Known {
    what: &'static str,
    /// Tells whether a case with its two readings, ours first, is of this kind. The readings differ.
    covers: fn(&Case, &Reading, &Reading) -> bool,
}

const KNOWN: &[Known] = &[
    Known {
        what: "go-yaml refuses `[a?b]`, libyaml 0.2.5 and spanned-yaml take it as a text",
        covers: |case, ours, judged| {
            matches!((case.place, ours), (Place::FlowItem, Reading::Text(_)))
                && case.scalar.contains('?')
                && *judged == Reading::Syntax
        },
    },
    Known {
        what: "go-yaml takes `[a:]` and `[a:,b]` as texts, libyaml 0.2.5 and spanned-yaml refuse them",
        covers: |case, ours, _| {
            matches!(case.place, Place::FlowItem)
                && (case.scalar.ends_with(':') || case.scalar.contains(":,"))
                && *ours == Reading::Syntax
        },
    },
];

/// A scalar, and where it stands in a document.
struct Case {
    scalar: String,
    place: Place,
}

#[derive(Copy, Clone, Default, Debug)]
enum Place {
    #[default]
    Root,
    Item,
    FlowItem,
    Value,
    Key,
}

impl Place {
    const ALL: [Self; 5] = [Self::Root, Self::Item, Self::FlowItem, Self::Value, Self::Key];
}

impl Case {
    fn document(&self) -> String {
        let scalar = &self.scalar;
        match self.place {
            Place::Root => format!("{scalar}\n"),
            Place::Item => format!("- {scalar}\n"),
            Place::FlowItem => format!("[{scalar}]\n"),
            Place::Value => format!("k: {scalar}\n"),
            Place::Key => format!("? {scalar}\n: v\n"),
        }
    }
}

/// What a reader makes of a scalar, in terms that all readers share.
#[derive(Debug, PartialEq)]
enum Reading {
    /// The document isn't YAML.
    Syntax,
    /// The value contradicts its tag.
    Refused,
    Null,
    Bool(bool),
    /// From the smallest int64 to the largest uint64.
    Int(i128),
    /// The bits of the float; one pattern for every NaN.
    Float(u64),
    Timestamp,
    Text(String),
    /// Binary data that isn't UTF-8.
    Bytes(Vec<u8>),
    /// Not a scalar, though it was meant as one (`a: b`), or not where it was meant to be.
    Collection,
}

#[derive(Serialize)]
struct Input<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Judged {
    value: Option<Value>,
    #[serde(default)]
    error: String,
    #[serde(default)]
    tree_error: String,
}

#[derive(Deserialize)]
struct Value {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "value", default)]
    text: String,
    #[serde(default)]
    items: Vec<Value>,
    #[serde(default)]
    pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    key: Value,
    value: Value,
}

/// Compares all cases in both dialects. Returns the known differences that occurred.
fn agree(cases: &[Case]) -> Result<BTreeSet<&'static str>, Failed> {
    let documents: Vec<String> = cases.iter().map(Case::document).collect();
    let inputs: Vec<Input<'_>> = documents.iter().map(|text| Input { text }).collect();
    let mut disagreements = Disagreements::default();
    let mut met = BTreeSet::new();
    for (judge, dialect) in [("yaml-v2", Dialect::GoYamlV2), ("yaml-v3", Dialect::GoYamlV3)] {
        let verdicts = judges()?.ask_all::<_, Judged>(judge, &inputs)?;
        for ((case, document), verdict) in cases.iter().zip(&documents).zip(verdicts) {
            let Some(judged) = judged(verdict?, case.place)? else { continue };
            let ours = ours(document, case.place, dialect, &judged);
            if ours == Reading::Collection && judged == Reading::Refused {
                // One scalar among several: the judge doesn't say which.
                continue;
            }
            let known = || KNOWN.iter().find(|known| (known.covers)(case, &ours, &judged));
            if ours != judged
                && let Some(known) = known()
            {
                met.insert(known.what);
                continue;
            }
            disagreements.compare(format!("{judge} on {document:?}"), &ours, &judged);
        }
    }
    disagreements.verdict(cases.len() * 2)?;
    Ok(met)
}

/// Returns nothing for a key that is no scalar but a merge.
fn judged(judged: Judged, place: Place) -> Result<Option<Reading>, Failed> {
    if !judged.tree_error.is_empty() {
        return Ok(Some(Reading::Syntax));
    }
    let Some(value) = judged.value else {
        // Of go-yaml's errors after parsing, these are about one scalar, those about keys.
        let about_scalar = ["cannot decode !!", "!!binary value contains invalid base64 data"];
        let about_key = ["invalid map key", "cannot use"];
        let error = &judged.error;
        if error.contains("map merge requires map or sequence of maps as the value") {
            return Ok(None);
        }
        return Ok(Some(if about_scalar.iter().any(|words| error.contains(words)) {
            Reading::Refused
        } else if about_key.iter().any(|words| error.contains(words)) {
            Reading::Collection
        } else {
            Reading::Syntax
        }));
    };
    let found = match place {
        Place::Root => Some(value),
        Place::Item | Place::FlowItem if value.items.len() == 1 => value.items.into_iter().next(),
        Place::Value if value.pairs.len() == 1 => value.pairs.into_iter().next().map(|p| p.value),
        Place::Key if value.pairs.len() == 1 => value.pairs.into_iter().next().map(|p| p.key),
        _ => None,
    };
    let Some(found) = found else { return Ok(Some(Reading::Collection)) };
    Ok(Some(match found.kind.as_str() {
        "null" => Reading::Null,
        "bool" => Reading::Bool(found.text == "true"),
        "int" | "uint" => Reading::Int(found.text.parse()?),
        "float" => float(found.text.parse()?),
        "timestamp" => Reading::Timestamp,
        "string" => Reading::Text(found.text),
        "bytes" => Reading::Bytes(base64::decode(&found.text).ok_or("the judge's base64 is bad")?),
        "sequence" | "mapping" => Reading::Collection,
        other => return Err(format!("the judge knows a type {other:?}").into()),
    }))
}

fn float(value: f64) -> Reading {
    Reading::Float(if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() })
}

/// Reads the document with spanned-yaml. What the judge made of it decides only where the two
/// differ by design.
fn ours(document: &str, place: Place, dialect: Dialect, judged: &Reading) -> Reading {
    let tree = spanned_yaml::parse(document);
    if !tree.errors().is_empty() {
        return Reading::Syntax;
    }
    let Some(document) = tree.documents().first() else { return Reading::Null };
    let Some(root) = document.root.map(|root| tree.node(root)) else { return Reading::Null };
    let Some(node) = scalar_at(root, place) else { return Reading::Collection };
    if node.kind() != Kind::Scalar {
        return Reading::Collection;
    }
    match node.scalar(dialect) {
        Scalar::Null => Reading::Null,
        Scalar::Bool(value) => Reading::Bool(value),
        Scalar::Int(value) => Reading::Int(value.into()),
        Scalar::UInt(value) => Reading::Int(value.into()),
        Scalar::Float(value) => float(value),
        // go-yaml v2 hands an untyped timestamp on as its text.
        Scalar::Timestamp(text) if dialect == Dialect::GoYamlV2 => Reading::Text(text.into()),
        Scalar::Timestamp(_) => Reading::Timestamp,
        Scalar::Binary(text) => base64::decode(text).map_or(Reading::Refused, |bytes| {
            String::from_utf8(bytes)
                .map_or_else(|error| Reading::Bytes(error.into_bytes()), Reading::Text)
        }),
        Scalar::Str(_) if *judged == Reading::Refused && has_scalar_tag(node) => Reading::Refused,
        Scalar::Str(text) => Reading::Text(text.into()),
    }
}

/// Tells whether the node has a tag that its value can contradict.
fn has_scalar_tag(node: Node<'_>) -> bool {
    node.tag()
        .and_then(|tag| tag.strip_prefix("tag:yaml.org,2002:"))
        .is_some_and(|tag| ["bool", "int", "float", "null", "timestamp"].contains(&tag))
}

fn scalar_at(root: Node<'_>, place: Place) -> Option<Node<'_>> {
    let only_item =
        || (root.kind() == Kind::Sequence && root.len() == 1).then(|| root.items().next());
    let only_entry = || {
        (root.kind() == Kind::Mapping && root.raw_entries().count() == 1)
            .then(|| root.raw_entries().next())
    };
    match place {
        Place::Root => Some(root),
        Place::Item | Place::FlowItem => only_item().flatten(),
        Place::Value => only_entry().flatten().map(|entry| entry.value),
        Place::Key => only_entry().flatten().map(|entry| entry.key),
    }
}
