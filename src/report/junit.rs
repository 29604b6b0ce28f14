//! `junit`: JUnit XML, for the test result pages of CI systems.
//!
//! | of the run | in the report |
//! |---|---|
//! | a file with findings or gaps | a test suite |
//! | an error or warning | a failed test case |
//! | a note | a passed test case; the note is its output |
//! | a suppressed finding, a coverage gap | a skipped test case, with the reason |
//! | the run itself | a suite with one passed test case, unless nothing was checked |
//!
//! A test case is named after rule, object and field, so that a page can follow
//! it while lines move; its class is the file. The last row keeps a clean run
//! from being an empty report, which readers take for a mistake. Files in which
//! nothing was found aren't listed: a report doesn't know them, and a file is
//! not to pass by name only.
//!
//! XML has no way to write most control characters, so text goes through
//! [`escape::plain`](super::escape::plain).

use std::{collections::BTreeMap, fmt::Write as _, io};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{escape::plain, summary, word};
use crate::finding::{Finding, Gap, Level, Location, Report};

pub(super) fn write(report: &Report, out: &mut dyn io::Write) -> io::Result<()> {
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    let cases = report.findings.iter().map(|finding| (&finding.location, failed(finding)));
    let cases = cases
        .chain(report.suppressed.iter().map(|finding| (&finding.location, suppressed(finding))))
        .chain(report.coverage.all_gaps().map(|gap| (&gap.location, unchecked(gap))));
    for (location, mut case) in cases {
        let file: &str = &location.file;
        let path = plain(file);
        let suite = suites.entry(file).or_insert_with(|| TestSuite::new(path.as_ref()));
        case.set_classname(path.as_ref());
        case.extra.insert("file".into(), path.as_ref().into());
        suite.add_test_case(case);
    }
    let mut junit = quick_junit::Report::new("portcullis");
    if report.coverage.objects > 0 {
        junit.add_test_suite(run(report));
    }
    junit.add_test_suites(suites.into_values());
    junit.serialize(out).map_err(io::Error::other)
}

/// The run itself.
fn run(report: &Report) -> TestSuite {
    let mut case = TestCase::new("the run", TestCaseStatus::success());
    case.set_classname("portcullis");
    let mut output = format!(
        "{}\n{}{}",
        summary::checked(&report.coverage, None),
        summary::found(&report.summary),
        summary::suppressed(&report.summary)
    );
    if let Some(unchecked) = summary::unchecked(&report.coverage) {
        output.push_str("\nnot checked: ");
        output.push_str(&unchecked);
    }
    case.set_system_out(output);
    let mut suite = TestSuite::new("portcullis");
    suite.add_test_case(case);
    suite
}

/// A finding that counts.
fn failed(finding: &Finding) -> TestCase {
    let mut text = format!(
        "{}: {}[{}] {}",
        at(&finding.location),
        word(finding.level),
        finding.rule,
        plain(&finding.message)
    );
    for related in &finding.related {
        let _ = write!(text, "\n{}: {}", at(&related.location), plain(&related.message));
    }
    if let Some(help) = &finding.help {
        text.push_str("\nhelp: ");
        text.push_str(&plain(help));
    }
    if matches!(finding.level, Level::Note | Level::Off) {
        let mut case = TestCase::new(name(finding), TestCaseStatus::success());
        case.set_system_out(text);
        return case;
    }
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_type(finding.rule).set_message(plain(&finding.message)).set_description(text);
    TestCase::new(name(finding), status)
}

/// A finding that doesn't count.
fn suppressed(finding: &Finding) -> TestCase {
    let reason = finding.suppression.as_ref().and_then(|by| by.reason.as_deref());
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!(
        "suppressed: {} ({})",
        plain(&finding.message),
        reason.map_or("no reason given".into(), plain)
    ));
    TestCase::new(name(finding), status)
}

/// Something that was not checked.
fn unchecked(gap: &Gap) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(format!("not checked: {}", plain(&gap.message)));
    let start = gap.location.start;
    let name = format!("coverage/{} {}:{}", gap.kind.as_str(), start.line, start.column);
    TestCase::new(name, status)
}

/// Rule, object and field; the place where there is neither.
fn name(finding: &Finding) -> String {
    let mut name = finding.rule.to_owned();
    if let Some(object) = &finding.object {
        let _ = write!(name, " {}", plain(&object.to_string()));
    } else {
        let start = finding.location.start;
        let _ = write!(name, " {}:{}", start.line, start.column);
    }
    if let Some(field) = &finding.field {
        let _ = write!(name, " {}", plain(field));
    }
    name
}

fn at(location: &Location) -> String {
    format!("{}:{}:{}", plain(&location.file), location.start.line, location.start.column)
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::{Level, Report},
        report::{
            Format,
            testing::{files, finding, location, report, style, written},
        },
    };

    #[test]
    fn findings_fail_notes_pass_and_gaps_are_skipped() {
        assert_eq!(
            written(Format::Junit, &report(), &files(), &style()),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="portcullis" tests="7" skipped="3" failures="2" errors="0">
    <testsuite name="portcullis" tests="1" skipped="0" errors="0" failures="0">
        <testcase name="the run" classname="portcullis">
            <system-out>2 objects in 3 files checked
1 error, 1 warning, 1 note (1 suppressed)
not checked: 1 unknown value, 1 not rendered</system-out>
        </testcase>
    </testsuite>
    <testsuite name="apps/api.yaml" tests="4" skipped="2" errors="0" failures="2">
        <testcase name="test/host Pod/shop/api spec.hostNetwork" classname="apps/api.yaml" file="apps/api.yaml">
            <failure message="pod uses the host network" type="test/host">apps/api.yaml:7:16: error[test/host] pod uses the host network
apps/api.yaml:4:3: of this pod
apps/namespace.yaml:3:18: in this namespace
help: delete this line</failure>
        </testcase>
        <testcase name="test/registry Pod/shop/api spec.containers[0].image" classname="apps/api.yaml" file="apps/api.yaml">
            <failure message="image &quot;docker.io/api:1&quot; comes from docker.io" type="test/registry">apps/api.yaml:10:14: warning[test/registry] image &quot;docker.io/api:1&quot; comes from docker.io</failure>
        </testcase>
        <testcase name="test/probe Pod/shop/api" classname="apps/api.yaml" file="apps/api.yaml">
            <skipped message="suppressed: container &quot;api&quot; has no probe (it has no probe on purpose)"/>
        </testcase>
        <testcase name="coverage/unknown-value 10:14" classname="apps/api.yaml" file="apps/api.yaml">
            <skipped message="not checked: ${TAG} is only known once Flux substitutes it"/>
        </testcase>
    </testsuite>
    <testsuite name="apps/namespace.yaml" tests="2" skipped="1" errors="0" failures="0">
        <testcase name="test/file 1:1" classname="apps/namespace.yaml" file="apps/namespace.yaml">
            <system-out>apps/namespace.yaml:1:1: note[test/file] nothing selects this</system-out>
        </testcase>
        <testcase name="coverage/unrendered 2:1" classname="apps/namespace.yaml" file="apps/namespace.yaml">
            <skipped message="not checked: the overlay is not rendered"/>
        </testcase>
    </testsuite>
</testsuites>
"#
        );
    }

    #[test]
    fn a_clean_run_is_one_passed_test_and_no_run_is_none() {
        let mut report = Report::default();
        let none = written(Format::Junit, &report, &files(), &style());
        assert!(!none.contains("<testcase"), "{none}");
        report.coverage.objects = 2;
        let clean = written(Format::Junit, &report, &files(), &style());
        assert!(
            clean.contains(r#"<testsuites name="portcullis" tests="1" skipped="0" failures="0""#)
        );
        assert!(clean.contains("2 objects in 0 files checked\nno findings"), "{clean}");
    }

    #[test]
    fn text_from_files_is_escaped() {
        let hostile = "</failure>\u{1b}[2J ]]> & \u{0}\u{ffff}";
        let place = location("a\"b<c>.yaml", "x", "x");
        let report = Report {
            findings: vec![finding("test/host", Level::Error, hostile, place)],
            ..Report::default()
        };
        let xml = written(Format::Junit, &report, &files(), &style());
        assert!(xml.contains("&lt;/failure&gt;\\u{1b}[2J ]]&gt; &amp; \\u{0}\\u{ffff}"), "{xml}");
        assert!(xml.contains(r#"name="a&quot;b&lt;c&gt;.yaml""#), "{xml}");
    }
}
