//! The words that sum a run up: what was checked, what was found, what was not
//! checked.

use std::time::Duration;

use crate::finding::{Coverage, GapKind, Summary};

/// `214 objects in 120 files checked`.
pub(super) fn checked(coverage: &Coverage, elapsed: Option<Duration>) -> String {
    let objects = count(coverage.objects, "object", "objects");
    let files = count(coverage.files, "file", "files");
    match elapsed {
        Some(elapsed) => format!("{objects} in {files} checked in {}", seconds(elapsed)),
        None => format!("{objects} in {files} checked"),
    }
}

/// `3 errors, 2 warnings, 1 note`, or `no findings`.
pub(super) fn found(summary: &Summary) -> String {
    let counts = [
        (summary.error, "error", "errors"),
        (summary.warn, "warning", "warnings"),
        (summary.note, "note", "notes"),
    ];
    let counts: Vec<String> = counts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}

/// ` (4 suppressed)`, or nothing.
pub(super) fn suppressed(summary: &Summary) -> String {
    match summary.suppressed {
        0 => String::new(),
        number => format!(" ({number} suppressed)"),
    }
}

/// `12 not rendered, 3 unknown values, 4 accepted`, by kind; none when all was checked.
pub(super) fn unchecked(coverage: &Coverage) -> Option<String> {
    let kinds = [
        (GapKind::Unreadable, "unreadable", "unreadable"),
        (GapKind::UnknownValue, "unknown value", "unknown values"),
        (GapKind::Unrendered, "not rendered", "not rendered"),
        (GapKind::NoSchema, "without a schema", "without a schema"),
        (GapKind::Skipped, "skipped", "skipped"),
    ];
    let counts: Vec<String> = kinds
        .into_iter()
        .map(|(kind, one, many)| {
            (coverage.gaps.iter().filter(|gap| gap.kind == kind).count(), one, many)
        })
        .chain([(coverage.accepted.len(), "accepted", "accepted")])
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// A number with its noun.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `3ms` below a second, then `1.2s`.
fn seconds(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(1) {
        format!("{}ms", elapsed.as_millis())
    } else {
        format!("{:.1}s", elapsed.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{checked, found, suppressed, unchecked};
    use crate::{
        finding::{AcceptedGap, Coverage, Summary},
        report::testing,
    };

    #[test]
    fn numbers_agree_with_their_nouns() {
        let coverage = Coverage { files: 1, documents: 1, objects: 2, ..Coverage::default() };
        assert_eq!(checked(&coverage, None), "2 objects in 1 file checked");
        let elapsed = Some(Duration::from_millis(1234));
        assert_eq!(checked(&coverage, elapsed), "2 objects in 1 file checked in 1.2s");
        assert_eq!(checked(&coverage, Some(Duration::from_micros(3700))), {
            "2 objects in 1 file checked in 3ms"
        });
        let summary = Summary { error: 2, note: 1, suppressed: 4, ..Summary::default() };
        assert_eq!(found(&summary), "2 errors, 1 note");
        assert_eq!(suppressed(&summary), " (4 suppressed)");
        assert_eq!(found(&Summary::default()), "no findings");
        assert_eq!(suppressed(&Summary::default()), "");
    }

    #[test]
    fn gaps_are_counted_by_kind() {
        let mut coverage = testing::report().coverage;
        assert_eq!(unchecked(&coverage).as_deref(), Some("1 unknown value, 1 not rendered"));
        let gap = coverage.gaps.remove(0);
        coverage.accepted.push(AcceptedGap { gap, reason: None });
        assert_eq!(unchecked(&coverage).as_deref(), Some("1 not rendered, 1 accepted"));
        assert_eq!(unchecked(&Coverage::default()), None);
    }
}
