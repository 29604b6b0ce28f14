//! Policies of network plugins, which aren't evaluated.

use crate::kube::Object;

/// Whether an object is a network policy of another API than networking.k8s.io:
/// Cilium's, Calico's, Antrea's, GKE's, or the cluster-wide ones of the network
/// policy working group.
pub fn is_third_party_policy(object: &Object<'_>) -> bool {
    match object.group() {
        "cilium.io" => {
            matches!(object.kind, "CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy")
        }
        "crd.projectcalico.org" | "projectcalico.org" => object.kind.ends_with("NetworkPolicy"),
        "crd.antrea.io" => object.kind.ends_with("NetworkPolicy"),
        "networking.gke.io" => object.kind == "FQDNNetworkPolicy",
        "policy.networking.k8s.io" => matches!(
            object.kind,
            "AdminNetworkPolicy" | "BaselineAdminNetworkPolicy" | "ClusterNetworkPolicy"
        ),
        _ => false,
    }
}
