//! `sarif`: SARIF 2.1.0, for GitHub code scanning and editors
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).
//!
//! - Every rule is listed, with its manual as help, so that a page of alerts
//!   can explain itself; results refer to rules by index.
//! - Suppressed findings are results with `suppressions`.
//! - Coverage gaps are notifications of the invocation: what was not checked.
//! - URIs are relative to the repository's root, `%SRCROOT%`.
//! - Regions count from 1, columns in code points, ends are exclusive.
//! - Messages link to related places, as code scanning shows only those that
//!   are linked. `[`, `]` and `\` of a message itself are escaped (section
//!   3.11.6). Braces stay single: no message has arguments, and readers show
//!   doubled ones (3.11.5) as they are.
//!
//! Nothing is left out for the sake of a reader's limits. GitHub takes 25,000
//! results and shows the 5,000 most severe.
//!
//! Long because SARIF's objects are declared here, next to what fills them.

use std::{collections::BTreeMap, fmt::Write as _, io};

use serde::Serialize;

use super::escape;
use crate::{
    finding::{Finding, Gap, GapKind, Level, Location, Report, Suppression, SuppressionKind},
    rules::{self, Manual, Rule},
};

const ROOT: &str = "%SRCROOT%";

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let rules: Vec<&'static Rule> = rules::all().collect();
    let mut descriptors: Vec<Descriptor> = rules.iter().map(|rule| Descriptor::of(rule)).collect();
    let mut index: BTreeMap<&str, usize> =
        rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
    let findings = || report.findings.iter().chain(&report.suppressed);
    for finding in findings() {
        index.entry(finding.rule).or_insert_with(|| {
            descriptors.push(Descriptor::bare(finding.rule));
            descriptors.len() - 1
        });
    }
    let result = |finding| Result::of(finding, &index);
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "portcullis",
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    information_uri: env!("CARGO_PKG_REPOSITORY"),
                    rules: descriptors,
                    notifications: GAPS.map(|(kind, text)| Notified {
                        id: gap_id(kind),
                        short_description: Message::plain(text),
                    }),
                },
            },
            invocations: [Invocation {
                execution_successful: true,
                tool_execution_notifications: report
                    .coverage
                    .all_gaps()
                    .map(Notification::of)
                    .collect(),
            }],
            original_uri_base_ids: BTreeMap::from([(
                ROOT,
                Base { description: Message::plain("The repository's root.") },
            )]),
            column_kind: "unicodeCodePoints",
            results: findings().map(result).collect(),
        }],
    };
    escape::write_json(out, &log)
}

/// The kinds of coverage gap, with what each means.
const GAPS: [(GapKind, &str); 5] = [
    (GapKind::Unrendered, "Not rendered, and so not checked."),
    (GapKind::UnknownValue, "A value that can't be known offline."),
    (GapKind::NoSchema, "A kind without a schema."),
    (GapKind::Unreadable, "A file, document or field that can't be read."),
    (GapKind::Skipped, "Left out on purpose."),
];

fn gap_id(kind: GapKind) -> String {
    format!("coverage/{}", kind.as_str())
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    original_uri_base_ids: BTreeMap<&'static str, Base>,
    column_kind: &'static str,
    results: Vec<Result>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    information_uri: &'static str,
    rules: Vec<Descriptor>,
    notifications: [Notified; GAPS.len()],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notified {
    id: String,
    short_description: Message,
}

#[derive(Serialize)]
struct Base {
    description: Message,
}

#[derive(Serialize)]
struct Message {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl Message {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), markdown: None }
    }
}

/// A rule.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    short_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_configuration: Option<Configuration>,
    properties: Properties,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct Properties {
    tags: Vec<&'static str>,
}

impl Descriptor {
    fn of(rule: &'static Rule) -> Self {
        let manual = Manual::of(rule);
        let text = manual.text.trim();
        let description = manual.section("What it does").unwrap_or(rule.summary);
        Self {
            short_description: Some(Message::plain(rule.summary)),
            full_description: Some(Message::plain(description)),
            help: Some(Message { text: text.to_owned(), markdown: Some(text.to_owned()) }),
            default_configuration: Some(Configuration {
                enabled: rule.level != Level::Off,
                level: level(rule.level),
            }),
            ..Self::bare(rule.id)
        }
    }

    /// What can be said of a rule by its id.
    fn bare(id: &'static str) -> Self {
        let group = id.split_once('/').map(|(group, _)| group);
        let words = id.split(['/', '-']).filter_map(|word| {
            let (first, rest) = word.split_at_checked(1)?;
            Some(first.to_ascii_uppercase() + rest)
        });
        Self {
            id,
            name: words.collect(),
            short_description: None,
            full_description: None,
            help: None,
            default_configuration: None,
            properties: Properties { tags: std::iter::once("kubernetes").chain(group).collect() },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Result {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Place; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Place>,
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppressed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<ResultProperties>,
}

#[derive(Serialize)]
struct ResultProperties {
    clusters: Vec<String>,
}

impl Result {
    fn of(finding: &Finding, rules: &BTreeMap<&str, usize>) -> Self {
        let mut text = unlinked(&finding.message);
        if let Some(help) = &finding.help {
            let _ = write!(text, "\n{}", unlinked(help));
        }
        for (id, related) in (1..).zip(&finding.related) {
            let _ = write!(text, "\n[{}]({id})", unlinked(&related.message));
        }
        let related = (1..).zip(&finding.related);
        let has_clusters = !finding.clusters.is_empty();
        Self {
            rule_id: finding.rule,
            rule_index: rules.get(finding.rule).copied(),
            level: level(finding.level),
            message: Message::plain(text),
            locations: [Place {
                logical_locations: logical_locations(finding),
                ..Place::of(&finding.location)
            }],
            related_locations: related
                .map(|(id, related)| Place {
                    id: Some(id),
                    message: Some(Message::plain(unlinked(&related.message))),
                    ..Place::of(&related.location)
                })
                .collect(),
            partial_fingerprints: BTreeMap::from([("portcullis/v1", finding.fingerprint.clone())]),
            suppressions: finding.suppression.iter().map(Suppressed::of).collect(),
            properties: has_clusters
                .then(|| ResultProperties { clusters: finding.clusters.clone() }),
        }
    }
}

/// `location` in the specification.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    byte_offset: u32,
    byte_length: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical {
    name: String,
    fully_qualified_name: String,
    kind: &'static str,
}

impl Place {
    fn of(location: &Location) -> Self {
        let (start, end) = (location.start, location.end);
        Self {
            id: None,
            message: None,
            physical_location: Physical {
                artifact_location: Artifact { uri: uri(&location.file), uri_base_id: ROOT },
                region: Region {
                    start_line: start.line,
                    start_column: start.column,
                    end_line: end.line,
                    end_column: end.column,
                    byte_offset: start.offset,
                    byte_length: end.offset.saturating_sub(start.offset),
                },
            },
            logical_locations: Vec::new(),
        }
    }
}

/// The object, and the field in it.
fn logical_locations(finding: &Finding) -> Vec<Logical> {
    let Some(object) = &finding.object else { return Vec::new() };
    let qualified = object.to_string();
    let field = finding.field.as_ref().map(|field| Logical {
        name: field.clone(),
        fully_qualified_name: format!("{qualified}/{field}"),
        kind: "property",
    });
    let name = object.name.clone();
    let object = Logical { name, fully_qualified_name: qualified, kind: "object" };
    std::iter::once(object).chain(field).collect()
}

#[derive(Serialize)]
struct Suppressed {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    justification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Place>,
}

impl Suppressed {
    fn of(suppression: &Suppression) -> Self {
        Self {
            kind: match suppression.kind {
                SuppressionKind::Comment | SuppressionKind::Annotation => "inSource",
                SuppressionKind::Config | SuppressionKind::Baseline => "external",
            },
            justification: suppression.reason.clone(),
            location: suppression.location.as_ref().map(Place::of),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
struct Notification {
    descriptor: Reference,
    level: &'static str,
    message: Message,
    locations: [Place; 1],
}

#[derive(Serialize)]
struct Reference {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

impl Notification {
    fn of(gap: &Gap) -> Self {
        Self {
            descriptor: Reference {
                id: gap_id(gap.kind),
                index: GAPS.iter().position(|(kind, _)| *kind == gap.kind),
            },
            level: "note",
            message: Message::plain(unlinked(&gap.message)),
            locations: [Place::of(&gap.location)],
        }
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Note => "note",
        Level::Off => "none",
    }
}

/// Text in which nothing is taken for a link.
fn unlinked(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '[' | ']' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A path as a relative URI (RFC 3986): all but unreserved characters and `/`
/// are percent-encoded.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte));
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::uri;
    use crate::{
        finding::{Level, Location, Suppression, SuppressionKind},
        report::{
            Format,
            testing::{files, finding, location, report, style, written},
        },
        rules,
    };

    fn run(report: &crate::finding::Report) -> Value {
        let text = written(Format::Sarif, report, &files(), &style());
        let mut log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        log["runs"][0].take()
    }

    #[test]
    fn a_result_says_what_where_and_why() {
        let run = run(&report());
        let root = json!({"uri": "apps/api.yaml", "uriBaseId": "%SRCROOT%"});
        let index = rules::all().count();
        assert_eq!(
            run["results"][0],
            json!({
                "ruleId": "test/host",
                "ruleIndex": index,
                "level": "error",
                "message": {"text": "pod uses the host network\ndelete this line\n[of this pod](1)\n[in this namespace](2)"},
                "locations": [{
                    "physicalLocation": {
                        "artifactLocation": root,
                        "region": {
                            "startLine": 7, "startColumn": 16, "endLine": 7, "endColumn": 20,
                            "byteOffset": 86, "byteLength": 4
                        }
                    },
                    "logicalLocations": [
                        {"name": "api", "fullyQualifiedName": "Pod/shop/api", "kind": "object"},
                        {
                            "name": "spec.hostNetwork",
                            "fullyQualifiedName": "Pod/shop/api/spec.hostNetwork",
                            "kind": "property"
                        }
                    ]
                }],
                "relatedLocations": [
                    {
                        "id": 1,
                        "message": {"text": "of this pod"},
                        "physicalLocation": {
                            "artifactLocation": root,
                            "region": {
                                "startLine": 4, "startColumn": 3, "endLine": 4, "endColumn": 12,
                                "byteOffset": 37, "byteLength": 9
                            }
                        }
                    },
                    {
                        "id": 2,
                        "message": {"text": "in this namespace"},
                        "physicalLocation": {
                            "artifactLocation": {"uri": "apps/namespace.yaml", "uriBaseId": "%SRCROOT%"},
                            "region": {
                                "startLine": 3, "startColumn": 18, "endLine": 3, "endColumn": 22,
                                "byteOffset": 48, "byteLength": 4
                            }
                        }
                    }
                ],
                "partialFingerprints": {"portcullis/v1": "0123456789abcdef0123456789abcdef"}
            })
        );
        assert_eq!(run["results"][1]["level"], "warning");
        assert_eq!(run["results"][1]["properties"], json!({"clusters": ["production", "staging"]}));
        assert_eq!(run["results"][2]["level"], "note");
        assert_eq!(run["columnKind"], "unicodeCodePoints");
    }

    #[test]
    fn every_rule_is_listed_and_every_result_finds_its_own() {
        let run = run(&report());
        let listed = run["tool"]["driver"]["rules"].as_array().unwrap();
        for (rule, listed) in rules::all().zip(listed) {
            assert_eq!(listed["id"], rule.id);
            assert_eq!(listed["shortDescription"]["text"], rule.summary);
            assert!(!listed["help"]["text"].as_str().unwrap().is_empty(), "{}", rule.id);
            assert_eq!(listed["defaultConfiguration"]["enabled"], rule.level != Level::Off);
        }
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 4);
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(listed[index]["id"], result["ruleId"]);
        }
        assert_eq!(listed.last().unwrap()["name"], "TestProbe");
    }

    #[test]
    fn suppressions_say_who_suppressed_and_why() {
        let mut report = report();
        let from_config = finding("test/host", Level::Warn, "m", location("a", "x", "x"));
        report.suppressed.push(crate::finding::Finding {
            suppression: Some(Suppression {
                kind: SuppressionKind::Baseline,
                reason: None,
                location: None,
            }),
            ..from_config
        });
        let run = run(&report);
        let comment = &run["results"][3]["suppressions"][0];
        assert_eq!(comment["kind"], "inSource");
        assert_eq!(comment["justification"], "it has no probe on purpose");
        assert_eq!(comment["location"]["physicalLocation"]["region"]["startLine"], 7);
        assert_eq!(run["results"][4]["suppressions"], json!([{"kind": "external"}]));
        assert!(run["results"][0].get("suppressions").is_none());
    }

    #[test]
    fn gaps_are_notifications() {
        let run = run(&report());
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], true);
        let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
        let ids: Vec<&Value> = notifications.iter().map(|n| &n["descriptor"]["id"]).collect();
        assert_eq!(ids, ["coverage/unknown-value", "coverage/unrendered"]);
        for notification in notifications {
            let descriptor = &notification["descriptor"];
            let index = usize::try_from(descriptor["index"].as_u64().unwrap()).unwrap();
            assert_eq!(run["tool"]["driver"]["notifications"][index]["id"], descriptor["id"]);
            assert_eq!(notification["level"], "note");
        }
    }

    #[test]
    fn brackets_are_no_links_and_paths_are_uris() {
        let mut report = report();
        let place = Location::file("a b/c:d%é.yaml".into());
        report.findings = vec![finding("test/host", Level::Error, "see [x](http://y) \\", place)];
        let run = run(&report);
        let result = &run["results"][0];
        assert_eq!(result["message"]["text"], "see \\[x\\](http://y) \\\\");
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "a%20b/c%3Ad%25%C3%A9.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
    }
}
