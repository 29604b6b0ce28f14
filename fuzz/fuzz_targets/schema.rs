//! A CRD's schema, an object of its kind, and objects of any kind, over all versions of Kubernetes.
//!
//! A byte 0xFF parts them. Apart from not panicking, one walk for all versions must say for each what a
//! walk for it alone says, and the whole check must end with a report.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::{
    check::{Options, run},
    config::{self, Config},
    kube::Object,
    repo::{Contents, File},
    schema::{CustomKinds, Customs, Problem, Versions, complaints},
};
use spanned_yaml::{Limits, parse_bytes};

const CRD: &[u8] = b"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema: ";
const THING: &[u8] = b"apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: ";

fn file(name: &str, start: &[u8], bytes: &[u8]) -> File {
    File::new(name, parse_bytes([start, bytes].concat(), &Limits::default()))
}

fn configured() -> Config {
    let text = b"kubernetes: ['1.25', '1.29', '1.34', '1.37']";
    config::load(&file("portcullis.yaml", b"", text)).unwrap()
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == 0xFF);
    let mut next = || parts.next().unwrap_or_default();
    let files = vec![
        file("crd.yaml", CRD, next()),
        file("objects.yaml", b"", next()),
        file("thing.yaml", THING, next()),
    ];
    let crds: Vec<&File> = files.iter().collect();
    let (kinds, none) = (CustomKinds::in_files(&crds), CustomKinds::default());
    let customs = Customs::new(&kinds, &none);
    for file in &files {
        for root in file.tree.documents().iter().filter_map(|document| document.root) {
            let Some(object) = Object::read(file, file.tree.node(root)) else { continue };
            // Of what is encrypted, one value stands for all.
            let complaints = |versions| {
                let mut all = complaints(&object, versions, &customs);
                all.retain(|one| one.problem != Problem::Unknown);
                all
            };
            let all = complaints(Versions::known());
            for minor in Versions::known().minors() {
                let version = Versions::minor(minor);
                let own = complaints(version);
                let of_all = all.iter().filter(|one| !one.versions.and(version).is_empty());
                assert_eq!(of_all.count(), own.len(), "1.{minor}");
            }
        }
    }
    let contents = Contents { files, ..Contents::default() };
    run(&contents, &configured(), &Options::default());
});
