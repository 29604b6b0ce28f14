//! Selecting objects by regular expressions, labels and annotations (api/types/selector.go,
//! kyaml's labels.Parse).

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

use regex::Regex;
use smol_str::SmolStr;

use super::{gvk::Gvk, kustomization::Selector};
use crate::{error::Error, tree::Tree};

/// Longest compiled expression, in bytes: a larger one is an error, not a wait.
const MOST_BYTES: usize = 1 << 20;

/// Most expressions that are kept.
const MOST_COMPILED: usize = 1_000;

/// Compiled expressions: the overlays of a fleet have the same images and targets.
static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

/// A selector, compiled.
pub(crate) struct SelectorRegex<'s> {
    selector: &'s Selector,
    group: Option<Whole<'s>>,
    version: Option<Whole<'s>>,
    kind: Option<Whole<'s>>,
    name: Option<Whole<'s>>,
    namespace: Option<Whole<'s>>,
}

/// What a whole text must match: mostly a plain word.
enum Whole<'s> {
    Word(&'s str),
    Expression(Regex),
}

/// Writes what Go takes for plain characters so that the regex crate does, too: braces that count
/// nothing, and within a class `[`, `&` and `~` (Go's regexp/syntax has no sets of sets).
fn from_go(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let (head, tail) = rest.split_at(c.len_utf8());
        rest = tail;
        match c {
            '\\' => {
                let next = tail.chars().next().map_or(0, char::len_utf8);
                let (escaped, after) = tail.split_at(next);
                out.push('\\');
                out.push_str(escaped);
                rest = after;
                continue;
            }
            '[' if in_class && !tail.starts_with(':') => out.push('\\'),
            '&' | '~' if in_class => out.push('\\'),
            '{' if !in_class && !is_repetition(tail) => out.push('\\'),
            '[' if !in_class => {
                in_class = true;
                out.push('[');
                // A bracket that comes first is a plain one.
                let negated = rest.strip_prefix('^');
                if negated.is_some() {
                    out.push('^');
                }
                rest = negated.unwrap_or(rest);
                if let Some(after) = rest.strip_prefix(']') {
                    out.push_str("\\]");
                    rest = after;
                }
                continue;
            }
            ']' => in_class = false,
            _ => {}
        }
        out.push_str(head);
        // The end of `[:alpha:]` doesn't end the class around it.
        if c == '['
            && in_class
            && tail.starts_with(':')
            && let Some(end) = tail.find(":]")
        {
            let (named, after) = tail.split_at(end + 2);
            out.push_str(named);
            rest = after;
        }
    }
    out
}

/// Whether what follows `{` makes it a count: `2}`, `2,}` or `2,3}`.
fn is_repetition(rest: &str) -> bool {
    let Some((count, _)) = rest.split_once('}') else { return false };
    let (least, most) = count.split_once(',').unwrap_or((count, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// A regular expression of Go's syntax, which is that of the regex crate but for details.
pub(crate) fn compile(pattern: &str, place: Option<crate::place::Place>) -> Result<Regex, Error> {
    let known = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = known().get(pattern) {
        return Ok(regex.clone());
    }
    let built = regex::RegexBuilder::new(&from_go(pattern)).size_limit(MOST_BYTES).build();
    let regex = built.map_err(|error| {
        Error::invalid(format!("`{pattern}` is no regular expression: {error}")).at(place)
    })?;
    let mut known = known();
    if known.len() == MOST_COMPILED {
        known.clear();
    }
    known.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

impl<'s> SelectorRegex<'s> {
    pub(crate) fn new(selector: &'s Selector) -> Result<Self, Error> {
        let one = |text: &'s SmolStr| -> Result<Option<Whole<'s>>, Error> {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            if text.is_empty() {
                return Ok(None);
            }
            if text.bytes().all(plain) {
                return Ok(Some(Whole::Word(text)));
            }
            compile(&format!("^(?:{text})$"), selector.place).map(Whole::Expression).map(Some)
        };
        let id = &selector.id;
        Ok(Self {
            selector,
            group: one(&id.gvk.group)?,
            version: one(&id.gvk.version)?,
            kind: one(&id.gvk.kind)?,
            name: one(&id.name)?,
            namespace: one(&id.namespace)?,
        })
    }

    pub(crate) fn gvk(&self, gvk: &Gvk) -> bool {
        fits(self.group.as_ref(), &gvk.group)
            && fits(self.version.as_ref(), &gvk.version)
            && fits(self.kind.as_ref(), &gvk.kind)
    }

    pub(crate) fn name(&self, name: &str) -> bool {
        fits(self.name.as_ref(), name)
    }

    pub(crate) fn namespace(&self, namespace: &str) -> bool {
        fits(self.namespace.as_ref(), namespace)
    }

    pub(crate) fn labels(&self, tree: &Tree) -> Result<bool, Error> {
        self.by_text(&self.selector.labels, tree, "labels")
    }

    pub(crate) fn annotations(&self, tree: &Tree) -> Result<bool, Error> {
        self.by_text(&self.selector.annotations, tree, "annotations")
    }

    fn by_text(&self, text: &str, tree: &Tree, field: &str) -> Result<bool, Error> {
        let requirements = parse(text).map_err(|error| error.at(self.selector.place))?;
        let pairs = tree.meta_map(field);
        Ok(requirements.iter().all(|requirement| requirement.holds(&pairs)))
    }
}

fn fits(wanted: Option<&Whole<'_>>, text: &str) -> bool {
    match wanted {
        None => true,
        Some(Whole::Word(word)) => text == *word,
        Some(Whole::Expression(regex)) => regex.is_match(text),
    }
}

/// One requirement of a label selector's text.
#[derive(Debug, PartialEq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
    Greater(String, i64),
    Less(String, i64),
}

impl Requirement {
    fn holds(&self, pairs: &[(SmolStr, SmolStr)]) -> bool {
        let get = |key: &str| pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value);
        match self {
            Self::In(key, values) => get(key).is_some_and(|own| values.iter().any(|v| own == v)),
            Self::NotIn(key, values) => get(key).is_none_or(|own| values.iter().all(|v| own != v)),
            Self::Exists(key) => get(key).is_some(),
            Self::Missing(key) => get(key).is_none(),
            Self::Greater(key, bound) => {
                get(key).and_then(|own| own.parse::<i64>().ok()).is_some_and(|own| own > *bound)
            }
            Self::Less(key, bound) => {
                get(key).and_then(|own| own.parse::<i64>().ok()).is_some_and(|own| own < *bound)
            }
        }
    }
}

/// The tokens of a selector: words and marks.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            ' ' | '\t' | '\r' | '\n' => {
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            '(' | ')' | ',' => 1,
            '=' | '!' | '<' | '>' => {
                if rest.starts_with("==") || rest.starts_with("!=") {
                    2
                } else {
                    1
                }
            }
            _ => rest
                .find([' ', '\t', '\r', '\n', '(', ')', ',', '=', '!', '<', '>'])
                .unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(length);
        tokens.push(token);
        rest = behind;
    }
    tokens
}

/// Reads a label selector (`app=web,tier in (a,b),!old`).
fn parse(text: &str) -> Result<Vec<Requirement>, Error> {
    let wrong = || Error::invalid(format!("`{text}` is no label selector"));
    let is_word =
        |token: &str| !matches!(token, "(" | ")" | "," | "=" | "==" | "!=" | "!" | "<" | ">");
    let tokens = tokens(text);
    let mut tokens = tokens.iter().copied().peekable();
    let mut requirements = Vec::new();
    while let Some(token) = tokens.next() {
        if token == "!" {
            let key = tokens.next().filter(|key| is_word(key)).ok_or_else(wrong)?;
            check_key(key).ok_or_else(wrong)?;
            requirements.push(Requirement::Missing(key.to_owned()));
        } else if token == "," && requirements.is_empty() {
            return Err(wrong());
        } else {
            if !is_word(token) {
                return Err(wrong());
            }
            check_key(token).ok_or_else(wrong)?;
            let key = token.to_owned();
            let requirement = match tokens.peek().copied() {
                None | Some(",") => Requirement::Exists(key),
                Some(operator @ ("=" | "==" | "!=")) => {
                    tokens.next();
                    let value = tokens.next_if(|token| is_word(token)).unwrap_or_default();
                    check_value(value).ok_or_else(wrong)?;
                    let values = vec![value.to_owned()];
                    if operator == "!=" {
                        Requirement::NotIn(key, values)
                    } else {
                        Requirement::In(key, values)
                    }
                }
                Some(operator @ ("<" | ">")) => {
                    tokens.next();
                    let bound =
                        tokens.next().and_then(|value| value.parse().ok()).ok_or_else(wrong)?;
                    if operator == "<" {
                        Requirement::Less(key, bound)
                    } else {
                        Requirement::Greater(key, bound)
                    }
                }
                Some(operator @ ("in" | "notin")) => {
                    tokens.next();
                    let values = set(&mut tokens, is_word).ok_or_else(wrong)?;
                    values.iter().try_for_each(|value| check_value(value)).ok_or_else(wrong)?;
                    if operator == "in" {
                        Requirement::In(key, values)
                    } else {
                        Requirement::NotIn(key, values)
                    }
                }
                Some(_) => return Err(wrong()),
            };
            requirements.push(requirement);
        }
        match tokens.next() {
            None => break,
            Some(",") if tokens.peek().is_some_and(|next| *next == "!" || is_word(next)) => {}
            Some(_) => return Err(wrong()),
        }
    }
    Ok(requirements)
}

fn set<'t>(
    tokens: &mut std::iter::Peekable<impl Iterator<Item = &'t str>>,
    is_word: impl Fn(&str) -> bool,
) -> Option<Vec<String>> {
    tokens.next().filter(|token| *token == "(")?;
    let mut values = Vec::new();
    loop {
        match tokens.next()? {
            ")" => {
                values.push(String::new());
                break;
            }
            "," => values.push(String::new()),
            word if is_word(word) => {
                values.push(word.to_owned());
                match tokens.next()? {
                    ")" => break,
                    "," => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    Some(values)
}

/// A qualified name: at most 63 characters, perhaps behind a DNS name.
fn check_key(key: &str) -> Option<()> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let dns = |text: &str| {
        !text.is_empty()
            && text.len() <= 253
            && text.split('.').all(|label| {
                !label.is_empty()
                    && label
                        .bytes()
                        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
    };
    (prefix.is_none_or(dns) && !name.is_empty() && is_name(name)).then_some(())
}

fn check_value(value: &str) -> Option<()> {
    (value.is_empty() || is_name(value)).then_some(())
}

fn is_name(text: &str) -> bool {
    let alphanumeric = |c: &u8| c.is_ascii_alphanumeric();
    text.len() <= 63
        && text.bytes().all(|c| alphanumeric(&c) || matches!(c, b'-' | b'_' | b'.'))
        && text.as_bytes().first().is_some_and(alphanumeric)
        && text.as_bytes().last().is_some_and(alphanumeric)
}
