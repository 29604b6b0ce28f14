//! Whether policies isolate each pod of a namespace in one direction.

use crate::{
    check::{Findings, Namespace, Place, Violation},
    kube::{LabelValue, Labels, Match, Operator, Requirement},
    netpol::{Direction, Policy, Selected},
};

/// A direction, with the words that reports have for it.
pub(super) struct Way {
    /// `Egress` or `Ingress`, as `policyTypes` has it.
    pub(super) policy_type: &'static str,
    /// `egress` or `ingress`.
    pub(super) name: &'static str,
    /// What a pod that isn't isolated may do.
    pub(super) open: &'static str,
    /// Its part of a policy.
    pub(super) of: for<'p, 'a> fn(&'p Policy<'a>) -> &'p Direction<'a>,
}

/// How many policies are looked at for the one that comes nearest.
const MAX_COMPARED: usize = 64;

/// Reports the pods that no policy isolates.
pub(super) fn check<'a>(namespace: &'a Namespace<'a>, way: &Way, findings: &mut Findings<'a>) {
    let selection = &namespace.selection;
    for (index, (pod, labels)) in namespace.pods.iter().zip(&selection.labels).enumerate() {
        if pod.is_host_network() {
            continue;
        }
        match isolation(namespace, index, way) {
            Match::Yes => {}
            Match::Maybe => {
                // What isn't known of the policies is reported with them.
                for node in labels.unknowns() {
                    findings.unknown(pod.object, node);
                }
            }
            Match::No => {
                if let Some(violation) = violation(namespace, index, labels, way) {
                    findings.report(violation);
                }
            }
        }
    }
}

fn isolation(namespace: &Namespace<'_>, pod: usize, way: &Way) -> Match {
    let counts = |selected: Selected| {
        let policy = namespace.network_policies.get(selected.policy)?;
        (!policy.is_refused()).then(|| selected.how.min((way.of)(policy).isolates))
    };
    let mut isolation = Match::No;
    for counted in namespace.selection.selecting(pod).filter_map(counts) {
        isolation = isolation.max(counted);
        if isolation == Match::Yes {
            break;
        }
    }
    isolation
}

fn violation<'a>(
    namespace: &'a Namespace<'a>,
    index: usize,
    labels: &Labels<'_>,
    way: &Way,
) -> Option<Violation<'a>> {
    let pod = namespace.pods.get(index)?;
    let message = format!(
        "no NetworkPolicy isolates {} for {}: {}",
        super::title(pod.object),
        way.name,
        way.open
    );
    let help = format!(
        "add a NetworkPolicy with podSelector: {{}} and policyTypes: [{}] to namespace {}",
        way.policy_type, namespace.name
    );
    let violation = Violation::new(Place::node(pod.object, pod.object.root), message).help(help);
    Some(match nearest(namespace, index, labels, way) {
        Some((place, why)) => violation.related(place, why),
        None => violation,
    })
}

/// The policy that comes nearest to isolating a pod, and why it doesn't.
fn nearest<'a>(
    namespace: &'a Namespace<'a>,
    pod: usize,
    labels: &Labels<'_>,
    way: &Way,
) -> Option<(Place<'a>, String)> {
    let policies = &namespace.network_policies;
    let mut selecting = namespace.selection.selecting(pod);
    let selects = selecting.find_map(|selected| policies.get(selected.policy));
    if let Some(policy) = selects {
        let refused = policy.problems.iter().find(|problem| problem.refused.is_some());
        let would = (way.of)(policy).isolates == Match::Yes;
        if let Some(problem) = refused.filter(|_| would) {
            let why = format!("{} selects it, but the API server refuses this", policy.name());
            return Some((Place::node(policy.object, problem.node), why));
        }
        let spec = policy.object.spec().unwrap_or(policy.object.root);
        let why = format!(
            "{} selects it, but {} is not among its policy types",
            policy.name(),
            way.policy_type
        );
        return Some((Place::field(policy.object, spec, "policyTypes"), why));
    }
    let unmet = |policy: &'a Policy<'a>| {
        let requirements = policy.selector.requirements.iter();
        requirements.filter(|requirement| requirement.matches(labels) == Match::No).count()
    };
    let candidates = policies.iter().take(MAX_COMPARED);
    let ours = candidates.filter(|policy| (way.of)(policy).isolates == Match::Yes);
    let policy = ours.min_by_key(|policy| unmet(policy))?;
    let requirement = policy.selector.unmet(labels)?;
    let why = format!(
        "{} selects pods with {}, {}",
        policy.name(),
        requirement.text(),
        instead(requirement, labels)
    );
    Some((Place::node(policy.object, requirement.node), why))
}

/// What a pod has in place of what is asked for.
fn instead(requirement: &Requirement<'_>, labels: &Labels<'_>) -> String {
    match (labels.get(requirement.key), requirement.operator) {
        (LabelValue::Known(_), Operator::DoesNotExist) => {
            format!("this one has a label {}", requirement.key)
        }
        (LabelValue::Known(value), _) => format!("this one has {}={value}", requirement.key),
        _ => format!("this one has no label {}", requirement.key),
    }
}
