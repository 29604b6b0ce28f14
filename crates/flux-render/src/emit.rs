//! Writes objects as `kustomize build` does: keys sorted, in the style of go-yaml v2
//! (its encode.go, sorter.go and emitterc.go), which folds long lines at 80 columns.

use std::{cmp::Ordering, sync::Arc};

use spanned_yaml::{Composer, Dialect, Scalar, Span, Style};

use crate::{
    error::Error,
    tree::{Id, Kind, Tag, Tree},
    value::{self, Value},
};

/// Where a scalar stands in the text that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// First byte.
    pub start: u32,
    /// Byte behind the last.
    pub end: u32,
    /// The scalar, or the collection that is empty.
    pub id: Id,
}

/// Columns behind which go-yaml breaks a line at the next space.
const WIDTH: usize = 80;
/// Longest key that may stand on the line of its value, in bytes.
const SIMPLE_KEY: usize = 128;

/// Writes a tree as one YAML document, without `---`.
///
/// # Errors
/// A value that JSON can't hold, a key that isn't a string, or a key that is there twice.
pub fn yaml(tree: &Tree) -> Result<(String, Vec<Written>), Error> {
    let mut emitter = Emitter::new(tree, true);
    emitter.document()?;
    Ok((emitter.out, emitter.written))
}

/// As [`yaml`], with the text as [`spanned_yaml::parse`] reads it: most objects need no parse.
///
/// # Errors
/// As [`yaml`].
pub(crate) fn parsed(tree: &Tree) -> Result<(spanned_yaml::Tree, Vec<Written>), Error> {
    let mut emitter = Emitter::new(tree, true);
    emitter.composer = Some(Composer::new(tree.len()));
    emitter.document()?;
    let text: Arc<str> = emitter.out.into();
    let composed = emitter.composer.and_then(|composer| composer.finish(Arc::clone(&text)));
    Ok((composed.unwrap_or_else(|| spanned_yaml::parse(text)), emitter.written))
}

/// What stands before a node.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    Root,
    Key,
    Item,
}

struct Emitter<'t> {
    tree: &'t Tree,
    out: String,
    /// Characters in the current line.
    column: usize,
    written: Vec<Written>,
    /// Keys go in go-yaml's order, not in their own.
    sorted: bool,
    /// The tree of what is written, where one is asked for.
    composer: Option<Composer>,
}

impl<'t> Emitter<'t> {
    fn new(tree: &'t Tree, sorted: bool) -> Self {
        let (out, written) = (String::new(), Vec::with_capacity(tree.len()));
        Self { tree, out, column: 0, written, sorted, composer: None }
    }
}

impl Emitter<'_> {
    fn document(&mut self) -> Result<(), Error> {
        self.node(self.tree.root(), 0, Position::Root)?;
        if !self.out.ends_with('\n') {
            self.break_line();
        }
        Ok(())
    }

    fn node(&mut self, id: Id, indent: usize, position: Position) -> Result<(), Error> {
        let node = self.tree.node(id);
        match node.kind {
            Kind::Mapping => self.mapping(id, indent, position),
            Kind::Sequence => self.sequence(id, indent, position),
            Kind::Scalar => {
                let is_word =
                    matches!(node.tag, Tag::None | Tag::Str) && value::is_word(&node.text);
                let value = if is_word { None } else { Some(value::scalar(node)?) };
                if position != Position::Root {
                    self.put(" ");
                }
                let start = self.out.len();
                match value {
                    None => self.word(&node.text),
                    Some(value) => self.value(&value, indent + 2),
                }
                self.note(start, id);
                Ok(())
            }
        }
    }

    fn empty(&mut self, id: Id, text: &str, position: Position) {
        if position != Position::Root {
            self.put(" ");
        }
        let start = self.out.len();
        self.put(text);
        self.note(start, id);
    }

    fn mapping(&mut self, id: Id, indent: usize, position: Position) -> Result<(), Error> {
        let entries = if self.sorted {
            sorted_entries(self.tree, id)?
        } else {
            self.tree.entries(id).collect()
        };
        if entries.is_empty() {
            self.empty(id, "{}", position);
            return Ok(());
        }
        for (number, (key, value)) in entries.into_iter().enumerate() {
            match (number, position) {
                (0, Position::Root) => {}
                (0, Position::Item) => self.put(" "),
                _ => self.line(indent),
            }
            if number == 0 {
                self.open(spanned_yaml::Kind::Mapping);
            }
            let text = self.tree.text(key);
            if text.len() <= SIMPLE_KEY && !text.contains(is_break) {
                let start = self.out.len();
                self.string(text, indent + 2, true);
                self.note(start, key);
                self.put(":");
            } else {
                self.composer.iter_mut().for_each(Composer::refuse);
                self.put("? ");
                let start = self.out.len();
                self.string(text, indent + 2, false);
                self.note(start, key);
                self.line(indent);
                self.put(":");
            }
            let below = match self.tree.node(value).kind {
                Kind::Mapping => indent + 2,
                Kind::Sequence | Kind::Scalar => indent,
            };
            self.node(value, below, Position::Key)?;
        }
        self.composer.iter_mut().for_each(Composer::close);
        Ok(())
    }

    fn sequence(&mut self, id: Id, indent: usize, position: Position) -> Result<(), Error> {
        let items = self.tree.items(id);
        if items.is_empty() {
            self.empty(id, "[]", position);
            return Ok(());
        }
        for (number, item) in items.iter().enumerate() {
            match (number, position) {
                (0, Position::Root) => {}
                (0, Position::Item) => self.put(" "),
                _ => self.line(indent),
            }
            if number == 0 {
                self.open(spanned_yaml::Kind::Sequence);
            }
            self.put("-");
            let below = match self.tree.node(*item).kind {
                Kind::Mapping | Kind::Sequence => indent + 2,
                Kind::Scalar => indent,
            };
            self.node(*item, below, Position::Item)?;
        }
        self.composer.iter_mut().for_each(Composer::close);
        Ok(())
    }

    fn value(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.put("null"),
            Value::Bool(value) => self.put(if *value { "true" } else { "false" }),
            Value::Int(value) => self.put(&value.to_string()),
            Value::UInt(value) => self.put(&value.to_string()),
            Value::Float(value) => self.put(&float_text(*value)),
            Value::String(text) => self.string(text, indent, false),
        }
    }

    /// A string in the style that go-yaml v2 chooses.
    fn string(&mut self, text: &str, indent: usize, key: bool) {
        if value::is_word(text) {
            return self.word(text);
        }
        let shape = Shape::of(text);
        if text.contains('\n') {
            if shape.block_allowed && !key {
                self.literal(text, indent);
            } else {
                self.double_quoted(text, indent, !key);
            }
        } else if is_plain_string(text) {
            if shape.plain_allowed && !(key && text.is_empty()) {
                self.plain(text, indent, !key);
            } else if shape.single_quoted_allowed {
                self.single_quoted(text, indent, !key);
            } else {
                self.double_quoted(text, indent, !key);
            }
        } else {
            self.double_quoted(text, indent, !key);
        }
    }

    fn word(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    fn plain(&mut self, text: &str, indent: usize, may_break: bool) {
        let mut spaces = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if character != ' ' {
                self.put_char(character);
                spaces = false;
                continue;
            }
            let fold = may_break
                && !spaces
                && self.column > WIDTH
                && characters.peek().is_none_or(|next| *next != ' ');
            if fold {
                self.line(indent);
            } else {
                self.put_char(' ');
            }
            spaces = true;
        }
    }

    fn single_quoted(&mut self, text: &str, indent: usize, may_break: bool) {
        self.put_char('\'');
        let (mut spaces, mut breaks) = (false, false);
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                ' ' => {
                    let fold = may_break
                        && !spaces
                        && self.column > WIDTH
                        && !first
                        && characters.peek().is_some_and(|next| *next != ' ');
                    if fold {
                        self.line(indent);
                    } else {
                        self.put_char(' ');
                    }
                    spaces = true;
                }
                _ if is_break(character) => {
                    if !breaks && character == '\n' {
                        self.break_line();
                    }
                    self.put_break(character);
                    breaks = true;
                }
                _ => {
                    if breaks {
                        self.pad(indent);
                    }
                    if character == '\'' {
                        self.put_char('\'');
                    }
                    self.put_char(character);
                    (spaces, breaks) = (false, false);
                }
            }
            first = false;
        }
        self.put_char('\'');
    }

    fn double_quoted(&mut self, text: &str, indent: usize, may_break: bool) {
        self.put_char('"');
        let mut spaces = false;
        let mut first = true;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            if !is_printable(character)
                || is_break(character)
                || matches!(character, '"' | '\\' | '\u{feff}')
            {
                self.escape(character);
                spaces = false;
            } else if character == ' ' {
                let fold = may_break
                    && !spaces
                    && self.column > WIDTH
                    && !first
                    && characters.peek().is_some();
                if fold {
                    self.line(indent);
                    if characters.peek() == Some(&' ') {
                        self.put_char('\\');
                    }
                } else {
                    self.put_char(' ');
                }
                spaces = true;
            } else {
                self.put_char(character);
                spaces = false;
            }
            first = false;
        }
        self.put_char('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '\0' => "\\0",
            '\u{7}' => "\\a",
            '\u{8}' => "\\b",
            '\t' => "\\t",
            '\n' => "\\n",
            '\u{b}' => "\\v",
            '\u{c}' => "\\f",
            '\r' => "\\r",
            '\u{1b}' => "\\e",
            '"' => "\\\"",
            '\\' => "\\\\",
            '\u{85}' => "\\N",
            '\u{a0}' => "\\_",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            _ => {
                let code = u32::from(character);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put(&text);
                return;
            }
        };
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put_char('|');
        if text.starts_with([' ', '\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']) {
            self.put_char('2');
        }
        let mut ending = text.chars().rev();
        match (ending.next().map(is_break), ending.next().map(is_break)) {
            (Some(true), None | Some(true)) => self.put_char('+'),
            (Some(true), Some(false)) => {}
            _ => self.put_char('-'),
        }
        self.break_line();
        let mut breaks = true;
        for character in text.chars() {
            if is_break(character) {
                self.put_break(character);
                breaks = true;
            } else {
                if breaks {
                    self.pad(indent);
                }
                self.put_char(character);
                breaks = false;
            }
        }
    }

    fn note(&mut self, start: usize, id: Id) {
        let span = Span::new(start, self.out.len());
        self.written.push(Written { start: span.start, end: span.end, id });
        if let Some(composer) = &mut self.composer {
            let text = self.out.get(start..).unwrap_or_default().as_bytes();
            compose(composer, text, span);
        }
    }

    fn open(&mut self, kind: spanned_yaml::Kind) {
        let start = self.out.len() as u32;
        self.composer.iter_mut().for_each(|composer| composer.open(kind, start));
    }

    fn put(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn put_char(&mut self, character: char) {
        self.out.push(character);
        self.column += 1;
    }

    fn put_break(&mut self, character: char) {
        if character == '\n' {
            self.break_line();
        } else {
            self.out.push(character);
            self.column = 0;
        }
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        self.column = 0;
    }

    /// Begins a line. A block scalar may have ended the one before.
    fn line(&mut self, indent: usize) {
        if !self.out.ends_with('\n') {
            self.break_line();
        }
        self.pad(indent);
    }

    fn pad(&mut self, indent: usize) {
        while self.column < indent {
            self.put_char(' ');
        }
    }
}

/// Tells a composer of a scalar, or of an empty collection, by its text.
fn compose(composer: &mut Composer, text: &[u8], span: Span) {
    let simple =
        |text: &[u8], but: u8| text.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != but);
    match text {
        b"{}" => composer.empty(spanned_yaml::Kind::Mapping, span),
        b"[]" => composer.empty(spanned_yaml::Kind::Sequence, span),
        [b'"', inner @ .., b'"'] if simple(inner, b'\\') => {
            composer.scalar(span, Style::DoubleQuoted);
        }
        [b'\'', inner @ .., b'\''] if simple(inner, b'\'') => {
            composer.scalar(span, Style::SingleQuoted);
        }
        [first, ..] if !matches!(first, b'"' | b'\'' | b'|') && simple(text, b'\n') => {
            composer.scalar(span, Style::Plain);
        }
        // An empty text, lines, escapes, and characters that may not be allowed.
        _ => composer.refuse(),
    }
}

/// A float as go-yaml v2 writes what Go's JSON made of it.
pub(crate) fn float_text(value: f64) -> String {
    let json = value::json_float(value);
    match spanned_yaml::resolve_plain(&json, Dialect::GoYamlV2) {
        Scalar::Float(value) => value::go_float(value),
        Scalar::Int(value) => value.to_string(),
        Scalar::UInt(value) => value.to_string(),
        _ => json,
    }
}

/// The entries in go-yaml's order, each key once and a string.
pub(crate) fn sorted_entries(tree: &Tree, id: Id) -> Result<Vec<(Id, Id)>, Error> {
    let mut entries: Vec<(Id, Id)> = tree.entries(id).collect();
    let root = id == tree.root();
    for (key, _) in &entries {
        let node = tree.node(*key);
        let string = node.kind == Kind::Scalar
            && (root
                || matches!(node.tag, Tag::None | Tag::Str) && value::is_word(&node.text)
                || matches!(value::scalar(node), Ok(Value::String(_)))
                    && node.tag != Tag::Timestamp);
        if !string {
            return Err(Error::invalid(format!(
                "the key `{}` isn't a string: write it in quotes",
                node.text
            ))
            .at(node.origin.place));
        }
    }
    let sorted = |a: &(Id, Id), b: &(Id, Id)| key_order(tree.text(a.0), tree.text(b.0)).is_le();
    if !entries.is_sorted_by(sorted) {
        entries = merge_sorted(entries, &sorted);
    }
    if let Some(key) = written_twice(tree, &entries) {
        return Err(Error::invalid(format!("the key `{}` is written twice", tree.text(key)))
            .at(tree.node(key).origin.place));
    }
    Ok(entries)
}

/// A merge sort. go-yaml's order goes in circles (`a2`, `a10`, `a1b`), for which the standard
/// library's sort may panic.
fn merge_sorted<T: Copy>(mut list: Vec<T>, in_order: &impl Fn(&T, &T) -> bool) -> Vec<T> {
    if list.len() < 2 {
        return list;
    }
    let right = merge_sorted(list.split_off(list.len() / 2), in_order);
    let left = merge_sorted(list, in_order);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let from = if in_order(a, b) { &mut left } else { &mut right };
        merged.extend(from.next());
    }
    merged.extend(left.chain(right));
    merged
}

/// Mappings of so many entries are compared entry by entry, without a list of their keys.
const FEW: usize = 8;

/// A key that is there for the second time.
fn written_twice(tree: &Tree, entries: &[(Id, Id)]) -> Option<Id> {
    if entries.len() <= FEW {
        return entries.iter().enumerate().find_map(|(number, (key, _))| {
            let mut before = entries.iter().take(number);
            before.any(|(other, _)| tree.text(*other) == tree.text(*key)).then_some(*key)
        });
    }
    let mut keys: Vec<Id> = entries.iter().map(|(key, _)| *key).collect();
    keys.sort_by_key(|key| tree.text(*key));
    keys.array_windows().find(|[a, b]| tree.text(*a) == tree.text(*b)).map(|[_, key]| *key)
}

/// go-yaml's order of keys: letters behind everything else, numbers by their size.
pub(crate) fn key_order(a: &str, b: &str) -> Ordering {
    if a.bytes().all(|c| c.is_ascii_alphabetic()) && b.bytes().all(|c| c.is_ascii_alphabetic()) {
        return a.cmp(b);
    }
    // Without digits, the first difference decides.
    let same = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let (Some(x), Some(y)) = (a.chars().nth(same), b.chars().nth(same)) else {
        return a.chars().count().cmp(&b.chars().count());
    };
    if !(x.is_numeric() || y.is_numeric()) {
        return x.is_alphabetic().cmp(&y.is_alphabetic()).then(x.cmp(&y));
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    for (i, (x, y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            continue;
        }
        let (letter_x, letter_y) = (x.is_alphabetic(), y.is_alphabetic());
        if letter_x && letter_y {
            return x.cmp(y);
        }
        if letter_x || letter_y {
            return if letter_y { Ordering::Less } else { Ordering::Greater };
        }
        let mut lead = 0_i64;
        if *x == '0' || *y == '0' {
            let before = a.iter().take(i).rev().take_while(|c| c.is_numeric());
            if before.into_iter().any(|c| *c != '0') {
                lead = 1;
            }
        }
        let run = |text: &[char]| {
            text.iter().skip(i).take_while(|c| c.is_numeric()).fold((lead, i), |(sum, end), c| {
                let digit = i64::from(u32::from(*c)) - i64::from(u32::from('0'));
                (sum.wrapping_mul(10).wrapping_add(digit), end + 1)
            })
        };
        return run(&a).cmp(&run(&b)).then(x.cmp(y));
    }
    a.len().cmp(&b.len())
}

/// Whether go-yaml v2 would read the text as a string, and neither as a base 60 number.
fn is_plain_string(text: &str) -> bool {
    matches!(spanned_yaml::resolve_plain(text, Dialect::GoYamlV2), Scalar::Str(_))
        && text != "<<"
        && !is_base_60(text)
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = digits.split(':');
    let first = parts.next().is_some_and(|part| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|c| c.is_ascii_digit() || c == b'_')
    });
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => matches!(ten, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    };
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    first
        && middle.iter().all(|part| sixty(part))
        && sixty(whole)
        && fraction.bytes().all(|c| c.is_ascii_digit() || c == b'_')
}

/// Whether go-yaml may write the text as a block.
pub(crate) fn may_be_block(text: &str) -> bool {
    Shape::of_v3(text).block_allowed
}

/// What a text allows (`yaml_emitter_analyze_scalar`).
struct Shape {
    plain_allowed: bool,
    single_quoted_allowed: bool,
    block_allowed: bool,
}

impl Shape {
    /// As go-yaml v3 sees it: a tab doesn't keep a text from being a block.
    fn of_v3(text: &str) -> Self {
        Self::of(&text.replace('\t', "-"))
    }

    fn of(text: &str) -> Self {
        let mut shape =
            Self { plain_allowed: true, single_quoted_allowed: true, block_allowed: true };
        if text.is_empty() {
            shape.block_allowed = false;
            return shape;
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut edges = false;
        let (mut break_space, mut space_break, mut special, mut line_breaks) =
            (false, false, false, false);
        let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
        let mut trailing_space = false;
        let mut characters = text.chars().peekable();
        let mut first = true;
        while let Some(c) = characters.next() {
            let last = characters.peek().is_none();
            let before_blank = characters.peek().is_none_or(|next| matches!(next, ' ' | '\t'));
            match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if first =>
                {
                    indicators = true;
                }
                '?' | ':' | '-' if first && before_blank => indicators = true,
                ':' if before_blank => indicators = true,
                '#' if after_blank => indicators = true,
                _ => {}
            }
            special |= !is_printable(c);
            if c == ' ' {
                edges |= first || last;
                trailing_space |= last;
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                line_breaks = true;
                edges |= first || last;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            after_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
            first = false;
        }
        shape.plain_allowed =
            !(edges || break_space || space_break || special || line_breaks || indicators);
        shape.single_quoted_allowed = !(break_space || space_break || special);
        shape.block_allowed = !(trailing_space || space_break || special);
        shape
    }
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml's `is_printable`: a line feed is, a tab is not.
fn is_printable(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{feff}' => false,
        '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => !matches!(c, '\u{fffe}' | '\u{ffff}'),
        _ => false,
    }
}

/// Writes a tree as kyaml does within a build: keys in their order, quotes where they were.
///
/// # Errors
/// As [`yaml`].
pub(crate) fn as_kyaml_writes(tree: &Tree) -> Result<String, Error> {
    let node = tree.node(tree.root());
    if node.kind == Kind::Scalar {
        let plain = node.style == crate::tree::Style::Plain && Shape::of(&node.text).plain_allowed;
        return Ok(if plain { node.text.to_string() } else { format!("{:?}", node.text.as_str()) });
    }
    let mut emitter = Emitter::new(tree, false);
    emitter.node(tree.root(), 0, Position::Root)?;
    Ok(emitter.out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of up to four of these characters, and the words of YAML 1.1.
    fn texts() -> Vec<String> {
        let characters = ["a", "N", "o", "e", "0", "1", "-", "_", ".", "/", ":", " ", "x"];
        let mut texts = vec![String::new()];
        let mut last = texts.clone();
        for _ in 0..4 {
            last = last
                .iter()
                .flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")))
                .collect();
            texts.extend(last.iter().cloned());
        }
        for word in ["yes", "no", "on", "off", "true", "false", "null", "y", "n", "inf", "nan"] {
            let capital = word.get(..1).unwrap_or_default().to_uppercase()
                + word.get(1..).unwrap_or_default();
            texts.extend([word.to_owned(), word.to_uppercase(), capital]);
        }
        texts
    }

    #[test]
    fn words_are_plain_strings_for_both_versions_of_go_yaml() {
        let words: Vec<String> = texts().into_iter().filter(|text| value::is_word(text)).collect();
        assert!(words.len() > 4_000, "{} words", words.len());
        for text in words {
            assert!(is_plain_string(&text) && Shape::of(&text).plain_allowed, "{text}");
            let v3 = spanned_yaml::resolve_plain(&text, Dialect::GoYamlV3);
            assert!(matches!(v3, Scalar::Str(_)), "{text}");
        }
    }

    #[test]
    fn keys_are_ordered_as_go_yaml_orders_them() {
        let keys = vec!["b", "a10", "a2", "a", "A", "a-b", "a.b", "a/b", "0", "00", "~", "z/9"];
        assert_eq!(
            merge_sorted(keys, &|a, b| key_order(a, b).is_le()),
            ["~", "0", "00", "A", "a", "a-b", "a.b", "a/b", "a2", "a10", "b", "z/9"]
        );
    }

    #[test]
    fn keys_whose_order_goes_in_circles_are_sorted_somehow() {
        let keys: Vec<String> =
            (0..200).flat_map(|n| [format!("a{n}"), format!("a{n}b")]).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let sorted = merge_sorted(keys.clone(), &|a, b| key_order(a, b).is_le());
        let all = |keys: &[&str]| {
            keys.iter().map(|key| (*key).to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(all(&sorted), all(&keys));
    }
}
