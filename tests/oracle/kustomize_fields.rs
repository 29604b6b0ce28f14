//! Small kustomizations, one or more for each field and option. Those that kustomize refuses have
//! a name that starts with "error: ".

use std::collections::BTreeMap;

use crate::kustomizations::Repository;

/// Returns the cases by name.
pub(crate) fn cases() -> Vec<(&'static str, Repository)> {
    let alone = OVER_ALL.iter().map(|(name, fields)| {
        let text = format!("resources: [all.yaml]\n{fields}");
        (*name, repository("app", &[("app/kustomization.yaml", &text), ("app/all.yaml", ALL)]))
    });
    let with_files = WITH_FILES.iter().map(|(name, path, files)| {
        let mut repository = repository(path, files);
        repository.files.insert("app/all.yaml".into(), ALL.into());
        (*name, repository)
    });
    alone.chain(with_files).collect()
}

fn repository(path: &str, files: &[(&str, &str)]) -> Repository {
    let files: BTreeMap<String, String> =
        files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    Repository { files, path: path.into() }
}

/// What every case has beside its kustomization.
const ALL: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
  annotations: {note: here}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 1}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      containers:
      - name: main
        image: nginx:1.25
        args: [--host, $(HOST)]
        env:
        - {name: LEVEL, valueFrom: {configMapKeyRef: {name: config, key: level}}}
        - {name: HOST, value: $(HOST)}
        ports:
        - {containerPort: 53, protocol: TCP}
        - {containerPort: 53, protocol: UDP}
      - name: side
        image: ghcr.io/org/side@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3
      volumes:
      - {name: keys, secret: {secretName: keys}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config
  finalizers: [a.example.com/x, b.example.com/y]
data: {level: info, address: 'host:80:path', json: '{\"host\": \"a\", \"port\": 1}'}
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {user: YWRtaW4=}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
subjects:
- {kind: ServiceAccount, name: runner}
- {kind: ServiceAccount, name: default, namespace: elsewhere}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: gauge}
spec:
  size: 1
  configRef: {name: config}
  prefixed: a
  image: nginx:1
  items: [{name: one, value: 1}, {name: two, value: 2}]
";

/// Fields of one kustomization over `ALL`.
#[rustfmt::skip]
const OVER_ALL: &[(&str, &str)] = &[
    ("resources", ""),
    ("metadata", "metadata: {name: a, labels: {b: c}}\n"),
    ("namespace", "namespace: prod\n"),
    ("namePrefix", "namePrefix: a-\n"),
    ("nameSuffix", "nameSuffix: -z\n"),
    ("namePrefix, nameSuffix and namespace", "namePrefix: a-\nnameSuffix: -z\nnamespace: prod\n"),
    ("labels", "labels: [{pairs: {a: b}}]\n"),
    ("labels: includeSelectors", "labels: [{pairs: {a: b}, includeSelectors: true}]\n"),
    ("labels: includeTemplates", "labels: [{pairs: {a: b}, includeTemplates: true}]\n"),
    ("labels: fields", "labels: [{pairs: {a: b}, fields: [{path: spec/labels, kind: Widget, create: true}]}]\n"),
    ("commonLabels", "commonLabels: {a: b, app: other}\n"),
    ("commonAnnotations", "commonAnnotations: {a: 'yes', note: changed}\n"),
    ("images: newTag", "images: [{name: nginx, newTag: '2'}]\n"),
    ("images: newName", "images: [{name: nginx, newName: mirror/nginx}]\n"),
    ("images: digest", "images: [{name: nginx, digest: 'sha256:24a0'}]\n"),
    ("images: newTag and digest", "images: [{name: nginx, newTag: '2', digest: 'sha256:24a0'}]\n"),
    ("images: tagSuffix", "images: [{name: nginx, tagSuffix: -alpine}]\n"),
    ("images: regular expression", "images: [{name: '.*/org/.*', newTag: v2}]\n"),
    ("imageTags", "imageTags: [{name: nginx, newTag: '3'}]\n"),
    ("error: images: number as a tag", "images: [{name: nginx, newTag: 1.26}]\n"),
    ("replicas", "replicas: [{name: web, count: 5}]\n"),
    ("error: replicas: nothing with the name", "replicas: [{name: absent, count: 5}]\n"),
    ("sortOptions: fifo", "sortOptions: {order: fifo}\n"),
    ("sortOptions: legacy", "sortOptions: {order: legacy}\n"),
    ("sortOptions: orderFirst, orderLast", "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Widget], orderLast: [Deployment]}}\n"),
    ("error: sortOptions: unknown order", "sortOptions: {order: up}\n"),
    ("buildMetadata: originAnnotations", "buildMetadata: [originAnnotations]\nconfigMapGenerator: [{name: made}]\n"),
    ("buildMetadata: transformerAnnotations", "buildMetadata: [transformerAnnotations]\nnamePrefix: a-\n"),
    ("buildMetadata: managedByLabel", "buildMetadata: [managedByLabel]\n"),
    ("buildMetadata: unknown", "buildMetadata: [wrong]\n"),
    ("configMapGenerator: literals", "configMapGenerator: [{name: made, literals: [a=b, 'c=\"d\"', e=]}]\n"),
    ("configMapGenerator: create", "configMapGenerator: [{name: made, behavior: create, literals: [a=b]}]\n"),
    ("configMapGenerator: merge", "configMapGenerator: [{name: config, behavior: merge, literals: [a=b]}]\n"),
    ("configMapGenerator: replace", "configMapGenerator: [{name: config, behavior: replace, literals: [a=b]}]\n"),
    ("error: configMapGenerator: merge with nothing", "configMapGenerator: [{name: absent, behavior: merge}]\n"),
    ("error: configMapGenerator: create again", "configMapGenerator: [{name: config, literals: [a=b]}]\n"),
    ("configMapGenerator: namespace", "configMapGenerator: [{name: made, namespace: shop, literals: [a=b]}]\n"),
    ("configMapGenerator: labels", "configMapGenerator: [{name: made, options: {labels: {a: b}}}]\n"),
    ("configMapGenerator: annotations", "configMapGenerator: [{name: made, options: {annotations: {a: b}}}]\n"),
    ("configMapGenerator: immutable", "configMapGenerator: [{name: made, options: {immutable: true}}]\n"),
    ("configMapGenerator: disableNameSuffixHash", "configMapGenerator: [{name: made, options: {disableNameSuffixHash: true}}]\n"),
    ("secretGenerator: literals", "secretGenerator: [{name: made, literals: [a=b, c=größe]}]\n"),
    ("secretGenerator: type", "secretGenerator: [{name: made, type: example.com/kind, literals: [a=b]}]\n"),
    ("secretGenerator: merge", "secretGenerator: [{name: keys, behavior: merge, literals: [a=b]}]\n"),
    ("generatorOptions: disableNameSuffixHash", "configMapGenerator: [{name: made}]\ngeneratorOptions: {disableNameSuffixHash: true}\n"),
    ("generatorOptions: labels, annotations, immutable", "secretGenerator: [{name: made, options: {labels: {a: own}}}]\ngeneratorOptions: {labels: {a: all, b: c}, annotations: {d: e}, immutable: true}\n"),
    ("patches: merge", "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{name: main, tty: true}, {name: new, image: b}]}}}\n"),
    ("patches: target", "patches:\n- target: {kind: Service|ConfigMap, name: .*}\n  patch: |-\n    apiVersion: v1\n    kind: Any\n    metadata: {name: any, labels: {a: b}}\n"),
    ("patches: labelSelector", "patches:\n- target: {labelSelector: app in (web)}\n  patch: '[{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]'\n"),
    ("patches: annotationSelector", "patches:\n- target: {annotationSelector: note=here}\n  patch: '[{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]'\n"),
    ("patches: group, version, namespace", "patches:\n- target: {group: apps, version: v1, namespace: default}\n  patch: '[{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]'\n"),
    ("patches: allowNameChange", "patches:\n- target: {kind: Service}\n  options: {allowNameChange: true}\n  patch: '{apiVersion: v1, kind: Service, metadata: {name: new}}'\n"),
    ("patches: name kept", "patches:\n- target: {kind: Service}\n  patch: '{apiVersion: v1, kind: Service, metadata: {name: new}}'\n"),
    ("patches: allowKindChange", "patches:\n- target: {kind: Service}\n  options: {allowKindChange: true}\n  patch: '{apiVersion: v1, kind: Other, metadata: {name: web}}'\n"),
    ("patches: several documents", "patches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: web, labels: {a: b}}\n    ---\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: keys, labels: {a: b}}\n"),
    ("patches: $patch: delete an object", "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: web}, $patch: delete}'}]\n"),
    ("patches: $patch: delete an element", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: side, $patch: delete}]}}}}'}]\n"),
    ("patches: $patch: delete a map", "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {$patch: delete}}'}]\n"),
    ("patches: $patch: replace a map", "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {$patch: replace, a: b}}'}]\n"),
    ("patches: $patch: replace a list", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{$patch: replace}, {name: only, image: a}]}}}}'}]\n"),
    ("patches: $patch: merge", "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {$patch: merge, a: b}}'}]\n"),
    ("patches: $setElementOrder", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {$setElementOrder/containers: [{name: side}, {name: main}], containers: [{name: main, tty: true}]}}}}'}]\n"),
    ("patches: $deleteFromPrimitiveList", "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: config, $deleteFromPrimitiveList/finalizers: [a.example.com/x]}}'}]\n"),
    ("patches: $retainKeys", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {strategy: {$retainKeys: [type], type: Recreate}}}'}]\n"),
    ("patches: null", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: null, strategy: ~}}'}]\n"),
    ("patches: two merge keys", "patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {containers: [{name: main, ports: [{containerPort: 53, protocol: UDP, name: dns}]}]}}}}'}]\n"),
    ("patches: list without schema", "patches: [{patch: '{apiVersion: example.com/v1, kind: Widget, metadata: {name: gauge}, spec: {items: [{name: two, value: 3}]}}'}]\n"),
    ("error: patches: no such object", "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: absent}}'}]\n"),
    ("error: patches: JSON without target", "patches: [{patch: '[{\"op\": \"remove\", \"path\": \"/a\"}]'}]\n"),
    ("patchesStrategicMerge: inline", "patchesStrategicMerge:\n- |-\n  apiVersion: v1\n  kind: Service\n  metadata: {name: web}\n  spec: {type: NodePort}\n"),
    ("patchesJson6902: all operations", "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: config}\n  patch: |-\n    - {op: test, path: /data/level, value: info}\n    - {op: add, path: /data/a~1b, value: '1'}\n    - {op: replace, path: /data/level, value: warn}\n    - {op: copy, from: /data/level, path: /data/copied}\n    - {op: move, from: /data/address, path: /data/moved}\n    - {op: remove, path: /data/json}\n"),
    ("patchesJson6902: last, and from the end", "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: config}\n  patch: |-\n    - {op: add, path: /metadata/finalizers/-, value: c}\n    - {op: replace, path: /metadata/finalizers/-1, value: d}\n    - {op: remove, path: /metadata/finalizers/0}\n"),
    ("error: patchesJson6902: test fails", "patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: config}\n  patch: '[{\"op\": \"test\", \"path\": \"/data/level\", \"value\": \"other\"}]'\n"),
    ("replacements: source", "replacements: [{source: {kind: Service, name: web}, targets: [{select: {kind: Widget}, fieldPaths: [spec.prefixed]}]}]\n"),
    ("replacements: fieldPath", "replacements: [{source: {kind: Deployment, fieldPath: 'spec.template.spec.containers.[name=main].image'}, targets: [{select: {kind: Widget}, fieldPaths: [spec.image]}]}]\n"),
    ("replacements: sourceValue", "replacements: [{sourceValue: given, targets: [{select: {kind: Widget}, fieldPaths: [spec.prefixed]}]}]\n"),
    ("replacements: index", "replacements: [{sourceValue: given, targets: [{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.1.image]}]}]\n"),
    ("replacements: star", "replacements: [{sourceValue: given, targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.*.image']}]}]\n"),
    ("replacements: delimiter, index", "replacements: [{source: {kind: ConfigMap, fieldPath: data.address, options: {delimiter: ':', index: 1}}, targets: [{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.0.image'], options: {delimiter: ':', index: 1}}]}]\n"),
    ("replacements: create", "replacements: [{sourceValue: '5', targets: [{select: {kind: Widget}, fieldPaths: ['metadata.annotations.[example.com/a]', spec.new.deep], options: {create: true}}]}]\n"),
    ("replacements: reject", "replacements: [{sourceValue: a, targets: [{select: {kind: Service|Widget}, reject: [{kind: Service}], fieldPaths: [metadata.labels.a], options: {create: true}}]}]\n"),
    ("replacements: into JSON", "replacements: [{sourceValue: other, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.json.host]}]}]\n"),
    ("error: replacements: no such field", "replacements: [{sourceValue: a, targets: [{select: {kind: Widget}, fieldPaths: [spec.absent]}]}]\n"),
    ("vars", "namePrefix: a-\nvars: [{name: HOST, objref: {apiVersion: v1, kind: Service, name: web}}]\n"),
    ("vars: fieldref", "vars: [{name: HOST, objref: {apiVersion: apps/v1, kind: Deployment, name: web}, fieldref: {fieldpath: 'spec.template.spec.containers[0].image'}}]\n"),
    ("error: vars: no such object", "vars: [{name: HOST, objref: {apiVersion: v1, kind: Service, name: absent}}]\n"),
    ("openapi: version", "openapi: {version: v1.21.2}\n"),
    ("error: openapi: unknown version", "openapi: {version: v0.0.0}\n"),
    ("error: unknown field", "wrong: 1\n"),
    ("error: wrong type", "namePrefix: [a]\n"),
    ("error: apiVersion", "apiVersion: wrong/v1\n"),
    ("error: missing file", "components: [absent]\n"),
    ("generators: ConfigMapGenerator", "generators:\n- |-\n  {apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: made}, literals: [a=b]}\n"),
    ("generators: SecretGenerator", "generators:\n- |-\n  {apiVersion: builtin, kind: SecretGenerator, metadata: {name: made, namespace: shop}, literals: [a=b], type: Opaque}\n"),
    ("transformers: PatchTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: PatchTransformer, metadata: {name: x}, target: {kind: Service}, patch: '[{\"op\": \"remove\", \"path\": \"/spec/ports\"}]'}\n"),
    ("transformers: PatchStrategicMergeTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: PatchStrategicMergeTransformer, metadata: {name: x}, patches: '{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: NodePort}}'}\n"),
    ("transformers: PatchJson6902Transformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: PatchJson6902Transformer, metadata: {name: x}, target: {kind: Service, name: web}, jsonOp: '[{\"op\": \"remove\", \"path\": \"/spec/ports\"}]'}\n"),
    ("transformers: NamespaceTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: x, namespace: shop}, setRoleBindingSubjects: allServiceAccounts, unsetOnly: true, fieldSpecs: [{path: metadata/namespace, create: true}]}\n"),
    ("transformers: PrefixTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: PrefixTransformer, metadata: {name: x}, prefix: a-, fieldSpecs: [{path: metadata/name}]}\n"),
    ("transformers: SuffixTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: SuffixTransformer, metadata: {name: x}, suffix: -z, fieldSpecs: [{path: metadata/name, kind: Service}]}\n"),
    ("transformers: LabelTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: LabelTransformer, metadata: {name: x}, labels: {a: b}, fieldSpecs: [{path: metadata/labels, create: true}]}\n"),
    ("transformers: AnnotationsTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: AnnotationsTransformer, metadata: {name: x}, annotations: {a: b}, fieldSpecs: [{path: metadata/annotations, create: true}]}\n"),
    ("transformers: ReplicaCountTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: ReplicaCountTransformer, metadata: {name: x}, replica: {name: web, count: 9}, fieldSpecs: [{path: spec/replicas, kind: Deployment}]}\n"),
    ("transformers: ImageTagTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: ImageTagTransformer, metadata: {name: x}, imageTag: {name: nginx, newTag: v9}, fieldSpecs: [{path: spec/image}]}\n"),
    ("transformers: ReplacementTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: ReplacementTransformer, metadata: {name: x}, replacements: [{sourceValue: a, targets: [{select: {kind: Widget}, fieldPaths: [spec.prefixed]}]}]}\n"),
    ("transformers: ValueAddTransformer", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{selector: {kind: Deployment}, fieldPath: spec/template/spec/serviceAccountName}, {fieldPath: metadata/annotations/fruit}]}\n"),
    ("transformers: ValueAddTransformer, a namespace", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{fieldPath: metadata/namespace}]}\n"),
    ("transformers: ValueAddTransformer, a part of a path", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{selector: {kind: ConfigMap}, fieldPath: data/address, filePathPosition: 1}, {selector: {kind: ConfigMap}, fieldPath: data/level, filePathPosition: 9}, {selector: {kind: ConfigMap}, fieldPath: data/none, filePathPosition: 2}]}\n"),
    ("transformers: ValueAddTransformer, the folder's name", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, targets: [{selector: {kind: Service}, fieldPath: metadata/labels/from}]}\n"),
    ("transformers: ValueAddTransformer, a slash in a name", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: 'yes', targets: [{fieldPath: 'metadata/annotations/example.com\\\\/fruit'}]}\n"),
    ("transformers: ValueAddTransformer, an item of a list", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{selector: {kind: Deployment}, fieldPath: 'spec/template/spec/containers/[name=main]/image'}]}\n"),
    ("error: transformers: ValueAddTransformer without targets", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach}\n"),
    ("error: transformers: ValueAddTransformer without a path", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{selector: {kind: Service}}]}\n"),
    ("error: transformers: ValueAddTransformer, a negative position", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{fieldPath: metadata/name, filePathPosition: -1}]}\n"),
    ("error: transformers: ValueAddTransformer, no single value", "transformers:\n- |-\n  {apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: x}, value: peach, targets: [{selector: {kind: Service}, fieldPath: spec}]}\n"),
    ("generators: IAMPolicyGenerator", "generators:\n- |-\n  {apiVersion: builtin, kind: IAMPolicyGenerator, metadata: {name: x}, cloud: gke, kubernetesService: {name: k, namespace: shop}, serviceAccount: {name: g, projectId: p}}\n"),
    ("generators: IAMPolicyGenerator without a namespace", "namePrefix: a-\ngenerators:\n- |-\n  {apiVersion: builtin, kind: IAMPolicyGenerator, metadata: {name: x}, cloud: gke, kubernetesService: {name: k}, serviceAccount: {name: g, projectId: p}}\n"),
    ("error: generators: IAMPolicyGenerator for another cloud", "generators:\n- |-\n  {apiVersion: builtin, kind: IAMPolicyGenerator, metadata: {name: x}, cloud: aks}\n"),
    ("validators", "validators:\n- |-\n  {apiVersion: builtin, kind: LabelTransformer, metadata: {name: x}, labels: {a: b}, fieldSpecs: [{path: a/b, kind: Absent}]}\n"),
    ("error: validators: change something", "validators:\n- |-\n  {apiVersion: builtin, kind: PrefixTransformer, metadata: {name: x}, prefix: a, fieldSpecs: [{path: metadata/name}]}\n"),
];

/// A case with several files: its name, the folder to build, and the files beside `app/all.yaml`.
type Case = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[rustfmt::skip]
const WITH_FILES: &[Case] = &[
    ("kustomization.yml", "app", &[
        ("app/kustomization.yml", "resources: [all.yaml]\n"),
    ]),
    ("Kustomization", "app", &[
        ("app/Kustomization", "resources: [all.yaml]\n"),
    ]),
    ("error: two kustomization files", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\n"),
        ("app/kustomization.yml", "resources: [all.yaml]\n"),
    ]),
    ("error: no kustomization file", "app", &[
    ]),
    ("error: empty kustomization", "app", &[
        ("app/kustomization.yaml", "# nothing\n"),
    ]),
    ("error: cycle", "app", &[
        ("app/kustomization.yaml", "resources: [../other]\n"),
        ("other/kustomization.yaml", "resources: [../app]\n"),
    ]),
    ("error: duplicate ids", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml, ./more.yaml]\n"),
        ("app/more.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"),
    ]),
    ("bases", "top", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nnamePrefix: a-\n"),
        ("top/kustomization.yaml", "bases: [../app]\nnamePrefix: b-\n"),
    ]),
    ("three layers", "top", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\n"),
        ("mid/kustomization.yaml", "resources: [../app]\nnamespace: mid\nnameSuffix: -m\n"),
        ("top/kustomization.yaml", "resources: [../mid/]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Service\n    metadata: {name: web, namespace: mid}\n    spec: {type: NodePort}\n"),
    ]),
    ("components", "top", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\n"),
        ("top/kustomization.yaml", "resources: [../app]\ncomponents: [../part]\nnamePrefix: a-\n"),
        ("part/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nconfigMapGenerator: [{name: config, behavior: merge, literals: [a=b]}]\nreplicas: [{name: web, count: 0}]\n"),
    ]),
    ("error: components: not a component", "top", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\n"),
        ("top/kustomization.yaml", "components: [../app]\n"),
    ]),
    ("error: resources: a component", "top", &[
        ("top/kustomization.yaml", "resources: [../part]\n"),
        ("part/kustomization.yaml", "kind: Component\nnamePrefix: a\n"),
    ]),
    ("resources: List and ConfigMapList", "app", &[
        ("app/kustomization.yaml", "resources: [lists.yaml]\n"),
        ("app/lists.yaml", "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n---\napiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"),
    ]),
    ("resources: JSON", "app", &[
        ("app/kustomization.yaml", "resources: [a.json]\n"),
        ("app/a.json", "{\"kind\": \"ConfigMap\", \"apiVersion\": \"v1\", \"metadata\": {\"name\": \"a\"}, \"data\": {\"b\": \"yes\", \"a\": \"1\"}}\n"),
    ]),
    ("resources: styles", "app", &[
        ("app/kustomization.yaml", "resources: [a.yaml]\nnamePrefix: p-\n"),
        ("app/a.yaml", "# head\napiVersion: v1 # beside\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {number: 5, odd: 0644}\ndata:\n  # above\n  anchored: &a \"quoted\"\n  alias: *a\n  literal: |\n    one\n      two\n  kept: |+\n    one\n\n  folded: >-\n    one\n    two\n  on: yes\n  'null': \"null\"\n  date: 2024-01-01\n  float: 1e3\n  under: 1_000\n  tilde: ~\n  long: words and more words and more words and more words and more words and more words and more words\n  text: 日本語 🦀\n# foot\n"),
    ]),
    ("resources: merge keys", "app", &[
        ("app/kustomization.yaml", "resources: [a.yaml]\n"),
        ("app/a.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n  base: &b {x: 1, y: 2}\n  derived: {<<: *b, y: 3}\n"),
    ]),
    ("resources: local configuration", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml, local.yaml]\n"),
        ("app/local.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: local, annotations: {config.kubernetes.io/local-config: \"true\"}}\n"),
    ]),
    ("configMapGenerator: files", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigMapGenerator: [{name: made, files: [a.txt, KEY=b.txt, empty.txt]}]\n"),
        ("app/a.txt", "text \n	tab\r\n"),
        ("app/b.txt", "b"),
        ("app/empty.txt", ""),
    ]),
    ("configMapGenerator: envs", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigMapGenerator: [{name: made, envs: [a.env, b.env]}]\n"),
        ("app/a.env", "A=1\n# comment\n\nB=\"two\"\n"),
        ("app/b.env", "\u{feff}C=x=y\n  D=\n"),
    ]),
    ("configMapGenerator: env", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigMapGenerator: [{name: made, env: a.env}]\n"),
        ("app/a.env", "A=1\n"),
    ]),
    ("secretGenerator: files and envs", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nsecretGenerator: [{name: made, files: [a.txt], envs: [a.env]}]\n"),
        ("app/a.txt", "text\n"),
        ("app/a.env", "A=1\n"),
    ]),
    ("generators over layers: merge, replace", "top", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigMapGenerator: [{name: one, literals: [a=1, b=1]}, {name: two, literals: [a=1]}]\n"),
        ("top/kustomization.yaml", "resources: [../app]\nnamePrefix: p-\nconfigMapGenerator:\n- {name: one, behavior: merge, literals: [b=2, c=2]}\n- {name: two, behavior: replace, literals: [b=2]}\n"),
    ]),
    ("names of generated maps in references", "app", &[
        ("app/kustomization.yaml", "resources: [pod.yaml]\nconfigMapGenerator: [{name: made, literals: [a=b]}]\nsecretGenerator: [{name: made, literals: [a=b]}]\n"),
        ("app/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: i\n    envFrom: [{configMapRef: {name: made}}, {secretRef: {name: made}}]\n"),
    ]),
    ("patches: merge from a file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\npatches: [{path: p.yaml}]\n"),
        ("app/p.yaml", "# a patch\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports:\n  # another\n  - port: 81\n"),
    ]),
    ("patches: JSON from a file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\npatches: [{path: p.json, target: {kind: Service}}]\n"),
        ("app/p.json", "[{\"op\": \"add\", \"path\": \"/spec/ports/-\", \"value\": {\"port\": 81}}]\n"),
    ]),
    ("patchesStrategicMerge: file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\npatchesStrategicMerge: [p.yaml]\n"),
        ("app/p.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n"),
    ]),
    ("patchesJson6902: file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\npatchesJson6902: [{path: p.yaml, target: {version: v1, kind: Service, name: web}}]\n"),
        ("app/p.yaml", "- op: remove\n  path: /spec/ports\n"),
    ]),
    ("replacements: path", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nreplacements: [{path: r.yaml}]\n"),
        ("app/r.yaml", "- sourceValue: a\n  targets: [{select: {kind: Widget}, fieldPaths: [spec.prefixed]}]\n- sourceValue: b\n  targets: [{select: {kind: Widget}, fieldPaths: [spec.image]}]\n"),
    ]),
    ("configurations: nameReference", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nnamePrefix: a-\n"),
        ("app/c.yaml", "nameReference:\n- kind: ConfigMap\n  fieldSpecs: [{path: spec/configRef/name, kind: Widget}]\n"),
    ]),
    ("configurations: commonLabels", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\ncommonLabels: {a: b}\n"),
        ("app/c.yaml", "commonLabels: [{path: spec/labels, create: true, kind: Widget}]\n"),
    ]),
    ("configurations: labels", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nlabels: [{pairs: {a: b}}]\n"),
        ("app/c.yaml", "labels: [{path: spec/labels, create: true, kind: Widget}]\n"),
    ]),
    ("configurations: templateLabels", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nlabels: [{pairs: {a: b}, includeTemplates: true}]\n"),
        ("app/c.yaml", "templateLabels: [{path: spec/labels, create: true, kind: Widget}]\n"),
    ]),
    ("configurations: commonAnnotations", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\ncommonAnnotations: {a: b}\n"),
        ("app/c.yaml", "commonAnnotations: [{path: spec/notes, create: true, kind: Widget}]\n"),
    ]),
    ("configurations: images", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nimages: [{name: nginx, newTag: v9}]\n"),
        ("app/c.yaml", "images: [{path: spec/image, kind: Widget}]\n"),
    ]),
    ("configurations: namespace", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nnamespace: prod\n"),
        ("app/c.yaml", "namespace: [{path: spec/space, create: true, kind: Widget}]\n"),
    ]),
    ("configurations: namePrefix", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nnamePrefix: a-\n"),
        ("app/c.yaml", "namePrefix: [{path: spec/prefixed, kind: Widget}]\n"),
    ]),
    ("configurations: nameSuffix", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nnameSuffix: -z\n"),
        ("app/c.yaml", "nameSuffix: [{path: spec/prefixed, kind: Widget}]\n"),
    ]),
    ("configurations: replicas", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nreplicas: [{name: gauge, count: 7}]\n"),
        ("app/c.yaml", "replicas: [{path: spec/size, kind: Widget}]\n"),
    ]),
    ("configurations: varReference", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\nvars: [{name: HOST, objref: {apiVersion: v1, kind: Service, name: web}}]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: config}, data: {level: x$(HOST)}}'}]\n"),
        ("app/c.yaml", "varReference: [{path: data/level, kind: ConfigMap}]\n"),
    ]),
    ("error: configurations: contradict a default", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nconfigurations: [c.yaml]\n"),
        ("app/c.yaml", "commonLabels: [{path: metadata/labels, create: false}]\n"),
    ]),
    ("crds", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\ncrds: [c.json]\nnamePrefix: a-\n"),
        ("app/c.json", "{\"example.com/v1.Widget\": {\"Schema\": {\"properties\": {\"apiVersion\": {\"type\": \"string\"}, \"kind\": {\"type\": \"string\"}, \"metadata\": {\"type\": \"object\"}, \"spec\": {\"$ref\": \"example.com/v1.WidgetSpec\"}}}}, \"example.com/v1.WidgetSpec\": {\"Schema\": {\"properties\": {\"configRef\": {\"x-kubernetes-object-ref-api-version\": \"v1\", \"x-kubernetes-object-ref-kind\": \"ConfigMap\"}}}}}\n"),
    ]),
    ("openapi: path", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\nopenapi: {path: schema.json}\npatches: [{patch: '{apiVersion: example.com/v1, kind: Widget, metadata: {name: gauge}, spec: {items: [{name: two, more: 3}]}}'}]\n"),
        ("app/schema.json", "{\"definitions\": {\"v1.Widget\": {\"x-kubernetes-group-version-kind\": [{\"group\": \"example.com\", \"kind\": \"Widget\", \"version\": \"v1\"}], \"properties\": {\"spec\": {\"properties\": {\"items\": {\"type\": \"array\", \"items\": {\"type\": \"object\"}, \"x-kubernetes-patch-strategy\": \"merge\", \"x-kubernetes-patch-merge-key\": \"name\"}}}}}}}\n"),
    ]),
    ("generators: file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\ngenerators: [g.yaml]\n"),
        ("app/g.yaml", "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: made}\nfiles: [a.txt]\n"),
        ("app/a.txt", "a\n"),
    ]),
    ("transformers: ValueAddTransformer with a file", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\ntransformers: [t.yaml]\n"),
        ("app/t.yaml", "apiVersion: builtin\nkind: ValueAddTransformer\nmetadata: {name: x}\nvalue: 5\ntargetFilePath: targets.yaml\n"),
        ("app/targets.yaml", "targets:\n- {selector: {kind: Service}, fieldPath: metadata/labels/five}\n"),
    ]),
    ("transformers: folder", "app", &[
        ("app/kustomization.yaml", "resources: [all.yaml]\ntransformers: [t]\n"),
        ("app/t/kustomization.yaml", "resources: [t.yaml]\n"),
        ("app/t/t.yaml", "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: x}\ntarget: {kind: Service}\npatch: \"[{\\\"op\\\": \\\"remove\\\", \\\"path\\\": \\\"/spec/ports\\\"}]\"\n"),
    ]),
];
