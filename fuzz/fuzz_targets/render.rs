//! Any bytes as a kustomization with a base, manifests and a patch. A byte 0xFF starts the next file.
#![no_main]

use flux_render::{
    MemoryFiles, emit,
    kustomize::{Builder, Options},
};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 6] = [
    "app/kustomization.yaml",
    "app/a.yaml",
    "app/p.yaml",
    "base/kustomization.yaml",
    "base/b.yaml",
    "base/c.json",
];

/// What stands there where a part is missing, so that short inputs reach far.
const DEFAULTS: [&str; 6] = [
    "resources: [a.yaml, ../base]\nnamePrefix: x-\npatches:\n- path: p.yaml\n  target: {}\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}\n",
    "[{\"op\": \"add\", \"path\": \"/metadata/labels\", \"value\": {\"a\": \"b\"}}]",
    "resources: [b.yaml]\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n",
    "{}",
];

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|byte| *byte == 0xFF);
    let files = NAMES.iter().zip(DEFAULTS).map(|(name, default)| {
        let part = parts.next().filter(|part| !part.is_empty());
        (*name, part.unwrap_or(default.as_bytes()).to_vec())
    });
    let files = MemoryFiles::new(files);
    let builder = Builder::new(&files);
    for folder in ["app", "base"] {
        let Ok(built) = builder.build(folder, Options::default()) else { continue };
        for object in &built.objects {
            let Ok((text, written)) = emit::yaml(&object.tree) else { continue };
            // What is written can be read, and says where everything is.
            assert!(spanned_yaml::parse(text.as_str()).errors().is_empty(), "{text}");
            for one in written {
                assert!(text.get(one.start as usize..one.end as usize).is_some());
            }
        }
    }
});
