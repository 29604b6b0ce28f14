//! Where names and dates are kept, and what can go wrong there.

use jiff::civil::Date;

use super::{memory::Memory, name::Name, postgres::Postgres};

/// Why an operation failed, by what a client may conclude from it.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// It was not carried out.
    #[error("not carried out: {0}")]
    Unavailable(String),
    /// It may have been carried out or not. Both operations may be repeated without harm.
    #[error("not confirmed: {0}")]
    Unknown(String),
    /// The store answers, but not with what it should hold.
    #[error("{0}")]
    Broken(String),
}

#[derive(Debug)]
pub(super) enum Store {
    Memory(Memory),
    Postgres(Postgres),
}

impl Store {
    pub(super) async fn get(&self, name: &Name) -> Result<Option<Date>, StoreError> {
        match self {
            Self::Memory(memory) => Ok(memory.get(name)),
            Self::Postgres(postgres) => postgres.get(name).await,
        }
    }

    pub(super) async fn put(&self, name: &Name, born: Date) -> Result<(), StoreError> {
        match self {
            Self::Memory(memory) => memory.put(name, born),
            Self::Postgres(postgres) => postgres.put(name, born).await,
        }
    }
}
