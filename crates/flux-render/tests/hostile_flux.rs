//! Flux Kustomizations that are wrong on purpose: each is an error or a limit, never a hang.

use flux_render::{
    ErrorKind, MemoryFiles,
    flux::{self, Cluster, ClusterSettings, Outcome, ProblemKind},
    kustomize::Builder,
};

fn render(files: &[(String, String)]) -> Cluster {
    let files = MemoryFiles::new(files.iter().cloned());
    let builder = Builder::new(&files);
    let settings = ClusterSettings { path: "cluster".to_owned(), ..ClusterSettings::default() };
    flux::render(&builder, &settings)
}

fn kustomization(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: {name}\n  \
         namespace: flux-system\nspec:\n  path: {path}\n  prune: true\n  sourceRef: {{kind: \
         GitRepository, name: flux-system}}\n{more}"
    )
}

fn file(path: &str, text: impl Into<String>) -> (String, String) {
    (path.to_owned(), text.into())
}

#[test]
fn kustomizations_that_render_each_other_come_to_an_end() {
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "./a", "")),
        file("a/b.yaml", kustomization("b", "./b", "")),
        file("b/a.yaml", kustomization("a", "./a", "")),
    ]);
    assert!(!cluster.unsettled);
    assert_eq!(cluster.members.len(), 3);
    assert_eq!(cluster.rivals.len(), 1, "two places give a");
}

#[test]
fn names_that_grow_with_every_round_reach_a_limit() {
    let mut files = vec![file(
        "cluster/a.yaml",
        kustomization("a", "./a", "  postBuild: {substitute: {n: x}}\n"),
    )];
    files.push(file(
        "a/b.yaml",
        kustomization("b${n}", "./a", "  postBuild: {substitute: {n: \"${n}x\"}}\n"),
    ));
    let cluster = render(&files);
    assert!(cluster.unsettled, "{} members", cluster.members.len());
    assert!(cluster.members.len() < 100);
}

#[test]
fn a_cluster_that_is_its_own_kustomization_is_one() {
    let cluster =
        render(&[file("cluster/flux.yaml", kustomization("flux-system", "./cluster", ""))]);
    assert_eq!(cluster.members.len(), 1);
    assert_eq!(cluster.members[0].objects().len(), 1);
}

#[test]
fn a_path_never_leaves_the_source() {
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "../../../etc", "")),
        file("cluster/b.yaml", kustomization("b", "./b", "  components: [../../../x]\n")),
        file("b/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
    ]);
    let outcome = |name: &str| {
        let found = cluster.members.iter().find(|member| member.spec.name.name == name);
        &found.unwrap_or_else(|| panic!("no {name}")).outcome
    };
    assert!(matches!(outcome("a"), Outcome::NoFolder(None)));
    let Outcome::Failed(error) = outcome("b") else { panic!("{:?}", outcome("b")) };
    assert_eq!(error.kind, ErrorKind::Outside);
}

#[test]
fn a_component_that_includes_itself_is_refused() {
    let component =
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [.]\n";
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "./a", "  components: [../c]\n")),
        file("a/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
        file("c/kustomization.yaml", component),
    ]);
    let Outcome::Failed(error) = &cluster.members[1].outcome else {
        panic!("{:?}", cluster.members[1].outcome)
    };
    assert_eq!(error.kind, ErrorKind::Cycle);
}

#[test]
fn a_patch_that_deletes_everything_leaves_nothing() {
    let patch = "  patches:\n  - patch: |-\n      $patch: delete\n      apiVersion: v1\n      kind: \
                 ConfigMap\n      metadata: {name: c}\n    target: {kind: ConfigMap}\n";
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "./a", patch)),
        file("a/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
    ]);
    assert!(cluster.members[1].objects().is_empty());
}

#[test]
fn ten_thousand_kustomizations_in_a_chain_are_followed_or_given_up() {
    // Each is rendered by the one before, a round each.
    let mut files = vec![file("cluster/a.yaml", kustomization("k0", "./p0", ""))];
    for number in 0..10_000 {
        let next = number + 1;
        let text = kustomization(&format!("k{next}"), &format!("./p{next}"), "");
        files.push(file(&format!("p{number}/k.yaml"), text));
    }
    let cluster = render(&files);
    assert!(cluster.unsettled);
}

#[test]
fn expressions_and_values_of_any_size_are_bounded() {
    let deep = "${a:=".repeat(5_000) + &"}".repeat(5_000);
    let data =
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  a: \"{deep}\"\n");
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "./a", "  postBuild: {substitute: {x: y}}\n")),
        file("a/c.yaml", data),
    ]);
    let rendering = cluster.members[1].outcome.rendering().expect("it is rendered");
    let kinds: Vec<ProblemKind> = rendering.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(kinds, [ProblemKind::InvalidSubstitution]);
}

#[test]
fn a_kustomization_whose_name_becomes_known_later_is_there_once() {
    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s, namespace: flux-system}\n\
                    data: {env: prod}\n";
    let from = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: s}]}\n";
    let cluster = render(&[
        file("cluster/a.yaml", kustomization("a", "./a", from)),
        file("cluster/s.yaml", kustomization("s", "./s", "")),
        file("s/settings.yaml", settings),
        file("a/b.yaml", kustomization("b-${env}", "./b", "")),
        file("b/c.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"),
    ]);
    let names: Vec<&str> =
        cluster.members.iter().map(|member| member.spec.name.name.as_str()).collect();
    assert_eq!(names, ["flux-system", "a", "s", "b-prod"]);
    assert_eq!(cluster.members[3].parent, Some(1));
    assert_eq!(cluster.members[3].objects().len(), 1);
}
