//! What is there without anybody writing it: what Kubernetes and AKS bring, and what controllers make
//! because an annotation asks for it.

use spanned_yaml::Node;

use crate::kube::{Reference, Subject};

/// ClusterRoles that every API server makes, apart from those whose names begin with `system:`:
/// `plugin/pkg/auth/authorizer/rbac/bootstrappolicy` of Kubernetes.
const CLUSTER_ROLES: &[&str] = &["admin", "cluster-admin", "edit", "view"];

/// Storage classes of AKS: <https://learn.microsoft.com/azure/aks/concepts-storage#storage-classes>.
const STORAGE_CLASSES: &[&str] = &[
    "azureblob-fuse-premium",
    "azureblob-nfs-premium",
    "azurefile",
    "azurefile-csi",
    "azurefile-csi-premium",
    "azurefile-premium",
    "default",
    "managed",
    "managed-csi",
    "managed-csi-premium",
    "managed-premium",
];

/// Ingress classes of AKS' add-ons: application routing, Application Gateway Ingress Controller,
/// Application Gateway for Containers.
const INGRESS_CLASSES: &[&str] =
    &["azure-alb-external", "azure-application-gateway", "webapprouting.kubernetes.azure.com"];

/// Namespaces of which the cluster's provider decides what is in them.
pub(super) const NAMESPACES: &[&str] = &["kube-node-lease", "kube-public", "kube-system"];

/// Whether a cluster has it all by itself.
pub(super) fn provides(reference: &Reference<'_>) -> bool {
    let name = reference.name.text();
    let namespace = reference.namespace.unwrap_or_default();
    match reference.subject {
        Subject::ConfigMap => name == "kube-root-ca.crt",
        Subject::ServiceAccount => name == "default" || is_of_flux(reference),
        Subject::PersistentVolumeClaim => is_templated(reference),
        Subject::Service | Subject::Backend => (namespace, name) == ("default", "kubernetes"),
        Subject::Role => match reference.kind {
            "ClusterRole" => CLUSTER_ROLES.contains(&name) || name.starts_with("system:"),
            _ => NAMESPACES.contains(&namespace),
        },
        Subject::StorageClass => STORAGE_CLASSES.contains(&name),
        Subject::IngressClass => INGRESS_CLASSES.contains(&name),
        Subject::Secret => is_bootstrap(reference) || is_requested(reference),
        _ => false,
    }
}

/// Flux' own bindings name all of its controllers, whether or not they are installed.
fn is_of_flux(reference: &Reference<'_>) -> bool {
    let labels = reference.object.metadata().and_then(|node| node.get("labels"));
    let part_of = labels.and_then(|labels| labels.get("app.kubernetes.io/part-of"));
    part_of.map(Node::text) == Some("flux")
}

/// A StatefulSet puts the claims of its templates in place of volumes that are called the same.
fn is_templated(reference: &Reference<'_>) -> bool {
    let Some(spec) = reference.object.spec() else { return false };
    let templates = spec.get("volumeClaimTemplates").into_iter().flat_map(Node::items);
    let pod = spec.get("template").and_then(|template| template.get("spec"));
    let volumes = pod.and_then(|pod| pod.get("volumes")).into_iter().flat_map(Node::items);
    let mut names = volumes.filter_map(|volume| {
        let claim = volume.get("persistentVolumeClaim")?.get("claimName")?;
        (claim.id() == reference.name.id()).then(|| volume.get("name"))?
    });
    let name = names.next().map_or("", Node::text);
    let name_of = |template: Node<'_>| Some(template.get("metadata")?.get("name")?.text() == name);
    reference.object.kind == "StatefulSet" && templates.filter_map(name_of).any(|is_same| is_same)
}

/// `flux bootstrap` makes the Secret of the source with which it begins, and leaves it out of Git.
fn is_bootstrap(reference: &Reference<'_>) -> bool {
    let object = reference.object;
    object.group() == "source.toolkit.fluxcd.io"
        && reference.namespace == Some("flux-system")
        && (object.name, reference.name.text()) == (Some("flux-system"), "flux-system")
}

/// Whether an Ingress or a Gateway asks a controller for the Secret that it names: cert-manager
/// (`cert-manager.io/issuer`, `kubernetes.io/tls-acme`), or AKS' application routing, which takes a
/// certificate from Key Vault.
fn is_requested(reference: &Reference<'_>) -> bool {
    if !matches!(reference.object.kind, "Ingress" | "Gateway") {
        return false;
    }
    let annotations = reference.object.metadata().and_then(|node| node.get("annotations"));
    annotations.into_iter().flat_map(Node::entries).any(|entry| match entry.key.text() {
        "cert-manager.io/issuer"
        | "cert-manager.io/cluster-issuer"
        | "kubernetes.azure.com/tls-cert-keyvault-uri" => true,
        "kubernetes.io/tls-acme" => entry.value.text() == "true",
        _ => false,
    })
}
