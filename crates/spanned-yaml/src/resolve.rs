//! What a scalar means, in the two dialects that Kubernetes' tools read.
//!
//! From resolve.go and decode.go of go-yaml v2 (go.yaml.in/yaml/v2, by which
//! sigs.k8s.io/yaml reads for kubectl, the API machinery and Flux) and v3
//! (go.yaml.in/yaml/v3, by which kustomize loads files).

use crate::{Style, timestamp::is_timestamp};

/// Whose reading of scalars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// go-yaml v2: `on`, `yes`, `y` are booleans; `0644` is octal.
    GoYamlV2,
    /// go-yaml v3: `on`, `yes`, `y` are strings; `0o644` and `0644` are octal.
    GoYamlV3,
}

/// A resolved scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'t> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number.
    Float(f64),
    /// A date, with or without time, as written.
    Timestamp(&'t str),
    /// `!!binary`, as written: in base64.
    Binary(&'t str),
    /// A text; also a value that contradicts its tag, which go-yaml refuses.
    Str(&'t str),
}

const STR: &str = "tag:yaml.org,2002:str";
const PREFIX: &str = "tag:yaml.org,2002:";

/// Resolves a scalar by its tag, style and text.
pub(crate) fn resolve<'t>(
    tag: Option<&str>,
    style: Style,
    text: &'t str,
    dialect: Dialect,
) -> Scalar<'t> {
    // A scalar with quotes and without tag is a string; `!` says the same.
    let tag = match tag {
        None if style != Style::Plain => return Scalar::Str(text),
        None => return plain(text, "", dialect),
        // The non-specific tag: v3 drops it and looks at the style alone.
        Some("!") if dialect == Dialect::GoYamlV2 || style != Style::Plain => STR,
        Some("!") => "",
        Some(tag) => tag,
    };
    let wanted = match tag.strip_prefix(PREFIX) {
        Some(wanted @ ("bool" | "int" | "float" | "null" | "timestamp")) => wanted,
        None if tag.is_empty() => "",
        Some("binary") => return Scalar::Binary(text),
        _ => return Scalar::Str(text),
    };
    let scalar = plain(text, wanted, dialect);
    match (wanted, scalar) {
        ("", scalar) => scalar,
        #[allow(clippy::cast_precision_loss, reason = "as go-yaml converts")]
        ("float", Scalar::Int(value)) => Scalar::Float(value as f64),
        ("bool", Scalar::Bool(_))
        | ("int", Scalar::Int(_) | Scalar::UInt(_))
        | ("float", Scalar::Float(_))
        | ("null", Scalar::Null)
        | ("timestamp", Scalar::Timestamp(_)) => scalar,
        _ => Scalar::Str(text),
    }
}

/// Resolves a text as a scalar without quotes and tag.
///
/// ```
/// use spanned_yaml::{Dialect, Scalar, resolve_plain};
/// assert_eq!(resolve_plain("on", Dialect::GoYamlV2), Scalar::Bool(true));
/// assert_eq!(resolve_plain("on", Dialect::GoYamlV3), Scalar::Str("on"));
/// ```
pub fn resolve_plain(text: &str, dialect: Dialect) -> Scalar<'_> {
    plain(text, "", dialect)
}

/// Length of `false`, the longest word that stands for a boolean or null.
const LONGEST_WORD: usize = 5;

/// Whether a text that begins with a letter may be one of the words that stand for a boolean or null,
/// by its length and first letter: all of them begin like `false`, `null`, `on`, `true` and `yes`.
#[inline]
pub fn may_be_word(text: &str) -> bool {
    let first = text.bytes().next().map(|first| first.to_ascii_lowercase());
    text.len() <= LONGEST_WORD && matches!(first, Some(b'f' | b'n' | b'o' | b't' | b'y'))
}

/// Resolves a plain scalar whose tag allows it.
fn plain<'t>(text: &'t str, wanted: &str, dialect: Dialect) -> Scalar<'t> {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            word(text, dialect)
        }
        b'.' => match text {
            ".inf" | ".Inf" | ".INF" => Scalar::Float(f64::INFINITY),
            ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
            _ if underscores_separate_digits(text) => {
                float(&text.replace('_', "")).map_or(Scalar::Str(text), Scalar::Float)
            }
            _ => Scalar::Str(text),
        },
        b'+' | b'-' | b'0'..=b'9' => {
            match text {
                "+.inf" | "+.Inf" | "+.INF" => return Scalar::Float(f64::INFINITY),
                "-.inf" | "-.Inf" | "-.INF" => return Scalar::Float(f64::NEG_INFINITY),
                _ => {}
            }
            if matches!(wanted, "" | "timestamp") && is_timestamp(text) {
                return Scalar::Timestamp(text);
            }
            number(text, dialect).unwrap_or(Scalar::Str(text))
        }
        _ => Scalar::Str(text),
    }
}

fn word(text: &str, dialect: Dialect) -> Scalar<'_> {
    match text {
        _ if text.len() > LONGEST_WORD => Scalar::Str(text),
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::GoYamlV2 => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::GoYamlV2 => {
            Scalar::Bool(false)
        }
        _ => Scalar::Str(text),
    }
}

fn number<'t>(text: &str, dialect: Dialect) -> Option<Scalar<'t>> {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, &plain[1..]),
        Some(b'+') => (false, &plain[1..]),
        _ => (false, plain),
    };
    let signed = digits.len() != plain.len();
    // strconv.ParseInt with base 0: the prefix tells the base.
    let (radix, body) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if let Some(scalar) = integer(body, radix, negative, signed) {
        return Some(scalar);
    }
    if let Some(value) = float(plain) {
        return Some(Scalar::Float(value));
    }
    // What base 0 left: a sign behind the prefix.
    let prefixes: &[(&str, u32)] = match dialect {
        Dialect::GoYamlV2 => &[("0b", 2)],
        Dialect::GoYamlV3 => &[("0b", 2), ("0o", 8)],
    };
    prefixes.iter().find_map(|(prefix, radix)| {
        let body = plain.strip_prefix(prefix)?;
        let (negative, digits) = match body.as_bytes().first()? {
            b'-' => (true, &body[1..]),
            b'+' => (false, &body[1..]),
            _ => (false, body),
        };
        integer(digits, *radix, negative, digits.len() != body.len())
    })
}

/// Digits in a base as go's strconv reads them: into 64 bits with sign, else,
/// where none is written, without.
fn integer<'t>(digits: &str, radix: u32, negative: bool, signed: bool) -> Option<Scalar<'t>> {
    if digits.is_empty() || !digits.bytes().all(|byte| (byte as char).is_digit(radix)) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return (value <= i64::MIN.unsigned_abs())
            .then(|| Scalar::Int((value as i64).wrapping_neg()));
    }
    match i64::try_from(value) {
        Ok(value) => Some(Scalar::Int(value)),
        Err(_) if !signed => Some(Scalar::UInt(value)),
        Err(_) => None,
    }
}

/// A float in YAML's form: `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`;
/// none when it is too large.
fn float(text: &str) -> Option<f64> {
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(body);
    let mut at = whole;
    if body.as_bytes().get(at) == Some(&b'.') {
        let fraction = digits(&body[at + 1..]);
        if whole == 0 && fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(body.as_bytes().get(at), Some(b'e' | b'E')) {
        let rest = &body[at + 1..];
        let exponent = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        let count = digits(exponent);
        if count == 0 {
            return None;
        }
        at = body.len() - exponent.len() + count;
    }
    if at != body.len() {
        return None;
    }
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// Go's rule for `_` in a literal (`underscoreOK` in strconv): between digits only.
fn underscores_separate_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    bytes
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'_')
        .all(|(at, _)| digit(at.checked_sub(1)) && digit(Some(at + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v2(text: &str) -> Scalar<'_> {
        resolve(None, Style::Plain, text, Dialect::GoYamlV2)
    }

    fn v3(text: &str) -> Scalar<'_> {
        resolve(None, Style::Plain, text, Dialect::GoYamlV3)
    }

    #[test]
    fn the_dialects_differ_on_words() {
        assert_eq!(v2("on"), Scalar::Bool(true));
        assert_eq!(v3("on"), Scalar::Str("on"));
        assert_eq!(v2("NO"), Scalar::Bool(false));
        assert_eq!(v3("True"), Scalar::Bool(true));
    }

    #[test]
    fn numbers_have_bases_underscores_and_limits() {
        assert_eq!(v2("0644"), Scalar::Int(420));
        assert_eq!(v2("1_000"), Scalar::Int(1000));
        assert_eq!(v2("-0x_1F"), Scalar::Int(-31));
        assert_eq!(v2("089"), Scalar::Float(89.0));
        assert_eq!(v2("9223372036854775808"), Scalar::UInt(1 << 63));
        assert_eq!(v2("+9223372036854775808"), Scalar::Float(9_223_372_036_854_775_808.0));
        assert_eq!(v2("-9223372036854775808"), Scalar::Int(i64::MIN));
        assert_eq!(v2("1e400"), Scalar::Str("1e400"));
        assert_eq!(v2("12:30"), Scalar::Str("12:30"));
    }

    #[test]
    fn tags_decide_or_are_contradicted() {
        let tagged = |tag: &str, text| {
            resolve(Some(&format!("{PREFIX}{tag}")), Style::Plain, text, Dialect::GoYamlV2)
        };
        assert_eq!(tagged("str", "3"), Scalar::Str("3"));
        assert_eq!(tagged("float", "1"), Scalar::Float(1.0));
        assert_eq!(tagged("int", "x"), Scalar::Str("x"));
        assert_eq!(resolve(None, Style::DoubleQuoted, "1", Dialect::GoYamlV2), Scalar::Str("1"));
    }
}
