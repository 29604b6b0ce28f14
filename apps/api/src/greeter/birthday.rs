//! Days to the next birthday.

use jiff::civil::Date;

/// The birthday of somebody in a year: the same day, or 1 March for 29 February where the year has
/// no such day.
fn birthday(born: Date, year: i16) -> Option<Date> {
    match Date::new(year, born.month(), born.day()) {
        Ok(date) => Some(date),
        Err(_) => Date::new(year, 3, 1).ok(),
    }
}

/// Days from a day to the next birthday, 0 to 366; 0 on the birthday itself. `None` at the end of
/// the calendar, after the year 9999.
pub(super) fn days_to_birthday(today: Date, born: Date) -> Option<i32> {
    let this_year = birthday(born, today.year())?;
    let next =
        if this_year < today { birthday(born, today.year().checked_add(1)?)? } else { this_year };
    today.until(next).ok().map(|span| span.get_days())
}

/// Reads a date as ISO 8601 writes it, `YYYY-MM-DD`, and in no other form.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    let date: Date = text.parse().ok()?;
    // Other forms are read too, but written differently.
    (date.to_string() == text && date.year() > 0).then_some(date)
}

/// The latest day on which somebody who greets today can be born.
pub(super) fn is_in_future(date: Date, today: Date) -> bool {
    date > today
}

#[cfg(test)]
mod tests {
    use jiff::{ToSpan, civil::date};

    use super::*;

    #[test]
    fn days_are_counted_to_the_next_birthday() {
        let born = date(1990, 6, 15);
        for (today, days) in [
            (date(2025, 6, 15), 0),
            (date(2025, 6, 14), 1),
            (date(2025, 6, 16), 364),
            (date(2023, 6, 16), 365),
            (date(2025, 12, 31), 166),
            (date(1990, 6, 15), 0),
        ] {
            assert_eq!(days_to_birthday(today, born), Some(days), "{today}");
        }
    }

    #[test]
    fn born_on_29_february_is_celebrated_on_1_march_in_common_years() {
        let born = date(2000, 2, 29);
        for (today, days) in [
            (date(2024, 2, 28), 1),
            (date(2024, 2, 29), 0),
            (date(2024, 3, 1), 365),
            (date(2025, 2, 28), 1),
            (date(2025, 3, 1), 0),
            (date(2025, 3, 2), 364),
            (date(2027, 3, 2), 364),
            (date(2100, 2, 28), 1),
            (date(2100, 3, 1), 0),
        ] {
            assert_eq!(days_to_birthday(today, born), Some(days), "{today}");
        }
    }

    #[test]
    fn each_birthday_is_at_most_a_year_away_and_is_reached() {
        for born in [date(1999, 1, 1), date(2000, 2, 29), date(1987, 12, 31)] {
            let mut today = date(2023, 1, 1);
            while today < date(2029, 1, 1) {
                let days = days_to_birthday(today, born).unwrap();
                assert!((0..=366).contains(&days));
                assert_eq!(days_to_birthday(today + days.days(), born), Some(0));
                today = today.tomorrow().unwrap();
            }
        }
    }

    #[test]
    fn dates_have_one_form() {
        assert_eq!(parse_date("1990-06-15"), Some(date(1990, 6, 15)));
        for wrong in [
            "",
            "19900615",
            "1990-6-15",
            "1990-02-30",
            "1990-06-15T00:00:00",
            "0000-01-01",
            "-009999-01-01",
            "15.06.1990",
            "1990-06-15 ",
        ] {
            assert_eq!(parse_date(wrong), None, "{wrong:?}");
        }
    }
}
