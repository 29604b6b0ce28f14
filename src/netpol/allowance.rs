//! What policies may open: DNS, the pod's own namespace, and `egress.allow`.

use std::collections::BTreeMap;

use super::{
    block::Block,
    port::{PortRange, Protocol},
};
use crate::{
    config::{EgressAllowance, ObjectPattern, PortSetting},
    kube::Pod,
};

/// All that policies of a cluster may open.
#[derive(Debug)]
pub struct Allowances<'c> {
    pub(super) entries: Vec<Allowance<'c>>,
}

/// One destination that may be opened.
#[derive(Debug)]
pub(super) struct Allowance<'c> {
    pub(super) to: AllowedTo<'c>,
    /// All when empty.
    ports: Vec<PortRange>,
    /// Whose: everybody's when empty.
    workloads: &'c [ObjectPattern],
}

/// Where to.
#[derive(Debug)]
pub(super) enum AllowedTo<'c> {
    Block(Block),
    OwnNamespace,
    Pods { namespace: &'c str, labels: &'c BTreeMap<String, String> },
    Dns,
}

/// Where cluster DNS listens, by the labels of its pods: both CoreDNS and
/// kube-dns carry them.
pub(super) const DNS_NAMESPACE: &str = "kube-system";
pub(super) const DNS_LABEL: (&str, &str) = ("k8s-app", "kube-dns");

impl<'c> Allowances<'c> {
    /// The default allowance with `egress.allow`. Entries that
    /// [`allowance_problems`] refuses allow nothing.
    pub fn new(allow: &'c [EgressAllowance]) -> Self {
        let dns_port = |protocol| PortRange { protocol, first: 53, last: 53 };
        let mut entries = vec![
            Allowance { to: AllowedTo::OwnNamespace, ports: Vec::new(), workloads: &[] },
            Allowance {
                to: AllowedTo::Dns,
                ports: vec![dns_port(Protocol::Udp), dns_port(Protocol::Tcp)],
                workloads: &[],
            },
        ];
        for entry in allow {
            let block = entry.cidr.as_deref().map(Block::parse);
            let to = match (block, &entry.namespace) {
                (Some(Ok(block)), None) => AllowedTo::Block(block),
                (None, Some(namespace)) => AllowedTo::Pods { namespace, labels: &entry.pods },
                _ => continue,
            };
            let ports: Vec<PortRange> =
                entry.ports.iter().filter_map(|port| read_port(port).ok()).collect();
            if ports.len() == entry.ports.len() {
                entries.push(Allowance { to, ports, workloads: &entry.workloads });
            }
        }
        Self { entries }
    }

    /// Which entries hold for a pod, by index.
    pub(super) fn of(&self, pod: &Pod<'_>) -> Vec<usize> {
        let holds = |entry: &Allowance<'_>| {
            entry.workloads.is_empty()
                || entry.workloads.iter().any(|pattern| pattern.matches(pod.object))
        };
        let entries = self.entries.iter().enumerate();
        entries.filter(|(_, entry)| holds(entry)).map(|(index, _)| index).collect()
    }
}

impl Allowance<'_> {
    /// Whether it is for this port.
    pub(super) fn is_for(&self, protocol: Protocol, port: u16) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|range| range.contains(protocol, port))
    }

    /// Its ranges of a protocol; none if it is for all ports.
    pub(super) fn ranges(&self, protocol: Protocol) -> impl Iterator<Item = &PortRange> {
        self.ports.iter().filter(move |range| range.protocol == protocol)
    }
}

fn read_port(port: &PortSetting) -> Result<PortRange, String> {
    match port {
        PortSetting::Number(number) => number.to_string().parse(),
        PortSetting::Text(text) => text.parse(),
    }
}

/// What is wrong with entries of `egress.allow`: the JSON pointer below it of
/// each, and why.
pub fn allowance_problems(allow: &[EgressAllowance]) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for (index, entry) in allow.iter().enumerate() {
        if let Some(Err(why)) = entry.cidr.as_deref().map(Block::parse) {
            problems.push((format!("/{index}/cidr"), why));
        }
        let mut whole = |why: &str| problems.push((format!("/{index}"), why.to_owned()));
        match (&entry.cidr, &entry.namespace) {
            (None, None) if entry.pods.is_empty() => {
                whole("the entry needs a cidr or a namespace");
            }
            (None, None) => {
                whole("pods needs a namespace: pods of the same namespace are always allowed");
            }
            (Some(_), Some(_)) => whole("cidr and namespace are two entries: write one for each"),
            (Some(_), None) if !entry.pods.is_empty() => {
                whole("cidr and pods are two entries: write one for each");
            }
            _ => {}
        }
        for (at, port) in entry.ports.iter().enumerate() {
            if let Err(why) = read_port(port) {
                problems.push((format!("/{index}/ports/{at}"), why));
            }
        }
    }
    problems
}
