//! One Kustomization, from its folder to the objects that Flux would apply.

use std::sync::Arc;

use super::{
    manifest::Manifest,
    objects::{self, Control, ObjectId},
    spec::Kustomization,
    substitution::{self, SUBSTITUTE},
    typed,
    variables::{ENCRYPTED, Variables},
};
use crate::{
    error::Error,
    files::Files,
    kustomize::{Builder, Built, Options, Remark, Resource},
    place::{Origin, Place},
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
#[derive(Debug)]
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

    fn note(&mut self, problems: Vec<Problem>, id: &ObjectId) {
        self.problems.extend(
            problems.into_iter().map(|problem| Problem { object: Some(id.clone()), ..problem }),
        );
    }
}

/// Renders a Kustomization.
///
/// # Errors
/// Its folder can't be built.
pub(crate) fn render_one(
    builder: &Builder<'_>,
    spec: &Kustomization,
    variables: Option<&Variables>,
    strict: bool,
) -> Result<Rendering, Error> {
    let built = builder.build_with(&spec.folder(), &spec.overlay)?;
    let (mut rendering, built) = Rendering::of(built);
    let mut ids: Vec<_> = built.iter().map(|resource| resource.id()).collect();
    for (number, built) in built.into_iter().enumerate() {
        let mut problems = Vec::new();
        let mut resource = Arc::unwrap_or_clone(built);
        let id = ObjectId::of(&resource);
        let encrypted = is_encrypted(&resource.tree);
        if encrypted {
            decrypt(&mut resource, spec, &mut problems);
        }
        let mut substituted = None;
        if let Some(variables) = variables
            && !is_kept(&resource)
        {
            let files: &dyn Files = builder.files();
            substituted = substitution::substitute_object(
                files,
                &resource.tree,
                variables,
                strict,
                &mut problems,
            )?;
        }
        let is_substituted = substituted.is_some();
        if let Some(tree) = substituted {
            resource.tree = tree;
        } else if resource.tree.shares_nodes() {
            // What kustomize shares between places is apart once it is written out.
            resource.tree = resource.tree.extract(resource.tree.root());
        }
        if is_substituted {
            let own = resource.id();
            if let Some(slot) = ids.get_mut(number) {
                *slot = own.clone();
            }
            if ids.iter().filter(|id| id.equals(&own)).count() > 1 {
                problems.push(Problem::new(
                    ProblemKind::InvalidSubstitution,
                    format!(
                        "with its variables replaced, {id} becomes another object of this \
                         Kustomization"
                    ),
                    resource.origin_of(&["metadata", "name"]),
                ));
            }
        }
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
            rendering.note(problems, &id);
            continue;
        }
        objects::label(&mut resource, spec)?;
        typed::normalize(&mut resource, &mut problems)?;
        rendering.note(problems, &id);
        objects::add_common_metadata(&mut resource, spec)?;
        let control = Control::of(&resource);
        rendering.objects.push(Applied {
            id: ObjectId::of(&resource),
            manifest: Arc::new(Manifest::new(&resource.tree)?),
            control,
            encrypted,
        });
    }
    Ok(rendering)
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
