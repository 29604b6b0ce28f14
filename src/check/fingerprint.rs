//! Fingerprints: what makes a finding the same finding after lines have moved.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::finding::ObjectRef;

/// Gives out fingerprints. Findings that agree in everything that a fingerprint
/// is made of are told apart by their order in the file.
#[derive(Default)]
pub(super) struct Fingerprints(HashMap<[u8; 16], u32>);

impl Fingerprints {
    /// The fingerprint of a finding: 32 hexadecimal digits from rule, file,
    /// object and field, never from lines or from the order of list items that
    /// have names. Call in order of the report.
    pub(super) fn next(
        &mut self,
        rule: &str,
        file: &str,
        object: Option<&ObjectRef>,
        field: &str,
    ) -> String {
        let object = object.map(ToString::to_string).unwrap_or_default();
        let digest = digest(&[rule, file, &object, field], 0);
        let count = self.0.entry(digest).or_insert(0);
        let ordinal = *count;
        *count += 1;
        let digest = if ordinal == 0 {
            digest
        } else {
            self::digest(&[rule, file, &object, field], ordinal)
        };
        hex(digest)
    }
}

fn digest(parts: &[&str], ordinal: u32) -> [u8; 16] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.update(ordinal.to_le_bytes());
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(hash.finalize()) {
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
    use super::Fingerprints;

    #[test]
    fn the_same_offence_twice_has_two_fingerprints_that_repeat_from_run_to_run() {
        let run = || {
            let mut fingerprints = Fingerprints::default();
            [0, 1].map(|_| fingerprints.next("a/b", "f.yaml", None, "spec"))
        };
        let [first, second] = run();
        assert_ne!(first, second);
        assert_eq!(run(), [first.clone(), second]);
        assert_eq!(first.len(), 32);
    }
}
