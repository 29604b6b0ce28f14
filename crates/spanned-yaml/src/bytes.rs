//! From bytes to text.

use crate::{Error, ErrorKind, Limits, Span, Tree, tree::parse_checked};

/// Parses bytes within `limits`. Never fails: errors are in the tree.
///
/// UTF-16 and UTF-32 are refused. Each byte that isn't part of valid UTF-8 is
/// taken for a `?`, so that offsets hold, and breaks the document in which it
/// stands; the others are parsed.
///
/// ```
/// use spanned_yaml::{Limits, parse_bytes};
/// let tree = parse_bytes(b"a: \xFF\n---\nb: 1\n".to_vec(), &Limits::default());
/// assert_eq!(tree.errors()[0].message, "the byte 0xFF is not UTF-8");
/// assert_eq!(tree.root(1).unwrap().get("b").unwrap().as_i64(), Some(1));
/// ```
pub fn parse_bytes(bytes: Vec<u8>, limits: &Limits) -> Tree {
    if let Some(encoding) = other_encoding(&bytes) {
        let message = format!("the file is {encoding}");
        return Tree::refused(ErrorKind::Encoding, message, Some("save it as UTF-8".to_owned()));
    }
    if bytes.len() > limits.max_bytes as usize {
        let message = format!("larger than {} bytes", limits.max_bytes);
        return Tree::refused(ErrorKind::SizeLimit, message, None);
    }
    match String::from_utf8(bytes) {
        Ok(text) => parse_checked(text.into(), &[], limits),
        Err(error) => {
            let (text, invalid) = replace_invalid(error.into_bytes());
            parse_checked(text.into(), &invalid, limits)
        }
    }
}

/// The encoding, if the first bytes show another than UTF-8: by their byte order
/// mark, or by the zero bytes of ASCII characters.
fn other_encoding(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Some("UTF-32"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Some("UTF-16"),
        _ => {}
    }
    match bytes.get(..4)?.iter().map(|byte| *byte == 0).collect::<Vec<_>>().as_slice() {
        [true, true, true, false] | [false, true, true, true] => Some("UTF-32"),
        [true, false, true, false] | [false, true, false, true] => Some("UTF-16"),
        _ => None,
    }
}

/// More are not worth listing: the file is no text.
const MAX_INVALID: usize = 10_000;

fn replace_invalid(mut bytes: Vec<u8>) -> (String, Vec<Error>) {
    let mut errors = Vec::new();
    let mut from = 0;
    while let Some(rest) = bytes.get(from..) {
        let Err(error) = std::str::from_utf8(rest) else { break };
        let at = from + error.valid_up_to();
        let end = error.error_len().map_or(bytes.len(), |len| at + len);
        for offset in at..end {
            if let Some(byte) = bytes.get_mut(offset) {
                if errors.len() < MAX_INVALID {
                    let message = format!("the byte 0x{byte:02X} is not UTF-8");
                    let error =
                        Error::new(ErrorKind::Encoding, message, Span::new(offset, offset + 1));
                    errors.push(*error.help("save the file as UTF-8"));
                }
                *byte = b'?';
            }
        }
        from = end;
    }
    (String::from_utf8(bytes).unwrap_or_default(), errors)
}
