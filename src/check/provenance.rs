//! Who wrote a value, told in order: the place where it first stood, and what was done to it since.

use flux_render::{Operation, Origin, Step};

use crate::{finding::Related, repo::RepositoryFiles};

/// The places that made a value what it is, the first one first.
pub(super) fn chain(origin: &Origin, files: &RepositoryFiles) -> Vec<Related> {
    let steps: Vec<&Step> = origin.steps().collect();
    let Some(first) = steps.last() else { return Vec::new() };
    let mut chain = Vec::new();
    let written = first.before.as_ref().and_then(|before| before.place);
    if let Some(location) = written.and_then(|place| files.location(place)) {
        chain.push(Related { message: "first written here".to_owned(), location });
    }
    for step in steps.iter().rev() {
        if let Some(location) = step.place.and_then(|place| files.location(place)) {
            chain.push(Related { message: told(&step.operation), location });
        }
    }
    chain
}

/// What an operation does to a value, in a few words.
fn told(operation: &Operation) -> String {
    let field = |name: &str| format!("changed by `{name}`");
    match operation {
        Operation::Patch | Operation::JsonPatch => "set by this patch".to_owned(),
        Operation::Removed(name) => format!("`{name}` is taken away by this patch"),
        Operation::Images => field("images"),
        Operation::Replicas => field("replicas"),
        Operation::Namespace => field("namespace"),
        Operation::NamePrefix => field("namePrefix"),
        Operation::NameSuffix => field("nameSuffix"),
        Operation::Labels => field("labels"),
        Operation::Annotations => field("commonAnnotations"),
        Operation::CommonMetadata => field("commonMetadata"),
        Operation::Replacement => "set by this replacement".to_owned(),
        Operation::Vars => "set by this variable of kustomize".to_owned(),
        Operation::Generator => "generated here".to_owned(),
        Operation::NameReference => "follows the name that is given here".to_owned(),
        Operation::NameHash => "a hash of the content follows the name".to_owned(),
        Operation::Variable(name) => format!("the variable {name} gets its value here"),
        Operation::Flux | Operation::Kustomize => "added here".to_owned(),
    }
}
