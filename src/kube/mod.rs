//! Views over the tree that rules share: objects, pods, values, quantities,
//! image references, selectors. Nothing here judges.

mod image;
mod image_policy;
mod image_reference;
mod labels;
pub mod names;
mod object;
mod pod;
mod quantity;
mod reference;
mod selector;
mod value;

pub use image::{Image, ImageUser, ImageValue};
pub use image_policy::{Allowed, ImageField, ImagePattern, is_allowed, judge_prefix};
pub use image_reference::{ImageReference, InvalidReference};
pub use labels::{LabelValue, Labels, invalid_label_key, invalid_label_value};
pub use object::Object;
pub use pod::{Container, ContainerRole, Malformed, Pod, PodTemplates};
pub use quantity::{InvalidQuantity, Quantity, QuantityField, suggest as suggest_quantity};
pub use reference::{Part, Reference, Subject};
pub use selector::{InvalidSelector, Match, Operator, Requirement, Selector};
pub use value::{Value, is_unresolved};
