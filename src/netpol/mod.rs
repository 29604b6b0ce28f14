//! NetworkPolicy semantics: who is isolated, and who may reach what.
//!
//! The truth is the API's (networking.k8s.io/v1 `NetworkPolicySpec` and its
//! validation in k8s.io/kubernetes/pkg/apis/networking): an isolated pod may
//! reach the union of what the policies that select it allow; rules add, they
//! never subtract. A policy that the API server refuses does nothing; one that
//! holds values which aren't known offline answers "can't tell".

mod allowance;
mod block;
mod openings;
mod policy;
mod port;
mod reach;
mod selection;
mod third_party;
mod witness;

pub use allowance::{Allowances, allowance_problems};
pub use block::Block;
pub use openings::{Destination, Opening, Undecided, describe_pods, is_contradiction, openings};
pub use policy::{Direction, Peer, PeerKind, Policy, PolicyProblem, PolicyRule};
pub use port::{PolicyPort, PortRange, Ports, Protocol};
pub use reach::{Answer, To, may_reach};
pub use selection::{Selected, Selection};
pub use third_party::is_third_party_policy;
pub use witness::Witness;

/// The label that the API server puts on every namespace: its name.
pub const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
