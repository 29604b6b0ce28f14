//! Names of who is greeted.

use std::{fmt, str::FromStr};

/// A name: 1 to 64 letters of any script, and nothing else. Upper and lower case are different.
///
/// Letters only, because a name is a part of a path and of a sentence: no blank, sign or digit can
/// be mistaken there. A letter with a mark counts if it is one character, as keyboards write it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name(String);

/// That a text isn't a name.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a name is 1 to 64 letters, and nothing else")]
pub(super) struct NoName;

impl Name {
    /// As text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let length = text.chars().count();
        if (1..=64).contains(&length) && text.chars().all(char::is_alphabetic) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoName)
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_letters() {
        for right in ["Ann", "Zoë", "Łukasz", "李", "a", &"x".repeat(64)] {
            assert!(right.parse::<Name>().is_ok(), "{right:?}");
        }
        for wrong in
            ["", " ", "Ann Lee", "R2D2", "a-b", "a_b", "<b>", "a\u{301}", "\u{202e}", "a/b"]
        {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
        }
        assert!("x".repeat(65).parse::<Name>().is_err());
    }
}
