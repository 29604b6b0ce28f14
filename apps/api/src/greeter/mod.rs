//! greeter: says hello, and how long it is to the birthday.
//!
//! Days are those of UTC, for everyone: who lives east of it is greeted some hours late. Whoever was
//! born on 29 February has the birthday on 1 March in years that have no such day.

mod birthday;
mod memory;
mod name;
mod postgres;
mod postgres_settings;
mod routes;
mod store;

use crate::{
    config::{Environment, Variable},
    service::{Build, Service},
};
use memory::Memory;
use postgres::Postgres;
use postgres_settings::PostgresSettings;
use store::Store;

/// The variables of the store.
const VARIABLES: &[Variable] = &[
    postgres_settings::DATABASE_URL,
    postgres_settings::DATABASE_PASSWORD_FILE,
    postgres_settings::DATABASE_CA_FILE,
    postgres_settings::DATABASE_MAX_CONNECTIONS,
    postgres_settings::RUN_MIGRATIONS,
];

/// The service.
pub const SERVICE: Service = Service {
    name: "greeter",
    summary: "Says hello, and how long it is to the birthday",
    variables: VARIABLES,
    configure,
};

fn configure(environment: &mut Environment) -> Build {
    let settings = PostgresSettings::read(environment);
    Box::new(move |context| {
        let store = match settings {
            None => {
                context.health.store(true);
                Store::Memory(Memory::default())
            }
            Some(settings) => Store::Postgres(Postgres::start(settings, context.health.clone())),
        };
        Ok(routes::routes(store, &context.metrics))
    })
}
