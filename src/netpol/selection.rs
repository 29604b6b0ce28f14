//! Which policies of a namespace select which of its pods, in time near linear
//! in both: policies are found by one label that they ask for.

use rustc_hash::FxHashMap;

use super::policy::Policy;
use crate::kube::{Labels, Match, Operator, Pod};

/// The policies that select each pod of a namespace.
#[derive(Debug, Default)]
pub struct Selection<'a> {
    /// Labels of the pods, in the order of the namespace's pods.
    pub labels: Vec<Labels<'a>>,
    /// For each pod the policies that select it, or may, in order.
    pub selecting: Vec<Vec<Selected>>,
}

/// A policy that selects a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its index among the namespace's policies.
    pub policy: usize,
    /// Whether that is certain: [`Match::Yes`] or [`Match::Maybe`].
    pub how: Match,
}

impl<'a> Selection<'a> {
    /// Matches the policies of a namespace with its pods.
    pub fn new(policies: &[Policy<'a>], pods: &[&'a Pod<'a>]) -> Self {
        let mut by_label: FxHashMap<(&str, &str), Vec<usize>> = FxHashMap::default();
        let mut others = Vec::new();
        for (index, policy) in policies.iter().enumerate() {
            let equality = policy.selector.requirements.iter().find_map(|requirement| {
                match (requirement.operator, requirement.values.as_slice()) {
                    (Operator::In, [value]) => Some((requirement.key, *value)),
                    _ => None,
                }
            });
            match equality {
                Some(label) => by_label.entry(label).or_default().push(index),
                None => others.push(index),
            }
        }
        let labels: Vec<Labels<'a>> = pods.iter().map(|pod| Labels::read(pod.metadata)).collect();
        let selecting = labels.iter().map(|labels| {
            let mut candidates: Vec<usize> = if labels.unknowns().next().is_some() {
                (0..policies.len()).collect()
            } else {
                let found = labels.known().filter_map(|label| by_label.get(&label)).flatten();
                found.chain(&others).copied().collect()
            };
            candidates.sort_unstable();
            let selected = |index: usize| {
                let how = policies.get(index)?.selector.matches(labels);
                (how > Match::No).then_some(Selected { policy: index, how })
            };
            candidates.into_iter().filter_map(selected).collect()
        });
        Self { selecting: selecting.collect(), labels }
    }
}
