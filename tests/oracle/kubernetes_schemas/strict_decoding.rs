//! Against the API server's strict decoding into Go's types: unknown fields, keys that are there twice,
//! and values of a type that can't be decoded, for the newest version of Kubernetes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use fastrand::Rng;
use libtest_mimic::Failed;
use portcullis::{
    kube::Object,
    repo::File,
    schema::{self, CustomKinds, Customs, Problem, Versions},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use spanned_yaml::{Kind as NodeKind, Node, NodeId};

use super::{
    corpora, instances,
    mutations::{self, mutate_below},
    package::{Kind, Package},
    verdict,
};
use crate::{generate, judge::judges};

/// How many mutations are tried, unless the environment says otherwise.
const MUTATIONS: usize = 50_000;
/// Objects that are asked about at once.
const BATCH: usize = 4_000;

#[derive(Serialize)]
struct Input<'t> {
    text: &'t str,
}

#[derive(Debug, Deserialize)]
struct Judged {
    known: bool,
    #[serde(default)]
    fatal: String,
    #[serde(default)]
    unknown: Vec<String>,
    #[serde(default)]
    duplicates: Vec<String>,
}

/// What we say of an object, in the judge's words.
#[derive(Debug, Default)]
struct Ours {
    /// Why it can't be decoded: messages about types and formats.
    fatal: Vec<String>,
    unknown: BTreeSet<String>,
    duplicates: BTreeSet<String>,
}

/// What the two differ in. Each must occur in the mutations, or the list is stale.
#[derive(Default)]
pub(super) struct Known {
    counts: [AtomicUsize; CLASSES.len()],
}

/// A known difference: its name, and whether a case is one of it.
type Class = (&'static str, fn(&Ours, &Judged) -> bool);

const CLASSES: [Class; 5] = [
    // Go decodes null as nothing. The server then misses what is required, and so do its schemas.
    ("null for what is required", |ours, judged| {
        let is_null = |said: &String| said.contains("null, not ");
        judged.fatal.is_empty() && !ours.fatal.is_empty() && ours.fatal.iter().all(is_null)
    }),
    // The schemas say that these are mappings, Go takes anything: what servers write, and what is of
    // kinds that aren't known here.
    ("raw values", |ours, judged| {
        let is_raw = |said: &String| RAW.iter().any(|name| said.starts_with(name));
        judged.fatal.is_empty() && !ours.fatal.is_empty() && ours.fatal.iter().all(is_raw)
    }),
    // Go reads a list of numbers as bytes, where everybody else writes base64.
    ("lists for bytes", |ours, judged| {
        let is_list = |said: &String| said.ends_with("a list, not a string");
        judged.fatal.is_empty() && !ours.fatal.is_empty() && ours.fatal.iter().all(is_list)
    }),
    // A Go type without fields is a mapping to the schemas, which don't say that it must be empty.
    ("types without fields", |ours, judged| {
        let judged_unknown = named(&judged.unknown, UNKNOWN);
        let is_of_empty = |place: &String| {
            let parent = place.rsplit('.').nth(1).unwrap_or_default();
            EMPTY.contains(&parent)
        };
        ours.fatal.is_empty()
            && judged.fatal.is_empty()
            && ours.unknown.is_subset(&judged_unknown)
            && judged_unknown.difference(&ours.unknown).all(is_of_empty)
    }),
    // To find the kind, Go reads keys whatever their case, and stops at a value of another type. Here
    // the field is unknown.
    ("kind and apiVersion in other letters", |ours, judged| {
        let is_head = |name: &String| {
            ["kind", "apiVersion"].iter().any(|head| name.eq_ignore_ascii_case(head))
        };
        ours.fatal.is_empty()
            && judged.fatal.starts_with("couldn't get version/kind")
            && ours.unknown.iter().any(is_head)
    }),
];

/// Each class on purpose: some are rare.
const SHOWN: [&str; CLASSES.len()] = [
    r#"{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":null}]}}"#,
    r#"{"apiVersion":"v1","kind":"Pod","metadata":{"managedFields":[{"fieldsV1":7}]},"spec":{"containers":[]}}"#,
    r#"{"apiVersion":"v1","kind":"Secret","data":{"key":[1]}}"#,
    r#"{"apiVersion":"internal.apiserver.k8s.io/v1alpha1","kind":"StorageVersion","spec":{"added":1},"status":{}}"#,
    r#"{"apiVersion":"v1","kind":"ConfigMap","KIND":1}"#,
];

/// Fields with values of any kind.
const RAW: [&str; 3] = ["fieldsV1: ", "parameters: ", "data: "];
/// Fields of types without fields: ways of scheduling, the spec of StorageVersion, and the status of a
/// CRD's subresources.
const EMPTY: [&str; 5] = ["single", "all", "basic", "spec", "status"];
/// How messages about unknown fields start.
const UNKNOWN: &str = "unknown field";

/// Mutations of objects of all kinds.
pub(super) fn of_mutations() -> Result<(), Failed> {
    let package = Package::read()?;
    let count = generate::cases(MUTATIONS)?;
    let seed = generate::rng("kubernetes_schemas::strict_mutations")?.u64(..);
    let newest = Versions::newest();
    let kinds: Vec<&Kind> = package
        .kinds
        .iter()
        .filter(|kind| Versions::minor(kind.minor) == newest && super::kubeconform::is_kept(kind))
        .collect();
    let known = Known::default();
    let (mut all, mut counts) = (Vec::new(), [0; 4]);
    for start in (0..count).step_by(BATCH) {
        let mut texts: Vec<String> = (start..count.min(start + BATCH))
            .into_par_iter()
            .filter_map(|number| {
                let mut rng = Rng::with_seed(seed ^ number as u64);
                let kind = *rng.choice(&kinds)?;
                Some(mutated(kind, &mut rng))
            })
            .collect();
        if start == 0 {
            texts.extend(SHOWN.map(str::to_owned));
        }
        let (mut differences, seen) = differences(&texts, &known)?;
        all.append(&mut differences);
        for (count, seen) in counts.iter_mut().zip(seen) {
            *count += seen;
        }
    }
    let [judged, fatal, unknown, duplicates] = counts;
    eprintln!(
        "{judged} objects decoded strictly: {fatal} not at all, {unknown} with unknown fields, \
         {duplicates} with duplicates"
    );
    if [fatal, unknown, duplicates].iter().any(|seen| seen * 20 < count) || judged * 2 < count {
        return Err("too few cases of one sort".into());
    }
    for ((name, _), count) in CLASSES.iter().zip(&known.counts) {
        let count = count.load(Ordering::Relaxed);
        if count == 0 {
            return Err(format!("no case shows the known difference {name}").into());
        }
        eprintln!("known difference, {name}: {count}");
    }
    verdict(all, judged)
}

/// The objects of the corpora.
pub(super) fn of_corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let known = Known::default();
    let (mut all, mut count) = (Vec::new(), 0);
    for corpus in corpora {
        let texts: BTreeSet<String> =
            corpora::objects(&corpus).iter().map(ToString::to_string).collect();
        let texts: Vec<String> = texts.into_iter().collect();
        let (mut differences, [judged, ..]) = differences(&texts, &known)?;
        all.append(&mut differences);
        count += judged;
    }
    eprintln!("{count} objects of corpora decoded strictly");
    verdict(all, count)
}

/// An object with some changes, as JSON in which a key may be there twice.
fn mutated(kind: &Kind, rng: &mut Rng) -> String {
    let mut object = instances::make(kind, rng);
    // Made from types alone, most objects have a quantity or a time that is none.
    if rng.bool() {
        repair(&mut object);
    }
    match rng.u8(..4) {
        0 => {}
        1 | 2 => {
            mutations::mutate(&mut object, rng);
        }
        _ => {
            let (api_version, kind) = (object["apiVersion"].clone(), object["kind"].clone());
            mutate_below(&mut object, rng);
            mutate_below(&mut object, rng);
            object["apiVersion"] = api_version;
            object["kind"] = kind;
        }
    }
    if rng.u8(..3) > 0 {
        return object.to_string();
    }
    let mut objects = Vec::new();
    mappings(&mut object, &mut objects);
    if let Some(fields) = rng.choice(objects) {
        let names: Vec<String> = fields.keys().cloned().collect();
        if let Some(name) = rng.choice(&names) {
            let value = fields.get(name).cloned().unwrap_or_default();
            fields.insert(format!("{AGAIN}{name}"), value);
        }
    }
    object.to_string().replace(AGAIN, "")
}

/// Marks a key that is to be there twice. No other text has it.
const AGAIN: &str = "@again@";

/// Takes out what our walk complains of.
fn repair(object: &mut Value) {
    let text = object.to_string();
    let file = File::new("object.yaml", spanned_yaml::parse(text));
    let Some(found) = file.tree.root(0).and_then(|root| Object::read(&file, root)) else { return };
    let none = CustomKinds::default();
    let customs = Customs::new(&none, &none);
    let wrong: BTreeSet<NodeId> = schema::complaints(&found, Versions::newest(), &customs)
        .iter()
        .map(|complaint| complaint.node().id())
        .collect();
    let repaired = without(found.root, object, &wrong);
    *object = repaired.unwrap_or_default();
}

/// A value without those that are wrong in it.
fn without(node: Node<'_>, value: &Value, wrong: &BTreeSet<NodeId>) -> Option<Value> {
    if wrong.contains(&node.id()) {
        return None;
    }
    Some(match value {
        Value::Object(fields) => node
            .entries()
            .filter_map(|entry| {
                let name = entry.key.text();
                Some((name.to_owned(), without(entry.value, fields.get(name)?, wrong)?))
            })
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Array(items) => {
            node.items().zip(items).filter_map(|(node, item)| without(node, item, wrong)).collect()
        }
        other => other.clone(),
    })
}

/// The mappings below a value that lie in no other of them: one level at a time is enough.
fn mappings<'v>(value: &'v mut Value, found: &mut Vec<&'v mut serde_json::Map<String, Value>>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| mappings(item, found)),
        Value::Object(fields) => {
            // Deep ones and shallow ones in turn.
            let has_mappings = fields.values().any(|value| value.is_object() || value.is_array());
            if has_mappings && fields.len() % 3 != 0 {
                fields.values_mut().for_each(|value| mappings(value, found));
            } else {
                found.push(fields);
            }
        }
        _ => {}
    }
}

/// Asks about texts and says how the answers differ; with counts of what the judge found.
pub(super) fn differences(
    texts: &[String],
    known: &Known,
) -> Result<(Vec<String>, [usize; 4]), Failed> {
    let inputs: Vec<Input<'_>> = texts.iter().map(|text| Input { text }).collect();
    let mut judged = Vec::with_capacity(texts.len());
    for verdict in judges()?.ask_all::<_, Judged>("strict-decode", &inputs)? {
        judged.push(verdict?);
    }
    let count =
        |has: fn(&Judged) -> bool| judged.iter().filter(|one| one.known && has(one)).count();
    let counts = [
        count(|_| true),
        count(|judged| !judged.fatal.is_empty()),
        count(|judged| !judged.unknown.is_empty()),
        count(|judged| !judged.duplicates.is_empty()),
    ];
    let differences = texts.par_iter().zip(&judged).filter(|(_, judged)| judged.known).filter_map(
        |(text, judged)| {
            let said = match ours(text) {
                Some(ours) => difference(&ours, judged, known)?,
                None => "no object to us".to_owned(),
            };
            let short: String = text.chars().take(1500).collect();
            Some(format!("{said}\n    judge: {judged:?}\n    {short}"))
        },
    );
    Ok((differences.collect(), counts))
}

fn difference(ours: &Ours, judged: &Judged, known: &Known) -> Option<String> {
    if ours.duplicates != named(&judged.duplicates, "duplicate field") {
        return Some(format!("duplicates: {ours:?}"));
    }
    if !ours.fatal.is_empty() && !judged.fatal.is_empty() {
        return None;
    }
    if ours.fatal.is_empty()
        && judged.fatal.is_empty()
        && ours.unknown == named(&judged.unknown, UNKNOWN)
    {
        return None;
    }
    for ((_, is_one), count) in CLASSES.iter().zip(&known.counts) {
        if is_one(ours, judged) {
            count.fetch_add(1, Ordering::Relaxed);
            return None;
        }
    }
    Some(format!("{ours:?}"))
}

/// The places that messages name.
fn named(messages: &[String], start: &str) -> BTreeSet<String> {
    messages
        .iter()
        .map(|said| said.trim_start_matches(start).trim_matches([' ', '"']).to_owned())
        .collect()
}

fn ours(text: &str) -> Option<Ours> {
    let file = File::new("object.yaml", spanned_yaml::parse(text));
    let object = Object::read(&file, file.tree.root(0)?)?;
    let none = CustomKinds::default();
    let customs = Customs::new(&none, &none);
    let mut places = BTreeMap::new();
    place(object.root, "", &mut places);
    let place_of = |node: Node<'_>| places.get(&node.id()).cloned().unwrap_or_default();
    let mut ours = Ours::default();
    for complaint in schema::complaints(&object, Versions::newest(), &customs) {
        match complaint.problem {
            Problem::UnknownField => {
                ours.unknown.insert(place_of(complaint.node()));
            }
            Problem::WrongType => ours.fatal.push(complaint.message),
            Problem::InvalidValue if !complaint.is_choice => ours.fatal.push(complaint.message),
            _ => {}
        }
    }
    for mapping in object.root.descendants().filter(|node| node.kind() == NodeKind::Mapping) {
        ours.duplicates.extend(mapping.duplicate_keys().into_iter().map(|(_, key)| place_of(key)));
    }
    Some(ours)
}

/// Where each key is, as Go's decoder names places.
fn place(node: Node<'_>, at: &str, places: &mut BTreeMap<NodeId, String>) {
    for entry in node.entries() {
        let dot = if at.is_empty() { "" } else { "." };
        let below = format!("{at}{dot}{}", entry.key.text());
        place(entry.value, &below, places);
        places.insert(entry.key.id(), below);
    }
    for (index, item) in node.items().enumerate() {
        place(item, &format!("{at}[{index}]"), places);
    }
    for (first, again) in node.duplicate_keys() {
        let of_first = places.get(&first.id()).cloned();
        if let Some(place) = of_first {
            places.insert(again.id(), place);
        }
    }
}
