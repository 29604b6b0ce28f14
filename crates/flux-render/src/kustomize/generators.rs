//! `configMapGenerator` and `secretGenerator` (api/internal/generators, api/kv), and the hash that
//! goes behind their names (api/hasher).

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use smol_str::SmolStr;

use super::{
    context::Context,
    kustomization::{GeneratorArgs, GeneratorOptions},
    read::Text,
    resource::{GENERATOR_BEHAVIOR, NEEDS_HASH, Resource},
    transformers::by,
};
use crate::{
    error::Error,
    place::{Operation, Origin, Place},
    tree::{Id, Kind, Node, Tag, Tree},
    value::{self, Value},
};

/// A key of a generated object with its content.
struct Pair {
    key: String,
    value: Vec<u8>,
    place: Option<Place>,
}

/// Makes a ConfigMap or a Secret.
pub(crate) fn generate(
    context: &Context<'_>,
    args: &GeneratorArgs,
    secret: bool,
    global: Option<&GeneratorOptions>,
) -> Result<Resource, Error> {
    let options = GeneratorOptions::merged(args.options.as_ref(), global);
    let made = by(Operation::Generator, args.place, None);
    let kind = if secret { "Secret" } else { "ConfigMap" };
    if args.name.value.is_empty() {
        return Err(Error::invalid(format!("a generated {kind} needs a name")).at(args.place));
    }
    let mut tree = Tree::new(Node::new(Kind::Mapping, Tag::Map, "", made.clone()));
    let root = tree.root();
    set(&mut tree, root, "apiVersion", Node::string("v1", made.clone()))?;
    set(&mut tree, root, "kind", Node::string(kind, made.clone()))?;
    let metadata = Node::empty(Kind::Mapping, made.clone());
    let metadata = set(&mut tree, root, "metadata", metadata)?;
    let written = |text: &Text| by(Operation::Generator, text.place.or(args.place), None);
    let name = Node::string(args.name.value.clone(), written(&args.name));
    set(&mut tree, metadata, "name", name)?;
    if !args.namespace.value.is_empty() {
        let namespace = Node::string(args.namespace.value.clone(), written(&args.namespace));
        set(&mut tree, metadata, "namespace", namespace)?;
    }
    if secret {
        let text = &args.type_of_secret.value;
        let text = if text.is_empty() { "Opaque".into() } else { text.clone() };
        set(&mut tree, root, "type", Node::string(text, written(&args.type_of_secret)))?;
    }
    let mut pairs = pairs(context, args)?;
    pairs.sort_by(|a, b| a.key.cmp(&b.key));
    if let Some([_, again]) = pairs.array_windows().find(|[a, b]| a.key == b.key) {
        return Err(Error::invalid(format!("the {kind} gets the key {} twice", again.key))
            .at(again.place.or(args.place)));
    }
    if secret {
        set(&mut tree, root, "data", Node::empty(Kind::Mapping, made.clone()))?;
    }
    for pair in &pairs {
        let origin = by(Operation::Generator, pair.place.or(args.place), None);
        let text = std::str::from_utf8(&pair.value).ok().filter(|_| !secret);
        let (field, text) = match text {
            Some(text) => ("data", text.to_owned()),
            None if secret => ("data", base64_lines(&pair.value)),
            None => ("binaryData", base64_lines(&pair.value)),
        };
        let create = Some((Kind::Mapping, &made));
        if let Some(map) = tree.lookup(root, [field], create)? {
            set(&mut tree, map, &pair.key, Node::string(text, origin))?;
        }
    }
    let mut resource = Resource::new(tree, context.schema);
    if let Some(options) = &options {
        for (field, entries) in [("labels", &options.labels), ("annotations", &options.annotations)]
        {
            let mut entries: Vec<&(SmolStr, Text)> = entries.iter().collect();
            entries.sort_by_key(|(key, _)| key.clone());
            for (key, value) in entries {
                resource.put_metadata(field, key, &value.value, &written(value))?;
            }
        }
        if options.immutable {
            let root = resource.tree.root();
            let node = Node::new(Kind::Scalar, Tag::Bool, "true", made.clone());
            set(&mut resource.tree, root, "immutable", node)?;
        }
    }
    if !options.is_some_and(|options| options.disable_name_suffix_hash) {
        resource.enable(NEEDS_HASH)?;
    }
    let behavior = match args.behavior.as_str() {
        behavior @ ("replace" | "merge" | "create") => behavior,
        _ => "unspecified",
    };
    resource.tree.set_annotation(GENERATOR_BEHAVIOR, behavior, &Origin::default())?;
    Ok(resource)
}

fn set(tree: &mut Tree, map: Id, key: &str, node: Node) -> Result<Id, Error> {
    let id = tree.add(node);
    tree.set_field(map, key, Some(id), false)?;
    Ok(id)
}

/// What the entry lists: files of variables, then literals, then files.
fn pairs(context: &Context<'_>, args: &GeneratorArgs) -> Result<Vec<Pair>, Error> {
    let mut pairs = Vec::new();
    for env in &args.envs {
        let bytes = context.bytes(env)?;
        let place = env.place;
        for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let line = std::str::from_utf8(line).map_err(|_| {
                Error::invalid(format!("line {} of {} isn't UTF-8", number + 1, env.value))
                    .at(place)
            })?;
            let line =
                if number == 0 { line.strip_prefix('\u{feff}').unwrap_or(line) } else { line };
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            if !key.is_empty() {
                pairs.push(Pair { key: key.to_owned(), value: value.into(), place });
            }
        }
    }
    for literal in &args.literals {
        let pair = literal.value.split_once('=').filter(|(key, _)| !key.is_empty());
        let Some((key, value)) = pair else {
            return Err(Error::invalid(format!("the literal `{}` isn't key=value", literal.value))
                .at(literal.place));
        };
        let value = ['"', '\'']
            .iter()
            .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
            .unwrap_or(value);
        pairs.push(Pair { key: key.to_owned(), value: value.into(), place: literal.place });
    }
    for file in &args.files {
        let source = file.value.as_str();
        let wrong =
            |what: &str| Error::invalid(format!("the file `{source}` {what}")).at(file.place);
        let (key, path) = match source.matches('=').count() {
            0 => (source.rsplit('/').find(|part| !part.is_empty()).unwrap_or("."), source),
            1 if source.starts_with('=') => return Err(wrong("has no key before its `=`")),
            1 if source.ends_with('=') => return Err(wrong("has no path behind its `=`")),
            1 => source.split_once('=').unwrap_or((source, source)),
            _ => return Err(wrong("has more than one `=`")),
        };
        let text = Text { value: path.into(), ..file.clone() };
        let bytes = context.bytes(&text)?;
        pairs.push(Pair { key: key.to_owned(), value: bytes.to_vec(), place: file.place });
    }
    Ok(pairs)
}

/// Base64 in lines of 70 characters if one isn't enough.
fn base64_lines(bytes: &[u8]) -> String {
    const LINE: usize = 70;
    let text = STANDARD.encode(bytes);
    if text.len() < LINE {
        return text;
    }
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, behind) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = behind;
    }
    lines
}

/// Puts the data of what was there under that of what was made (`MergeDataMapFrom`).
pub(crate) fn merge_data(made: &mut Resource, old: &Resource, field: &str) -> Result<(), Error> {
    let entries = |resource: &Resource| -> Vec<(SmolStr, SmolStr, Origin)> {
        let tree = &resource.tree;
        let map = tree.get(tree.root(), field).filter(|map| tree.node(*map).kind == Kind::Mapping);
        map.map(|map| {
            tree.entries(map)
                .map(|(key, value)| {
                    let node = tree.node(value);
                    let text = if node.is_null() { SmolStr::default() } else { node.text.clone() };
                    (tree.node(key).text.clone(), text, node.origin.clone())
                })
                .collect()
        })
        .unwrap_or_default()
    };
    let mut merged = entries(old);
    for (key, value, origin) in entries(made) {
        match merged.iter_mut().find(|(known, ..)| *known == key) {
            Some(entry) => (entry.1, entry.2) = (value, origin),
            None => merged.push((key, value, origin)),
        }
    }
    merged.sort_by(|a, b| a.0.cmp(&b.0));
    let root = made.tree.root();
    made.tree.clear(root, field)?;
    for (key, value, origin) in merged {
        let create = Some((Kind::Mapping, &origin));
        if let Some(map) = made.tree.lookup(root, [field], create)? {
            set(&mut made.tree, map, &key, Node::string(value, origin.clone()))?;
        }
    }
    Ok(())
}

/// The hash of an object's content, ten characters long.
pub(crate) fn hash(resource: &Resource) -> Result<String, Error> {
    let tree = &resource.tree;
    let mut fields = match resource.kind() {
        // Keys of JSON in their order.
        "ConfigMap" => {
            vec![("data", "data", true), ("kind", "ConfigMap", false), ("name", "", true)]
        }
        "Secret" => vec![
            ("data", "data", true),
            ("kind", "Secret", false),
            ("name", "", true),
            ("type", "type", true),
        ],
        kind => {
            return Err(Error::invalid(format!("a {kind} can't get a hash behind its name")));
        }
    };
    let extra = if resource.kind() == "Secret" { "stringData" } else { "binaryData" };
    if tree.get(tree.root(), extra).is_some_and(|id| tree.node(id).kind != Kind::Scalar) {
        fields.push((extra, extra, true));
        fields.sort_unstable();
    }
    let mut json = String::from("{");
    for (number, (key, field, read)) in fields.into_iter().enumerate() {
        if number > 0 {
            json.push(',');
        }
        json.push_str(&go_json_string(key));
        json.push(':');
        if !read {
            json.push_str(&go_json_string(field));
            continue;
        }
        // kustomize looks for a field called `metadata/name`, which no object has.
        let found = if field.is_empty() { None } else { tree.get(tree.root(), field) };
        match found {
            None => json.push_str("\"\""),
            Some(id) if tree.node(id).kind == Kind::Scalar => {
                json.push_str(&go_json_string(tree.text(id)));
            }
            Some(id) => write_json(tree, id, &mut json)?,
        }
    }
    json.push('}');
    let digest = Sha256::digest(json.as_bytes());
    let hex = digest.iter().take(5).flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(hex
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .map(|c| match c {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            c => c,
        })
        .collect())
}

/// JSON as Go's encoding/json writes what it has read: keys in byte order, numbers as floats.
fn write_json(tree: &Tree, id: Id, out: &mut String) -> Result<(), Error> {
    let node = tree.node(id);
    match node.kind {
        Kind::Mapping => {
            let mut entries = crate::key_order::sorted_entries(tree, id)?.entries.into_owned();
            entries.sort_by(|[a, _], [b, _]| tree.text(*a).cmp(tree.text(*b)));
            out.push('{');
            for (number, [key, value]) in entries.into_iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                out.push_str(&go_json_string(tree.text(key)));
                out.push(':');
                write_json(tree, value, out)?;
            }
            out.push('}');
        }
        Kind::Sequence => {
            out.push('[');
            for (number, item) in tree.items(id).iter().enumerate() {
                if number > 0 {
                    out.push(',');
                }
                write_json(tree, *item, out)?;
            }
            out.push(']');
        }
        #[allow(clippy::cast_precision_loss, reason = "as Go's JSON decodes numbers")]
        Kind::Scalar => match value::scalar(node)? {
            Value::Null => out.push_str("null"),
            Value::Bool(value) => out.push_str(if value { "true" } else { "false" }),
            Value::Int(value) => out.push_str(&value::json_float(value as f64)),
            Value::UInt(value) => out.push_str(&value::json_float(value as f64)),
            Value::Float(value) => out.push_str(&value::json_float(value)),
            Value::String(text) => out.push_str(&go_json_string(&text)),
        },
    }
    Ok(())
}

/// A string as Go's encoding/json writes it, which escapes what HTML reads.
pub(crate) fn go_json_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
