//! Reading fields for rules about what the API server validates.
//!
//! A value of a wrong type reads as nothing here: `schema/wrong-type` reports it. One that isn't known
//! offline reads as nothing too, and is a coverage gap.

use spanned_yaml::{Dialect, Kind, Node, Scalar};

use crate::{
    check::{Findings, Violation},
    kube::{Object, is_unresolved},
};

/// The fields of one object, and where rules say what is wrong with them.
pub(super) struct Fields<'f, 'a> {
    /// The object.
    pub(super) object: &'a Object<'a>,
    findings: &'f mut Findings<'a>,
}

/// A number, or a name in its place.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum NumberOrName<'a> {
    /// A whole number.
    Number(i64),
    /// A text.
    Name(&'a str),
}

impl<'f, 'a> Fields<'f, 'a> {
    pub(super) fn new(object: &'a Object<'a>, findings: &'f mut Findings<'a>) -> Self {
        Self { object, findings }
    }

    /// Reports what is wrong with a value.
    pub(super) fn wrong(&mut self, node: Node<'a>, message: impl Into<String>) {
        self.report(Violation::at(self.object, node, message));
    }

    /// As [`Fields::wrong`], with what to do.
    pub(super) fn wrong_with_help(
        &mut self,
        node: Node<'a>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Violation::at(self.object, node, message).help(help));
    }

    pub(super) fn report(&mut self, violation: Violation<'a>) {
        self.findings.report(violation);
    }

    /// Says that a text isn't known, if that is so.
    pub(super) fn is_unknown(&mut self, node: Node<'a>) -> bool {
        let is_unknown = node.kind() == Kind::Scalar && is_unresolved(node.text());
        if is_unknown {
            self.findings.unknown(self.object, node);
        }
        is_unknown
    }

    /// A text, if it is known.
    pub(super) fn text(&mut self, node: Node<'a>) -> Option<&'a str> {
        let node = node.target();
        if self.is_unknown(node) {
            return None;
        }
        node.as_str()
    }

    /// The text of a field, if it is there and known.
    pub(super) fn text_at(&mut self, holder: Node<'a>, key: &str) -> Option<(&'a str, Node<'a>)> {
        let node = holder.get(key)?;
        Some((self.text(node)?, node))
    }

    /// A whole number, if it is known.
    pub(super) fn number(&mut self, node: Node<'a>) -> Option<i64> {
        let node = node.target();
        if self.is_unknown(node) {
            return None;
        }
        number(node)
    }

    /// The whole number of a field, if it is there and known.
    pub(super) fn number_at(&mut self, holder: Node<'a>, key: &str) -> Option<(i64, Node<'a>)> {
        let node = holder.get(key)?;
        Some((self.number(node)?, node))
    }

    /// A number or a text, if it is known.
    pub(super) fn number_or_name(&mut self, node: Node<'a>) -> Option<NumberOrName<'a>> {
        let node = node.target();
        if self.is_unknown(node) {
            return None;
        }
        node.as_str().map(NumberOrName::Name).or_else(|| number(node).map(NumberOrName::Number))
    }

    /// Reports a number that is below zero.
    pub(super) fn not_negative(&mut self, holder: Node<'a>, key: &str) {
        if let Some((number, node)) = self.number_at(holder, key)
            && number < 0
        {
            self.wrong(node, format!("{key}: {number} is below zero"));
        }
    }
}

/// A field that is there, and not null.
pub(super) fn given<'a>(holder: Node<'a>, key: &str) -> Option<Node<'a>> {
    holder.get(key).filter(|node| !node.is_null())
}

/// The items of a list field.
pub(super) fn items<'a>(holder: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    holder.get(key).into_iter().flat_map(Node::items)
}

fn number(node: Node<'_>) -> Option<i64> {
    if node.kind() != Kind::Scalar {
        return None;
    }
    match node.scalar(Dialect::GoYamlV2) {
        Scalar::Int(number) => Some(number),
        // As JSON has it, a number without a fraction is whole.
        #[allow(clippy::cast_possible_truncation, reason = "whole, and far from the bounds")]
        Scalar::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            Some(number as i64)
        }
        _ => None,
    }
}
