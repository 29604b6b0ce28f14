//! Kustomizations of Flux against what kustomize-controller does with them: fluxcd/pkg/kustomize,
//! envsubst and ssa, run by the judge.

use std::collections::BTreeMap;

use fastrand::Rng;
use flux_render::{
    MemoryFiles,
    flux::{self, Cluster, ClusterSettings, Member, Outcome, ProblemKind},
    kustomize::Builder,
};
use libtest_mimic::{Failed, Trial};
use portcullis::kube::Quantity;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use spanned_yaml::{Dialect, Kind, Node, Scalar};

use crate::{
    disagreements::Disagreements,
    generate::{self, pick},
    judge::judges,
    kustomizations::repository,
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("flux_pipeline::generated", generated),
        Trial::test("flux_pipeline::corpora", corpora),
        Trial::test("flux_pipeline::typed_fields", typed_fields),
    ]
}

const KUSTOMIZATIONS: usize = 4_000;

#[derive(Default, Serialize)]
struct Input {
    files: BTreeMap<String, String>,
    disk: String,
    kustomization: String,
    cluster: String,
    strict: bool,
}

#[derive(Deserialize)]
struct Judged {
    ok: bool,
    #[serde(default)]
    objects: Vec<Value>,
    #[serde(default)]
    error: String,
}

/// The objects that Flux would apply, or why it wouldn't.
fn ours(cluster: &Cluster, member: &Member) -> Result<Vec<Value>, String> {
    let rendering = match &member.outcome {
        Outcome::Rendered(rendering) => rendering,
        Outcome::Failed(error) => return Err(error.to_string()),
        Outcome::Elsewhere => return Err("elsewhere".to_owned()),
        Outcome::NoFolder(_) => return Err("no folder".to_owned()),
    };
    // Variables are asked for when there is an object to put them in.
    let empty = rendering.objects.is_empty() && rendering.problems.is_empty();
    let of_variables = member.problems.iter().filter(|_| !empty);
    let fatal = of_variables.chain(&rendering.problems).find(|problem| {
        matches!(
            problem.kind,
            ProblemKind::UndefinedVariable
                | ProblemKind::InvalidSubstitution
                | ProblemKind::SubstituteFromMissing
        )
    });
    if let Some(problem) = fatal {
        return Err(problem.message.clone());
    }
    assert!(cluster.strict, "nothing says otherwise");
    Ok(rendering
        .objects
        .iter()
        .filter_map(|applied| applied.manifest.root())
        .map(|root| cleaned(json(root)))
        .collect())
}

fn json(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Mapping => {
            let entries =
                node.entries().map(|entry| (entry.key.text().to_owned(), json(entry.value)));
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Kind::Sequence => node.items().map(json).collect(),
        _ => match node.scalar(Dialect::GoYamlV2) {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => value.into(),
            Scalar::Int(value) => value.into(),
            Scalar::UInt(value) => value.into(),
            Scalar::Float(value) => value.into(),
            Scalar::Str(_) | Scalar::Timestamp(_) | Scalar::Binary(_) => node.text().into(),
        },
    }
}

/// Without what Go's types leave out, or write though nobody did: nulls, zeros and what is empty.
fn cleaned(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().map(|(key, value)| (key, cleaned(value)));
            Value::Object(kept.filter(|(_, value)| !is_zero(value)).collect())
        }
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        value => value,
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Bool(true) => false,
    }
}

/// Whether two values are the same; of quantities, the amounts.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ if ours == theirs => true,
        (a, Value::String(b)) => {
            let a = match a {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return false,
            };
            matches!((Quantity::parse(&a), Quantity::parse(b)), (Ok(a), Ok(b)) if a == b)
        }
        _ => false,
    }
}

fn compare(
    ours: Result<Vec<Value>, String>,
    judged: Judged,
    describe: impl FnOnce() -> String,
    disagreements: &mut Disagreements,
) {
    let theirs: Vec<Value> = judged.objects.into_iter().map(cleaned).collect();
    let told = match (ours, judged.ok) {
        (Err(_), false) => return,
        (Ok(_), false) => format!("only the judge refuses: {}", judged.error),
        (Err(error), true) => format!("only we refuse: {error}"),
        (Ok(own), true) => {
            let mut pairs = own.iter().zip(&theirs);
            match pairs.find(|(own, theirs)| !same(own, theirs)) {
                None if own.len() == theirs.len() => return,
                None => format!("{} objects, the judge has {}", own.len(), theirs.len()),
                Some((own, theirs)) => format!("ours:  {own}\njudge: {theirs}"),
            }
        }
    };
    disagreements.note(format!("{}\n!!! {told}", describe()));
}

fn generated() -> Result<(), Failed> {
    let mut rng = generate::rng("flux_pipeline::generated")?;
    let mut disagreements = Disagreements::default();
    let cases = generate::cases(KUSTOMIZATIONS)?;
    let mut built = 0;
    let mut left = cases;
    while left > 0 {
        let batch: Vec<Input> = (0..left.min(500)).map(|_| input(&mut rng)).collect();
        left -= batch.len();
        let verdicts = judges()?.ask_all::<_, Judged>("flux-pipeline", &batch)?;
        for (one, verdict) in batch.iter().zip(verdicts) {
            let judged = verdict.unwrap_or_else(|error| Judged {
                ok: false,
                objects: Vec::new(),
                error: error.to_string(),
            });
            built += usize::from(judged.ok);
            let files = with_cluster(one);
            let files =
                MemoryFiles::new(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
            let builder = Builder::new(&files);
            let settings = ClusterSettings { path: "cluster".to_owned(), ..Default::default() };
            let cluster = flux::render(&builder, &settings);
            let own = match cluster.members.get(1) {
                Some(member) => ours(&cluster, member),
                None => Err("the Kustomization wasn't found".to_owned()),
            };
            let describe = || {
                let mut text = format!("{}\n{}", one.kustomization, one.cluster);
                for (path, content) in &one.files {
                    text.push_str(&format!("=== {path}\n{content}"));
                }
                text
            };
            compare(own, judged, describe, &mut disagreements);
        }
    }
    disagreements.verdict(cases)?;
    if built * 100 < cases * 25 {
        return Err(format!("only {built} of {cases} Kustomizations can be applied").into());
    }
    Ok(())
}

/// The files of a source, with a folder for the cluster that has the rest.
fn with_cluster(input: &Input) -> BTreeMap<String, String> {
    let mut files = input.files.clone();
    files.insert("cluster/apps.yaml".to_owned(), input.kustomization.clone());
    files.insert("cluster/data.yaml".to_owned(), input.cluster.clone());
    files
}

/// A repository with a cluster in the folder `cluster`.
pub(crate) fn cluster(rng: &mut Rng) -> BTreeMap<String, String> {
    with_cluster(&input(rng))
}

/// A repository, and a Kustomization for it.
fn input(rng: &mut Rng) -> Input {
    let mut files = loop {
        let made = repository(rng);
        let told = made.files.values().any(|text| text.contains("openapi:"));
        if !told {
            break made;
        }
    };
    // Sometimes Flux makes the kustomization file itself.
    if rng.u8(0..4) == 0 {
        files.files.remove(&format!("{}/kustomization.yaml", files.path));
    }
    let manifests: Vec<String> = files
        .files
        .keys()
        .filter(|path| !path.ends_with("kustomization.yaml") && path.contains(".yaml"))
        .cloned()
        .collect();
    for _ in 0..rng.u8(0..4) {
        let Some(text) = rng.choice(&manifests).and_then(|path| files.files.get_mut(path)) else {
            continue;
        };
        put_variable(rng, text);
    }
    if rng.u8(0..3) == 0 {
        let unknown = TYPED.to_owned();
        let folder = files.path.clone();
        let listed = files.files.get_mut(&format!("{folder}/kustomization.yaml"));
        match listed {
            Some(text) if text.contains("\nresources:\n") => {
                *text = text.replacen("\nresources:\n", "\nresources:\n- typed.yaml\n", 1);
                files.files.insert(format!("{folder}/typed.yaml"), unknown);
            }
            Some(_) => {}
            None => {
                files.files.insert(format!("{folder}/typed.yaml"), unknown);
            }
        }
    }
    Input {
        kustomization: spec(rng, &files.path),
        files: files.files,
        cluster: DATA.to_owned(),
        strict: true,
        ..Input::default()
    }
}

/// Objects through Go's types: fields that aren't there, ports without protocol, texts of Secrets.
const TYPED: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata: {name: typed, labels: {size: "1"}}
spec:
  replicas: 0
  replica: 3
  selector: {matchLabels: {app: typed}}
  template:
    metadata: {labels: {app: typed}, label: {}}
    spec:
      containers:
      - name: typed
        image: typed:${TAG:=1}
        resource: {limits: {cpu: 1}}
        resources: {limits: {cpu: 1000m, memory: 1Gi}, requests: {cpu: 0.5}}
        ports: [{containerPort: 80}, {containerPort: 53, protocol: UDP}]
        env: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: a, x: y}}}]
status: {replicas: 3}
---
apiVersion: v1
kind: Secret
metadata: {name: typed}
data: {a: YQ==}
stringData: {a: b, c: "${PORT:=1}x"}
---
apiVersion: v1
kind: Service
metadata: {name: typed}
spec: {port: 1, ports: [{port: 80, targetPort: http}, {port: 53, protocol: UDP, name: 1}]}
---
apiVersion: v1
kind: Service
metadata: {name: typed-2}
spec: {port: 1, ports: [{port: 80, targetPort: http}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: typed}
rules: [{apiGroups: [""], resources: [pods], verbs: [get], x: y}]
---
apiVersion: example.com/v1
kind: Custom
metadata: {name: typed}
spec: {a: 1, b: [c]}
status: {a: b}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: typed}
spec: {schedule: "* * * * *", jobTemplate: {spec: {template: {spec: {containers: [{name: a, ports: [{containerPort: 1}]}], x: 1}}}}}
"#;

/// What `substituteFrom` can find.
const DATA: &str = r#"apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: flux-system}
data: {A: alpha, B: "8080", C: "true", D: "a\nb\n", TAG: "1.4"}
---
apiVersion: v1
kind: Secret
metadata: {name: secrets, namespace: flux-system}
data: {B: c2VjcmV0, S: cw==}
stringData: {T: "on"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: wrong, namespace: flux-system}
data: {a-b: c}
"#;

/// Puts an expression in the place of some value.
fn put_variable(rng: &mut Rng, text: &mut String) {
    let lines: Vec<&str> = text.lines().collect();
    let fitting: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| {
            let value = line.split_once(": ").map(|(_, value)| value).unwrap_or_default();
            let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "./:-".contains(c));
            let head = ["apiVersion", "kind"].iter().any(|key| line.contains(key));
            !value.is_empty() && plain && !head
        })
        .map(|(index, _)| index)
        .collect();
    let Some(index) = rng.choice(fitting) else { return };
    let mut made: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let Some((key, value)) = lines.get(index).and_then(|line| line.split_once(": ")) else {
        return;
    };
    let expression = match rng.u8(0..22) {
        0 => "${A}".to_owned(),
        1 => "\"${A}\"".to_owned(),
        2 => "${B}".to_owned(),
        3 => "\"${B}\"".to_owned(),
        4 => "'${C}'".to_owned(),
        5 => format!("{value}-${{A}}"),
        6 => format!("${{A}}-{value}"),
        7 => format!("${{X:={value}}}"),
        8 => "${X:-1}".to_owned(),
        9 => format!("$${{A}}{value}"),
        10 => "${A/a/b}".to_owned(),
        11 => "${A:1:2}".to_owned(),
        12 => "${#A}".to_owned(),
        13 => "${D}".to_owned(),
        14 => "\"${T:=y}\"".to_owned(),
        15 => "${A^^}${B}".to_owned(),
        16 => "\"a: ${A}, b: ${B:=1}\"".to_owned(),
        17 => "\"${N:=null}\"".to_owned(),
        18 => "${A%%pha}".to_owned(),
        19 => "\"0${B}\"".to_owned(),
        20 if rng.u8(0..4) == 0 => "${UNSET}".to_owned(),
        21 if rng.u8(0..4) == 0 => "${A-x}".to_owned(),
        _ => "\"1_000\"".to_owned(),
    };
    if let Some(line) = made.get_mut(index) {
        *line = format!("{key}: {expression}");
    }
    *text = made.join("\n");
    text.push('\n');
}

/// A Kustomization for a folder.
fn spec(rng: &mut Rng, path: &str) -> String {
    let mut text = format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: apps\n  \
         namespace: flux-system\nspec:\n  path: {}\n  prune: true\n  sourceRef:\n    kind: \
         GitRepository\n    name: flux-system\n",
        pick(rng, &["./{}", "{}", "/{}/", "../{}"]).replace("{}", path)
    );
    let mut add = |rng: &mut Rng, one_in: u8, piece: &str| {
        if rng.u8(0..one_in) == 0 {
            text.push_str(piece);
        }
    };
    add(rng, 4, "  targetNamespace: target\n");
    add(rng, 8, "  namePrefix: pre-\n");
    add(rng, 8, "  nameSuffix: -suf\n");
    add(
        rng,
        4,
        "  commonMetadata:\n    labels: {team: shop, app: web}\n    annotations: {note: \"1\"}\n",
    );
    add(
        rng,
        4,
        "  images:\n  - {name: nginx, newTag: \"9\"}\n  - {name: web, newName: contoso.azurecr.io/web, \
         digest: sha256:0000000000000000000000000000000000000000000000000000000000000000}\n",
    );
    add(
        rng,
        4,
        "  patches:\n  - patch: |-\n      - op: add\n        path: /metadata/annotations\n        \
         value: {patched: \"true\"}\n    target: {kind: Deployment}\n  - patch: |-\n      apiVersion: \
         v1\n      kind: Service\n      metadata:\n        name: any\n        labels: {from: flux}\n    \
         target: {kind: Service, name: \".*\"}\n",
    );
    add(rng, 12, "  components: [../missing]\n  ignoreMissingComponents: true\n");
    add(rng, 25, "  buildMetadata: [managedByLabel]\n");
    if rng.u8(0..4) > 0 {
        text.push_str("  postBuild:\n");
        let mut any = false;
        if rng.u8(0..3) > 0 {
            any = true;
            text.push_str(
                "    substitute:\n      A: web\n      B: \"80\"\n      X: \"\"\n      N: \"\"\n      T: \"no\"\n",
            );
        }
        if rng.bool() {
            any = true;
            text.push_str("    substituteFrom:\n    - {kind: ConfigMap, name: settings}\n");
            if rng.bool() {
                text.push_str("    - {kind: Secret, name: secrets}\n");
            }
            if rng.u8(0..25) == 0 {
                text.push_str("    - {kind: ConfigMap, name: gone}\n");
            }
            if rng.u8(0..25) == 0 {
                text.push_str("    - {kind: ConfigMap, name: wrong}\n");
            }
        }
        if !any || rng.u8(0..6) == 0 {
            text.push_str("    substituteStrategy: Always\n");
        }
    }
    text
}

fn corpora() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let mut disagreements = Disagreements::default();
    let (mut cases, mut unknown) = (0, 0);
    for root in corpora {
        let contents = crate::kustomize_build::contents(&root)?;
        let files = MemoryFiles::new(contents);
        let builder = Builder::new(&files);
        let manifests: Vec<_> = files.trees().collect();
        for found in flux::discover(&files, &manifests) {
            let cluster = flux::render(&builder, &found.into());
            let data: Vec<&str> = cluster
                .objects()
                .filter(|(_, one)| matches!(one.id.kind.as_str(), "ConfigMap" | "Secret"))
                .map(|(_, one)| one.manifest.text())
                .collect();
            let data = data.join("---\n");
            let mut inputs = Vec::new();
            let mut members = Vec::new();
            for member in &cluster.members {
                // What nothing here holds can't be asked about.
                let missing = |kind| member.problems.iter().any(|problem| problem.kind == kind);
                let copied =
                    member.spec.source.as_ref().is_some_and(|s| s.kind == "ExternalArtifact");
                let written = cluster.objects().find(|(_, one)| {
                    one.id.kind == "Kustomization"
                        && one.id.name == member.spec.name.name
                        && one.id.namespace == member.spec.name.namespace
                });
                let Some((_, written)) = written else { continue };
                if missing(ProblemKind::SubstituteFromMissing)
                    || matches!(member.outcome, Outcome::Elsewhere)
                    || copied
                {
                    unknown += 1;
                    continue;
                }
                inputs.push(Input {
                    disk: root.to_string_lossy().into_owned(),
                    kustomization: written.manifest.text().to_owned(),
                    cluster: data.clone(),
                    strict: cluster.strict,
                    ..Input::default()
                });
                members.push(member);
            }
            let verdicts = judges()?.ask_all::<_, Judged>("flux-pipeline", &inputs)?;
            for (member, verdict) in members.into_iter().zip(verdicts) {
                cases += 1;
                let own = ours_whatever(&cluster, member);
                let describe = || format!("{} {}", root.display(), member.spec.name);
                compare(own, verdict?, describe, &mut disagreements);
            }
        }
    }
    if std::env::var_os("PORTCULLIS_FIGURES").is_some() {
        eprintln!("flux_pipeline::corpora: {cases} Kustomizations, {unknown} left out");
    }
    disagreements.verdict(cases)
}

/// As [`ours`], for controllers that aren't strict, too.
fn ours_whatever(cluster: &Cluster, member: &Member) -> Result<Vec<Value>, String> {
    if cluster.strict { ours(cluster, member) } else { Err("not strict".to_owned()) }
}

/// The table that flux-render builds in is what client-go has.
fn typed_fields() -> Result<(), Failed> {
    let verdicts = judges()?.ask_all::<_, String>("typed-fields", &[serde_json::json!({})])?;
    let Some(judged) = verdicts.into_iter().next() else { return Err("no answer".into()) };
    crate::kustomize_build::compare_table("typed-fields.txt", &judged?)
}
