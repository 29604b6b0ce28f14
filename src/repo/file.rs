//! A file that was read, and its tree; or an object that was rendered, which points at the files
//! that it is made of.

use std::sync::Arc;

use flux_render::{Origin, flux::Manifest};
use spanned_yaml::{Span, Tree};

use super::RepositoryFiles;
use crate::finding::Location;

/// A file of the repository, parsed; or an object that was rendered.
#[derive(Debug)]
pub struct File {
    /// Path relative to the repository's root, with `/`; of a rendered object, that of the file
    /// that names it.
    pub path: Arc<str>,
    /// Its documents.
    pub tree: Arc<Tree>,
    rendered: Option<Rendered>,
}

/// Where a rendered object comes from.
#[derive(Debug)]
struct Rendered {
    manifest: Arc<Manifest>,
    files: Arc<RepositoryFiles>,
}

impl File {
    /// A file from its tree.
    pub fn new(path: impl Into<Arc<str>>, tree: impl Into<Arc<Tree>>) -> Self {
        Self { path: path.into(), tree: tree.into(), rendered: None }
    }

    /// A rendered object, as if it stood in a file of its own.
    pub fn rendered(manifest: Arc<Manifest>, files: Arc<RepositoryFiles>) -> Self {
        let tree = Arc::clone(manifest.tree());
        let name = tree.root(0).and_then(|root| root.get("metadata")?.get("name"));
        let named = name.and_then(|name| manifest.origin(name.span().start));
        let origins = manifest.pieces().iter().map(|piece| &piece.origin);
        let place = named.into_iter().chain(origins).find_map(|origin| origin.place);
        let path = place.and_then(|place| files.path(place.file)).unwrap_or_else(|| "".into());
        Self { path, tree, rendered: Some(Rendered { manifest, files }) }
    }

    /// Its text.
    pub fn source(&self) -> &str {
        self.tree.source()
    }

    /// Turns a span into lines and columns; in a rendered object, those of the place where what
    /// stands there is written.
    pub fn location(&self, span: Span) -> Location {
        if let Some(rendered) = &self.rendered {
            return rendered.location(span, &self.path);
        }
        Location::of(self.path.clone(), &self.tree, span)
    }

    /// Who wrote what stands here in a rendered object; none for a file.
    pub fn origin(&self, span: Span) -> Option<&Origin> {
        self.rendered.as_ref()?.manifest.origin(span.start)
    }

    /// The rendered object and the files that it is made of; none for a file.
    pub fn manifest(&self) -> Option<(&Manifest, &RepositoryFiles)> {
        self.rendered.as_ref().map(|rendered| (&*rendered.manifest, &*rendered.files))
    }
}

impl Rendered {
    /// Where the first piece of a span is written. What nobody wrote stands at what is next to it:
    /// kustomize and Flux add to what somebody wrote.
    fn location(&self, span: Span, path: &Arc<str>) -> Location {
        let pieces = self.manifest.pieces();
        let first = pieces.partition_point(|piece| piece.end <= span.start);
        let (before, from) = pieces.split_at(first.min(pieces.len()));
        let within = from.iter().take_while(|piece| piece.start < span.end.max(span.start + 1));
        let near = before.iter().rev().chain(from);
        let mut candidates = within.chain(near).filter_map(|piece| piece.origin.place);
        candidates
            .find_map(|place| self.files.location(place))
            .unwrap_or_else(|| Location::file(path.clone()))
    }
}
