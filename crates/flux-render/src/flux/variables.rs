//! The variables of a Kustomization: `substitute` over what `substituteFrom` names
//! (github.com/fluxcd/pkg/kustomize v1.41.0, kustomize_varsub.go).

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{
    manifest::Manifest,
    pipeline::{Problem, ProblemKind},
    spec::{Kustomization, PostBuild, SubstituteFrom},
};
use crate::{place::Origin, substitute};

/// The beginning of a value that SOPS has encrypted.
pub(crate) const ENCRYPTED: &str = "ENC[AES256_GCM,";

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its value; none if only the cluster knows it.
    pub(crate) value: Option<String>,
    /// Who wrote the value.
    pub(crate) origin: Origin,
}

/// The variables of a Kustomization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    pub(crate) table: BTreeMap<String, Variable>,
    /// Some of `substituteFrom` isn't known here: there may be others.
    pub(crate) open: bool,
}

/// What `substituteFrom` finds.
pub(crate) enum Found<'m> {
    /// A ConfigMap or Secret that is rendered.
    Manifest(&'m Manifest),
    /// Something rendered will make it in the cluster.
    Made,
}

impl Variables {
    /// Gathers the variables. `given` are values that live outside of the repository.
    pub(crate) fn gather<'m>(
        spec: &Kustomization,
        post_build: &PostBuild,
        given: &BTreeMap<String, String>,
        find: impl Fn(&SubstituteFrom) -> Option<Found<'m>>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut variables = Self::default();
        for source in &post_build.substitute_from {
            match find(source) {
                Some(Found::Manifest(manifest)) => variables.add_data(manifest),
                Some(Found::Made) => variables.open = true,
                None if source.optional => variables.open = true,
                None => {
                    variables.open = true;
                    problems.push(Problem {
                        help: Some(
                            "render it, or set `optional: true`; `variables` in portcullis.yaml \
                             gives the values of one that is made by hand"
                                .to_owned(),
                        ),
                        ..Problem::new(
                            ProblemKind::SubstituteFromMissing,
                            format!(
                                "nothing rendered provides {} {} in namespace {}",
                                source.kind, source.name, spec.name.namespace
                            ),
                            source.origin.clone(),
                        )
                    });
                }
            }
        }
        for (name, value) in &post_build.substitute {
            let value_text = value.value.replace('\n', "");
            variables.set(name, Some(value_text), value.origin.clone());
        }
        for (name, value) in given {
            let known = variables.table.get(name);
            let missing = known.is_none() && variables.open;
            if missing || known.is_some_and(|variable| variable.value.is_none()) {
                variables.set(name, Some(value.replace('\n', "")), Origin::default());
            }
        }
        for (name, variable) in &variables.table {
            if !is_name(name) {
                problems.push(Problem::new(
                    ProblemKind::InvalidSubstitution,
                    format!("`{name}` is no name of a variable: letters, digits and `_`"),
                    variable.origin.clone(),
                ));
            }
        }
        variables
    }

    fn set(&mut self, name: &str, value: Option<String>, origin: Origin) {
        self.table.insert(name.to_owned(), Variable { value, origin });
    }

    fn add_data(&mut self, manifest: &Manifest) {
        let Some(root) = manifest.root() else { return };
        let encrypted = root.get("sops").is_some();
        let is_secret = root.get("kind").is_some_and(|kind| kind.text() == "Secret");
        for field in ["data", "stringData"] {
            // The API server folds `stringData` of a Secret into its `data`.
            if field == "stringData" && !is_secret {
                continue;
            }
            let entries = root.get(field).map(|data| data.entries().collect::<Vec<_>>());
            for entry in entries.unwrap_or_default() {
                let text = entry.value.text();
                let value = if encrypted || text.starts_with(ENCRYPTED) {
                    None
                } else if is_secret && field == "data" {
                    let bytes = STANDARD.decode(text).ok();
                    bytes.and_then(|bytes| String::from_utf8(bytes).ok())
                } else {
                    Some(text.to_owned())
                };
                let origin = manifest.origin(entry.value.span().start).cloned();
                // A file that SOPS has encrypted may be what a generator made the Secret of.
                let value = value.filter(|value| !value.starts_with(ENCRYPTED));
                let value = value.map(|value| value.replace('\n', ""));
                self.set(entry.key.text(), value, origin.unwrap_or_default());
            }
        }
    }

    /// There is nothing to substitute, nor may there be.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty() && !self.open
    }
}

impl substitute::Variables for Variables {
    fn get(&self, name: &str) -> Option<substitute::Value<'_>> {
        match self.table.get(name) {
            Some(Variable { value: Some(value), .. }) => Some(substitute::Value::Known(value)),
            Some(Variable { value: None, .. }) => Some(substitute::Value::Unknown),
            None if self.open => Some(substitute::Value::Unknown),
            None => None,
        }
    }
}

/// `^[_[:alpha:]][_[:alpha:][:digit:]]*$`
fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic());
    starts && text.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric())
}
