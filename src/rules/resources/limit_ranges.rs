//! What LimitRanges of a namespace say, as the LimitRanger admission plugin
//! (plugin/pkg/admission/limitranger/admission.go) reads them.

use spanned_yaml::Node;

use super::requirements::{Half, Requirements};
use crate::{
    check::{Findings, Scope},
    kube::{Object, QuantityField},
};

/// One entry of `spec.limits`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) object: &'a Object<'a>,
    pub(super) node: Node<'a>,
}

/// The entries of a type (`Container`, `Pod`, `PersistentVolumeClaim`), and
/// those whose type isn't known.
pub(super) fn items<'a>(
    scope: &Scope<'a>,
    of: &'static str,
) -> impl Iterator<Item = Item<'a>> + use<'a> {
    let ranges = scope.namespace.map(|namespace| namespace.limit_ranges.as_slice());
    ranges.into_iter().flatten().flat_map(move |object| {
        let limits = object.spec().and_then(|spec| spec.get("limits"));
        let items = limits.into_iter().flat_map(Node::items);
        items.map(|node| Item { object, node }).filter(move |item| item.is_of(of))
    })
}

impl<'a> Item<'a> {
    fn is_of(&self, wanted: &str) -> bool {
        let of = self.node.get("type").and_then(Node::as_str);
        of.is_none_or(|of| of == wanted || crate::kube::is_unresolved(of))
    }

    /// Whether the type is written and known.
    fn has_type(&self) -> Option<Node<'a>> {
        let node = self.node.get("type")?;
        node.as_str().filter(|of| !crate::kube::is_unresolved(of)).map(|_| node)
    }

    /// A bound or default as written.
    pub(super) fn value(&self, field: &str, resource: &str) -> QuantityField<'a> {
        match QuantityField::read(self.node.get(field), resource) {
            QuantityField::Known(..) if self.has_type().is_none() => {
                QuantityField::Unknown(self.node.get("type").unwrap_or(self.node))
            }
            value => value,
        }
    }

    /// The entries of `min` or `max`: resource and value.
    pub(super) fn bounds(
        &self,
        field: &'static str,
    ) -> impl Iterator<Item = (&'a str, QuantityField<'a>)> + use<'a> {
        let item = *self;
        let bounds = self.node.get(field).into_iter().flat_map(Node::entries);
        bounds.map(move |entry| (entry.key.text(), item.value(field, entry.key.text())))
    }

    /// What it gives to a container that has none of its own. The API server
    /// fills a LimitRange in when it is stored (`SetDefaults_LimitRangeItem` in
    /// pkg/apis/core/v1/defaults.go): the default limit from the maximum, the
    /// default request from the default limit, else from the minimum.
    fn default(&self, half: Half, resource: &str) -> QuantityField<'a> {
        let fields: &[&str] = match half {
            Half::Limits => &["default", "max"],
            Half::Requests => &["defaultRequest", "default", "max", "min"],
        };
        let values = fields.iter().map(|field| self.value(field, resource));
        first_written(values)
    }
}

fn first_written<'a>(mut values: impl Iterator<Item = QuantityField<'a>>) -> QuantityField<'a> {
    values.find(|value| !matches!(value, QuantityField::Absent)).unwrap_or(QuantityField::Absent)
}

/// A value with the LimitRange that it comes from, if it isn't the pod's own.
#[derive(Clone, Debug)]
pub(super) struct Effective<'a> {
    pub(super) value: QuantityField<'a>,
    pub(super) from: Option<&'a Object<'a>>,
}

impl<'a> Effective<'a> {
    /// A container's own value, else the default of the namespace.
    pub(super) fn of(
        own: &Requirements<'a>,
        half: Half,
        resource: &str,
        scope: &Scope<'a>,
    ) -> Self {
        let value = own.own(half, resource);
        if !matches!(value, QuantityField::Absent) {
            return Self { value, from: None };
        }
        for item in items(scope, "Container") {
            let value = item.default(half, resource);
            if !matches!(value, QuantityField::Absent) {
                return Self { value, from: Some(item.object) };
            }
        }
        Self { value: QuantityField::Absent, from: None }
    }

    /// Reports the value as not checked if it can't be used. Whether it did.
    pub(super) fn report_unusable(
        &self,
        object: &'a Object<'a>,
        findings: &mut Findings<'a>,
    ) -> bool {
        let unusable = self.value.unusable();
        if let Some(node) = unusable {
            findings.unknown(self.from.unwrap_or(object), node);
        }
        unusable.is_some()
    }
}
