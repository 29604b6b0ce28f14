//! IAMPolicyGenerator: a service account of GKE (api/filters/iampolicygenerator).

use std::sync::Arc;

use super::{load, openapi::Schema, read::Record, resource::Resource, transformers::by};
use crate::{
    error::Error,
    place::{Operation, Place},
};

/// Makes the service account that a configuration asks for.
pub(crate) fn generate(
    record: &mut Record<'_, '_>,
    schema: &Arc<Schema>,
    place: Option<Place>,
) -> Result<Resource, Error> {
    let cloud = record.text("cloud")?.value;
    if cloud != "gke" {
        return Err(Error::invalid(format!("kustomize has no cloud `{cloud}`, only gke")).at(place));
    }
    let service = record.one("kubernetesService", |service| {
        Ok((service.text("name")?.value, service.text("namespace")?.value))
    })?;
    let account = record.one("serviceAccount", |account| {
        Ok((account.text("name")?.value, account.text("projectId")?.value))
    })?;
    let (name, namespace) = service.unwrap_or_default();
    let (account, project) = account.unwrap_or_default();
    let mut text = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    \
         iam.gke.io/gcp-service-account: {account}@{project}.iam.gserviceaccount.com\n  name: {name}\n"
    );
    if !namespace.is_empty() {
        text.push_str(&format!("\n  namespace: {namespace}"));
    }
    let invalid =
        || Error::invalid("the names of an IAMPolicyGenerator are no plain texts").at(place);
    let mut tree = load::plain_tree(&text).ok_or_else(invalid)?;
    tree.set_origins(&by(Operation::Generator, place, None));
    Ok(Resource::new(tree, schema))
}
