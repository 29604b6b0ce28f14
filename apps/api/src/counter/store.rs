//! Where the counter is kept, and what can go wrong there.

use super::{memory::Memory, redis_store::RedisStore};
use crate::store_error::StoreError;

#[derive(Debug)]
pub(super) enum Store {
    Memory(Memory),
    Redis(RedisStore),
}

impl Store {
    pub(super) async fn read(&self) -> Result<i64, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.read()),
            Self::Redis(redis) => redis.read().await,
        }
    }

    pub(super) async fn increment(&self) -> Result<i64, StoreError> {
        match self {
            Self::Memory(memory) => memory.increment(),
            Self::Redis(redis) => redis.increment().await,
        }
    }
}
