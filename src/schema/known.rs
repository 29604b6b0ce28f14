//! What is known of trees that several clusters have: each is read and walked once.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use by_address::ByAddress;
use rustc_hash::{FxHashMap, FxHashSet};
use spanned_yaml::{Node, NodeId, Tree};

use super::{custom::Broken, model::Schema, versions::Versions};
use crate::kube::Object;

/// What was found out about the trees of clusters.
#[derive(Debug, Default)]
pub struct Known {
    schemas: Mutex<FxHashMap<Written, Slot>>,
    clean: Mutex<FxHashSet<Walk>>,
}

/// A schema in a CRD: where it stands, and whether it is one of a constraint.
type Written = (ByAddress<Arc<Tree>>, NodeId, Option<bool>);

/// A walk: of an object, by the schema of an address, for versions of Kubernetes.
type Walk = (ByAddress<Arc<Tree>>, NodeId, usize, Versions);

/// A schema that a CRD holds, once it is read.
pub(super) type Slot = Arc<OnceLock<Result<Schema, Broken>>>;

impl Known {
    /// The schema at a node, and whether it is one of a constraint.
    pub(super) fn schema(
        &self,
        tree: &Arc<Tree>,
        node: Node<'_>,
        constraint: Option<bool>,
    ) -> Slot {
        let mut schemas = self.schemas.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (ByAddress(Arc::clone(tree)), node.id(), constraint);
        Arc::clone(schemas.entry(key).or_default())
    }

    /// Whether there is nothing to say of an object by this schema; by Kubernetes' own, if none.
    pub(super) fn is_clean(
        &self,
        object: &Object<'_>,
        schema: Option<&Schema>,
        versions: Versions,
    ) -> bool {
        let clean = self.clean.lock().unwrap_or_else(PoisonError::into_inner);
        clean.contains(&walk(object, schema, versions))
    }

    /// Notes that there isn't.
    pub(super) fn note_clean(
        &self,
        object: &Object<'_>,
        schema: Option<&Schema>,
        versions: Versions,
    ) {
        let mut clean = self.clean.lock().unwrap_or_else(PoisonError::into_inner);
        clean.insert(walk(object, schema, versions));
    }
}

fn walk(object: &Object<'_>, schema: Option<&Schema>, versions: Versions) -> Walk {
    // Schemas aren't freed before what is known of them.
    let schema = schema.map_or(0, |schema| std::ptr::from_ref(schema) as usize);
    (ByAddress(Arc::clone(&object.file.tree)), object.root.id(), schema, versions)
}
