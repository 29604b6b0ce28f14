//! Labels that a selector matches: is there a pod that it could select, and
//! which pods would it select that are not allowed?

use std::collections::BTreeMap;

use super::NAMESPACE_NAME;
use crate::kube::{Operator, Requirement, Selector};

/// A pod that isn't in the repository, and that a peer would select.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Name of its namespace.
    pub namespace: String,
    /// Labels of its namespace, its name aside.
    pub namespace_labels: BTreeMap<String, String>,
    /// Its own labels.
    pub labels: BTreeMap<String, String>,
}

/// What requirements leave a label to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Domain<'a> {
    /// The only values that it may have, if it must have one of some.
    pub(super) only: Option<Vec<&'a str>>,
    not: Vec<&'a str>,
    must_be: bool,
    must_not_be: bool,
}

/// The domains of all labels that requirements name. None if nothing meets them.
pub(super) fn domains<'s>(
    requirements: impl IntoIterator<Item = &'s Requirement<'s>>,
) -> Option<BTreeMap<&'s str, Domain<'s>>> {
    let mut domains: BTreeMap<&str, Domain<'_>> = BTreeMap::new();
    for requirement in requirements {
        let domain = domains.entry(requirement.key).or_default();
        match requirement.operator {
            Operator::In => {
                let values = requirement.values.iter().copied();
                domain.only = Some(match domain.only.take() {
                    None => values.collect(),
                    Some(only) => values.filter(|value| only.contains(value)).collect(),
                });
            }
            Operator::NotIn => domain.not.extend(requirement.values.iter().copied()),
            Operator::Exists => domain.must_be = true,
            Operator::DoesNotExist => domain.must_not_be = true,
        }
    }
    for domain in domains.values_mut() {
        if let Some(only) = &mut domain.only {
            only.retain(|value| !domain.not.contains(value));
            domain.must_be = true;
            if only.is_empty() {
                return None;
            }
        }
        if domain.must_be && domain.must_not_be {
            return None;
        }
    }
    Some(domains)
}

impl Domain<'_> {
    /// A value that meets it and isn't `other`; the inner None is absence. The
    /// outer None: there is no such value.
    fn pick(&self, other: &[&str]) -> Option<Option<String>> {
        if let Some(only) = &self.only {
            return only.iter().find(|value| !other.contains(value)).map(|v| Some((*v).to_owned()));
        }
        Some(
            self.must_be
                .then(|| fresh(|value| self.not.contains(&value) || other.contains(&value))),
        )
    }
}

/// A text that isn't taken.
fn fresh(is_taken: impl Fn(&str) -> bool) -> String {
    let names = (0_usize..).map(|n| if n == 0 { "any".to_owned() } else { format!("any-{n}") });
    names.into_iter().find(|name| !is_taken(name)).unwrap_or_default()
}

/// The namespaces that a namespace selector pins by name; none if it doesn't.
pub(super) fn pinned_namespaces<'s>(selector: &'s Selector<'_>) -> Option<Vec<&'s str>> {
    let domains = domains(&selector.requirements)?;
    domains.get(NAMESPACE_NAME)?.only.clone()
}

/// A namespace that a selector matches and that isn't among `taken`. None if
/// the selector pins names, or matches nothing.
pub(super) fn fresh_namespace(
    selector: &Selector<'_>,
    taken: &[&str],
) -> Option<(String, BTreeMap<String, String>)> {
    let domains = domains(&selector.requirements)?;
    let mut labels = BTreeMap::new();
    let mut name = fresh(|name| taken.contains(&name));
    for (key, domain) in &domains {
        if *key == NAMESPACE_NAME {
            if domain.only.is_some() || domain.must_not_be {
                return None;
            }
            name = fresh(|name| taken.contains(&name) || domain.not.contains(&name));
        } else if let Some(value) = domain.pick(&[])? {
            labels.insert((*key).to_owned(), value);
        }
    }
    Some((name, labels))
}

/// Most combinations of values that are tried.
const MAX_COMBINATIONS: usize = 4096;

/// Labels that meet `selector` and none of the label sets in `allowed`. The
/// outer error: there are too many combinations to tell.
pub(super) fn labels_outside(
    selector: Option<&Selector<'_>>,
    allowed: &[Vec<(&str, &str)>],
) -> Result<Option<BTreeMap<String, String>>, TooMany> {
    let requirements = selector.map_or(&[][..], |selector| &selector.requirements);
    let Some(domains) = domains(requirements) else { return Ok(None) };
    let mut labels = BTreeMap::new();
    for (key, domain) in &domains {
        // Values that no allowance asks for, where there is a choice.
        let asked: Vec<&str> = allowed
            .iter()
            .flatten()
            .filter(|(wanted, _)| wanted == key)
            .map(|(_, value)| *value)
            .collect();
        if let Some(Some(value)) = domain.pick(&asked).or_else(|| domain.pick(&[])) {
            labels.insert((*key).to_owned(), value);
        }
    }
    let is_outside = |labels: &BTreeMap<String, String>| {
        allowed.iter().all(|set| {
            set.iter().any(|(key, value)| labels.get(*key).map(String::as_str) != Some(value))
        })
    };
    if is_outside(&labels) {
        return Ok(Some(labels));
    }
    let choices: Vec<(&str, &Vec<&str>)> = domains
        .iter()
        .filter_map(|(key, domain)| Some((*key, domain.only.as_ref()?)))
        .filter(|(key, _)| allowed.iter().flatten().any(|(wanted, _)| wanted == key))
        .collect();
    let mut combinations = 1_usize;
    for (_, values) in &choices {
        combinations = combinations.saturating_mul(values.len());
    }
    if combinations > MAX_COMBINATIONS {
        return Err(TooMany);
    }
    for combination in 0..combinations {
        let mut rest = combination;
        for (key, values) in &choices {
            if let Some(value) = values.get(rest % values.len()) {
                labels.insert((*key).to_owned(), (*value).to_owned());
            }
            rest /= values.len();
        }
        if is_outside(&labels) {
            return Ok(Some(labels));
        }
    }
    Ok(None)
}

/// More than [`MAX_COMBINATIONS`] combinations of values.
#[derive(Debug)]
pub(super) struct TooMany;
