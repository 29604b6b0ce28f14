//! Why an operation on a store failed: what counter and greeter tell their clients of it.

/// Why an operation failed, by what a client may conclude from it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StoreError {
    /// It was not carried out.
    #[error("not carried out: {0}")]
    Unavailable(String),
    /// It may have been carried out or not.
    #[error("not confirmed: {0}")]
    Unknown(String),
    /// The store answers, but not with what it should hold.
    #[error("{0}")]
    Broken(String),
}
