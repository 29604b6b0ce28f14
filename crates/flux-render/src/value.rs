//! What a scalar of the tree is once kustomize has written it out: its tag, style and text as
//! go-yaml v3 encodes them, read again by go-yaml v3, and taken through JSON
//! (kyaml's `RNode.MarshalJSON`, kustomize's `Resource.AsYAML`).

use base64::{Engine, engine::general_purpose::STANDARD};
use smol_str::SmolStr;
use spanned_yaml::{Dialect, Scalar};

use crate::{
    error::Error,
    timestamp,
    tree::{Kind, Node, Style, Tag, resolved_tag},
};

/// A scalar's value in JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    UInt(u64),
    /// Any other number; neither infinite nor NaN.
    Float(f64),
    /// A text.
    String(SmolStr),
}

/// Whether each of go-yaml's versions takes the text for a string without quotes, and writes it so:
/// letters, digits and what names are made of, and none of the words of YAML 1.1. Of other texts
/// nothing is said.
pub(crate) fn is_word(text: &str) -> bool {
    let [first, rest @ ..] = text.as_bytes() else { return false };
    first.is_ascii_alphabetic()
        && !spanned_yaml::may_be_word(text)
        && rest.iter().all(|byte| IN_NAMES[usize::from(*byte)])
}

/// Bytes that names are made of.
static IN_NAMES: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
        byte += 1;
    }
    table
};

/// The value of a scalar.
///
/// # Errors
/// The text contradicts the tag, or JSON has no such number: kustomize then fails to write the
/// object.
pub fn scalar(node: &Node) -> Result<Value, Error> {
    match decoded(node)? {
        Value::String(text) if node.style == Style::Folded && text.contains('\n') => {
            Ok(Value::String(folded_again(&text).map_or(text, SmolStr::from)))
        }
        value => Ok(value),
    }
}

/// A text after go-yaml v3 has written it as a folded block and read it again: it puts a blank
/// line where a line begins with spaces (`yaml_emitter_write_folded_scalar`).
fn folded_again(text: &str) -> Option<String> {
    if !crate::scalar_style::may_be_block(text) {
        return None;
    }
    let is_break = crate::scalar_style::is_break;
    let hint = if text.starts_with(|c| c == ' ' || is_break(c)) { "2" } else { "" };
    let mut ending = text.chars().rev();
    let chomp = match (ending.next().map(is_break), ending.next().map(is_break)) {
        (Some(true), None | Some(true)) => "+",
        (Some(true), Some(false)) => "",
        _ => "-",
    };
    let mut block = format!("a: >{hint}{chomp}\n");
    // Upstream looks at the text's start here, where it means the next line's.
    let first = text.chars().find(|c| !is_break(*c));
    let starts_blank = first.is_none_or(|c| matches!(c, ' ' | '\t'));
    let (mut breaks, mut leading_spaces) = (true, true);
    for c in text.chars() {
        if is_break(c) {
            if !breaks && !leading_spaces && c == '\n' && !starts_blank {
                block.push('\n');
            }
            block.push(c);
            breaks = true;
        } else {
            if breaks {
                block.push_str("  ");
                leading_spaces = matches!(c, ' ' | '\t');
            }
            block.push(c);
            breaks = false;
        }
    }
    let tree = spanned_yaml::parse(block);
    let value = tree.root(0)?.get("a")?;
    tree.errors().is_empty().then(|| value.text().to_owned())
}

/// The value of a scalar that is decoded where it stands, without being written first.
pub(crate) fn decoded(node: &Node) -> Result<Value, Error> {
    if node.kind != Kind::Scalar {
        return Err(Error::wrong_kind(Kind::Scalar, node));
    }
    let text = &node.text;
    let value = match (&node.tag, node.style) {
        (Tag::Other(_) | Tag::Map | Tag::Seq, _) => return Err(contradiction(node)),
        (Tag::Str, _) => return Ok(Value::String(text.clone())),
        (Tag::None, Style::Quoted | Style::Folded) => return Ok(Value::String(text.clone())),
        (Tag::None, _) if is_word(text) => return Ok(Value::String(text.clone())),
        (Tag::None | Tag::Merge, _) if text.contains('\n') => {
            return Ok(Value::String(text.clone()));
        }
        (Tag::None | Tag::Merge, _) => spanned_yaml::resolve_plain(text, Dialect::GoYamlV3),
        (tag, style) if !node.tagged && resolved_tag(text) == *tag => match style {
            Style::Quoted | Style::Folded => return Ok(Value::String(text.clone())),
            Style::Plain => spanned_yaml::resolve_plain(text, Dialect::GoYamlV3),
        },
        (Tag::Binary, _) => Scalar::Binary(text),
        // The tag is written out, and must fit.
        (Tag::Float, _) => match spanned_yaml::resolve_plain(text, Dialect::GoYamlV3) {
            #[allow(clippy::cast_precision_loss, reason = "as go-yaml converts")]
            Scalar::Int(value) => Scalar::Float(value as f64),
            value @ Scalar::Float(_) => value,
            _ => return Err(contradiction(node)),
        },
        (tag, _) if resolved_tag(text) == *tag => {
            spanned_yaml::resolve_plain(text, Dialect::GoYamlV3)
        }
        _ => return Err(contradiction(node)),
    };
    Ok(match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(value) => Value::Bool(value),
        Scalar::Int(value) => Value::Int(value),
        Scalar::UInt(value) => Value::UInt(value),
        Scalar::Float(value) if value.is_finite() => Value::Float(value),
        Scalar::Float(_) => {
            return Err(Error::invalid(format!("JSON has no number {text}: write it in quotes"))
                .at(node.origin.place));
        }
        Scalar::Timestamp(text) => Value::String(
            timestamp::in_rfc3339(text).map_or_else(|| SmolStr::from(text), SmolStr::from),
        ),
        Scalar::Binary(text) => {
            let joined: String = text.split_ascii_whitespace().collect();
            let bytes = STANDARD.decode(joined).map_err(|_| contradiction(node))?;
            Value::String(String::from_utf8_lossy(&bytes).into())
        }
        Scalar::Str(text) => Value::String(text.into()),
    })
}

fn contradiction(node: &Node) -> Error {
    let tag = match &node.tag {
        Tag::Int => "!!int",
        Tag::Float => "!!float",
        Tag::Bool => "!!bool",
        Tag::Null => "!!null",
        Tag::Timestamp => "!!timestamp",
        Tag::Binary => "!!binary",
        Tag::Map => "!!map",
        Tag::Seq => "!!seq",
        Tag::Other(tag) => tag,
        Tag::None | Tag::Str | Tag::Merge => "",
    };
    Error::invalid(format!("`{}` is no {tag}", node.text)).at(node.origin.place)
}

/// A number as Go's encoding/json writes it: the shortest digits, with an exponent below 1e-6 and
/// from 1e21.
pub(crate) fn json_float(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    if (1e-6..1e21).contains(&size) {
        return format!("{value}");
    }
    // Rust writes 1e-7 and 1e21 as Go's JSON does, but for the sign.
    let text = format!("{value:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => text,
    }
}

/// A number as Go's `strconv.FormatFloat(value, 'g', -1, 64)`: the shortest digits, with an
/// exponent of at least two digits below 1e-4 and from 1e6.
pub(crate) fn go_float(value: f64) -> String {
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{digits}e{sign}{:02}", exponent.abs());
    }
    format!("{value}")
}

/// A number as Go's `%v`: like [`go_float`], but with an exponent only from 1e21.
pub(crate) fn go_float_in_text(value: f64) -> String {
    let exponent = value.abs().log10().floor();
    if value == 0.0 || !(-4.0..21.0).contains(&exponent) {
        go_float(value)
    } else {
        format!("{value}")
    }
}
