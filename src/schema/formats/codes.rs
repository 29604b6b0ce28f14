//! Base64, UUIDs, and numbers with a checksum, as Kubernetes' `strfmt` reads them.

/// Whether Go's `base64.StdEncoding` decodes it: line ends don't count.
pub(super) fn is_base64(text: &str) -> bool {
    let digits = || text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let count = digits().count();
    let padding = digits().skip_while(|byte| *byte != b'=').count();
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    count % 4 == 0
        && padding <= 2
        && digits().take(count - padding).all(good)
        && digits().skip(count - padding).all(|byte| byte == b'=')
}

/// With or without hyphens, in small or capital letters. A version asks for its digit, and from 4 on for
/// the variant.
pub(super) fn is_uuid(text: &str, version: Option<u8>) -> bool {
    let mut rest = text;
    for (index, length) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        let Some((part, after)) = rest.split_at_checked(length) else { return false };
        let first = part.bytes().next().unwrap_or_default().to_ascii_lowercase();
        let is_right = match (index, version) {
            (2, Some(version)) => first == b'0' + version,
            (3, Some(4 | 5)) => matches!(first, b'8' | b'9' | b'a' | b'b'),
            _ => true,
        };
        if !is_right || !part.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return false;
        }
        rest = if index < 4 { after.strip_prefix('-').unwrap_or(after) } else { after };
    }
    rest.is_empty()
}

/// The digits of a book's number, without what parts them.
fn of_book(text: &str) -> Vec<u8> {
    let parts = |c: &char| matches!(c, '\t' | '\n' | '\u{c}' | '\r' | ' ' | '-');
    text.chars().filter(|c| !parts(c)).map(|c| u8::try_from(c).unwrap_or_default()).collect()
}

/// Ten digits, the last of which may be X for ten.
pub(super) fn is_isbn10(text: &str) -> bool {
    let book = of_book(text);
    let values = book.iter().enumerate().map(|(at, byte)| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'X' if at == 9 => Some(10),
        _ => None,
    });
    let values: Option<Vec<u32>> = values.collect();
    let sum = |values: &[u32]| {
        (1..).zip(values).map(|(factor, value): (u32, _)| factor * value).sum::<u32>()
    };
    book.len() == 10 && values.is_some_and(|values| sum(&values) % 11 == 0)
}

/// Thirteen digits.
pub(super) fn is_isbn13(text: &str) -> bool {
    let book = of_book(text);
    let digits = book.iter().zip([1, 3].into_iter().cycle());
    let sum: u32 = digits.map(|(byte, factor)| factor * u32::from(byte.wrapping_sub(b'0'))).sum();
    book.len() == 13 && book.iter().all(u8::is_ascii_digit) && sum.is_multiple_of(10)
}

/// Of an issuer that the API server knows, with a right last digit. What is no digit doesn't count.
pub(super) fn is_credit_card(text: &str) -> bool {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
    let is_known = match digits.len() {
        13 => matches!(digits.as_slice(), [4, ..]),
        14 => matches!(digits.as_slice(), [3, 0, 0..=5, ..] | [3, 6 | 8, ..]),
        15 => matches!(digits.as_slice(), [3, 4 | 7, ..] | [2, 1, 3, 1, ..] | [1, 8, 0, 0, ..]),
        16 => matches!(
            digits.as_slice(),
            [4, ..] | [5, 1..=5, ..] | [6, 0, 1, 1, ..] | [6 | 3, 5, ..]
        ),
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, factor)| match u32::from(*digit) * factor {
            large @ 10.. => large % 10 + 1,
            small => small,
        })
        .sum();
    is_known && sum.is_multiple_of(10)
}

/// A social security number of the United States.
pub(super) fn is_ssn(text: &str) -> bool {
    text.len() == 11
        && text.bytes().enumerate().all(|(at, byte)| match at {
            3 | 6 => matches!(byte, b'-' | b' '),
            _ => byte.is_ascii_digit(),
        })
}

/// `#fff`, `ffffff`.
pub(super) fn is_hex_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or(text);
    matches!(digits.len(), 3 | 6) && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `rgb(0, 31, 255)`.
pub(super) fn is_rgb_color(text: &str) -> bool {
    let inner = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner else { return false };
    let mut count = 0;
    let are_values = inner.split(',').all(|part| {
        count += 1;
        let value = part.trim_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        let is_short = value == "0" || !value.starts_with('0');
        is_short && value.bytes().all(|byte| byte.is_ascii_digit()) && value.parse::<u8>().is_ok()
    });
    are_values && count == 3
}

/// An object id of BSON: 24 hexadecimal digits.
pub(super) fn is_bson_id(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A name of up to so many characters, as labels of DNS parted by dots.
pub(super) fn is_name(text: &str, most: usize, has_dots: bool) -> bool {
    let is_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(is_end)
            && bytes.last().is_some_and(is_end)
            && bytes.iter().all(|byte| *byte == b'-' || is_end(byte))
    };
    text.len() <= most && if has_dots { text.split('.').all(is_label) } else { is_label(text) }
}

#[cfg(test)]
mod tests {
    use super::{is_base64, is_credit_card, is_isbn10, is_isbn13, is_rgb_color, is_ssn, is_uuid};

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
    fn uuids() {
        assert!(is_uuid("123e4567-e89b-12d3-a456-426614174000", None));
        assert!(is_uuid("123E4567e89b42d3a456426614174000", Some(4)));
        assert!(!is_uuid("123e4567-e89b-12d3-a456-426614174000", Some(4)));
        assert!(!is_uuid("123e4567-e89b-42d3-c456-426614174000", Some(4)));
        assert!(!is_uuid("123e4567-e89b-12d3-a456-42661417400", None));
    }

    #[test]
    fn numbers_with_a_checksum() {
        assert!(is_isbn10("3 401 01319 X") && is_isbn10("3836221195") && !is_isbn10("3836221196"));
        assert!(is_isbn13("978-4-87311-368-5") && !is_isbn13("978-4-87311-368-6"));
        assert!(is_credit_card("4220-8554-2622-2389") && !is_credit_card("4220855426213389"));
        assert!(is_ssn("000-00-0000") && !is_ssn("000000000"));
        assert!(is_rgb_color("rgb(0,  31, 255)") && !is_rgb_color("rgb(01,31,255)"));
        assert!(!is_rgb_color("rgb(0,31,256)") && !is_rgb_color("rgb(0,31)"));
    }
}
