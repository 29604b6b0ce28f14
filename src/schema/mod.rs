//! Schemas of objects: of Kubernetes' own kinds, over all versions, and of custom resources as the
//! CRDs of the repository have them, or those that portcullis carries. spec: docs/schemas.md.
//!
//! [`complaints`] walks an object's tree once for all rules of `schema/*`; [`Kind::of`] tells which
//! versions serve a kind at all, and [`lifecycle`] what became of it.

mod complaint;
mod custom;
mod custom_read;
mod export;
mod formats;
mod given;
mod identity;
mod json_schema;
mod kinds;
mod known;
pub mod lifecycle;
mod model;
mod pack;
mod packed_text;
mod pattern;
mod restrictions;
mod table;
mod versions;
mod walk;

pub use complaint::{Complaint, Problem, Spot};
pub use custom::{BrokenSchema, CustomKinds, Customs, kind_defined_by};
pub use export::KnownKind;
pub use given::{GivenProblem, GivenSchemas, is_json_schema, kind_of_json_schema, schema_as_json};
pub use kinds::Kind;
pub use known::Known;
pub use pack::Packed;
pub use versions::Versions;

use custom::Found;
use model::Link;

use crate::kube::Object;

/// What is wrong with an object for these versions, in order of place. Nothing of a kind that has no
/// schema.
pub fn complaints<'a>(
    object: &Object<'a>,
    versions: Versions,
    customs: &Customs<'a>,
) -> Vec<Complaint<'a>> {
    let mut found = Vec::new();
    let of_kind = table::table().kind(object.api_version, object.kind);
    let custom = of_kind.is_empty().then(|| customs.find(object));
    let schema = match &custom {
        None => Some(None),
        Some(Found::Schema(schema, _)) => Some(Some(*schema)),
        Some(_) => None,
    };
    let known = customs.known().zip(schema);
    if known.is_some_and(|(known, schema)| known.is_clean(object, schema, versions)) {
        return found;
    }
    for (served, definition) in of_kind {
        let versions = served.and(versions);
        if !versions.is_empty() {
            found.append(&mut walk::walk(object.root, &Link::Definition(*definition), versions));
        }
    }
    match custom {
        Some(Found::Schema(schema, project)) => {
            found = walk::walk_schema(object.root, None, schema, schema, versions);
            for complaint in &mut found {
                complaint.project = project;
            }
        }
        Some(Found::Json(schema)) => {
            found = json_schema::complaints(schema, object.root, versions);
        }
        _ => {}
    }
    if let Some((known, schema)) = known.filter(|_| found.is_empty()) {
        known.note_clean(object, schema, versions);
    }
    // Flux takes SOPS' own field away when it decrypts.
    if let Some(entry) = object.root.entry("sops")
        && entry.value.get("mac").is_some()
    {
        found.retain(|complaint| complaint.spot != Spot::Key(entry.key));
    }
    complaint::merge(&mut found);
    // One value that SOPS has encrypted stands for all of an object.
    let mut has_encrypted = false;
    found.retain(|complaint| {
        complaint.problem != Problem::Unknown
            || !complaint.node().text().starts_with("ENC[AES256_GCM,")
            || !std::mem::replace(&mut has_encrypted, true)
    });
    found
}

/// The word closest to what somebody wrote, if one is close.
fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let (score, best) = known
        .map(|known| (strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &word), known))
        .max_by(|(a, x), (b, y)| a.total_cmp(b).then_with(|| y.cmp(x)))?;
    (score > 0.65).then_some(best)
}
