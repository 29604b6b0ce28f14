//! What real repositories apply, for every version.

use libtest_mimic::Failed;
use portcullis::{
    config::Config,
    fleet::{Environment, Fleet},
    repo,
};
use rayon::prelude::*;
use serde_json::Value;
use spanned_yaml::{Dialect, Kind, Node, Scalar};

use super::{KnownDifferences, package::Package};
use crate::disagreements::Disagreements;

/// Every object of a built-in kind that a corpus renders, or that it has in a file.
pub(super) fn trial() -> Result<(), Failed> {
    let Some(corpora) = crate::corpora()? else { return Ok(()) };
    let package = Package::read()?;
    let known = KnownDifferences::default();
    let mut disagreements = Disagreements::default();
    let mut count = 0;
    for corpus in corpora {
        let objects = objects(&corpus);
        count += objects.len();
        let differences: Vec<String> = objects
            .par_iter()
            .flat_map_iter(|object| {
                let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
                package
                    .of(&text("apiVersion"), &text("kind"))
                    .filter_map(|kind| super::compare(kind, object, package, &known))
                    .collect::<Vec<_>>()
            })
            .collect();
        for difference in differences {
            disagreements.note(format!("{}: {difference}", corpus.display()));
        }
    }
    eprintln!("{count} objects of corpora");
    disagreements.verdict(count)
}

/// The objects of a repository, without variables that aren't known.
pub(crate) fn objects(root: &std::path::Path) -> Vec<Value> {
    let contents = repo::read(root, repo::list(root, &[]), &repo::Progress::default());
    let fleet = Fleet::render(&contents, &Config::default(), &[], None);
    let clusters = fleet.clusters.iter().map(Environment::of);
    let overlays = fleet.overlays.iter().filter_map(portcullis::fleet::Overlay::environment);
    let mut objects = Vec::new();
    for environment in clusters.chain(overlays) {
        for applied in &environment.objects {
            objects.extend(applied.manifest.root().map(value));
        }
    }
    for file in &contents.files {
        let roots = file.tree.documents().iter().filter_map(|document| document.root);
        objects.extend(roots.map(|root| value(file.tree.node(root))));
    }
    objects.retain(|object| {
        object["apiVersion"].is_string() && object["kind"].is_string() && {
            let text = object.to_string();
            !text.contains("${") && !text.contains("ENC[AES256_GCM")
        }
    });
    objects
}

/// A node as Kubernetes' tools make JSON of it.
fn value(node: Node<'_>) -> Value {
    let node = node.target();
    match node.kind() {
        Kind::Mapping => node
            .entries()
            .map(|entry| (entry.key.text().to_owned(), value(entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Kind::Sequence => node.items().map(value).collect(),
        _ => match node.scalar(Dialect::GoYamlV2) {
            Scalar::Null => Value::Null,
            Scalar::Bool(value) => value.into(),
            Scalar::Int(value) => value.into(),
            Scalar::UInt(value) => value.into(),
            Scalar::Float(value) => value.into(),
            Scalar::Timestamp(text) | Scalar::Binary(text) | Scalar::Str(text) => text.into(),
        },
    }
}
