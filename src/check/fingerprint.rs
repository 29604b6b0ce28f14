//! Fingerprints: what makes a finding the same finding after lines have moved.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::finding::ObjectRef;

/// What a fingerprint is made of: rule, file, object and field, never lines or the order of list
/// items that have names.
pub(super) struct Fingerprint {
    parts: Sha256,
    first: [u8; 16],
}

impl Fingerprint {
    /// That of a finding.
    pub(super) fn of(rule: &str, file: &str, object: Option<&ObjectRef>, field: &str) -> Self {
        let object = object.map(ToString::to_string).unwrap_or_default();
        let mut parts = Sha256::new();
        for part in [rule, file, &object, field] {
            parts.update(part.as_bytes());
            parts.update([0]);
        }
        let first = digest(parts.clone(), 0);
        Self { parts, first }
    }
}

/// Gives out fingerprints. Findings that agree in everything that a fingerprint
/// is made of are told apart by their order in the file.
#[derive(Default)]
pub(super) struct Fingerprints(HashMap<[u8; 16], u32>);

impl Fingerprints {
    /// The fingerprint as 32 hexadecimal digits. Call in order of the report.
    pub(super) fn next(&mut self, fingerprint: Fingerprint) -> String {
        let count = self.0.entry(fingerprint.first).or_insert(0);
        let ordinal = *count;
        *count += 1;
        match ordinal {
            0 => hex(fingerprint.first),
            _ => hex(digest(fingerprint.parts, ordinal)),
        }
    }
}

fn digest(mut parts: Sha256, ordinal: u32) -> [u8; 16] {
    parts.update(ordinal.to_le_bytes());
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(parts.finalize()) {
        *to = from;
    }
    short
}

fn hex(digest: [u8; 16]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    digest.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, Fingerprints};

    #[test]
    fn the_same_offence_twice_has_two_fingerprints_that_repeat_from_run_to_run() {
        let run = || {
            let mut fingerprints = Fingerprints::default();
            [0, 1].map(|_| fingerprints.next(Fingerprint::of("a/b", "f.yaml", None, "spec")))
        };
        let [first, second] = run();
        assert_ne!(first, second);
        assert_eq!(run(), [first.clone(), second]);
        assert_eq!(first.len(), 32);
    }
}
