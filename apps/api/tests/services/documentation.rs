//! The tables of the README are those of the code. `PORTCULLIS_UPDATE=1` writes them anew.

use std::{fmt::Write, fs, path::Path};

use api::{
    SERVICES,
    config::{SHARED, Variable},
    http::problem::{Kind, TYPE_PREFIX},
    metrics::NAMES,
};

fn variables(variables: &[Variable]) -> String {
    let mut table = String::from("| variable | default | values | meaning |\n|---|---|---|---|\n");
    for Variable { name, default, values, meaning } in variables {
        let default = default.map_or_else(|| "unset".into(), |default| format!("`{default}`"));
        writeln!(table, "| `{name}` | {default} | {values} | {meaning} |").unwrap();
    }
    table
}

fn metrics() -> String {
    let mut table =
        String::from("| metric | kind | labels | of | tells |\n|---|---|---|---|---|\n");
    for metric in NAMES {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let all = metric.services.len() == SERVICES.len();
        let of = if all { "all".into() } else { metric.services.join(", ") };
        let kind = format!("{:?}", metric.kind).to_lowercase();
        let (name, labels, help) = (metric.name, labels.join(", "), metric.help);
        writeln!(table, "| `{name}` | {kind} | {labels} | {of} | {help} |").unwrap();
    }
    table
}

fn problems() -> String {
    let mut table = format!("`type` is `{TYPE_PREFIX}` and the name.\n\n");
    table.push_str("| name | status | title |\n|---|---|---|\n");
    for kind in Kind::ALL {
        let (name, status, title) = (kind.name(), kind.status().as_u16(), kind.title());
        writeln!(table, "| `{name}` | {status} | {title} |").unwrap();
    }
    table
}

fn replace(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), "<!-- end -->");
    let (before, rest) =
        text.split_once(&begin).unwrap_or_else(|| panic!("the README has no {begin}"));
    let (_, after) = rest.split_once(end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_readme_has_the_tables_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let written = fs::read_to_string(&path).unwrap();
    let mut expected = replace(&written, "shared", &variables(SHARED));
    for service in SERVICES {
        expected = replace(&expected, service.name, &variables(service.variables));
    }
    expected = replace(&expected, "metrics", &metrics());
    expected = replace(&expected, "problems", &problems());
    if std::env::var_os("PORTCULLIS_UPDATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    assert!(
        written == expected || std::env::var_os("PORTCULLIS_UPDATE").is_some(),
        "apps/api/README.md is out of date: PORTCULLIS_UPDATE=1 cargo test -p api documentation"
    );
}
