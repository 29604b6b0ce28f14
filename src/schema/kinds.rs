//! Which versions serve a kind.

use super::{
    custom::{Customs, Found},
    lifecycle,
    lifecycle::Lifecycle,
    table::table,
    versions::Versions,
};
use crate::kube::Object;

/// What is known of an object's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a schema for all versions, or was removed: rules of `deprecation/*` tell.
    Known,
    /// Nobody knows a schema for it.
    NoSchema {
        /// What is known instead.
        known: Option<String>,
    },
    /// These versions don't have it.
    Missing {
        /// Which.
        versions: Versions,
        /// What to use instead, or since when it is there.
        help: Option<String>,
    },
}

impl Kind {
    /// What is known of the kind of an object, for these versions.
    pub fn of(object: &Object<'_>, versions: Versions, customs: &Customs<'_>) -> Self {
        let (api_version, kind) = (object.api_version, object.kind);
        let served = table().kind(api_version, kind).iter().map(|(versions, _)| *versions);
        let served = served.fold(Versions::NONE, Versions::or);
        let removed = Lifecycle::of(api_version, kind)
            .map_or(Versions::NONE, |lifecycle| lifecycle.without_it(versions));
        let missing = versions.without(served).without(removed);
        if missing.is_empty() {
            return Self::Known;
        }
        if !served.is_empty() {
            return Self::Missing {
                versions: missing,
                help: Some(format!("Kubernetes {served} has it")),
            };
        }
        let without = |known| Self::NoSchema { known };
        match customs.find(object) {
            Found::Schema(..) | Found::Json(_) => return Self::Known,
            Found::NoSchema | Found::Broken(_) => return without(None),
            Found::Served(served) => {
                let help = format!("its CustomResourceDefinition serves {}", served.join(", "));
                return Self::Missing { versions: missing, help: Some(help) };
            }
            Found::Packed(project, served) => {
                return without(Some(format!("{project} has {}", served.join(", "))));
            }
            Found::Group(project) => {
                return without(Some(format!("{project} has no such kind")));
            }
            Found::Nothing => {}
        }
        if !lifecycle::is_built_in(object.group()) {
            return without(None);
        }
        let help = nearest(api_version, kind);
        // Files of tools are of the core group, too: a kubeconfig is `v1` and `Config`.
        if help.is_none() && object.group().is_empty() {
            return without(None);
        }
        Self::Missing { versions: missing, help }
    }
}

/// The same kind elsewhere, or a kind that is written nearly so.
fn nearest(api_version: &str, kind: &str) -> Option<String> {
    let newest = Versions::newest();
    let served = || table().kinds().filter(|(_, _, versions)| !versions.and(newest).is_empty());
    let mut elsewhere: Vec<&str> = served()
        .filter(|(_, name, _)| *name == kind)
        .map(|(api_version, ..)| api_version)
        .collect();
    // Versions that are final come first.
    elsewhere.sort_by_key(|api_version| {
        (api_version.contains("alpha"), api_version.contains("beta"), *api_version)
    });
    if let Some(first) = elsewhere.first() {
        return Some(format!("use {kind} of {first}"));
    }
    let mut names: Vec<&str> =
        served().filter(|(known, ..)| *known == api_version).map(|(_, name, _)| name).collect();
    names.sort_unstable();
    let nearest = super::nearest(kind, names.into_iter())?;
    Some(format!("did you mean {nearest}?"))
}
