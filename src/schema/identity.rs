//! Items of a list that the API server takes for the same: equal values of a set, and equal keys of a
//! list of type `map`.

use rustc_hash::{FxHashMap, FxHashSet};
use spanned_yaml::{Dialect, Kind, Node, Scalar};

use super::model::{Identity, Name};
use crate::kube::is_unresolved;

/// Lists up to this long are compared pair by pair, which allocates nothing.
const SHORT: usize = 8;

/// A value that items are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Value<'a> {
    Absent,
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number by its bits.
    Number(u64),
    Text(&'a str),
    /// A list or a mapping, written in one way.
    Composite(String),
}

/// Reports items that repeat an earlier one: that one, the later one, and what they share.
pub(super) fn repeated<'a>(
    list: Node<'a>,
    identity: &Identity,
    report: &mut dyn FnMut(Node<'a>, Node<'a>, String),
) {
    let mut for_null = None;
    let keys: &[(Name, Option<Name>)] = match identity {
        Identity::None => return,
        Identity::Set(default) => {
            for_null = default.as_ref();
            &[]
        }
        Identity::Keys(keys) => keys,
    };
    let count = list.items().take(SHORT + 1).count();
    if count < 2 {
        return;
    }
    if let [(key, None)] = keys
        && are_different_texts(list, key)
    {
        return;
    }
    if count <= SHORT {
        for (index, item) in list.items().enumerate().skip(1) {
            let same = list.items().take(index).find(|first| same(*first, item, keys, for_null));
            if let Some(first) = same {
                report(first, item, what(item, keys));
            }
        }
        return;
    }
    let mut firsts: FxHashMap<Vec<Value<'_>>, Node<'a>> = FxHashMap::default();
    for item in list.items() {
        let Some(values) = values(item, keys, for_null) else { continue };
        match firsts.get(&values) {
            Some(first) => report(*first, item, what(item, keys)),
            None => {
                firsts.insert(values, item);
            }
        }
    }
}

/// Whether the items have each a text of their own at this key, without variables: so it is with
/// almost all lists. Others have to be looked at more closely.
fn are_different_texts(list: Node<'_>, key: &str) -> bool {
    let (mut first, mut more) = ([""; SHORT], FxHashSet::default());
    for (known, item) in list.items().enumerate() {
        let Some(node) = item.get(key) else { return false };
        let Scalar::Str(text) = node.scalar(Dialect::GoYamlV2) else { return false };
        let before = first.get(..known).unwrap_or(&first);
        if node.kind() != Kind::Scalar || is_unresolved(text) || before.contains(&text) {
            return false;
        }
        match first.get_mut(known) {
            Some(slot) => *slot = text,
            None if more.insert(text) => {}
            None => return false,
        }
    }
    true
}

fn same<'a>(
    first: Node<'a>,
    item: Node<'a>,
    keys: &'a [(Name, Option<Name>)],
    for_null: Option<&'a Name>,
) -> bool {
    if keys.is_empty() {
        return of_set(first, for_null).is_some_and(|value| Some(value) == of_set(item, for_null));
    }
    keys.iter().any(|key| has_key(item, key))
        && keys.iter().all(|(key, default)| {
            let written = |item: Node<'a>| match item.get(key) {
                Some(node) if !(default.is_some() && node.is_null()) => value(node),
                _ => Some(default_value(default.as_ref())),
            };
            match (written(first), written(item)) {
                (Some(Value::Text(a)), Some(Value::Text(b))) => a == b,
                (a, b) => a.is_some() && a == b,
            }
        })
}

/// The values that an item is told apart by; none if they can't be known, or aren't there.
fn values<'a>(
    item: Node<'a>,
    keys: &'a [(Name, Option<Name>)],
    for_null: Option<&'a Name>,
) -> Option<Vec<Value<'a>>> {
    if keys.is_empty() {
        return of_set(item, for_null).map(|value| vec![value]);
    }
    if !keys.iter().any(|key| has_key(item, key)) {
        return None;
    }
    keys.iter()
        .map(|(key, default)| match item.get(key) {
            // What stands for a field that isn't written is equal to the same, written.
            Some(node) if !(default.is_some() && node.is_null()) => {
                value(node).map(|value| match (value, default) {
                    (Value::Text(text), Some(default)) if text == default => Value::Absent,
                    (value, _) => value,
                })
            }
            _ => Some(Value::Absent),
        })
        .collect()
}

/// Whether an item has a key once defaults are set.
fn has_key(item: Node<'_>, (key, default): &(Name, Option<Name>)) -> bool {
    default.is_some() || item.get(key).is_some()
}

fn default_value(default: Option<&Name>) -> Value<'_> {
    default.map_or(Value::Absent, |default| Value::Text(default))
}

/// An item of a set.
fn of_set<'a>(item: Node<'a>, for_null: Option<&'a Name>) -> Option<Value<'a>> {
    match (value(item), for_null) {
        (Some(Value::Null), Some(default)) => Some(Value::Text(default)),
        (value, _) => value,
    }
}

fn value(node: Node<'_>) -> Option<Value<'_>> {
    if node.kind() != Kind::Scalar {
        let mut text = String::new();
        return write_composite(node, &mut text, 0).then_some(Value::Composite(text));
    }
    Some(match node.scalar(Dialect::GoYamlV2) {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Boolean(value),
        Scalar::Int(value) => Value::Integer(value),
        Scalar::UInt(value) => Value::Number(value),
        Scalar::Float(value) => Value::Number(value.to_bits()),
        Scalar::Str(text) | Scalar::Timestamp(text) | Scalar::Binary(text) => {
            if is_unresolved(text) {
                return None;
            }
            Value::Text(text)
        }
    })
}

/// Mappings nested deeper aren't compared.
const MAX_DEPTH: usize = 32;

/// Writes a value with its keys in order; false if it can't be known.
fn write_composite(node: Node<'_>, text: &mut String, depth: usize) -> bool {
    use std::fmt::Write;
    let node = node.target();
    match node.kind() {
        _ if depth > MAX_DEPTH => false,
        Kind::Mapping => {
            let mut entries: Vec<_> = node.entries().collect();
            entries.sort_by_key(|entry| entry.key.text());
            text.push('{');
            let is_known = entries.into_iter().all(|entry| {
                let _ = write!(text, "{:?}:", entry.key.text());
                write_composite(entry.value, text, depth + 1)
            });
            text.push('}');
            is_known
        }
        Kind::Sequence => {
            text.push('[');
            let is_known = node.items().all(|item| write_composite(item, text, depth + 1));
            text.push(']');
            is_known
        }
        _ => match value(node) {
            Some(value) => {
                let _ = write!(text, "{value:?},");
                true
            }
            None => false,
        },
    }
}

/// What two items share, as messages name it.
fn what(item: Node<'_>, keys: &[(Name, Option<Name>)]) -> String {
    if keys.is_empty() {
        return match item.kind() {
            Kind::Scalar => format!("value {}", item.text()),
            _ => "value".to_owned(),
        };
    }
    let parts: Vec<String> = keys
        .iter()
        .filter_map(|(key, default)| {
            let text = item.get(key).map(|node| node.text()).or(default.as_deref())?;
            Some(format!("{key} {text}"))
        })
        .collect();
    parts.join(" and ")
}
