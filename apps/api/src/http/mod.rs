//! What surrounds every route: request ids, logs and metrics, limits, and errors as problems.

pub(crate) mod errors;
pub(crate) mod extract;
pub(crate) mod limits;
pub(crate) mod observe;
pub mod problem;
pub(crate) mod request_id;
