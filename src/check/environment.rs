//! Checks what is applied together: the objects of a cluster, of an overlay, or those of all
//! manifests that neither uses.

use std::{collections::HashSet, sync::Arc};

use rayon::{iter::Either, prelude::*};
use spanned_yaml::Node;

use super::{
    Changed, Namespace,
    cluster::{Cluster, Extent, Scope, Whole},
    documents,
    engine::Draft,
    plan::Plan,
    suppress::Annotation,
    violation::{Findings, Place, Target, Violation},
};
use crate::{
    config::Config,
    finding::{Finding, Gap, GapKind, Level, ObjectRef, Related},
    fleet::Environment,
    kube::Object,
    repo::{File, RepositoryFiles},
    rules::Rule,
    schema::{CustomKinds, Customs},
};

/// What a check of an environment says.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) drafts: Vec<Draft>,
    pub(super) gaps: Vec<Gap>,
    pub(super) annotations: Vec<Annotation>,
    /// The files that name the objects, one for each object.
    pub(super) objects: Vec<Arc<str>>,
    /// Changed files reach it, when only their doing is asked for.
    pub(super) reached: bool,
}

/// Checks what a cluster or an overlay applies; nothing, if it is the doing of changed files that is
/// asked for, and they don't reach it.
pub(super) fn check_rendered(
    repository: &Arc<RepositoryFiles>,
    environment: &Environment<'_>,
    plan: &Plan<'_>,
    config: &Config,
    changed: Option<&Changed>,
) -> Checked {
    let reach = changed
        .filter(|changed| !changed.everything)
        .map(|changed| environment.reach(repository, &changed.files));
    let mut gaps = Vec::new();
    let files: Vec<File> = environment
        .objects
        .par_iter()
        .map(|applied| File::rendered(Arc::clone(&applied.manifest), Arc::clone(repository)))
        .collect();
    let defines_kinds = changed.is_some_and(|changed| !changed.custom_kinds.is_empty());
    if !defines_kinds && reach.as_ref().is_some_and(|reach| !reach.any) {
        let objects = files.into_iter().map(|file| file.path).collect();
        return Checked { objects, ..Checked::default() };
    }
    let mut objects = Vec::with_capacity(files.len());
    let mut updates = Vec::new();
    let earlier = plan.earlier().map(|earlier| earlier.applied(environment));
    let mut left_alone = Vec::new();
    for (index, (file, applied)) in files.iter().zip(&environment.objects).enumerate() {
        let Some(object) = file.tree.root(0).and_then(|root| Object::read(file, root)) else {
            continue;
        };
        let place = || Place::node(&object, object.root).locate().location;
        if !applied.control.is_applied() {
            left_alone.push(&applied.id);
            gaps.push(Gap {
                kind: GapKind::Skipped,
                message: format!("{} is left alone by Flux, as its metadata says", applied.id),
                location: place(),
            });
            continue;
        }
        if applied.encrypted {
            gaps.push(Gap {
                kind: GapKind::UnknownValue,
                message: format!("{} holds values that SOPS has encrypted", applied.id),
                location: place(),
            });
        }
        gaps.extend(documents::not_rendered(&object));
        objects.push(object);
        if let Some(earlier) = &earlier {
            updates.push(earlier.updated_by(environment, index));
        }
    }
    let of = if environment.cluster.is_some() { Whole::Cluster } else { Whole::Overlay };
    let extent = Extent { of, unrendered: environment.unrendered, left_alone: &left_alone };
    let mut checked = check(&objects, &updates, environment.cluster, extent, plan, config);
    checked.gaps.append(&mut gaps);
    if let Some(reach) = reach {
        let files = files.iter().zip(&reach.objects).filter(|(_, reached)| **reached);
        let reached: Vec<Object<'_>> = files
            .filter_map(|(file, _)| file.tree.root(0).and_then(|root| Object::read(file, root)))
            .collect();
        checked.mark(&reached);
    }
    checked
}

impl Checked {
    /// Marks the findings that changed objects can have caused: those about them and, where all
    /// objects of a namespace decide, those about their namespaces.
    fn mark(&mut self, changed: &[Object<'_>]) {
        self.reached = true;
        let references: HashSet<ObjectRef> = changed.iter().map(Object::reference).collect();
        let of_kind = |all: bool| -> HashSet<&str> {
            let objects = changed.iter().filter(|object| all || object.kind == "LimitRange");
            let namespaces = objects.clone().map(Object::effective_namespace);
            let named = objects.filter(|object| object.kind == "Namespace");
            namespaces.chain(named.filter_map(|object| object.name)).collect()
        };
        let (namespaces, limited) = (of_kind(true), of_kind(false));
        for draft in &mut self.drafts {
            let about = draft.finding.object.as_ref();
            let decisive =
                if draft.finding.rule.starts_with("resources/") { &limited } else { &namespaces };
            draft.reached = about.is_some_and(|object| references.contains(object))
                || draft.namespace.as_deref().is_some_and(|name| decisive.contains(name));
        }
    }
}

/// Checks objects that are applied together; `updates` has what each of them was, where a change is
/// checked, and is empty elsewhere.
pub(super) fn check(
    objects: &[Object<'_>],
    updates: &[Option<Node<'_>>],
    cluster_name: Option<&str>,
    extent: Extent<'_>,
    plan: &Plan<'_>,
    config: &Config,
) -> Checked {
    let read = |object| {
        plan.read_pod(object).map(|(object, pod)| match pod {
            Ok(pod) => Either::Left(pod),
            Err(malformed) => Either::Right((object, malformed)),
        })
    };
    let (pods, malformed): (Vec<_>, Vec<_>) =
        objects.par_iter().filter_map(read).partition_map(|either| either);
    let mut gaps = Findings::default();
    for (object, malformed) in malformed {
        let place = Place::node(object, malformed.node);
        gaps.gap(GapKind::Unreadable, place, malformed.message);
    }
    for pod in &pods {
        for malformed in &pod.malformed {
            let place = Place::node(pod.object, malformed.node);
            gaps.gap(GapKind::Unreadable, place, malformed.message.clone());
        }
    }
    let mut cluster = Cluster::new(objects, &pods);
    cluster.extent = extent;
    gaps_of_namespaces(&cluster, &mut gaps);
    for object in objects.iter().filter(|object| crate::netpol::is_third_party_policy(object)) {
        let message = format!(
            "{} is not evaluated: only a NetworkPolicy counts as closing traffic",
            object.kind
        );
        gaps.gap(GapKind::Skipped, Place::node(object, object.root), message);
    }

    // What a cluster applies isn't freed before all is checked.
    let known = cluster_name.map(|_| plan.known_schemas());
    let own_kinds = CustomKinds::of(objects.iter().copied(), known);
    gaps_of_custom_kinds(&own_kinds, &mut gaps);
    let customs = Customs::new(&own_kinds, plan.custom_kinds())
        .with_given(plan.given_schemas())
        .with_known(known);
    let versions = config.versions_of(cluster_name);
    let mut collected: Vec<Findings<'_>> = vec![gaps];
    let scope = |namespace: &str| Scope {
        config,
        cluster: &cluster,
        namespace: cluster.namespace(namespace),
        versions,
        customs,
        written: plan.written(),
    };
    let worth_keeping = |findings: &Findings<'_>| !findings.is_empty();
    collected.par_extend(
        objects
            .par_iter()
            .map(|object| {
                let mut findings = Findings::default();
                plan.check_object(object, &scope(object.effective_namespace()), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    collected.par_extend(
        objects
            .par_iter()
            .zip(updates)
            .filter_map(|(object, was)| {
                let mut findings = Findings::default();
                plan.check_update((*was)?, object, &mut findings);
                Some(findings)
            })
            .filter(worth_keeping),
    );
    collected.par_extend(
        pods.par_iter()
            .map(|pod| {
                let mut findings = Findings::default();
                plan.check_pod(pod, &scope(pod.namespace()), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    let namespaces: Vec<_> = cluster.namespaces.values().collect();
    collected.par_extend(
        namespaces
            .par_iter()
            .map(|namespace| {
                let mut findings = Findings::default();
                plan.check_namespace(namespace, &scope(namespace.name), &mut findings);
                findings
            })
            .filter(worth_keeping),
    );
    let drafts = collected
        .par_iter()
        .flat_map_iter(|findings| {
            findings
                .violations
                .iter()
                .filter_map(|(rule, violation)| draft(rule, violation, cluster_name, plan))
        })
        .collect();
    let gaps = collected.iter().flat_map(gaps_in).collect();
    let annotations = objects.par_iter().filter_map(Annotation::of).collect();
    let objects = objects.par_iter().map(|object| object.file.path.clone()).collect();
    Checked { drafts, gaps, annotations, objects, reached: false }
}

fn gaps_of_namespaces<'a>(cluster: &Cluster<'a>, gaps: &mut Findings<'a>) {
    for policy in cluster.namespaces.values().flat_map(|namespace| &namespace.network_policies) {
        for problem in &policy.problems {
            match &problem.refused {
                None => gaps.unknown(policy.object, problem.node),
                Some(why) => gaps.gap(
                    GapKind::Unreadable,
                    Place::node(policy.object, problem.node),
                    format!("the API server refuses this NetworkPolicy: {why}"),
                ),
            }
        }
    }
    for (first, later) in cluster.namespaces.values().flat_map(Namespace::rivals) {
        let at = first.file.location(first.root.span());
        let message = format!(
            "{} {} is written at {}:{} as well: which of them a cluster has is not known",
            later.kind,
            later.name.unwrap_or_default(),
            at.file,
            at.start.line
        );
        gaps.gap(GapKind::Unrendered, Place::node(later, later.root), message);
    }
}

/// Two definitions of one kind: only one of them is used.
fn gaps_of_custom_kinds<'a>(kinds: &CustomKinds<'a>, gaps: &mut Findings<'a>) {
    for (first, later) in &kinds.rivals {
        let at = first.file.location(first.root.span());
        let message = format!(
            "{} defines a kind that {}:{} defines already: objects are held against that one",
            later.name.unwrap_or_default(),
            at.file,
            at.start.line
        );
        let place = Place::in_file(later.file, Target::Node(later.root));
        gaps.gap(GapKind::Unrendered, place, message);
    }
}

/// What rules could not tell.
pub(super) fn gaps_in<'f>(findings: &'f Findings<'_>) -> impl Iterator<Item = Gap> + 'f {
    findings.gaps.iter().map(|(kind, place, message)| Gap {
        kind: *kind,
        message: message.clone(),
        location: place.locate().location,
    })
}

/// A violation with its place, unless its level there is off.
pub(super) fn draft(
    rule: &'static Rule,
    violation: &Violation<'_>,
    cluster: Option<&str>,
    plan: &Plan<'_>,
) -> Option<Draft> {
    let place = &violation.place;
    let located = place.locate();
    let level = plan.level(rule, &[&located.location.file, &place.file.path], place.object);
    if level == Level::Off {
        return None;
    }
    let explained = violation.related.iter().map(|(place, message)| Related {
        message: message.clone(),
        location: place.locate().location,
    });
    let mut related: Vec<Related> = Vec::new();
    for one in located.chain.into_iter().chain(explained) {
        if one.location != located.location && !related.contains(&one) {
            related.push(one);
        }
    }
    Some(Draft {
        reached: false,
        stable_field: located.stable_field,
        namespace: rule
            .looks_at_namespace()
            .then(|| {
                let own = || place.object.map(Object::effective_namespace);
                violation.decided_in.or_else(own).map(str::to_owned)
            })
            .flatten(),
        finding: Finding {
            rule: rule.id,
            level,
            message: violation.message.clone(),
            help: violation.help.clone(),
            label: violation.label.clone(),
            object: place.object.map(Object::reference),
            field: located.field,
            location: located.location,
            related,
            clusters: cluster.map(str::to_owned).into_iter().collect(),
            fingerprint: String::new(),
            fix: None,
            suppression: None,
        },
    })
}
