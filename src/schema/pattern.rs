//! Patterns of custom resources: those that portcullis carries are compiled when a text is first held
//! against them, as most never are.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

/// Bytes that a compiled pattern may take.
const SIZE: usize = 1 << 20;

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Box<str>,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// One that somebody wrote: what is wrong with it is said at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let compiled = compile(text).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the pattern is too large",
            _ => "the pattern can't be read",
        })?;
        Ok(Self { text: text.into(), compiled: OnceLock::from(Some(compiled)) })
    }

    /// One of a schema that portcullis carries. A test compiles them all.
    pub(super) fn packed(text: &str) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    /// Whether a text has a part that it matches.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.compiled().is_none_or(|compiled| compiled.is_match(text))
    }

    fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }

    /// How it is written.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).size_limit(SIZE).build()
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
        for link in links {
            match link {
                Link::Inline(schema) => below.push(schema),
                Link::Shared(schema) => below.push(schema),
                Link::Definition(_) => {}
            }
        }
        let mut count = 0;
        if let Some(all) = &schema.restrictions {
            below.extend(all.all_of.iter().chain(&all.any_of).chain(&all.one_of));
            below.extend(&all.not);
            if let Some(pattern) = &all.pattern {
                assert!(pattern.compiled().is_some(), "{}", pattern.as_str());
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
