//! Label selectors.

/// A label selector.
pub struct Selector;

/// One requirement of a selector.
pub struct Requirement;

/// Not a selector.
pub struct InvalidSelector;
