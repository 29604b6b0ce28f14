//! Times, dates and durations.

use jiff::civil::Date;

/// Whether Go reads it as RFC 3339, with a fraction of this many digits, if that is set.
pub(super) fn is_time(text: &str, fraction: Option<usize>) -> bool {
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
pub(super) fn is_custom_time(text: &str) -> bool {
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
    // Any character of a line stands for the dot.
    let mut rest = fraction.chars();
    let has_fraction = match rest.next() {
        None => true,
        Some('\n') => false,
        Some(_) => !rest.as_str().is_empty() && rest.all(|char| char.is_ascii_digit()),
    };
    is_date(date) && is_clock(clock) && has_fraction && zone.is_none_or(is_zone)
}

pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.as_bytes().first().is_some_and(u8::is_ascii_digit)
        && text.parse::<Date>().is_ok()
}

/// The units of a duration that Go knows, in nanoseconds.
const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
/// Other units of `strfmt.ParseDuration`: words, and how the longer ones start.
const WORDS: [&str; 11] = ["ns", "us", "\u{b5}s", "ms", "s", "m", "h", "hr", "d", "w", "wk"];
const STARTS: [&str; 8] = ["nano", "micro", "milli", "sec", "min", "hour", "day", "week"];

/// Whether kube-openapi's `strfmt.ParseDuration` reads it: as Go does, or with a number and a unit
/// anywhere in it.
pub(super) fn is_duration(text: &str) -> bool {
    is_go_duration(text) || has_duration(text)
}

/// As Go's `time.ParseDuration`.
fn is_go_duration(text: &str) -> bool {
    /// What fits into Go's duration, and one more, which only a negative one may be.
    const MOST: u64 = 1 << 63;
    let is_negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return true;
    }
    let mut sum: u64 = 0;
    let mut count = 0;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return false;
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let Some((_, unit)) = UNITS.iter().find(|(name, _)| *name == unit) else { return false };
        let number = if whole.is_empty() { Some(0) } else { whole.parse::<u64>().ok() };
        let Some(value) = number.and_then(|number| number.checked_mul(*unit)) else { return false };
        // Digits that don't fit any more are left out.
        let kept = fraction.get(..18).unwrap_or(fraction);
        let scale = 10_f64.powi(i32::try_from(kept.len()).unwrap_or(0));
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "as upstream computes it"
        )]
        let part = (kept.parse::<u64>().unwrap_or(0) as f64 * (*unit as f64 / scale)) as u64;
        let total = value.checked_add(part).and_then(|value| sum.checked_add(value));
        match total {
            Some(total) if total <= MOST && value <= MOST => sum = total,
            _ => return false,
        }
        rest = after;
        count += 1;
    }
    count > 0 && (sum < MOST || is_negative)
}

/// The digits at the start, and the rest.
fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// Whether a number with a unit is in it.
fn has_duration(text: &str) -> bool {
    let mut found = false;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (number, after) = digits(rest.get(start..).unwrap_or_default());
        let word = after.trim_start_matches(['\t', '\n', '\u{c}', '\r', ' ']);
        let is_letter = |c: char| c.is_ascii_alphabetic() || c == '\u{b5}';
        let end = word.find(|c| !is_letter(c)).unwrap_or(word.len());
        let (unit, after_unit) = word.split_at(end);
        if unit.is_empty() {
            rest = after;
            continue;
        }
        if number.parse::<i64>().is_err() {
            return false;
        }
        let unit = unit.to_ascii_lowercase();
        found |= WORDS.contains(&unit.as_str()) || STARTS.iter().any(|it| unit.starts_with(it));
        rest = after_unit;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{is_duration, is_time};

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
    fn durations_are_go_s_and_more() {
        for text in
            ["0", "1h", "1.5h", "1.h", "-5m30s", "2 days", "22 ns", "in 3 weeks", "1 \u{b5}s"]
        {
            assert!(is_duration(text), "{text}");
        }
        for text in ["", "5", "h", "1 fortnight", "9999999999999999999999h", "+", "1.x"] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
