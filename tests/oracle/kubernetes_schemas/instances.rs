//! Valid objects, made from the judge's own schemas.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::package::Kind;

/// Deeper than this, only what is required is written.
const DEPTH: usize = 7;

/// Makes an object of a kind.
pub(super) fn make(kind: &Kind, rng: &mut Rng) -> Value {
    let maker = Maker { definitions: &kind.definitions };
    let definition = kind.definitions.get(&kind.definition).unwrap_or(&Value::Null);
    let mut object = maker.value(definition, rng, 0);
    object["apiVersion"] = json!(kind.api_version);
    object["kind"] = json!(kind.kind);
    object
}

struct Maker<'d> {
    definitions: &'d Map<String, Value>,
}

impl Maker<'_> {
    fn value(&self, schema: &Value, rng: &mut Rng, depth: usize) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.trim_start_matches("#/$defs/");
            return self.definitions.get(name).map_or(Value::Null, |it| self.value(it, rng, depth));
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            // Null fits each of them, and so, for `oneOf`, none.
            return rng.choice(choices).map_or(Value::Null, |it| {
                let value = self.value(it, rng, depth);
                if value.is_null() { json!(1) } else { value }
            });
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => vec![],
        };
        match types.first().copied() {
            None => json!({"any": ["thing", 1, null]}),
            // Where a null is allowed, now and then it is one.
            Some(_)
                if types.contains(&"null")
                    && depth > 0
                    && schema.get("enum").is_none()
                    && rng.u8(..) < 6 =>
            {
                Value::Null
            }
            Some("string") => text(schema, rng),
            Some("integer") => json!(rng.u16(..)),
            Some("number") => json!(f64::from(rng.u16(..)) / 8.0),
            Some("boolean") => json!(rng.bool()),
            Some("array") => {
                let count = if depth > DEPTH { 0 } else { rng.usize(..3) };
                (0..count).map(|_| self.value(&schema["items"], rng, depth + 1)).collect()
            }
            Some(_) => self.object(schema, rng, depth),
        }
    }

    fn object(&self, schema: &Value, rng: &mut Rng, depth: usize) -> Value {
        let mut object = Map::new();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let fields = schema["properties"].as_object();
        let wanted = if depth > DEPTH { 0 } else { [90, 60, 40, 30][depth.min(3)] };
        for (name, field) in fields.into_iter().flatten() {
            if required.contains(&name.as_str()) || rng.u8(..100) < wanted {
                object.insert(name.clone(), self.value(field, rng, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() && depth <= DEPTH {
            for index in 0..rng.usize(..3) {
                let value = self.value(&schema["additionalProperties"], rng, depth + 1);
                object.insert(format!("key-{index}"), value);
            }
        }
        Value::Object(object)
    }
}

fn text(schema: &Value, rng: &mut Rng) -> Value {
    if let Some(first) = schema["enum"].as_array().and_then(|choices| choices.first()) {
        return first.clone();
    }
    let words: &[&str] = match schema["format"].as_str() {
        Some("date-time") => &["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.123456Z"],
        Some("byte") => &["", "YQ==", "YWJj"],
        _ => {
            &["", "web", "8080", "true", "null", "100m", "1Gi", "on", "0644", "a b: c", "~", "é\n"]
        }
    };
    json!(rng.choice(words))
}
