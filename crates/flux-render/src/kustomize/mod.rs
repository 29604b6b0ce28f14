//! `kustomize build`, of the version that Flux runs (sigs.k8s.io/kustomize/api v0.21.1).

mod accumulate;
mod build;
mod build_metadata;
mod chain;
mod config;
mod context;
mod fields;
mod fieldspec;
mod finish;
mod generators;
mod gvk;
mod json_patch;
mod kustomization;
mod load;
mod name_reference;
mod openapi;
mod order;
mod patches;
mod plugins;
mod read;
mod replacements;
mod resmap;
mod resource;
mod selector;
mod strategic_merge;
mod transformers;
mod vars;

pub use build::{Builder, Built, Options, Remark, RemarkKind};
pub(crate) use fields::go_integer;
pub use gvk::{Gvk, ResId};
pub use kustomization::FILE_NAMES;
pub use resource::Resource;
