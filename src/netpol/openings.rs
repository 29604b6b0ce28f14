//! What policies open beyond what is allowed, each shown by a counterexample.
//!
//! Every pair of a peer and a port of an egress rule is held against the union
//! of the allowances, symbolically: blocks as sets of addresses, ports by the
//! segments into which allowances cut them, selectors by what they require. A
//! selector may match pods that don't exist yet, so only what it requires
//! counts, not which pods it finds.

use std::{collections::BTreeSet, net::IpAddr};

use spanned_yaml::Node;

use super::{
    allowance::{Allowance, Allowances, AllowedTo, DNS_LABEL, DNS_NAMESPACE},
    block::{EVERYWHERE, Interval, subtract, telling_address},
    policy::{Peer, PeerKind, Policy, PolicyRule},
    port::{PROTOCOLS, PolicyPort, PortRange, Ports, Protocol},
    reach::{named_ports, namespace_labels},
    witness::{TooMany, Witness, domains, fresh_namespace, labels_outside, pinned_namespaces},
};
use crate::{
    check::{Cluster, Namespace},
    kube::{LabelValue, Labels, Match, Pod, Selector},
};

/// Something that a policy opens and no allowance covers.
#[derive(Debug)]
pub struct Opening<'a> {
    /// The policy.
    pub policy: &'a Policy<'a>,
    /// Its rule.
    pub rule: &'a PolicyRule<'a>,
    /// The rule's peer; none if the rule opens everything.
    pub peer: Option<&'a Peer<'a>>,
    /// One workload that may.
    pub workload: &'a Pod<'a>,
    /// How many other workloads may as well.
    pub others: usize,
    /// What it may reach.
    pub destination: Destination<'a>,
    /// By which protocol.
    pub protocol: Protocol,
    /// On which port.
    pub port: u16,
}

/// A counterexample's other end.
#[derive(Clone, Debug)]
pub enum Destination<'a> {
    /// An address.
    Address(IpAddr),
    /// A pod of the repository.
    Pod(&'a Pod<'a>),
    /// A pod that could be.
    Imagined(Witness),
}

/// What can't be decided: the policy, the place, and why.
pub type Undecided<'a> = (&'a Policy<'a>, Node<'a>, String);

/// Finds what the policies of a namespace open beyond the allowances: at most
/// one opening for each rule's peer. Hidden from view: policies that the API
/// server refuses, rules that aren't known, and policies that select no pod.
pub fn openings<'a>(
    cluster: &'a Cluster<'a>,
    namespace: &'a Namespace<'a>,
    allowances: &Allowances<'_>,
) -> (Vec<Opening<'a>>, Vec<Undecided<'a>>) {
    let mut search = Search { cluster, namespace, undecided: Vec::new() };
    let mut openings = Vec::new();
    let everyone: Vec<&Pod<'_>> = governed_pods(namespace).map(|(_, pod)| pod).collect();
    let groups_of_everyone = groups(&everyone, allowances);
    for (policy, pods) in namespace.network_policies.iter().zip(selected_pods(namespace)) {
        if policy.is_refused() || policy.egress.isolates != Match::Yes {
            continue;
        }
        let groups_of_some;
        let groups = if policy.selector.is_everything() {
            &groups_of_everyone
        } else {
            groups_of_some = groups(&pods, allowances);
            &groups_of_some
        };
        for rule in &policy.egress.rules {
            let peers: Vec<Option<&Peer<'_>>> = if rule.peers.is_empty() {
                vec![None]
            } else {
                rule.peers.iter().map(Some).collect()
            };
            for peer in peers {
                let mut found: Option<Opening<'a>> = None;
                for group in groups {
                    if let Some(opening) = &mut found {
                        // The rest is only counted.
                        if search.opening(policy, rule, peer, &group.allowances).is_some() {
                            opening.others += group.count;
                        }
                    } else if let Some((destination, protocol, port)) =
                        search.opening(policy, rule, peer, &group.allowances)
                    {
                        found = Some(Opening {
                            policy,
                            rule,
                            peer,
                            workload: group.first,
                            others: group.count - 1,
                            destination,
                            protocol,
                            port,
                        });
                    }
                }
                openings.extend(found);
            }
        }
    }
    (openings, search.undecided)
}

/// For each policy the pods that it certainly selects, by its label selector.
fn selected_pods<'a>(namespace: &Namespace<'a>) -> Vec<Vec<&'a Pod<'a>>> {
    let mut pods = vec![Vec::new(); namespace.network_policies.len()];
    for (index, pod) in governed_pods(namespace) {
        let selecting = namespace.selection.selecting(index);
        for selected in selecting.filter(|selected| selected.how == Match::Yes) {
            let by_labels = namespace.network_policies.get(selected.policy);
            if by_labels.is_none_or(|policy| policy.selector.is_everything()) {
                continue;
            }
            if let Some(pods) = pods.get_mut(selected.policy) {
                pods.push(pod);
            }
        }
    }
    pods
}

/// Pods that policies govern, with their indices.
fn governed_pods<'a>(namespace: &Namespace<'a>) -> impl Iterator<Item = (usize, &'a Pod<'a>)> {
    namespace.pods.iter().copied().enumerate().filter(|(_, pod)| !pod.is_host_network())
}

/// Pods to which the same allowances apply.
struct Group<'a, 'c> {
    allowances: Vec<&'c Allowance<'c>>,
    indices: Vec<usize>,
    first: &'a Pod<'a>,
    count: usize,
}

fn groups<'a, 'c>(pods: &[&'a Pod<'a>], allowances: &'c Allowances<'c>) -> Vec<Group<'a, 'c>> {
    let mut groups: Vec<Group<'a, 'c>> = Vec::new();
    for pod in pods {
        let indices = allowances.of(pod);
        match groups.iter_mut().find(|group| group.indices == indices) {
            Some(group) => group.count += 1,
            None => groups.push(Group {
                allowances: indices.iter().filter_map(|at| allowances.entries.get(*at)).collect(),
                indices,
                first: pod,
                count: 1,
            }),
        }
    }
    groups
}

struct Search<'a> {
    cluster: &'a Cluster<'a>,
    namespace: &'a Namespace<'a>,
    undecided: Vec<Undecided<'a>>,
}

/// Ports that readers know, best first.
const WELL_KNOWN_PORTS: [u16; 3] = [443, 80, 53];

/// How many pods of the repository are looked at for one that shows the point.
const MAX_PODS_LOOKED_AT: usize = 500;

type Found<'a> = (Destination<'a>, Protocol, u16);

impl<'a> Search<'a> {
    /// What a peer of a rule opens beyond the allowances.
    fn opening(
        &mut self,
        policy: &'a Policy<'a>,
        rule: &'a PolicyRule<'a>,
        peer: Option<&'a Peer<'a>>,
        allowances: &[&Allowance<'_>],
    ) -> Option<Found<'a>> {
        if rule.ports.is_empty() {
            return PROTOCOLS.into_iter().find_map(|protocol| {
                self.on_range(policy, peer, PortRange::all(protocol), allowances)
            });
        }
        rule.ports.iter().find_map(|entry| match entry.ports {
            Ports::Range(range) => self.on_range(policy, peer, range, allowances),
            Ports::Named(protocol, name) => {
                self.on_named(policy, entry, peer, protocol, name, allowances)
            }
        })
    }

    fn on_range(
        &mut self,
        policy: &'a Policy<'a>,
        peer: Option<&'a Peer<'a>>,
        range: PortRange,
        allowances: &[&Allowance<'_>],
    ) -> Option<Found<'a>> {
        let protocol = range.protocol;
        let mut best: Option<(usize, Found<'a>)> = None;
        for segment in segments(range, allowances) {
            let known = WELL_KNOWN_PORTS
                .iter()
                .position(|port| segment.contains(protocol, *port))
                .unwrap_or(WELL_KNOWN_PORTS.len());
            if best.as_ref().is_some_and(|(rank, _)| *rank <= known) {
                continue;
            }
            let applicable: Vec<&Allowance<'_>> = allowances
                .iter()
                .copied()
                .filter(|allowance| allowance.is_for(protocol, segment.first))
                .collect();
            if let Some(destination) = self.uncovered(policy, peer, &applicable) {
                let port = WELL_KNOWN_PORTS.get(known).copied().unwrap_or(segment.first);
                best = Some((known, (destination, protocol, port)));
            }
        }
        best.map(|(_, found)| found)
    }

    /// Ports by name: those of the pods that are in the repository, which the
    /// peer selects. Addresses have no names.
    fn on_named(
        &mut self,
        policy: &'a Policy<'a>,
        entry: &'a PolicyPort<'a>,
        peer: Option<&'a Peer<'a>>,
        protocol: Protocol,
        name: &str,
        allowances: &[&Allowance<'_>],
    ) -> Option<Found<'a>> {
        if matches!(peer.map(|peer| &peer.kind), Some(PeerKind::Block { .. })) {
            return None;
        }
        let mut is_anywhere = false;
        for (pod, labels) in self.pods_of(peer) {
            for port in named_ports(pod, name, protocol) {
                is_anywhere = true;
                let applicable = allowances.iter().filter(|a| a.is_for(protocol, port));
                if !self.is_covered(pod, labels, applicable.copied()) {
                    return Some((Destination::Pod(pod), protocol, port));
                }
            }
        }
        // Beyond the namespaces that it names, a selector reaches pods that aren't here.
        let is_pinned = match peer.map(|peer| &peer.kind) {
            Some(PeerKind::Pods { namespaces: Some(selector), .. }) => {
                pinned_namespaces(selector).is_some()
            }
            Some(_) => true,
            None => false,
        };
        if !is_anywhere || !is_pinned {
            let before = self.undecided.len();
            if self.on_range(policy, peer, PortRange::all(protocol), allowances).is_some() {
                self.undecided.truncate(before);
                let message = format!(
                    "which ports are called {name} depends on pods that aren't in the repository"
                );
                self.undecided.push((policy, entry.node, message));
            }
        }
        None
    }

    /// Something that a peer names and none of the allowances covers.
    fn uncovered(
        &mut self,
        policy: &'a Policy<'a>,
        peer: Option<&'a Peer<'a>>,
        allowances: &[&Allowance<'_>],
    ) -> Option<Destination<'a>> {
        let blocks = blocks(allowances.iter().copied());
        match peer.map(|peer| &peer.kind) {
            None => {
                let left = subtract(EVERYWHERE, blocks);
                telling_address(&left).map(Destination::Address)
            }
            Some(PeerKind::Block { block, except, .. }) => {
                let holes = except.iter().map(super::Block::interval);
                let left = subtract(subtract([block.interval()], holes), blocks);
                telling_address(&left).map(Destination::Address)
            }
            Some(PeerKind::Pods { .. }) if are_everywhere(allowances.iter().copied()) => None,
            Some(PeerKind::Pods { namespaces, pods }) => {
                match self.imagined(namespaces.as_ref(), pods.as_ref(), allowances) {
                    Ok(None) => None,
                    Ok(Some(imagined)) => {
                        // A pod that is there says more than one that could be.
                        let rendered = self.pods_of(peer).find(|(pod, labels)| {
                            !self.is_covered(pod, labels, allowances.iter().copied())
                        });
                        Some(rendered.map_or(imagined, |(pod, _)| Destination::Pod(pod)))
                    }
                    Err(TooMany) => {
                        let node = peer.map_or(policy.object.root, |peer| peer.node);
                        let message = "the selector has too many combinations of values to \
                                       compare with egress.allow";
                        self.undecided.push((policy, node, message.to_owned()));
                        None
                    }
                }
            }
        }
    }

    /// A pod that selectors would find and no allowance covers.
    fn imagined(
        &self,
        namespaces: Option<&'a Selector<'a>>,
        pods: Option<&'a Selector<'a>>,
        allowances: &[&Allowance<'_>],
    ) -> Result<Option<Destination<'a>>, TooMany> {
        let own = self.namespace.name;
        let Some(selector) = namespaces else {
            return self.imagined_in(own, None, pods, allowances);
        };
        if let Some(pinned) = pinned_namespaces(selector) {
            for name in pinned {
                if let Some(found) = self.imagined_in(name, Some(selector), pods, allowances)? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        let mut taken: Vec<&str> = self.cluster.namespaces.keys().copied().collect();
        taken.push(DNS_NAMESPACE);
        taken.extend(allowances.iter().filter_map(|allowance| match allowance.to {
            AllowedTo::Pods { namespace, .. } => Some(namespace),
            _ => None,
        }));
        let Some((namespace, namespace_labels)) = fresh_namespace(selector, &taken) else {
            return Ok(None);
        };
        let labels = labels_outside(pods, &[])?;
        Ok(labels
            .map(|labels| Destination::Imagined(Witness { namespace, namespace_labels, labels })))
    }

    fn imagined_in(
        &self,
        namespace: &'a str,
        selector: Option<&'a Selector<'a>>,
        pods: Option<&'a Selector<'a>>,
        allowances: &[&Allowance<'_>],
    ) -> Result<Option<Destination<'a>>, TooMany> {
        let own = self.namespace.name;
        let mut allowed: Vec<Vec<(&str, &str)>> = Vec::new();
        for allowance in allowances {
            match &allowance.to {
                AllowedTo::OwnNamespace if namespace == own => return Ok(None),
                AllowedTo::Dns if namespace == DNS_NAMESPACE => allowed.push(vec![DNS_LABEL]),
                AllowedTo::Pods { namespace: of, labels } if *of == namespace => {
                    let labels = labels.iter();
                    allowed.push(labels.map(|(k, v)| (k.as_str(), v.as_str())).collect());
                }
                _ => {}
            }
        }
        let mut namespace_labels_asked = std::collections::BTreeMap::new();
        if let Some(selector) = selector {
            let is_rendered =
                self.cluster.namespace(namespace).is_some_and(|known| known.object.is_some());
            if is_rendered {
                let labels = namespace_labels(self.cluster, namespace);
                if selector.matches(&labels) == Match::No {
                    return Ok(None);
                }
            } else {
                let others =
                    selector.requirements.iter().filter(|r| r.key != super::NAMESPACE_NAME);
                let asked =
                    Selector { requirements: others.cloned().collect(), ..Selector::default() };
                match labels_outside(Some(&asked), &[])? {
                    Some(labels) => namespace_labels_asked = labels,
                    None => return Ok(None),
                }
            }
        }
        let labels = labels_outside(pods, &allowed)?;
        Ok(labels.map(|labels| {
            Destination::Imagined(Witness {
                namespace: namespace.to_owned(),
                namespace_labels: namespace_labels_asked,
                labels,
            })
        }))
    }

    /// Pods of the repository that a peer certainly selects, the first few.
    fn pods_of(
        &self,
        peer: Option<&'a Peer<'a>>,
    ) -> impl Iterator<Item = (&'a Pod<'a>, &'a Labels<'a>)> + use<'a> {
        let (namespaces, pods) = match peer.map(|peer| &peer.kind) {
            Some(PeerKind::Pods { namespaces, pods }) => (namespaces.as_ref(), pods.as_ref()),
            _ => (None, None),
        };
        let cluster = self.cluster;
        let own = self.namespace.name;
        let everywhere = peer.is_none();
        let pinned = match namespaces {
            Some(selector) => pinned_namespaces(selector),
            None if everywhere => None,
            None => Some(vec![own]),
        };
        let candidates: Vec<&'a Namespace<'a>> = match pinned {
            Some(names) => names.iter().filter_map(|name| cluster.namespace(name)).collect(),
            None => cluster.namespaces.values().collect(),
        };
        let in_namespace = move |namespace: &&'a Namespace<'a>| {
            namespaces.is_none_or(|selector| {
                selector.matches(&namespace_labels(cluster, namespace.name)) == Match::Yes
            })
        };
        candidates
            .into_iter()
            .filter(in_namespace)
            .flat_map(|namespace| namespace.pods.iter().copied().zip(&namespace.selection.labels))
            .take(MAX_PODS_LOOKED_AT)
            .filter(move |(pod, labels)| {
                !pod.is_host_network()
                    && pods.is_none_or(|selector| selector.matches(labels) == Match::Yes)
            })
    }

    fn is_covered<'c>(
        &self,
        pod: &Pod<'_>,
        labels: &Labels<'_>,
        allowances: impl Iterator<Item = &'c Allowance<'c>> + Clone,
    ) -> bool {
        let has = |key: &str, value: &str| labels.get(key) == LabelValue::Known(value);
        are_everywhere(allowances.clone())
            || allowances.into_iter().any(|allowance| match &allowance.to {
                AllowedTo::OwnNamespace => pod.namespace() == self.namespace.name,
                AllowedTo::Dns => pod.namespace() == DNS_NAMESPACE && has(DNS_LABEL.0, DNS_LABEL.1),
                AllowedTo::Pods { namespace, labels } => {
                    pod.namespace() == *namespace
                        && labels.iter().all(|(key, value)| has(key, value))
                }
                AllowedTo::Block(_) => false,
            })
    }
}

/// Whether allowances let out to all addresses together. Every pod has an
/// address: who may reach all of them may reach all pods.
fn are_everywhere<'c>(allowances: impl Iterator<Item = &'c Allowance<'c>>) -> bool {
    subtract(EVERYWHERE, blocks(allowances)).is_empty()
}

fn blocks<'c>(
    allowances: impl Iterator<Item = &'c Allowance<'c>>,
) -> impl Iterator<Item = Interval> {
    allowances.filter_map(|allowance| match &allowance.to {
        AllowedTo::Block(block) => Some(block.interval()),
        _ => None,
    })
}

/// The pieces of a range on which the same allowances are for all ports.
fn segments(range: PortRange, allowances: &[&Allowance<'_>]) -> Vec<PortRange> {
    let mut starts = BTreeSet::from([range.first]);
    for cut in allowances.iter().flat_map(|allowance| allowance.ranges(range.protocol)) {
        starts.insert(cut.first);
        starts.extend(cut.last.checked_add(1));
    }
    let starts: Vec<u16> =
        starts.into_iter().filter(|start| (range.first..=range.last).contains(start)).collect();
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([range.last]);
    starts
        .iter()
        .zip(ends)
        .map(|(first, last)| PortRange { protocol: range.protocol, first: *first, last })
        .collect()
}

/// How messages say what a peer's selectors name, as `any pod of namespace db
/// labelled app=pg`.
pub fn describe_pods(
    namespaces: Option<&Selector<'_>>,
    pods: Option<&Selector<'_>>,
    own: &str,
) -> String {
    let list = |selector: &Selector<'_>| {
        let texts: Vec<String> = selector.requirements.iter().map(|r| r.text()).collect();
        texts.join(", ")
    };
    let mut text = "any pod".to_owned();
    if let Some(pods) = pods.filter(|pods| !pods.requirements.is_empty()) {
        text.push_str(&format!(" labelled {}", list(pods)));
    }
    match namespaces {
        None => text.push_str(&format!(" of namespace {own}")),
        Some(selector) => match pinned_namespaces(selector).as_deref() {
            Some([name]) => text.push_str(&format!(" of namespace {name}")),
            Some(names) => text.push_str(&format!(" of namespaces {}", names.join(", "))),
            None if selector.requirements.is_empty() => text.push_str(" of any namespace"),
            None => text.push_str(&format!(" of any namespace labelled {}", list(selector))),
        },
    }
    text
}

/// Whether nothing at all can meet a selector.
pub fn is_contradiction(selector: &Selector<'_>) -> bool {
    domains(&selector.requirements).is_none()
}
