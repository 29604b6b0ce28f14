//! How readers of YAML take a plain scalar.

use spanned_yaml::{Dialect, Node, Scalar};

/// What a reader makes of a plain scalar.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Reading {
    Text,
    Null,
    Bool(bool),
    /// As text, in decimal: whole numbers may be of any size.
    Int(String),
    Float(f64),
}

impl Reading {
    /// `the boolean true`, `the number 420`, `text`.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value:?}"),
        }
    }
}

/// The reading of one of go-yaml's dialects. Dates reach Kubernetes as the text
/// that they are.
pub(super) fn go_yaml(node: Node<'_>, dialect: Dialect) -> Reading {
    match node.scalar(dialect) {
        Scalar::Null => Reading::Null,
        Scalar::Bool(value) => Reading::Bool(value),
        Scalar::Int(value) => Reading::Int(value.to_string()),
        Scalar::UInt(value) => Reading::Int(value.to_string()),
        Scalar::Float(value) => Reading::Float(value),
        Scalar::Timestamp(_) | Scalar::Binary(_) | Scalar::Str(_) => Reading::Text,
    }
}

/// The reading by the types of YAML 1.1 (yaml.org/type), timestamps left out.
pub(super) fn yaml_1_1(text: &str) -> Reading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Reading::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Reading::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Reading::Bool(false);
        }
        _ => {}
    }
    let (sign, digits) = split_sign(text);
    if let Some(value) = integer_1_1(digits) {
        return integer(sign, value);
    }
    // [-+]?([0-9][0-9_]*)?\.[0-9.]*([eE][-+][0-9]+)?
    let (number, exponent) = match digits.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (digits, None),
    };
    let exponent_is_signed = exponent.is_none_or(|exponent| {
        exponent.strip_prefix(['-', '+']).is_some_and(|digits| are_digits(digits, 10))
    });
    let has_one_dot = number.bytes().filter(|byte| *byte == b'.').count() == 1;
    let is_number = has_one_dot
        && number.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_'))
        && number.bytes().any(|byte| byte.is_ascii_digit());
    if is_number && exponent_is_signed {
        return float(&text.replace('_', ""));
    }
    if let Some(seconds) = base_sixty(number).filter(|_| exponent.is_none()) {
        return integer(sign, seconds);
    }
    infinite(sign, digits)
}

/// The reading by the core schema of YAML 1.2.
pub(super) fn yaml_1_2(text: &str) -> Reading {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Reading::Null,
        "true" | "True" | "TRUE" => return Reading::Bool(true),
        "false" | "False" | "FALSE" => return Reading::Bool(false),
        _ => {}
    }
    let (sign, digits) = split_sign(text);
    if are_digits(digits, 10) {
        return integer(sign, digits.parse().ok());
    }
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| are_digits(digits, radix)) {
            return integer("", u128::from_str_radix(digits, radix).ok());
        }
    }
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'));
    if is_number {
        let number = float(text);
        if number != Reading::Text {
            return number;
        }
    }
    infinite(sign, digits)
}

fn split_sign(text: &str) -> (&str, &str) {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    (text.strip_suffix(digits).unwrap_or(""), digits)
}

fn are_digits(text: &str, radix: u32) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_digit(radix))
}

/// The outer None: no whole number. The inner: one beyond any use.
#[allow(clippy::option_option, reason = "a number that is too large is a number")]
fn integer_1_1(digits: &str) -> Option<Option<u128>> {
    let plain = digits.replace('_', "");
    let starts_with_digit = digits.starts_with(|c: char| c.is_ascii_digit());
    let (radix, rest) = match plain.as_bytes() {
        [b'0', b'b', ..] => (2, plain.get(2..)),
        [b'0', b'x', ..] => (16, plain.get(2..)),
        [b'0', _, ..] => (8, plain.get(1..)),
        _ => (10, Some(plain.as_str())),
    };
    let rest = rest.filter(|rest| starts_with_digit && are_digits(rest, radix))?;
    Some(u128::from_str_radix(rest, radix).ok())
}

/// `12:30`: minutes and seconds, as YAML 1.1 has it.
#[allow(clippy::option_option, reason = "a number that is too large is a number")]
fn base_sixty(text: &str) -> Option<Option<u128>> {
    let (first, rest) = text.split_once(':')?;
    let first = first.replace('_', "");
    if !are_digits(&first, 10) || first.starts_with('0') {
        return None;
    }
    let mut value: Option<u128> = first.parse().ok();
    for part in rest.split(':') {
        let number: u128 = part.parse().ok().filter(|n| *n < 60 && are_digits(part, 10))?;
        value = value.and_then(|value| value.checked_mul(60)?.checked_add(number));
    }
    Some(value)
}

fn integer(sign: &str, value: Option<u128>) -> Reading {
    let sign = if sign == "-" && value != Some(0) { "-" } else { "" };
    Reading::Int(value.map_or_else(|| "too large".to_owned(), |value| format!("{sign}{value}")))
}

fn float(text: &str) -> Reading {
    text.parse().map_or(Reading::Text, Reading::Float)
}

fn infinite(sign: &str, digits: &str) -> Reading {
    match digits {
        ".inf" | ".Inf" | ".INF" if sign == "-" => Reading::Float(f64::NEG_INFINITY),
        ".inf" | ".Inf" | ".INF" => Reading::Float(f64::INFINITY),
        // Not equal to itself, so spelt out.
        ".nan" | ".NaN" | ".NAN" => Reading::Int("NaN".to_owned()),
        _ => Reading::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, yaml_1_1, yaml_1_2};

    #[test]
    fn the_two_versions_of_yaml_part_ways() {
        let int = |value: &str| Reading::Int(value.to_owned());
        for (text, old, new) in [
            ("on", Reading::Bool(true), Reading::Text),
            ("No", Reading::Bool(false), Reading::Text),
            ("0644", int("420"), int("644")),
            ("0o644", Reading::Text, int("420")),
            ("1_000", int("1000"), Reading::Text),
            ("12:30", int("750"), Reading::Text),
            ("-190:20:30", int("-685230"), Reading::Text),
            ("0b11", int("3"), Reading::Text),
            ("1e3", Reading::Text, Reading::Float(1000.0)),
            ("08", Reading::Text, int("8")),
            ("1_000.5", Reading::Float(1000.5), Reading::Text),
        ] {
            assert_eq!((yaml_1_1(text), yaml_1_2(text)), (old, new), "{text}");
        }
    }

    #[test]
    fn both_versions_read_most_values_alike() {
        for text in [
            "web", "true", "null", "~", "8080", "-1", "+1", "1.5", "0x1F", ".inf", "1.0e+3", "0",
            "v1", "1.2.3", "10.0.0.1", "yess", "-", ".", "1:60", "a:b", "_1", ".e", "0x", "0b2",
            "1.5Gi", "100m",
        ] {
            assert_eq!(yaml_1_1(text), yaml_1_2(text), "{text}");
        }
    }
}
