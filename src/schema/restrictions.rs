//! What a schema says of a value beyond its type: enumerations, bounds, lengths, patterns, and
//! alternatives.

use std::borrow::Cow;

use spanned_yaml::{Node, Scalar};

use super::{
    model::{Name, Schema},
    pattern::Pattern,
};

/// Restrictions of a value. Few schemas have any.
#[derive(Debug, Default)]
pub(super) struct Restrictions {
    /// The values that it may have; any if empty.
    pub(super) choices: Vec<Choice>,
    pub(super) minimum: Option<Bound>,
    pub(super) maximum: Option<Bound>,
    pub(super) multiple_of: Option<f64>,
    /// Characters of a text.
    pub(super) length: Range,
    /// Items of a list.
    pub(super) items: Range,
    /// Fields of a mapping.
    pub(super) properties: Range,
    pub(super) pattern: Option<Pattern>,
    pub(super) all_of: Vec<Schema>,
    pub(super) any_of: Vec<Schema>,
    pub(super) one_of: Vec<Schema>,
    pub(super) not: Option<Schema>,
}

/// A bound of a number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) limit: f64,
    pub(super) exclusive: bool,
}

/// The least and the most of something that is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Range {
    pub(super) least: Option<usize>,
    pub(super) most: Option<usize>,
}

/// A value of an enumeration.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    Text(Name),
    Number(f64),
    Boolean(bool),
    Null,
    /// A list or a mapping, which nothing is compared with.
    Other,
}

/// An enumeration of words, as the table of built-in kinds has it.
pub(super) fn words(choices: &'static str) -> Restrictions {
    let choices = choices.split('|').map(|word| Choice::Text(Cow::Borrowed(word)));
    Restrictions { choices: choices.collect(), ..Restrictions::default() }
}

impl Range {
    fn is_open(self) -> bool {
        self.least.is_none() && self.most.is_none()
    }

    /// Which limit a count breaks, as the end of a sentence.
    fn problem(self, count: usize, what: &str) -> Option<String> {
        let wrong = |limit: usize, word: &str| format!("has {count} {what}, {word} {limit}");
        match (self.least, self.most) {
            (Some(least), _) if count < least => Some(wrong(least, "fewer than")),
            (_, Some(most)) if count > most => Some(wrong(most, "more than")),
            _ => None,
        }
    }
}

impl Restrictions {
    /// What is wrong with a scalar, as the end of a sentence, and what to write instead.
    pub(super) fn scalar_problem(&self, scalar: Scalar<'_>) -> Option<(String, Option<String>)> {
        if self.rules_out(scalar) {
            return Some(self.no_choice(scalar));
        }
        let text = match scalar {
            Scalar::Str(text) | Scalar::Timestamp(text) | Scalar::Binary(text) => text,
            #[allow(clippy::cast_precision_loss, reason = "bounds are JSON numbers")]
            Scalar::Int(value) => {
                return self.bound_problem(value as f64).or_else(|| self.step_problem(value));
            }
            #[allow(clippy::cast_precision_loss, reason = "bounds are JSON numbers")]
            Scalar::UInt(value) => return self.number_problem(value as f64),
            Scalar::Float(value) => return self.number_problem(value),
            Scalar::Bool(_) | Scalar::Null => return None,
        };
        if self.length.least.is_some() || self.length.most.is_some() {
            let count = text.chars().count();
            if let Some(problem) = self.length.problem(count, "characters") {
                return Some((problem, None));
            }
        }
        let pattern = self.pattern.as_ref().filter(|pattern| !pattern.is_match(text))?;
        Some((format!("doesn't match {}", pattern.as_str()), None))
    }

    /// Whether there is an enumeration, and a scalar isn't in it.
    pub(super) fn rules_out(&self, scalar: Scalar<'_>) -> bool {
        !self.choices.is_empty() && !self.choices.iter().any(|choice| choice.is(scalar))
    }

    fn no_choice(&self, scalar: Scalar<'_>) -> (String, Option<String>) {
        let words: Vec<String> = self.choices.iter().map(Choice::word).collect();
        let nearest = match scalar {
            Scalar::Str(text) => super::nearest(text, words.iter().map(String::as_str)),
            _ => None,
        };
        let shown = if words.len() > 12 {
            format!("none of {} values", words.len())
        } else if let [one] = words.as_slice() {
            format!("not {one}")
        } else {
            format!("none of {}", words.join(", "))
        };
        (format!("is {shown}"), nearest.map(str::to_owned))
    }

    fn number_problem(&self, value: f64) -> Option<(String, Option<String>)> {
        let step = || self.multiple_of.filter(|step| *step > 0.0 && (value / step).fract() != 0.0);
        let step_problem = || Some((format!("is no multiple of {}", step()?), None));
        self.bound_problem(value).or_else(step_problem)
    }

    fn bound_problem(&self, value: f64) -> Option<(String, Option<String>)> {
        let said = |text: String| Some((text, None));
        if let Some(Bound { limit, exclusive }) = self.minimum
            && (value < limit || exclusive && value <= limit)
        {
            let word = if exclusive { "not above" } else { "below" };
            return said(format!("is {word} {limit}"));
        }
        if let Some(Bound { limit, exclusive }) = self.maximum
            && (value > limit || exclusive && value >= limit)
        {
            let word = if exclusive { "not below" } else { "above" };
            return said(format!("is {word} {limit}"));
        }
        None
    }

    /// Of whole numbers, in whole numbers: floats are too coarse for large ones.
    #[allow(clippy::cast_precision_loss, reason = "small enough to be exact where it matters")]
    fn step_problem(&self, value: i64) -> Option<(String, Option<String>)> {
        let step = self.multiple_of.filter(|step| *step > 0.0)?;
        let is_multiple = if step.fract() == 0.0 && step < 9e15 {
            value % step as i64 == 0
        } else {
            (value as f64 / step).fract() == 0.0
        };
        (!is_multiple).then(|| (format!("is no multiple of {step}"), None))
    }

    /// What is wrong with the size of a list or a mapping.
    pub(super) fn size_problem(&self, node: Node<'_>, outer: &Schema) -> Option<String> {
        match node.kind() {
            spanned_yaml::Kind::Sequence => self.items.problem(node.len(), "items"),
            _ if self.properties.is_open() => None,
            _ => self.properties.problem(outer.count(node), "fields"),
        }
    }
}

impl Choice {
    #[allow(clippy::float_cmp, reason = "a choice is met exactly or not at all")]
    fn is(&self, scalar: Scalar<'_>) -> bool {
        match (self, scalar) {
            (Self::Text(choice), Scalar::Str(text) | Scalar::Timestamp(text)) => choice == text,
            #[allow(clippy::cast_precision_loss, reason = "choices are JSON numbers")]
            (Self::Number(choice), Scalar::Int(value)) => *choice == value as f64,
            (Self::Number(choice), Scalar::Float(value)) => *choice == value,
            (Self::Boolean(choice), Scalar::Bool(value)) => *choice == value,
            (Self::Null, Scalar::Null) => true,
            _ => false,
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Text(text) => text.clone().into_owned(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
            Self::Null => "null".to_owned(),
            Self::Other => "a list or mapping".to_owned(),
        }
    }
}
