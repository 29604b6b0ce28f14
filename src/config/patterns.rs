//! Patterns for files and objects in portcullis.yaml.

use globset::{GlobBuilder, GlobMatcher};
use serde::Deserialize;

use crate::kube::Object;

/// A glob over repository paths: `**` crosses folders, `*` doesn't.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PathPattern(GlobMatcher);

impl PathPattern {
    /// Whether it matches a path relative to the root.
    pub fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }

    /// Whether it matches a path, or a folder that the path is in.
    pub fn matches_below(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(at, _)| path.get(..at).unwrap_or_default());
        self.matches(path) || folders.into_iter().any(|folder| self.matches(folder))
    }
}

impl TryFrom<String> for PathPattern {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        let pattern = pattern.strip_prefix("./").unwrap_or(&pattern);
        let pattern = pattern.strip_suffix('/').unwrap_or(pattern);
        glob(pattern).map(Self)
    }
}

/// `Kind/name` or `Kind/namespace/name`, each part a glob.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ObjectPattern {
    kind: GlobMatcher,
    namespace: Option<GlobMatcher>,
    name: GlobMatcher,
}

impl ObjectPattern {
    /// Whether it matches an object. `Kind/name` matches in any namespace.
    pub fn matches(&self, object: &Object<'_>) -> bool {
        self.matches_parts(
            object.kind,
            object.effective_namespace(),
            object.name.unwrap_or_default(),
        )
    }

    /// As [`ObjectPattern::matches`], by parts.
    pub fn matches_parts(&self, kind: &str, namespace: &str, name: &str) -> bool {
        self.kind.is_match(kind)
            && self.namespace.as_ref().is_none_or(|pattern| pattern.is_match(namespace))
            && self.name.is_match(name)
    }
}

impl TryFrom<String> for ObjectPattern {
    type Error = String;

    fn try_from(pattern: String) -> Result<Self, String> {
        let parts: Vec<&str> = pattern.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some(*namespace), *name),
            _ => {
                return Err(format!(
                    "\"{pattern}\" is not an object pattern: write Kind/name or Kind/namespace/name"
                ));
            }
        };
        Ok(Self {
            kind: glob(kind)?,
            namespace: namespace.map(glob).transpose()?,
            name: glob(name)?,
        })
    }
}

fn glob(pattern: &str) -> Result<GlobMatcher, String> {
    GlobBuilder::new(pattern)
        .literal_separator(true)
        .build()
        .map(|glob| glob.compile_matcher())
        .map_err(|error| format!("\"{pattern}\" is not a glob: {}", error.kind()))
}
