//! Where names and dates are kept, and what can go wrong there.

use jiff::civil::Date;

use super::{memory::Memory, name::Name, postgres::Postgres};
use crate::store_error::StoreError;

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
