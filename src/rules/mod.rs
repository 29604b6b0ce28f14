//! The rules: one folder a group, one file a rule.
//!
//! A rule file opens with its manual (the `//!` comment, from which the docs
//! page and `portcullis explain` are made), then declares one [`Rule`], then
//! the function that decides. A rule never reads a file, prints, or knows an
//! output format.

pub mod deprecation;
mod docs;
mod fields;
pub mod flux;
pub mod images;
pub mod kustomize;
pub mod network;
pub mod pod_security;
pub mod references;
pub mod resources;
pub mod schema;
pub mod suppression;
pub mod yaml;

pub use docs::{Example, Manual};

use spanned_yaml::Node;

use crate::{
    check::{Findings, Namespace, Scope},
    finding::Level,
    fleet::{Fleet, FleetFindings},
    kube::{Image, Object, Pod, Subject},
    repo::File,
    schema::Problem,
};

/// A rule: what it is called, when it runs, and how it decides.
pub struct Rule {
    /// `group/name` in kebab case. Never changes meaning.
    pub id: &'static str,
    /// Level unless configured otherwise.
    pub level: Level,
    /// First release that has it.
    pub since: &'static str,
    /// One line for lists: what it reports.
    pub summary: &'static str,
    /// What it looks at.
    pub check: Check,
    /// The rule's own file, whose leading `//!` comment is the manual.
    pub source: &'static str,
}

impl Rule {
    /// The part of the id before the `/`.
    pub fn group(&self) -> &'static str {
        self.id.split_once('/').map_or(self.id, |(group, _)| group)
    }

    /// Whether a pattern names it: its id, or its group followed by `/*`.
    pub fn is_named_by(&self, pattern: &str) -> bool {
        pattern == self.id || pattern.strip_suffix("/*") == Some(self.group())
    }

    /// Whether it looks at what a change makes of objects, which `portcullis diff` alone knows.
    pub fn looks_at_updates(&self) -> bool {
        matches!(self.check, Check::Update(..))
    }

    /// Whether all objects of a namespace decide it together.
    pub fn looks_at_namespace(&self) -> bool {
        matches!(self.check, Check::Namespace(_))
            || matches!(self.group(), "references" | "resources")
    }
}

/// What a rule is given to look at. Functions report into [`Findings`].
pub enum Check {
    /// The engine itself reports these (`yaml/syntax`, `suppression/*`).
    Engine,
    /// Every document that holds Kubernetes objects, or a kustomization, as a whole (lists
    /// unopened), with the objects of its file.
    Document(for<'a> fn(&'a File, Node<'a>, &'a [Object<'a>], &mut Findings<'a>)),
    /// Objects of these kinds; an empty list means all.
    Object(&'static [&'static str], for<'a> fn(&'a Object<'a>, &Scope<'a>, &mut Findings<'a>)),
    /// Every use of an image: by containers, by volumes, by the fields of custom
    /// resources that `images.fields` names.
    Image(for<'a> fn(&Image<'a>, &Scope<'a>, &mut Findings<'a>)),
    /// Every pod and pod template, and objects of these kinds.
    PodsAndObjects {
        /// Kinds without pods that it looks at as well.
        kinds: &'static [&'static str],
        /// Decides on a pod.
        pod: for<'a> fn(&'a Pod<'a>, &Scope<'a>, &mut Findings<'a>),
        /// Decides on an object of `kinds`.
        object: for<'a> fn(&'a Object<'a>, &Scope<'a>, &mut Findings<'a>),
    },
    /// Every pod and pod template.
    Pod(for<'a> fn(&'a Pod<'a>, &Scope<'a>, &mut Findings<'a>)),
    /// A row of the Pod Security Standards: a pod check that depends on level and version.
    PodSecurity(&'static pod_security::Standard),
    /// All objects of one namespace together.
    Namespace(for<'a> fn(&'a Namespace<'a>, &Scope<'a>, &mut Findings<'a>)),
    /// What names an object that nothing provides.
    Reference(Subject),
    /// What a walk of an object's schema finds of one kind.
    Schema(Problem),
    /// What an object of these kinds was, and what a change makes of it.
    Update(&'static [&'static str], for<'a> fn(Node<'_>, &'a Object<'a>, &mut Findings<'a>)),
    /// The Kustomizations of all clusters, and the kustomization files.
    Fleet(fn(&Fleet, &mut FleetFindings)),
}

/// All rules, in the order of their groups; within a group by name.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    [
        yaml::RULES,
        pod_security::RULES,
        network::RULES,
        resources::RULES,
        images::RULES,
        schema::RULES,
        references::RULES,
        deprecation::RULES,
        kustomize::RULES,
        flux::RULES,
        suppression::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The rule with this id.
pub fn find(id: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.id == id)
}

/// The id closest to what somebody wrote, if one is close.
pub fn nearest(id: &str) -> Option<&'static str> {
    let score = |rule: &&'static Rule| strsim::jaro_winkler(rule.id, id);
    let best = all().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(&best) > 0.8).then_some(best.id)
}
