//! The catalogue in the binary.

use serde::Deserialize;

/// A bicycle of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bicycle {
    /// Its id, from 1.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// What it is made for.
    pub category: Category,
    /// What its frame is made of.
    pub frame: Frame,
    /// Which of its wheels are sprung.
    pub suspension: Suspension,
    /// Whether a motor helps.
    pub electric: bool,
    /// Its gears, 1 if it has no more.
    pub gears: u8,
    /// Diameter of its wheels in inches.
    pub wheel_inches: f64,
    /// Its weight in kilograms.
    pub weight_kilograms: f64,
    /// Its price in euros.
    pub price_euros: u32,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[allow(missing_docs, reason = "the words say it")]
        pub enum $name { $($variant),* }

        impl $name {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

words! {
    /// What a bicycle is made for.
    Category { Road, Gravel, Mountain, City, Cargo, Folding, Touring, Children }
}
words! {
    /// What a frame is made of.
    Frame { Steel, Aluminium, Carbon, Titanium }
}
words! {
    /// Which wheels are sprung.
    Suspension { None, Front, Full }
}

/// Reads the catalogue.
///
/// # Errors
/// If it isn't what it should be, which a test would have seen.
pub fn catalogue() -> Result<Vec<Bicycle>, serde_json::Error> {
    serde_json::from_str(include_str!("../../catalogue/bicycles.json"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_catalogue_is_sound() {
        let bicycles = catalogue().unwrap();
        assert!(bicycles.len() >= 30);
        let ids: BTreeSet<_> = bicycles.iter().map(|bicycle| bicycle.id).collect();
        let names: BTreeSet<_> = bicycles.iter().map(|bicycle| &bicycle.name).collect();
        assert_eq!((ids.len(), names.len()), (bicycles.len(), bicycles.len()));
        for bicycle in &bicycles {
            assert!(bicycle.id > 0 && !bicycle.name.trim().is_empty(), "{bicycle:?}");
            assert!((1..=30).contains(&bicycle.gears), "{bicycle:?}");
            assert!((12.0..=29.0).contains(&bicycle.wheel_inches), "{bicycle:?}");
            assert!((4.0..=60.0).contains(&bicycle.weight_kilograms), "{bicycle:?}");
            assert!((50..=20_000).contains(&bicycle.price_euros), "{bicycle:?}");
        }
        for category in Category::ALL {
            let count = bicycles.iter().filter(|bicycle| bicycle.category == *category).count();
            assert!(count >= 2, "{category:?} has nothing to recommend for the other");
        }
    }
}
