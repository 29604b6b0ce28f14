//! Collects the cases on which portcullis and a judge differ.

use libtest_mimic::Failed;

/// Cases that differ: all are counted, the first few are shown.
#[derive(Debug, Default)]
pub(crate) struct Disagreements {
    count: usize,
    shown: Vec<String>,
}

/// How many are shown.
const SHOWN: usize = 30;

impl Disagreements {
    /// Compares ours with the judge's on one case.
    pub(crate) fn compare<T: PartialEq + std::fmt::Debug>(
        &mut self,
        case: impl std::fmt::Display,
        ours: &T,
        judges: &T,
    ) {
        if ours != judges {
            self.note(format!("{case}\n    ours:  {ours:?}\n    judge: {judges:?}"));
        }
    }

    /// Counts a case that differs.
    pub(crate) fn note(&mut self, description: String) {
        self.count += 1;
        if self.shown.len() < SHOWN {
            self.shown.push(description);
        }
    }

    /// Fails if any of the cases differed, or if there were none at all.
    pub(crate) fn verdict(self, cases: usize) -> Result<(), Failed> {
        if cases == 0 {
            return Err("no case was tried".into());
        }
        if self.count == 0 {
            return Ok(());
        }
        let mut message = format!("{} of {cases} cases differ:\n", self.count);
        for description in &self.shown {
            message.push_str("  ");
            message.push_str(description);
            message.push('\n');
        }
        Err(message.into())
    }
}
