//! A bounded random walk of a price.
//!
//! Whole numbers only, so that every platform computes the same.

use rand_chacha::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

use super::Symbol;

/// Version of the model. It changes with every change of what a seed gives.
pub const MODEL_VERSION: &str = "walk-1";

/// Parts of a dollar that prices are counted in.
pub(super) const UNITS_PER_DOLLAR: u64 = 10_000;

/// What the walks of well-known symbols start from, in dollars by 10,000.
const STARTS: [(&str, u64); 5] =
    [("BTC", 650_000_000), ("ETH", 35_000_000), ("SOL", 1_500_000), ("ADA", 4_500), ("XRP", 6_000)];

/// Largest step, in hundredths of a percent of the price.
const MAX_STEP: u64 = 100;

/// The walk of one symbol.
#[derive(Debug)]
pub struct Walk {
    generator: ChaCha8Rng,
    price: u64,
    lowest: u64,
    highest: u64,
}

impl Walk {
    /// The walk of a symbol by a seed. It stays between half and twice of what it starts from.
    pub fn new(seed: u64, symbol: Symbol) -> Self {
        let mut key = [0; 32];
        let (of_seed, of_symbol) = key.split_at_mut(8);
        of_seed.copy_from_slice(&seed.to_le_bytes());
        for (to, from) in of_symbol.iter_mut().zip(symbol.padded()) {
            *to = *from;
        }
        let mut generator = ChaCha8Rng::from_seed(key);
        let name = symbol.to_string();
        let start = STARTS.iter().find(|(known, _)| *known == name).map_or_else(
            // Others start between 1 and 1,000 dollars.
            || UNITS_PER_DOLLAR * (1 + below(&mut generator, 1_000)),
            |(_, start)| *start,
        );
        Self { generator, price: start, lowest: start / 2, highest: start * 2 }
    }

    /// Takes a step and returns the price in dollars by 10,000.
    pub fn step(&mut self) -> u64 {
        let largest = self.price * MAX_STEP / 10_000;
        let change = below(&mut self.generator, 2 * largest + 1);
        let next = self.price + change;
        // What would leave the bounds stops at them.
        self.price = next.saturating_sub(largest).clamp(self.lowest, self.highest);
        self.price
    }
}

/// A number below a bound that is far below 2^32: the bias of the remainder is far below a
/// millionth.
fn below(generator: &mut ChaCha8Rng, bound: u64) -> u64 {
    generator.next_u64() % bound
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(seed: u64, symbol: &str) -> Walk {
        Walk::new(seed, symbol.parse().unwrap())
    }

    fn prices(seed: u64, symbol: &str, count: usize) -> Vec<u64> {
        let mut walk = walk(seed, symbol);
        (0..count).map(|_| walk.step()).collect()
    }

    #[test]
    fn a_seed_and_a_symbol_decide_everything() {
        assert_eq!(prices(7, "BTC", 100), prices(7, "BTC", 100));
        assert_ne!(prices(7, "BTC", 100), prices(8, "BTC", 100));
        let relative = |symbol: &str| {
            let start = walk(7, symbol).price;
            prices(7, symbol, 10).into_iter().map(|price| price * 1_000 / start).collect::<Vec<_>>()
        };
        assert_ne!(relative("BTC"), relative("ETH"));
    }

    /// What a seed gives is a promise: a change of it needs a new model version.
    #[test]
    fn the_first_prices_of_walk_1_never_change() {
        assert_eq!(MODEL_VERSION, "walk-1");
        assert_eq!(prices(42, "BTC", 4), [648_660_420, 653_156_117, 646_741_521, 648_694_907]);
        assert_eq!(prices(42, "DOGE", 4), [640_353, 643_182, 640_864, 640_338]);
    }

    #[test]
    fn prices_stay_in_bounds_and_steps_are_small() {
        for symbol in ["BTC", "ADA", "QQ"] {
            let mut walk = walk(1, symbol);
            let (start, mut before) = (walk.price, walk.price);
            let (mut fell, mut rose) = (false, false);
            for _ in 0..200_000 {
                let price = walk.step();
                assert!((start / 2..=start * 2).contains(&price));
                assert!(price.abs_diff(before) <= before / 100);
                fell |= price < before;
                rose |= price > before;
                before = price;
            }
            assert!(fell && rose);
        }
    }
}
