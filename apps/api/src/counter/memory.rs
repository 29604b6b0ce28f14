//! The store without a store: a number in this process, for trying things out.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::store_error::StoreError;

#[derive(Debug, Default)]
pub(super) struct Memory(AtomicI64);

impl Memory {
    pub(super) fn read(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn increment(&self) -> Result<i64, StoreError> {
        self.0
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |counter| counter.checked_add(1))
            .map(|before| before + 1)
            .map_err(|_| StoreError::Broken("the counter is at its largest value".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_one_and_never_wraps() {
        let memory = Memory::default();
        assert_eq!(memory.increment().unwrap(), 1);
        assert_eq!((memory.increment().unwrap(), memory.read()), (2, 2));
        memory.0.store(i64::MAX, Ordering::Relaxed);
        assert!(memory.increment().is_err());
        assert_eq!(memory.read(), i64::MAX);
    }
}
