//! NetworkPolicy semantics: who may reach whom.

use crate::kube::Object;

/// A NetworkPolicy.
#[derive(Debug)]
pub struct Policy<'a> {
    /// The object.
    pub object: &'a Object<'a>,
}

impl<'a> Policy<'a> {
    /// Reads a policy.
    pub fn read(object: &'a Object<'a>) -> Self {
        Self { object }
    }
}
