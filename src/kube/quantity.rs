//! Quantities.

/// A quantity.
pub struct Quantity;

/// Not a quantity.
pub struct InvalidQuantity;
