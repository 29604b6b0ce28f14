//! The store without a database: names in this process, for trying things out.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use jiff::civil::Date;

use super::name::Name;
use crate::store_error::StoreError;

/// Most names that are kept: memory isn't for more.
const MAX: usize = 100_000;

#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<Name, Date>>);

impl Memory {
    pub(super) fn get(&self, name: &Name) -> Option<Date> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    pub(super) fn put(&self, name: &Name, born: Date) -> Result<(), StoreError> {
        let mut people = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if people.len() >= MAX && !people.contains_key(name) {
            return Err(StoreError::Unavailable(format!("memory holds {MAX} names already")));
        }
        people.insert(name.clone(), born);
        Ok(())
    }
}
