//! A NetworkPolicy that opens more than is allowed.
//!
//! ## What it does
//! Takes what the policies that select a workload open together, and reports what lies beyond the
//! allowance: DNS (port 53, UDP and TCP) to the pods labelled `k8s-app: kube-dns` of kube-system,
//! pods of the workload's own namespace, and what `egress.allow` lists. Each finding is a
//! counterexample (one workload, one destination, one port) at the rule that opens it.
//!
//! Selectors are judged by what they require, not by the pods that they find today: a peer
//! lies within another namespace only if its `namespaceSelector` requires
//! `kubernetes.io/metadata.name`, since anybody who may create a namespace may label it.
//!
//! ## Why
//! Rules of policies add up and none can subtract: one broad rule, perhaps of a policy that is
//! called "deny", opens what all the others close.
//!
//! ## Fails
//! An empty rule allows everything, whatever the policy is called.
//! ```yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: deny-egress
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - {}
//! ```
//!
//! ## Passes
//! ```yaml
//! #- portcullis.yaml
//! egress:
//!   allow:
//!     - cidr: 10.20.0.0/16
//!       ports: [443]
//!     - namespace: db
//!       pods: {app: postgres}
//!       ports: [5432]
//!       workloads: ["*/shop/web"]
//! #- web.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   containers:
//!     - name: web
//!       image: contoso.azurecr.io/web:1.27
//! ---
//! apiVersion: networking.k8s.io/v1
//! kind: NetworkPolicy
//! metadata:
//!   name: egress
//!   namespace: shop
//! spec:
//!   podSelector: {}
//!   policyTypes: [Egress]
//!   egress:
//!     - to:
//!         - namespaceSelector:
//!             matchLabels: {kubernetes.io/metadata.name: kube-system}
//!           podSelector:
//!             matchLabels: {k8s-app: kube-dns}
//!       ports:
//!         - {port: 53, protocol: UDP}
//!         - {port: 53, protocol: TCP}
//!     - to:
//!         - podSelector: {}
//!     - to:
//!         - ipBlock: {cidr: 10.20.30.0/24}
//!       ports:
//!         - {port: 443}
//!     - to:
//!         - namespaceSelector:
//!             matchLabels: {kubernetes.io/metadata.name: db}
//!           podSelector:
//!             matchLabels: {app: postgres}
//!       ports:
//!         - {port: 5432}
//! ```
//!
//! ## Options
//! `egress.allow` is a list of `{cidr, ports}` and `{namespace, pods, ports}`: without `ports` all
//! ports, without `pods` all pods of the namespace. `workloads` limits an entry to workloads, as
//! `Kind/name` or `Kind/namespace/name` with globs. `egress.exempt.namespaces` lists namespaces
//! whose pods may reach anything.
//!
//! ## Limits
//! An `ipBlock` counts as addresses, and a selector as pods: whether a block holds the addresses of
//! pods is not known. Named ports are those of the pods in the repository. Policies that select no
//! pod open nothing.
//!
//! ## References
//! - <https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors>
//! - <https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name>

use super::{is_exempt, title};
use crate::{
    check::{Findings, Namespace, Place, Scope, Violation},
    finding::{GapKind, Level},
    kube::Match,
    netpol::{self, Allowances, Destination, NAMESPACE_NAME, Opening, PeerKind},
    rules::{Check, Rule},
};

pub(super) static RULE: Rule = Rule {
    id: "network/open-egress",
    level: Level::Error,
    since: "0.1.0",
    summary: "a NetworkPolicy that opens more than is allowed",
    check: Check::Namespace(check),
    source: include_str!("open_egress.rs"),
};

fn check<'a>(namespace: &'a Namespace<'a>, scope: &Scope<'a>, findings: &mut Findings<'a>) {
    if is_exempt(scope, namespace.name) || namespace.network_policies.is_empty() {
        return;
    }
    for (index, pod) in namespace.pods.iter().enumerate() {
        let mut selecting = namespace.selection.selecting(index);
        // Whether a policy opens anything for this pod depends on labels that aren't known.
        if !pod.is_host_network() && selecting.any(|selected| selected.how == Match::Maybe) {
            let labels = namespace.selection.labels.get(index);
            for node in labels.into_iter().flat_map(|labels| labels.unknowns()) {
                findings.unknown(pod.object, node);
            }
        }
    }
    let allowances = Allowances::new(&scope.config.egress.allow);
    let (openings, undecided) = netpol::openings(scope.cluster, namespace, &allowances);
    for opening in &openings {
        findings.report(violation(opening, namespace));
    }
    for (policy, node, why) in undecided {
        findings.gap(GapKind::UnknownValue, Place::node(policy.object, node), why);
    }
}

fn violation<'a>(opening: &Opening<'a>, namespace: &'a Namespace<'a>) -> Violation<'a> {
    let policy = opening.policy;
    let node = match opening.peer.map(|peer| (peer.node, &peer.kind)) {
        Some((_, PeerKind::Block { node, .. })) => *node,
        Some((node, PeerKind::Pods { .. })) => node,
        None => opening.rule.node.get("to").unwrap_or(opening.rule.node),
    };
    let who = match opening.others {
        0 => title(opening.workload.object),
        others => format!("{} and {others} more", title(opening.workload.object)),
    };
    let message = format!(
        "{who} may reach {} on port {}/{}, which is not allowed",
        destination(opening, namespace),
        opening.port,
        opening.protocol.as_str()
    );
    let workload = opening.workload.object;
    let violation = Violation::at(policy.object, node, message)
        .label("opened here")
        .help(help(opening))
        .related(Place::node(workload, workload.root), "the workload");
    match closing(opening, namespace) {
        Some(policy) => violation.related(
            Place::node(policy.object, policy.object.root),
            "this policy alone would close it, but rules of policies add up",
        ),
        None => violation,
    }
}

fn destination(opening: &Opening<'_>, namespace: &Namespace<'_>) -> String {
    match (&opening.destination, opening.peer.map(|peer| &peer.kind)) {
        (Destination::Address(address), _) => address.to_string(),
        (Destination::Pod(pod), _) => {
            format!("{} of namespace {}", title(pod.object), pod.namespace())
        }
        (Destination::Imagined(_), Some(PeerKind::Pods { namespaces, pods })) => {
            netpol::describe_pods(namespaces.as_ref(), pods.as_ref(), namespace.name)
        }
        (Destination::Imagined(pod), _) => format!("a pod of namespace {}", pod.namespace),
    }
}

fn help(opening: &Opening<'_>) -> String {
    let port = format!("\"{}/{}\"", opening.port, opening.protocol.as_str());
    match opening.peer.map(|peer| &peer.kind) {
        None => "name the destinations with to, and list them under egress.allow in \
                 portcullis.yaml"
            .to_owned(),
        Some(PeerKind::Block { block, .. }) => format!(
            "narrow the rule, or add {{cidr: {block}, ports: [{port}]}} to egress.allow in \
             portcullis.yaml"
        ),
        Some(PeerKind::Pods { namespaces: Some(selector), .. })
            if !selector.requirements.iter().any(|r| r.key == NAMESPACE_NAME) =>
        {
            format!(
                "require {NAMESPACE_NAME} in the namespaceSelector, and list the namespace under \
                 egress.allow in portcullis.yaml"
            )
        }
        Some(PeerKind::Pods { .. }) => "narrow the rule, or list the destination (namespace, \
                                        pods, ports) under egress.allow in portcullis.yaml"
            .to_owned(),
    }
}

/// A policy that selects the workload as well, and allows nothing.
fn closing<'a>(
    opening: &Opening<'a>,
    namespace: &'a Namespace<'a>,
) -> Option<&'a netpol::Policy<'a>> {
    let index = namespace.pods.iter().position(|pod| std::ptr::eq(*pod, opening.workload))?;
    namespace
        .selection
        .selecting(index)
        .filter(|selected| selected.how == Match::Yes)
        .filter_map(|selected| namespace.network_policies.get(selected.policy))
        .find(|policy| {
            !policy.is_refused()
                && policy.egress.isolates == Match::Yes
                && policy.egress.rules.is_empty()
                && !policy.egress.has_unknown_rules
        })
}

#[cfg(test)]
mod tests;
