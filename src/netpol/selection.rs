//! Which policies of a namespace select which of its pods, in time near linear
//! in both: policies are found by one label that they ask for.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::policy::Policy;
use crate::kube::{Labels, Match, Operator, Pod, Selector};

/// The policies that select each pod of a namespace.
#[derive(Debug, Default)]
pub struct Selection<'a> {
    /// Labels of the pods, in the order of the namespace's pods.
    pub labels: Vec<Labels<'a>>,
    /// Policies that select every pod, whatever its labels.
    everywhere: Vec<Selected>,
    /// For each pod the other policies that select it, or may, in order.
    by_labels: Vec<Vec<Selected>>,
    /// Pods by each of their labels; made when first asked for.
    by_label: OnceLock<ByLabel<'a>>,
}

#[derive(Debug, Default)]
struct ByLabel<'a> {
    pods: FxHashMap<(&'a str, &'a str), Vec<usize>>,
    /// Pods with labels that aren't known: any selector may match them.
    uncertain: Vec<usize>,
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
        let mut everywhere = Vec::new();
        for (index, policy) in policies.iter().enumerate() {
            if policy.selector.is_everything() {
                everywhere.push(Selected { policy: index, how: Match::Yes });
                continue;
            }
            match equality(&policy.selector) {
                Some(label) => by_label.entry(label).or_default().push(index),
                None => others.push(index),
            }
        }
        let labels: Vec<Labels<'a>> = pods.iter().map(|pod| Labels::read(pod.metadata)).collect();
        let by_labels = labels.iter().map(|labels| {
            let mut candidates: Vec<usize> = if labels.unknowns().next().is_some() {
                by_label.values().flatten().chain(&others).copied().collect()
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
        Self { everywhere, by_labels: by_labels.collect(), labels, by_label: OnceLock::new() }
    }

    /// The policies that select a pod, or may.
    pub fn selecting(&self, pod: usize) -> impl Iterator<Item = Selected> + Clone {
        let by_labels = self.by_labels.get(pod).into_iter().flatten();
        self.everywhere.iter().chain(by_labels).copied()
    }

    /// Whether a selector matches any of the pods, or may.
    pub fn may_match_any(&self, selector: &Selector<'_>) -> bool {
        let matches = |labels: &Labels<'_>| selector.matches(labels) > Match::No;
        let Some(label) = equality(selector) else { return self.labels.iter().any(matches) };
        let index = self.by_label.get_or_init(|| ByLabel::new(&self.labels));
        let candidates = index.pods.get(&label).into_iter().flatten().chain(&index.uncertain);
        candidates.filter_map(|pod| self.labels.get(*pod)).any(matches)
    }
}

impl<'a> ByLabel<'a> {
    fn new(pods: &[Labels<'a>]) -> Self {
        let mut index = Self::default();
        for (pod, labels) in pods.iter().enumerate() {
            for label in labels.known() {
                index.pods.entry(label).or_default().push(pod);
            }
            if labels.unknowns().next().is_some() {
                index.uncertain.push(pod);
            }
        }
        index
    }
}

/// A label that everything which a selector matches has.
fn equality<'s>(selector: &Selector<'s>) -> Option<(&'s str, &'s str)> {
    selector.requirements.iter().find_map(|requirement| {
        match (requirement.operator, requirement.values.as_slice()) {
            (Operator::In, [value]) => Some((requirement.key, *value)),
            _ => None,
        }
    })
}
