//! `images/*`: where images come from, and whether the same text means the same
//! image tomorrow.

mod digest;
mod invalid_reference;
mod mutable_tag;
mod registry;
mod source_registry;

use super::Rule;
use crate::kube::{ImagePattern, ImageReference};

/// The rules of this group, by name.
pub const RULES: &[&Rule] = &[
    &digest::RULE,
    &invalid_reference::RULE,
    &mutable_tag::RULE,
    &registry::RULE,
    &source_registry::RULE,
];

/// What to do about an image from elsewhere: the entries that would be right.
fn help_allowed(allow: &[ImagePattern]) -> String {
    if allow.is_empty() {
        return "images.allow in portcullis.yaml is empty, so no image is allowed".to_owned();
    }
    let entries: Vec<String> = allow.iter().map(ToString::to_string).collect();
    format!("images.allow has {}: pull from there, or add an entry", entries.join(", "))
}

/// How messages name a reference's registry and repository.
fn place_of(reference: &ImageReference<'_>) -> String {
    if reference.domain.is_empty() {
        return reference.path().into_owned();
    }
    format!("{}/{}", reference.domain, reference.path())
}

/// What a text with variables is known to end with, whatever their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending<'t> {
    /// No tag and no digest.
    Bare,
    /// A tag and no digest; the tag may be the end of a digest instead if it
    /// is all hexadecimal digits, which pins all the more.
    Tag(&'t str),
    /// A digest.
    Digest,
    /// It depends on a variable.
    Open,
}

impl<'t> Ending<'t> {
    /// Reads what stands behind the last variable. A `/` can be neither in a tag
    /// nor in a digest, so what follows the last one is all there is of them.
    fn of(behind: &'t str) -> Self {
        let (settled, last) = match behind.rsplit_once('/') {
            Some((_, last)) => (true, last),
            None => (false, behind),
        };
        if last.contains('@') {
            return Self::Digest;
        }
        match last.split_once(':') {
            Some((_, tag)) if !tag.is_empty() => Self::Tag(tag),
            None if settled => Self::Bare,
            _ => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ending;

    #[test]
    fn the_end_is_known_from_the_last_slash_or_colon_on() {
        for (behind, ending) in [
            ("", Ending::Open),
            ("-suffix", Ending::Open),
            (":", Ending::Open),
            (":latest", Ending::Tag("latest")),
            ("/app", Ending::Bare),
            ("/app:1.2", Ending::Tag("1.2")),
            ("/app@sha256:", Ending::Digest),
            (":1@sha256:0", Ending::Digest),
        ] {
            assert_eq!(Ending::of(behind), ending, "{behind}");
        }
    }
}
