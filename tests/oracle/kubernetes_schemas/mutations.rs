//! Small changes to an object: drop, rename, retype, duplicate, out of range, add.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Changes one thing and says which. The root's `apiVersion` and `kind` stay: they choose the schema.
pub(super) fn mutate(object: &mut Value, rng: &mut Rng) -> &'static str {
    let api_version = object["apiVersion"].clone();
    let kind = object["kind"].clone();
    let what = mutate_below(object, rng);
    object["apiVersion"] = api_version;
    object["kind"] = kind;
    what
}

/// Changes one thing in a list or a mapping, or below it, and says which.
pub(crate) fn mutate_below(value: &mut Value, rng: &mut Rng) -> &'static str {
    let mut at = rng.usize(..containers(value).max(1));
    nth(value, &mut at, &mut |container| change(container, rng)).unwrap_or("nothing")
}

/// How many lists and mappings there are, the value itself among them.
fn containers(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(containers).sum::<usize>(),
        Value::Object(fields) => 1 + fields.values().map(containers).sum::<usize>(),
        _ => 0,
    }
}

/// Does something to one of the lists and mappings.
fn nth<T>(value: &mut Value, at: &mut usize, act: &mut dyn FnMut(&mut Value) -> T) -> Option<T> {
    if !value.is_array() && !value.is_object() {
        return None;
    }
    if *at == 0 {
        return Some(act(value));
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| nth(item, at, act)),
        Value::Object(fields) => fields.values_mut().find_map(|field| nth(field, at, act)),
        _ => None,
    }
}

fn change(container: &mut Value, rng: &mut Rng) -> &'static str {
    match container {
        Value::Array(items) if items.is_empty() => {
            items.push(other(rng));
            "add an item"
        }
        Value::Array(items) => {
            let at = rng.usize(..items.len());
            match rng.u8(..3) {
                0 => {
                    items.remove(at);
                    "drop an item"
                }
                1 => {
                    let copy = items.get(at).cloned().unwrap_or_default();
                    items.push(copy);
                    "duplicate an item"
                }
                _ => {
                    items[at] = other(rng);
                    "retype an item"
                }
            }
        }
        Value::Object(fields) => change_field(fields, rng),
        _ => "nothing",
    }
}

fn change_field(fields: &mut Map<String, Value>, rng: &mut Rng) -> &'static str {
    let names: Vec<String> = fields.keys().cloned().collect();
    let Some(name) = rng.choice(&names) else {
        fields.insert("added".to_owned(), other(rng));
        return "add a field";
    };
    match rng.u8(..5) {
        0 => {
            fields.remove(name);
            "drop a field"
        }
        1 => {
            let value = fields.remove(name).unwrap_or_default();
            let mut typo = name.clone();
            match rng.u8(..3) {
                0 => typo.push('s'),
                1 => {
                    typo.pop();
                }
                _ => typo = typo.to_uppercase(),
            }
            fields.insert(typo, value);
            "rename a field"
        }
        2 => {
            fields.insert(format!("{name}2"), fields.get(name).cloned().unwrap_or_default());
            "duplicate a field under another name"
        }
        3 => {
            let far =
                [json!(i64::MAX), json!(-1), json!(2_147_483_648_u64), json!(1e30), json!("x=")];
            let value = rng.choice(far).unwrap_or_default();
            fields.insert(name.clone(), value);
            "put a field out of range"
        }
        _ => {
            fields.insert(name.clone(), other(rng));
            "retype a field"
        }
    }
}

/// A value of some type.
fn other(rng: &mut Rng) -> Value {
    let values = [
        json!(null),
        json!(true),
        json!(7),
        json!(2.0),
        json!(1.5),
        json!("text"),
        json!("12"),
        json!([]),
        json!({}),
        json!([1]),
        json!({"a": "b"}),
    ];
    rng.choice(values).unwrap_or_default()
}
