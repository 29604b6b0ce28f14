//! Clusters of namespaces, pods and policies, made up to be near each other: few labels, few ports,
//! blocks that nest.

use std::net::IpAddr;

use fastrand::Rng;
use portcullis::{
    config::{EgressAllowance, PortSetting},
    netpol::Protocol,
};
use serde_json::{Value, json};

use crate::generate::pick;

const NAMESPACES: [&str; 4] = ["shop", "db", "kube-system", "logs"];
/// Questions about a cluster.
const QUERIES: usize = 60;

/// A generated cluster: manifests, and what egress.allow holds.
pub(crate) struct Generated {
    pub(crate) objects: Vec<Value>,
    pub(crate) allow: Vec<EgressAllowance>,
    pub(crate) queries: Vec<(String, Target, Protocol, u16)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Target {
    Address(IpAddr),
    Pod(String),
}

impl Target {
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Pod(name) => name.clone(),
        }
    }
}

const KEYS: [&str; 3] = ["app", "tier", "k8s-app"];
const VALUES: [&str; 4] = ["a", "b", "kube-dns", ""];
const PORT_NAMES: [&str; 3] = ["http", "dns", "pg"];
const PORTS: [u16; 8] = [1, 53, 80, 443, 444, 5432, 8080, 65535];
const BLOCKS: [(&str, &[&str]); 7] = [
    ("0.0.0.0/0", &["10.0.0.0/8", "1.1.1.1/32", "169.254.169.254/32"]),
    ("10.0.0.0/8", &["10.0.0.0/9", "10.128.0.0/9", "10.1.2.0/24"]),
    ("10.1.0.0/16", &["10.1.0.0/24", "10.1.255.255/32"]),
    ("192.168.7.9/32", &[]),
    ("1.1.1.0/24", &["1.1.1.0/25"]),
    ("::/0", &["fd00::/8", "2606:4700::/32"]),
    ("fd00:1::/32", &["fd00:1:2::/48"]),
];

fn labels(rng: &mut Rng) -> Value {
    let labels = (0..rng.usize(..3)).map(|_| (pick(rng, &KEYS).into(), pick(rng, &VALUES).into()));
    Value::Object(labels.collect())
}

fn protocol(rng: &mut Rng) -> Protocol {
    match rng.u8(..6) {
        0 => Protocol::Sctp,
        1 | 2 => Protocol::Udp,
        _ => Protocol::Tcp,
    }
}

/// A cluster with questions about it.
pub(crate) fn cluster(rng: &mut Rng) -> Generated {
    let mut objects = Vec::new();
    let mut pods = Vec::new();
    for namespace in NAMESPACES {
        if rng.u8(..4) > 0 {
            objects.push(json!({"apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": namespace, "labels": labels(rng)}}));
        }
        for index in 0..rng.usize(1..4) {
            let ports: Vec<Value> = (0..rng.usize(..3))
                .map(|_| {
                    json!({"name": pick(rng, &PORT_NAMES), "containerPort": pick(rng, &PORTS),
                    "protocol": protocol(rng).as_str()})
                })
                .collect();
            pods.push(format!("{namespace}/pod-{index}"));
            objects.push(json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": format!("pod-{index}"), "namespace": namespace,
                    "labels": labels(rng)},
                "spec": {"containers": [{"name": "c", "ports": ports}]}}));
        }
        for index in 0..rng.usize(1..5) {
            objects.push(policy(rng, namespace, index));
        }
    }
    let allow = (0..rng.usize(..5)).map(|_| allowance(rng)).collect();
    let queries = (0..QUERIES).map(|_| {
        let target = if rng.bool() {
            Target::Pod(rng.choice(&pods).cloned().unwrap_or_default())
        } else {
            Target::Address(address(rng))
        };
        let port = match rng.u8(..4) {
            0 => rng.u16(1..),
            _ => pick(rng, &PORTS).saturating_add(u16::from(rng.u8(..5) == 0)),
        };
        let src = rng.choice(&pods).cloned().unwrap_or_default();
        (src, target, protocol(rng), port)
    });
    Generated { objects, allow, queries: queries.collect() }
}

/// An address at the edge of a block, or anywhere.
fn address(rng: &mut Rng) -> IpAddr {
    let (block, holes) = rng.choice(BLOCKS).unwrap_or(BLOCKS[0]);
    let block = rng.choice(holes).copied().filter(|_| rng.bool()).unwrap_or(block);
    let (first, bits) = block.split_once('/').unwrap_or((block, "0"));
    let bits: u32 = bits.parse().unwrap_or(0);
    // The edge itself, or one address before or behind it.
    let step = rng.u8(..3);
    match first.parse() {
        Ok(IpAddr::V4(first)) => {
            let first = u32::from(first);
            let last = first | u32::MAX.checked_shr(bits).unwrap_or(0);
            let edge = if rng.bool() { first } else { last };
            IpAddr::V4(edge.wrapping_add(u32::from(step)).wrapping_sub(1).into())
        }
        Ok(IpAddr::V6(first)) => {
            let first = u128::from(first);
            let last = first | u128::MAX.checked_shr(bits).unwrap_or(0);
            let edge = if rng.bool() { first } else { last };
            IpAddr::V6(edge.wrapping_add(u128::from(step)).wrapping_sub(1).into())
        }
        Err(_) => IpAddr::V4(rng.u32(..).into()),
    }
}

fn allowance(rng: &mut Rng) -> EgressAllowance {
    let mut allowance = EgressAllowance::default();
    if rng.bool() {
        let (block, holes) = rng.choice(BLOCKS).unwrap_or(BLOCKS[0]);
        let block = rng.choice(holes).copied().filter(|_| rng.bool()).unwrap_or(block);
        allowance.cidr = Some(block.to_owned());
    } else {
        allowance.namespace = Some(pick(rng, &NAMESPACES).to_owned());
        for _ in 0..rng.usize(..3) {
            allowance.pods.insert(pick(rng, &KEYS).to_owned(), pick(rng, &VALUES).to_owned());
        }
    }
    for _ in 0..rng.usize(..3) {
        let first = pick(rng, &PORTS);
        allowance.ports.push(match rng.u8(..3) {
            0 => PortSetting::Number(first),
            1 => PortSetting::Text(format!("{first}/{}", protocol(rng).as_str())),
            _ => PortSetting::Text(format!("{first}-65535/{}", protocol(rng).as_str())),
        });
    }
    if rng.u8(..4) == 0 {
        let pattern = pick(rng, &["Pod/pod-0", "Pod/shop/*", "*/*/pod-1"]).to_owned();
        allowance.workloads.extend(pattern.try_into());
    }
    allowance
}

pub(crate) fn policy(rng: &mut Rng, namespace: &str, index: usize) -> Value {
    let mut spec = serde_json::Map::new();
    if rng.u8(..5) > 0 {
        spec.insert("podSelector".into(), selector(rng, false));
    }
    let types: &[&[&str]] = &[&["Egress"], &["Egress"], &["Ingress", "Egress"], &["Ingress"], &[]];
    if let Some(types) = rng.choice(types)
        && rng.u8(..5) > 0
    {
        spec.insert("policyTypes".into(), json!(types));
    }
    if rng.u8(..4) > 0 {
        let rules: Vec<Value> = (0..rng.usize(..3)).map(|_| rule(rng)).collect();
        spec.insert("egress".into(), json!(rules));
    }
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": format!("policy-{index}"), "namespace": namespace}, "spec": spec})
}

fn rule(rng: &mut Rng) -> Value {
    let mut rule = serde_json::Map::new();
    if rng.u8(..8) > 0 {
        let peers: Vec<Value> = (0..rng.usize(..4)).map(|_| peer(rng)).collect();
        rule.insert("to".into(), json!(peers));
    }
    if rng.u8(..5) > 0 {
        let ports: Vec<Value> = (0..rng.usize(..3)).map(|_| port(rng)).collect();
        rule.insert("ports".into(), json!(ports));
    }
    json!(rule)
}

fn port(rng: &mut Rng) -> Value {
    let mut port = serde_json::Map::new();
    if rng.u8(..3) > 0 {
        port.insert("protocol".into(), protocol(rng).as_str().into());
    }
    match rng.u8(..4) {
        0 => {
            port.insert("port".into(), pick(rng, &PORT_NAMES).into());
        }
        1 => {}
        which => {
            let first = pick(rng, &PORTS);
            port.insert("port".into(), first.into());
            if which == 2 {
                port.insert("endPort".into(), rng.u16(first..).into());
            }
        }
    }
    json!(port)
}

fn peer(rng: &mut Rng) -> Value {
    match rng.u8(..4) {
        0 => {
            let (block, holes) = rng.choice(BLOCKS).unwrap_or(BLOCKS[0]);
            let except: Vec<&str> = holes.iter().copied().filter(|_| rng.u8(..3) == 0).collect();
            json!({"ipBlock": {"cidr": block, "except": except}})
        }
        1 => json!({"podSelector": selector(rng, false)}),
        2 => json!({"namespaceSelector": selector(rng, true)}),
        _ => json!({"namespaceSelector": selector(rng, true), "podSelector": selector(rng, false)}),
    }
}

fn selector(rng: &mut Rng, of_namespace: bool) -> Value {
    let mut labels = serde_json::Map::new();
    let mut expressions = Vec::new();
    if of_namespace && rng.u8(..3) > 0 {
        let name = pick(rng, &["shop", "db", "kube-system", "logs", "elsewhere"]);
        match rng.u8(..4) {
            0 => expressions.push(json!({"key": "kubernetes.io/metadata.name",
                "operator": pick(rng, &["In", "NotIn"]), "values": [name, "logs"]})),
            _ => {
                labels.insert("kubernetes.io/metadata.name".into(), name.into());
            }
        }
    }
    if rng.u8(..3) == 0 {
        labels.insert(pick(rng, &KEYS).into(), pick(rng, &VALUES).into());
    }
    if rng.u8(..4) == 0 {
        let key = pick(rng, &KEYS);
        expressions.push(match rng.u8(..4) {
            0 => json!({"key": key, "operator": "Exists"}),
            1 => json!({"key": key, "operator": "DoesNotExist"}),
            _ => json!({"key": key, "operator": pick(rng, &["In", "NotIn"]),
                "values": [pick(rng, &VALUES), pick(rng, &VALUES)]}),
        });
    }
    json!({"matchLabels": labels, "matchExpressions": expressions})
}
