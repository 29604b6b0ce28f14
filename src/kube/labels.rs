//! Labels, and what may be one.

use spanned_yaml::{Kind, Node};

use super::{is_unresolved, names::is_dns_subdomain};

/// The labels of a pod or namespace.
#[derive(Clone, Debug, Default)]
pub struct Labels<'a> {
    /// Sorted by key; each key once.
    entries: Vec<Label<'a>>,
    /// A place that leaves open which keys there are.
    open: Option<Node<'a>>,
}

/// One label.
#[derive(Clone, Copy, Debug)]
struct Label<'a> {
    key: &'a str,
    /// None if it can't be known offline.
    value: Option<&'a str>,
    node: Option<Node<'a>>,
}

impl<'a> Labels<'a> {
    /// Reads `metadata.labels`. What isn't a string leaves the value open.
    pub fn read(metadata: Option<Node<'a>>) -> Self {
        let mut labels = Self::default();
        let written = metadata.and_then(|metadata| metadata.get("labels"));
        let Some(written) = written.filter(|node| !node.is_null()) else { return labels };
        if written.kind() != Kind::Mapping {
            labels.open = Some(written);
            return labels;
        }
        for entry in written.entries() {
            let key = entry.key.text();
            if is_unresolved(key) {
                labels.open = Some(entry.key);
                continue;
            }
            let value = match entry.value.as_str() {
                Some(value) => Some(value).filter(|value| !is_unresolved(value)),
                None => entry.value.is_null().then_some(""),
            };
            labels.entries.push(Label { key, value, node: Some(entry.value) });
        }
        // Of a key that is written twice the last counts.
        labels.entries.reverse();
        labels.entries.sort_by_key(|label| label.key);
        labels.entries.dedup_by_key(|label| label.key);
        labels
    }

    /// Sets a label that the API server gives.
    #[must_use]
    pub fn with(mut self, key: &'a str, value: &'a str) -> Self {
        self.entries.retain(|label| label.key != key);
        let at = self.entries.partition_point(|label| label.key < key);
        self.entries.insert(at, Label { key, value: Some(value), node: None });
        self
    }

    /// What is known of a key.
    pub fn get(&self, key: &str) -> LabelValue<'a> {
        match self.entries.binary_search_by(|label| label.key.cmp(key)) {
            Ok(at) => match self.entries.get(at) {
                Some(Label { value: Some(value), .. }) => LabelValue::Known(value),
                _ => LabelValue::Unknown,
            },
            Err(_) if self.open.is_some() => LabelValue::Open,
            Err(_) => LabelValue::Absent,
        }
    }

    /// The labels whose values are known.
    pub fn known(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.entries.iter().filter_map(|label| Some((label.key, label.value?)))
    }

    /// Places of what isn't known.
    pub fn unknowns(&self) -> impl Iterator<Item = Node<'a>> {
        let values = self.entries.iter().filter(|label| label.value.is_none());
        self.open.into_iter().chain(values.filter_map(|label| label.node))
    }
}

/// What is known of one label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelValue<'a> {
    /// Not there.
    Absent,
    /// There, with this value.
    Known(&'a str),
    /// There, with a value that isn't known.
    Unknown,
    /// It isn't known whether it is there.
    Open,
}

/// Why `key` can't be a label's key, if it can't: `IsLabelKey` of
/// k8s.io/apimachinery/pkg/api/validate/content.
pub fn invalid_label_key(key: &str) -> Option<&'static str> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    if prefix.is_some_and(|prefix| !is_dns_subdomain(prefix)) {
        return Some("the part before / must be a DNS name in lower case");
    }
    (!is_label_name(name)).then_some(
        "it must be 1 to 63 letters, digits, -, _ and ., and start and end with a letter or digit",
    )
}

/// Why `value` can't be a label's value, if it can't: `IsLabelValue` of the same package.
pub fn invalid_label_value(value: &str) -> Option<&'static str> {
    (!value.is_empty() && !is_label_name(value)).then_some(
        "it must be at most 63 letters, digits, -, _ and ., and start and end with a letter or digit",
    )
}

fn is_label_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    bytes.len() <= 63
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().all(|byte| IN_NAME.get(usize::from(*byte)) == Some(&true))
}

/// The bytes of names of labels. Every object has some, and so a look into a table decides.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'-' | b'_' | b'.');
        byte += 1;
    }
    table
};
