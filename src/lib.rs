//! portcullis: a linter and policy gate for Flux GitOps repositories.
