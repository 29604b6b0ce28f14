//! Where the counter is kept, and what can go wrong there.

use super::{memory::Memory, redis_store::RedisStore};

/// Why an operation failed, by what a client may conclude from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum StoreError {
    /// It was not carried out.
    #[error("not carried out: {0}")]
    Unavailable(String),
    /// It may have been carried out or not.
    #[error("not confirmed: {0}")]
    Unknown(String),
    /// The store answers, but what it holds isn't a counter that can grow.
    #[error("{0}")]
    Broken(String),
}

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
