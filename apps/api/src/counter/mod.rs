//! counter: a number that only grows, by one a request.
//!
//! What a client may rely on:
//!
//! - An answer of 200 to `POST /write` is one increment, which no other answer stands for. It lasts
//!   as long as the store keeps what it confirmed: with Redis, what `appendfsync always` and the
//!   replicas' state at a failover make of it; in memory, as long as the process.
//! - The problem `store-unavailable` means that nothing was counted: asking again is safe.
//! - The problem `outcome-unknown`, a 504 and a connection that breaks off mean that it was counted
//!   once or not at all. INCR is never sent again after such a failure, because it would count
//!   twice; a client that asks again must accept that.

mod memory;
mod redis_settings;
mod redis_store;
mod routes;
mod store;

use crate::{
    config::{Environment, Variable},
    service::{Build, Service},
};
use memory::Memory;
use redis_settings::RedisSettings;
use redis_store::RedisStore;
use store::Store;

const RETRY_AFTER_SECONDS: Variable = Variable {
    name: "RETRY_AFTER_SECONDS",
    default: Some("2"),
    values: "1..=3600",
    meaning: "what `Retry-After` says while Redis is down",
};

/// The service.
pub const SERVICE: Service = Service {
    name: "counter",
    summary: "A number that only grows, by one a request",
    variables: &[
        redis_settings::REDIS_URL,
        redis_settings::REDIS_USERNAME,
        redis_settings::REDIS_PASSWORD_FILE,
        redis_settings::REDIS_CLUSTER,
        redis_settings::REDIS_CA_FILE,
        redis_settings::REDIS_KEY,
        RETRY_AFTER_SECONDS,
    ],
    configure,
};

fn configure(environment: &mut Environment) -> Build {
    let settings = RedisSettings::read(environment);
    let retry_after = environment.number(&RETRY_AFTER_SECONDS, 1..=3_600);
    Box::new(move |context| {
        let store = match settings {
            None => {
                context.health.store(true);
                Store::Memory(Memory::default())
            }
            Some(settings) => Store::Redis(RedisStore::start(settings, context.health.clone())),
        };
        Ok(routes::routes(store, retry_after, &context.metrics))
    })
}
