//! The fields of a kustomization, each with the files that it needs.

use fastrand::Rng;

use super::{
    Draft,
    objects::{self, KINDS, name},
};
use crate::generate::pick;

/// Kinds that patches are written for.
const PATCHED: &[&str] =
    &["Deployment", "StatefulSet", "Service", "ConfigMap", "Widget", "Pod", "HelmRelease"];

/// Writes one field, of the kind that `choice` stands for.
pub(super) fn add(rng: &mut Rng, draft: &mut Draft<'_>, choice: u8) {
    match choice {
        0 => {
            let text = pick(rng, &["shop", "other", "default", "\"12\"", "kube-system"]);
            draft.line(&format!("namespace: {text}"));
        }
        1 => {
            let text = pick(rng, &["dev-", "\"1\"", "a.", "x-"]);
            draft.line(&format!("namePrefix: {text}"));
        }
        2 => draft.line(&format!("nameSuffix: {}", pick(rng, &["-dev", "\"-2\"", "-x"]))),
        3 => draft.line(&format!("commonLabels:\n  app: {}\n  team: a", pick(rng, &["web", "new", "\"1\""]))),
        4 => labels(rng, draft),
        5 => draft.line(&format!("commonAnnotations:\n  note: {}\n  b: \"true\"", pick(rng, &["text", "\"on\""]))),
        6 => images(rng, draft),
        7 if draft.some(rng, &["Deployment", "StatefulSet"]).is_none() && rng.u8(0..8) > 0 => {}
        7 => {
            let target = named(rng, draft, &["Deployment", "StatefulSet"]);
            draft.line(&format!("replicas:\n- name: {target}\n  count: {}", rng.u8(0..9)));
        }
        8 => generator(rng, draft, "configMapGenerator"),
        9 => generator(rng, draft, "secretGenerator"),
        10 => draft.line(pick(rng, &[
            "generatorOptions:\n  disableNameSuffixHash: true",
            "generatorOptions:\n  labels: {made: \"yes\"}\n  annotations: {by: kustomize}\n  immutable: true",
        ])),
        11..=13 => patches(rng, draft),
        14..=16 if draft.some(rng, PATCHED).is_none() && rng.u8(0..8) > 0 => {}
        14 => {
            let patch = strategic(rng, draft, "  ");
            draft.line(&format!("patchesStrategicMerge:\n- |-\n{patch}"));
        }
        15 => {
            let patch = strategic(rng, draft, "");
            draft.file("listed.yaml", &patch);
            draft.line("patchesStrategicMerge:\n- listed.yaml");
        }
        16 => {
            let (version, kind, name, _) = draft.some(rng, &[]).unwrap_or_default();
            let (group, version) = version.split_once('/').unwrap_or(("", &version));
            let operations = operations(rng, "    ");
            draft.line(&format!("patchesJson6902:\n- target:\n    group: \"{group}\"\n    version: {version}\n    kind: {kind}\n    name: {name}\n  patch: |-\n{operations}"));
        }
        17 | 18 => replacements(rng, draft),
        19 => vars(rng, draft),
        20 => configurations(rng, draft),
        21 => {
            draft.file("crd.json", "{\"example.com.v1.Widget\": {\"Schema\": {\"properties\": {\"apiVersion\": {\"type\": \"string\"}, \"kind\": {\"type\": \"string\"}, \"metadata\": {\"type\": \"object\"}, \"spec\": {\"$ref\": \"spec\"}}}}, \"spec\": {\"Schema\": {\"properties\": {\"ref\": {\"type\": \"object\", \"x-kubernetes-object-ref-api-version\": \"v1\", \"x-kubernetes-object-ref-kind\": \"ConfigMap\"}}}}}");
            draft.line("crds:\n- crd.json");
        }
        22 => draft.line(pick(rng, &[
            "sortOptions:\n  order: legacy",
            "sortOptions:\n  order: fifo",
            "sortOptions:\n  order: legacy\n  legacySortOptions:\n    orderFirst: [Deployment, Service]\n    orderLast: [ConfigMap]",
            "sortOptions:\n  order: legacy",
        ])),
        23 => draft.line(pick(rng, &[
            "buildMetadata: [originAnnotations]",
            "buildMetadata: [transformerAnnotations, originAnnotations]",
            "buildMetadata: [managedByLabel]",
        ])),
        24 | 25 => plugins(rng, draft),
        // The judge reads the schema anew for each of these.
        26 | 27 if rng.u8(0..8) > 0 => {}
        26 => draft.line("openapi:\n  version: v1.21.2"),
        27 => {
            draft.file("schema.json", "{\"definitions\": {\"v1.Widget\": {\"type\": \"object\", \"properties\": {\"spec\": {\"type\": \"object\", \"properties\": {\"list\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}, \"x-kubernetes-patch-strategy\": \"merge\"}}}}, \"x-kubernetes-group-version-kind\": [{\"group\": \"example.com\", \"kind\": \"Widget\", \"version\": \"v1\"}]}}}");
            draft.line("openapi:\n  path: schema.json");
        }
        28 => draft.line(&format!("imageTags:\n- name: nginx\n  newTag: {}", pick(rng, &["v2", "\"3\""]))),
        _ => mistake(rng, draft),
    }
}

/// Number of choices of [`add`] that aren't mistakes.
pub(super) const CHOICES: u8 = 29;

fn mistake(rng: &mut Rng, draft: &mut Draft<'_>) {
    draft.line(pick(
        rng,
        &[
            "sortOptions:\n  order: other",
            "unknownField: 1",
            "namePrefix: 12",
            "resourcess: []",
            "commonLabels: [a]",
            "patches:\n- path: missing.yaml",
            "images:\n- newTag: 1.5",
            "NAMESUFFIX: -case",
            "components:\n- nowhere",
        ],
    ));
}

fn labels(rng: &mut Rng, draft: &mut Draft<'_>) {
    let extra = pick(
        rng,
        &[
            "",
            "\n  includeSelectors: true",
            "\n  includeTemplates: true",
            "\n  fields:\n  - path: spec/labels\n    create: true\n    kind: Widget",
            "\n  fields:\n  - path: spec/tags\n    create: false",
        ],
    );
    draft.line(&format!(
        "labels:\n- pairs:\n    app: {}\n    more: \"on\"{extra}",
        pick(rng, &["web", "label"])
    ));
}

fn images(rng: &mut Rng, draft: &mut Draft<'_>) {
    let name = pick(rng, &["nginx", "reg.io:5000/app/web", "redis", "n.*x", "inner"]);
    let change = pick(
        rng,
        &[
            "newTag: v9",
            "newName: other.io/nginx",
            "newName: other.io/nginx\n  newTag: \"2\"",
            "digest: sha256:0123",
            "newTag: v1\n  digest: sha256:0123",
            "tagSuffix: -slim",
        ],
    );
    draft.line(&format!("images:\n- name: {name}\n  {change}"));
}

fn generator(rng: &mut Rng, draft: &mut Draft<'_>, field: &str) {
    let kind = if field == "secretGenerator" { "Secret" } else { "ConfigMap" };
    let known = draft.some(rng, &[kind]).filter(|_| rng.bool());
    let (name, namespace, behavior) = match known {
        Some((_, _, name, namespace)) => {
            (name, namespace, pick(rng, &["merge", "replace", "create"]))
        }
        None => (name(rng).to_owned(), pick(rng, &["", "", "shop"]).to_owned(), ""),
    };
    let mut entry = format!("{field}:\n- name: {name}\n");
    if !namespace.is_empty() {
        entry.push_str(&format!("  namespace: {namespace}\n"));
    }
    if !behavior.is_empty() {
        entry.push_str(&format!("  behavior: {behavior}\n"));
    }
    draft.known.push(("v1".to_owned(), kind.to_owned(), name, namespace));
    match rng.u8(0..5) {
        0 => {
            draft.file("file.txt", pick(rng, &["one\ntwo\n", "", "no end", "a: b\n\n\n", " lead"]));
            entry.push_str("  files:\n  - file.txt\n  - key=file.txt\n");
        }
        1 => {
            draft.file("vars.env", "# comment\nA=1\n  B=two words \nC=\nD\n");
            entry.push_str(pick(rng, &["  envs:\n  - vars.env\n", "  env: vars.env\n"]));
        }
        2 => entry.push_str("  literals:\n  - A='quoted'\n  - B=\"x=y\"\n  - LONG=0123456789012345678901234567890123456789012345678901234567890123456789\n"),
        _ => entry.push_str("  literals:\n  - a=1\n  - b=yes\n  - \"c=two\\nlines\"\n"),
    }
    match rng.u8(0..6) {
        0 => {
            entry.push_str("  options:\n    disableNameSuffixHash: true\n    labels: {l: \"1\"}\n");
        }
        1 => entry.push_str("  options:\n    immutable: true\n    annotations: {n: a}\n"),
        _ => {}
    }
    if field == "secretGenerator" && rng.bool() {
        entry.push_str("  type: kubernetes.io/tls\n");
    }
    draft.line(entry.trim_end());
}

/// The name of an object of one of the kinds that is there, mostly.
fn named(rng: &mut Rng, draft: &Draft<'_>, kinds: &[&str]) -> String {
    let known = draft.some(rng, kinds).filter(|_| rng.u8(0..12) > 0);
    known.map_or_else(|| name(rng).to_owned(), |(_, _, name, _)| name)
}

/// A strategic merge patch, indented.
fn strategic(rng: &mut Rng, draft: &Draft<'_>, indent: &str) -> String {
    let any = *rng
        .choice(&[
            ("apps/v1", "Deployment"),
            ("apps/v1", "Deployment"),
            ("apps/v1", "Deployment"),
            ("apps/v1", "StatefulSet"),
            ("v1", "Service"),
            ("v1", "ConfigMap"),
            ("example.com/v1", "Widget"),
            ("v1", "Pod"),
            ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
        ])
        .unwrap_or(&("v1", "Pod"));
    let known = draft.some(rng, PATCHED).filter(|_| rng.u8(0..12) > 0);
    let there = known.is_some();
    let (version, kind, name, namespace) = known.unwrap_or_else(|| {
        (any.0.to_owned(), any.1.to_owned(), name(rng).to_owned(), String::new())
    });
    let mut out = format!("apiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n");
    if !namespace.is_empty() {
        out.push_str(&format!("  namespace: {namespace}\n"));
    }
    match rng.u8(0..if there && !namespace.is_empty() { 3 } else { 12 }) {
        0 => return indented(&format!("{out}$patch: delete\n"), indent),
        1 => out.push_str("  labels:\n    app: patched\n    tier: null\n"),
        2 => out.push_str("  annotations:\n    note: null\n    new: \"1\"\n"),
        3 => out.push_str("  namespace: shop\n"),
        _ => {}
    }
    let pod = |rng: &mut Rng, indent: &str| -> String {
        let body = pick(
            rng,
            &[
                "containers:\n- name: main\n  image: patched:1\n",
                "containers:\n- name: new\n  image: new\n",
                "containers:\n- name: main\n  $patch: delete\n",
                "containers:\n- name: main\n  resources:\n    limits:\n      cpu: null\n      memory: 1Gi\n",
                "containers:\n- name: main\n  resources: null\n",
                "containers:\n- $patch: replace\n- name: only\n  image: only\n",
                "containers:\n- name: side\n  env:\n  - name: A0\n    value: patched\n  - name: Z\n    value: \"1\"\n",
                "$setElementOrder/containers:\n- name: side\n- name: main\ncontainers:\n- name: side\n  image: side:2\n",
                "containers:\n- name: main\n  ports:\n  - containerPort: 80\n    protocol: UDP\n    name: dns\n",
                "containers:\n- name: main\n  ports:\n  - containerPort: 81\n",
                "containers:\n- name: main\n  args: [x]\n",
                "volumes:\n- name: data\n  $patch: delete\n- name: added\n  emptyDir: {}\n",
                "volumes:\n- name: data\n  configMap: null\n  emptyDir: {}\n",
                "volumes:\n- name: data\n  $retainKeys: [name, emptyDir]\n  emptyDir: {}\n",
                "tolerations: []\nnodeSelector: {a: b}\n",
                "serviceAccountName: null\n",
                "imagePullSecrets:\n- name: added\n",
                "securityContext:\n  $patch: replace\n  runAsNonRoot: true\n",
            ],
        );
        indented(body, indent)
    };
    match kind.as_str() {
        "Deployment" | "StatefulSet" => {
            out.push_str("spec:\n");
            if rng.u8(0..3) == 0 {
                out.push_str(pick(rng, &["  replicas: 3\n", "  replicas: null\n", "  strategy:\n    $patch: replace\n    type: Recreate\n"]));
            }
            out.push_str("  template:\n    spec:\n");
            out.push_str(&pod(rng, "      "));
        }
        "Pod" => {
            out.push_str("spec:\n");
            out.push_str(&pod(rng, "  "));
        }
        "Service" => out.push_str(pick(rng, &[
            "spec:\n  ports:\n  - port: 80\n    name: web\n",
            "spec:\n  ports:\n  - port: 8080\n  type: ClusterIP\n",
            "spec:\n  ports:\n  - port: 80\n    $patch: delete\n",
            "spec:\n  selector:\n    $patch: replace\n    new: x\n",
        ])),
        "ConfigMap" => out.push_str(pick(rng, &[
            "data:\n  a: patched\n  new: |\n    two\n    lines\n",
            "data:\n  a: null\n",
            "data:\n  $patch: replace\n  only: one\n",
            "data: null\n",
            "data:\n  \"10\": x\n  11: y\n",
        ])),
        _ => out.push_str(pick(rng, &[
            "spec:\n  list: [patched]\n",
            "spec:\n  ref: null\n  values:\n    image: patched\n    more: {a: [1]}\n",
            "spec:\n  $deleteFromPrimitiveList/list: [two]\n",
            "spec:\n  nested:\n    spec:\n      containers:\n      - name: inner\n        image: patched\n",
            "spec:\n  $patch: replace\n  only: 1\n",
            "spec:\n  text: {now: a map}\n",
        ])),
    }
    indented(&out, indent)
}

fn indented(text: &str, indent: &str) -> String {
    text.lines().flat_map(|line| [indent, line, "\n"]).collect()
}

/// Operations of a JSON patch, indented.
fn operations(rng: &mut Rng, indent: &str) -> String {
    let mut out = String::new();
    for _ in 0..rng.u8(1..3) {
        if rng.bool() {
            out.push_str(pick(rng, &[
                "- op: add\n  path: /metadata/labels\n  value: {app: json, n: \"1\"}\n",
                "- op: replace\n  path: /metadata/name\n  value: renamed\n",
                "- op: add\n  path: /spec\n  value: {replicas: 1000000, f: 1.5e-7, list: [1, yes]}\n",
            ]));
            continue;
        }
        out.push_str(pick(rng, &[
            "- op: add\n  path: /metadata/labels\n  value: {app: json, n: \"1\"}\n",
            "- op: add\n  path: /metadata/annotations\n  value: {note: json}\n",
            "- op: replace\n  path: /metadata/name\n  value: renamed\n",
            "- op: add\n  path: /spec/new\n  value: [1, 2.5, true, null, text, 2024-01-01, yes]\n",
            "- op: replace\n  path: /spec\n  value: {replicas: 1000000}\n",
            "- op: remove\n  path: /spec\n",
            "- op: remove\n  path: /metadata/labels/app\n",
            "- op: test\n  path: /kind\n  value: Deployment\n",
            "- op: copy\n  from: /metadata/name\n  path: /metadata/copy\n",
            "- op: move\n  from: /spec\n  path: /moved\n",
            "- op: add\n  path: /spec/template/spec/containers/-\n  value: {name: last, image: last}\n",
            "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: json:1\n",
            "- op: remove\n  path: /spec/template/spec/containers/-1\n",
            "- op: add\n  path: /spec/template/spec/containers/0/env/0\n  value: {name: FIRST, value: \"1\"}\n",
            "- op: add\n  path: /metadata/annotations/a~1b~0c\n  value: escaped\n",
            "- op: add\n  path: /data/json\n  value: \"5\"\n",
            "- op: replace\n  path: /missing/deep\n  value: 1\n",
            "- op: wrong\n  path: /spec\n",
            "- op: test\n  path: /spec/replicas\n  value: 1\n",
        ]));
    }
    indented(&out, indent)
}

fn target(rng: &mut Rng) -> String {
    let mut out = String::from("  target:\n");
    match rng.u8(0..8) {
        0 => out.push_str("    kind: .*Set|Deployment\n"),
        1 => out.push_str("    labelSelector: app=web\n"),
        2 => out.push_str("    annotationSelector: note\n"),
        3 => out.push_str("    namespace: shop\n    kind: ConfigMap\n"),
        4 => out.push_str("    group: apps\n    version: v1\n"),
        5 => out.push_str("    labelSelector: app in (web, api),tier!=back\n    kind: Service\n"),
        6 => out.push_str("    kind: Deployment\n    name: nothing-like-it\n"),
        _ => out.push_str(&format!(
            "    kind: Deployment\n    name: {}\n",
            pick(rng, &["web", "w.*", "web|api", "dev-web"])
        )),
    }
    out
}

fn patches(rng: &mut Rng, draft: &mut Draft<'_>) {
    let mut out = String::from("patches:\n");
    let patchable = draft.some(rng, PATCHED).is_some() || rng.u8(0..8) == 0;
    for number in 0..rng.u8(1..3) {
        match rng.u8(if patchable { 0 } else { 2 }..6) {
            0 => out.push_str(&format!("- patch: |-\n{}", strategic(rng, draft, "    "))),
            1 => {
                let file = format!("patch{number}.yaml");
                let patch = strategic(rng, draft, "");
                draft.file(&file, &patch);
                out.push_str(&format!("- path: {file}\n"));
            }
            2 => {
                out.push_str(&format!("- patch: |\n{}{}", operations(rng, "    "), target(rng)));
            }
            3 => {
                let file = format!("ops{number}.yaml");
                let operations = operations(rng, "");
                draft.file(&file, &operations);
                out.push_str(&format!("- path: {file}\n{}", target(rng)));
            }
            4 => out.push_str(&format!("- patch: '[{{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {{\"a\": \"<b>\"}}}}]'\n{}", target(rng))),
            _ => {
                let options = pick(rng, &["", "  options:\n    allowNameChange: true\n", "  options:\n    allowKindChange: true\n    allowNameChange: true\n"]);
                out.push_str(&format!("- patch: |-\n{}{}{options}", strategic(rng, draft, "    "), target(rng)));
            }
        }
    }
    draft.line(out.trim_end());
}

fn replacements(rng: &mut Rng, draft: &mut Draft<'_>) {
    if draft.known.is_empty() && rng.u8(0..8) > 0 {
        return;
    }
    let any = draft.some(rng, &[]).unwrap_or_default();
    let deployment = named(rng, draft, &["Deployment"]);
    let service = named(rng, draft, &["Service"]);
    let source = match rng.u8(0..7) {
        5 => format!("  source:\n    kind: {}\n    name: {}\n", any.1, any.2),
        0 => "  sourceValue: given\n".to_owned(),
        1 => "  source:\n    kind: ConfigMap\n    fieldPath: data.a\n".to_owned(),
        2 => format!(
            "  source:\n    kind: Deployment\n    name: {}\n    fieldPath: spec.template.spec.containers.[name=main].image\n    options:\n      delimiter: \":\"\n      index: {}\n",
            deployment,
            rng.u8(0..3)
        ),
        3 => format!(
            "  source:\n    kind: Service\n    name: {service}\n    fieldPath: spec.ports.0.port\n"
        ),
        4 => format!(
            "  source:\n    kind: Deployment\n    name: {deployment}\n    fieldPath: metadata.labels\n"
        ),
        _ => format!(
            "  source:\n    kind: {}\n    name: {}\n",
            pick(rng, &["ConfigMap", "Deployment", "Service"]),
            name(rng)
        ),
    };
    let path = pick(
        rng,
        &[
            "spec.template.spec.containers.[name=main].image",
            "spec.template.spec.containers.[name=.*].image",
            "spec.template.spec.containers.*.image",
            "spec.template.spec.containers.0.name",
            "metadata.labels.app",
            "metadata.labels.made",
            "metadata.annotations.[a.b/c]",
            "metadata.annotations.new",
            "spec.replicas",
            "spec.new.deep.field",
            "spec.list.0",
            "spec.list.-",
            "data.a",
            "metadata.name",
            "spec.template.spec.containers.[name=main].env.[name=NEW].value",
        ],
    );
    let options = pick(
        rng,
        &[
            "",
            "    options:\n      create: true\n",
            "    options:\n      create: true\n",
            "    options:\n      create: true\n",
            "    options:\n      create: true\n",
            "    options:\n      create: true\n",
            "    options:\n      delimiter: \":\"\n      index: 1\n",
            "    options:\n      delimiter: \"/\"\n      index: -1\n",
            "    options:\n      delimiter: \"-\"\n      index: 9\n",
        ],
    );
    let select = pick(
        rng,
        &[
            "    - select:\n        kind: Deployment\n",
            "    - select:\n        kind: ConfigMap|Service\n",
            "    - select:\n        name: web\n      reject:\n      - kind: Service\n",
            "    - select:\n        labelSelector: app=web\n",
            "    - select:\n        kind: Widget\n",
        ],
    )
    .replace("    - ", "  - ")
    .replace("      ", "    ");
    let body = format!("{source}  targets:\n{select}    fieldPaths:\n    - {path}\n{options}");
    if rng.u8(0..5) == 0 {
        let file: String =
            body.lines().flat_map(|line| [line.strip_prefix("  ").unwrap_or(line), "\n"]).collect();
        draft.file("replacement.yaml", &file);
        draft.line("replacements:\n- path: replacement.yaml");
    } else {
        draft.line(&format!("replacements:\n-{}", body.get(1..).unwrap_or_default().trim_end()));
    }
}

fn vars(rng: &mut Rng, draft: &mut Draft<'_>) {
    let field = pick(
        rng,
        &[
            "",
            "\n  fieldref:\n    fieldPath: data.a",
            "\n  fieldref:\n    fieldPath: metadata.namespace",
        ],
    );
    let (version, kind) =
        pick(rng, &[("v1", "ConfigMap"), ("apps/v1", "Deployment"), ("v1", "Service")]);
    let known = draft.some(rng, &["ConfigMap", "Deployment", "Service", "Secret", "Job"]);
    if known.is_none() && rng.u8(0..8) > 0 {
        return;
    }
    let (version, kind, name, _) = known.filter(|_| rng.u8(0..12) > 0).unwrap_or_else(|| {
        (version.to_owned(), kind.to_owned(), name(rng).to_owned(), String::new())
    });
    draft.line(&format!("vars:\n- name: WEB_NAME\n  objref:\n    apiVersion: {version}\n    kind: {kind}\n    name: {name}{field}"));
}

fn configurations(rng: &mut Rng, draft: &mut Draft<'_>) {
    draft.file("config.yaml", pick(rng, &[
        "nameReference:\n- kind: ConfigMap\n  version: v1\n  fieldSpecs:\n  - path: spec/ref\n    kind: Widget\n",
        "images:\n- path: spec/image\n  kind: Widget\n",
        "commonLabels:\n- path: spec/labels\n  create: true\n  kind: Widget\n",
        "commonAnnotations:\n- path: spec/annotations\n  create: true\n  kind: Widget\n",
        "namespace:\n- path: spec/where\n  create: true\n  kind: Widget\n",
        "namePrefix:\n- path: spec/ref\n  kind: Widget\n",
        "replicas:\n- path: spec/size\n  create: true\n  kind: Widget\n",
        "varReference:\n- path: spec/text\n  kind: Widget\n- path: data\n  kind: ConfigMap\n",
        "templateLabels:\n- path: spec/template/labels\n  create: true\n",
        "unknown:\n- path: a\n",
    ]));
    draft.line("configurations:\n- config.yaml");
}

fn plugins(rng: &mut Rng, draft: &mut Draft<'_>) {
    let (field, body) = pick(
        rng,
        &[
            ("generators", "kind: ConfigMapGenerator\nmetadata:\n  name: made\nliterals:\n- a=1\n"),
            (
                "generators",
                "kind: SecretGenerator\nmetadata:\n  name: made\n  namespace: shop\nliterals:\n- a=1\n",
            ),
            (
                "transformers",
                "kind: PrefixTransformer\nmetadata:\n  name: x\nprefix: t-\nfieldSpecs:\n- path: metadata/name\n",
            ),
            (
                "transformers",
                "kind: SuffixTransformer\nmetadata:\n  name: x\nsuffix: -t\nfieldSpecs:\n- path: metadata/name\n",
            ),
            (
                "transformers",
                "kind: NamespaceTransformer\nmetadata:\n  name: x\n  namespace: shop\nunsetOnly: true\n",
            ),
            (
                "transformers",
                "kind: NamespaceTransformer\nmetadata:\n  name: x\n  namespace: shop\nsetRoleBindingSubjects: allServiceAccounts\nfieldSpecs:\n- path: metadata/name\n  kind: Namespace\n  create: true\n",
            ),
            (
                "transformers",
                "kind: LabelTransformer\nmetadata:\n  name: x\nlabels:\n  from: plugin\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
            ),
            (
                "transformers",
                "kind: AnnotationsTransformer\nmetadata:\n  name: x\nannotations:\n  from: plugin\nfieldSpecs:\n- path: metadata/annotations\n  create: true\n",
            ),
            (
                "transformers",
                "kind: ImageTagTransformer\nmetadata:\n  name: x\nimageTag:\n  name: nginx\n  newTag: plugin\nfieldSpecs:\n- path: spec/template/spec/containers[]/image\n",
            ),
            (
                "transformers",
                "kind: ReplicaCountTransformer\nmetadata:\n  name: x\nreplica:\n  name: web\n  count: 7\nfieldSpecs:\n- path: spec/replicas\n  kind: Deployment\n  create: true\n",
            ),
            (
                "transformers",
                "kind: PatchTransformer\nmetadata:\n  name: x\npatch: '[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"p\": \"1\"}}]'\ntarget:\n  kind: Deployment\n",
            ),
            (
                "transformers",
                "kind: PatchStrategicMergeTransformer\nmetadata:\n  name: x\npatches: |-\n  apiVersion: v1\n  kind: Service\n  metadata:\n    name: web\n  spec:\n    type: NodePort\n",
            ),
            (
                "transformers",
                "kind: PatchJson6902Transformer\nmetadata:\n  name: x\ntarget:\n  version: v1\n  kind: Service\n  name: web\njsonOp: '[{\"op\": \"add\", \"path\": \"/spec/type\", \"value\": \"NodePort\"}]'\n",
            ),
            (
                "transformers",
                "kind: ReplacementTransformer\nmetadata:\n  name: x\nreplacements:\n- sourceValue: replaced\n  targets:\n  - select:\n      kind: ConfigMap\n    fieldPaths:\n    - data.a\n    options:\n      create: true\n",
            ),
            (
                "transformers",
                "kind: PrefixSuffixTransformer\nmetadata:\n  name: x\nprefix: p-\nsuffix: -s\nfieldSpecs:\n- path: metadata/name\n",
            ),
            (
                "validators",
                "kind: LabelTransformer\nmetadata:\n  name: x\nlabels: {}\nfieldSpecs: []\n",
            ),
            (
                "validators",
                "kind: LabelTransformer\nmetadata:\n  name: x\nlabels: {changed: \"1\"}\nfieldSpecs:\n- path: metadata/labels\n  create: true\n",
            ),
        ],
    );
    let text = format!("apiVersion: builtin\n{body}");
    if rng.bool() {
        draft.file("plugin.yaml", &text);
        draft.line(&format!("{field}:\n- plugin.yaml"));
    } else {
        draft.line(&format!("{field}:\n- |-\n{}", indented(&text, "  ").trim_end()));
    }
}

/// An object that fits what the fields speak of.
pub(super) fn object(rng: &mut Rng, known: &[super::Known]) -> String {
    let (mut kind, mut name) = (*rng.choice(KINDS).unwrap_or(&KINDS[0]), objects::name(rng));
    // Ids that are there already are refused: mostly, another is looked for.
    for _ in 0..8 {
        if !known.iter().any(|(_, k, n, _)| k == kind.1 && n == name) || rng.u8(0..40) == 0 {
            break;
        }
        (kind, name) = (*rng.choice(KINDS).unwrap_or(&KINDS[0]), objects::name(rng));
    }
    match rng.u8(0..24) {
        0 => objects::anchored(name),
        1 => objects::list(rng),
        _ => objects::object(rng, kind, name),
    }
}
