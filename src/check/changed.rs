//! `--changed`: which findings a set of changed files can have caused.

use std::collections::BTreeSet;

use super::engine::Draft;

/// The files that changed, and the namespaces that their objects are or were in.
#[derive(Clone, Debug, Default)]
pub struct Changed {
    /// Paths relative to the root, deleted files included.
    pub files: BTreeSet<String>,
    /// Namespaces of objects in those files, before or after the change.
    pub namespaces: BTreeSet<String>,
    /// Those of them in which a LimitRange changed: only that decides about the
    /// requests and limits in other files.
    pub limit_ranges: BTreeSet<String>,
    /// Groups and kinds that CustomResourceDefinitions in those files define, before or after the
    /// change: they decide about the schemas of objects in other files.
    pub custom_kinds: BTreeSet<(String, String)>,
    /// The configuration changed: everything may have.
    pub everything: bool,
}

impl Changed {
    /// Whether a file counts as changed.
    pub(super) fn covers(&self, file: &str) -> bool {
        self.everything || self.files.contains(file)
    }

    /// A finding is kept if any place that it names is in a changed file, if it is about an object
    /// that changed files reach, or if it is decided by all objects of a namespace of which some
    /// changed.
    pub(super) fn can_have_caused(&self, draft: &Draft) -> bool {
        draft.reached
            || self.covers(&draft.finding.location.file)
            || draft.finding.related.iter().any(|related| self.covers(&related.location.file))
            || self.changed_schema(draft)
            || draft.namespace.as_ref().is_some_and(|namespace| {
                let decisive = match draft.finding.rule.split_once('/') {
                    Some(("resources", _)) => &self.limit_ranges,
                    _ => &self.namespaces,
                };
                decisive.contains(namespace)
            })
    }

    /// Whether the finding is about the schema of a kind whose definition changed.
    fn changed_schema(&self, draft: &Draft) -> bool {
        let Some(object) = &draft.finding.object else { return false };
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
        draft.finding.rule.starts_with("schema/")
            && self.custom_kinds.iter().any(|(of, kind)| of == group && *kind == object.kind)
    }
}
