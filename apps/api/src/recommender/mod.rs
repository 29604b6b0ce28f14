//! recommender: bicycles that are like one another.
//!
//! The catalogue is in the binary, and all that can be asked is computed when the service starts:
//! it keeps no state and asks nobody.

mod catalogue;
mod routes;
mod similarity;

pub use catalogue::{Bicycle, catalogue};
pub use similarity::Neighbours;

use crate::{
    config::{Environment, Variable},
    service::{Build, Service},
};

const RECOMMENDATIONS_MAX: Variable = Variable {
    name: "RECOMMENDATIONS_MAX",
    default: Some("50"),
    values: "1..=1000",
    meaning: "largest `limit` that may be asked for",
};

/// The service.
pub const SERVICE: Service = Service {
    name: "recommender",
    summary: "Similar bicycles, by their features",
    variables: &[RECOMMENDATIONS_MAX],
    configure,
};

fn configure(environment: &mut Environment) -> Build {
    let max = environment.number(&RECOMMENDATIONS_MAX, 1..=1_000);
    Box::new(move |_| Ok(routes::routes(Neighbours::of(&catalogue()?), max)))
}
