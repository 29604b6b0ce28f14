//! Addresses, host names and URIs, as Go's packages `net` and `net/url` and Kubernetes' `strfmt` read them.

use std::{net::IpAddr, sync::LazyLock};

use regex::Regex;

/// An address as Kubernetes reads it (`netutils.ParseIPSloppy`): leading zeros don't count.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        let trimmed = digits.trim_start_matches('0');
        plain.push_str(if trimmed.is_empty() && !digits.is_empty() { "0" } else { trimmed });
        let mut chars = after.chars();
        plain.extend(chars.next());
        rest = chars.as_str();
    }
    plain.parse().ok()
}

pub(super) fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let most = match self::address(address) {
        Some(IpAddr::V4(_)) => 32,
        Some(IpAddr::V6(_)) => 128,
        None => return false,
    };
    let digits = length.bytes().all(|byte| byte.is_ascii_digit());
    digits && length.parse::<u8>().is_ok_and(|length| length <= most)
}

/// As Go's `net.ParseMAC`: 6, 8 or 20 bytes, each followed by `:` or `-`, pairs by `.`, or none of them.
pub(super) fn is_mac(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 12 {
        return false;
    }
    let width = match (bytes.get(2), bytes.get(4)) {
        (Some(b':' | b'-'), _) => 2,
        (_, Some(b'.')) => 4,
        _ => 0,
    };
    let groups: Vec<&[u8]> = match (width, bytes.get(width)) {
        (0, _) | (_, None) => vec![bytes],
        (_, Some(separator)) => bytes.split(|byte| byte == separator).collect(),
    };
    let digits: usize = groups.iter().map(|group| group.len()).sum();
    matches!(digits, 12 | 16 | 40)
        && groups.iter().all(|group| {
            (width == 0 || group.len() == width) && group.iter().all(u8::is_ascii_hexdigit)
        })
}

/// Letters and symbols beyond ASCII.
static SYMBOLS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{S}\p{L}]$").ok());
static LETTERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{L}$").ok());

fn is_of(class: &LazyLock<Option<Regex>>, char: char) -> bool {
    let mut buffer = [0; 4];
    class.as_ref().is_some_and(|class| class.is_match(char.encode_utf8(&mut buffer)))
}

/// As `strfmt.IsHostname`, whose expression takes symbols too, and a hyphen behind the first character
/// of a name without dots.
pub(super) fn is_hostname(text: &str) -> bool {
    if text.len() > 255 || text.split('.').any(|label| label.len() > 63) {
        return false;
    }
    let is_plain = |c: char| match c {
        '-' => false,
        _ if c.is_ascii_alphanumeric() => true,
        _ => is_of(&SYMBOLS, c),
    };
    let Some((labels, last)) = text.rsplit_once('.') else {
        let mut chars = text.chars();
        if !chars.next().is_some_and(is_plain) {
            return false;
        }
        let rest = chars.as_str();
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        return rest.chars().count() <= 62 && rest.chars().all(is_plain);
    };
    let count = last.chars().count();
    let is_label = |label: &str| {
        label.chars().next().is_some_and(is_plain)
            && label.chars().next_back().is_some_and(is_plain)
            && label.chars().all(|c| c == '-' || is_plain(c))
    };
    (2..=63).contains(&count)
        && last.chars().all(|c| c.is_ascii_alphabetic() || !c.is_ascii() && is_of(&LETTERS, c))
        && labels.split('.').all(is_label)
}

/// As Go's `url.ParseRequestURI`: with a scheme, or a path from the root.
pub(super) fn is_uri(text: &str) -> bool {
    if text.is_empty() || text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
        return false;
    }
    if text == "*" {
        return true;
    }
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let end = text.find(|c| !is_of_scheme(c)).unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let (scheme, rest) = match after.strip_prefix(':') {
        Some(_) if word.is_empty() => return false,
        Some(rest) if word.starts_with(|c: char| c.is_ascii_alphabetic()) => (word, rest),
        _ => ("", text),
    };
    let rest = rest.split('?').next().unwrap_or_default();
    if !rest.starts_with('/') {
        return !scheme.is_empty();
    }
    let authority = rest.strip_prefix("//").filter(|_| !scheme.is_empty());
    let Some(authority) = authority else { return escapes_are_right(rest, Part::Other) };
    let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    is_host(&scheme.to_ascii_lowercase(), host)
        && user.chars().all(|c| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c))
        // A colon parts name and password, and no escape holds one.
        && escapes_are_right(user, Part::Other)
        && escapes_are_right(path, Part::Other)
}

/// Where in a URI an escape is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
    Zone,
    Other,
}

/// Characters that stand for themselves in a host.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

fn escapes_are_right(text: &str, part: Part) -> bool {
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            if part != Part::Other && first.is_ascii() && !is_host_byte(*first) {
                return false;
            }
            rest = after;
            continue;
        }
        let digit = |at: usize| Some(char::from(*after.get(at)?).to_digit(16)? as u8);
        let (Some(high), Some(low)) = (digit(0), digit(1)) else { return false };
        let value = high << 4 | low;
        let is_percent = value == b'%';
        let is_right = match part {
            Part::Other => true,
            Part::Host => high >= 8 || is_percent,
            Part::Zone => is_percent || value == b' ' || value.is_ascii() && is_host_byte(value),
        };
        if !is_right {
            return false;
        }
        rest = after.get(2..).unwrap_or_default();
    }
    true
}

fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|it| it.is_ascii_digit()))
}

/// As `parseHost` of `net/url`.
fn is_host(scheme: &str, host: &str) -> bool {
    match host.rfind('[') {
        Some(0) => {
            let Some((address, port)) = host.get(1..).and_then(|rest| rest.rsplit_once(']')) else {
                return false;
            };
            let (address, zone) = match address.find("%25") {
                Some(at) => address.split_at(at),
                None => (address, ""),
            };
            // A zone of which nothing is left is no zone.
            is_port(port)
                && zone != "%25"
                && escapes_are_right(zone, Part::Zone)
                && escapes_are_right(address, Part::Host)
                && address.parse::<std::net::Ipv6Addr>().is_ok()
        }
        Some(_) => false,
        None => {
            let is_web = matches!(scheme, "http" | "https");
            let colon = if is_web { host.find(':') } else { host.rfind(':') };
            colon.is_none_or(|at| is_port(host.get(at..).unwrap_or_default()))
                && escapes_are_right(host, Part::Host)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{is_cidr, is_hostname, is_mac, is_uri};

    #[test]
    fn networks() {
        assert!(is_cidr("10.0.0.0/8") && is_cidr("fd00::/48"));
        assert!(!is_cidr("10.0.0.0/33") && !is_cidr("10.0.0.0") && !is_cidr("10.0.0.0/+8"));
        assert!(is_mac("01:23:45:67:89:ab") && is_mac("0123.4567.89ab") && is_mac("0123456789ab"));
        assert!(!is_mac("01:23:45:67:89") && !is_mac("01:23-45:67:89:ab") && !is_mac(""));
    }

    #[test]
    fn host_names() {
        for text in ["web", "a-b", "example.com", "0.example.com", "\u{e9}t\u{e9}.fr", "a-"] {
            assert!(is_hostname(text), "{text}");
        }
        for text in ["", "-a", "example.c", "a_b", "a..com", "10.0.0.1", "a-b-c", "example.com."] {
            assert!(!is_hostname(text), "{text}");
        }
    }

    #[test]
    fn uris_have_a_scheme_or_a_path() {
        for text in
            ["https://a.b/c?d#e", "/a", "mailto:x", "oci://[::1]:5000/x", "a://u:p@h/%20", "*"]
        {
            assert!(is_uri(text), "{text}");
        }
        for text in ["", "a", "a/b", "://a", "http://a:b", "/%2", "http://a b", "http://[a]", "1:2"]
        {
            assert!(!is_uri(text), "{text}");
        }
    }
}
