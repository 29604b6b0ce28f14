//! All objects of a run together, by namespace.

use std::{collections::BTreeMap, sync::OnceLock};

use flux_render::flux::ObjectId;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{makers::Makers, provided::Provided, written::Written};
use crate::{
    config::Config,
    kube::{Object, Pod},
    netpol::{Policy, Selection},
    schema::{Customs, Versions},
};

/// Everything that would live in one cluster. Manifests that are checked as
/// written make up one cluster.
#[derive(Debug, Default)]
pub struct Cluster<'a> {
    /// By name, so that order never depends on hashing.
    pub namespaces: BTreeMap<&'a str, Namespace<'a>>,
    /// Whether there is more than these objects.
    pub extent: Extent<'a>,
    objects: &'a [Object<'a>],
    provided: OnceLock<Provided<'a>>,
    of_all_kinds: OnceLock<Provided<'a>>,
    makers: OnceLock<Makers<'a>>,
}

/// What a [`Cluster`] holds of what would live together, and what it lacks of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent<'a> {
    /// What it is.
    pub of: Whole,
    /// A Kustomization whose objects aren't known.
    pub unrendered: Option<&'a str>,
    /// Objects that Flux leaves alone, so that nobody knows whether they are there.
    pub left_alone: &'a [&'a ObjectId],
}

/// What is checked together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whole {
    /// All that Flux applies to a cluster.
    Cluster,
    /// An overlay: others may be applied beside it.
    Overlay,
    /// Manifests as written.
    #[default]
    Files,
}

/// What the rendered objects put into one namespace.
#[derive(Debug, Default)]
pub struct Namespace<'a> {
    /// Its name; `default` for objects that name none.
    pub name: &'a str,
    /// The Namespace object, if it is there: the first, where there are several.
    pub object: Option<&'a Object<'a>>,
    /// Further Namespace objects of the name, as variants of an environment have them.
    pub other_objects: Vec<&'a Object<'a>>,
    /// Pods and pod templates, in order of file and line.
    pub pods: Vec<&'a Pod<'a>>,
    /// LimitRange objects.
    pub limit_ranges: Vec<&'a Object<'a>>,
    /// NetworkPolicy objects, parsed.
    pub network_policies: Vec<Policy<'a>>,
    /// Which of these select which of the pods.
    pub selection: Selection<'a>,
    /// HelmReleases that install into it: what their charts hold isn't known.
    pub helm_releases: Vec<&'a Object<'a>>,
}

/// What surrounds the thing that a rule looks at.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// All objects.
    pub cluster: &'a Cluster<'a>,
    /// The namespace of the object (by [`Object::effective_namespace`]), also
    /// for objects that are cluster-scoped.
    pub namespace: Option<&'a Namespace<'a>>,
    /// The versions of Kubernetes that the objects are for.
    pub versions: Versions,
    /// The kinds that CRDs define.
    pub customs: Customs<'a>,
    /// What the repository's files hold, used or not.
    pub written: &'a Written<'a>,
}

impl<'a> Cluster<'a> {
    /// Sorts objects and pods into namespaces.
    pub fn new(objects: &'a [Object<'a>], pods: &'a [Pod<'a>]) -> Self {
        let mut cluster = Self { objects, ..Self::default() };
        for object in objects {
            match (object.kind, object.group()) {
                ("Namespace", "") => {
                    if let Some(name) = object.name {
                        let namespace = cluster.namespace_mut(name);
                        match namespace.object {
                            None => namespace.object = Some(object),
                            Some(_) => namespace.other_objects.push(object),
                        }
                    }
                }
                ("LimitRange", "") => {
                    cluster.namespace_mut(object.effective_namespace()).limit_ranges.push(object);
                }
                ("HelmRelease", _) => {
                    let target = object.spec().and_then(|spec| spec.get("targetNamespace"));
                    let target = target.and_then(|node| node.as_str());
                    let name = target.unwrap_or(object.effective_namespace());
                    cluster.namespace_mut(name).helm_releases.push(object);
                }
                _ => {}
            }
        }
        let is_policy = |object: &&Object<'_>| {
            object.kind == "NetworkPolicy"
                && matches!(object.group(), "networking.k8s.io" | "extensions")
        };
        let read = |object| (object, Policy::read(object));
        // Almost every run asks for what is provided.
        let (policies, _): (Vec<(&Object<'a>, _)>, _) = rayon::join(
            || objects.par_iter().filter(is_policy).map(read).collect(),
            || cluster.provided(),
        );
        for (object, policy) in policies {
            cluster.namespace_mut(object.effective_namespace()).network_policies.push(policy);
        }
        for pod in pods {
            cluster.namespace_mut(pod.namespace()).pods.push(pod);
        }
        let mut namespaces: Vec<_> = cluster.namespaces.values_mut().collect();
        namespaces.par_iter_mut().for_each(|namespace| {
            namespace.selection = Selection::new(&namespace.network_policies, &namespace.pods);
        });
        cluster
    }

    fn namespace_mut(&mut self, name: &'a str) -> &mut Namespace<'a> {
        self.namespaces.entry(name).or_insert_with(|| Namespace { name, ..Namespace::default() })
    }

    /// What is there under the names that rules of `references/*` look for by kind.
    pub fn provided(&self) -> &Provided<'a> {
        self.provided.get_or_init(|| Provided::of_fixed_kinds(self.objects))
    }

    /// What is there by kind and name, whatever its kind.
    pub fn of_all_kinds(&self) -> &Provided<'a> {
        self.of_all_kinds.get_or_init(|| Provided::of_all_kinds(self.objects))
    }

    /// What may make things that aren't there.
    pub fn makers(&self) -> &Makers<'a> {
        self.makers.get_or_init(|| Makers::of(self.objects))
    }

    /// The namespace of this name, if anything lives in it.
    pub fn namespace(&self, name: &str) -> Option<&Namespace<'a>> {
        self.namespaces.get(name)
    }
}

impl<'a> Namespace<'a> {
    /// Objects that decide about others, and that share their kind and name with
    /// one before them: a cluster can only have one of the two. Pairs of the
    /// first and a later one.
    pub fn rivals(&self) -> Vec<(&'a Object<'a>, &'a Object<'a>)> {
        let policies = self.network_policies.iter().map(|policy| policy.object);
        let namespaces = self.object.iter().chain(&self.other_objects).copied();
        let deciding = policies.chain(self.limit_ranges.iter().copied()).chain(namespaces);
        let mut firsts: FxHashMap<(&str, &str), &'a Object<'a>> = FxHashMap::default();
        let mut rivals = Vec::new();
        for object in deciding {
            let Some(name) = object.name else { continue };
            match firsts.get(&(object.kind, name)) {
                Some(first) => rivals.push((*first, object)),
                None => {
                    firsts.insert((object.kind, name), object);
                }
            }
        }
        rivals
    }
}
