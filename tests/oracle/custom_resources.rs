//! Objects of CRDs against `k8s.io/apiextensions-apiserver`: schemas that are made at random, objects
//! that are made from them, and mutations of these.

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

use crate::{
    disagreements::Disagreements,
    generate::{cases, pick, rng},
    judge::judges,
    kubernetes_schemas::mutations::mutate_below,
};

/// Objects for each schema.
const OBJECTS: usize = 20;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("custom_resources::generated", generated)]
}

#[derive(Serialize)]
pub(crate) struct Input {
    pub(crate) schema: Value,
    pub(crate) objects: Vec<Value>,
}

#[derive(Deserialize)]
pub(crate) struct Output {
    #[serde(default)]
    pub(crate) broken: String,
    #[serde(default)]
    pub(crate) verdicts: Vec<Verdict>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Verdict {
    #[serde(default)]
    pub(crate) unknown: Vec<String>,
    #[serde(default)]
    pub(crate) invalid: Vec<String>,
    #[serde(default)]
    pub(crate) duplicates: Vec<String>,
}

impl Verdict {
    pub(crate) fn is_valid(&self) -> bool {
        self.unknown.is_empty() && self.invalid.is_empty() && self.duplicates.is_empty()
    }
}

fn generated() -> Result<(), Failed> {
    let mut rng = rng("custom_resources::generated")?;
    let inputs: Vec<Input> = (0..cases(2500)?)
        .map(|_| {
            let spec = of_object(&mut rng, 0);
            let schema = json!({"type": "object", "properties": {"spec": spec}});
            let objects = (0..OBJECTS)
                .map(|number| {
                    let mut spec = instance(&schema["properties"]["spec"], &mut rng);
                    for _ in 0..number % 3 {
                        mutate_below(&mut spec, &mut rng);
                    }
                    json!({
                        "apiVersion": "example.com/v1",
                        "kind": "Thing",
                        "metadata": {"name": "thing"},
                        "spec": spec,
                    })
                })
                .collect();
            Input { schema, objects }
        })
        .collect();
    let verdicts = judges()?.ask_all::<_, Output>("custom-resource", &inputs)?;
    let ours: Vec<Result<Vec<Vec<String>>, String>> = inputs.par_iter().map(walk).collect();
    let mut disagreements = Disagreements::default();
    let (mut count, mut refused, mut lists_for_formats) = (0, 0, 0);
    for ((input, ours), verdict) in inputs.iter().zip(ours).zip(verdicts) {
        let output = verdict.map_err(|error| format!("{error}\n{}", input.schema))?;
        if !output.broken.is_empty() {
            // A schema that the API server refuses serves nothing.
            continue;
        }
        let ours = match ours {
            Ok(ours) => ours,
            Err(broken) => {
                disagreements
                    .note(format!("only we refuse the schema: {broken}\n{}", input.schema));
                continue;
            }
        };
        for ((object, ours), judged) in input.objects.iter().zip(ours).zip(output.verdicts) {
            count += 1;
            let valid = judged.is_valid();
            refused += usize::from(!valid);
            if valid && is_list_for_format(&ours, &input.schema) {
                lists_for_formats += 1;
            } else if valid != ours.is_empty() {
                disagreements.note(format!(
                    "{}\n    schema: {}\n    ours:  {ours:?}\n    judge: {judged:?}",
                    object["spec"], input.schema["properties"]["spec"]
                ));
            }
        }
    }
    eprintln!("known difference, lists for texts with a format: {lists_for_formats}");
    if lists_for_formats == 0 {
        return Err("no case shows the known difference".into());
    }
    eprintln!("{count} custom resources, of which the judge refuses {refused}");
    if refused * 5 < count || refused * 5 > count * 4 {
        return Err(format!("{refused} of {count} objects are refused").into());
    }
    disagreements.verdict(count)
}

/// Known difference: upstream's validation takes a list for a string that has a format, because Go
/// code has bytes in lists. No program that reads the field as a string can read it.
fn is_list_for_format(ours: &[String], schema: &Value) -> bool {
    !ours.is_empty()
        && ours.iter().all(|message| message.ends_with("a list, not a string"))
        && schema.to_string().contains("\"format\"")
}

/// What we say of each object, or of the schema.
fn walk(input: &Input) -> Result<Vec<Vec<String>>, String> {
    let crd = json!({
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
                "schema": {"openAPIV3Schema": input.schema},
            }],
        },
    });
    let file = File::new("crd.yaml", spanned_yaml::parse(crd.to_string()));
    let (kinds, none) = (CustomKinds::in_files(&[&file]), CustomKinds::default());
    let customs = Customs::new(&kinds, &none);
    let mut all = Vec::new();
    for object in &input.objects {
        let file = File::new("thing.yaml", spanned_yaml::parse(object.to_string()));
        let root = file.tree.root(0).ok_or("no document")?;
        let object = Object::read(&file, root).ok_or("no object")?;
        if let Some(broken) = customs.broken(&object) {
            return Err(broken.to_string());
        }
        let complaints = schema::complaints(&object, Versions::newest(), &customs);
        all.push(complaints.into_iter().map(|complaint| complaint.message).collect());
    }
    Ok(all)
}

/// A structural schema of a mapping.
fn of_object(rng: &mut Rng, depth: usize) -> Value {
    let mut schema = json!({"type": "object"});
    let names = ["a", "b", "name", "size", "items", "mode"];
    match rng.u8(..10) {
        0 => schema["additionalProperties"] = of_value(rng, depth + 1),
        1 => schema["x-kubernetes-preserve-unknown-fields"] = json!(true),
        _ => {}
    }
    if schema.get("additionalProperties").is_none() {
        let mut properties = Map::new();
        for name in names.iter().take(1 + rng.usize(..names.len())) {
            properties.insert((*name).to_owned(), of_value(rng, depth + 1));
        }
        let mut is_required =
            |name: &str| rng.u8(..if properties.contains_key(name) { 5 } else { 60 }) == 0;
        let required: Vec<&str> = names.iter().copied().filter(|name| is_required(name)).collect();
        schema["properties"] = properties.into();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        let alternative = |rng: &mut Rng| json!({"required": [pick(rng, &names)]});
        match rng.u8(..12) {
            0 => schema["oneOf"] = json!([alternative(rng), alternative(rng)]),
            1 => schema["anyOf"] = json!([alternative(rng), alternative(rng)]),
            2 => schema["not"] = alternative(rng),
            3 => schema["allOf"] = json!([{"not": alternative(rng)}, {"minProperties": 1}]),
            4 => schema["maxProperties"] = json!(rng.u8(..4)),
            _ => {}
        }
    }
    schema
}

/// A structural schema of anything.
fn of_value(rng: &mut Rng, depth: usize) -> Value {
    let mut schema = match rng.u8(..if depth > 3 { 7 } else { 11 }) {
        0 | 1 => of_text(rng),
        2 => {
            let mut schema = json!({"type": "integer"});
            match rng.u8(..5) {
                0 => schema["minimum"] = json!(3),
                1 => {
                    schema["maximum"] = json!(7);
                    schema["exclusiveMaximum"] = json!(true);
                }
                2 => schema["format"] = json!("int32"),
                3 => schema["multipleOf"] = json!(3),
                _ => schema["enum"] = json!([7, 12]),
            }
            schema
        }
        3 => json!({"type": "number", "minimum": 1.5}),
        4 => json!({"type": "boolean"}),
        5 if rng.bool() => json!({"x-kubernetes-int-or-string": true}),
        5 => json!({"x-kubernetes-int-or-string": true, "format": "int32"}),
        6 => json!({"x-kubernetes-preserve-unknown-fields": true}),
        7 => {
            let mut schema = json!({"type": "array", "items": of_text(rng)});
            match rng.u8(..3) {
                0 => schema["x-kubernetes-list-type"] = json!("set"),
                1 => schema["maxItems"] = json!(1),
                _ => schema["minItems"] = json!(1),
            }
            schema
        }
        8 => {
            let key = if rng.bool() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "default": "web"})
            };
            let mut items =
                json!({"type": "object", "properties": {"key": key, "port": {"type": "integer"}}});
            items["required"] = json!(["key", "port"]);
            json!({
                "type": "array",
                "items": items,
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["key", "port"],
            })
        }
        _ => of_object(rng, depth),
    };
    if rng.u8(..6) == 0 {
        schema["nullable"] = json!(true);
    }
    schema
}

fn of_text(rng: &mut Rng) -> Value {
    let mut schema = json!({"type": "string"});
    match rng.u8(..10) {
        0 => schema["enum"] = json!(["web", "8080"]),
        1 => schema["pattern"] = json!("^[a-z]+$"),
        2 => schema["minLength"] = json!(3),
        3 => schema["maxLength"] = json!(3),
        4 => schema["default"] = json!("web"),
        5 => schema["allOf"] = json!([{"minLength": 1}, {"pattern": "[0-9]"}]),
        6 => {
            let formats =
                ["byte", "date", "date-time", "cidr", "ipv4", "ipv6", "uuid", "int32", "no-format"];
            schema["format"] = json!(pick(rng, &formats));
        }
        7 => {
            let alternative = ["anyOf", "oneOf"][usize::from(rng.bool())];
            schema[alternative] = json!([{"format": "ipv4"}, {"format": "hostname"}]);
        }
        _ => {}
    }
    schema
}

/// A value that more or less fits a schema.
fn instance(schema: &Value, rng: &mut Rng) -> Value {
    if rng.u8(..40) == 0 {
        return Value::Null;
    }
    if schema["x-kubernetes-int-or-string"] == json!(true) {
        let values = [json!(80), json!(1_u64 << 40), json!("http"), json!("80")];
        return rng.choice(values).unwrap_or_default();
    }
    match schema["type"].as_str() {
        Some("string") => text(schema, rng),
        Some("integer") => json!(pick(rng, &[3, 6, 7, 12])),
        Some("number") => json!(pick(rng, &[1.5, 2.0, 7.25])),
        Some("boolean") => json!(rng.bool()),
        Some("array") => (0..rng.usize(..3)).map(|_| instance(&schema["items"], rng)).collect(),
        Some("object") => {
            let mut object = Map::new();
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if required.contains(&json!(name)) || rng.u8(..3) > 0 {
                    object.insert(name.clone(), instance(property, rng));
                }
            }
            if schema["additionalProperties"].is_object() {
                for name in ["x", "y"] {
                    let value = instance(&schema["additionalProperties"], rng);
                    object.insert(name.to_owned(), value);
                }
            }
            Value::Object(object)
        }
        _ => json!({"any": [1, "thing"]}),
    }
}

fn text(schema: &Value, rng: &mut Rng) -> Value {
    let words: &[&str] = match schema["format"].as_str() {
        Some("byte") => &["", "YQ==", "YQ=", "YW\nJj", "+/+/"],
        Some("date") => &["2026-01-31", "2026-02-30", "2026-1-31", "20260131"],
        Some("date-time") => &[
            "2026-01-31T12:00:00Z",
            "2026-01-31t12:00:00.5z",
            "2026-01-31T12:00:00+02:00",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31 12:00:00Z",
        ],
        Some("cidr") => &["10.0.0.0/8", "10.0.0.0/33", "fd00::/48", "010.0.0.1/08", "10.0.0.0"],
        Some("ipv4") => &["10.0.0.1", "010.0.0.1", "10.0.0", "::ffff:10.0.0.1", "256.0.0.1"],
        Some("ipv6") => &["::1", "fd00::1", "10.0.0.1", ":::", "::ffff:10.0.0.1"],
        Some("uuid") => &[
            "123e4567-e89b-12d3-a456-426614174000",
            "123E4567e89b12d3a456426614174000",
            "123e4567-e89b-12d3-a456-42661417400",
        ],
        _ => &["", "web", "8080", "http", "a1", "Web", "é", "10.0.0.1", "a_b"],
    };
    json!(pick(rng, words))
}
