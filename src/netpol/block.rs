//! Blocks of addresses, and sets of them.

use std::{fmt, net::IpAddr};

/// A CIDR block of IPv4 or IPv6 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    is_v6: bool,
    first: u128,
    last: u128,
    /// Length of the prefix: 0 to 32, or 0 to 128.
    bits: u8,
}

/// Addresses from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    is_v6: bool,
    first: u128,
    last: u128,
}

/// All addresses of both families.
pub(super) const EVERYWHERE: [Interval; 2] = [
    Interval { is_v6: false, first: 0, last: u32::MAX as u128 },
    Interval { is_v6: true, first: 0, last: u128::MAX },
];

impl Block {
    /// Reads `10.0.0.0/8` or `fd00::/8`. Bits beyond the prefix may be set, as
    /// API servers before 1.36 let them; the block is the same without them.
    ///
    /// # Errors
    /// Why the text is no block: one line, lower case, no full stop.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((address, length)) = text.split_once('/') else {
            return Err(format!("\"{text}\" is no CIDR block: it lacks the /length of its prefix"));
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("\"{text}\" is no CIDR block: {address} is no IP address"))?;
        let (is_v6, value, width) = match address {
            IpAddr::V4(address) => (false, u128::from(u32::from(address)), 32),
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
                return Err(format!("\"{text}\" is IPv4 written as IPv6: write it as IPv4"));
            }
            IpAddr::V6(address) => (true, u128::from(address), 128),
        };
        let is_number = length.bytes().all(|byte| byte.is_ascii_digit())
            && (length == "0" || !length.starts_with('0'));
        let bits = length.parse::<u8>().ok().filter(|bits| is_number && *bits <= width);
        let Some(bits) = bits else {
            return Err(format!(
                "\"{text}\" is no CIDR block: the prefix must be 0 to {width} bits long"
            ));
        };
        let ones = |count: u8| if count == 0 { 0 } else { u128::MAX >> (128 - count) };
        let host = ones(width - bits);
        Ok(Self { is_v6, first: value & !host, last: value | host, bits })
    }

    /// Whether `other` lies within it and is smaller, as an `except` must.
    pub fn strictly_contains(&self, other: &Self) -> bool {
        self.is_v6 == other.is_v6
            && self.bits < other.bits
            && self.first <= other.first
            && other.last <= self.last
    }

    /// Whether it holds an address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.interval().contains(address)
    }

    pub(super) fn interval(&self) -> Interval {
        Interval { is_v6: self.is_v6, first: self.first, last: self.last }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", address(self.is_v6, self.first), self.bits)
    }
}

fn address(is_v6: bool, value: u128) -> IpAddr {
    if is_v6 {
        IpAddr::V6(value.into())
    } else {
        IpAddr::V4(u32::try_from(value).unwrap_or(u32::MAX).into())
    }
}

impl Interval {
    pub(super) fn contains(self, address: IpAddr) -> bool {
        let (is_v6, value) = match address {
            IpAddr::V4(address) => (false, u128::from(u32::from(address))),
            IpAddr::V6(address) => (true, u128::from(address)),
        };
        self.is_v6 == is_v6 && (self.first..=self.last).contains(&value)
    }
}

/// What is left of `set` without `holes`.
pub(super) fn subtract(
    set: impl IntoIterator<Item = Interval>,
    holes: impl IntoIterator<Item = Interval>,
) -> Vec<Interval> {
    let mut left: Vec<Interval> = set.into_iter().collect();
    for hole in holes {
        let mut next = Vec::with_capacity(left.len() + 1);
        for piece in left {
            if piece.is_v6 != hole.is_v6 || hole.last < piece.first || piece.last < hole.first {
                next.push(piece);
                continue;
            }
            if piece.first < hole.first {
                next.push(Interval { last: hole.first - 1, ..piece });
            }
            if hole.last < piece.last {
                next.push(Interval { first: hole.last + 1, ..piece });
            }
        }
        left = next;
    }
    left
}

/// Addresses that readers know, best first: public ones, then the cloud's
/// metadata service, which hands out credentials.
const WELL_KNOWN: [&str; 4] = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "169.254.169.254"];

/// An address of a set that says best what it opens. None if the set is empty.
pub(super) fn telling_address(set: &[Interval]) -> Option<IpAddr> {
    let mut known = WELL_KNOWN.iter().filter_map(|text| text.parse().ok());
    let best = known.find(|address: &IpAddr| set.iter().any(|known| known.contains(*address)));
    best.or_else(|| {
        let interval = set.first()?;
        // The first address of a block names a network, not a host.
        let value =
            (interval.first + u128::from(interval.first < interval.last)).min(interval.last);
        Some(address(interval.is_v6, value))
    })
}

#[cfg(test)]
mod tests {
    use super::{Block, EVERYWHERE, subtract, telling_address};

    fn block(text: &str) -> Block {
        Block::parse(text).unwrap_or_else(|why| panic!("{why}"))
    }

    #[test]
    fn blocks_are_read_as_the_api_server_reads_them() {
        assert_eq!(block("10.1.2.3/8").to_string(), "10.0.0.0/8");
        assert_eq!(block("0.0.0.0/0").to_string(), "0.0.0.0/0");
        assert_eq!(block("fd00::1/64").to_string(), "fd00::/64");
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/08",
            "10.0.0/8",
            "::/129",
            "::ffff:1.2.3.4/120",
            "010.0.0.0/8",
            "a/8",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
        ] {
            assert!(Block::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn holes_are_cut_from_both_families() {
        let private = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::/0"];
        let public = subtract(EVERYWHERE, private.map(|text| block(text).interval()));
        assert_eq!(telling_address(&public), "1.1.1.1".parse().ok());
        assert!(!public.iter().any(|interval| interval.contains("10.9.9.9".parse().unwrap())));
        let none = subtract([block("10.1.0.0/16").interval()], [block("10.0.0.0/8").interval()]);
        assert_eq!(telling_address(&none), None);
        let rest = subtract([block("10.0.0.0/31").interval()], [block("10.0.0.0/32").interval()]);
        assert_eq!(telling_address(&rest), "10.0.0.1".parse().ok());
    }
}
