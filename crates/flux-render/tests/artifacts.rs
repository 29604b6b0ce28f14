//! Sources that leave out a part of the repository.
#![allow(clippy::expect_used, clippy::panic, reason = "a test may stop")]

use flux_render::{
    ErrorKind, Files, MemoryFiles,
    flux::{self, ArtifactFiles, Cluster, ClusterSettings, IgnoreFile, Outcome, SourceSettings},
    kustomize::Builder,
};

const WEB: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\n  namespace: shop\n";

fn source(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n  \
         namespace: flux-system\nspec:\n  url: https://example.org/fleet\n{spec}---\n"
    )
}

fn kustomization(name: &str, path: &str, kind: &str, source: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
         namespace: flux-system\nspec:\n  path: {path}\n  sourceRef: {{kind: {kind}, name: {source}}}\n---\n"
    )
}

fn render(files: &[(&str, String)]) -> Cluster {
    let memory = MemoryFiles::new(files.iter().map(|(path, text)| (*path, text.clone())));
    let ignore_files: Vec<IgnoreFile> = files
        .iter()
        .filter_map(|(path, text)| {
            let folder = path.strip_suffix(".sourceignore")?.trim_end_matches('/').to_owned();
            Some(IgnoreFile { folder, content: text.clone().into_bytes() })
        })
        .collect();
    let artifact = ArtifactFiles::new(&memory, ignore_files);
    let settings = ClusterSettings {
        name: "production".to_owned(),
        path: "clusters".to_owned(),
        remotes: vec!["https://example.org/fleet".to_owned()],
        ..ClusterSettings::default()
    };
    flux::render(&Builder::new(&artifact), &settings)
}

/// What came of the Kustomization of a name.
fn outcome<'c>(cluster: &'c Cluster, name: &str) -> &'c Outcome {
    let mut members = cluster.members.iter();
    &members.find(|member| member.spec.name.name == name).expect("a Kustomization").outcome
}

fn names(outcome: &Outcome) -> Vec<&str> {
    let rendering = outcome.rendering().unwrap_or_else(|| panic!("{outcome:?}"));
    rendering.objects.iter().map(|applied| applied.id.name.as_str()).collect()
}

#[test]
fn sources_that_say_different_things_dont_share_what_was_built() {
    let overlay = "resources: [../base]\n".to_owned();
    let base = "resources: [a.yaml]\n".to_owned();
    let cluster = render(&[
        (
            "clusters/all.yaml",
            source("GitRepository", "all", "")
                + &source("GitRepository", "part", "  ignore: /base\n")
                + &kustomization("of-all", "./web", "GitRepository", "all")
                + &kustomization("of-part", "./web", "GitRepository", "part"),
        ),
        ("web/kustomization.yaml", overlay),
        ("base/kustomization.yaml", base),
        ("base/a.yaml", WEB.to_owned()),
    ]);
    assert_eq!(names(outcome(&cluster, "of-all")), ["web"]);
    let Outcome::Failed(error) = outcome(&cluster, "of-part") else { panic!("it was built") };
    assert_eq!(error.kind, ErrorKind::LeftOut);
    assert!(error.message.contains("GitRepository flux-system/part"), "{}", error.message);
    assert!(error.message.contains("`/base` in line 1 of spec.ignore"), "{}", error.message);
}

#[test]
fn a_source_that_leaves_out_its_own_file_goes_on_doing_so() {
    let cluster = render(&[
        (
            "clusters/flux-system.yaml",
            source("GitRepository", "flux-system", "  ignore: |\n    /*\n    !/deploy\n")
                + &kustomization("flux-system", "./clusters", "GitRepository", "flux-system")
                + &kustomization("web", "./deploy", "GitRepository", "flux-system"),
        ),
        ("deploy/a.yaml", WEB.to_owned()),
    ]);
    assert!(!cluster.unsettled);
    let root = outcome(&cluster, "flux-system");
    assert!(matches!(root, Outcome::NoFolder(Some(_))), "{root:?}");
}

#[test]
fn a_folder_without_its_files_is_there_and_empty() {
    let cluster = render(&[
        (
            "clusters/all.yaml",
            source("GitRepository", "part", "  ignore: \"*.md\\n/web/*.yaml\"\n")
                + &kustomization("web", "./web", "GitRepository", "part"),
        ),
        ("web/a.yaml", WEB.to_owned()),
    ]);
    assert!(names(outcome(&cluster, "web")).is_empty());
}

#[test]
fn what_is_not_checked_out_is_not_there_and_leaves_nothing_out() {
    let cluster = render(&[
        (
            "clusters/all.yaml",
            source("GitRepository", "part", "  sparseCheckout: [./web, none]\n")
                + &kustomization("web", "./web", "GitRepository", "part")
                + &kustomization("web-2", "./web-2", "GitRepository", "part")
                + &kustomization("api", "./api", "GitRepository", "part"),
        ),
        // It isn't checked out itself.
        (".sourceignore", "/web\n".to_owned()),
        ("web/a.yaml", WEB.to_owned()),
        ("web-2/a.yaml", WEB.to_owned()),
        ("api/a.yaml", WEB.to_owned()),
    ]);
    assert_eq!(names(outcome(&cluster, "web")), ["web"]);
    assert_eq!(names(outcome(&cluster, "web-2")), ["web"]);
    let Outcome::NoFolder(Some(why)) = outcome(&cluster, "api") else { panic!("it is there") };
    assert!(why.contains("spec.sparseCheckout"), "{why}");
}

#[test]
fn what_is_copied_out_of_a_source_is_narrowed_with_it() {
    let generator = "apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\n\
                     metadata:\n  name: parts\n  namespace: flux-system\nspec:\n  sources:\n  \
                     - {alias: fleet, kind: GitRepository, name: part}\n  artifacts:\n  \
                     - name: web\n    copy: [{from: \"@fleet/web/**\", to: \"@artifact/\"}]\n---\n";
    let files = |ignore: &str| {
        let all = source("GitRepository", "part", ignore)
            + generator
            + &kustomization("web", "./", "ExternalArtifact", "web");
        [("clusters/all.yaml", all), ("web/a.yaml", WEB.to_owned())]
    };
    assert_eq!(names(outcome(&render(&files("")), "web")), ["web"]);
    let narrowed = render(&files("  ignore: /web\n"));
    assert!(matches!(outcome(&narrowed, "web"), Outcome::NoFolder(Some(_))));
}

#[test]
fn a_copied_layer_is_as_it_was_pushed() {
    let spec = "  ignore: /web\n  layerSelector: {operation: copy}\n";
    let cluster = render(&[
        (
            "clusters/all.yaml",
            source("OCIRepository", "copied", spec)
                + &kustomization("web", "./web", "OCIRepository", "copied"),
        ),
        ("web/a.yaml", WEB.to_owned()),
    ]);
    assert_eq!(names(outcome(&cluster, "web")), ["web"]);
}

#[test]
fn of_a_bucket_only_the_prefix_and_the_roots_patterns_count() {
    let memory = MemoryFiles::new([
        (".sourceignore", "a.yaml"),
        ("web/a.yaml", WEB),
        ("web/b.yaml", WEB),
        ("web/logo.png", ""),
        ("api/a.yaml", WEB),
        ("api/b.yaml", WEB),
    ]);
    let file = |folder: &str, text: &str| IgnoreFile {
        folder: folder.to_owned(),
        content: text.as_bytes().to_vec(),
    };
    let all = ArtifactFiles::new(&memory, vec![file("", "a.yaml"), file("web", "b.yaml")]);
    let settings = SourceSettings {
        title: "Bucket flux-system/fleet".to_owned(),
        is_bucket: true,
        ignore: None,
        prefixes: vec!["web/".to_owned()],
    };
    let bucket = ArtifactFiles::of_source(&all, settings);
    let has = |path: &str| bucket.bytes(path).is_some();
    assert!(has("web/b.yaml") && has("web/logo.png"));
    assert!(!has("web/a.yaml") && !has("api/b.yaml"));
    assert!(bucket.is_folder("web") && !bucket.is_folder("api"));
    let why = bucket.left_out("api/b.yaml").expect("a reason");
    assert!(why.contains("spec.prefix"), "{why}");
}
