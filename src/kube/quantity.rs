//! Kubernetes quantities: `100m`, `1.5Gi`, `1e3`.
//!
//! The grammar and the values are those of `ParseQuantity` in
//! k8s.io/apimachinery `pkg/api/resource/quantity.go`; the corners that look
//! odd (`+` is zero, `1e4294967296` is one) are upstream's.

use std::{borrow::Cow, cmp::Ordering};

use spanned_yaml::{Dialect, Kind, Node, Scalar};

use super::is_unresolved;

/// A quantity, exact to a billionth (nano) of its unit. What is finer is
/// rounded away from zero, as the API server does.
///
/// Ordered as upstream's `Cmp`, by value: `1000m` equals `1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    negative: bool,
    magnitude: Magnitude,
}

/// Variants stand in order of size: what fits `Nano` never becomes `Huge`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Magnitude {
    /// Billionths, below 10^38.
    Nano(u128),
    /// At least 10^38 billionths. Derived order compares the place of the
    /// first digit, then the digits, which end in no zero.
    Huge { places: i64, digits: Box<[u8]> },
}

/// Digits that always fit a `u128`.
const NANO_DIGITS: i64 = 38;
/// Binary quantities are capped at the greatest 64-bit number of units.
const BINARY_MAX: u128 = (i64::MAX as u128) * NANO;
const NANO: u128 = 1_000_000_000;
const MILLI_IN_NANO: u128 = 1_000_000;

/// Why a text isn't a quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuantity {
    /// Nothing but white space, or nothing.
    #[error("it is empty")]
    Empty,
    /// White space inside.
    #[error("it has a space in it")]
    Space,
    /// A sign, digits, one dot, a suffix: something else is there.
    #[error("it is not a number with a suffix")]
    Format,
    /// The suffix is none of Kubernetes'.
    #[error("its suffix is not one that Kubernetes knows")]
    Suffix,
    /// A suffix without a number.
    #[error("it has no digits")]
    Number,
    /// A boolean, a list, a mapping, an infinite number.
    #[error("it is neither a string nor a number")]
    Type,
}

/// A field that holds a quantity.
#[derive(Clone, Debug)]
pub enum QuantityField<'a> {
    /// Not written.
    Absent,
    /// A quantity.
    Known(Quantity, Node<'a>),
    /// Something that the API server refuses.
    Invalid(InvalidQuantity, Node<'a>),
    /// A variable that nothing has substituted.
    Unknown(Node<'a>),
}

impl<'a> QuantityField<'a> {
    /// Reads `parent[key]`.
    pub fn read(parent: Option<Node<'a>>, key: &str) -> Self {
        parent.and_then(|parent| parent.get(key)).map_or(Self::Absent, Self::of)
    }

    /// Reads a value. What counts is the JSON that sigs.k8s.io/yaml makes of it
    /// (`010` is 8, `1_000` is 1000) and what `Quantity.UnmarshalJSON` does with
    /// that: a null is zero, white space around a string is dropped.
    pub fn of(node: Node<'a>) -> Self {
        if node.kind() != Kind::Scalar {
            return Self::Invalid(InvalidQuantity::Type, node);
        }
        let text: Cow<'a, str> = match node.scalar(Dialect::GoYamlV2) {
            Scalar::Null => return Self::Known(Quantity::ZERO, node),
            Scalar::Int(value) => return Self::Known(Quantity::from_units(value.into()), node),
            Scalar::UInt(value) => return Self::Known(Quantity::from_units(value.into()), node),
            // Rust writes all digits where Go may write an exponent: the same value.
            Scalar::Float(value) if value.is_finite() => Cow::Owned(value.to_string()),
            Scalar::Float(_) | Scalar::Bool(_) => {
                return Self::Invalid(InvalidQuantity::Type, node);
            }
            Scalar::Str(text) | Scalar::Timestamp(text) => Cow::Borrowed(text),
            Scalar::Binary(_) => return Self::Unknown(node),
        };
        if is_unresolved(&text) {
            return Self::Unknown(node);
        }
        match Quantity::parse(trim(&text)) {
            Ok(quantity) => Self::Known(quantity, node),
            Err(_) if trim(&text).is_empty() => Self::Invalid(InvalidQuantity::Empty, node),
            Err(_) if trim(&text).contains(char::is_whitespace) => {
                Self::Invalid(InvalidQuantity::Space, node)
            }
            Err(error) => Self::Invalid(error, node),
        }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<(&Quantity, Node<'a>)> {
        match self {
            Self::Known(quantity, node) => Some((quantity, *node)),
            Self::Absent | Self::Invalid(..) | Self::Unknown(_) => None,
        }
    }

    /// The node of a value that can't be used: unresolved, or invalid.
    pub fn unusable(&self) -> Option<Node<'a>> {
        match self {
            Self::Invalid(_, node) | Self::Unknown(node) => Some(*node),
            Self::Absent | Self::Known(..) => None,
        }
    }
}

/// Go's `strings.TrimSpace`, on what JSON leaves unescaped.
fn trim(text: &str) -> &str {
    let is_escaped = |c: char| c < ' ' || matches!(c, '\u{2028}' | '\u{2029}');
    text.trim_matches(|c: char| c.is_whitespace() && !is_escaped(c))
}

impl Quantity {
    /// Zero.
    pub const ZERO: Self = Self { negative: false, magnitude: Magnitude::Nano(0) };

    /// So many whole units.
    pub fn from_units(units: i128) -> Self {
        // 64-bit numbers are far below the limit of 10^29 units.
        let nano = units.unsigned_abs().saturating_mul(NANO).min(10_u128.pow(38) - 1);
        Self { negative: units < 0, magnitude: Magnitude::Nano(nano) }
    }

    /// Reads a quantity as `ParseQuantity` does.
    ///
    /// # Errors
    /// When upstream refuses the text.
    pub fn parse(text: &str) -> Result<Self, InvalidQuantity> {
        let parts = Parts::split(text)?;
        let magnitude = match Suffix::read(parts.suffix).ok_or(InvalidQuantity::Suffix)? {
            Suffix::Decimal(exponent) => {
                // Upstream reads a missing number as zero only where it needs no big numbers.
                if !parts.has_digits && exponent < -9 {
                    return Err(InvalidQuantity::Number);
                }
                parts.decimal(exponent)
            }
            Suffix::Binary(exponent) => {
                if !parts.has_digits && exponent > 40 {
                    return Err(InvalidQuantity::Number);
                }
                Magnitude::Nano(parts.binary(exponent))
            }
        };
        let negative = parts.negative && magnitude != Magnitude::Nano(0);
        Ok(Self { negative, magnitude })
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.magnitude == Magnitude::Nano(0)
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        !self.negative && !self.is_zero()
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The sum. Exact below 10^29 units; beyond, the greater of the two.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let (Magnitude::Nano(a), Magnitude::Nano(b)) = (&self.magnitude, &other.magnitude) else {
            return self.max(other).clone();
        };
        let signed = |negative: bool, nano: u128| {
            let nano = i128::try_from(nano).unwrap_or(i128::MAX);
            if negative { -nano } else { nano }
        };
        let sum = signed(self.negative, *a).saturating_add(signed(other.negative, *b));
        let nano = sum.unsigned_abs();
        if nano >= 10_u128.pow(38) {
            return self.max(other).clone();
        }
        Self { negative: sum < 0, magnitude: Magnitude::Nano(nano) }
    }

    /// The order in which the `LimitRanger` admission plugin sees two
    /// quantities: rounded up to thousandths, or to units where thousandths of
    /// either don't fit 64 bits (plugin/pkg/admission/limitranger/admission.go,
    /// `requestLimitEnforcedValues`).
    pub fn cmp_rounded(&self, other: &Self) -> Ordering {
        const MAX_MILLI: i128 = (i64::MAX / 1000) as i128;
        let units = (self.rounded_up(NANO), other.rounded_up(NANO));
        if units.0 <= MAX_MILLI && units.1 <= MAX_MILLI {
            self.rounded_up(MILLI_IN_NANO).cmp(&other.rounded_up(MILLI_IN_NANO))
        } else {
            units.0.cmp(&units.1)
        }
    }

    /// The value in steps of `step` billionths, rounded away from zero.
    fn rounded_up(&self, step: u128) -> i128 {
        let steps = match &self.magnitude {
            Magnitude::Nano(nano) => i128::try_from(nano.div_ceil(step)).unwrap_or(i128::MAX),
            Magnitude::Huge { .. } => i128::MAX,
        };
        if self.negative { -steps } else { steps }
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude.cmp(&other.magnitude),
            (true, true) => other.magnitude.cmp(&self.magnitude),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What to write instead of a text that isn't a quantity, if that is plain:
/// `1G` for `1GB`, `512M` for `512mb`, `100m` for `100 m`.
pub fn suggest(text: &str) -> Option<String> {
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let end = squeezed.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(squeezed.len());
    let (number, suffix) = squeezed.split_at_checked(end)?;
    let suffix = if Suffix::read(suffix).is_some() { suffix } else { intended_suffix(suffix)? };
    let suggestion = format!("{number}{suffix}");
    (!number.is_empty() && suggestion != text && Quantity::parse(&suggestion).is_ok())
        .then_some(suggestion)
}

/// The suffix that was meant by one that Kubernetes doesn't know.
fn intended_suffix(suffix: &str) -> Option<&'static str> {
    let lower = suffix.to_ascii_lowercase();
    let bytes = lower.strip_suffix("bytes").or(lower.strip_suffix('b'));
    Some(match bytes.unwrap_or(&lower) {
        "" | "cpu" | "cpus" | "core" | "cores" => "",
        "mcpu" | "millicpu" | "millicores" => "m",
        "k" => "k",
        "m" => "M",
        "g" => "G",
        "t" => "T",
        "p" => "P",
        "ki" => "Ki",
        "mi" => "Mi",
        "gi" => "Gi",
        "ti" => "Ti",
        "pi" => "Pi",
        "ei" => "Ei",
        _ => return None,
    })
}

/// A quantity's text, taken apart.
struct Parts<'t> {
    negative: bool,
    /// Digits before the dot, without leading zeros.
    whole: &'t [u8],
    /// Digits after the dot.
    fraction: &'t [u8],
    suffix: &'t str,
    /// Whether there is a digit at all, or the text is a sign alone (which upstream reads as zero).
    has_digits: bool,
}

impl<'t> Parts<'t> {
    fn split(text: &'t str) -> Result<Self, InvalidQuantity> {
        let bytes = text.as_bytes();
        let (negative, unsigned) = match bytes {
            [] => return Err(InvalidQuantity::Empty),
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (zeros, rest) = split_while(unsigned, |byte| byte == b'0');
        let (whole, rest) = split_while(rest, |byte| byte.is_ascii_digit());
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => split_while(rest, |byte| byte.is_ascii_digit()),
            rest => (&[][..], rest),
        };
        let suffix = text.get(bytes.len() - rest.len()..).unwrap_or_default();
        let (_, rest) = split_while(rest, |byte| b"eEinumkKMGTP".contains(&byte));
        let rest = match rest {
            [b'+' | b'-', rest @ ..] => rest,
            rest => rest,
        };
        let (_, rest) = split_while(rest, |byte| byte.is_ascii_digit());
        let has_digits =
            unsigned.is_empty() || !zeros.is_empty() || !whole.is_empty() || !fraction.is_empty();
        if !rest.is_empty() {
            let is_word = suffix.bytes().all(|byte| byte.is_ascii_alphabetic());
            return Err(if has_digits && is_word {
                InvalidQuantity::Suffix
            } else {
                InvalidQuantity::Format
            });
        }
        Ok(Self { negative, whole, fraction, suffix, has_digits })
    }

    /// The value times 10^`exponent`.
    fn decimal(&self, exponent: i32) -> Magnitude {
        let all = self.whole.len() + self.fraction.len();
        let digit = |at: usize| {
            self.whole
                .get(at)
                .or_else(|| self.fraction.get(at - self.whole.len()))
                .map_or(0, |d| d - b'0')
        };
        let Some(first) = (0..all).find(|at| digit(*at) != 0) else { return Magnitude::Nano(0) };
        let last = (first..all).rev().find(|at| digit(*at) != 0).unwrap_or(first);
        // Digits of the number of billionths, in front of its dot.
        let places = self.whole.len() as i64 + i64::from(exponent) + 9 - first as i64;
        let significant = (last - first + 1) as i64;
        let kept = usize::try_from(significant.min(places.max(0))).unwrap_or_default();
        let round_up = significant > places;
        if places <= NANO_DIGITS {
            let mut nano = 0_u128;
            for at in first..first + kept {
                nano = nano * 10 + u128::from(digit(at));
            }
            for _ in kept as i64..places {
                nano *= 10;
            }
            nano += u128::from(round_up);
            if nano < 10_u128.pow(38) {
                return Magnitude::Nano(nano);
            }
            return Magnitude::Huge { places: NANO_DIGITS + 1, digits: Box::new([1]) };
        }
        let mut digits: Vec<u8> = (first..first + kept).map(digit).collect();
        let mut places = places;
        if round_up {
            while digits.last() == Some(&9) {
                digits.pop();
            }
            match digits.last_mut() {
                Some(digit) => *digit += 1,
                None => {
                    digits.push(1);
                    places += 1;
                }
            }
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Magnitude::Huge { places, digits: digits.into_boxed_slice() }
    }

    /// The value times 2^`exponent`, in billionths, capped.
    fn binary(&self, exponent: u32) -> u128 {
        let factor = NANO << exponent;
        let mut whole = 0_u128;
        for digit in self.whole {
            whole = whole * 10 + u128::from(digit - b'0');
            if whole > i64::MAX as u128 {
                return BINARY_MAX;
            }
        }
        // Horner's scheme from the last digit: floors nest, so only what was
        // dropped must be remembered.
        let mut fraction = 0_u128;
        let mut dropped = false;
        for digit in self.fraction.iter().rev() {
            fraction += u128::from(digit - b'0') * factor;
            dropped |= !fraction.is_multiple_of(10);
            fraction /= 10;
        }
        let whole = whole.saturating_mul(factor);
        whole.saturating_add(fraction + u128::from(dropped)).min(BINARY_MAX)
    }
}

fn split_while(bytes: &[u8], holds: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| !holds(*byte)).unwrap_or(bytes.len());
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

/// What a suffix multiplies with.
enum Suffix {
    /// 10 to this power.
    Decimal(i32),
    /// 2 to this power.
    Binary(u32),
}

impl Suffix {
    /// `interpret` of upstream's suffix.go.
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "" => Self::Decimal(0),
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            _ => {
                let exponent = text.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?;
                // Upstream keeps the low 32 bits.
                Self::Decimal(exponent as i32)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn equal_values_are_equal_however_they_are_written() {
        for (a, b) in [
            ("1", "1000m"),
            ("1Ki", "1024"),
            ("1.5Gi", "1536Mi"),
            ("1e3", "1k"),
            ("1E3", "1k"),
            ("1E", "1e18"),
            (".5", "500m"),
            ("5.", "5"),
            ("+1", "1"),
            ("-0", "0"),
            ("0Ei", "0"),
            ("1e-9", "1n"),
            ("100e-2", "1"),
            ("1e4294967296", "1"),
            ("00012.50", "12.5"),
        ] {
            assert_eq!(quantity(a), quantity(b), "{a} {b}");
        }
    }

    #[test]
    fn what_is_finer_than_a_billionth_is_rounded_away_from_zero() {
        for (a, b) in [
            ("0.1n", "1n"),
            ("-0.1n", "-1n"),
            ("1e-100", "1n"),
            ("1.0000000001", "1.000000001"),
            ("0.0000000001Ki", "103n"),
            ("0.5Ki", "512"),
        ] {
            assert_eq!(quantity(a), quantity(b), "{a} {b}");
        }
    }

    #[test]
    fn binary_quantities_are_capped_and_decimal_ones_are_not() {
        assert_eq!(quantity("8Ei"), quantity("9223372036854775807"));
        assert_eq!(quantity("99999999999999999999999Ki"), quantity("9223372036854775807"));
        assert!(quantity("1e19") > quantity("8Ei"));
        assert!(quantity("1e41") > quantity("1e40"));
        assert!(quantity("1.01e40") > quantity("1e40"));
        assert!(quantity("-1e41") < quantity("-1e40"));
        assert!(quantity("1e29") > quantity("99999999999999999999999999999"));
        let nines = "9".repeat(60);
        assert_eq!(quantity(&format!("{nines}.9999999999")), quantity("1e60"));
    }

    #[test]
    fn a_sign_or_a_suffix_alone_is_zero_where_upstream_says_so() {
        for text in ["+", "-", ".", "m", "Ki", "Ti", "-Gi", "e3", "n"] {
            assert!(quantity(text).is_zero(), "{text}");
        }
        for text in ["Pi", "Ei", "e-10", ".e-10"] {
            assert_eq!(Quantity::parse(text), Err(InvalidQuantity::Number), "{text}");
        }
    }

    #[test]
    fn what_upstream_refuses_is_refused() {
        for text in [
            "",
            " ",
            "1GB",
            "100 m",
            " 1",
            "1Gib",
            "1 ",
            "a",
            "0x10",
            "1e",
            "1e+",
            "1i",
            "1ki",
            "1Mi5",
            "1K",
            "--1",
            "1.2.3",
            "1,5",
            "1_000",
            "1e99999999999999999999",
            "½",
            "1e3m",
            "NaN",
            "1-5",
        ] {
            assert!(Quantity::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sums_and_rounded_order() {
        assert_eq!(quantity("100m").plus(&quantity("0.9")), quantity("1"));
        assert_eq!(quantity("1").plus(&quantity("-3")), quantity("-2"));
        assert_eq!(quantity("99.1m").cmp_rounded(&quantity("100m")), Ordering::Equal);
        assert_eq!(quantity("1Gi").cmp_rounded(&quantity("1G")), Ordering::Greater);
        assert_eq!(quantity("1e30").cmp_rounded(&quantity("1Gi")), Ordering::Greater);
    }

    #[test]
    fn slips_are_understood() {
        for (wrong, right) in [
            ("1GB", "1G"),
            ("1gb", "1G"),
            ("512mb", "512M"),
            ("512MiB", "512Mi"),
            ("512mib", "512Mi"),
            ("1gi", "1Gi"),
            ("64K", "64k"),
            ("64ki", "64Ki"),
            ("100 m", "100m"),
            ("2cores", "2"),
            ("250mcpu", "250m"),
        ] {
            assert_eq!(suggest(wrong).as_deref(), Some(right), "{wrong}");
        }
        assert_eq!(suggest("lots"), None);
        assert_eq!(suggest("1.2.3"), None);
    }
}
