//! Items of a list that the API server takes for the same: equal values of a set, and equal keys of a
//! list of type `map`.

use std::collections::HashMap;

use spanned_yaml::{Dialect, Kind, Node, Scalar};

use super::model::{Identity, Name};
use crate::kube::is_unresolved;

/// Lists up to this long are compared pair by pair, which allocates nothing.
const SHORT: usize = 8;

/// A value that items are told apart by. Lists and mappings are equal to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Value<'a> {
    Absent,
    Null,
    Boolean(bool),
    Integer(i64),
    /// A number by its bits.
    Number(u64),
    Text(&'a str),
}

/// Reports items that repeat an earlier one: that one, the later one, and what they share.
pub(super) fn repeated<'a>(
    list: Node<'a>,
    identity: &Identity,
    report: &mut dyn FnMut(Node<'a>, Node<'a>, String),
) {
    let keys: &[(Name, Option<Name>)] = match identity {
        Identity::None => return,
        Identity::Set => &[],
        Identity::Keys(keys) => keys,
    };
    let count = list.len();
    if count < 2 {
        return;
    }
    if count <= SHORT {
        for (index, item) in list.items().enumerate().skip(1) {
            let same = list.items().take(index).find(|first| same(*first, item, keys));
            if let Some(first) = same {
                report(first, item, what(item, keys));
            }
        }
        return;
    }
    let mut firsts: HashMap<Vec<Value<'a>>, Node<'a>> = HashMap::with_capacity(count);
    for item in list.items() {
        let Some(values) = values(item, keys) else { continue };
        match firsts.get(&values) {
            Some(first) => report(*first, item, what(item, keys)),
            None => {
                firsts.insert(values, item);
            }
        }
    }
}

fn same<'a>(first: Node<'a>, item: Node<'a>, keys: &[(Name, Option<Name>)]) -> bool {
    if keys.is_empty() {
        return value(first).is_some_and(|value| Some(value) == self::value(item));
    }
    let is_written = |(key, _): &(Name, Option<Name>)| item.get(key).is_some();
    keys.iter().any(is_written)
        && keys.iter().all(|(key, default)| {
            let written = |item: Node<'a>| match item.get(key) {
                Some(node) => value(node),
                None => Some(default_value(default.as_ref())),
            };
            match (written(first), written(item)) {
                (Some(Value::Text(a)), Some(Value::Text(b))) => a == b,
                (a, b) => a.is_some() && a == b,
            }
        })
}

/// The values that an item is told apart by; none if they can't be known, or aren't there.
fn values<'a>(item: Node<'a>, keys: &[(Name, Option<Name>)]) -> Option<Vec<Value<'a>>> {
    if keys.is_empty() {
        return value(item).map(|value| vec![value]);
    }
    if !keys.iter().any(|(key, _)| item.get(key).is_some()) {
        return None;
    }
    keys.iter()
        .map(|(key, default)| match item.get(key) {
            // What stands for a field that isn't written is equal to the same, written.
            Some(node) => value(node).map(|value| match (value, default) {
                (Value::Text(text), Some(default)) if text == default => Value::Absent,
                (value, _) => value,
            }),
            None => Some(Value::Absent),
        })
        .collect()
}

fn default_value(default: Option<&Name>) -> Value<'_> {
    default.map_or(Value::Absent, |default| Value::Text(default))
}

fn value(node: Node<'_>) -> Option<Value<'_>> {
    if node.kind() != Kind::Scalar {
        return None;
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

/// What two items share, as messages name it.
fn what(item: Node<'_>, keys: &[(Name, Option<Name>)]) -> String {
    if keys.is_empty() {
        return format!("value {}", item.text());
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
