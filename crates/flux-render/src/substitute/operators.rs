//! What the operators do to a variable's value (envsubst/funcs.go).

use super::glob;
use crate::kustomize::go_integer;

/// Longest value that patterns are tried on, in bytes: each of its prefixes is.
const LONGEST: usize = 1 << 16;

/// Why a value can't be worked out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Upstream panics: the length of a substring is out of range.
    Range,
    /// The value is too long for patterns.
    Limit,
}

/// The value of an expression.
pub(super) fn apply(
    operator: &str,
    value: &str,
    arguments: &[Vec<u8>],
) -> Result<Vec<u8>, Trouble> {
    let bytes = value.as_bytes();
    let first = arguments.first().map(Vec::as_slice);
    let own = || Ok(bytes.to_vec());
    let pattern = |longest: bool, reversed: bool| {
        let Some(pattern) = first else { return own() };
        if bytes.len() > LONGEST {
            return Err(Trouble::Limit);
        }
        Ok(if reversed {
            reverse(&trim(&reverse(bytes), &reverse(pattern), longest))
        } else {
            trim(bytes, pattern, longest)
        })
    };
    match operator {
        "," => Ok(first_character(value, lower)),
        ",," => Ok(value.chars().map(lower).collect::<String>().into_bytes()),
        "^" => Ok(first_character(value, upper)),
        "^^" => Ok(value.chars().map(upper).collect::<String>().into_bytes()),
        "#" if arguments.is_empty() => Ok(bytes.len().to_string().into_bytes()),
        "#" => pattern(false, false),
        "##" => pattern(true, false),
        "%" => pattern(false, true),
        "%%" => pattern(true, true),
        ":" => substring(bytes, arguments),
        "/" | "//" => {
            let Some(old) = first else { return own() };
            let new = arguments.get(1).map(Vec::as_slice).unwrap_or_default();
            Ok(replace(bytes, old, new, operator == "//"))
        }
        "/#" => match arguments {
            [old, new] if bytes.starts_with(old) => Ok(replace(bytes, old, new, false)),
            _ => own(),
        },
        "/%" => match arguments {
            [old, new] => match bytes.strip_suffix(old.as_slice()) {
                Some(start) => Ok([start, new].concat()),
                None => own(),
            },
            _ => own(),
        },
        _ if bytes.is_empty() => Ok(arguments.concat()),
        _ => own(),
    }
}

fn first_character(value: &str, change: fn(char) -> char) -> Vec<u8> {
    let mut characters = value.chars();
    let Some(first) = characters.next() else { return Vec::new() };
    format!("{}{}", change(first), characters.as_str()).into_bytes()
}

/// Go's `unicode.ToUpper`: one character for one.
fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // Greek letters with a subscript iota become two characters elsewhere.
        _ => match u32::from(character) {
            code @ (0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7) => {
                char::from_u32(code + 8).unwrap_or(character)
            }
            code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(character),
            _ => character,
        },
    }
}

/// Go's `unicode.ToLower`: one character for one.
fn lower(character: char) -> char {
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ if character == '\u{130}' => 'i',
        _ => character,
    }
}

fn integer(argument: &[u8]) -> Option<i64> {
    std::str::from_utf8(argument).ok().and_then(go_integer)
}

/// Bytes from a position, perhaps so many.
fn substring(value: &[u8], arguments: &[Vec<u8>]) -> Result<Vec<u8>, Trouble> {
    let own = || Ok(value.to_vec());
    let length = value.len() as i64;
    let Some(position) = arguments.first().and_then(|argument| integer(argument)) else {
        return own();
    };
    let position = if position < 0 { length.saturating_add(position).max(0) } else { position };
    let cut = |from: i64, to: i64| {
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        range.and_then(|(from, to)| value.get(from..to)).map(<[u8]>::to_vec).ok_or(Trouble::Range)
    };
    let rest = || if position < length { cut(position, length) } else { Ok(Vec::new()) };
    let Some(second) = arguments.get(1) else { return rest() };
    let Some(count) = integer(second) else { return own() };
    if count < 0 {
        let end = length.saturating_add(count);
        return if end < position { Ok(Vec::new()) } else { cut(position, end) };
    }
    // Go's sum wraps around, and then the cut panics.
    match position.checked_add(count) {
        Some(end) if end >= length => rest(),
        Some(end) => cut(position, end),
        None => Err(Trouble::Range),
    }
}

/// Go's `strings.Replace`, whose empty old text matches before every character and at the end.
fn replace(value: &[u8], old: &[u8], new: &[u8], all: bool) -> Vec<u8> {
    if old == new {
        return value.to_vec();
    }
    let mut out = Vec::new();
    if old.is_empty() {
        out.extend(new);
        if all {
            for character in String::from_utf8_lossy(value).chars() {
                let mut buffer = [0; 4];
                out.extend(character.encode_utf8(&mut buffer).as_bytes());
                out.extend(new);
            }
        } else {
            out.extend(value);
        }
        return out;
    }
    let mut rest = value;
    while let Some(found) = memchr::memmem::find(rest, old) {
        let (before, behind) = rest.split_at(found);
        out.extend(before);
        out.extend(new);
        rest = behind.get(old.len()..).unwrap_or_default();
        if !all {
            break;
        }
    }
    out.extend(rest);
    out
}

/// Takes off the shortest or longest start that a pattern matches; never an empty one.
fn trim(value: &[u8], pattern: &[u8], longest: bool) -> Vec<u8> {
    let mut shortest = None;
    for length in (1..=value.len()).rev() {
        let Some(start) = value.get(..length) else { break };
        match glob::matches(pattern, start) {
            Err(glob::BadPattern) => return value.to_vec(),
            Ok(true) if longest => return value.get(length..).unwrap_or_default().to_vec(),
            Ok(true) => shortest = Some(length),
            Ok(false) => {}
        }
    }
    value.get(shortest.unwrap_or(0)..).unwrap_or_default().to_vec()
}

/// The characters from the last to the first.
fn reverse(bytes: &[u8]) -> Vec<u8> {
    String::from_utf8_lossy(bytes).chars().rev().collect::<String>().into_bytes()
}
