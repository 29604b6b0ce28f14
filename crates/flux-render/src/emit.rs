//! Writes objects as `kustomize build` does: keys sorted, in the style of go-yaml v2
//! (its encode.go, sorter.go and emitterc.go), which folds long lines at 80 columns.

use std::sync::Arc;

use spanned_yaml::{Composer, Dialect, Scalar, Span, Style};

use crate::{
    error::Error,
    key_order::sorted_entries,
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
            self.word(" ");
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
                (0, Position::Item) => self.word(" "),
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
                self.word(":");
            } else {
                self.composer.iter_mut().for_each(Composer::refuse);
                self.word("? ");
                let start = self.out.len();
                self.string(text, indent + 2, false);
                self.note(start, key);
                self.line(indent);
                self.word(":");
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

    /// Writes a text of ASCII characters.
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
        let start = self.out.len();
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
        if let Some(composer) = &mut self.composer {
            composer.literal(Span::new(start, self.out.trim_end_matches('\n').len()), text);
        }
    }

    fn note(&mut self, start: usize, id: Id) {
        let span = Span::new(start, self.out.len());
        self.written.push(Written { start: span.start, end: span.end, id });
        if let Some(composer) = &mut self.composer {
            let text = self.out.get(start..).unwrap_or_default();
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
        const SPACES: &str = "                                ";
        while self.column < indent {
            let some = SPACES.get(..indent - self.column).unwrap_or(SPACES);
            self.word(some);
        }
    }
}

/// Tells a composer of a scalar, or of an empty collection, by its text. Of a block it has been told.
fn compose(composer: &mut Composer, text: &str, span: Span) {
    let simple =
        |text: &[u8], but: u8| text.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != but);
    match text.as_bytes() {
        [b'|', ..] => {}
        b"{}" => composer.empty(spanned_yaml::Kind::Mapping, span),
        b"[]" => composer.empty(spanned_yaml::Kind::Sequence, span),
        [b'"', inner @ .., b'"'] if simple(inner, b'\\') => {
            composer.scalar(span, Style::DoubleQuoted);
        }
        [b'\'', inner @ .., b'\''] if simple(inner, b'\'') => {
            composer.scalar(span, Style::SingleQuoted);
        }
        text @ [first, ..] if !matches!(first, b'"' | b'\'') && simple(text, b'\n') => {
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
