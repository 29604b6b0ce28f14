//! predictor: simulated prices.
//!
//! Each symbol has a walk of its own, which takes one step a prediction. The same seed gives the
//! same prices in the same order, on every platform and in every release of the same model version.
//! Each replica walks by itself. Nothing is ever asked of another host.

mod routes;
mod symbol;
mod walk;

use std::collections::BTreeMap;

pub use symbol::Symbol;
pub use walk::{MODEL_VERSION, Walk};

use crate::{
    auth::{self, Auth},
    config::{Environment, Variable},
    service::{Build, Service},
};

const PREDICTOR_SEED: Variable = Variable {
    name: "PREDICTOR_SEED",
    default: Some("0"),
    values: "0..=18446744073709551615",
    meaning: "the walks' seed: the same seed gives the same prices in the same order",
};
const PREDICTOR_SYMBOLS: Variable = Variable {
    name: "PREDICTOR_SYMBOLS",
    default: Some("BTC,ETH,SOL,ADA,XRP"),
    values: "symbols, by commas",
    meaning: "the symbols that are known: 2 to 10 capital letters and digits each",
};

/// The service.
pub const SERVICE: Service = Service {
    name: "predictor",
    summary: "Simulated prices: a bounded random walk a symbol",
    variables: &[
        PREDICTOR_SEED,
        PREDICTOR_SYMBOLS,
        auth::AUTH_MODE,
        auth::API_KEYS_FILE,
        auth::JWT_JWKS_FILE,
        auth::JWT_ISSUER,
        auth::JWT_AUDIENCE,
        auth::JWT_HS256_SECRET_FILE,
    ],
    configure,
};

fn configure(environment: &mut Environment) -> Build {
    let seed = environment.number(&PREDICTOR_SEED, 0..=u64::MAX);
    let symbols = environment.parse(&PREDICTOR_SYMBOLS, symbols).unwrap_or_default();
    let auth = Auth::configure(environment);
    Box::new(move |context| {
        let walks: BTreeMap<_, _> =
            symbols.into_iter().map(|symbol| (symbol, Walk::new(seed, symbol))).collect();
        Ok(routes::routes(walks, auth, &context.metrics))
    })
}

fn symbols(text: &str) -> Result<Vec<Symbol>, String> {
    let mut symbols = Vec::new();
    for part in text.split(',') {
        let symbol = part.trim().parse().map_err(|error| format!("`{}`: {error}", part.trim()))?;
        if symbols.contains(&symbol) {
            return Err(format!("{symbol} is there twice"));
        }
        symbols.push(symbol);
    }
    Ok(symbols)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_a_list_without_doubles() {
        assert_eq!(symbols("BTC, ETH").unwrap().len(), 2);
        assert!(symbols("BTC,BTC").is_err());
        assert!(symbols("BTC,").is_err());
        assert!(symbols("btc").is_err());
    }
}
