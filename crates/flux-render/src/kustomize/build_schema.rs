//! The OpenAPI schema of a build, which `openapi` sets.

use std::sync::{Arc, MutexGuard, PoisonError};

use super::{
    accumulate::Run, context::Context, kustomization::Kustomization, openapi::Schema,
    resource::Resource,
};
use crate::error::Error;

/// The schema of a build. The first `openapi` that is come across sets it for all that follows,
/// whichever folder it is in (kyaml keeps it for the whole process).
#[derive(Default)]
pub(super) struct OpenApi {
    pub(super) custom: Option<Arc<Schema>>,
    /// The built-in schema has been asked for something, and so stays beside one that is set later.
    pub(super) asked: bool,
}

impl Run<'_, '_> {
    pub(super) fn state(&self) -> MutexGuard<'_, OpenApi> {
        self.openapi.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn schema(self) -> Arc<Schema> {
        let state = self.state();
        state.custom.clone().unwrap_or_else(Schema::built_in)
    }

    pub(super) fn has_own_schema(self) -> bool {
        self.state().custom.is_some()
    }

    /// Notes that the built-in schema was asked about an object that its list of scopes lacks.
    pub(super) fn ask_schema(self, objects: &[Resource]) {
        let asked = objects.iter().any(|object| {
            !Schema::built_in().knows_scope(object.tree.top("apiVersion"), object.kind())
        });
        let mut state = self.state();
        state.asked |= asked;
    }

    pub(super) fn set_schema(
        self,
        kustomization: &Kustomization,
        folder: &str,
    ) -> Result<(), Error> {
        if let Some(schema) = self.schema_of(kustomization, folder)? {
            let mut state = self.state();
            let asked = state.asked;
            let own = !Arc::ptr_eq(&schema, &Schema::built_in());
            state.custom.get_or_insert_with(|| {
                if asked && own { Arc::new(schema.over_built_in()) } else { schema }
            });
        }
        Ok(())
    }

    /// The schema that `openapi` asks for.
    fn schema_of(
        self,
        kustomization: &Kustomization,
        folder: &str,
    ) -> Result<Option<Arc<Schema>>, Error> {
        let get = |key: &str| {
            kustomization.openapi.iter().find(|(known, _)| known == key).map(|(_, text)| text)
        };
        let version = get("version");
        if let Some(path) = get("path") {
            if let Some(version) = version {
                return Err(
                    Error::invalid("`openapi` has both `version` and `path`").at(version.place)
                );
            }
            let built_in = Schema::built_in();
            let context =
                Context { files: self.builder.files, schema: &built_in, folder, log: self.log };
            let schema = context.read(path, |_, root| Schema::of_swagger(root))?;
            return Ok(schema.map(Arc::new));
        }
        match version {
            Some(text) if text.value == "v1.21.2" => Ok(Some(Schema::built_in())),
            Some(text) if text.value.is_empty() => Ok(None),
            Some(text) => Err(Error::invalid(format!(
                "kustomize has no OpenAPI version {} built in: it has v1.21.2",
                text.value
            ))
            .at(text.place)),
            None => Ok(None),
        }
    }
}
