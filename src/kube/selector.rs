//! Label selectors: `LabelSelectorAsSelector` and `ValidateLabelSelector` of
//! k8s.io/apimachinery/pkg/apis/meta/v1, and `Requirement.Matches` of pkg/labels.

use spanned_yaml::{Kind, Node};

use super::{
    is_unresolved,
    labels::{LabelValue, Labels, invalid_label_key, invalid_label_value},
};

/// A label selector: all its requirements together. Without any it selects all.
#[derive(Clone, Debug, Default)]
pub struct Selector<'a> {
    /// Where it is written.
    pub node: Option<Node<'a>>,
    /// `matchLabels`, then `matchExpressions`.
    pub requirements: Vec<Requirement<'a>>,
    /// Parts that aren't known offline. What they ask for isn't among the requirements.
    pub unknowns: Vec<Node<'a>>,
}

/// One requirement of a selector.
#[derive(Clone, Debug)]
pub struct Requirement<'a> {
    /// Where it is written.
    pub node: Node<'a>,
    /// The label's key.
    pub key: &'a str,
    /// What is asked of it.
    pub operator: Operator,
    /// What `In` and `NotIn` compare with.
    pub values: Vec<&'a str>,
}

/// What a requirement asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// The label is there, with one of the values.
    In,
    /// The label isn't there, or has none of the values.
    NotIn,
    /// The label is there.
    Exists,
    /// The label isn't there.
    DoesNotExist,
}

/// Why the API server refuses a selector.
#[derive(Clone, Debug)]
pub struct InvalidSelector<'a> {
    /// Where.
    pub node: Node<'a>,
    /// What is wrong: one line, lower case, no full stop.
    pub message: String,
}

/// Whether a selector matches, as far as is known. In order of certainty, so
/// that the least of several is what they say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It doesn't.
    No,
    /// A value that isn't known decides.
    Maybe,
    /// It does.
    Yes,
}

impl<'a> Selector<'a> {
    /// Reads a selector. Parts that the API server refuses go to `invalid`; the
    /// selector then stands for nothing.
    pub fn read(node: Node<'a>, invalid: &mut Vec<InvalidSelector<'a>>) -> Self {
        let mut reader = Reader { selector: Self { node: Some(node), ..Self::default() }, invalid };
        if reader.is_mapping(node, "a label selector") {
            reader.match_labels(node);
            reader.match_expressions(node);
        }
        reader.selector
    }

    /// Whether it selects what carries these labels.
    pub fn matches(&self, labels: &Labels<'_>) -> Match {
        let known = if self.unknowns.is_empty() { Match::Yes } else { Match::Maybe };
        let requirements = self.requirements.iter().map(|requirement| requirement.matches(labels));
        requirements.fold(known, Match::min)
    }

    /// Whether it selects everything, whatever its labels.
    pub fn is_everything(&self) -> bool {
        self.requirements.is_empty() && self.unknowns.is_empty()
    }

    /// The first requirement that the labels don't meet.
    pub fn unmet(&self, labels: &Labels<'_>) -> Option<&Requirement<'a>> {
        self.requirements.iter().find(|requirement| requirement.matches(labels) == Match::No)
    }
}

impl Requirement<'_> {
    /// Whether labels meet it.
    pub fn matches(&self, labels: &Labels<'_>) -> Match {
        let value = labels.get(self.key);
        let (if_present, if_absent) = match self.operator {
            Operator::In => (None, Match::No),
            Operator::NotIn => (None, Match::Yes),
            Operator::Exists => (Some(Match::Yes), Match::No),
            Operator::DoesNotExist => (Some(Match::No), Match::Yes),
        };
        match (value, if_present) {
            (LabelValue::Absent, _) => if_absent,
            (LabelValue::Open, _) | (LabelValue::Unknown, None) => Match::Maybe,
            (LabelValue::Known(_) | LabelValue::Unknown, Some(answer)) => answer,
            (LabelValue::Known(value), None) => {
                let is_in = self.values.contains(&value);
                if is_in == (self.operator == Operator::In) { Match::Yes } else { Match::No }
            }
        }
    }

    /// How messages say what it asks for, as `app=web` or `app notin (a, b)`.
    pub fn text(&self) -> String {
        let key = self.key;
        match (self.operator, self.values.as_slice()) {
            (Operator::In, [value]) => format!("{key}={value}"),
            (Operator::NotIn, [value]) => format!("{key}!={value}"),
            (Operator::In, values) => format!("{key} in ({})", values.join(", ")),
            (Operator::NotIn, values) => format!("{key} notin ({})", values.join(", ")),
            (Operator::Exists, _) => key.to_owned(),
            (Operator::DoesNotExist, _) => format!("!{key}"),
        }
    }
}

struct Reader<'r, 'a> {
    selector: Selector<'a>,
    invalid: &'r mut Vec<InvalidSelector<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn refuse(&mut self, node: Node<'a>, message: impl Into<String>) {
        self.invalid.push(InvalidSelector { node, message: message.into() });
    }

    /// Whether a node is a mapping; it is refused, or unknown, if it isn't.
    fn is_mapping(&mut self, node: Node<'a>, what: &str) -> bool {
        self.is_collection(node, Kind::Mapping, &format!("{what} must be a mapping"))
    }

    fn is_collection(&mut self, node: Node<'a>, kind: Kind, message: &str) -> bool {
        if node.kind() == kind {
            return true;
        }
        if is_unresolved(node.text()) {
            self.selector.unknowns.push(node);
        } else if !node.is_null() {
            self.refuse(node, message);
        }
        false
    }

    /// A text that may be a label's key or value; none if it isn't known, or refused.
    fn text(
        &mut self,
        node: Node<'a>,
        what: &str,
        invalid: fn(&str) -> Option<&'static str>,
    ) -> Option<&'a str> {
        if is_unresolved(node.text()) {
            self.selector.unknowns.push(node);
            return None;
        }
        let Some(text) = node.as_str().or_else(|| node.is_null().then_some("")) else {
            self.refuse(node, format!("{what} must be a string: put it in quotes"));
            return None;
        };
        if let Some(why) = invalid(text) {
            self.refuse(node, format!("\"{text}\" is no {what}: {why}"));
            return None;
        }
        Some(text)
    }

    fn match_labels(&mut self, selector: Node<'a>) {
        let Some(labels) = selector.get("matchLabels") else { return };
        if !self.is_mapping(labels, "matchLabels") {
            return;
        }
        let first = self.selector.requirements.len();
        for entry in labels.entries() {
            // A key is a string, whatever it looks like: JSON has no other keys.
            let key = entry.key.text();
            if is_unresolved(key) {
                self.selector.unknowns.push(entry.key);
                continue;
            }
            if let Some(why) = invalid_label_key(key) {
                self.refuse(entry.key, format!("\"{key}\" is no label key: {why}"));
                continue;
            }
            let value = self.text(entry.value, "label value", invalid_label_value);
            let Some(value) = value else { continue };
            let requirement =
                Requirement { node: entry.value, key, operator: Operator::In, values: vec![value] };
            // Of a key that is written twice the last counts.
            let requirements = &mut self.selector.requirements;
            match requirements.iter_mut().skip(first).find(|known| known.key == key) {
                Some(known) => *known = requirement,
                None => requirements.push(requirement),
            }
        }
    }

    fn match_expressions(&mut self, selector: Node<'a>) {
        let Some(list) = selector.get("matchExpressions") else { return };
        if !self.is_collection(list, Kind::Sequence, "matchExpressions must be a list") {
            return;
        }
        for node in list.items() {
            self.expression(node);
        }
    }

    fn expression(&mut self, node: Node<'a>) {
        if node.kind() != Kind::Mapping {
            if is_unresolved(node.text()) {
                self.selector.unknowns.push(node);
            } else {
                self.refuse(node, "an expression must be a mapping with key and operator");
            }
            return;
        }
        let key = match node.get("key") {
            Some(key) => self.text(key, "label key", invalid_label_key),
            None => {
                self.refuse(node, "the expression has no key");
                None
            }
        };
        let before = self.invalid.len();
        let values = self.values(node);
        let values_are_refused = self.invalid.len() > before;
        let Some(operator) = self.operator(node) else { return };
        // Values that aren't known, or refused already, aren't judged by their number.
        let count = node.get("values").map_or(0, Node::len);
        match operator {
            Operator::In | Operator::NotIn if count == 0 && !values_are_refused => {
                let place = node.get("operator").unwrap_or(node);
                if values.is_some() {
                    self.refuse(place, format!("{} needs values", place.text()));
                }
            }
            Operator::Exists | Operator::DoesNotExist if count > 0 => {
                let place = node.get("values").unwrap_or(node);
                self.refuse(place, format!("{operator:?} takes no values"));
            }
            _ => {}
        }
        if let (Some(key), Some(values)) = (key, values) {
            self.selector.requirements.push(Requirement { node, key, operator, values });
        }
    }

    /// The values of an expression; none if one isn't known or refused.
    fn values(&mut self, expression: Node<'a>) -> Option<Vec<&'a str>> {
        let Some(list) = expression.get("values").filter(|node| !node.is_null()) else {
            return Some(Vec::new());
        };
        if !self.is_collection(list, Kind::Sequence, "values must be a list") {
            return None;
        }
        let mut values = Some(Vec::new());
        for node in list.items() {
            match (self.text(node, "label value", invalid_label_value), &mut values) {
                (Some(text), Some(values)) => values.push(text),
                (None, _) => values = None,
                (Some(_), None) => {}
            }
        }
        values
    }

    fn operator(&mut self, expression: Node<'a>) -> Option<Operator> {
        let Some(node) = expression.get("operator") else {
            self.refuse(expression, "the expression has no operator");
            return None;
        };
        match node.text() {
            "In" => Some(Operator::In),
            "NotIn" => Some(Operator::NotIn),
            "Exists" => Some(Operator::Exists),
            "DoesNotExist" => Some(Operator::DoesNotExist),
            text if is_unresolved(text) => {
                self.selector.unknowns.push(node);
                None
            }
            text => {
                self.refuse(
                    node,
                    format!("\"{text}\" is no operator: write In, NotIn, Exists or DoesNotExist"),
                );
                None
            }
        }
    }
}
