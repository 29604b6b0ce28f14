//! Versions of Kubernetes, as sets.

use std::fmt;

use super::table;

/// A set of Kubernetes' minor versions, 1.0 to 1.63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Versions(u64);

impl Versions {
    /// No version.
    pub const NONE: Self = Self(0);
    /// Every version.
    pub const ALL: Self = Self(u64::MAX);

    /// The version 1.`minor`; none from 1.64 on.
    pub fn minor(minor: u8) -> Self {
        Self(1_u64.checked_shl(minor.into()).unwrap_or(0))
    }

    /// Reads `1.34`; none unless portcullis has schemas for it.
    pub fn parse(text: &str) -> Option<Self> {
        let minor =
            text.strip_prefix("1.").filter(|minor| *minor == "0" || !minor.starts_with('0'));
        let version = Self::minor(minor?.parse().ok()?);
        (version.without(Self::known()).is_empty() && !version.is_empty()).then_some(version)
    }

    /// Those that portcullis has schemas for.
    pub fn known() -> Self {
        table::table().versions
    }

    /// The newest that portcullis has schemas for.
    pub fn newest() -> Self {
        Self::known().minors().last().map_or(Self::NONE, Self::minor)
    }

    /// The minor versions, in order.
    pub fn minors(self) -> impl DoubleEndedIterator<Item = u8> {
        (0..64_u8).filter(move |minor| self.0 >> minor & 1 == 1)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Those in either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that `other` hasn't.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Reads ` ~25-31,33`, as the table has it, without the `~`.
    pub(super) fn ranges(text: &str) -> Option<Self> {
        let mut all = Self::NONE;
        for range in text.split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last): (u8, u8) = (first.parse().ok()?, last.parse().ok()?);
            all = (first..=last).map(Self::minor).fold(all, Self::or);
        }
        Some(all)
    }
}

/// As `1.25 to 1.28, 1.30`.
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut runs: Vec<(u8, u8)> = Vec::new();
        for minor in self.minors() {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == minor => *last = minor,
                _ => runs.push((minor, minor)),
            }
        }
        for (index, (first, last)) in runs.into_iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match last - first {
                0 => write!(f, "1.{first}")?,
                1 => write!(f, "1.{first}, 1.{last}")?,
                _ => write!(f, "1.{first} to 1.{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Versions;

    #[test]
    fn sets_are_written_as_ranges() {
        let set = Versions::ranges("25-28,30,33-34").unwrap();
        assert_eq!(set.to_string(), "1.25 to 1.28, 1.30, 1.33, 1.34");
        assert_eq!(set.without(Versions::minor(30)).minors().count(), 6);
    }

    #[test]
    fn only_versions_with_schemas_are_read() {
        assert!(Versions::parse("1.25").is_some());
        for text in ["1.24", "1.63", "1.200", "2.30", "1.030", "v1.30", ""] {
            assert_eq!(Versions::parse(text), None, "{text}");
        }
    }
}
