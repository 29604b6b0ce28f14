//! The folders that lead to a kustomization.

use crate::{
    error::{Error, ErrorKind},
    place::Place,
};

/// The folders that led to one, the outermost first.
#[derive(Clone, Copy)]
pub(super) struct Chain<'c> {
    pub(super) folder: &'c str,
    pub(super) outer: Option<&'c Chain<'c>>,
    pub(super) depth: usize,
}

impl Chain<'_> {
    /// Fails if the candidate is one of the folders or holds one (`errIfArgEqualOrHigher`).
    pub(super) fn admit(&self, candidate: &str, place: Option<Place>) -> Result<(), Error> {
        let mut at = Some(self);
        while let Some(link) = at {
            let holds = candidate.is_empty()
                || link.folder == candidate
                || link.folder.strip_prefix(candidate).is_some_and(|rest| rest.starts_with('/'));
            if holds {
                return Err(Error::new(
                    ErrorKind::Cycle,
                    format!(
                        "this goes in a circle: the folder {} holds {}, which leads here",
                        shown(candidate),
                        shown(link.folder)
                    ),
                )
                .at(place));
            }
            at = link.outer;
        }
        if self.depth > crate::MOST_FOLDERS {
            return Err(Error::new(
                ErrorKind::Limit,
                format!("more than {} folders lead here", crate::MOST_FOLDERS),
            )
            .at(place));
        }
        Ok(())
    }
}

pub(super) fn shown(folder: &str) -> &str {
    if folder.is_empty() { "." } else { folder }
}
