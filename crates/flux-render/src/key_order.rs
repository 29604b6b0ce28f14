//! The order in which go-yaml v2 writes keys (sorter.go).

use std::{borrow::Cow, cmp::Ordering};

use crate::{
    error::Error,
    tree::{Id, Kind, Node, Tag, Tree},
    value::{self, Value},
};

/// A mapping's entries as they are written.
pub(crate) struct Sorted<'t> {
    /// Keys with their values.
    pub(crate) entries: Cow<'t, [[Id; 2]]>,
    /// Each key is surely a word ([`value::is_word`]).
    pub(crate) are_words: bool,
}

/// The entries in go-yaml's order, each key once and a string.
pub(crate) fn sorted_entries(tree: &Tree, id: Id) -> Result<Sorted<'_>, Error> {
    let entries = tree.pairs(id);
    let (mut before, mut ascending, mut are_words) = ("", true, true);
    for [key, _] in entries {
        let node = tree.node(*key);
        let text = node.text.as_str();
        let may_be_word = node.kind == Kind::Scalar && matches!(node.tag, Tag::None | Tag::Str);
        let is_word = may_be_word && value::is_word(text);
        are_words &= is_word;
        ascending &= is_word && before < text && is_alphabetic(text);
        before = text;
        if !is_word && !is_string(node, id == tree.root()) {
            return Err(Error::invalid(format!(
                "the key `{text}` isn't a string: write it in quotes"
            ))
            .at(node.origin.place));
        }
    }
    // So most are.
    if ascending || entries.len() == 1 {
        return Ok(Sorted { entries: Cow::Borrowed(entries), are_words });
    }
    let mut entries = entries.to_vec();
    let sorted =
        |[a, _]: &[Id; 2], [b, _]: &[Id; 2]| key_order(tree.text(*a), tree.text(*b)).is_le();
    if entries.len() <= FEW {
        insert_sorted(&mut entries, &sorted);
    } else if !entries.is_sorted_by(sorted) {
        entries = merge_sorted(entries, &sorted);
    }
    if let Some(key) = written_twice(tree, &entries) {
        return Err(Error::invalid(format!("the key `{}` is written twice", tree.text(key)))
            .at(tree.node(key).origin.place));
    }
    Ok(Sorted { entries: Cow::Owned(entries), are_words })
}

/// Whether a key that isn't a word is a string. Keys of the root are, whatever they say.
fn is_string(key: &Node, of_root: bool) -> bool {
    key.kind == Kind::Scalar
        && (of_root
            || matches!(value::scalar(key), Ok(Value::String(_))) && key.tag != Tag::Timestamp)
}

/// A merge sort. go-yaml's order goes in circles (`a2`, `a10`, `a1b`), for which the standard
/// library's sort may panic.
fn merge_sorted<T: Copy>(mut list: Vec<T>, in_order: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    if list.len() < 2 {
        return list;
    }
    let right = merge_sorted(list.split_off(list.len() / 2), in_order);
    let left = merge_sorted(list, in_order);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if in_order(a, b) { &mut left } else { &mut right };
        merged.extend(from.next());
    }
    merged.extend(left.chain(right));
    merged
}

/// Mappings of so many entries are sorted, and compared entry by entry, in place.
const FEW: usize = 8;

/// Go sorts short lists so, too.
fn insert_sorted<T>(list: &mut [T], in_order: &impl Fn(&T, &T) -> bool) {
    for end in 1..list.len() {
        for at in (1..=end).rev() {
            match list.get_mut(at - 1..=at) {
                Some([a, b]) if !in_order(a, b) => std::mem::swap(a, b),
                _ => break,
            }
        }
    }
}

/// A key that is there for the second time.
fn written_twice(tree: &Tree, entries: &[[Id; 2]]) -> Option<Id> {
    if entries.len() <= FEW {
        return entries.iter().enumerate().find_map(|(number, [key, _])| {
            let mut before = entries.iter().take(number);
            before.any(|[other, _]| tree.text(*other) == tree.text(*key)).then_some(*key)
        });
    }
    let mut keys: Vec<Id> = entries.iter().map(|[key, _]| *key).collect();
    keys.sort_by_key(|key| tree.text(*key));
    keys.array_windows().find(|[a, b]| tree.text(*a) == tree.text(*b)).map(|[_, key]| *key)
}

fn is_alphabetic(text: &str) -> bool {
    // Without a way out: keys are short.
    text.bytes().fold(true, |all, byte| all & byte.is_ascii_alphabetic())
}

/// [`key_order`] of texts that are ASCII up to where they differ, and differ in no digit there.
fn ascii_order(a: &[u8], b: &[u8]) -> Option<Ordering> {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y && x.is_ascii()).count();
    let (Some(x), Some(y)) = (a.get(same), b.get(same)) else {
        // One is the start of the other: more characters are more bytes.
        return Some(a.len().cmp(&b.len()));
    };
    if !x.is_ascii() || !y.is_ascii() {
        return None;
    }
    let (letter_x, letter_y) = (x.is_ascii_alphabetic(), y.is_ascii_alphabetic());
    let decides = letter_x || letter_y || !(x.is_ascii_digit() || y.is_ascii_digit());
    decides.then(|| letter_x.cmp(&letter_y).then(x.cmp(y)))
}

/// go-yaml's order of keys: letters behind everything else, numbers by their size.
fn key_order(a: &str, b: &str) -> Ordering {
    if is_alphabetic(a) && is_alphabetic(b) {
        return a.cmp(b);
    }
    if let Some(order) = ascii_order(a.as_bytes(), b.as_bytes()) {
        return order;
    }
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let (Some(x), Some(y)) = (a.chars().nth(same), b.chars().nth(same)) else {
        return a.chars().count().cmp(&b.chars().count());
    };
    let (letter_x, letter_y) = (x.is_alphabetic(), y.is_alphabetic());
    if letter_x || letter_y || !(x.is_numeric() || y.is_numeric()) {
        return letter_x.cmp(&letter_y).then(x.cmp(&y));
    }
    // A zero at the front of a number doesn't count, one within it does.
    let before: Vec<char> = a.chars().take(same).collect();
    let within = before.iter().rev().take_while(|c| c.is_numeric()).any(|c| *c != '0');
    let lead = i64::from((x == '0' || y == '0') && within);
    let number = |text: &str| {
        let digits = text.chars().skip(same).take_while(|c| c.is_numeric());
        digits.fold((lead, 0), |(sum, length), c| {
            let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
            (sum.wrapping_mul(10).wrapping_add(digit), length + 1)
        })
    };
    number(a).cmp(&number(b)).then(x.cmp(&y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_ordered_as_go_yaml_orders_them() {
        let keys = vec!["b", "a10", "a2", "a", "A", "a-b", "a.b", "a/b", "0", "00", "~", "z/9"];
        assert_eq!(
            merge_sorted(keys, &|a, b| key_order(a, b).is_le()),
            ["~", "0", "00", "A", "a", "a-b", "a.b", "a/b", "a2", "a10", "b", "z/9"]
        );
    }

    #[test]
    fn keys_whose_order_goes_in_circles_are_sorted_somehow() {
        let keys: Vec<String> =
            (0..200).flat_map(|n| [format!("a{n}"), format!("a{n}b")]).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sorted = merge_sorted(keys.clone(), &|a, b| key_order(a, b).is_le());
        let all = |keys: &[&str]| {
            keys.iter().map(|key| (*key).to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(all(&sorted), all(&keys));
    }
}
