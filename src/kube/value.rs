//! Reading a field without guessing: absent, known, or not knowable.

use spanned_yaml::{Dialect, Node, Scalar};

/// A field's value as Kubernetes would read it.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a, T> {
    /// Not written, or null.
    Absent,
    /// Written, and of the type asked for.
    Known(T, Node<'a>),
    /// Written, but either a variable that isn't resolved (`${NAME}`), or of
    /// another type, which the API server refuses (and which
    /// [`Pod`](super::Pod) reports).
    Unknown(Node<'a>),
}

impl<'a, T> Value<'a, T> {
    /// The value, if it is known.
    pub fn known(self) -> Option<(T, Node<'a>)> {
        match self {
            Self::Known(value, node) => Some((value, node)),
            Self::Absent | Self::Unknown(_) => None,
        }
    }

    /// The node of a value that can't be known.
    pub fn unknown(&self) -> Option<Node<'a>> {
        match self {
            Self::Unknown(node) => Some(*node),
            Self::Absent | Self::Known(..) => None,
        }
    }

    /// Whether the field isn't there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

fn read<'a, T>(
    parent: Option<Node<'a>>,
    key: &str,
    convert: impl FnOnce(Scalar<'a>) -> Option<T>,
) -> Value<'a, T> {
    let Some(node) = parent.and_then(|parent| parent.get(key)) else { return Value::Absent };
    if node.is_null() {
        return Value::Absent;
    }
    if node.kind() != spanned_yaml::Kind::Scalar || is_unresolved(node.text()) {
        return Value::Unknown(node);
    }
    match convert(node.scalar(Dialect::GoYamlV2)) {
        Some(value) => Value::Known(value, node),
        None => Value::Unknown(node),
    }
}

impl<'a> Value<'a, bool> {
    /// Reads `parent[key]` as a boolean.
    pub fn bool(parent: Option<Node<'a>>, key: &str) -> Self {
        read(parent, key, |scalar| match scalar {
            Scalar::Bool(value) => Some(value),
            _ => None,
        })
    }
}

impl<'a> Value<'a, i64> {
    /// Reads `parent[key]` as a whole number.
    pub fn int(parent: Option<Node<'a>>, key: &str) -> Self {
        read(parent, key, |scalar| match scalar {
            Scalar::Int(value) => Some(value),
            // JSON has one number type: 8080.0 decodes into an integer field as 8080 would not.
            _ => None,
        })
    }
}

impl<'a> Value<'a, &'a str> {
    /// Reads `parent[key]` as a string.
    pub fn str(parent: Option<Node<'a>>, key: &str) -> Self {
        let text = parent.and_then(|parent| parent.get(key)).map_or("", |node| node.text());
        read(parent, key, |scalar| match scalar {
            Scalar::Str(_) => Some(text),
            _ => None,
        })
    }
}

/// Texts up to this long, in bytes, are read one byte after the other.
const SHORT: usize = 24;

/// Whether a text holds a Flux variable (`${NAME}`, `${NAME:=default}`) that
/// nothing has substituted: `${` followed by a letter, a digit or `_`, and not
/// escaped as `$${`, see fluxcd/pkg/envsubst; or a value that SOPS has encrypted.
pub fn is_unresolved(text: &str) -> bool {
    if text.starts_with("ENC[AES256_GCM,") {
        return true;
    }
    let bytes = text.as_bytes();
    // Too short a text for a search by words.
    if bytes.len() <= SHORT && !bytes.contains(&b'$') {
        return false;
    }
    memchr::memchr_iter(b'$', bytes).any(|at| {
        let escaped = at > 0 && bytes.get(at - 1) == Some(&b'$');
        let opens = bytes.get(at + 1) == Some(&b'{');
        let named = bytes
            .get(at + 2)
            .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'#');
        opens && named && !escaped
    })
}

#[cfg(test)]
mod tests {
    use super::is_unresolved;

    #[test]
    fn variables_are_seen_and_escapes_are_not() {
        for text in ["${REGISTRY}/app", "a${_b}", "${x:=y}", "${#x}"] {
            assert!(is_unresolved(text), "{text}");
        }
        for text in ["$VAR", "$${VAR}", "$(VAR)", "${}", "${.x}", "$", "${"] {
            assert!(!is_unresolved(text), "{text}");
        }
    }
}
