//! Every place at which an object says which image is to be pulled.

use std::fmt;

use spanned_yaml::{Kind, Node};

use super::{Container, ImageField, ImageReference, InvalidReference, Object, Pod, is_unresolved};

/// One use of an image.
#[derive(Clone, Debug)]
pub struct Image<'a> {
    /// The object that says it.
    pub object: &'a Object<'a>,
    /// Who uses it.
    pub user: ImageUser<'a>,
    /// What it says.
    pub value: ImageValue<'a>,
}

/// Who uses an image; displayed as messages name it.
#[derive(Clone, Debug)]
pub enum ImageUser<'a> {
    /// A container of a pod.
    Container(Container<'a>),
    /// A volume that an image fills, by name.
    Volume(&'a str),
    /// A field of a custom resource.
    Field(&'a ImageField),
}

/// The text of an image field.
#[derive(Clone, Debug)]
pub enum ImageValue<'a> {
    /// Not written, null or empty.
    Missing {
        /// What should have it.
        parent: Node<'a>,
        /// Where it belongs, below `parent`.
        field: &'static str,
    },
    /// Fully known.
    Known {
        /// The value.
        node: Node<'a>,
        /// Its text.
        text: &'a str,
        /// What it refers to.
        reference: Result<ImageReference<'a>, InvalidReference>,
    },
    /// It has a variable that nothing has substituted.
    Unresolved {
        /// The value.
        node: Node<'a>,
        /// What stands before the first variable and behind the last.
        around: (&'a str, &'a str),
    },
    /// Not a string.
    Unreadable(Node<'a>),
}

impl<'a> Image<'a> {
    /// The images of a pod: those of its containers, then those of its `image`
    /// volumes (`volumes[].image.reference`).
    pub fn of_pod(pod: &'a Pod<'a>) -> impl Iterator<Item = Self> {
        let containers = pod.containers.iter().map(|container| Self {
            object: pod.object,
            user: ImageUser::Container(*container),
            value: ImageValue::read(container.node, "image"),
        });
        let volumes = pod.spec.get("volumes").into_iter().flat_map(Node::items);
        containers.chain(volumes.filter_map(|volume| {
            let source = volume.get("image").filter(|source| !source.is_null())?;
            Some(Self {
                object: pod.object,
                user: ImageUser::Volume(volume.get("name").map_or("", Node::text)),
                value: if source.kind() == Kind::Mapping {
                    ImageValue::read(source, "reference")
                } else {
                    ImageValue::Unreadable(source)
                },
            })
        }))
    }

    /// The images of a custom resource, by the field paths that its kind has.
    pub fn of_fields(object: &'a Object<'a>, fields: &'a [ImageField]) -> Vec<Self> {
        let mut images = Vec::new();
        for field in fields {
            field.visit(object.root, &mut |node| {
                if !node.is_null() {
                    let user = ImageUser::Field(field);
                    images.push(Self { object, user, value: ImageValue::of(node) });
                }
            });
        }
        images
    }
}

impl<'a> ImageValue<'a> {
    fn read(parent: Node<'a>, field: &'static str) -> Self {
        match parent.get(field) {
            Some(node) if !node.is_null() && node.as_str() != Some("") => Self::of(node),
            _ => Self::Missing { parent, field },
        }
    }

    fn of(node: Node<'a>) -> Self {
        let Some(text) = node.as_str().filter(|_| node.kind() == Kind::Scalar) else {
            return Self::Unreadable(node);
        };
        if is_unresolved(text) {
            // No brace is part of a reference: what is behind the last one is known.
            let before = text.split("${").next().unwrap_or_default();
            let behind = text.rsplit('}').next().unwrap_or_default();
            return Self::Unresolved { node, around: (before, behind) };
        }
        Self::Known { node, text, reference: ImageReference::parse(text) }
    }
}

impl fmt::Display for ImageUser<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Container(container) => f.write_str(&container.title()),
            Self::Volume(name) => write!(f, "volume \"{name}\""),
            Self::Field(field) => write!(f, "{field}"),
        }
    }
}
