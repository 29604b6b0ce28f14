//! The schedule or the time zone of a CronJob that the API server refuses.
//!
//! ## What it does
//! Reads `schedule` as Kubernetes does: five fields (minute, hour, day of the month, month, day of the week)
//! of numbers, ranges, steps and, for months and days of the week, names; or `@hourly`, `@daily`,
//! `@midnight`, `@weekly`, `@monthly`, `@yearly`, `@annually` or `@every 1h30m`. A time zone belongs into
//! `timeZone`, which must be written as in the IANA database.
//!
//! ## Why
//! The API server refuses the object, and Flux stops at it: nothing after it is applied either. Schedules
//! with six fields, and Sunday as 7, work elsewhere.
//!
//! ## Fails
//! ```yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata:
//!   name: report
//! spec:
//!   schedule: "0 0 3 * * *"
//!   jobTemplate:
//!     spec:
//!       template:
//!         spec:
//!           restartPolicy: Never
//!           containers:
//!             - {name: report, image: contoso.azurecr.io/report:1.27}
//! ```
//!
//! ## Passes
//! ```yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata:
//!   name: report
//! spec:
//!   schedule: "0 3 * * *"
//!   timeZone: Europe/Berlin
//!   jobTemplate:
//!     spec:
//!       template:
//!         spec:
//!           restartPolicy: Never
//!           containers:
//!             - {name: report, image: contoso.azurecr.io/report:1.27}
//! ```
//!
//! ## Limits
//! Whether a time zone exists isn't known here: it depends on the API server.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax>
//! - <https://github.com/robfig/cron/blob/v3.0.1/parser.go>

use crate::{
    check::{Findings, Scope},
    finding::Level,
    kube::Object,
    rules::{Check, Rule, fields::Fields},
};

pub(super) static RULE: Rule = Rule {
    id: "schema/cron-schedule",
    level: Level::Error,
    since: "0.2.0",
    summary: "the schedule or the time zone of a CronJob that the API server refuses",
    check: Check::Object(&["CronJob"], check),
    source: include_str!("cron_schedule.rs"),
};

/// One of the five fields.
struct Field {
    name: &'static str,
    min: u64,
    max: u64,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[] },
    Field { name: "hour", min: 0, max: 23, names: &[] },
    Field { name: "day of the month", min: 1, max: 31, names: &[] },
    Field {
        name: "month",
        min: 1,
        max: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        min: 0,
        max: 6,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    },
];

const WORDS: [&str; 7] =
    ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];

fn check<'a>(object: &'a Object<'a>, _: &Scope<'a>, findings: &mut Findings<'a>) {
    let Some(spec) = object.spec().filter(|_| object.group() == "batch") else { return };
    let mut fields = Fields::new(object, findings);
    if let Some((schedule, node)) = fields.text_at(spec, "schedule") {
        if schedule.contains("TZ") {
            let message = format!("schedule: \"{schedule}\" can't have a time zone in it");
            fields.wrong_with_help(node, message, "write it into timeZone");
        } else if let Some(problem) = problem(schedule) {
            fields.wrong(node, format!("schedule: \"{schedule}\" {problem}"));
        }
    }
    if let Some((zone, node)) = fields.text_at(spec, "timeZone")
        && !is_time_zone(zone)
    {
        let message = format!("timeZone: \"{zone}\" is no name of a time zone");
        fields.wrong_with_help(node, message, "write it as Europe/Berlin, or Etc/UTC");
    }
}

/// What is wrong with a schedule, if anything is: `ParseStandard` of robfig/cron.
fn problem(schedule: &str) -> Option<String> {
    if schedule.is_empty() {
        return Some("is empty".to_owned());
    }
    if schedule.starts_with('@') {
        let is_good =
            WORDS.contains(&schedule) || schedule.strip_prefix("@every ").is_some_and(is_duration);
        return (!is_good).then(|| format!("is none of {}, @every 1h30m", WORDS.join(", ")));
    }
    let count = schedule.split_whitespace().count();
    if count != FIELDS.len() {
        return Some(format!("has {count} fields, not 5"));
    }
    let parts = schedule.split_whitespace().zip(&FIELDS);
    let mut ranges =
        parts.flat_map(|(part, field)| part.split(',').map(move |range| (range, field)));
    ranges.find_map(|(range, field)| {
        let problem = if range.is_empty() { None } else { field.problem(range) };
        problem.map(|problem| format!("isn't right: {} {range}: {problem}", field.name))
    })
}

impl Field {
    fn problem(&self, range: &str) -> Option<String> {
        let (bounds, step) = match range.split_once('/') {
            Some((bounds, step)) => (bounds, Some(step)),
            None => (range, None),
        };
        let (low, high) = match bounds.split_once('-') {
            Some((low, high)) => (low, Some(high)),
            None => (bounds, None),
        };
        let number = |text: &str| self.number(text).ok_or_else(|| format!("{text} is no number"));
        let read = || -> Result<(u64, u64), String> {
            if matches!(low, "*" | "?") {
                return Ok((self.min, self.max));
            }
            let start = number(low)?;
            Ok(match high {
                Some(high) => (start, number(high)?),
                None if step.is_some() => (start, self.max),
                None => (start, start),
            })
        };
        let (start, end) = match read() {
            Ok(bounds) => bounds,
            Err(problem) => return Some(problem),
        };
        if let Some(step) = step
            && whole(step).is_none_or(|step| step == 0)
        {
            return Some(format!("{step} is no step"));
        }
        if start < self.min || end > self.max {
            return Some(format!("it must be from {} to {}", self.min, self.max));
        }
        (start > end).then(|| "it ends before it starts".to_owned())
    }

    fn number(&self, text: &str) -> Option<u64> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        named.map(|at| at as u64 + self.min).or_else(|| whole(text))
    }
}

/// A number as Go's `strconv.Atoi` reads it, if it isn't negative.
fn whole(text: &str) -> Option<u64> {
    let number = text.parse::<i64>().ok()?;
    u64::try_from(number).ok()
}

/// Whether Go's `time.ParseDuration` reads it.
fn is_duration(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text == "0" {
        return true;
    }
    let mut rest = text;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let whole = digits(rest);
        rest = rest.get(whole..).unwrap_or_default();
        let mut fraction = 0;
        if let Some(after) = rest.strip_prefix('.') {
            fraction = digits(after);
            rest = after.get(fraction..).unwrap_or_default();
        }
        if whole + fraction == 0 {
            return false;
        }
        let units = ["ns", "us", "\u{b5}s", "\u{3bc}s", "ms", "s", "m", "h"];
        let unit = rest.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, after) = rest.split_at(unit);
        if !units.contains(&unit) {
            return false;
        }
        rest = after;
    }
    !text.is_empty()
}

/// Whether it may be a name of the IANA database, by how it is written (`validateTimeZone`).
fn is_time_zone(text: &str) -> bool {
    let is_good =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'+');
    !text.eq_ignore_ascii_case("local")
        && text.split('/').all(|part| {
            (1..=14).contains(&part.len())
                && part.bytes().all(is_good)
                && !matches!(part, "." | "..")
                && !part.starts_with('-')
        })
}

#[cfg(test)]
mod tests {
    use super::{RULE, is_duration, is_time_zone, problem};
    use crate::check::testing::check;

    #[test]
    fn schedules_are_read_as_kubernetes_reads_them() {
        for text in [
            "* * * * *",
            "*/5 0-23/2 1,15 jan-DEC MON",
            "? ? ? ? ?",
            "0 3 * * 1-5",
            "5/15 * * * *",
            "@daily",
            "@every 1h30m",
            "@every 1.5s",
            "  0 0 1 1 0 ",
            ", * * * *",
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
        for text in [
            "",
            "* * * *",
            "0 * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 7",
            "5-1 * * * *",
            "*/0 * * * *",
            "a * * * *",
            "1-2-3 * * * *",
            "1/2/3 * * * *",
            "@Daily",
            "@reboot",
            "@every",
            "@every 1",
            "@every 1d",
            "-1 * * * *",
            "* * L * *",
        ] {
            assert!(problem(text).is_some(), "{text}");
        }
        assert!(
            is_duration("0") && is_duration("1h2m3.5s") && !is_duration("") && !is_duration("h")
        );
        assert!(is_time_zone("Etc/GMT+1") && is_time_zone("UTC"));
        for text in ["", "Local", "local", "A//B", "../UTC", "-a", "Europe/Ber lin", "UTC+01:00"] {
            assert!(!is_time_zone(text), "{text}");
        }
    }

    #[test]
    fn places_are_the_fields() {
        check(
            &RULE,
            r#"
#- jobs.yaml
apiVersion: batch/v1
kind: CronJob
metadata: {name: a}
spec: {schedule: 0 0 3 * * *, timeZone: Europe/Berlin}
#                ^^^^^^^^^^^ schema/cron-schedule: schedule: "0 0 3 * * *" has 6 fields, not 5
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: b}
spec: {schedule: CRON_TZ=UTC 0 3 * * *, timeZone: Local}
#                ^^^^^^^^^^^^^^^^^^^^^ schema/cron-schedule: schedule: "CRON_TZ=UTC 0 3 * * *" can't have a time zone in it
#                                                 ^^^^^ schema/cron-schedule: timeZone: "Local" is no name of a time zone
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: d}
spec: {schedule: 0 3 * * 7}
#                ^^^^^^^^^ schema/cron-schedule: schedule: "0 3 * * 7" isn't right: day of the week 7: it must be from 0 to 6
"#,
        );
    }
}
