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

/// The value of a scalar.
///
/// # Errors
/// The text contradicts the tag, or JSON has no such number: kustomize then fails to write the
/// object.
pub fn scalar(node: &Node) -> Result<Value, Error> {
    if node.kind != Kind::Scalar {
        return Err(Error::wrong_kind(Kind::Scalar, node));
    }
    let text = &node.text;
    let value = match (&node.tag, node.style) {
        (Tag::Other(_) | Tag::Map | Tag::Seq, _) => return Err(contradiction(node)),
        (Tag::Str, _) => return Ok(Value::String(text.clone())),
        (Tag::None, Style::Quoted) => return Ok(Value::String(text.clone())),
        (Tag::None | Tag::Merge, _) if text.contains('\n') => {
            return Ok(Value::String(text.clone()));
        }
        (Tag::None | Tag::Merge, _) => spanned_yaml::resolve_plain(text, Dialect::GoYamlV3),
        (tag, style) if !node.tagged && resolved_tag(text) == *tag => match style {
            Style::Quoted => return Ok(Value::String(text.clone())),
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
    if value == 0.0 || !(-4.0..21.0).contains(&exponent) { go_float(value) } else { format!("{value}") }
}
