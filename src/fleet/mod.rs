//! What a repository applies: the clusters that Flux keeps, and the overlays that no cluster uses.

mod gaps;
mod reach;
mod violation;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use flux_render::{
    Error, ErrorKind, Files, Origin, Place,
    flux::{
        self, Applied, ArtifactFiles, Cluster, ClusterSettings, IgnoreFile, Kustomization, Member,
        Outcome, Rendering,
    },
    kustomize::{Bases, Builder, FILE_NAMES, Uses, uses},
};
use rayon::{iter::Either, prelude::*};
use rustc_hash::FxHashSet;

pub use gaps::gaps;
pub use reach::Reach;
pub use violation::{FleetFindings, FleetViolation};

use crate::{
    config::Config,
    finding::Location,
    repo::{Contents, RepositoryFiles},
};

/// All that a repository applies.
#[derive(Debug, Default)]
pub struct Fleet {
    /// The files that it is made of, with those that Flux leaves out.
    pub files: Arc<RepositoryFiles>,
    /// What the repository leaves out of artifacts.
    source_ignores: Arc<[IgnoreFile]>,
    /// Freed with all else, which a command that ends need not do.
    bases: Bases,
    /// Clusters, by name.
    pub clusters: Vec<Cluster>,
    /// Overlays that no cluster uses, by folder.
    pub overlays: Vec<Overlay>,
    /// Files that a cluster or overlay uses.
    pub used: BTreeSet<String>,
    /// Folders with a kustomization that a cluster or overlay uses.
    pub folders: BTreeSet<String>,
    /// All manifests of the repository, by path.
    pub manifests: Vec<Arc<str>>,
}

/// A kustomization that no other uses.
#[derive(Debug)]
pub struct Overlay {
    /// Its folder.
    pub folder: String,
    /// What comes out.
    pub outcome: Result<Rendering, Error>,
}

impl Overlay {
    /// What it applies; none if it can't be built.
    pub fn environment(&self) -> Option<Environment<'_>> {
        let rendering = self.outcome.as_ref().ok()?;
        let mut environment = Environment::new(None);
        environment.folder = &self.folder;
        environment.add(Owner { spec: None, rendering }, &rendering.objects);
        Some(environment)
    }

    /// Frees its objects. What is known of their making stays.
    pub fn forget_objects(&mut self) {
        if let Ok(rendering) = &mut self.outcome {
            rendering.objects = Vec::new();
        }
    }
}

/// What one cluster, or one overlay, applies.
#[derive(Clone, Debug)]
pub struct Environment<'f> {
    /// The cluster's name; none for an overlay.
    pub cluster: Option<&'f str>,
    /// The overlay's folder; empty for a cluster.
    pub folder: &'f str,
    /// Its objects.
    pub objects: Vec<&'f Applied>,
    /// For each of them, the number of what applies it.
    pub owner_of: Vec<usize>,
    /// What applies them.
    pub owners: Vec<Owner<'f>>,
    /// A Kustomization of the cluster whose objects aren't known.
    pub unrendered: Option<&'f str>,
}

/// What applies objects: a Kustomization of Flux, or an overlay.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'f> {
    /// The Kustomization; none for an overlay.
    pub spec: Option<&'f Kustomization>,
    /// What it renders.
    pub rendering: &'f Rendering,
}

impl<'f> Environment<'f> {
    /// What a cluster applies.
    pub fn of(cluster: &'f Cluster) -> Self {
        let mut environment = Self::new(Some(&cluster.name));
        for member in &cluster.members {
            let rendering = member.outcome.rendering().unwrap_or(&NOTHING);
            if member.outcome.rendering().is_none() && environment.unrendered.is_none() {
                environment.unrendered = Some(&member.spec.name.name);
            }
            environment.add(Owner { spec: Some(&member.spec), rendering }, member.objects());
        }
        environment
    }

    fn new(cluster: Option<&'f str>) -> Self {
        Self {
            cluster,
            folder: "",
            objects: Vec::new(),
            owner_of: Vec::new(),
            owners: Vec::new(),
            unrendered: None,
        }
    }

    fn add(&mut self, owner: Owner<'f>, objects: &'f [Applied]) {
        self.objects.extend(objects);
        self.owner_of.extend(objects.iter().map(|_| self.owners.len()));
        self.owners.push(owner);
    }
}

/// Stands for what wasn't rendered.
static NOTHING: Rendering = Rendering::EMPTY;

impl Fleet {
    /// Renders what a repository applies. With `changed`, overlays that no cluster uses are left out
    /// unless the changed files reach them.
    pub fn render(
        contents: &Contents,
        config: &Config,
        remotes: &[String],
        changed: Option<&BTreeSet<String>>,
    ) -> Self {
        Self::render_with(contents, config, remotes, changed, |_, _| ()).0
    }

    /// As [`Fleet::render`]; each overlay that no cluster uses is visited as soon as it is rendered,
    /// so that its objects need not be kept. The results are in the order of the overlays.
    pub fn render_with<T: Send>(
        contents: &Contents,
        config: &Config,
        remotes: &[String],
        changed: Option<&BTreeSet<String>>,
        visit: impl Fn(&Arc<RepositoryFiles>, &mut Overlay) -> T + Sync,
    ) -> (Self, Vec<T>) {
        let files = Arc::new(RepositoryFiles::new(contents, contents.root.as_deref()));
        let source_ignores: Arc<[IgnoreFile]> = contents.source_ignores.clone().into();
        let artifact = ArtifactFiles::new(&*files, Arc::clone(&source_ignores));
        let builder = Builder::new(&artifact);
        let settings = clusters_of(contents, config, remotes, &artifact);
        let mut fleet = Self {
            clusters: flux::render_all(&builder, &settings),
            manifests: contents.files.iter().map(|file| file.path.clone()).collect(),
            ..Self::default()
        };
        let mut failed = BTreeSet::new();
        for member in fleet.clusters.iter().flat_map(|cluster| &cluster.members) {
            match &member.outcome {
                Outcome::Rendered(rendering) => {
                    fleet.used.extend(rendering.read.iter().cloned());
                    fleet.folders.extend(rendering.folders.iter().cloned());
                }
                Outcome::Failed(_) => {
                    failed.insert(member.spec.folder());
                    let paths = member.objects().iter().flat_map(|applied| {
                        applied.manifest.pieces().iter().filter_map(|piece| piece.origin.place)
                    });
                    let paths = paths.filter_map(|place| files.path(place.file));
                    fleet.used.extend(paths.map(|path| path.to_string()));
                }
                Outcome::Elsewhere | Outcome::NoFolder(_) => {}
            }
        }
        let roots = root_overlays(contents, &artifact, |folder| {
            fleet.folders.contains(folder) || failed.contains(folder)
        });
        let (visited, left_out): (Vec<(Overlay, T)>, Vec<Uses>) =
            roots.into_par_iter().partition_map(|folder| {
                if let Some(changed) = changed {
                    let uses = uses(&artifact, &folder, false);
                    if !is_reached(&uses, changed) {
                        return Either::Right(uses);
                    }
                }
                let mut overlay =
                    Overlay { outcome: render_unused(&builder, &*files, &folder), folder };
                let visited = visit(&files, &mut overlay);
                Either::Left((overlay, visited))
            });
        let results;
        (fleet.overlays, results) = visited.into_iter().unzip();
        for uses in left_out {
            fleet.used.extend(uses.files);
            fleet.folders.extend(uses.folders);
        }
        let rendered = || fleet.overlays.iter().filter_map(|overlay| overlay.outcome.as_ref().ok());
        let used = once_each(rendered().flat_map(|rendering| &rendering.read));
        let folders = once_each(rendered().flat_map(|rendering| &rendering.folders));
        // A set is made at once of what is sorted.
        fleet.used.append(&mut BTreeSet::from_iter(used));
        fleet.folders.append(&mut BTreeSet::from_iter(folders));
        fleet.bases = builder.into_bases();
        (fleet.files, fleet.source_ignores) = (files, source_ignores);
        (fleet, results)
    }

    /// Leaves only the clusters of these names; overlays and manifests that no cluster uses are
    /// taken for used.
    pub fn only(&mut self, names: &[String]) {
        self.clusters.retain(|cluster| names.contains(&cluster.name));
        self.overlays.clear();
        self.used.extend(self.manifests.iter().map(ToString::to_string));
    }

    /// The files without those that Flux leaves out, whatever the source.
    pub fn artifact(&self) -> ArtifactFiles<'_> {
        ArtifactFiles::new(&*self.files, Arc::clone(&self.source_ignores))
    }

    /// What is applied together.
    pub fn environments(&self) -> Vec<Environment<'_>> {
        let clusters = self.clusters.iter().map(Environment::of);
        clusters.chain(self.overlays.iter().filter_map(Overlay::environment)).collect()
    }

    /// All Kustomizations of all clusters, with the cluster's name.
    pub fn members(&self) -> impl Iterator<Item = (&Cluster, &Member)> {
        self.clusters
            .iter()
            .flat_map(|cluster| cluster.members.iter().map(move |member| (cluster, member)))
    }

    /// All that was rendered, with the cluster's name if it is for one.
    pub fn renderings(&self) -> impl Iterator<Item = (Option<&str>, &Rendering)> {
        let members = self.members().filter_map(|(cluster, member)| {
            Some((Some(cluster.name.as_str()), member.outcome.rendering()?))
        });
        let overlays = self.overlays.iter();
        members.chain(
            overlays.filter_map(|overlay| overlay.outcome.as_ref().ok().map(|one| (None, one))),
        )
    }

    /// A place as lines and columns.
    pub fn location(&self, place: Place) -> Location {
        self.files.location(place).unwrap_or_else(|| Location::file("".into()))
    }

    /// Where somebody wrote a value: its place, else the place of what last changed it.
    pub fn location_of(&self, origin: &Origin) -> Option<Location> {
        let steps = origin.steps().filter_map(|step| step.place);
        origin.place.into_iter().chain(steps).find_map(|place| self.files.location(place))
    }
}

/// Renders an overlay that no cluster uses. As Flux doesn't build it, it may use what is left out of
/// artifacts by default; and one that is left out itself may use anything.
fn render_unused(
    builder: &Builder<'_>,
    files: &dyn Files,
    folder: &str,
) -> Result<Rendering, Error> {
    let rendered = flux::render_folder(builder, folder);
    let is_left_out = |error: &Error| error.kind == ErrorKind::LeftOut;
    if !rendered.as_ref().is_err_and(is_left_out) {
        return rendered;
    }
    let has = |files: &dyn Files| {
        let mut paths = FILE_NAMES.iter().filter_map(|name| flux_render::join(folder, name).ok());
        paths.any(|path| files.tree(&path).is_some())
    };
    match builder.files().artifact() {
        Some(artifact) if has(artifact) => {
            let artifact = artifact.with_defaults();
            flux::render_folder(&Builder::new(&artifact), folder)
        }
        _ => flux::render_folder(&Builder::new(files), folder),
    }
}

/// Overlays name the files of shared bases again and again: few of these are copied.
fn once_each<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<String> {
    let mut known = FxHashSet::default();
    texts.filter(|text| known.insert(text.as_str())).cloned().collect()
}

/// Whether changed files, deleted ones included, are among what is used, or lie below its folders.
fn is_reached(uses: &Uses, changed: &BTreeSet<String>) -> bool {
    changed.iter().any(|path| {
        let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        uses.files.contains(path) || folders.into_iter().any(|folder| uses.folders.contains(folder))
    })
}

/// The clusters that portcullis.yaml names, else those that are found.
fn clusters_of(
    contents: &Contents,
    config: &Config,
    remotes: &[String],
    files: &dyn Files,
) -> Vec<ClusterSettings> {
    if !config.clusters.is_empty() {
        return config
            .clusters
            .iter()
            .map(|(name, cluster)| ClusterSettings {
                name: name.clone(),
                path: flux_render::join("", &cluster.path).unwrap_or_default(),
                source: None,
                sources: cluster.sources.clone(),
                remotes: remotes.to_vec(),
                variables: variables(config, name),
            })
            .collect();
    }
    let manifests: Vec<_> =
        contents.files.iter().map(|file| (file.path.clone(), Arc::clone(&file.tree))).collect();
    flux::discover(files, &manifests)
        .into_iter()
        .map(|found| ClusterSettings {
            variables: variables(config, &found.name),
            remotes: remotes.to_vec(),
            ..found.into()
        })
        .collect()
}

/// The values that portcullis.yaml gives variables in a cluster: those under the cluster's name
/// come before those for all.
fn variables(config: &Config, cluster: &str) -> BTreeMap<String, String> {
    let text = |value: &serde_yaml::Value| match value {
        serde_yaml::Value::String(text) => Some(text.clone()),
        serde_yaml::Value::Bool(value) => Some(value.to_string()),
        serde_yaml::Value::Number(value) => Some(value.to_string()),
        _ => None,
    };
    let mut variables: BTreeMap<String, String> = config
        .variables
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
        .collect();
    let own = config.variables.get(cluster).and_then(serde_yaml::Value::as_mapping);
    for (name, value) in own.into_iter().flatten() {
        if let (Some(name), Some(value)) = (name.as_str(), text(value)) {
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}

/// Folders with a kustomization that no other kustomization uses, components left out.
fn root_overlays(
    contents: &Contents,
    files: &dyn Files,
    is_used: impl Fn(&str) -> bool + Sync,
) -> Vec<String> {
    let kustomizations = contents.files.par_iter().filter_map(|file| {
        let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
        if !FILE_NAMES.contains(&name) || is_used(folder) {
            return None;
        }
        let root = file.tree.root(0)?;
        let text = |key| root.get(key).map(|node| node.text()).unwrap_or_default();
        // A file of this name may hold something else.
        let api = text("apiVersion");
        if !(api.is_empty() || api.starts_with("kustomize.config.k8s.io/")) {
            return None;
        }
        let lists = ["resources", "bases", "components", "generators", "transformers"];
        let items = lists.iter().filter_map(|list| root.get(list)).flat_map(|list| list.items());
        let used: Vec<String> = items
            .filter_map(|item| flux_render::join(folder, item.text()).ok())
            .filter(|path| path != folder && files.is_folder(path))
            .collect();
        Some(((text("kind") != "Component").then(|| folder.to_owned()), used))
    });
    let mut folders = BTreeSet::new();
    let mut referenced = FxHashSet::default();
    for (folder, used) in kustomizations.collect::<Vec<_>>() {
        folders.extend(folder);
        referenced.extend(used);
    }
    let roots: Vec<String> =
        folders.iter().filter(|folder| !referenced.contains(*folder)).cloned().collect();
    // Where all lead to each other in a circle, one has to be the first.
    if roots.is_empty() { folders.into_iter().take(1).collect() } else { roots }
}
