//! Formats that CRDs may name, against kube-openapi's `strfmt`: texts that are made from right ones.

use std::collections::BTreeSet;

use fastrand::Rng;
use libtest_mimic::{Failed, Trial};
use portcullis::{
    kube::Object,
    repo::File,
    schema::{self, CustomKinds, Customs, Versions},
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use spanned_yaml::NodeId;

use crate::{
    disagreements::Disagreements,
    generate::{cases, pick, rng},
    judge::judges,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("formats::generated", generated)]
}

/// Texts for each object.
const TEXTS: usize = 50;

/// Each format, with texts that are near to it.
const FORMATS: [(&str, &[&str]); 29] = [
    ("bsonobjectid", &["507f1f77bcf86cd799439011", "507F1F77BCF86CD799439011"]),
    ("byte", &["", "YQ==", "YWI=", "YWJj", "+/+/", "YW\nJj", "-_-_"]),
    ("cidr", &["10.0.0.0/8", "fd00::/48", "::ffff:10.0.0.1/96", "010.0.0.1/08", "1.2.3.4/32"]),
    ("creditcard", &["4220855426222389", "4220-8554-2622-2389", "374953669708156"]),
    ("creditcard", &["5139288802098206", "3548209662790989", "6011464355444102"]),
    ("date", &["2026-01-31", "2024-02-29", "0000-01-01", "9999-12-31"]),
    ("date-time", &["2026-01-31T12:00:00Z", "2026-01-31t12:00:00.5z", "2026-01-31T12:00:00+02:00"]),
    ("datetime", &["2026-01-31T23:59:59.123456-12:30", "2026-01-31T00:00:00,1Z"]),
    ("duration", &["1h30m", "1.5h", "-5m", "2 days", "22 ns", "1 \u{b5}s", "3\u{3bc}s", "1 WEEK"]),
    ("email", &["a@b.c", "A B <a@b.c>", "\"a b\"@c", "a@[10.0.0.1]", "a@b (c)", "g: a@b;"]),
    ("hexcolor", &["#fff", "FFFFFF", "#12aB9f"]),
    ("hostname", &["example.com", "a-b", "web", "a.b-c.de", "\u{e9}t\u{e9}.fr", "\u{1f600}.com"]),
    ("ipv4", &["10.0.0.1", "010.0.0.1", "::ffff:10.0.0.1", "255.255.255.255"]),
    ("ipv6", &["::1", "fd00::1", "::ffff:10.0.0.1", "1:2:3:4:5:6:7:8", "fe80::1%eth0"]),
    ("isbn", &["3836221195", "1-61729-085-8", "978-4-87311-368-5"]),
    ("isbn10", &["3 401 01319 X", "3836221195", "1-61729-085-8"]),
    ("isbn13", &["978-4-87311-368-5", "978 3401013190"]),
    ("k8s-long-name", &["a.b-c.d", "web", "a1.b2"]),
    ("k8s-short-name", &["web-1", "a"]),
    ("mac", &["01:23:45:67:89:ab", "01-23-45-67-89-AB-cd-ef", "0123.4567.89ab", "0123456789ab"]),
    ("password", &["secret"]),
    ("rgbcolor", &["rgb(0,31,255)", "rgb( 1 , 20 , 199 )"]),
    ("ssn", &["000-00-0000", "123 45-6789", "123456789"]),
    (
        "uri",
        &["https://a.b:80/c?d=e#f", "/a/b", "mailto:a@b", "oci://[::1]:5000/x", "a://u:p@h/%20"],
    ),
    ("uri", &["http://[fe80::1%25eth0]/", "mongodb://a:1,b:2/", "http://\u{e9}.fr/\u{e9}", "*"]),
    ("uuid", &["123e4567-e89b-12d3-a456-426614174000", "123E4567e89b12d3a456426614174000"]),
    ("uuid3", &["123e4567-e89b-32d3-a456-426614174000"]),
    ("uuid4", &["123e4567-e89b-42d3-a456-426614174000"]),
    ("uuid5", &["123e4567-e89b-52d3-b456-426614174000"]),
];

/// Formats that the API server doesn't know: they say nothing.
const OTHERS: [&str; 4] = ["int-or-string", "quantity", "time", "uri-reference"];

#[derive(Serialize)]
struct Input {
    format: &'static str,
    texts: Vec<String>,
}

#[derive(Deserialize)]
struct Output {
    since: Option<u8>,
    valid: Vec<bool>,
}

fn generated() -> Result<(), Failed> {
    let mut rng = rng("formats::generated")?;
    let count = cases(100_000)?;
    let inputs: Vec<Input> = (0..count.div_ceil(TEXTS))
        .map(|number| {
            let (format, texts) = match FORMATS.get(number % (FORMATS.len() + 1)) {
                Some((format, texts)) => (*format, *texts),
                None => (pick(&mut rng, &OTHERS), ["a", "1"].as_slice()),
            };
            let texts = (0..TEXTS).map(|_| text(&mut rng, texts)).collect();
            Input { format, texts }
        })
        .collect();
    let crd = crd();
    let file = File::new("crd.yaml", spanned_yaml::parse(crd.to_string()));
    let kinds = CustomKinds::in_files(&[&file]);
    let ours: Vec<Vec<bool>> =
        inputs.par_iter().map(|input| ours(input, &kinds)).collect::<Result<_, String>>()?;
    let verdicts = judges()?.ask_all::<_, Output>("format", &inputs)?;
    let mut disagreements = Disagreements::default();
    let (mut right, mut seen) = (0, BTreeSet::new());
    for ((input, ours), verdict) in inputs.iter().zip(ours).zip(verdicts) {
        let output = verdict?;
        // What nobody enforces is right whatever it is.
        let is_known = output.since.is_some();
        for ((text, ours), valid) in input.texts.iter().zip(ours).zip(output.valid) {
            let judged = valid || !is_known;
            right += usize::from(judged);
            seen.insert((input.format, judged));
            disagreements.compare(format!("{} {text:?}", input.format), &ours, &judged);
        }
    }
    eprintln!("{count} texts with a format, of which the judge takes {right}");
    for (format, _) in FORMATS {
        let both = seen.contains(&(format, true)) && seen.contains(&(format, false));
        if !both && format != "password" {
            return Err(format!("all texts for {format} are alike").into());
        }
    }
    disagreements.verdict(count)
}

/// A kind with a list of texts for each format.
fn crd() -> Value {
    let formats = FORMATS.iter().map(|(format, _)| *format).chain(OTHERS);
    let fields: Map<String, Value> = formats
        .map(|format| {
            let items = json!({"type": "string", "format": format});
            (format.to_owned(), json!({"type": "array", "items": items}))
        })
        .collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "things.example.com"},
        "spec": {
            "group": "example.com",
            "names": {"kind": "Thing", "plural": "things"},
            "scope": "Namespaced",
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {"spec": {"type": "object", "properties": fields}},
                }},
            }],
        },
    })
}

/// Which texts we take.
fn ours(input: &Input, kinds: &CustomKinds<'_>) -> Result<Vec<bool>, String> {
    let object = json!({
        "apiVersion": "example.com/v1",
        "kind": "Thing",
        "metadata": {"name": "thing"},
        "spec": {input.format: input.texts},
    });
    let none = CustomKinds::default();
    let customs = Customs::new(kinds, &none);
    let file = File::new("thing.yaml", spanned_yaml::parse(object.to_string()));
    let root = file.tree.root(0).ok_or("no document")?;
    let object = Object::read(&file, root).ok_or("no object")?;
    let wrong: BTreeSet<NodeId> = schema::complaints(&object, Versions::newest(), &customs)
        .iter()
        .map(|complaint| complaint.node().id())
        .collect();
    let list = object.spec().and_then(|spec| spec.get(input.format)).ok_or("no list")?;
    Ok(list.items().map(|item| !wrong.contains(&item.target().id())).collect())
}

/// One of the texts, mostly with some changes.
fn text(rng: &mut Rng, texts: &[&str]) -> String {
    const PIECES: [&str; 40] = [
        "", "a", "z", "A", "F", "0", "1", "7", "9", "-", ".", ":", "/", "%", "%20", "%25", "@",
        "[", "]", "(", ")", "<", ">", "\"", "\\", ",", ";", " ", "\t", "\n", "?", "#", "_", "+",
        "=", "X", "\u{e9}", "\u{20ac}", "00", "256",
    ];
    let mut text: Vec<char> = pick(rng, texts).chars().collect();
    let changes = pick(rng, &[0, 1, 1, 1, 2, 3]);
    for _ in 0..changes {
        let at = rng.usize(..=text.len());
        let piece = pick(rng, &PIECES);
        match rng.u8(..4) {
            0 if at < text.len() => {
                text.remove(at);
            }
            1 if at < text.len() => {
                text.splice(at..=at, piece.chars());
            }
            2 => {
                let other: Vec<char> = pick(rng, texts).chars().collect();
                let from = rng.usize(..=other.len());
                text.truncate(at);
                text.extend(other.get(from..).unwrap_or_default());
            }
            _ => {
                text.splice(at..at, piece.chars());
            }
        }
    }
    text.into_iter().collect()
}
