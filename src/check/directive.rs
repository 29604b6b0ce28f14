//! The text of a suppression: `ignore[rule, ...] until=YYYY-MM-DD reason` in
//! comments, `rule, ...: reason` in annotations.

use jiff::civil::Date;

/// What a suppression says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Directive {
    /// Ids or `group/*`, as written.
    pub(super) rules: Vec<String>,
    /// Last day on which it holds.
    pub(super) until: Option<Date>,
    /// Why.
    pub(super) reason: Option<String>,
    /// What is wrong with how it is written.
    pub(super) problem: Option<String>,
}

impl Directive {
    /// Whether it is in force on a day.
    pub(super) fn holds(&self, today: Date) -> bool {
        self.problem.is_none() && self.until.is_none_or(|until| today <= until)
    }
}

/// Reads a comment (with its `#`): none unless it begins with `portcullis:`.
pub(super) fn from_comment(comment: &str) -> Option<Directive> {
    let text = comment.trim_start_matches('#').trim_start();
    let text = text.strip_prefix("portcullis:")?.trim();
    let mut directive = Directive { rules: Vec::new(), until: None, reason: None, problem: None };
    let list =
        text.strip_prefix("ignore").map(str::trim_start).and_then(|rest| rest.strip_prefix('['));
    let Some((rules, rest)) = list.and_then(|rest| rest.split_once(']')) else {
        directive.problem =
            Some(format!("\"{text}\" is not understood: write ignore[group/rule] and a reason"));
        return Some(directive);
    };
    directive.rules = split_rules(rules);
    directive.read_rest(rest);
    Some(directive)
}

/// Reads the value of the annotation `portcullis.dev/ignore`: one suppression a line.
pub(super) fn from_annotation(value: &str) -> Vec<Directive> {
    value
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(|line| {
            let (rules, rest) = line.split_once(':').unwrap_or((line, ""));
            let (rules, until) = rules.split_once(" until=").unwrap_or((rules, ""));
            let mut directive =
                Directive { rules: split_rules(rules), until: None, reason: None, problem: None };
            let rest =
                if until.is_empty() { rest.to_owned() } else { format!("until={until} {rest}") };
            directive.read_rest(&rest);
            directive
        })
        .collect()
}

/// Reads an end date.
pub(super) fn parse_date(text: &str) -> Result<Date, String> {
    let well_formed = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text.parse::<Date>()
        .ok()
        .filter(|_| well_formed)
        .ok_or_else(|| format!("\"{text}\" is not a date: write until=YYYY-MM-DD"))
}

fn split_rules(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(str::to_owned).collect()
}

impl Directive {
    fn read_rest(&mut self, rest: &str) {
        let mut reason = rest.trim();
        if let Some(after) = reason.strip_prefix("until=") {
            let (date, after) = after.split_once(char::is_whitespace).unwrap_or((after, ""));
            match parse_date(date) {
                Ok(date) => self.until = Some(date),
                Err(problem) => self.problem = Some(problem),
            }
            reason = after;
        }
        let reason = reason.trim().trim_start_matches(['-', ':', '—']).trim();
        // An end that nobody reads would make it hold for ever.
        if self.problem.is_none() && reason.split_whitespace().any(|w| w.starts_with("until=")) {
            self.problem = Some("until= must stand before the reason, right behind ]".to_owned());
        }
        self.reason = (!reason.is_empty()).then(|| reason.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_names_rules_an_end_and_a_reason() {
        let directive =
            from_comment("# portcullis: ignore[images/registry, a/b] until=2027-06-30 moving soon")
                .unwrap();
        assert_eq!(directive.rules, ["images/registry", "a/b"]);
        assert_eq!(directive.until, Some(jiff::civil::date(2027, 6, 30)));
        assert_eq!(directive.reason.as_deref(), Some("moving soon"));
        assert_eq!(directive.problem, None);
    }

    #[test]
    fn other_comments_are_none_of_ours() {
        assert_eq!(from_comment("# see portcullis: the manual"), None);
        assert_eq!(from_comment("#"), None);
    }

    #[test]
    fn what_is_not_understood_is_a_problem_not_a_silence() {
        for comment in [
            "# portcullis: ignre[a/b] x",
            "# portcullis: ignore",
            "# portcullis: ignore[a/b",
            "# portcullis: ignore[a/b] until=tomorrow x",
            "# portcullis: ignore[a/b] until=2027-02-30 x",
            "# portcullis: ignore[a/b] moving soon, until=2027-02-01",
        ] {
            assert!(from_comment(comment).unwrap().problem.is_some(), "{comment}");
        }
    }

    #[test]
    fn an_annotation_has_one_suppression_a_line() {
        let directives =
            from_annotation("images/registry: mirrored\nnetwork/*, a/b until=2027-01-01: later\n");
        assert_eq!(directives.len(), 2);
        assert_eq!(directives[0].reason.as_deref(), Some("mirrored"));
        assert_eq!(directives[1].rules, ["network/*", "a/b"]);
        assert_eq!(directives[1].until, Some(jiff::civil::date(2027, 1, 1)));
        assert_eq!(directives[1].reason.as_deref(), Some("later"));
        assert_eq!(from_annotation("images/registry")[0].reason, None);
    }
}
