//! schemas/custom: the schemas of custom resources that the product carries, one file a project.
//!
//! The source is a folder that `oracle/crds` fills (`-only-schemas -pack`): the CRDs as the projects'
//! Go modules have them. Of a schema only what validation looks at is kept. What several schemas have
//! in common is written once, under a name: in the file of its project, or in `shared.txt`. The form
//! is explained in docs/schemas.md, and read by `src/schema/pack.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

const OUTPUT: &str = "schemas/custom";
const DOCS: &str = "docs/schemas.md";
/// What surrounds the generated table in the docs.
const MARKS: [&str; 2] = ["<!-- custom-schemas -->\n", "<!-- /custom-schemas -->\n"];
/// Characters of a line that isn't broken.
const WIDTH: usize = 100;
/// Shorter schemas, as JSON, are written again instead of shared.
const WORTH_SHARING: usize = 160;

/// Keywords that validation looks at.
const KEPT: &[&str] = &[
    "additionalProperties",
    "allOf",
    "anyOf",
    "default",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "nullable",
    "oneOf",
    "pattern",
    "properties",
    "required",
    "type",
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
];

/// A row of oracle/crds/sources.tsv.
struct Row {
    how: String,
    module: String,
    version: String,
    project: String,
    release: String,
    licence: String,
    paths: Vec<String>,
}

/// A project: where its schemas come from, and its kinds.
#[derive(Default)]
struct Project {
    sources: BTreeSet<String>,
    release: String,
    licence: String,
    /// By group, kind and version.
    kinds: BTreeMap<(String, String, String), Kind>,
}

struct Kind {
    deprecated: Option<String>,
    schema: Value,
}

/// What matters here of a CustomResourceDefinition.
#[derive(Deserialize)]
struct Crd {
    spec: Spec,
}

#[derive(Deserialize)]
struct Spec {
    group: String,
    names: Names,
    versions: Vec<Version>,
}

#[derive(Deserialize)]
struct Names {
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    name: String,
    served: bool,
    #[serde(default)]
    deprecated: bool,
    #[serde(default)]
    deprecation_warning: String,
    schema: Holder,
}

#[derive(Deserialize)]
struct Holder {
    #[serde(rename = "openAPIV3Schema")]
    schema: Value,
}

/// Reads the CRDs below `folder` and writes the files, or only fails if they differ.
pub(crate) fn run(folder: &Path, check: bool) -> anyhow::Result<()> {
    let projects = read(folder)?;
    let mut files = write(&projects)?;
    let size: usize = files.values().map(String::len).sum();
    let docs = crate::root().join(DOCS);
    let text = fs::read_to_string(&docs)?;
    let (before, rest) = text.split_once(MARKS[0]).context("docs/schemas.md has no mark")?;
    let (_, after) = rest.split_once(MARKS[1]).context("docs/schemas.md has no end mark")?;
    let table = table(&projects);
    files.insert(DOCS.to_owned(), format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1]));
    for (path, text) in &files {
        let path = crate::root().join(path);
        if check {
            let same = fs::read_to_string(&path).is_ok_and(|written| written == *text);
            ensure!(same, "{} isn't what its sources make", path.display());
        } else {
            fs::write(path, text)?;
        }
    }
    let kinds: usize = projects.values().map(|project| project.kinds.len()).sum();
    println!("{OUTPUT}: {} projects, {kinds} versions of kinds, {size} bytes", projects.len());
    Ok(())
}

fn rows() -> anyhow::Result<Vec<Row>> {
    let text = fs::read_to_string(crate::root().join("oracle/crds/sources.tsv"))?;
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [how, module, version, _, project, licence, paths] = cells.as_slice() else {
            bail!("a row of {} cells", cells.len());
        };
        if *how == "openapi" {
            continue;
        }
        let (project, release) = project.split_once(' ').unwrap_or((project, version));
        rows.push(Row {
            how: (*how).to_owned(),
            module: (*module).to_owned(),
            version: (*version).to_owned(),
            project: project.to_owned(),
            release: release.to_owned(),
            licence: (*licence).to_owned(),
            paths: paths.split(' ').map(str::to_owned).collect(),
        });
    }
    // They win over others.
    rows.sort_by_key(|row| !row.how.starts_with("pack-"));
    Ok(rows)
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, Project>> {
    let mut projects: BTreeMap<String, Project> = BTreeMap::new();
    for row in rows()? {
        let module = format!("{}@{}", row.module.replace('/', "_"), row.version);
        let module = folder.join("crds").join(module);
        let project = projects.entry(row.project.clone()).or_default();
        project.sources.insert(format!("{} {}", row.module, row.version));
        project.release.clone_from(&row.release);
        project.licence.clone_from(&row.licence);
        let before = project.kinds.len();
        for path in &row.paths {
            let (folder, pattern) = if row.how.ends_with("types") {
                (module.join(path), "*.yaml".to_owned())
            } else {
                (module.clone(), path.replace('/', "_"))
            };
            let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
            let mut files: Vec<_> = entries.collect::<Result<_, _>>()?;
            files.sort_by_key(fs::DirEntry::file_name);
            for file in files {
                if file.file_type()?.is_file()
                    && matches(&pattern, &file.file_name().to_string_lossy())
                {
                    let path = file.path();
                    add(project, &fs::read_to_string(&path)?)
                        .with_context(|| path.display().to_string())?;
                }
            }
        }
        let has_new = project.kinds.len() > before || !row.how.starts_with("pack-");
        ensure!(has_new, "{}: no kinds: make the folder with -pack", row.project);
    }
    Ok(projects)
}

/// Whether a name fits a pattern with `*`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| {
            (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(after, rest)))
        }),
    }
}

fn add(project: &mut Project, text: &str) -> anyhow::Result<()> {
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = Value::deserialize(document)?;
        if value.get("kind").and_then(Value::as_str) != Some("CustomResourceDefinition") {
            continue;
        }
        let crd: Crd = serde_json::from_value(value)?;
        for version in crd.spec.versions.into_iter().filter(|version| version.served) {
            let key = (crd.spec.group.clone(), crd.spec.names.kind.clone(), version.name);
            let mut schema = reduced(&version.schema.schema);
            if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
                // The API server itself knows what these are.
                for name in ["apiVersion", "kind", "metadata"] {
                    properties.shift_remove(name);
                }
            }
            let warning = version.deprecation_warning.split_whitespace().collect::<Vec<_>>();
            let deprecated = version.deprecated.then(|| warning.join(" "));
            project.kinds.entry(key).or_insert(Kind { deprecated, schema });
        }
    }
    Ok(())
}

/// A schema without what validation doesn't look at.
fn reduced(schema: &Value) -> Value {
    let Some(fields) = schema.as_object() else { return schema.clone() };
    let mut kept: Vec<(&String, Value)> = Vec::new();
    for (keyword, value) in fields.iter().filter(|(key, _)| KEPT.contains(&key.as_str())) {
        let value = match keyword.as_str() {
            "properties" => {
                let fields = value.as_object().into_iter().flatten();
                let mut fields: Vec<_> =
                    fields.map(|(name, schema)| (name.clone(), reduced(schema))).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                Value::Object(fields.into_iter().collect())
            }
            "items" | "additionalProperties" | "not" => reduced(value),
            "allOf" | "anyOf" | "oneOf" => {
                value.as_array().into_iter().flatten().map(reduced).collect()
            }
            "x-kubernetes-list-type" if value == "atomic" => continue,
            _ => value.clone(),
        };
        kept.push((keyword, value));
    }
    kept.sort_by_key(|(keyword, _)| (*keyword != "type", keyword.as_str()));
    Value::Object(kept.into_iter().map(|(keyword, value)| (keyword.clone(), value)).collect())
}

/// Schemas that several places have in common.
#[derive(Default)]
struct Pool {
    seen: BTreeMap<String, Seen>,
    names: BTreeMap<String, String>,
}

#[derive(Default)]
struct Seen {
    /// How many different schemas have it.
    count: usize,
    /// The first, by name, of the fields that have it.
    hint: String,
    projects: BTreeSet<String>,
}

impl Pool {
    /// Counts the schemas below one. `is_new` tells that it is seen for the first time itself.
    fn count(&mut self, schema: &Value, hint: &str, project: &str, is_new: bool) {
        for (name, child) in children(schema) {
            let hint = name.unwrap_or(hint);
            let Some(child) = child else { continue };
            let text = child.to_string();
            if text.len() < WORTH_SHARING {
                continue;
            }
            let seen = self.seen.entry(text).or_default();
            let is_first = seen.count == 0;
            seen.count += usize::from(is_new);
            if seen.hint.is_empty() || hint < seen.hint.as_str() {
                hint.clone_into(&mut seen.hint);
            }
            if seen.projects.insert(project.to_owned()) || is_first {
                self.count(child, hint, project, is_first);
            }
        }
    }

    /// Names what is worth it.
    fn name(&mut self) {
        self.seen.retain(|_, seen| seen.count > 1);
        let mut taken = BTreeSet::new();
        for (text, seen) in &self.seen {
            let hash = format!("{:016x}", hash(text));
            let name = (4..=16)
                .filter_map(|length| Some(format!("{}-{}", seen.hint, hash.get(..length)?)))
                .find(|name| taken.insert(name.clone()));
            self.names.insert(text.clone(), name.unwrap_or_default());
        }
    }
}

/// FNV-1a: the same in every release of Rust.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The schemas right below one that may be shared, and the names of their fields. Items that are told
/// apart stay where they are: the defaults of their keys are read there (none of those is shared, but
/// what is below them). Alternatives are read in another way.
fn children(schema: &Value) -> Vec<(Option<&str>, Option<&Value>)> {
    let mut all: Vec<(Option<&str>, Option<&Value>)> = Vec::new();
    for (name, child) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        all.push((Some(name), Some(child)));
    }
    let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
    all.extend(rest.map(|rest| (None, Some(rest))));
    if let Some(items) = schema.get("items") {
        if schema.get("x-kubernetes-list-type").is_some() {
            all.append(&mut children(items));
        } else {
            all.push((None, Some(items)));
        }
    }
    all
}

fn write(projects: &BTreeMap<String, Project>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pool = Pool::default();
    for (name, project) in projects {
        for ((_, kind, _), packed) in &project.kinds {
            pool.count(&packed.schema, kind, name, true);
        }
    }
    pool.name();
    let mut files = BTreeMap::new();
    for (name, project) in projects {
        let groups: BTreeSet<&str> = project.kinds.keys().map(|(group, ..)| &**group).collect();
        let groups: Vec<&str> = groups.into_iter().collect();
        let sources: Vec<&str> = project.sources.iter().map(String::as_str).collect();
        let mut text = format!(
            "# Schemas of custom resources; `cargo xtask custom-schemas` writes this file.\n\
             # Source: {} (Go module). Licence of the source: {}.\n\
             # The form is explained in docs/schemas.md.\n\
             project {name} {}\n\
             groups {}\n",
            sources.join(", "),
            project.licence,
            project.release,
            groups.join(" "),
        );
        for ((group, kind, version), packed) in &project.kinds {
            write!(text, "= {group}/{version} {kind}")?;
            if let Some(warning) = &packed.deprecated {
                write!(text, " deprecated {warning}")?;
            }
            // No blank may stand at the end.
            text.truncate(text.trim_end().len());
            text.push('\n');
            emit(&packed.schema, 0, &pool, &mut text)?;
        }
        definitions(
            &pool,
            |seen| seen.projects.len() == 1 && seen.projects.contains(name),
            &mut text,
        )?;
        files.insert(format!("{OUTPUT}/{name}.txt"), text);
    }
    let mut shared =
        "# What schemas of several projects have in common; `cargo xtask custom-schemas` \
                      writes this file.\n# Sources and licences are those of the other files.\n\
                      # The form is explained in docs/schemas.md.\n"
            .to_owned();
    definitions(&pool, |seen| seen.projects.len() > 1, &mut shared)?;
    files.insert(format!("{OUTPUT}/shared.txt"), shared);
    Ok(files)
}

fn definitions(
    pool: &Pool,
    belongs: impl Fn(&Seen) -> bool,
    text: &mut String,
) -> anyhow::Result<()> {
    let mut own: Vec<(&String, &String)> = Vec::new();
    for schema in pool.seen.iter().filter(|(_, seen)| belongs(seen)).map(|(schema, _)| schema) {
        own.push((pool.names.get(schema).context("a name")?, schema));
    }
    own.sort();
    for (name, schema) in own {
        writeln!(text, "& {name}")?;
        emit(&serde_json::from_str(schema)?, 0, pool, text)?;
    }
    Ok(())
}

/// Writes the lines of a schema.
fn emit(schema: &Value, depth: usize, pool: &Pool, text: &mut String) -> anyhow::Result<()> {
    let fields = schema.as_object().context("a schema that is no mapping")?;
    let shared =
        |value: &Value| Some(pool.names.get(&value.to_string())?).map(|name| format!("${name}"));
    if fields.is_empty() {
        writeln!(text, "{:depth$}{{}}", "")?;
    }
    for (keyword, value) in fields {
        let is_schema = match keyword.as_str() {
            "items" => fields.get("x-kubernetes-list-type").is_none(),
            "additionalProperties" => value.is_object(),
            _ => false,
        };
        write!(text, "{:depth$}{keyword}:", "")?;
        let one_line = match keyword.as_str() {
            "properties" => None,
            _ => Some(flow(value)).filter(|line| depth + keyword.len() + line.len() < WIDTH),
        };
        match (keyword.as_str(), shared(value).filter(|_| is_schema), one_line) {
            (_, Some(name), _) => writeln!(text, " {name}")?,
            (_, None, Some(line)) => writeln!(text, " {line}")?,
            ("items" | "additionalProperties", ..) => {
                text.push('\n');
                emit(value, depth + 1, pool, text)?;
            }
            ("properties", ..) => {
                let children = value.as_object().context("properties that are no mapping")?;
                if children.is_empty() {
                    text.push_str(" {}");
                }
                text.push('\n');
                for (name, child) in children {
                    write!(text, "{:1$}{2}:", "", depth + 1, scalar(name))?;
                    let line = flow(child);
                    if let Some(name) = shared(child) {
                        writeln!(text, " {name}")?;
                    } else if depth + name.len() + line.len() < WIDTH {
                        writeln!(text, " {line}")?;
                    } else {
                        text.push('\n');
                        emit(child, depth + 2, pool, text)?;
                    }
                }
            }
            _ => match value.as_array() {
                Some(items) => {
                    text.push('\n');
                    for item in items {
                        writeln!(text, "{:depth$}- {}", "", flow(item))?;
                    }
                }
                None => writeln!(text, " {}", flow(value))?,
            },
        }
    }
    Ok(())
}

/// A value in one line of YAML.
fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}: {}", scalar(name), flow(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => scalar(text),
        other => other.to_string(),
    }
}

/// A text: plain where every reader of YAML takes it for one.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./-".contains(&byte))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { Value::from(text).to_string() }
}

/// What docs/schemas.md says of the files.
fn table(projects: &BTreeMap<String, Project>) -> String {
    let mut text =
        "| project | release | groups: kinds and their versions |\n|---|---|---|\n".to_owned();
    for (name, project) in projects {
        let mut groups: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<&str>)> = BTreeMap::new();
        for (group, kind, version) in project.kinds.keys() {
            let (kinds, versions) = groups.entry(group).or_default();
            kinds.insert(kind);
            versions.insert(version);
        }
        let groups: Vec<String> = groups
            .into_iter()
            .map(|(group, (kinds, versions))| {
                let versions: Vec<&str> = versions.into_iter().collect();
                format!("{group}: {} ({})", kinds.len(), versions.join(", "))
            })
            .collect();
        let _ = writeln!(text, "| {name} | {} | {} |", project.release, groups.join("; "));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Pool, emit, flow, matches, reduced};

    #[test]
    fn names_fit_patterns() {
        assert!(matches("a_*.yaml", "a_b.yaml"));
        assert!(matches("*_b*", "a_bc"));
        assert!(!matches("a_*.yaml", "b_b.yaml"));
    }

    #[test]
    fn fields_may_have_the_names_of_keywords() {
        let schema = json!({
            "type": "object",
            "description": "gone",
            "properties": {"description": {"type": "string", "description": "gone"}},
        });
        let kept = json!({"type": "object", "properties": {"description": {"type": "string"}}});
        assert_eq!(reduced(&schema), kept);
    }

    #[test]
    fn what_is_written_reads_the_same() {
        let schema = json!({
            "type": "object",
            "properties": {
                "on": {"type": "string", "enum": ["yes", "a b", "x"], "pattern": "^[a-z]+: #$"},
                "list": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["a"],
                    "items": {"type": "object", "properties": {"a": {"default": "TCP", "type": "string"}}},
                },
                "open": {},
                "long": {"oneOf": [{"required": ["a".repeat(80)]}, {"required": ["b".repeat(80)]}]},
            },
        });
        let mut text = String::new();
        emit(&schema, 0, &Pool::default(), &mut text).unwrap();
        assert_eq!(serde_yaml::from_str::<serde_json::Value>(&text).unwrap(), schema, "{text}");
        assert_eq!(flow(&json!({"a": [1, "b"]})), "{a: [1, b]}");
    }

    #[test]
    fn what_two_schemas_have_is_written_once() {
        let long: serde_json::Map<_, _> =
            (0..20).map(|n| (format!("field{n}"), json!({"type": "string"}))).collect();
        let part = json!({"type": "object", "properties": long});
        let whole = json!({"properties": {"a": part, "b": part}});
        let mut pool = Pool::default();
        pool.count(&whole, "Kind", "project", true);
        pool.name();
        let mut text = String::new();
        emit(&whole, 0, &pool, &mut text).unwrap();
        let name = pool.names.values().next().unwrap();
        assert_eq!(text, format!("properties:\n a: ${name}\n b: ${name}\n"));
    }
}
