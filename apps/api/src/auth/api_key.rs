//! API keys, compared in constant time.

use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

/// Shortest key that is accepted, in bytes: shorter ones can be guessed.
const MIN_LENGTH: usize = 16;

/// The keys that are valid.
pub struct ApiKeys(Vec<[u8; 32]>);

impl ApiKeys {
    /// Reads a file of one key a line. Blank lines, and lines that start with `#`, are skipped.
    ///
    /// # Errors
    /// If there is no key, or one that is too short or isn't printable ASCII without blanks.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let key = line.trim();
            if key.is_empty() || key.starts_with('#') {
                continue;
            }
            if key.len() < MIN_LENGTH || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(format!(
                    "line {}: a key is {MIN_LENGTH} or more printable ASCII characters",
                    index + 1
                ));
            }
            keys.push(digest(key.as_bytes()));
        }
        if keys.is_empty() {
            return Err("there is no key in it".into());
        }
        Ok(Self(keys))
    }

    /// Tells whether a key is valid. Digests are compared, all of them and each whole: the time
    /// tells neither the length of a key nor how much of it was right.
    pub fn contains(&self, key: &[u8]) -> bool {
        let given = digest(key);
        let found = self.0.iter().fold(Choice::from(0), |found, key| found | key.ct_eq(&given));
        found.into()
    }
}

fn digest(key: &[u8]) -> [u8; 32] {
    Sha256::digest(key).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_keys_are_valid_and_nothing_else() {
        let keys =
            ApiKeys::parse(b"# ours\nfirst-key-of-the-team\n\nsecond-key-of-team\n").unwrap();
        assert!(keys.contains(b"first-key-of-the-team"));
        assert!(keys.contains(b"second-key-of-team"));
        for wrong in
            [&b""[..], b"first", b"first-key-of-the-team ", b"# ours", b"FIRST-KEY-OF-THE-TEAM"]
        {
            assert!(!keys.contains(wrong));
        }
    }

    #[test]
    fn a_file_without_keys_or_with_poor_ones_is_refused() {
        for wrong in ["", "# none\n", "short\n", "a key with blanks in it\n"] {
            assert!(ApiKeys::parse(wrong.as_bytes()).is_err(), "{wrong:?}");
        }
    }
}
