//! `resources` of a container or a pod.

use spanned_yaml::{Kind, Node};

use crate::kube::{Container, ContainerRole, Pod, QuantityField};

/// The two halves of `resources`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Half {
    /// `requests`.
    Requests,
    /// `limits`.
    Limits,
}

impl Half {
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Limits => "limits",
        }
    }

    /// One of them, in messages.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Requests => "request",
            Self::Limits => "limit",
        }
    }
}

/// What a container or a pod has under `resources`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Requirements<'a> {
    requests: Option<Node<'a>>,
    limits: Option<Node<'a>>,
    /// A value that should be a mapping and isn't, so that nothing is known of what it stands for.
    unreadable: Option<Node<'a>>,
}

impl<'a> Requirements<'a> {
    /// Reads `holder.resources`.
    pub(super) fn of(holder: Node<'a>) -> Self {
        let mut unreadable = None;
        let mut mapping = |parent: Option<Node<'a>>, key| {
            let node = parent?.get(key).filter(|node| !node.is_null())?;
            if node.kind() == Kind::Mapping {
                return Some(node);
            }
            unreadable = Some(node);
            None
        };
        let resources = mapping(Some(holder), "resources");
        let requests = mapping(resources, "requests");
        let limits = mapping(resources, "limits");
        Self { requests, limits, unreadable }
    }

    /// `requests` or `limits`, if it is a mapping.
    pub(super) fn half(&self, half: Half) -> Option<Node<'a>> {
        match half {
            Half::Requests => self.requests,
            Half::Limits => self.limits,
        }
    }

    /// The value as written.
    pub(super) fn written(&self, half: Half, resource: &str) -> QuantityField<'a> {
        match (QuantityField::read(self.half(half), resource), self.unreadable) {
            (QuantityField::Absent, Some(node)) => QuantityField::Unknown(node),
            (field, _) => field,
        }
    }

    /// The value that counts: without a request the limit is the request
    /// (`SetDefaults_Pod` in pkg/apis/core/v1/defaults.go).
    pub(super) fn own(&self, half: Half, resource: &str) -> QuantityField<'a> {
        match self.written(half, resource) {
            QuantityField::Absent if half == Half::Requests => self.written(Half::Limits, resource),
            field => field,
        }
    }
}

/// The containers that may have resources: all but ephemeral ones.
pub(super) fn containers<'a>(pod: &'a Pod<'a>) -> impl Iterator<Item = &'a Container<'a>> {
    pod.containers.iter().filter(|container| container.role != ContainerRole::Ephemeral)
}
