//! This repository's own manifests: every folder that kustomize builds, and every cluster as Flux
//! applies it, against kustomize's own api and against kubeconform with the schemas of the projects
//! whose kinds they use, and the rules of their CRDs (`oracle/crds`).

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
};

use flux_render::{MemoryFiles, kustomize::FILE_NAMES};
use libtest_mimic::{Failed, Trial};
use serde_yaml::Value;

use crate::{
    disagreements::Disagreements,
    judge::{JudgeError, judges, toolchain},
    kustomize_build::{Input, Judged, contents, difference, ours},
};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("manifests::build", build),
        Trial::test("manifests::schemas", schemas),
        Trial::test("manifests::defects", defects),
    ]
}

/// The folders of this repository that Flux reads.
const FOLDERS: &[&str] = &["apps", "clusters", "infrastructure", "policies"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What is in those folders, and which of them kustomize builds by themselves.
struct Manifests {
    files: MemoryFiles,
    folders: Vec<String>,
}

/// Reads the folders. Charts are Helm's, and a component is built where it is used.
fn manifests() -> Result<Manifests, Failed> {
    let mut all = Vec::new();
    for folder in FOLDERS {
        for (path, content) in contents(&root().join(folder))? {
            all.push((format!("{folder}/{path}"), content));
        }
    }
    let mut folders = Vec::new();
    for (path, content) in &all {
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        if FILE_NAMES.contains(&name) {
            let kustomization: Value = serde_yaml::from_slice(content)?;
            if text(&kustomization, &["kind"]) != "Component" {
                folders.push(folder.to_owned());
            }
        }
    }
    if folders.is_empty() {
        return Err("no folder has a kustomization file".into());
    }
    Ok(Manifests { files: MemoryFiles::new(all), folders })
}

/// kustomize's own api makes the same of each folder, to the byte.
fn build() -> Result<(), Failed> {
    let Manifests { files, folders } = manifests()?;
    let inputs: Vec<Input<'_>> = folders
        .iter()
        .map(|folder| Input {
            disk: root().join(folder).to_string_lossy().into_owned(),
            ..Input::default()
        })
        .collect();
    let mut disagreements = Disagreements::default();
    let verdicts = judges()?.ask_all::<_, Judged>("kustomize-build", &inputs)?;
    for (folder, verdict) in folders.iter().zip(verdicts) {
        let judged = verdict?;
        match ours(&files, folder) {
            _ if !judged.ok => disagreements.note(format!("{folder}: {}", judged.error)),
            Err(error) => disagreements.note(format!("{folder}: only we refuse: {error}")),
            Ok(own) if own != judged.yaml => {
                disagreements.note(format!("{folder}: {}", difference(&own, &judged.yaml)));
            }
            Ok(_) => {}
        }
    }
    disagreements.verdict(folders.len())
}

/// Every object has a schema and fits it.
///
/// Variables of Flux have values in the clusters alone. An object with one is therefore held against
/// its schema as a cluster has it, and there must be a cluster that does.
fn schemas() -> Result<(), Failed> {
    let Manifests { files, folders } = manifests()?;
    let clusters = clusters()?;
    let applied: BTreeSet<(String, String)> =
        clusters.iter().flat_map(|(_, objects)| objects.iter().map(identity)).collect();
    let mut disagreements = Disagreements::default();
    let mut requests = clusters;
    for folder in &folders {
        let mut known = Vec::new();
        for object in objects(&ours(&files, folder)?)? {
            let (kind, name) = identity(&object);
            if !serde_json::to_string(&object)?.contains("${") {
                known.push(object);
            } else if !applied.contains(&(kind.clone(), name.clone())) {
                disagreements.note(format!("{folder}: no cluster has {kind} {name}"));
            }
        }
        if !known.is_empty() {
            requests.push((folder.clone(), known));
        }
    }
    for ((place, _), complaints) in requests.iter().zip(judge(&requests)?) {
        for complaint in complaints {
            disagreements.note(format!("{place}: {complaint}"));
        }
    }
    disagreements.verdict(requests.len())
}

/// What each cluster of the repository is given, after substitution, as `portcullis build` has it.
fn clusters() -> Result<Vec<(String, Vec<Value>)>, Failed> {
    let graph: serde_json::Value =
        serde_json::from_slice(&portcullis(&["graph", "--format", "json"])?)?;
    let mut clusters = Vec::new();
    for cluster in graph["clusters"].as_array().into_iter().flatten() {
        let name = cluster["name"].as_str().unwrap_or_default();
        // Clusters of examples and tests are theirs.
        if cluster["path"].as_str().unwrap_or_default().starts_with("clusters/") {
            let built = String::from_utf8(portcullis(&["build", name])?)?;
            clusters.push((format!("cluster {name}"), objects(&built)?));
        }
    }
    if clusters.is_empty() {
        return Err("portcullis finds no cluster".into());
    }
    Ok(clusters)
}

fn portcullis(arguments: &[&str]) -> Result<Vec<u8>, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(arguments)
        .args(["--root", "."])
        .current_dir(root())
        .output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("portcullis {}: {why}", arguments.join(" ")).into());
    }
    Ok(output.stdout)
}

/// The objects of a text of YAML documents, as Flux hands them on.
fn objects(text: &str) -> Result<Vec<Value>, Failed> {
    let mut objects = Vec::new();
    for document in text.split("\n---\n") {
        let mut object: Value = serde_yaml::from_str(document)?;
        if let Some(fields) = object.as_mapping_mut() {
            // Flux takes SOPS' own field away when it decrypts.
            fields.remove("sops");
            objects.push(object);
        }
    }
    Ok(objects)
}

/// Kind and name: enough to find an object again whatever namespace an overlay gave it.
fn identity(object: &Value) -> (String, String) {
    (text(object, &["kind"]).to_owned(), text(object, &["metadata", "name"]).to_owned())
}

fn text<'a>(object: &'a Value, path: &[&str]) -> &'a str {
    path.iter().try_fold(object, |node, key| node.get(key)).and_then(Value::as_str).unwrap_or("")
}

/// What kubeconform says of each list of objects.
fn judge(requests: &[(String, Vec<Value>)]) -> Result<Vec<Vec<String>>, Failed> {
    let mut lines = Vec::new();
    for (_, objects) in requests {
        let documents: Vec<String> =
            objects.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        lines.push(serde_json::to_string(&documents.join("\n---\n"))?);
    }
    let mut child = Command::new(program()?)
        .args(["-cache", concat!(env!("CARGO_TARGET_TMPDIR"), "/schemas")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err("the process has no pipes".into());
    };
    let asked = lines.len();
    let writer = thread::spawn(move || lines.iter().try_for_each(|line| writeln!(input, "{line}")));
    let mut answers = Vec::new();
    for line in BufReader::new(output).lines() {
        answers.push(serde_json::from_str(&line?)?);
    }
    let status = child.wait()?;
    if writer.join().is_err() || !status.success() || answers.len() != asked {
        return Err(format!("{} answers to {asked} requests, {status}", answers.len()).into());
    }
    Ok(answers)
}

/// The program of `oracle/crds`, built at the first call, with its schemas made.
fn program() -> Result<&'static Path, JudgeError> {
    static PROGRAM: OnceLock<Result<PathBuf, JudgeError>> = OnceLock::new();
    PROGRAM
        .get_or_init(|| {
            toolchain()?;
            let binary = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("crds-judge");
            let build = |command: &mut Command| {
                let output =
                    command.output().map_err(|error| JudgeError::Build(error.to_string()))?;
                if output.status.success() {
                    return Ok(());
                }
                Err(JudgeError::Build(String::from_utf8_lossy(&output.stderr).into_owned()))
            };
            build(
                Command::new("go")
                    .args(["build", "-buildvcs=false", "-o"])
                    .args([&binary, Path::new(".")])
                    .current_dir(root().join("oracle/crds")),
            )?;
            // Once, before trials that run side by side would each make them.
            build(Command::new(&binary).args([
                "-only-schemas",
                "-cache",
                concat!(env!("CARGO_TARGET_TMPDIR"), "/schemas"),
            ]))?;
            Ok(binary)
        })
        .as_deref()
        .map_err(Clone::clone)
}

/// The folder that the program has filled: `crds` has the CRDs of all projects.
pub(crate) fn folder() -> Result<PathBuf, Failed> {
    let output = Command::new(program()?)
        .args(["-only-schemas", "-cache", concat!(env!("CARGO_TARGET_TMPDIR"), "/schemas")])
        .output()?;
    Ok(String::from_utf8(output.stdout)?.trim_end().into())
}

/// A right object, what to plant in it, and a part of what must be said of it.
type Defect = (&'static str, &'static str, &'static str, &'static str);

const SUBNET: &str = "
apiVersion: network.azure.com/v1api20240301
kind: VirtualNetworksSubnet
metadata: {name: system, namespace: azure}
spec: {owner: {name: network}, addressPrefix: 10.0.0.0/22, privateEndpointNetworkPolicies: Enabled}
";
const DEPLOYMENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: contoso.azurecr.io/shop/web:1
          ports: [{containerPort: 8080}]
          livenessProbe: {httpGet: {path: /livez, port: http}}
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}}
";
const RELEASE: &str = "
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: shop}
spec:
  interval: 10m
  chartRef: {kind: OCIRepository, name: web}
  upgrade: {remediation: {strategy: rollback}}
  values: {anything: [goes, here]}
";
const ROUTE: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: gateway}]
  rules: [{matches: [{path: {type: PathPrefix, value: /}}], backendRefs: [{name: web, port: 80}]}]
";

#[rustfmt::skip]
const DEFECTS: &[Defect] = &[
    (SUBNET, "addressPrefix:", "addresPrefix:", "addresPrefix"),
    (SUBNET, "owner: {name: network}, ", "", "owner"),
    (SUBNET, "Enabled", "enabled", "privateEndpointNetworkPolicies"),
    (SUBNET, "v1api20240301", "v1api20240302", "could not find schema"),
    (SUBNET, "VirtualNetworksSubnet", "VirtualNetworkSubnet", "could not find schema"),
    (SUBNET, "namespace: azure", "namespaces: azure", "namespaces"),
    (DEPLOYMENT, "replicas: 2", "replicas: two", "replicas"),
    (DEPLOYMENT, "livenessProbe", "livenesProbe", "livenesProbe"),
    (DEPLOYMENT, "64Mi", "64MiB", "memory"),
    (DEPLOYMENT, "selector: {matchLabels: {app: web}}", "paused: false", "selector"),
    (DEPLOYMENT, "labels: {app: web}}\nspec", "labels: {app: 1}}\nspec", "labels"),
    (RELEASE, "rollback", "rolback", "strategy"),
    (RELEASE, "interval: 10m", "interval: ten minutes", "interval"),
    (RELEASE, "chartRef", "chartref", "chartref"),
    // Only a rule of the CRD sees these two.
    (RELEASE, "  chartRef: {kind: OCIRepository, name: web}\n", "", "chartRef"),
    (ROUTE, "value: /", "value: web", "absolute path"),
    (ROUTE, "PathPrefix", "Prefix", "type"),
    (ROUTE, "port: 80", "port: 80000", "port"),
];

/// The judge bites: right objects pass, and each planted defect is named.
fn defects() -> Result<(), Failed> {
    let mut requests = Vec::new();
    for good in [SUBNET, DEPLOYMENT, RELEASE, ROUTE] {
        requests.push((String::new(), objects(good)?));
    }
    let rights = requests.len();
    for (good, before, after, expected) in DEFECTS {
        if good.matches(before).count() != 1 {
            return Err(format!("{before:?} isn't in the object exactly once").into());
        }
        requests.push(((*expected).to_owned(), objects(&good.replace(before, after))?));
    }
    let mut disagreements = Disagreements::default();
    for (index, ((expected, _), complaints)) in requests.iter().zip(judge(&requests)?).enumerate() {
        let said = complaints.join("\n");
        if index < rights && !said.is_empty() {
            disagreements.note(format!("a right object is refused: {said}"));
        } else if index >= rights && (said.is_empty() || !said.contains(expected.as_str())) {
            disagreements.note(format!("{expected} isn't found: {said:?}"));
        }
    }
    disagreements.verdict(requests.len())
}
