//! One Kustomization, from its folder to the objects that Flux would apply.

use std::sync::Arc;

use super::{
    manifest::Manifest,
    objects::{self, Control, ObjectId},
    shared::Shared,
    spec::Kustomization,
    substitution::{self, SUBSTITUTE},
    typed,
    variables::{ENCRYPTED, Variables},
};
use crate::{
    error::Error,
    files::Files,
    kustomize::{Builder, Built, Options, Remark, ResId, Resource},
    place::{Origin, Place, Step},
    tree::{Kind, Tree},
    value::{self, Value},
};

/// Something that is wrong with what is rendered, though it could be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// What to tell: one line, lower case, no full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Who wrote it.
    pub origin: Origin,
    /// The object in which it is.
    pub object: Option<ObjectId>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>, origin: Origin) -> Self {
        Self { kind, message: message.into(), help: None, origin, object: None }
    }
}

/// What a problem is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A variable without a value.
    UndefinedVariable,
    /// An expression that envsubst refuses, or a text that is no YAML afterwards.
    InvalidSubstitution,
    /// `substituteFrom` names what nothing provides.
    SubstituteFromMissing,
    /// A text that is something else once variables are replaced.
    ScalarChanged,
    /// A field that Flux drops, as the kind has no such field.
    DroppedField,
    /// Flux refuses the object.
    Refused,
    /// A field whose type the API server refuses.
    Malformed,
}

/// An object that Flux would apply.
#[derive(Clone, Debug)]
pub struct Applied {
    /// Which it is.
    pub id: ObjectId,
    /// What it is, and who wrote it.
    pub manifest: Arc<Manifest>,
    /// How Flux is told to treat it.
    pub control: Control,
    /// SOPS has encrypted values of it.
    pub encrypted: bool,
}

impl Applied {
    /// An object that Flux has done nothing to.
    pub(crate) fn as_written(resource: &Resource) -> Result<Self, Error> {
        Ok(Self {
            id: ObjectId::of(resource),
            manifest: Arc::new(Manifest::new(&resource.tree)?),
            control: Control::default(),
            encrypted: resource.tree.get(resource.tree.root(), "sops").is_some(),
        })
    }

    /// The same object, whose owner is written elsewhere; the step is the one that set the owner.
    fn with_owner(&self, step: &Arc<Step>, place: Option<Place>) -> Self {
        Self { manifest: Arc::new(self.manifest.with_place_of(step, place)), ..self.clone() }
    }
}

/// What a Kustomization applies.
#[derive(Debug, Default)]
pub struct Rendering {
    /// The objects, in kustomize's order.
    pub objects: Vec<Applied>,
    /// What is wrong with them.
    pub problems: Vec<Problem>,
    /// What there is to say of the kustomization files.
    pub remarks: Vec<Remark>,
    /// Patches with a target that selected something, by their places.
    pub patched: Vec<Place>,
    /// Folders with a kustomization file that took part.
    pub folders: Vec<String>,
    /// Files that were read, by their paths.
    pub read: Vec<String>,
}

impl Rendering {
    /// Nothing at all.
    pub const EMPTY: Self = Self {
        objects: Vec::new(),
        problems: Vec::new(),
        remarks: Vec::new(),
        patched: Vec::new(),
        folders: Vec::new(),
        read: Vec::new(),
    };

    /// What a build tells, and its objects.
    fn of(built: Built) -> (Self, Vec<Arc<Resource>>) {
        let rendering = Self {
            remarks: built.remarks,
            patched: built.patched,
            folders: built.folders,
            read: built.read,
            ..Self::EMPTY
        };
        (rendering, built.objects)
    }

    /// What a build tells, without what came of it.
    pub(super) fn without_objects(&self) -> Self {
        Self {
            objects: Vec::new(),
            problems: Vec::new(),
            remarks: self.remarks.clone(),
            patched: self.patched.clone(),
            folders: self.folders.clone(),
            read: self.read.clone(),
        }
    }

    fn note(&mut self, problems: Vec<Problem>, id: &ObjectId) {
        self.problems.extend(
            problems.into_iter().map(|problem| Problem { object: Some(id.clone()), ..problem }),
        );
    }
}

/// A Kustomization to render.
#[derive(Clone, Copy)]
pub(crate) struct Job<'j> {
    pub(crate) builder: &'j Builder<'j>,
    pub(crate) spec: &'j Kustomization,
    /// Variables to replace; none if nothing is replaced.
    pub(crate) variables: Option<&'j Variables>,
    pub(crate) strict: bool,
    /// What other clusters have made already.
    pub(crate) shared: Option<&'j Shared>,
}

/// What was made of an object, as far as the same Kustomization of another cluster can use it.
#[derive(Debug)]
pub(super) struct Object {
    /// Which object it is as it was built.
    built: ResId,
    made: Made,
}

#[derive(Debug)]
enum Made {
    /// No variable stands in it: what is applied, if anything, and the step that set its owner.
    Fixed { applied: Option<(Applied, Arc<Step>)>, problems: Vec<Problem> },
    /// Variables stand in its text.
    Variable { resource: Arc<Resource>, text: substitution::Text },
    /// It depends on more.
    Own,
}

impl Object {
    /// Whether another cluster can't use it.
    pub(super) fn is_own(&self) -> bool {
        matches!(self.made, Made::Own)
    }
}

impl Job<'_> {
    /// Renders the Kustomization.
    ///
    /// # Errors
    /// Its folder can't be built.
    pub(crate) fn render(self) -> Result<Rendering, Error> {
        match self.shared {
            Some(shared) if self.spec.adds_nothing() => shared.render(self),
            _ => self.fresh(drop),
        }
    }

    /// Renders it from its folder, and hands out what was made of each object.
    pub(super) fn fresh(self, mut keep: impl FnMut(Object)) -> Result<Rendering, Error> {
        let built = self.builder.build_with(&self.spec.folder(), &self.spec.overlay)?;
        let (rendering, built) = Rendering::of(built);
        let ids: Vec<ResId> = built.iter().map(|resource| resource.id()).collect();
        let mut run = Run { job: self, ids: ids.clone(), rendering };
        for (number, (resource, built)) in built.into_iter().zip(ids).enumerate() {
            keep(Object { built, made: run.object(number, resource)? });
        }
        Ok(run.rendering)
    }

    /// Renders it from what was made of its objects for another cluster.
    pub(super) fn again(
        self,
        rendering: Rendering,
        objects: &[Object],
    ) -> Result<Rendering, Error> {
        let ids = objects.iter().map(|object| object.built.clone()).collect();
        let mut run = Run { job: self, ids, rendering };
        for (number, object) in objects.iter().enumerate() {
            match &object.made {
                Made::Fixed { applied, problems } => {
                    run.rendering.problems.extend_from_slice(problems);
                    let place = self.spec.origin.place;
                    let applied = applied.as_ref();
                    let own = applied.map(|(applied, step)| applied.with_owner(step, place));
                    run.rendering.objects.extend(own);
                }
                Made::Variable { resource, text } => {
                    run.substituted(number, resource, text, false, Vec::new())?;
                }
                // Such folders aren't kept.
                Made::Own => {}
            }
        }
        Ok(run.rendering)
    }
}

/// A Kustomization while it is rendered.
struct Run<'j> {
    job: Job<'j>,
    /// Of all its objects, those to come as they were built.
    ids: Vec<ResId>,
    rendering: Rendering,
}

impl Run<'_> {
    fn object(&mut self, number: usize, mut resource: Arc<Resource>) -> Result<Made, Error> {
        let mut problems = Vec::new();
        let encrypted = is_encrypted(&resource.tree);
        if encrypted {
            let mut own = Arc::unwrap_or_clone(resource);
            decrypt(&mut own, self.job.spec, &mut problems);
            resource = Arc::new(own);
        }
        let may_vary = !is_kept(&resource) && substitution::may_have_variables(&resource.tree);
        if self.job.variables.is_some()
            && may_vary
            && let Some(text) = substitution::Text::with_variables(&resource.tree)?
        {
            self.substituted(number, &resource, &text, encrypted, problems)?;
            return Ok(if encrypted { Made::Own } else { Made::Variable { resource, text } });
        }
        let mut resource = Arc::unwrap_or_clone(resource);
        if resource.tree.shares_nodes() {
            // What kustomize shares between places is apart once it is written out.
            resource.tree = resource.tree.extract(resource.tree.root());
        }
        let id = ObjectId::of(&resource);
        let known = self.rendering.problems.len();
        let step = self.finish(&id, resource, encrypted, problems)?;
        if encrypted || may_vary || self.job.shared.is_none() {
            return Ok(Made::Own);
        }
        let problems = self.rendering.problems.get(known..).unwrap_or_default().to_vec();
        let applied = step.and_then(|step| Some((self.rendering.objects.last()?.clone(), step)));
        Ok(Made::Fixed { applied, problems })
    }

    /// Replaces the variables in an object.
    fn substituted(
        &mut self,
        number: usize,
        built: &Arc<Resource>,
        text: &substitution::Text,
        encrypted: bool,
        mut problems: Vec<Problem>,
    ) -> Result<(), Error> {
        let id = ObjectId::of(built);
        let Job { builder, variables, strict, .. } = self.job;
        let replace = |variables| {
            let files: &dyn Files = builder.files();
            let tree = &built.tree;
            substitution::substitute_object(files, tree, text, variables, strict, &mut problems)
        };
        let Some(tree) = variables.map(replace).transpose()?.flatten() else {
            let as_built = built.with_tree(built.tree.extract(built.tree.root()));
            return self.finish(&id, as_built, encrypted, problems).map(drop);
        };
        let resource = built.with_tree(tree);
        let own = resource.id();
        if let Some(slot) = self.ids.get_mut(number) {
            *slot = own.clone();
        }
        if self.ids.iter().filter(|id| id.equals(&own)).count() > 1 {
            problems.push(Problem::new(
                ProblemKind::InvalidSubstitution,
                format!(
                    "with its variables replaced, {id} becomes another object of this Kustomization"
                ),
                resource.origin_of(&["metadata", "name"]),
            ));
        }
        self.finish(&id, resource, encrypted, problems).map(drop)
    }

    /// Does what comes behind the variables. The step that set the owner; none if the object isn't
    /// applied.
    fn finish(
        &mut self,
        id: &ObjectId,
        mut resource: Resource,
        encrypted: bool,
        mut problems: Vec<Problem>,
    ) -> Result<Option<Arc<Step>>, Error> {
        let Job { spec, shared, .. } = self.job;
        if let Some(what) = missing_head(&resource.tree) {
            // As it was built, it had all of them.
            problems.push(Problem::new(
                ProblemKind::ScalarChanged,
                format!(
                    "with its variables replaced, {what} of {id} is no text: Flux drops the object \
                     without a word"
                ),
                resource.origin_of(&["metadata", "name"]),
            ));
        }
        if missing_head(&resource.tree).is_some() || is_kustomization_file(&resource.tree) {
            resource.expect_writable()?;
            self.rendering.note(problems, id);
            return Ok(None);
        }
        let step = objects::label(&mut resource, spec)?;
        typed::normalize(&mut resource, &mut problems)?;
        self.rendering.note(problems, id);
        objects::add_common_metadata(&mut resource, spec)?;
        let control = Control::of(&resource);
        let id = ObjectId::of(&resource);
        let manifest = match shared {
            Some(shared) => shared.manifest(&id, resource.tree)?,
            None => Manifest::new(&resource.tree)?,
        };
        let manifest = Arc::new(manifest);
        self.rendering.objects.push(Applied { id, manifest, control, encrypted });
        Ok(Some(step))
    }
}

/// Renders a folder that no Kustomization of Flux applies: what `kustomize build` makes of it.
///
/// # Errors
/// The folder can't be built.
pub fn render_folder(builder: &Builder<'_>, folder: &str) -> Result<Rendering, Error> {
    let built = builder.build(folder, Options::default())?;
    let (mut rendering, built) = Rendering::of(built);
    for resource in &built {
        if is_kustomization_file(&resource.tree) {
            continue;
        }
        rendering.objects.push(Applied::as_written(resource)?);
    }
    Ok(rendering)
}

/// Whether the object asks to be left out of substitution.
fn is_kept(resource: &Resource) -> bool {
    ["labels", "annotations"].iter().any(|field| {
        let map = resource.tree.meta_map(field);
        map.iter().any(|(key, value)| key == SUBSTITUTE && value == "disabled")
    })
}

/// What an object lacks, or has not as a text, without which it is none (`ssa/utils.ReadObjects`).
fn missing_head(tree: &Tree) -> Option<&'static str> {
    let is_text = |path: &[&str]| {
        tree.at(path).is_some_and(|id| {
            let node = tree.node(id);
            node.kind == Kind::Scalar
                && matches!(value::scalar(node), Ok(Value::String(text)) if !text.is_empty())
        })
    };
    let heads: [(&[&str], _); 3] = [
        (&["apiVersion"], "apiVersion"),
        (&["kind"], "kind"),
        (&["metadata", "name"], "metadata.name"),
    ];
    heads.iter().find(|(path, _)| !is_text(path)).map(|(_, what)| *what)
}

/// kustomize's own files are no objects (`ssa/utils.IsKustomization`).
fn is_kustomization_file(tree: &Tree) -> bool {
    tree.top("kind").eq_ignore_ascii_case("Kustomization")
        && tree.top("apiVersion").starts_with("kustomize.config.k8s.io/")
}

/// Whether SOPS has encrypted something in the object.
fn is_encrypted(tree: &Tree) -> bool {
    tree.get(tree.root(), "sops").is_some() || is_secret(tree) && holds_encrypted(tree)
}

fn is_secret(tree: &Tree) -> bool {
    tree.top("kind") == "Secret" && tree.top("apiVersion") == "v1"
}

/// An object that SOPS has encrypted. Where Flux decrypts it, what SOPS wrote about itself goes; the
/// values stay as they are, as nobody here can read them.
fn decrypt(object: &mut Resource, spec: &Kustomization, problems: &mut Vec<Problem>) {
    let root = object.tree.root();
    let sops = object.tree.get(root, "sops");
    let left_alone = object
        .tree
        .annotation("kustomize.toolkit.fluxcd.io/decrypt")
        .is_some_and(|value| value.eq_ignore_ascii_case("disabled"));
    if spec.decrypts && !left_alone {
        if sops.is_some() {
            // The root is a mapping, or it would have no such key.
            let _ = object.tree.clear(root, "sops");
        }
    } else if is_secret(&object.tree) && sops.is_some() && !left_alone {
        let origin = object.origin_of(&["metadata", "name"]);
        problems.push(Problem {
            help: Some("set `decryption: {provider: sops}` in the Kustomization's spec".to_owned()),
            ..Problem::new(
                ProblemKind::Refused,
                "the Secret is encrypted with SOPS, and the Kustomization doesn't decrypt: Flux \
                 refuses it",
                origin,
            )
        });
    }
}

fn holds_encrypted(tree: &Tree) -> bool {
    ["data", "stringData"].iter().any(|field| {
        tree.at(&[field]).is_some_and(|data| {
            tree.entries(data).any(|(_, value)| {
                tree.node(value).kind == Kind::Scalar && tree.text(value).starts_with(ENCRYPTED)
            })
        })
    })
}
