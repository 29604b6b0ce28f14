//! Patterns of custom resources. A schema repeats a few of them for many fields: each is compiled once,
//! those that portcullis carries when a text is first held against them, as most never are.
//!
//! Compiling takes far longer than matching the few texts that most patterns meet. What is quick to
//! compile matches the first, and only a pattern that meets many is compiled for speed.

use std::sync::{
    Arc, Mutex, OnceLock, PoisonError,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use regex::{Regex, RegexBuilder};
use regex_automata::{
    nfa::thompson::{self, WhichCaptures, backtrack::BoundedBacktracker},
    util::syntax,
};
use rustc_hash::FxHashMap;

/// Bytes that a compiled pattern may take.
const SIZE: usize = 1 << 20;
/// Patterns that are kept for other fields that have the same.
const KEPT: usize = 4096;
/// Texts that are matched before a pattern is compiled for speed.
const FEW: u32 = 200;

/// A pattern. Clones share what is compiled.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    text: Box<str>,
    /// How many texts it has met.
    met: AtomicU32,
    /// For ASCII alone, if it can be written so; nearly all can.
    quick: OnceLock<Option<BoundedBacktracker>>,
    compiled: OnceLock<Result<Regex, &'static str>>,
}

impl Pattern {
    /// One that somebody wrote: what is wrong with it is said at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(text: &str) -> Result<Self, &'static str> {
        let pattern = Self::packed(text);
        if !pattern.is_sure() {
            pattern.compiled()?;
        }
        Ok(pattern)
    }

    /// Whether it surely compiles, as Unicode makes it no more than a few times larger than what is
    /// quick to compile.
    fn is_sure(&self) -> bool {
        says_only_ascii(&self.0.text)
            && self.quick().is_some_and(|quick| quick.get_nfa().memory_usage() < SIZE / 64)
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
        let pattern = Self(Arc::new(Shared {
            text: text.into(),
            met: AtomicU32::new(0),
            quick: OnceLock::new(),
            compiled: OnceLock::new(),
        }));
        known.insert(text.into(), pattern.clone());
        pattern
    }

    /// Whether a text has a part that it matches.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let is_compiled = self.0.compiled.get().is_some();
        if !is_compiled && self.0.met.fetch_add(1, Relaxed) < FEW && text.is_ascii() {
            let is_match = |quick: &BoundedBacktracker| {
                quick.try_is_match(&mut quick.create_cache(), text).ok()
            };
            // A text may be too long for it.
            if let Some(is_match) = self.quick().and_then(is_match) {
                return is_match;
            }
        }
        self.compiled().map_or(true, |compiled| compiled.is_match(text))
    }

    fn quick(&self) -> Option<&BoundedBacktracker> {
        self.0.quick.get_or_init(|| quick(&self.0.text)).as_ref()
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

/// Of ASCII, bytes are all that there is to match: without Unicode a pattern says the same of it, and is
/// a fraction of the size.
fn quick(text: &str) -> Option<BoundedBacktracker> {
    let size = thompson::Config::new().nfa_size_limit(Some(SIZE));
    BoundedBacktracker::builder()
        .syntax(syntax::Config::new().unicode(false).utf8(false))
        .thompson(size.utf8(false).which_captures(WhichCaptures::None))
        .build(text)
        .ok()
}

/// Whether a pattern names no classes or characters of Unicode, and sets no flags.
fn says_only_ascii(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_plain = match byte {
            b'\\' => bytes.next().is_some_and(|next| next.is_ascii_punctuation()),
            _ => byte.is_ascii(),
        };
        if !is_plain {
            return false;
        }
    }
    !text.replace("(?:", "(").contains("(?")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rustc_hash::FxHashSet;

    use super::{FEW, Pattern, compile, quick};
    use crate::schema::{
        model::{Link, Rest, Schema},
        pack,
    };

    /// Collects the patterns of a schema.
    fn patterns<'s>(
        schema: &'s Schema,
        seen: &mut FxHashSet<*const Schema>,
        all: &mut BTreeSet<&'s str>,
    ) {
        if !seen.insert(schema) {
            return;
        }
        let mut links: Vec<&Link> = schema.fields.iter().map(|field| &field.schema).collect();
        links.extend(&schema.items);
        if let Rest::Each(link) = &schema.rest {
            links.push(link);
        }
        let mut below: Vec<&Schema> = links.into_iter().filter_map(Link::inline).collect();
        if let Some(restrictions) = &schema.restrictions {
            let it = restrictions;
            below.extend(it.all_of.iter().chain(&it.any_of).chain(&it.one_of).chain(&it.not));
            all.extend(it.pattern.as_ref().map(Pattern::as_str));
        }
        for schema in below {
            patterns(schema, seen, all);
        }
    }

    #[test]
    fn every_pattern_that_is_carried_compiles() {
        let mut seen = FxHashSet::default();
        let mut all = BTreeSet::new();
        for project in pack::projects() {
            for kind in project.kinds() {
                patterns(project.schema(kind).unwrap(), &mut seen, &mut all);
            }
        }
        assert!(all.len() > 100, "{}", all.len());
        let mut without = Vec::new();
        let (mut matched, mut count) = (0, 0);
        let mut rng = fastrand::Rng::with_seed(7);
        for text in &all {
            let compiled = compile(text).unwrap();
            let Some(quick) = quick(text) else {
                without.push(*text);
                continue;
            };
            for text in texts(text, &mut rng) {
                let is_match = quick.try_is_match(&mut quick.create_cache(), &text).unwrap();
                assert_eq!(is_match, compiled.is_match(&text), "{compiled} of {text:?}");
                matched += usize::from(is_match);
                count += 1;
            }
        }
        assert_eq!(without, [r"^\PC*$"]);
        assert!(matched * 10 > count && matched * 10 < count * 9, "{matched} of {count}");
    }

    /// Texts that a pattern may match: parts of known ones, and of itself.
    fn texts(pattern: &str, rng: &mut fastrand::Rng) -> Vec<String> {
        const KNOWN: &[&str] = &[
            "",
            "a",
            "0",
            "10m",
            "1h30m",
            "web",
            "a-b",
            "example.com",
            "*.example.com",
            "10.0.0.1",
            "10.0.0.0/8",
            "fd00::1",
            "fd00::/48",
            "https://example.com/a?b#c",
            "oci://a/b",
            "100Mi",
            "1.5",
            "Ready",
            "cert-manager.io/name",
            "2026-01-31T12:00:00Z",
            "a_b",
            "a b",
            "\t",
            "\n",
            "sha256:0123456789abcdef",
            "00000000-0000-0000-0000-000000000000",
            "@a/b",
            "\u{b}",
            "A",
        ];
        let mut all: Vec<String> = KNOWN.iter().map(|text| (*text).to_owned()).collect();
        let chars: Vec<char> =
            pattern.chars().filter(char::is_ascii).chain("a0.".chars()).collect();
        for _ in 0..200 {
            let mut text = rng.choice(KNOWN).unwrap().to_string();
            for _ in 0..rng.usize(..4) {
                let at = rng.usize(..=text.len());
                text.insert(at, *rng.choice(&chars).unwrap());
            }
            all.push(text);
        }
        all
    }

    #[test]
    fn what_is_sure_compiles() {
        let mut seen = FxHashSet::default();
        let mut all = BTreeSet::new();
        for project in pack::projects() {
            for kind in project.kinds() {
                patterns(project.schema(kind).unwrap(), &mut seen, &mut all);
            }
        }
        let mut rng = fastrand::Rng::with_seed(7);
        let all: Vec<&str> = all.into_iter().collect();
        let parts =
            [".", "[^a]", "{9}", "{900}", "(", ")", "*", "[", "]", "|", "(?:", "\\", "\\w", "é"];
        let (mut sure, mut broken) = (0, 0);
        for _ in 0..2000 {
            let mut text = (*rng.choice(&all).unwrap()).to_owned();
            for _ in 0..rng.usize(..4) {
                let at = rng.usize(..=text.len());
                if text.is_char_boundary(at) {
                    text.insert_str(at, rng.choice(&parts).unwrap());
                }
            }
            let compiled = compile(&text);
            let is_sure = Pattern::packed(&text).is_sure();
            assert!(!is_sure || compiled.is_ok(), "{text}");
            assert_eq!(Pattern::read(&text).err(), compiled.err(), "{text}");
            sure += usize::from(is_sure);
            broken += usize::from(Pattern::read(&text).is_err());
        }
        assert!(sure > 300 && broken > 300, "{sure} {broken}");
        // As large as a sure one gets.
        for part in [".", "[^a-z]", "a", "(a|b)", "(.)", "[^!-~]?"] {
            let sure = |count: &usize| Pattern::packed(&format!("{part}{{{count}}}")).is_sure();
            let most = (1..2000).take_while(sure).last().unwrap();
            assert!(most > 20, "{part}: {most}");
            compile(&format!("{part}{{{most}}}")).unwrap();
        }
    }

    #[test]
    fn many_texts_and_others_than_ascii_are_matched_too() {
        let pattern = Pattern::packed("^a.c{1,2}$|many texts");
        for _ in 0..FEW * 2 {
            assert!(pattern.is_match("abc") && pattern.is_match("a\u{e9}cc"));
            assert!(!pattern.is_match("a\u{e9}\u{e9}c") && !pattern.is_match("ab"));
        }
        assert!(pattern.0.compiled.get().is_some());
        let long = "b".repeat(10_000_000);
        assert!(!Pattern::packed("^a|too long").is_match(&long));
    }
}
