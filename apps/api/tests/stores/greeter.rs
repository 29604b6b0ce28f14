//! x
use crate::{Case, cases};
pub(crate) fn cases() -> Vec<Case> {
    cases![]
}
