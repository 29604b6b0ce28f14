//! Formats that the API server enforces: those that Go's decoding of built-in kinds does, and those
//! that CRDs name.

use jiff::civil::Date;
use spanned_yaml::Scalar;

use crate::kube::{Quantity, suggest_quantity};

/// What a text or a number must look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    None,
    Int32,
    Int64,
    /// Base64, as Go's `encoding/base64` decodes it.
    Byte,
    /// Base64, as CRDs have it: not empty, and without line ends.
    CustomByte,
    /// RFC 3339, as Go's `time.Parse` reads it.
    DateTime,
    /// RFC 3339 as CRDs have it, in small letters too.
    CustomTime,
    /// RFC 3339 with exactly six digits of the second's fraction.
    MicroTime,
    /// `2006-01-02`.
    Date,
    Quantity,
    Ipv4,
    Ipv6,
    Cidr,
    Uuid,
}

impl Format {
    /// A format of the table of built-in kinds.
    pub(super) fn of_table(name: &str) -> Option<Self> {
        Some(match name {
            "" | "double" => Self::None,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "byte" => Self::Byte,
            "date-time" => Self::DateTime,
            "micro-time" => Self::MicroTime,
            "quantity" => Self::Quantity,
            _ => return None,
        })
    }

    /// A format that a CRD names; those that aren't enforced, or not by us, are none.
    pub(super) fn of_custom(name: &str) -> Self {
        match name.replace('-', "").as_str() {
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "byte" => Self::CustomByte,
            "datetime" => Self::CustomTime,
            "date" => Self::Date,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            "cidr" => Self::Cidr,
            "uuid" => Self::Uuid,
            _ => Self::None,
        }
    }

    /// What is wrong with a value, as the end of a sentence, and what to write instead.
    pub(super) fn problem(self, value: Scalar<'_>) -> Option<(&'static str, Option<String>)> {
        let text = match value {
            Scalar::Str(text) | Scalar::Timestamp(text) => text,
            Scalar::Int(number) if self == Self::Int32 => {
                return i32::try_from(number).is_err().then_some(("no 32-bit integer", None));
            }
            // As many digits as JSON has for it.
            Scalar::Float(number) if self == Self::Int32 && number.abs() >= 2_147_483_648.0 => {
                return Some(("no 32-bit integer", None));
            }
            Scalar::Float(number) if self == Self::Int64 && number.abs() >= 9.3e18 => {
                return Some(("no 64-bit integer", None));
            }
            Scalar::UInt(_) if self == Self::Int32 => return Some(("no 32-bit integer", None)),
            Scalar::UInt(_) if self == Self::Int64 => return Some(("no 64-bit integer", None)),
            _ => return None,
        };
        let wrong = |is_right: bool, what| (!is_right).then_some((what, None));
        match self {
            Self::None | Self::Int32 | Self::Int64 => None,
            Self::Byte => wrong(is_base64(text), "no base64"),
            Self::CustomByte => {
                let is_right = !text.is_empty() && !text.contains(['\r', '\n']) && is_base64(text);
                wrong(is_right, "no base64")
            }
            Self::CustomTime => wrong(is_custom_time(text), "no time as RFC 3339 has it"),
            Self::DateTime => wrong(is_time(text, None), "no time as RFC 3339 has it"),
            Self::MicroTime => {
                wrong(is_time(text, Some(6)), "no time as RFC 3339 has it, with microseconds")
            }
            Self::Date => wrong(is_date(text), "no date"),
            Self::Quantity => {
                Quantity::parse(text).is_err().then(|| ("no quantity", suggest_quantity(text)))
            }
            Self::Ipv4 => wrong(text.contains('.') && address(text).is_some(), "no IPv4 address"),
            Self::Ipv6 => wrong(text.parse::<std::net::Ipv6Addr>().is_ok(), "no IPv6 address"),
            Self::Cidr => wrong(is_cidr(text), "no CIDR"),
            Self::Uuid => wrong(is_uuid(text), "no UUID"),
        }
    }
}

/// Whether Go's `base64.StdEncoding` decodes it: line ends don't count.
fn is_base64(text: &str) -> bool {
    let digits = || text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let count = digits().count();
    let padding = digits().skip_while(|byte| *byte != b'=').count();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    count % 4 == 0
        && padding <= 2
        && digits().take(count - padding).all(good)
        && digits().skip(count - padding).all(|byte| byte == b'=')
}

/// Whether Go reads it as RFC 3339, with a fraction of this many digits, if that is set.
fn is_time(text: &str, fraction: Option<usize>) -> bool {
    let Some((date, time)) = text.split_at_checked(10) else { return false };
    let Some((clock, rest)) = time.split_at_checked(9) else { return false };
    let number = |text: &str| -> Option<u8> {
        (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| text.parse().ok())?
    };
    let clock = clock.strip_prefix('T').map(|clock| clock.split(':').collect::<Vec<_>>());
    let Some([hours, minutes, seconds]) = clock.as_deref() else { return false };
    let below = |text: &str, limit| number(text).is_some_and(|number| number < limit);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, zone) = match rest.strip_prefix(['.', ',']) {
        Some(rest) => {
            let count = digits(rest);
            (count, rest.get(count..).unwrap_or_default())
        }
        None => (0, rest),
    };
    let has_fraction = match fraction {
        Some(wanted) => count == wanted,
        None => count > 0 || zone.len() == rest.len(),
    };
    let is_zone = zone == "Z"
        || zone
            .strip_prefix(['+', '-'])
            .and_then(|zone| zone.split_once(':'))
            .is_some_and(|(hours, minutes)| below(hours, 25) && below(minutes, 61));
    is_date(date)
        && below(hours, 24)
        && below(minutes, 60)
        && below(seconds, 60)
        && has_fraction
        && is_zone
}

/// As the expression of Kubernetes' OpenAPI library has it.
fn is_custom_time(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let Some((date, time)) = text.split_once('t') else { return false };
    let time = time.split('t').next().unwrap_or_default();
    let (clock, zone) = match time.strip_suffix('z') {
        Some(clock) => (clock, None),
        None => match time.len().checked_sub(6).and_then(|at| time.split_at_checked(at)) {
            Some((clock, zone)) => (clock, Some(zone)),
            None => return false,
        },
    };
    let two = |part: &str, limit: u8| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number <= limit)
    };
    let is_clock = |clock: &str| {
        let parts: Vec<&str> = clock.split(':').collect();
        matches!(parts.as_slice(), [a, b, c] if two(a, 23) && two(b, 59) && two(c, 59))
    };
    let is_zone = |zone: &str| {
        let parts = zone.strip_prefix(['+', '-']).and_then(|zone| zone.split_once(':'));
        parts.is_some_and(|(hours, minutes)| two(hours, 99) && two(minutes, 99))
    };
    let Some((clock, fraction)) = clock.split_at_checked(8) else { return false };
    // Any character stands for the dot.
    let mut rest = fraction.chars();
    let has_fraction = rest.next().is_none()
        || (!rest.as_str().is_empty() && rest.all(|char| char.is_ascii_digit()));
    is_date(date) && is_clock(clock) && has_fraction && zone.is_none_or(is_zone)
}

/// An address as Kubernetes reads it: leading zeros of an IPv4 address don't count.
fn address(text: &str) -> Option<std::net::IpAddr> {
    if text.contains(':') {
        return text.parse().ok();
    }
    let octets = text.split('.').map(|octet| {
        let trimmed = octet.trim_start_matches('0');
        if trimmed.is_empty() && !octet.is_empty() { "0" } else { trimmed }
    });
    octets.collect::<Vec<_>>().join(".").parse().ok()
}

fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && text.parse::<Date>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match self::address(address) {
        Some(std::net::IpAddr::V4(_)) => 32,
        Some(std::net::IpAddr::V6(_)) => 128,
        None => return false,
    };
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    digits && length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// With or without hyphens, as the API server's expression has it.
fn is_uuid(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut rest = text;
    for length in [8, 4, 4, 4] {
        let Some((part, after)) = rest.split_at_checked(length) else { return false };
        if !digits(part) {
            return false;
        }
        rest = after.strip_prefix('-').unwrap_or(after);
    }
    rest.len() == 12 && digits(rest)
}

#[cfg(test)]
mod tests {
    use super::{is_base64, is_cidr, is_time, is_uuid};

    #[test]
    fn base64_is_as_go_decodes_it() {
        for text in ["", "YQ==", "YWI=", "YWJj", "YW\nJj\n", "+/+/"] {
            assert!(is_base64(text), "{text:?}");
        }
        for text in ["YQ", "YQ=", "Y===", "YWJj=", "=", "YQ==YQ==", "-_-_", "YW Jj", "a b="] {
            assert!(!is_base64(text), "{text:?}");
        }
    }

    #[test]
    fn times_are_as_go_parses_them() {
        for text in ["2026-01-31T00:00:00Z", "2026-01-31T23:59:59.5Z", "2024-02-29T10:00:00+02:00"]
        {
            assert!(is_time(text, None), "{text}");
        }
        for text in [
            "2026-01-32T00:00:00Z",
            "2026-01-31",
            "2026-01-31 00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T00:00:60Z",
            "2026-01-31T00:00:00",
            "2026-01-31T00:00:00.Z",
            "today",
            "",
        ] {
            assert!(!is_time(text, None), "{text}");
        }
        assert!(is_time("2026-01-31T00:00:00.123456Z", Some(6)));
        assert!(!is_time("2026-01-31T00:00:00Z", Some(6)));
    }

    #[test]
    fn networks_and_uuids() {
        assert!(is_cidr("10.0.0.0/8") && is_cidr("fd00::/48"));
        assert!(!is_cidr("10.0.0.0/33") && !is_cidr("10.0.0.0") && !is_cidr("10.0.0.0/+8"));
        assert!(is_uuid("123e4567-e89b-12d3-a456-426614174000"));
        assert!(!is_uuid("123e4567-e89b-12d3-a456-42661417400"));
    }
}
