//! Patterns of custom resources. A schema repeats a few of them for many fields: each is compiled once,
//! those that portcullis carries when a text is first held against them, as most never are.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashMap;

/// Bytes that a compiled pattern may take.
const SIZE: usize = 1 << 20;
/// Patterns that are kept for other fields that have the same.
const KEPT: usize = 4096;

/// A pattern. Clones share what is compiled.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    text: Box<str>,
    compiled: OnceLock<Result<Regex, &'static str>>,
}

impl Pattern {
    /// One that somebody wrote: what is wrong with it is said at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let pattern = Self::packed(text);
        match pattern.compiled() {
            Ok(_) => Ok(pattern),
            Err(message) => Err(message),
        }
    }

    /// One of a schema that portcullis carries. A test compiles them all.
    pub(super) fn packed(text: &str) -> Self {
        static KNOWN: OnceLock<Mutex<FxHashMap<Box<str>, Pattern>>> = OnceLock::new();
        let known = KNOWN.get_or_init(Mutex::default);
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pattern) = known.get(text) {
            return pattern.clone();
        }
        if known.len() >= KEPT {
            known.clear();
        }
        let pattern = Self(Arc::new(Shared { text: text.into(), compiled: OnceLock::new() }));
        known.insert(text.into(), pattern.clone());
        pattern
    }

    /// Whether a text has a part that it matches.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.compiled().map_or(true, |compiled| compiled.is_match(text))
    }

    fn compiled(&self) -> Result<&Regex, &'static str> {
        self.0.compiled.get_or_init(|| compile(&self.0.text)).as_ref().map_err(|message| *message)
    }

    /// How it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.0.text
    }
}

fn compile(text: &str) -> Result<Regex, &'static str> {
    RegexBuilder::new(text).size_limit(SIZE).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large",
        _ => "the pattern can't be read",
    })
}

#[cfg(test)]
mod tests {
    use rustc_hash::FxHashSet;

    use crate::schema::{
        model::{Link, Rest, Schema},
        pack,
    };

    /// Counts the patterns of a schema, each of which compiles.
    fn patterns(schema: &Schema, seen: &mut FxHashSet<*const Schema>) -> usize {
        if !seen.insert(schema) {
            return 0;
        }
        let mut links: Vec<&Link> = schema.fields.iter().map(|field| &field.schema).collect();
        links.extend(&schema.items);
        if let Rest::Each(link) = &schema.rest {
            links.push(link);
        }
        let mut below: Vec<&Schema> = Vec::new();
        below.extend(links.into_iter().filter_map(Link::inline));
        let mut count = 0;
        if let Some(all) = &schema.restrictions {
            below.extend(all.all_of.iter().chain(&all.any_of).chain(&all.one_of));
            below.extend(&all.not);
            if let Some(pattern) = &all.pattern {
                assert!(pattern.compiled().is_ok(), "{}", pattern.as_str());
                count += 1;
            }
        }
        count + below.into_iter().map(|schema| patterns(schema, seen)).sum::<usize>()
    }

    #[test]
    fn every_pattern_that_is_carried_compiles() {
        let mut seen = FxHashSet::default();
        let mut count = 0;
        for project in pack::projects() {
            for kind in project.kinds() {
                count += patterns(project.schema(kind).unwrap(), &mut seen);
            }
        }
        assert!(count > 100, "{count}");
    }
}
