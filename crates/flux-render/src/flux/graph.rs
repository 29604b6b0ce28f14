//! All Kustomizations of a cluster: those in its folder, those that these render, and so on until
//! nothing new appears.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use by_address::ByAddress;
use rayon::prelude::*;

use super::{
    artifact::{ArtifactFiles, SourceSettings},
    discover::{files_below, written_root},
    manifest::Manifest,
    pipeline::{Applied, Job, Problem, Rendering},
    shared::Shared,
    source::{Artifact, REPOSITORIES, Source, SourceVerdict, verdict},
    spec::{Kustomization, Located, Name, SubstituteFrom},
    variables::{Found, Variables},
};
use crate::{
    error::Error,
    files::Files,
    kustomize::{Builder, objects_of_file},
    place::Origin,
};

/// A cluster to render.
#[derive(Clone, Debug, Default)]
pub struct ClusterSettings {
    /// Its name.
    pub name: String,
    /// The folder that Flux is pointed at.
    pub path: String,
    /// The source by which that folder is reconciled, where it is known.
    pub source: Option<Name>,
    /// Sources that are this repository: `name`, `namespace/name` or `Kind/namespace/name`.
    pub sources: Vec<String>,
    /// Addresses of this repository.
    pub remotes: Vec<String>,
    /// Values of variables that live outside of the repository.
    pub variables: BTreeMap<String, String>,
}

/// What is applied to a cluster.
#[derive(Debug, Default)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The folder that Flux is pointed at.
    pub path: String,
    /// Its Kustomizations: first the one of its own folder, then in the order in which they were
    /// found.
    pub members: Vec<Member>,
    /// Kustomizations of a name that another one has already: the later one's place.
    pub rivals: Vec<(Name, Origin)>,
    /// An undefined variable stops a Kustomization (kustomize-controller from v1.9 on, unless a
    /// flag says otherwise).
    pub strict: bool,
    /// Rendering gave new Kustomizations or variables even after many rounds.
    pub unsettled: bool,
    /// What is in the artifacts of sources, by kind and name. It stays once it is known: a source
    /// may leave out the very file in which it is written, and is in the cluster all the same.
    artifacts: BTreeMap<(String, Name), Located<SourceSettings>>,
    /// The root is the Kustomization that a file of its folder holds. It must come out of the build,
    /// or it isn't.
    root_is_expected: bool,
    read: ReadSpecs,
    /// What it has in common with others; freed with the last of them.
    shared: Option<Arc<Shared>>,
}

/// What the manifests of Kustomizations say: they are asked in each round, and few are new.
#[derive(Debug, Default)]
struct ReadSpecs(HashMap<ByAddress<Arc<Manifest>>, Option<Kustomization>>);

impl ReadSpecs {
    fn spec(&mut self, applied: &Applied, files: &dyn Files) -> Option<Kustomization> {
        let read = || Kustomization::read(&applied.manifest, files);
        self.0.entry(ByAddress(Arc::clone(&applied.manifest))).or_insert_with(read).clone()
    }
}

/// A Kustomization of a cluster.
#[derive(Debug)]
pub struct Member {
    /// What it says.
    pub spec: Kustomization,
    /// The member whose output holds it; none for the cluster's own folder.
    pub parent: Option<usize>,
    /// What its source is.
    pub source: SourceVerdict,
    /// What its source says of what is in the artifact (as `spec.ignore`), and where; none if it
    /// says nothing.
    pub artifact: Option<Located<SourceSettings>>,
    /// What came out.
    pub outcome: Outcome,
    /// What is wrong with its variables.
    pub problems: Vec<Problem>,
    /// Where the cluster's own folder can't be built: its objects as they are written, so that the
    /// rest of the cluster is found all the same.
    as_written: Vec<Applied>,
    input: Option<Input>,
}

/// What came of a Kustomization.
#[derive(Debug)]
pub enum Outcome {
    /// It was rendered.
    Rendered(Rendering),
    /// It can't be built.
    Failed(Error),
    /// Its source isn't this repository.
    Elsewhere,
    /// Its folder isn't there; with a reason, it is in the repository, but not in the artifact.
    NoFolder(Option<String>),
}

impl Outcome {
    /// What was rendered, if anything.
    pub fn rendering(&self) -> Option<&Rendering> {
        match self {
            Self::Rendered(rendering) => Some(rendering),
            _ => None,
        }
    }
}

impl Member {
    /// The objects that it applies.
    pub fn objects(&self) -> &[Applied] {
        self.outcome.rendering().map_or(&self.as_written, |rendering| &rendering.objects)
    }
}

/// What a rendering depends on, beside the files.
#[derive(Debug, PartialEq)]
struct Input {
    source: SourceVerdict,
    spec: Kustomization,
    artifact: Option<SourceSettings>,
    variables: Option<Variables>,
    strict: bool,
}

/// Rounds after which a cluster that goes on changing is given up.
const MOST_ROUNDS: usize = 32;
/// Most Kustomizations of a cluster.
const MOST_MEMBERS: usize = 20_000;

/// Renders a cluster.
pub fn render(builder: &Builder<'_>, settings: &ClusterSettings) -> Cluster {
    render_with(builder, settings, None)
}

/// Renders clusters of one repository. What they have in common is made once.
pub fn render_all(builder: &Builder<'_>, settings: &[ClusterSettings]) -> Vec<Cluster> {
    let shared = (settings.len() > 1).then(Arc::<Shared>::default);
    settings.par_iter().map(|settings| render_with(builder, settings, shared.clone())).collect()
}

fn render_with(
    builder: &Builder<'_>,
    settings: &ClusterSettings,
    shared: Option<Arc<Shared>>,
) -> Cluster {
    let mut cluster = Cluster {
        name: settings.name.clone(),
        path: settings.path.clone(),
        strict: true,
        shared,
        ..Cluster::default()
    };
    let written = written_root(builder.files(), &settings.path);
    cluster.root_is_expected = written.is_some();
    let root = written.unwrap_or_else(|| Kustomization::of_folder(&settings.path));
    cluster.members.push(Member::new(root, None));
    for round in 0.. {
        if round == MOST_ROUNDS || cluster.members.len() > MOST_MEMBERS {
            cluster.unsettled = true;
            break;
        }
        let rendered = cluster.render_round(builder, settings);
        cluster.strict = cluster.controller_is_strict();
        let grown = cluster.grow(builder);
        if !rendered && !grown {
            break;
        }
    }
    cluster
}

impl Member {
    fn new(spec: Kustomization, parent: Option<usize>) -> Self {
        Self {
            spec,
            parent,
            source: SourceVerdict::Missing,
            artifact: None,
            outcome: Outcome::Elsewhere,
            problems: Vec::new(),
            as_written: Vec::new(),
            input: None,
        }
    }
}

/// What a round found out about a member.
struct Next {
    source: SourceVerdict,
    problems: Vec<Problem>,
    input: Input,
    outcome: Option<Outcome>,
}

impl Cluster {
    /// All objects with the members that apply them.
    pub fn objects(&self) -> impl Iterator<Item = (usize, &Applied)> {
        self.members
            .iter()
            .enumerate()
            .flat_map(|(index, member)| member.objects().iter().map(move |one| (index, one)))
    }

    /// Renders the members whose input is new. Whether there were any.
    fn render_round(&mut self, builder: &Builder<'_>, settings: &ClusterSettings) -> bool {
        self.mount();
        let sources = self.sources();
        self.find_artifacts(settings, &sources);
        let mut artifacts: BTreeMap<String, ArtifactFiles<'_>> = BTreeMap::new();
        for artifact in self.members.iter().filter_map(|member| member.artifact.as_ref()) {
            artifacts.entry(artifact.value.title.clone()).or_insert_with(|| {
                ArtifactFiles::of_source(builder.files(), artifact.value.clone())
            });
        }
        // What is built of one artifact isn't what is built of another one.
        let builders: BTreeMap<&str, Builder<'_>> =
            artifacts.iter().map(|(title, files)| (title.as_str(), Builder::new(files))).collect();
        let builder_of = |member: &Member| {
            let own = member.artifact.as_ref();
            own.and_then(|own| builders.get(own.value.title.as_str()))
        };
        let data = self.data();
        let next: Vec<Next> = self
            .members
            .par_iter()
            .enumerate()
            .map(|(index, member)| {
                let source = verdict(index == 0, &member.spec, builder.files(), settings, &sources);
                let (builder, shared) = match builder_of(member) {
                    Some(own) => (own, None),
                    None => (builder, self.shared.as_deref()),
                };
                self.next(member, source, builder, shared, settings, &data)
            })
            .collect();
        let mut changed = false;
        for (member, next) in self.members.iter_mut().zip(next) {
            member.source = next.source;
            member.problems = next.problems;
            if let Some(outcome) = next.outcome {
                let failed_root = member.parent.is_none() && matches!(outcome, Outcome::Failed(_));
                member.as_written = if failed_root {
                    as_written(builder_of(member).unwrap_or(builder), &member.spec)
                } else {
                    Vec::new()
                };
                member.outcome = outcome;
                changed = true;
            }
            member.input = Some(next.input);
        }
        changed
    }

    fn next(
        &self,
        member: &Member,
        source: SourceVerdict,
        builder: &Builder<'_>,
        shared: Option<&Shared>,
        settings: &ClusterSettings,
        data: &BTreeMap<(&str, &str, &str), Found<'_>>,
    ) -> Next {
        let mut problems = Vec::new();
        let variables = member.spec.post_build.as_ref().and_then(|post_build| {
            let namespace = member.spec.name.namespace.as_str();
            let find = |from: &SubstituteFrom| {
                data.get(&(from.kind.as_str(), namespace, from.name.as_str())).map(Found::copy)
            };
            let variables = Variables::gather(
                &member.spec,
                post_build,
                &settings.variables,
                find,
                &mut problems,
            );
            (post_build.always || !variables.is_empty()).then_some(variables)
        });
        let input = Input {
            source: source.clone(),
            spec: member.spec.clone(),
            artifact: member.artifact.as_ref().map(|artifact| artifact.value.clone()),
            variables,
            strict: self.strict,
        };
        if member.input.as_ref() == Some(&input) {
            return Next { source, problems, input, outcome: None };
        }
        let folder = member.spec.folder();
        let outcome = if !matches!(source, SourceVerdict::Here(_)) {
            Outcome::Elsewhere
        } else if !builder.files().is_folder(&folder) {
            Outcome::NoFolder(builder.files().left_out(&folder))
        } else {
            let (spec, variables) = (&member.spec, input.variables.as_ref());
            match (Job { builder, spec, variables, strict: self.strict, shared }).render() {
                Ok(rendering) => Outcome::Rendered(rendering),
                Err(error) => Outcome::Failed(error),
            }
        };
        Next { source, problems, input, outcome: Some(outcome) }
    }

    /// Finds the folders of sources that are made from others.
    fn mount(&mut self) {
        let mut mounts: BTreeMap<Name, Vec<(String, String)>> = BTreeMap::new();
        for (_, applied) in self.objects().filter(|(_, one)| one.id.kind == "ArtifactGenerator") {
            let namespace = Name::of(&applied.id).namespace;
            for artifact in
                applied.manifest.root().iter().flat_map(|root| Artifact::of(*root, &namespace))
            {
                mounts.insert(artifact.name, artifact.mounts);
            }
        }
        for member in &mut self.members {
            let source = member.spec.source.as_ref();
            let artifact = source.filter(|source| source.kind == "ExternalArtifact");
            member.spec.mounts =
                artifact.and_then(|source| mounts.get(&source.name)).cloned().unwrap_or_default();
        }
    }

    /// Finds out what is in the artifacts from which the members are built.
    fn find_artifacts(&mut self, settings: &ClusterSettings, sources: &[Source]) {
        for source in sources {
            let key = (source.kind.clone(), source.name.clone());
            if source.settings.value.matter() {
                self.artifacts.insert(key, source.settings.clone());
            } else {
                self.artifacts.remove(&key);
            }
        }
        let find =
            |kind: &str, name: &Name| self.artifacts.get(&(kind.to_owned(), name.clone())).cloned();
        for member in &mut self.members {
            member.artifact = match (&member.spec.source, &settings.source) {
                (Some(wanted), _) if wanted.kind == "ExternalArtifact" => {
                    let made = sources
                        .iter()
                        .find(|source| source.kind == wanted.kind && source.name == wanted.name);
                    let mut parts = made
                        .iter()
                        .flat_map(|made| &made.copied_from)
                        .map(|(kind, name)| find(kind, name));
                    // Of several sources, what is copied from which isn't followed.
                    let first = parts.next().flatten();
                    first.filter(|first| parts.all(|other| other.as_ref() == Some(first)))
                }
                (Some(wanted), _) => find(&wanted.kind, &wanted.name),
                (None, Some(name)) => REPOSITORIES.iter().find_map(|kind| find(kind, name)),
                (None, None) => None,
            };
        }
    }

    /// Takes in the Kustomizations that are rendered now. Whether any is new or different.
    fn grow(&mut self, builder: &Builder<'_>) -> bool {
        let mut read = std::mem::take(&mut self.read);
        let mut found: Vec<(Kustomization, usize)> = Vec::new();
        let mut names: HashSet<Name> = HashSet::new();
        let mut rivals = Vec::new();
        for (parent, applied) in self.objects() {
            if applied.id.kind != "Kustomization" {
                continue;
            }
            let Some(spec) = read.spec(applied, builder.files()) else {
                continue;
            };
            if names.insert(spec.name.clone()) {
                found.push((spec, parent));
            } else {
                rivals.push((spec.name, spec.origin));
            }
        }
        (self.rivals, self.read) = (rivals, read);
        let root_folder = self.members.first().map(|root| root.spec.folder());
        let mut known: HashMap<Name, usize> = self
            .members
            .iter()
            .enumerate()
            .skip(1)
            .map(|(index, member)| (member.spec.name.clone(), index))
            .collect();
        let mut kept = HashSet::from([0]);
        let mut changed = false;
        let mut root_is_expected = std::mem::take(&mut self.root_is_expected);
        for (mut spec, parent) in found {
            // The Kustomization that reconciles the cluster's own folder is the root itself.
            let is_root = parent == 0
                && Some(spec.folder()) == root_folder
                && self
                    .members
                    .first()
                    .is_some_and(|root| root.spec.source.is_none() || root.spec.name == spec.name);
            root_is_expected &= !is_root;
            let index = if is_root { Some(0) } else { known.get(&spec.name).copied() };
            match index.and_then(|index| self.members.get_mut(index)) {
                Some(member) => {
                    kept.extend(index);
                    spec.mounts.clone_from(&member.spec.mounts);
                    if member.spec != spec {
                        member.spec = spec;
                        changed = true;
                    }
                    if !is_root {
                        member.parent = Some(parent);
                    }
                }
                None => {
                    kept.insert(self.members.len());
                    known.insert(spec.name.clone(), self.members.len());
                    self.members.push(Member::new(spec, Some(parent)));
                    changed = true;
                }
            }
        }
        if let Some(root) = self.members.first_mut().filter(|_| root_is_expected) {
            root.spec = Kustomization::of_folder(&self.path);
            changed = true;
        }
        self.keep(&kept) || changed
    }

    /// Drops the members that nothing renders any more, as when a name was written with a variable
    /// that has its value only now. Whether there were any.
    fn keep(&mut self, kept: &HashSet<usize>) -> bool {
        if kept.len() == self.members.len() {
            return false;
        }
        let mut numbers: Vec<usize> = Vec::with_capacity(self.members.len());
        let mut next = 0;
        for index in 0..self.members.len() {
            numbers.push(next);
            next += usize::from(kept.contains(&index));
        }
        let mut index = 0;
        self.members.retain(|_| {
            index += 1;
            kept.contains(&(index - 1))
        });
        for member in &mut self.members {
            let parent = member.parent.filter(|parent| kept.contains(parent));
            let moved = parent.and_then(|parent| numbers.get(parent)).copied();
            member.parent = member.parent.and(moved.or(Some(0)));
        }
        true
    }

    /// The sources that are rendered.
    fn sources(&self) -> Vec<Source> {
        self.objects().flat_map(|(_, applied)| Source::of(applied)).collect()
    }

    /// What `substituteFrom` can name.
    fn data(&self) -> BTreeMap<(&str, &str, &str), Found<'_>> {
        let mut data = BTreeMap::new();
        for (_, applied) in self.objects() {
            let id = &applied.id;
            match (id.kind.as_str(), id.group()) {
                ("ConfigMap" | "Secret", "") => {
                    let key = (id.kind.as_str(), id.namespace.as_str(), id.name.as_str());
                    data.insert(key, Found::Manifest(&applied.manifest));
                }
                ("ExternalSecret" | "SealedSecret", _) => {
                    let target = made_by(&applied.manifest).unwrap_or(&id.name);
                    data.entry(("Secret", id.namespace.as_str(), target)).or_insert(Found::Made);
                }
                _ => {}
            }
        }
        data
    }

    /// Whether the kustomize-controller among the objects is strict: from v1.9 on, unless the
    /// feature gate StrictPostBuildSubstitutions says otherwise. Where it isn't among them, a
    /// recent one is assumed.
    fn controller_is_strict(&self) -> bool {
        let controller = self.objects().map(|(_, applied)| applied).find(|applied| {
            applied.id.kind == "Deployment" && applied.id.name == "kustomize-controller"
        });
        let Some(root) = controller.and_then(|applied| applied.manifest.root()) else {
            return true;
        };
        let spec = ["spec", "template", "spec", "containers"];
        let containers = spec.iter().try_fold(root, |node, key| node.get(key));
        for container in containers.iter().flat_map(|list| list.items()) {
            for argument in container.get("args").iter().flat_map(|list| list.items()) {
                let text = argument.text();
                if text.starts_with("--feature-gates") {
                    if text.contains("StrictPostBuildSubstitutions=true") {
                        return true;
                    }
                    if text.contains("StrictPostBuildSubstitutions=false") {
                        return false;
                    }
                }
            }
            let image = container.get("image").map(|image| image.text()).unwrap_or_default();
            if let Some((_, tag)) = image.rsplit_once("kustomize-controller:v") {
                let mut numbers = tag.split(|c: char| !c.is_ascii_digit());
                let mut number = || numbers.next().and_then(|n| n.parse::<u32>().ok());
                if let (Some(major), Some(minor)) = (number(), number()) {
                    return (major, minor) >= (1, 9);
                }
            }
        }
        true
    }
}

impl<'m> Found<'m> {
    fn copy(&self) -> Found<'m> {
        match self {
            Self::Manifest(manifest) => Found::Manifest(manifest),
            Self::Made => Found::Made,
        }
    }
}

/// The objects of a folder that can't be built.
fn as_written(builder: &Builder<'_>, spec: &Kustomization) -> Vec<Applied> {
    let files = builder.files();
    let paths = files_below(files, &spec.folder());
    let resources = paths.iter().filter_map(|path| objects_of_file(files, path).ok()).flatten();
    resources.filter_map(|resource| Applied::as_written(&resource).ok()).collect()
}

/// The Secret that an ExternalSecret makes.
fn made_by(manifest: &Manifest) -> Option<&str> {
    let target = manifest.root()?.get("spec")?.get("target")?;
    target.get("name")?.as_str()
}
