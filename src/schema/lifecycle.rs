//! When Kubernetes deprecates and removes its APIs, and what replaces them.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::{table::table, versions::Versions};

const TEXT: &str = include_str!("../../schemas/lifecycles.txt");

/// What becomes of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    /// The minor version from which the API server warns.
    pub deprecated: Option<u8>,
    /// The minor version from which it isn't served.
    pub removed: Option<u8>,
    /// What to use instead: `apps/v1/Deployment`.
    pub replacement: Option<&'static str>,
}

impl Lifecycle {
    /// What becomes of a kind, if something does. Where the schemas know when a kind went, they
    /// decide: plans change.
    pub fn of(api_version: &str, kind: &str) -> Option<Self> {
        static ALL: OnceLock<FxHashMap<(&'static str, &'static str), Lifecycle>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let kinds = table().kinds().map(|(api_version, kind, _)| (api_version, kind));
            let named = kinds.chain(facts().keys().copied());
            named.filter_map(|of| Some((of, Self::derive(of.0, of.1)?))).collect()
        });
        all.get(&(api_version, kind)).copied()
    }

    fn derive(api_version: &str, kind: &str) -> Option<Self> {
        let known = facts().get(&(api_version, kind)).copied();
        let last = Self::last_served(api_version, kind);
        let removed = last.filter(|last| !Versions::newest().minors().any(|it| it == *last));
        match (known, removed, last) {
            (None, None, _) => None,
            (None, Some(last), _) => {
                Some(Self { deprecated: None, removed: Some(last + 1), replacement: None })
            }
            (Some(facts), Some(last), _) => Some(Self { removed: Some(last + 1), ..facts }),
            // What the newest version has is there yet; what is to come isn't decided.
            (Some(facts), None, Some(newest)) => {
                Some(Self { removed: facts.removed.filter(|removed| *removed > newest), ..facts })
            }
            (Some(facts), None, None) => Some(facts),
        }
    }

    fn last_served(api_version: &str, kind: &str) -> Option<u8> {
        let served = table().kind(api_version, kind).iter().map(|(versions, _)| *versions);
        served.fold(Versions::NONE, Versions::or).minors().last()
    }

    /// Those of `versions` that don't serve it any more.
    pub fn without_it(&self, versions: Versions) -> Versions {
        from(self.removed, versions)
    }

    /// Those of `versions` that serve it, and warn.
    pub fn warning(&self, versions: Versions) -> Versions {
        from(self.deprecated, versions).without(self.without_it(versions))
    }

    /// What to do about it: the replacement that Kubernetes names, else the stable version of the
    /// same kind, if the group has one.
    pub fn help(&self, api_version: &str, kind: &str) -> Option<String> {
        if let Some((api_version, kind)) = self.replacement.and_then(|it| it.rsplit_once('/')) {
            return Some(format!("use {kind} of {api_version}"));
        }
        let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
        let stable = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let is_served = table()
            .kind(&stable, kind)
            .iter()
            .any(|(versions, _)| !versions.and(Versions::newest()).is_empty());
        (is_served && stable != api_version).then(|| format!("use {kind} of {stable}"))
    }
}

fn from(minor: Option<u8>, versions: Versions) -> Versions {
    let Some(first) = minor else { return Versions::NONE };
    let all = versions.minors().filter(|minor| *minor >= first).map(Versions::minor);
    all.fold(Versions::NONE, Versions::or)
}

/// Groups whose kinds are built in, as the table and these facts have them.
pub(super) fn is_built_in(group: &str) -> bool {
    static GROUPS: OnceLock<rustc_hash::FxHashSet<&'static str>> = OnceLock::new();
    let group_of =
        |api_version: &'static str| api_version.split_once('/').map_or("", |(group, _)| group);
    GROUPS
        .get_or_init(|| {
            let kinds = table().kinds().map(|(api_version, _, _)| group_of(api_version));
            kinds.chain(facts().keys().map(|(api_version, _)| group_of(api_version))).collect()
        })
        .contains(group)
}

fn facts() -> &'static FxHashMap<(&'static str, &'static str), Lifecycle> {
    static FACTS: OnceLock<FxHashMap<(&'static str, &'static str), Lifecycle>> = OnceLock::new();
    FACTS.get_or_init(|| TEXT.lines().filter_map(read).collect())
}

fn read(line: &'static str) -> Option<((&'static str, &'static str), Lifecycle)> {
    if line.starts_with('#') {
        return None;
    }
    let minor = |text: &str| text.strip_prefix("1.")?.parse().ok();
    let mut words = line.split(' ');
    let key = (words.next()?, words.next()?);
    let _introduced = words.next()?;
    let (deprecated, removed) = (minor(words.next()?), minor(words.next()?));
    let replacement = words.next().filter(|text| *text != "-");
    Some((key, Lifecycle { deprecated, removed, replacement }))
}

#[cfg(test)]
mod tests {
    use super::{Lifecycle, TEXT, facts, read};

    #[test]
    fn every_line_is_read() {
        let lines = TEXT.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(facts().len(), lines);
        assert!(lines > 90, "{lines}");
        for (kind, facts) in TEXT.lines().filter_map(read) {
            assert!(facts.deprecated.is_some(), "{kind:?}");
            assert!(
                facts.removed.is_none_or(|removed| Some(removed) > facts.deprecated),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn what_went_long_ago_is_known() {
        let of = |api_version, kind| {
            let facts = Lifecycle::of(api_version, kind).unwrap();
            (facts.removed, facts.replacement)
        };
        let ingress = Some("networking.k8s.io/v1/Ingress");
        assert_eq!(of("extensions/v1beta1", "Ingress"), (Some(22), ingress));
        assert_eq!(of("apps/v1beta1", "Deployment"), (Some(16), Some("apps/v1/Deployment")));
        assert_eq!(of("policy/v1beta1", "PodSecurityPolicy"), (Some(25), None));
        assert_eq!(Lifecycle::of("apps/v1", "Deployment"), None);
        // Its own facts name no replacement.
        let policy = ("admissionregistration.k8s.io/v1beta1", "ValidatingAdmissionPolicy");
        let help = Lifecycle::of(policy.0, policy.1).unwrap().help(policy.0, policy.1).unwrap();
        assert_eq!(help, "use ValidatingAdmissionPolicy of admissionregistration.k8s.io/v1");
        let endpoints = Lifecycle::of("v1", "Endpoints").unwrap();
        assert_eq!((endpoints.deprecated, endpoints.removed), (Some(33), None));
    }
}
