//! Whether one pod may send to one destination.

use std::net::IpAddr;

use spanned_yaml::Node;

use super::{
    NAMESPACE_NAME,
    policy::{Peer, PeerKind, PolicyRule},
    port::{Ports, Protocol},
};
use crate::{
    check::{Cluster, Namespace},
    kube::{ContainerRole, Labels, Match, Pod, Selector, Value},
};

/// Where a packet goes.
#[derive(Clone, Copy, Debug)]
pub enum To<'a> {
    /// An address that belongs to no pod.
    Address(IpAddr),
    /// A pod.
    Pod(&'a Pod<'a>),
}

/// What policies say of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It passes: no policy isolates the pod, or one allows it.
    Open,
    /// No policy allows it.
    Closed,
    /// A value that isn't known offline decides.
    CantTell,
}

/// Whether policies let a packet out of a pod of `namespace`. Policies on
/// ingress at its destination are not asked.
pub fn may_reach<'a>(
    cluster: &Cluster<'a>,
    namespace: &Namespace<'_>,
    pod: &Pod<'_>,
    to: To<'a>,
    protocol: Protocol,
    port: u16,
) -> Answer {
    if pod.is_host_network() {
        return Answer::Open;
    }
    let index = namespace.pods.iter().position(|known| std::ptr::eq(*known, pod));
    let selecting = index.map(|index| namespace.selection.selecting(index));
    let destination = Destination::of(cluster, to);
    let mut isolated = Match::No;
    let mut allowed = Match::No;
    for selected in selecting.into_iter().flatten() {
        let Some(policy) = namespace.network_policies.get(selected.policy) else { continue };
        if policy.is_refused() {
            continue;
        }
        let counts = selected.how.min(policy.egress.isolates);
        isolated = isolated.max(counts);
        let rules = policy.egress.rules.iter();
        let by_rules =
            rules.map(|rule| destination.is_opened_by(namespace.name, rule, protocol, port));
        let mut opens = by_rules.max().unwrap_or(Match::No);
        if policy.egress.has_unknown_rules {
            opens = opens.max(Match::Maybe);
        }
        allowed = allowed.max(counts.min(opens));
    }
    match (isolated, allowed) {
        (Match::No, _) | (Match::Yes, Match::Yes) => Answer::Open,
        (Match::Yes, Match::No) => Answer::Closed,
        _ => Answer::CantTell,
    }
}

/// A destination with what selectors ask of it.
struct Destination<'a> {
    to: To<'a>,
    namespace: Labels<'a>,
    labels: Labels<'a>,
}

impl<'a> Destination<'a> {
    fn of(cluster: &Cluster<'a>, to: To<'a>) -> Self {
        match to {
            To::Address(_) => Self { to, namespace: Labels::default(), labels: Labels::default() },
            To::Pod(pod) => Self {
                to,
                namespace: namespace_labels(cluster, pod.namespace()),
                labels: Labels::read(pod.metadata),
            },
        }
    }

    fn is_opened_by(
        &self,
        own: &str,
        rule: &PolicyRule<'_>,
        protocol: Protocol,
        port: u16,
    ) -> Match {
        let ports = rule.ports.iter().map(|entry| match entry.ports {
            Ports::Range(range) if range.contains(protocol, port) => Match::Yes,
            Ports::Range(_) => Match::No,
            Ports::Named(of, name) => match self.to {
                To::Pod(pod) if of == protocol => {
                    let named = named_ports(pod, name, protocol);
                    if named.contains(&port) { Match::Yes } else { Match::No }
                }
                _ => Match::No,
            },
        });
        let on_port =
            if rule.ports.is_empty() { Match::Yes } else { ports.max().unwrap_or(Match::No) };
        let peers = rule.peers.iter().map(|peer| self.is_of(own, peer));
        let to = if rule.peers.is_empty() { Match::Yes } else { peers.max().unwrap_or(Match::No) };
        on_port.min(to)
    }

    fn is_of(&self, own: &str, peer: &Peer<'_>) -> Match {
        let certain = |yes| if yes { Match::Yes } else { Match::No };
        match (&peer.kind, self.to) {
            (PeerKind::Block { block, except, .. }, To::Address(address)) => certain(
                block.contains(address) && !except.iter().any(|hole| hole.contains(address)),
            ),
            (PeerKind::Pods { namespaces, pods }, To::Pod(pod)) => {
                let selects = |selector: &Option<Selector<'_>>, labels| {
                    selector.as_ref().map_or(Match::Yes, |selector| selector.matches(labels))
                };
                let namespace = match namespaces {
                    None => certain(pod.namespace() == own),
                    Some(_) => selects(namespaces, &self.namespace),
                };
                // No selector reaches a pod that runs in its node's network.
                namespace.min(selects(pods, &self.labels)).min(certain(!pod.is_host_network()))
            }
            _ => Match::No,
        }
    }
}

/// The labels of a namespace, with the one that every namespace carries.
pub(super) fn namespace_labels<'a>(cluster: &Cluster<'a>, name: &'a str) -> Labels<'a> {
    let object = cluster.namespace(name).and_then(|namespace| namespace.object);
    Labels::read(object.and_then(|object| object.metadata())).with(NAMESPACE_NAME, name)
}

/// The numbers of a pod's ports of this name. Init containers have none, unless
/// they keep running.
pub(super) fn named_ports(pod: &Pod<'_>, name: &str, protocol: Protocol) -> Vec<u16> {
    let mut numbers = Vec::new();
    let containers = pod.containers.iter();
    for container in containers.filter(|c| c.role == ContainerRole::Regular || c.is_sidecar()) {
        for port in container.node.get("ports").into_iter().flat_map(Node::items) {
            let of = match Value::str(Some(port), "protocol") {
                Value::Absent => Some(Protocol::Tcp),
                value => value.known().and_then(|(text, _)| Protocol::parse(text)),
            };
            let is_named = port.get("name").and_then(Node::as_str) == Some(name);
            if is_named && of == Some(protocol) {
                let number = port.get("containerPort").and_then(Node::as_i64);
                numbers.extend(number.and_then(|number| u16::try_from(number).ok()));
            }
        }
    }
    numbers
}
