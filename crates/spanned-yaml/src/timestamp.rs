//! Dates, as go-yaml recognises them (`parseTimestamp` in resolve.go, by Go's
//! time.Parse with four layouts).

/// Whether a text is a date, or a date and time.
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most numbers are told from dates by their fifth byte.
    if bytes.get(4) != Some(&b'-') || !bytes.iter().take(4).all(u8::is_ascii_digit) {
        return false;
    }
    let mut rest = Cursor(bytes.get(5..).unwrap_or_default());
    let year = bytes.iter().take(4).fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
    let Some(month) = rest.number().filter(|month| (1..=12).contains(month)) else { return false };
    if !rest.take(b'-') {
        return false;
    }
    let Some(day) = rest.number().filter(|day| (1..=days_in(month, year)).contains(day)) else {
        return false;
    };
    let _ = day;
    if rest.0.is_empty() {
        return true;
    }
    let zoned = match rest.0.first() {
        Some(b'T' | b't') => true,
        Some(b' ') => false,
        _ => return false,
    };
    rest.0 = rest.0.get(1..).unwrap_or_default();
    if !zoned {
        // A space in Go's layout stands for any number of them.
        while rest.take(b' ') {}
    }
    rest.time() && if zoned { rest.zone() } else { rest.0.is_empty() }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    fn take(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = self.0.get(1..).unwrap_or_default();
        }
        found
    }

    /// One or two digits.
    fn number(&mut self) -> Option<u32> {
        let digits = self.0.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self
            .0
            .get(..digits)?
            .iter()
            .fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        self.0 = self.0.get(digits..)?;
        (digits > 0).then_some(value)
    }

    /// Exactly two digits.
    fn two(&mut self) -> Option<u32> {
        let both = self.0.get(..2)?.iter().all(u8::is_ascii_digit);
        if both { self.number() } else { None }
    }

    /// `15:4:5` with a fraction of any length behind `.` or `,`. Go takes one or
    /// two digits for each part, and the hour, too.
    fn time(&mut self) -> bool {
        let hour = self.number();
        if hour.is_none_or(|hour| hour >= 24) || !self.take(b':') {
            return false;
        }
        if self.number().is_none_or(|minute| minute >= 60) || !self.take(b':') {
            return false;
        }
        if self.number().is_none_or(|second| second >= 60) {
            return false;
        }
        if matches!(self.0.first(), Some(b'.' | b',')) {
            let digits = self.0.iter().skip(1).take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 0 {
                self.0 = self.0.get(1 + digits..).unwrap_or_default();
            }
        }
        true
    }

    /// `Z`, or `+07:00`.
    fn zone(&mut self) -> bool {
        if self.take(b'Z') {
            return self.0.is_empty();
        }
        if !self.take(b'+') && !self.take(b'-') {
            return false;
        }
        let hours = self.two().is_some_and(|hours| hours <= 24);
        let minutes = self.take(b':') && self.two().is_some_and(|minutes| minutes <= 60);
        hours && minutes && self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn dates_are_what_go_takes_for_dates() {
        for text in [
            "2024-01-01",
            "2024-1-2",
            "2024-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-15T02:59:43.1Z",
            "2001-12-14 21:59:43.10",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2024-13-01",
            "2023-02-29",
            "24-01-01",
            "2024-01-01x",
            "2001-12-14 21:59:43.10 -5",
            "2024-01",
            "2001-12-15T02:59:43.1",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
