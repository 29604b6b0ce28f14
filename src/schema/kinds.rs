//! Which versions serve a kind.

use super::{custom::Customs, lifecycle, lifecycle::Lifecycle, table::table, versions::Versions};
use crate::kube::Object;

/// What is known of an object's kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It has a schema for all versions, or was removed: rules of `deprecation/*` tell.
    Known,
    /// Nobody knows a schema for it.
    NoSchema,
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
        match customs.versions_of(object) {
            Some(custom) if custom.contains(&version_of(api_version)) => {
                return match customs.schema(object) {
                    Some(Ok(_)) => Self::Known,
                    _ => Self::NoSchema,
                };
            }
            Some(custom) => {
                let help = format!("its CustomResourceDefinition serves {}", custom.join(", "));
                return Self::Missing { versions: missing, help: Some(help) };
            }
            None => {}
        }
        if !lifecycle::is_built_in(object.group()) {
            return Self::NoSchema;
        }
        let help = nearest(api_version, kind);
        // Files of tools are of the core group, too: a kubeconfig is `v1` and `Config`.
        if help.is_none() && object.group().is_empty() {
            return Self::NoSchema;
        }
        Self::Missing { versions: missing, help }
    }
}

fn version_of(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or(api_version)
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
