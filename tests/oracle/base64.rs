//! RFC 4648 base64 as Go's `encoding/base64.StdEncoding` decodes it: padding is needed, line breaks
//! are skipped, and bits after the last byte don't matter.

/// Returns the bytes, or nothing if the text isn't base64.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let groups = digits.chunks(4);
    let last = groups.len().checked_sub(1);
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for (number, group) in groups.enumerate() {
        let padding = group.iter().rev().take_while(|byte| **byte == b'=').count();
        if group.len() != 4 || padding > 2 || (padding > 0 && Some(number) != last) {
            return None;
        }
        let mut bits = 0_u32;
        for digit in group.iter().take(4 - padding) {
            bits = bits << 6 | value(*digit)?;
        }
        bits <<= 6 * padding;
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(3 - padding));
    }
    Some(bytes)
}

fn value(digit: u8) -> Option<u32> {
    let value = match digit {
        b'A'..=b'Z' => digit - b'A',
        b'a'..=b'z' => digit - b'a' + 26,
        b'0'..=b'9' => digit - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}
