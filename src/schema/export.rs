//! Schemas as JSON Schemas (draft 7), for editors and kubeconform.
//!
//! They say what the walk says, but for what JSON Schema has no words for: which items of a list are the
//! same by their keys, formats of Kubernetes' own, patterns that only Go has, and null, which the API server
//! takes out of custom resources where a schema doesn't allow it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    custom::CustomKinds,
    formats::Format,
    json_schema::is_of_go,
    model::{Identity, Link, Rest, Schema, Types},
    pack::{self, Packed},
    restrictions::{Choice, Restrictions},
    table::table,
    versions::Versions,
};

/// One of Kubernetes' own kinds, in one API version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownKind {
    /// The API group; empty for the core group.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The version in the group.
    pub version: &'static str,
    /// The versions of Kubernetes that have it.
    pub versions: Versions,
}

impl KnownKind {
    /// All of them, by group, kind and version.
    pub fn all() -> Vec<Self> {
        let kinds = table().kinds().map(|(api_version, kind, versions)| {
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            Self { group, kind, version, versions }
        });
        let mut all: Vec<Self> = kinds.collect();
        all.sort_unstable();
        all
    }

    /// Its JSON Schema for one version of Kubernetes; none if that doesn't have it.
    pub fn json_schema(&self, kubernetes: Versions) -> Option<Value> {
        let slash = if self.group.is_empty() { "" } else { "/" };
        let api_version = format!("{}{slash}{}", self.group, self.version);
        let of_kind = table().kind(&api_version, self.kind);
        let (_, index) =
            of_kind.iter().find(|(versions, _)| !versions.and(kubernetes).is_empty())?;
        let heads = table().definition(*index);
        let (_, schema) = heads.iter().find(|(it, _)| !it.and(kubernetes).is_empty())?;
        Some(document(schema, self.group, self.version, self.kind, kubernetes))
    }
}

impl Packed {
    /// Its JSON Schema, with the metadata of one version of Kubernetes.
    pub fn json_schema(&self, kubernetes: Versions) -> Option<Value> {
        let project = pack::project_of(self.group())?;
        let mut versions = project.versions(self.group(), self.kind()).iter();
        let schema = project.schema(versions.find(|one| one.version == self.version())?)?;
        Some(document(schema, self.group(), self.version(), self.kind(), kubernetes))
    }
}

impl CustomKinds<'_> {
    /// The JSON Schemas of all kinds that can be read: group, version, kind, schema.
    pub fn json_schemas(&self, kubernetes: Versions) -> Vec<(&str, &str, &str, Value)> {
        let all = self.schemas().into_iter().map(|(group, version, kind, schema)| {
            (group, version, kind, document(schema, group, version, kind, kubernetes))
        });
        all.collect()
    }
}

fn document(
    schema: &Schema,
    group: &str,
    version: &str,
    kind: &str,
    kubernetes: Versions,
) -> Value {
    let mut writer = Writer { kubernetes, definitions: BTreeMap::new() };
    let mut document = writer.schema(schema);
    let slash = if group.is_empty() { "" } else { "/" };
    let api_version = format!("{group}{slash}{version}");
    document.insert("type".to_owned(), json!("object"));
    if let Some(fields) = document.get_mut("properties").and_then(Value::as_object_mut) {
        fields.insert("apiVersion".to_owned(), json!({"type": "string", "enum": [api_version]}));
        fields.insert("kind".to_owned(), json!({"type": "string", "enum": [kind]}));
    }
    let required = document.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut() {
        for name in ["apiVersion", "kind"] {
            if !required.contains(&json!(name)) {
                required.push(json!(name));
            }
        }
    }
    let mut whole = Map::new();
    whole.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    whole.insert(
        "x-kubernetes-group-version-kind".to_owned(),
        json!([{"group": group, "version": version, "kind": kind}]),
    );
    whole.append(&mut document);
    if !writer.definitions.is_empty() {
        whole.insert(
            "definitions".to_owned(),
            Value::Object(writer.definitions.into_iter().collect()),
        );
    }
    Value::Object(whole)
}

struct Writer {
    kubernetes: Versions,
    /// What `$ref`s lead to.
    definitions: BTreeMap<String, Value>,
}

impl Writer {
    fn link(&mut self, link: &Link) -> Value {
        let Link::Definition(index) = *link else {
            return Value::Object(link.inline().map_or_else(Map::new, |it| self.schema(it)));
        };
        let name = format!("io.k8s.{}", table().name(index));
        if !self.definitions.contains_key(&name) {
            // It may lead back to itself.
            self.definitions.insert(name.clone(), Value::Null);
            let heads = table().definition(index);
            let head = heads.iter().find(|(it, _)| !it.and(self.kubernetes).is_empty());
            let schema = head.map_or_else(Map::new, |(_, schema)| self.schema(schema));
            self.definitions.insert(name.clone(), Value::Object(schema));
        }
        json!({"$ref": format!("#/definitions/{name}")})
    }

    fn schema(&mut self, schema: &Schema) -> Map<String, Value> {
        let mut out = Map::new();
        let types = types(schema.types);
        match types.as_slice() {
            [] => {}
            [one] => drop(out.insert("type".to_owned(), json!(one))),
            several => drop(out.insert("type".to_owned(), json!(several))),
        }
        format(schema.format, &mut out);
        if let Some(restrictions) = &schema.restrictions {
            self.restrictions(restrictions, &mut out);
        }
        let fields = schema.fields.iter();
        let mut fields: Vec<_> =
            fields.filter(|field| !field.versions.and(self.kubernetes).is_empty()).collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        if !fields.is_empty() {
            let fields = fields.into_iter();
            let fields = fields.map(|field| (field.name.to_string(), self.link(&field.schema)));
            let fields: Map<String, Value> = fields.collect();
            out.insert("properties".to_owned(), Value::Object(fields));
        }
        let required: Vec<&str> = schema
            .required
            .iter()
            .filter(|(name, versions)| {
                let has_default = schema.schema_of(name).is_some_and(|field| field.has_default);
                !versions.and(self.kubernetes).is_empty() && !has_default
            })
            .map(|(name, _)| &**name)
            .collect();
        if !required.is_empty() {
            out.insert("required".to_owned(), json!(required));
        }
        match &schema.rest {
            Rest::Open => {}
            Rest::Closed => drop(out.insert("additionalProperties".to_owned(), json!(false))),
            Rest::Each(rest) => {
                let rest = self.link(rest);
                out.insert("additionalProperties".to_owned(), rest);
            }
        }
        if let Some(items) = &schema.items {
            let items = self.link(items);
            out.insert("items".to_owned(), items);
        }
        if matches!(schema.identity, Identity::Set(_)) {
            out.insert("uniqueItems".to_owned(), json!(true));
        }
        out
    }

    fn restrictions(&mut self, all: &Restrictions, out: &mut Map<String, Value>) {
        let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
        if !all.choices.is_empty() {
            put("enum", all.choices.iter().filter_map(choice).collect());
        }
        for (bound, name, exclusive) in [
            (all.minimum, "minimum", "exclusiveMinimum"),
            (all.maximum, "maximum", "exclusiveMaximum"),
        ] {
            if let Some(bound) = bound {
                put(if bound.exclusive { exclusive } else { name }, number(bound.limit));
            }
        }
        if let Some(step) = all.multiple_of {
            put("multipleOf", number(step));
        }
        for (range, least, most) in [
            (all.length, "minLength", "maxLength"),
            (all.items, "minItems", "maxItems"),
            (all.properties, "minProperties", "maxProperties"),
        ] {
            if let Some(count) = range.least {
                put(least, json!(count));
            }
            if let Some(count) = range.most {
                put(most, json!(count));
            }
        }
        // JSON Schema has JavaScript's patterns.
        if let Some(pattern) = all.pattern.as_ref().filter(|it| !is_of_go(it.as_str())) {
            put("pattern", json!(pattern.as_str()));
        }
        for (name, schemas) in
            [("allOf", &all.all_of), ("anyOf", &all.any_of), ("oneOf", &all.one_of)]
        {
            if !schemas.is_empty() {
                let schemas = schemas.iter().map(|schema| Value::Object(self.schema(schema)));
                let schemas: Value = schemas.collect();
                out.insert(name.to_owned(), schemas);
            }
        }
        if let Some(not) = &all.not {
            let not = Value::Object(self.schema(not));
            out.insert("not".to_owned(), not);
        }
    }
}

fn types(types: Types) -> Vec<&'static str> {
    let all = [
        (Types::STRING, "string"),
        (Types::FRACTION, "number"),
        (Types::INTEGER, "integer"),
        (Types::BOOLEAN, "boolean"),
        (Types::OBJECT, "object"),
        (Types::ARRAY, "array"),
        (Types::NULL, "null"),
    ];
    if types.is_any() {
        return Vec::new();
    }
    let is_number = types.allow(Types::FRACTION);
    all.into_iter()
        .filter(|(one, _)| types.allow(*one))
        .filter(|(one, _)| *one != Types::INTEGER || !is_number)
        .map(|(_, name)| name)
        .collect()
}

fn format(format: Format, out: &mut Map<String, Value>) {
    let name = match format {
        // JSON Schema has other ideas of these names, and codes it doesn't know.
        Format::Uri
        | Format::Email
        | Format::Hostname
        | Format::Duration
        | Format::Mac
        | Format::Isbn
        | Format::Isbn10
        | Format::Isbn13
        | Format::CreditCard
        | Format::Ssn
        | Format::HexColor
        | Format::RgbColor
        | Format::BsonId
        | Format::ShortName
        | Format::LongName
        | Format::None => return,
        Format::Int32 => "int32",
        Format::Int64 => "int64",
        Format::Byte | Format::CustomByte => "byte",
        Format::DateTime | Format::CustomTime | Format::MicroTime => "date-time",
        Format::Date => "date",
        Format::Quantity => "quantity",
        Format::Ipv4 => "ipv4",
        Format::Ipv6 => "ipv6",
        Format::Cidr => "cidr",
        Format::Uuid(_) => "uuid",
    };
    out.insert("format".to_owned(), json!(name));
    if format == Format::Int32 {
        out.insert("minimum".to_owned(), json!(i32::MIN));
        out.insert("maximum".to_owned(), json!(i32::MAX));
    }
}

fn choice(choice: &Choice) -> Option<Value> {
    Some(match choice {
        Choice::Text(text) => json!(text),
        Choice::Number(value) => number(*value),
        Choice::Boolean(value) => json!(value),
        Choice::Null => Value::Null,
        Choice::Other => return None,
    })
}

/// A number, without a point if it is whole.
#[allow(clippy::cast_possible_truncation, reason = "only where it is exact")]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::KnownKind;
    use crate::schema::{Packed, Versions};

    fn valid(schema: &serde_json::Value, object: &serde_json::Value) -> bool {
        jsonschema::options().offline().build(schema).unwrap().is_valid(object)
    }

    #[test]
    fn kubernetes_own_kinds_are_exported() {
        let kinds = KnownKind::all();
        let deployment = kinds.iter().find(|it| (it.group, it.kind) == ("apps", "Deployment"));
        let schema = deployment.unwrap().json_schema(Versions::newest()).unwrap();
        let mut object = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": "web", "ports": [{"containerPort": 80}]}]},
                },
            },
        });
        assert!(valid(&schema, &object));
        object["spec"]["replicas"] = json!("2");
        assert!(!valid(&schema, &object));
        object["spec"]["replicas"] = json!(2);
        object["spec"]["template"]["spec"]["containers"][0]["resource"] = json!({});
        assert!(!valid(&schema, &object));
        assert!(!valid(
            &schema,
            &json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {}})
        ));
    }

    #[test]
    fn every_kind_is_a_json_schema() {
        for kind in KnownKind::all().into_iter().step_by(7) {
            let newest = kind.versions.minors().last().map(Versions::minor).unwrap();
            let schema = kind.json_schema(newest).unwrap();
            jsonschema::options().offline().build(&schema).unwrap();
        }
        for kind in Packed::all().step_by(11) {
            let schema = kind.json_schema(Versions::newest()).unwrap();
            jsonschema::options().offline().build(&schema).unwrap();
        }
    }
}
