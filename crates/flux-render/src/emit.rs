//! Writes objects as `kustomize build` does: keys sorted, in the style of go-yaml v2
//! (its encode.go, sorter.go and emitterc.go), which folds long lines at 80 columns.

use std::borrow::Cow;

use spanned_yaml::{Composer, Dialect, Scalar, Span, Style};

use crate::{
    error::Error,
    key_order::{Sorted, sorted_entries},
    scalar_style::{Shape, is_break, is_plain_string, is_printable},
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
    let text = emitter.out.as_str();
    let composed = emitter.composer.and_then(|composer| composer.finish(text));
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
        // Some 16 bytes a node, with its indentation.
        let out = String::with_capacity(16 * tree.len());
        let written = Vec::with_capacity(tree.len());
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
                    self.word(" ");
                }
                let start = self.out.len();
                match value {
                    None => self.plain_value(start, id, &node.text),
                    Some(Value::String(text)) => {
                        let style = self.string(&text, indent + 2, false);
                        self.note(start, id, style, &text);
                    }
                    Some(Value::Null) => self.plain_value(start, id, "null"),
                    Some(Value::Bool(true)) => self.plain_value(start, id, "true"),
                    Some(Value::Bool(false)) => self.plain_value(start, id, "false"),
                    Some(Value::Int(value)) => self.plain_value(start, id, &value.to_string()),
                    Some(Value::UInt(value)) => self.plain_value(start, id, &value.to_string()),
                    Some(Value::Float(value)) => self.plain_value(start, id, &float_text(value)),
                }
                Ok(())
            }
        }
    }

    fn plain_value(&mut self, start: usize, id: Id, text: &str) {
        self.word(text);
        self.note_line(start, id, Style::Plain);
    }

    fn empty(&mut self, id: Id, kind: spanned_yaml::Kind, position: Position) {
        if position != Position::Root {
            self.word(" ");
        }
        let start = self.out.len();
        self.word(if kind == spanned_yaml::Kind::Mapping { "{}" } else { "[]" });
        let span = self.noted(start, id);
        self.composer.iter_mut().for_each(|composer| composer.empty(kind, span));
    }

    fn mapping(&mut self, id: Id, indent: usize, position: Position) -> Result<(), Error> {
        let Sorted { entries, are_words } = if self.sorted {
            sorted_entries(self.tree, id)?
        } else {
            Sorted { entries: Cow::Borrowed(self.tree.pairs(id)), are_words: false }
        };
        if entries.is_empty() {
            self.empty(id, spanned_yaml::Kind::Mapping, position);
            return Ok(());
        }
        for (number, &[key, value]) in entries.iter().enumerate() {
            match (number, position) {
                (0, Position::Root) => {}
                (0, Position::Item) => self.word(" "),
                _ => self.line(indent),
            }
            if number == 0 {
                self.open(spanned_yaml::Kind::Mapping);
            }
            self.key(key, are_words, indent);
            let below = match self.tree.node(value).kind {
                Kind::Mapping => indent + 2,
                Kind::Sequence | Kind::Scalar => indent,
            };
            self.node(value, below, Position::Key)?;
        }
        self.composer.iter_mut().for_each(Composer::close);
        Ok(())
    }

    fn key(&mut self, key: Id, surely_word: bool, indent: usize) {
        let tree = self.tree;
        let text = tree.text(key);
        let start = self.out.len();
        if text.len() <= SIMPLE_KEY && (surely_word || value::is_word(text)) {
            self.plain_value(start, key, text);
        } else if text.len() <= SIMPLE_KEY && !text.contains(is_break) {
            let style = self.string(text, indent + 2, true);
            self.note(start, key, style, text);
        } else {
            self.composer.iter_mut().for_each(Composer::refuse);
            self.word("? ");
            let start = self.out.len();
            let style = self.string(text, indent + 2, false);
            self.note(start, key, style, text);
            self.line(indent);
        }
        self.word(":");
    }

    fn sequence(&mut self, id: Id, indent: usize, position: Position) -> Result<(), Error> {
        let items = self.tree.items(id);
        if items.is_empty() {
            self.empty(id, spanned_yaml::Kind::Sequence, position);
            return Ok(());
        }
        for (number, item) in items.iter().enumerate() {
            match (number, position) {
                (0, Position::Root) => {}
                (0, Position::Item) => self.word(" "),
                _ => self.line(indent),
            }
            if number == 0 {
                self.open(spanned_yaml::Kind::Sequence);
            }
            self.word("-");
            let below = match self.tree.node(*item).kind {
                Kind::Mapping | Kind::Sequence => indent + 2,
                Kind::Scalar => indent,
            };
            self.node(*item, below, Position::Item)?;
        }
        self.composer.iter_mut().for_each(Composer::close);
        Ok(())
    }

    /// A string, in the style that go-yaml v2 chooses.
    fn string(&mut self, text: &str, indent: usize, key: bool) -> Style {
        if value::is_word(text) {
            self.word(text);
            return Style::Plain;
        }
        let shape = Shape::of(text);
        if text.contains('\n') {
            if shape.block_allowed && !key {
                self.literal(text, indent);
                return Style::Literal;
            }
        } else if is_plain_string(text) {
            if shape.plain_allowed && !(key && text.is_empty()) {
                self.plain(text, indent, !key);
                return Style::Plain;
            } else if shape.single_quoted_allowed {
                self.single_quoted(text, indent, !key);
                return Style::SingleQuoted;
            }
        }
        self.double_quoted(text, indent, !key);
        Style::DoubleQuoted
    }

    /// Writes a text of ASCII characters.
    fn word(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.len();
    }

    fn plain(&mut self, text: &str, indent: usize, may_break: bool) {
        self.folded(text, indent, may_break, |_| false);
    }

    /// Writes a text, with a line break for a space where a line is long enough. Spaces beside
    /// others stay, and those that `is_kept` says so of by their place.
    fn folded(
        &mut self,
        text: &str,
        indent: usize,
        may_break: bool,
        is_kept: impl Fn(usize) -> bool,
    ) {
        let mut done = 0;
        if may_break && self.column + text.len() > WIDTH {
            let bytes = text.as_bytes();
            let is_space = |at: Option<usize>| at.and_then(|at| bytes.get(at)) == Some(&b' ');
            for at in memchr::memchr_iter(b' ', bytes) {
                if is_space(at.checked_sub(1)) || is_space(Some(at + 1)) || is_kept(at) {
                    continue;
                }
                let before = text.get(done..at).unwrap_or_default();
                if self.column + before.len() > WIDTH
                    && self.column + before.chars().count() > WIDTH
                {
                    self.put(before);
                    self.line(indent);
                    done = at + 1;
                }
            }
        }
        self.put(text.get(done..).unwrap_or_default());
    }

    fn single_quoted(&mut self, text: &str, indent: usize, may_break: bool) {
        self.put_char('\'');
        if text.is_ascii() && !text.contains('\'') {
            let is_edge = |at: usize| at == 0 || at + 1 == text.len();
            self.folded(text, indent, may_break, is_edge);
            self.put_char('\'');
            return;
        }
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
        let (mut spaces, mut first) = (false, true);
        let mut rest = text;
        let is_ordinary = |byte: &u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'"' | b'\\');
        loop {
            let ordinary = rest.bytes().take_while(is_ordinary).count();
            if let Some(run) = rest.get(..ordinary).filter(|run| !run.is_empty()) {
                self.word(run);
                rest = rest.get(ordinary..).unwrap_or_default();
                (spaces, first) = (false, false);
            }
            let mut characters = rest.chars();
            let Some(character) = characters.next() else { break };
            rest = characters.as_str();
            if !is_printable(character)
                || is_break(character)
                || matches!(character, '"' | '\\' | '\u{feff}')
            {
                self.escape(character);
                spaces = false;
            } else if character == ' ' {
                let fold =
                    may_break && !spaces && self.column > WIDTH && !first && !rest.is_empty();
                if fold {
                    self.line(indent);
                    if rest.starts_with(' ') {
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
        if text.is_ascii() && !text.contains('\r') {
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
                if end > start {
                    self.pad(indent);
                }
                self.word(text.get(start..=end).unwrap_or_default());
                (self.column, start) = (0, end + 1);
            }
            if let Some(last) = text.get(start..).filter(|last| !last.is_empty()) {
                self.pad(indent);
                self.word(last);
            }
            return;
        }
        for line in text.split_inclusive(is_break) {
            let content = line.trim_end_matches(is_break);
            if !content.is_empty() {
                self.pad(indent);
                self.put(content);
            }
            if let Some(line_break) = line.chars().next_back().filter(|last| is_break(*last)) {
                self.put_break(line_break);
            }
        }
    }

    fn noted(&mut self, start: usize, id: Id) -> Span {
        let span = Span::new(start, self.out.len());
        self.written.push(Written { start: span.start, end: span.end, id });
        span
    }

    /// Notes a scalar of one line that is its own text.
    fn note_line(&mut self, start: usize, id: Id, style: Style) {
        let span = self.noted(start, id);
        self.composer.iter_mut().for_each(|composer| composer.scalar(span, style));
    }

    fn note(&mut self, start: usize, id: Id, style: Style, text: &str) {
        let span = self.noted(start, id);
        let Some(composer) = &mut self.composer else { return };
        let written = self.out.get(start..).unwrap_or_default();
        let inner = match style {
            Style::SingleQuoted | Style::DoubleQuoted => {
                written.get(1..written.len().saturating_sub(1)).unwrap_or_default()
            }
            _ => written,
        };
        if style == Style::Literal {
            let end = start + written.trim_end_matches('\n').len();
            composer.literal(Span::new(start, end), text);
        } else if !spanned_yaml::is_printable(written) {
            composer.refuse();
        } else if inner == text {
            composer.scalar(span, style);
        } else {
            composer.decoded(span, style, text);
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
        const SPACES: &str = "                                ";
        while self.column < indent {
            let some = SPACES.get(..indent - self.column).unwrap_or(SPACES);
            self.word(some);
        }
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
