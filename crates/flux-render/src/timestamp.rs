//! Dates of YAML in the form that JSON gets: Go's `time.RFC3339Nano`.

/// A timestamp that go-yaml v3 reads, in RFC 3339 with no more digits than needed.
pub(crate) fn in_rfc3339(text: &str) -> Option<String> {
    let mut rest = text;
    let year = number(&mut rest, 4, 4)?;
    expect(&mut rest, "-")?;
    let month = number(&mut rest, 1, 2)?;
    expect(&mut rest, "-")?;
    let day = number(&mut rest, 1, 2)?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    rest = rest.get(1..)?;
    let hour = number(&mut rest, 1, 2)?;
    expect(&mut rest, ":")?;
    let minute = number(&mut rest, 1, 2)?;
    expect(&mut rest, ":")?;
    let second = number(&mut rest, 1, 2)?;
    let mut fraction = "";
    if let Some(behind) = rest.strip_prefix(['.', ',']) {
        let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
        fraction = behind.get(..digits.min(9))?.trim_end_matches('0');
        rest = behind.get(digits..)?;
    }
    let zone = match rest {
        "" | "Z" | "+00:00" | "-00:00" => "Z",
        zone => zone,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"))
}

fn number(rest: &mut &str, least: usize, most: usize) -> Option<u32> {
    let digits = rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
    let (number, behind) = rest.split_at_checked(digits)?;
    *rest = behind;
    if digits < least { None } else { number.parse().ok() }
}

fn expect(rest: &mut &str, text: &str) -> Option<()> {
    *rest = rest.strip_prefix(text)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::in_rfc3339;

    #[test]
    fn dates_get_a_time() {
        assert_eq!(in_rfc3339("2024-1-2").as_deref(), Some("2024-01-02T00:00:00Z"));
        assert_eq!(in_rfc3339("2024-01-02 3:04:05.600").as_deref(), Some("2024-01-02T03:04:05.6Z"));
        assert_eq!(
            in_rfc3339("2024-01-02T03:04:05+02:00").as_deref(),
            Some("2024-01-02T03:04:05+02:00")
        );
    }
}
