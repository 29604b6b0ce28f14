//! Input that is made to hang, crash or lead astray: always an error that says where, and soon.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

use flux_render::{
    Error, ErrorKind, MemoryFiles,
    kustomize::{Builder, Built, Options},
    substitute::{self, Value, Variables, substitute},
};

const HEAD: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n";
const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n  a: b\n";

fn build(folder: &str, files: &[(&str, String)]) -> Result<Built, Error> {
    let files = MemoryFiles::new(files.iter().map(|(path, text)| (*path, text.as_str())));
    Builder::new(&files).build(folder, Options::default())
}

fn kind_of(folder: &str, files: &[(&str, String)]) -> ErrorKind {
    let error = build(folder, files).unwrap_err();
    assert!(error.place.is_some(), "no place: {error}");
    error.kind
}

#[test]
fn bases_in_a_circle() {
    let files = [
        ("a/kustomization.yaml", format!("{HEAD}resources: [../b]\n")),
        ("b/kustomization.yaml", format!("{HEAD}resources: [../c]\n")),
        ("c/kustomization.yaml", format!("{HEAD}resources: [../a]\n")),
    ];
    for start in ["a", "b", "c"] {
        assert_eq!(kind_of(start, &files), ErrorKind::Cycle);
    }
}

#[test]
fn a_folder_that_holds_itself() {
    let files = [("a/kustomization.yaml", format!("{HEAD}resources: [.]\n"))];
    assert_eq!(kind_of("a", &files), ErrorKind::Cycle);
    let files =
        [("a/b/kustomization.yaml", format!("{HEAD}resources: [..]\n")), ("a/x", String::new())];
    assert_eq!(kind_of("a/b", &files), ErrorKind::Cycle);
}

#[test]
fn a_component_that_includes_itself() {
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../c]\n";
    let files = [
        ("a/kustomization.yaml", format!("{HEAD}components: [../c]\n")),
        ("c/kustomization.yaml", component.to_owned()),
    ];
    assert_eq!(kind_of("a", &files), ErrorKind::Cycle);
}

#[test]
fn ten_thousand_layers() {
    let names: Vec<String> = (0..=10_000).map(|n| format!("l{n}/kustomization.yaml")).collect();
    let mut files: Vec<(&str, String)> = (0..10_000)
        .map(|n| (names[n].as_str(), format!("{HEAD}resources: [../l{}]\n", n + 1)))
        .collect();
    files.push((&names[10_000], format!("{HEAD}namespace: x\n")));
    assert_eq!(kind_of("l0", &files), ErrorKind::Limit);
}

#[test]
fn paths_that_leave_the_root() {
    for path in ["../../etc/passwd", "/etc/passwd", "b/../../../x"] {
        let files = [("a/kustomization.yaml", format!("{HEAD}resources: [\"{path}\"]\n"))];
        assert_eq!(kind_of("a", &files), ErrorKind::Outside, "{path}");
        let files = [(
            "a/kustomization.yaml",
            format!("{HEAD}configMapGenerator: [{{name: x, files: [\"{path}\"]}}]\n"),
        )];
        assert_eq!(kind_of("a", &files), ErrorKind::Outside, "{path}");
    }
}

#[test]
fn what_would_be_fetched() {
    for path in ["https://example.com/x.yaml", "github.com/a/b?ref=c", "git@example.com:a/b.git"] {
        let files = [("a/kustomization.yaml", format!("{HEAD}resources: [\"{path}\"]\n"))];
        assert_eq!(kind_of("a", &files), ErrorKind::Remote, "{path}");
        let files = [("a/kustomization.yaml", format!("{HEAD}components: [\"{path}\"]\n"))];
        assert_eq!(kind_of("a", &files), ErrorKind::Remote, "{path}");
    }
}

#[test]
fn charts_and_plugins() {
    let files = [("a/kustomization.yaml", format!("{HEAD}helmCharts: [{{name: x}}]\n"))];
    assert_eq!(kind_of("a", &files), ErrorKind::Refused);
    let plugin = "apiVersion: example.com/v1\nkind: Exec\nmetadata:\n  name: x\n";
    let files = [
        ("a/kustomization.yaml", format!("{HEAD}transformers: [p.yaml]\n")),
        ("a/p.yaml", plugin.to_owned()),
    ];
    assert_eq!(kind_of("a", &files), ErrorKind::Refused);
}

#[test]
fn a_patch_that_deletes_everything() {
    let patch =
        "- patch: \"{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, $patch: delete}\"\n";
    let files = [
        ("a/kustomization.yaml", format!("{HEAD}resources: [c.yaml]\npatches:\n{patch}")),
        ("a/c.yaml", CONFIG.to_owned()),
    ];
    assert!(build("a", &files).unwrap().objects.is_empty());
}

#[test]
fn regular_expressions_that_explode() {
    for bomb in ["((((a{1,100}){1,100}){1,100}){1,100})", "(a|aa)+$", "(x+x+)+y"] {
        let target = format!("  target: {{name: '{bomb}'}}\n");
        let patch = "- patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n";
        let files = [
            (
                "a/kustomization.yaml",
                format!("{HEAD}resources: [c.yaml]\npatches:\n{patch}{target}"),
            ),
            ("a/c.yaml", CONFIG.replace("web", &"a".repeat(5_000))),
        ];
        match build("a", &files) {
            Ok(built) => assert_eq!(built.objects.len(), 1),
            Err(error) => assert_eq!(error.kind, ErrorKind::Invalid),
        }
    }
}

#[test]
fn aliases_that_explode() {
    let mut bomb =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\na0: &a0 [1]\n");
    for level in 1..40 {
        let before = level - 1;
        bomb.push_str(&format!("a{level}: &a{level} [*a{before}, *a{before}, *a{before}]\n"));
    }
    let files =
        [("a/kustomization.yaml", format!("{HEAD}resources: [b.yaml]\n")), ("a/b.yaml", bomb)];
    assert!(matches!(kind_of("a", &files), ErrorKind::Limit | ErrorKind::Malformed));
}

struct One;

impl Variables for One {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        (name == "v").then_some(Value::Known("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
    }
}

#[test]
fn expressions_that_nest() {
    let text = format!("{}x{}", "${u:=".repeat(50_000), "}".repeat(50_000));
    let error = substitute(&text, &One, substitute::Options::default()).unwrap_err();
    assert_eq!(error.kind, substitute::ErrorKind::Limit);
}

#[test]
fn expressions_that_repeat() {
    let text = "$$".repeat(500_000) + &"${v#*a*a*a*a*b}".repeat(1_000);
    let output = substitute(&text, &One, substitute::Options::default()).unwrap();
    assert_eq!(output.text.len(), 500_000 + 32 * 1_000);
}
