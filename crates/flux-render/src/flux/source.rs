//! Which sources are this repository.

use spanned_yaml::Node;

use super::{
    artifact::SourceSettings,
    graph::ClusterSettings,
    manifest::Manifest,
    pipeline::Applied,
    spec::{Kustomization, Located, Name, SourceRef},
};
use crate::{files::Files, place::Origin};

/// What a Kustomization's source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceVerdict {
    /// This repository.
    Here(Reason),
    /// Something else, of this address.
    Foreign {
        /// Its address; empty where the cluster's objects don't tell.
        url: String,
        /// Where it is written.
        origin: Origin,
    },
    /// No object of this name.
    Missing,
}

/// Why a source counts as this repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// portcullis.yaml says so, in `clusters.<name>.sources`.
    Configured,
    /// Its URL is one of the git remotes.
    Remote,
    /// The cluster's own folder is reconciled from it.
    Bootstrap,
    /// An ArtifactGenerator of the cluster copies it out of this repository.
    Generated,
    /// It is the cluster's only Git source, and the path exists here.
    OnlyGitSource,
}

impl Reason {
    /// A few words for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Configured => "named in portcullis.yaml",
            Self::Remote => "a git remote of this repository",
            Self::Bootstrap => "the cluster's own folder comes from it",
            Self::Generated => "copied out of this repository by an ArtifactGenerator",
            Self::OnlyGitSource => "the cluster's only Git source",
        }
    }
}

/// A source of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    pub(crate) kind: String,
    pub(crate) name: Name,
    pub(crate) url: String,
    pub(crate) origin: Origin,
    /// The sources that it is made of, where it is made of others.
    pub(crate) copied_from: Vec<(String, Name)>,
    /// What it says of what is in its artifact, and where.
    pub(crate) settings: Located<SourceSettings>,
}

/// The kinds of sources that a repository can be.
pub(crate) const REPOSITORIES: [&str; 3] = ["GitRepository", "OCIRepository", "Bucket"];

impl Source {
    /// The sources that an object is, or has made.
    pub(crate) fn of(applied: &Applied) -> Vec<Self> {
        let (kind, name) = (&applied.id.kind, Name::of(&applied.id));
        let root = applied.manifest.root();
        if kind == "ArtifactGenerator" {
            let made = root.map(|root| Artifact::of(root, &name.namespace)).unwrap_or_default();
            let source = |artifact: Artifact| Self {
                kind: "ExternalArtifact".to_owned(),
                name: artifact.name,
                copied_from: artifact.sources,
                ..Self::default()
            };
            return made.into_iter().map(source).collect();
        }
        let is_source = REPOSITORIES.contains(&kind.as_str()) || kind == "ExternalArtifact";
        if applied.id.group() != "source.toolkit.fluxcd.io" || !is_source {
            return Vec::new();
        }
        let spec = root.and_then(|root| root.get("spec"));
        let url = spec.and_then(|spec| spec.get("url").or_else(|| spec.get("endpoint")));
        vec![Self {
            settings: settings(&applied.manifest, kind, &name, spec),
            kind: kind.clone(),
            name,
            url: url.and_then(|node| node.as_str()).unwrap_or_default().to_owned(),
            origin: url
                .and_then(|node| applied.manifest.origin(node.span().start).cloned())
                .unwrap_or_default(),
            copied_from: Vec::new(),
        }]
    }
}

/// What a source's spec says of what its artifact holds.
fn settings(
    manifest: &Manifest,
    kind: &str,
    name: &Name,
    spec: Option<Node<'_>>,
) -> Located<SourceSettings> {
    let get = |key: &str| spec.and_then(|spec| spec.get(key)).filter(|node| !node.is_null());
    let text = |node: Node<'_>| node.as_str().map(str::to_owned);
    // A layer that is copied is an artifact as it was pushed.
    let is_copied = kind == "OCIRepository"
        && get("layerSelector").and_then(|layer| layer.get("operation")?.as_str()) == Some("copy");
    let ignore = get("ignore").filter(|_| !is_copied);
    let fetched = match kind {
        "GitRepository" => get("sparseCheckout"),
        "Bucket" => get("prefix"),
        _ => None,
    };
    let prefixes = fetched.map(|node| match node.as_str() {
        Some(prefix) => vec![prefix.to_owned()],
        None => node
            .items()
            .filter_map(|item| item.as_str())
            .map(|path| path.strip_prefix("./").unwrap_or(path).to_owned())
            .collect(),
    });
    let at = ignore.or(fetched);
    Located {
        value: SourceSettings {
            title: format!("{kind} {name}"),
            is_bucket: kind == "Bucket",
            ignore: ignore.and_then(text),
            prefixes: prefixes.unwrap_or_default(),
        },
        origin: at.and_then(|node| manifest.origin(node.span().start).cloned()).unwrap_or_default(),
    }
}

/// What an ArtifactGenerator (source.extensions.fluxcd.io) makes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Artifact {
    pub(crate) name: Name,
    /// The sources that it copies from: kind and name.
    pub(crate) sources: Vec<(String, Name)>,
    /// Path in the artifact, path in the source.
    pub(crate) mounts: Vec<(String, String)>,
}

impl Artifact {
    /// The artifacts of a generator.
    pub(crate) fn of(root: Node<'_>, namespace: &str) -> Vec<Self> {
        let text = |node: Node<'_>, key: &str| {
            node.get(key).and_then(|node| node.as_str()).unwrap_or_default().to_owned()
        };
        let Some(spec) = root.get("spec") else { return Vec::new() };
        let sources: Vec<(String, (String, Name))> = items(spec, "sources")
            .into_iter()
            .map(|source| {
                let own = text(source, "namespace");
                let own = if own.is_empty() { namespace.to_owned() } else { own };
                let name = Name { namespace: own, name: text(source, "name") };
                (text(source, "alias"), (text(source, "kind"), name))
            })
            .collect();
        items(spec, "artifacts")
            .into_iter()
            .map(|artifact| {
                let mut made = Self {
                    name: Name { namespace: namespace.to_owned(), name: text(artifact, "name") },
                    ..Self::default()
                };
                for copy in items(artifact, "copy") {
                    let (from, to) = (text(copy, "from"), text(copy, "to"));
                    let Some((alias, from)) =
                        from.strip_prefix('@').and_then(|from| from.split_once('/'))
                    else {
                        continue;
                    };
                    let Some(to) = to.strip_prefix("@artifact") else { continue };
                    made.sources.extend(
                        sources.iter().filter(|(known, _)| known == alias).map(|(_, s)| s.clone()),
                    );
                    // Other patterns copy a part of a folder.
                    let folder = from.strip_suffix("**").unwrap_or(from);
                    made.mounts.push((
                        to.trim_matches('/').to_owned(),
                        folder.trim_matches('/').to_owned(),
                    ));
                }
                made
            })
            .collect()
    }
}

fn items<'t>(node: Node<'t>, key: &str) -> Vec<Node<'t>> {
    node.get(key).map(|list| list.items().collect()).unwrap_or_default()
}

/// Whether two addresses name the same repository: `ssh://git@host/owner/repository.git`,
/// `git@host:owner/repository` and `https://host/owner/repository/` do.
pub fn same_repository(a: &str, b: &str) -> bool {
    let (a, b) = (normalized(a), normalized(b));
    !a.is_empty() && a == b
}

fn normalized(url: &str) -> String {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme, rest.to_owned()),
        // git@host:path
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') => ("ssh", format!("{host}/{path}")),
            _ => return String::new(),
        },
    };
    if !matches!(scheme, "https" | "http" | "ssh" | "git" | "git+ssh") {
        return String::new();
    }
    let (host, path) = rest.split_once('/').unwrap_or((&rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    // A port is written for ssh, and differs from that of https.
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    // Azure DevOps has one address for each protocol.
    let (host, path) = match (host.as_str(), path.strip_prefix("v3/")) {
        ("ssh.dev.azure.com", Some(path)) => {
            let mut parts = path.splitn(3, '/');
            let part = |text: Option<&str>| text.unwrap_or_default().to_owned();
            let (owner, project, name) =
                (part(parts.next()), part(parts.next()), part(parts.next()));
            ("dev.azure.com".to_owned(), format!("{owner}/{project}/_git/{name}"))
        }
        _ => (host.clone(), path.to_owned()),
    };
    format!("{host}/{}", path.to_ascii_lowercase())
}

/// What a Kustomization's source is, among those of its cluster.
pub(super) fn verdict(
    is_root: bool,
    spec: &Kustomization,
    files: &dyn Files,
    settings: &ClusterSettings,
    sources: &[Source],
) -> SourceVerdict {
    let Some(wanted) = &spec.source else { return SourceVerdict::Here(Reason::Bootstrap) };
    if is_root {
        return SourceVerdict::Here(Reason::Bootstrap);
    }
    let found =
        sources.iter().find(|source| source.kind == wanted.kind && source.name == wanted.name);
    if let Some(artifact) = found.filter(|source| !source.copied_from.is_empty()) {
        let here = artifact.copied_from.iter().all(|(kind, name)| {
            let origin =
                SourceRef { kind: kind.clone(), name: name.clone(), ..SourceRef::default() };
            let spec = Kustomization { source: Some(origin), ..spec.clone() };
            // What is copied from something copied isn't followed further.
            kind != "ExternalArtifact"
                && matches!(
                    verdict(is_root, &spec, files, settings, sources),
                    SourceVerdict::Here(_)
                )
        });
        if here {
            return SourceVerdict::Here(Reason::Generated);
        }
    }
    let Name { namespace, name } = &wanted.name;
    let configured = settings.sources.iter().any(|pattern| {
        *pattern == *name
            || *pattern == format!("{namespace}/{name}")
            || *pattern == format!("{}/{namespace}/{name}", wanted.kind)
    });
    if configured {
        return SourceVerdict::Here(Reason::Configured);
    }
    if let Some(source) = found
        && settings.remotes.iter().any(|remote| same_repository(remote, &source.url))
    {
        return SourceVerdict::Here(Reason::Remote);
    }
    // Where nothing in the repository says by which source the folder came, it is Flux's usual one.
    let usual = Name { namespace: "flux-system".into(), name: "flux-system".into() };
    let bootstrap = settings.source.as_ref().unwrap_or(&usual);
    let is_git = REPOSITORIES.contains(&wanted.kind.as_str());
    if *bootstrap == wanted.name && is_git {
        return SourceVerdict::Here(Reason::Bootstrap);
    }
    let mut git = sources.iter().filter(|source| source.kind == "GitRepository");
    let only = match (git.next(), git.next()) {
        (Some(only), None) => only.name == wanted.name && wanted.kind == "GitRepository",
        _ => false,
    };
    if only && files.is_folder(&spec.folder()) {
        return SourceVerdict::Here(Reason::OnlyGitSource);
    }
    match found {
        Some(source) => {
            SourceVerdict::Foreign { url: source.url.clone(), origin: source.origin.clone() }
        }
        None => SourceVerdict::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::same_repository;

    #[test]
    fn addresses_of_one_repository_are_the_same_whatever_the_protocol() {
        for (a, b) in [
            ("ssh://git@github.com/contoso/fleet", "https://github.com/contoso/fleet.git"),
            ("git@github.com:contoso/fleet.git", "https://github.com/Contoso/fleet/"),
            ("ssh://git@ssh.dev.azure.com/v3/a/b/c", "https://contoso@dev.azure.com/a/b/_git/c"),
            ("ssh://git@ssh.github.com:443/a/b.git", "git@ssh.github.com:a/b"),
        ] {
            assert!(same_repository(a, b), "{a} {b}");
        }
        for (a, b) in [
            ("https://github.com/contoso/fleet", "https://github.com/contoso/fleet2"),
            ("/srv/fleet.git", "/srv/fleet.git"),
            ("oci://contoso.azurecr.io/fleet", "https://contoso.azurecr.io/fleet"),
        ] {
            assert!(!same_repository(a, b), "{a} {b}");
        }
    }
}
