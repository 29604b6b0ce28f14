//! `sortOptions` (api/internal/builtins/SortOrderTransformer.go).

use std::{cmp::Ordering, collections::HashMap};

use smol_str::SmolStr;

use super::{
    gvk::{FIRST, Gvk, LAST},
    kustomization::SortOptions,
    resmap::ResMap,
};
use crate::error::Error;

/// Sorts the objects as the kustomization file asks.
pub(crate) fn sort(objects: &mut ResMap, options: &SortOptions) -> Result<(), Error> {
    let (first, last): (Vec<SmolStr>, Vec<SmolStr>) =
        match (options.order.as_str(), &options.legacy) {
            ("fifo", None) => return Ok(()),
            ("fifo", Some(_)) => {
                return Err(Error::invalid("`legacySortOptions` only goes with `order: legacy`"));
            }
            ("legacy", Some((first, last))) => (first.clone(), last.clone()),
            ("legacy", None) => (
                FIRST.iter().copied().map(SmolStr::from).collect(),
                LAST.iter().copied().map(SmolStr::from).collect(),
            ),
            (order, _) => {
                return Err(Error::invalid(format!(
                    "`sortOptions.order` is `{order}`: it must be legacy or fifo"
                )));
            }
        };
    let mut ranks: HashMap<&str, i64> = HashMap::new();
    for (index, kind) in first.iter().enumerate() {
        ranks.insert(kind, index as i64 - first.len() as i64);
    }
    for (index, kind) in last.iter().enumerate() {
        ranks.insert(kind, index as i64 + 1);
    }
    let rank = |gvk: &Gvk| ranks.get(gvk.kind.as_str()).copied().unwrap_or_default();
    let mut keyed: Vec<_> =
        objects.list.drain(..).map(|resource| (resource.id(), resource)).collect();
    keyed.sort_by(|(a, _), (b, _)| {
        if a.gvk != b.gvk {
            let by_kind = rank(&a.gvk).cmp(&rank(&b.gvk));
            if by_kind != Ordering::Equal {
                return by_kind;
            }
            let namespaces = a.gvk.kind == "Namespace"
                && b.gvk.kind == "Namespace"
                && (a.gvk.group.is_empty() || b.gvk.group.is_empty());
            let by_text = a.gvk.sort_text().cmp(&b.gvk.sort_text());
            return if namespaces { by_text.reverse() } else { by_text };
        }
        text(a).cmp(&text(b))
    });
    objects.list = keyed.into_iter().map(|(_, resource)| resource).collect();
    Ok(())
}

fn text(id: &super::gvk::ResId) -> String {
    let namespace = if id.namespace.is_empty() { "~X" } else { &id.namespace };
    let name = if id.name.is_empty() { "~N" } else { &id.name };
    format!("{}|{namespace}|{name}", id.gvk)
}
