//! What may be a name, by the grammars of `k8s.io/apimachinery/pkg/util/validation`.
//!
//! Each function tells why a text isn't one, in words that follow `it must`; nothing if it is.

/// A label of a DNS name (RFC 1123), as containers, volumes and namespaces have them.
pub fn invalid_dns_label(text: &str) -> Option<&'static str> {
    (text.len() > 63 || !is_dns_label(text)).then_some(
        "be at most 63 lower-case letters, digits and -, and start and end with a letter or digit",
    )
}

/// A DNS name (RFC 1123): labels with dots between them. The names of most objects.
pub fn invalid_dns_subdomain(text: &str) -> Option<&'static str> {
    (!is_dns_subdomain(text)).then_some(
        "be at most 253 lower-case letters, digits, - and ., and start and end with a letter or digit, \
         also around each dot",
    )
}

/// A label of a DNS name as RFC 1035 has it: it starts with a letter.
pub fn invalid_dns_1035_label(text: &str) -> Option<&'static str> {
    let starts = text.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    (!starts || text.len() > 63 || !is_dns_label(text)).then_some(
        "be at most 63 lower-case letters, digits and -, start with a letter, and end with a letter or \
         digit",
    )
}

/// A name that can stand in the path of a URL (`content.IsPathSegmentName`).
pub fn invalid_path_segment(text: &str) -> Option<&'static str> {
    (matches!(text, "." | "..") || text.contains(['/', '%']))
        .then_some("have no / and no %, and be neither . nor ..")
}

/// Why a text to which something is added can't be such a name: a hyphen may stand at its end. Upstream
/// puts an `a` for the last two characters (`maskTrailingDash`).
pub fn invalid_prefix(
    text: &str,
    invalid: impl Fn(&str) -> Option<&'static str>,
) -> Option<&'static str> {
    match text.strip_suffix('-').and_then(|rest| rest.char_indices().next_back()) {
        Some((end, _)) => invalid(&format!("{}a", text.get(..end).unwrap_or_default())),
        None => invalid(text),
    }
}

/// The name of a port (IANA service name, RFC 6335).
pub fn invalid_port_name(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let is_good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let is_name = bytes.len() <= 15
        && bytes.iter().all(is_good)
        && bytes.iter().any(u8::is_ascii_lowercase)
        && !text.contains("--")
        && !text.starts_with('-')
        && !text.ends_with('-');
    (!is_name).then_some(
        "be at most 15 lower-case letters, digits and single -, with a letter among them and no - at \
         either end",
    )
}

/// The name of an environment variable, until Kubernetes 1.31.
pub fn invalid_environment_name(text: &str) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let is_good = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_name = bytes.first().is_some_and(|byte| !byte.is_ascii_digit())
        && bytes.iter().all(is_good)
        && !climbs(text);
    (!is_name).then_some(
        "be letters, digits, -, _ and ., not start with a digit, and be no . and start with no ..",
    )
}

/// The name of an environment variable, since Kubernetes 1.32.
pub fn invalid_relaxed_environment_name(text: &str) -> Option<&'static str> {
    let is_good = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'=';
    (text.is_empty() || !text.bytes().all(is_good))
        .then_some("be ASCII characters that can be printed, without =")
}

/// A key of a ConfigMap or a Secret.
pub fn invalid_config_key(text: &str) -> Option<&'static str> {
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let is_key =
        !text.is_empty() && text.len() <= 253 && text.bytes().all(is_good) && !climbs(text);
    (!is_key)
        .then_some("be at most 253 letters, digits, -, _ and ., and be no . and start with no ..")
}

/// Why a path isn't relative and below where it starts, if it isn't.
pub fn invalid_descending_path(text: &str) -> Option<&'static str> {
    if text.starts_with('/') {
        return Some("be a relative path");
    }
    has_parent(text).then_some("have no .. in it")
}

/// Whether one of a path's parts is `..`.
pub fn has_parent(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// As [`invalid_dns_subdomain`], with `*.` before it.
pub fn invalid_wildcard(text: &str) -> Option<&'static str> {
    (text.len() > 253 || !text.strip_prefix("*.").is_some_and(is_dns_subdomain))
        .then_some("be *. and a DNS name in lower case")
}

/// Whether it is `.` or starts with `..`.
fn climbs(text: &str) -> bool {
    text == "." || text.starts_with("..")
}

fn is_dns_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_lower = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    bytes.first().is_some_and(is_lower)
        && bytes.last().is_some_and(is_lower)
        && bytes.iter().all(|byte| is_lower(byte) || *byte == b'-')
}

/// RFC 1123, as `IsDNS1123Subdomain`.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    let mut before = b'.';
    for byte in text.bytes() {
        let fits = match byte {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'-' => before != b'.',
            b'.' => !matches!(before, b'.' | b'-'),
            _ => false,
        };
        if !fits {
            return false;
        }
        before = byte;
    }
    text.len() <= 253 && !matches!(before, b'.' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_apimachinery_takes() {
        type Invalid = fn(&str) -> Option<&'static str>;
        let cases: &[(Invalid, &[&str], &[&str])] = &[
            (invalid_dns_label, &["a", "1a", "a-b"], &["", "-a", "a-", "A", "a.b", "a_b"]),
            (invalid_dns_subdomain, &["a", "a.b", "1.2"], &["", "a..b", ".a", "a.", "a.-b", "A"]),
            (invalid_dns_1035_label, &["a", "a1"], &["", "1a", "a.b", "A"]),
            (invalid_path_segment, &["a:b", "A", "", "..."], &[".", "..", "a/b", "a%b"]),
            (
                invalid_port_name,
                &["http", "a1", "1a", "a-b-c"],
                &["", "1", "a--b", "-a", "a-", "A", "abcdefghijklmnop", "a_b"],
            ),
            (invalid_environment_name, &["A", "a.b", "_a", "-a"], &["", "1A", ".", "..a", "A B"]),
            (invalid_relaxed_environment_name, &["A B", "1", "a/b"], &["", "a=b", "ä", "a\tb"]),
            (invalid_config_key, &["a", "A.b", ".a", "1"], &["", ".", "..", "..a", "a/b", "a b"]),
            (invalid_wildcard, &["*.a", "*.a.b"], &["*", "a", "*.*.a", "*a"]),
            (invalid_descending_path, &["a", "a/b", "..a"], &["/a", "..", "a/../b"]),
        ];
        for (invalid, good, bad) in cases {
            for text in *good {
                assert_eq!(invalid(text), None, "{text}");
            }
            for text in *bad {
                assert!(invalid(text).is_some(), "{text}");
            }
        }
        assert!(invalid_dns_label(&"a".repeat(64)).is_some());
        assert!(invalid_dns_subdomain(&["a"; 128].join(".")).is_some());
    }
}
