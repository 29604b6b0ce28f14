//! Image references.

/// An image reference.
pub struct ImageReference;

/// Not an image reference.
pub struct InvalidReference;
