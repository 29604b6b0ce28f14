//! Symbols of what has a price.

use std::{fmt, str::FromStr};

/// A symbol: 2 to 10 capital letters of ASCII and digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Symbol([u8; Symbol::MAX]);

/// That a text isn't a symbol.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a symbol is 2 to 10 capital letters (A to Z) and digits")]
pub struct NoSymbol;

impl Symbol {
    const MAX: usize = 10;

    /// Its bytes, and zeros up to the longest symbol's length.
    pub(super) fn padded(&self) -> &[u8; Self::MAX] {
        &self.0
    }
}

impl FromStr for Symbol {
    type Err = NoSymbol;

    fn from_str(text: &str) -> Result<Self, NoSymbol> {
        let valid = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let mut padded = [0; Self::MAX];
        match padded.get_mut(..text.len()) {
            Some(start) if valid && text.len() >= 2 => start.copy_from_slice(text.as_bytes()),
            _ => return Err(NoSymbol),
        }
        Ok(Self(padded))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(&self.0).unwrap_or_default();
        formatter.write_str(text.trim_end_matches('\0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_short_and_plain() {
        for right in ["BTC", "XRP", "C9", "ABCDEFGHIJ"] {
            assert_eq!(right.parse::<Symbol>().unwrap().to_string(), right);
        }
        for wrong in ["", "B", "btc", "BTC ", "B-C", "ABCDEFGHIJK", "ÄÖ", "B\0C"] {
            assert!(wrong.parse::<Symbol>().is_err(), "{wrong:?}");
        }
    }
}
