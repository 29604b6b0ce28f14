//! Any bytes as a Kustomization of Flux, the manifests that it applies, and the data of its
//! variables. A byte 0xFF starts the next file.
#![no_main]

use flux_render::{
    MemoryFiles,
    flux::{self, ClusterSettings},
    kustomize::Builder,
};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 4] = ["app/a.yaml", "cluster/apps.yaml", "cluster/data.yaml", "app/kustomization.yaml"];

/// What stands there where a part is missing, so that short inputs reach far.
const DEFAULTS: [&str; 4] = [
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: '${A}'}]}}}\n",
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps, namespace: flux-system}\nspec:\n  path: ./app\n  prune: true\n  targetNamespace: shop\n  sourceRef: {kind: GitRepository, name: flux-system}\n  commonMetadata: {labels: {a: b}}\n  postBuild: {substituteStrategy: Always, substitute: {A: b}, substituteFrom: [{kind: ConfigMap, name: data}]}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: data, namespace: flux-system}\ndata: {B: c, C: '1'}\n",
    "resources: [a.yaml]\n",
];

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0xFF);
    let files = NAMES.iter().zip(DEFAULTS).map(|(name, default)| {
        let part = parts.next().filter(|part| !part.is_empty());
        (*name, part.unwrap_or(default.as_bytes()).to_vec())
    });
    let files = MemoryFiles::new(files);
    flux::discover(&files, &files.trees().collect::<Vec<_>>());
    let settings = ClusterSettings { path: "cluster".to_owned(), ..ClusterSettings::default() };
    let cluster = flux::render(&Builder::new(&files), &settings);
    for (_, applied) in cluster.objects() {
        // What is written can be read, and says where everything is.
        let manifest = &applied.manifest;
        assert!(manifest.tree().errors().is_empty(), "{}", manifest.text());
        for piece in manifest.pieces() {
            assert!(manifest.text().get(piece.start as usize..piece.end as usize).is_some());
        }
    }
});
