//! Names follow the objects that they name (api/filters/nameref,
//! api/internal/accumulator/namereferencetransformer.go).

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::{
    config::{Config, NameReference},
    fields::go_integer,
    fieldspec::{self, Part},
    gvk::{Gvk, ResId},
    resmap::{ResMap, describe},
    resource::{PREFIXES, Resource, SUFFIXES},
    transformers::by,
};
use crate::{
    error::Error,
    place::{Operation, Origin},
    tree::{Id, Kind, Node, Tree},
};

/// What is asked of an object again and again.
struct Facts {
    id: ResId,
    previous: Vec<ResId>,
    prefixes: Vec<SmolStr>,
    suffixes: Vec<SmolStr>,
    name_origin: Origin,
}

/// Writes the present names wherever former ones stand.
pub(crate) fn follow(objects: &mut ResMap, config: &Config) -> Result<(), Error> {
    let facts: Vec<Facts> =
        objects.list.iter().map(|resource| Facts::of(resource)).collect::<Result<_, _>>()?;
    let mut by_name: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
    for (index, fact) in facts.iter().enumerate() {
        for id in &fact.previous {
            let named = by_name.entry(id.name.clone()).or_default();
            if named.last() != Some(&index) {
                named.push(index);
            }
        }
    }
    let mut referred: BTreeSet<usize> = BTreeSet::new();
    for index in 0..objects.list.len() {
        let Some(fact) = facts.get(index) else { continue };
        let original = fact.previous.first().unwrap_or(&fact.id).gvk.clone();
        for (reference, specs) in referrers_of(config, &original).iter() {
            let Some(reference) = config.name_reference.get(*reference) else { continue };
            for spec in specs.iter().filter_map(|spec| reference.referrers.get(*spec)) {
                let Some(resource) = objects.list.get(index) else { continue };
                // Few objects have the field: no copy is made for the others.
                if !reaches(&resource.tree, resource.tree.root(), &spec.parts) {
                    continue;
                }
                let mut spec = spec.clone();
                spec.gvk = resource.gvk();
                let search = Search {
                    facts: &facts,
                    by_name: &by_name,
                    referrer: index,
                    role_namespaces: role_binding_namespaces(resource)?,
                    role: role_of(resource, &spec.path),
                    target: &reference.target,
                };
                let Some(resource) = objects.list.get_mut(index).map(Arc::make_mut) else {
                    continue;
                };
                let mut found = Vec::new();
                fieldspec::apply(&mut resource.tree, &spec, None, &mut |tree, id| {
                    search.set(tree, id, &mut found)
                })?;
                referred.extend(found);
            }
        }
    }
    for index in referred {
        if let Some(resource) = objects.list.get_mut(index).map(Arc::make_mut) {
            resource.append_to_annotation("internal.config.kubernetes.io/refBy", "referrer")?;
        }
    }
    Ok(())
}

/// The field specs for a kind, by their numbers: of references, and of the specs of each.
type Referrers = Vec<(usize, Vec<usize>)>;

/// Most kinds whose specs are kept.
const MOST_KINDS: usize = 1_000;

/// The field specs of what kustomize builds in, by kind: most kustomizations have no others.
static BUILT_IN: LazyLock<Mutex<HashMap<Gvk, Arc<Referrers>>>> = LazyLock::new(Mutex::default);

/// The field specs that are for objects of a kind.
fn referrers_of(config: &Config, gvk: &Gvk) -> Arc<Referrers> {
    let find = || {
        let specs = |reference: &NameReference| -> Vec<usize> {
            let numbered = reference.referrers.iter().enumerate();
            numbered.filter(|(_, spec)| gvk.is_selected(&spec.gvk)).map(|(at, _)| at).collect()
        };
        let all = config.name_reference.iter().map(specs).enumerate();
        Arc::new(all.filter(|(_, specs)| !specs.is_empty()).collect())
    };
    if !Arc::ptr_eq(&config.name_reference, &Config::built_in().name_reference) {
        return find();
    }
    let known = || BUILT_IN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known().get(gvk) {
        return Arc::clone(found);
    }
    let found = find();
    let mut known = known();
    if known.len() < MOST_KINDS {
        known.insert(gvk.clone(), Arc::clone(&found));
    }
    found
}

/// Whether the path leads to something that isn't null.
fn reaches(tree: &Tree, id: Id, parts: &[Part]) -> bool {
    let node = tree.node(id);
    if node.is_null() {
        return false;
    }
    let Some((part, rest)) = parts.split_first() else { return true };
    match node.kind {
        Kind::Sequence => tree.items(id).iter().any(|item| reaches(tree, *item, parts)),
        Kind::Mapping => {
            let name = part.name.as_str();
            // A number reads as an index, and so fails below a mapping.
            !part.is_field && (go_integer(name).is_some() || name.starts_with('['))
                || tree.get(id, name.trim()).is_some_and(|field| reaches(tree, field, rest))
        }
        // The path can't go on, which is an error.
        Kind::Scalar => true,
    }
}

impl Facts {
    fn of(resource: &Resource) -> Result<Self, Error> {
        let list = |text: Option<&str>| {
            text.into_iter().flat_map(|text| text.split(',')).map(SmolStr::from).collect()
        };
        let [prefixes, suffixes] = resource.tree.annotations([PREFIXES, SUFFIXES]).map(list);
        Ok(Self {
            id: resource.id(),
            previous: resource.previous_ids()?.collect(),
            prefixes,
            suffixes,
            name_origin: resource.origin_of(&["metadata", "name"]),
        })
    }

    fn name(&self) -> &SmolStr {
        &self.id.name
    }
}

/// Namespaces of the ServiceAccounts that a RoleBinding names.
fn role_binding_namespaces(resource: &Resource) -> Result<Vec<SmolStr>, Error> {
    if resource.kind() != "RoleBinding" {
        return Ok(Vec::new());
    }
    let tree = &resource.tree;
    let Some(subjects) = tree.get(tree.root(), "subjects") else { return Ok(Vec::new()) };
    let mut namespaces = Vec::new();
    for subject in tree.items(subjects) {
        let text = |key: &str| tree.get(*subject, key).map(|id| tree.node(id));
        if let (Some(namespace), Some(kind)) = (text("namespace"), text("kind"))
            && kind.text == "ServiceAccount"
        {
            if namespace.is_null() {
                return Err(Error::invalid(format!(
                    "a subject of {} has an empty namespace",
                    describe(&resource.id())
                ))
                .at(namespace.origin.place));
            }
            namespaces.push(namespace.text.clone());
        }
    }
    Ok(namespaces)
}

/// The role that a binding refers to, where its name is what is followed.
fn role_of(resource: &Resource, path: &str) -> Option<Gvk> {
    if !path.ends_with("roleRef/name") {
        return None;
    }
    let tree = &resource.tree;
    let text = |key: &str| tree.at(&["roleRef", key]).map(|id| tree.node(id).text.clone());
    Some(Gvk { group: text("apiGroup")?, version: SmolStr::default(), kind: text("kind")? })
}

struct Search<'a> {
    facts: &'a [Facts],
    by_name: &'a FxHashMap<SmolStr, Vec<usize>>,
    referrer: usize,
    role_namespaces: Vec<SmolStr>,
    role: Option<Gvk>,
    target: &'a Gvk,
}

impl Search<'_> {
    fn set(&self, tree: &mut Tree, id: Id, found: &mut Vec<usize>) -> Result<(), Error> {
        if tree.node(id).is_null() {
            return Ok(());
        }
        match tree.node(id).kind {
            Kind::Scalar => self.set_scalar(tree, id, found),
            Kind::Mapping => self.set_mapping(tree, id, found),
            Kind::Sequence => {
                for item in tree.items(id).to_vec() {
                    let node = tree.node(item);
                    match node.kind {
                        _ if node.is_null() => {}
                        Kind::Scalar => self.set_scalar(tree, item, found)?,
                        Kind::Mapping => self.set_mapping(tree, item, found)?,
                        Kind::Sequence => {
                            return Err(Error::wrong_kind(Kind::Mapping, node));
                        }
                    }
                }
                Ok(())
            }
        }
    }

    fn set_scalar(&self, tree: &mut Tree, id: Id, found: &mut Vec<usize>) -> Result<(), Error> {
        let node = tree.node(id);
        let Some((index, referral)) = self.select(&node.text, None, true)? else { return Ok(()) };
        found.push(index);
        if *referral.name() == node.text {
            return Ok(());
        }
        let origin = followed(referral, node.origin.clone());
        tree.set_scalar(id, Node::plain(referral.name().clone(), origin))
    }

    fn set_mapping(&self, tree: &mut Tree, id: Id, found: &mut Vec<usize>) -> Result<(), Error> {
        let Some(name) = tree.get(id, "name") else {
            return Err(
                Error::invalid("there is no `name` to follow").at(tree.node(id).origin.place)
            );
        };
        let node = tree.node(name);
        let (old, origin) = (node.text.clone(), node.origin.clone());
        let namespace = tree.get(id, "namespace").map(|id| tree.node(id).text.clone());
        let Some((index, referral)) = self.select(&old, namespace.as_deref(), false)? else {
            return Ok(());
        };
        found.push(index);
        if *referral.name() == old && referral.id.namespace.is_empty() {
            return Ok(());
        }
        let origin = followed(referral, origin);
        let value = tree.add(Node::plain(referral.name().clone(), origin.clone()));
        tree.set_field(id, "name", Some(value), false)?;
        if referral.id.namespace.is_empty() {
            return Ok(());
        }
        let value = tree.add(Node::plain(referral.id.namespace.clone(), origin));
        tree.set_field(id, "namespace", Some(value), false)?;
        Ok(())
    }

    /// Whether the referrer can name an object at all (`SubsetThatCouldBeReferencedByResource`).
    fn within_reach(&self, referrer: &Facts, candidate: &Facts) -> bool {
        referrer.id.cluster_scoped
            || candidate.id.cluster_scoped
            || candidate.id.same_namespace(&referrer.id)
            || self.role_namespaces.contains(&candidate.id.namespace)
    }

    fn select(
        &self,
        name: &str,
        namespace: Option<&str>,
        scalar: bool,
    ) -> Result<Option<(usize, &Facts)>, Error> {
        let (Some(referrer), Some(named)) = (self.facts.get(self.referrer), self.by_name.get(name))
        else {
            return Ok(None);
        };
        let mut candidates: Vec<(usize, &Facts)> =
            named.iter().filter_map(|index| Some((*index, self.facts.get(*index)?))).collect();
        candidates.retain(|(_, one)| self.within_reach(referrer, one));
        if let Some(namespace) = namespace {
            self.narrow_by_namespace(&mut candidates, namespace, referrer);
        }
        candidates.retain(|(_, one)| one.previous.iter().any(|id| id.gvk.is_selected(self.target)));
        if let Some(role) = &self.role {
            candidates.retain(|(_, one)| one.previous.iter().any(|id| id.gvk.is_selected(role)));
        }
        if !referrer.id.cluster_scoped {
            candidates.retain(|(_, one)| {
                one.id.cluster_scoped
                    || one.id.gvk.kind == "ServiceAccount"
                    || referrer.id.same_namespace(&one.id)
            });
        }
        if candidates.len() == 1 {
            return Ok(candidates.first().copied());
        }
        candidates.retain(|(_, one)| same_ends(one, referrer, true));
        if candidates.len() > 1 {
            candidates.retain(|(_, one)| same_ends(one, referrer, false));
        }
        let Some((first, others)) = candidates.split_first() else { return Ok(None) };
        let same = others.iter().all(|(_, one)| {
            one.name() == first.1.name() && (scalar || one.id.namespace == first.1.id.namespace)
        });
        if same {
            return Ok(Some(*first));
        }
        let ids: Vec<String> = candidates.iter().map(|(_, one)| describe(&one.id)).collect();
        Err(Error::invalid(format!(
            "the name {name} in {} could be that of {}",
            describe(&referrer.id),
            ids.join(" or of ")
        )))
    }

    /// Objects that lay in the namespace at first; if none did, those that lie in it now.
    fn narrow_by_namespace(
        &self,
        candidates: &mut Vec<(usize, &Facts)>,
        namespace: &str,
        referrer: &Facts,
    ) {
        let original = |one: &Facts| {
            one.previous.first().unwrap_or(&one.id).effective_namespace() == namespace
        };
        let any_original =
            self.facts.iter().any(|one| self.within_reach(referrer, one) && original(one));
        if namespace == super::gvk::NO_NAMESPACE {
            candidates.clear();
        } else if any_original {
            candidates.retain(|(_, one)| original(one));
        } else {
            candidates.retain(|(_, one)| one.id.effective_namespace() == namespace);
        }
    }
}

/// The origin of a name that followed another object's.
fn followed(referral: &Facts, before: Origin) -> Origin {
    let place = referral.name_origin.step.as_ref().and_then(|step| step.place);
    Origin { place: before.place, ..by(Operation::NameReference, place, Some(before)) }
}

/// Whether two objects went through the same renamings lately (`PrefixesSuffixesEquals`).
fn same_ends(a: &Facts, b: &Facts, allow_empty: bool) -> bool {
    let ends = |a: &[SmolStr], b: &[SmolStr]| {
        if allow_empty && (a.is_empty() || b.is_empty()) {
            return true;
        }
        let (short, long) = if a.len() > b.len() { (b, a) } else { (a, b) };
        if short.is_empty() { long.is_empty() } else { long.ends_with(short) }
    };
    ends(&a.prefixes, &b.prefixes) && ends(&a.suffixes, &b.suffixes)
}
