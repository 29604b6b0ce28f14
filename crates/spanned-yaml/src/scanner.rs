//! From characters to tokens, by libyaml's rules (scanner.c).
//!
//! Two things of libyaml's are kept with other means. A token that turns out to
//! be a mapping key gets its `Key` token put before it afterwards, so tokens
//! wait in a queue as long as that can happen. And candidates for such keys are
//! kept in a deque of only those that are still possible, so that deep nesting
//! costs linear time.
//!
//! Long because libyaml's scanner is one state that all its steps share.

use std::collections::VecDeque;

use crate::{Error, Span, Style, lines::is_continuation};

/// A scalar's text: a stretch of the source, or of the side buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) start: u32,
    pub(crate) len: u32,
    pub(crate) decoded: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamEnd,
    /// `a` and `b` are major and minor version.
    VersionDirective,
    /// `a` is an index into [`Scanner::tags`].
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    /// `a` is an index into [`Scanner::tags`].
    Tag,
    /// `a` and `b` are start and length of its text.
    Scalar,
}

/// A token: flat and small, since every byte of source passes through some.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) style: Style,
    decoded: bool,
    pub(crate) span: Span,
    pub(crate) a: u32,
    pub(crate) b: u32,
}

impl Token {
    fn new(kind: TokenKind, span: Span) -> Self {
        Self { kind, style: Style::Plain, decoded: false, span, a: 0, b: 0 }
    }

    pub(crate) fn scalar(style: Style, text: Text, span: Span) -> Self {
        Self {
            kind: TokenKind::Scalar,
            style,
            decoded: text.decoded,
            span,
            a: text.start,
            b: text.len,
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Text {
        Text { start: self.a, len: self.b, decoded: self.decoded }
    }
}

/// A node that becomes a mapping key if a `:` follows.
#[derive(Clone, Copy, Debug)]
struct SimpleKey {
    flow_level: usize,
    required: bool,
    token_number: usize,
    at: usize,
    line: usize,
    column: i32,
}

/// Longest simple key, in characters, from libyaml.
const MAX_SIMPLE_KEY: usize = 1024;

pub(crate) struct Scanner<'s> {
    pub(crate) source: &'s str,
    pub(crate) bytes: &'s [u8],
    pub(crate) at: usize,
    pub(crate) line: usize,
    pub(crate) line_start: usize,
    is_ascii: bool,
    /// Offset and column where columns were last counted.
    counted: (usize, i32),
    pub(crate) flow_level: usize,
    pub(crate) indent: i32,
    indents: Vec<i32>,
    pub(crate) simple_key_allowed: bool,
    simple_keys: VecDeque<SimpleKey>,
    /// Tokens from `head` on wait; emptied as soon as none does.
    tokens: Vec<Token>,
    head: usize,
    taken: usize,
    head_is_ready: bool,
    /// Where the last anchor or tag ended.
    pub(crate) last_taken_end: u32,
    ended: bool,
    first_break: &'static str,
    trailing_breaks: String,
    pub(crate) comments: Vec<Span>,
    /// Texts of scalars that differ from their source.
    pub(crate) decoded: String,
    /// Handles and suffixes of tags and `%TAG` directives.
    pub(crate) tags: Vec<(String, String)>,
}

type Result<T> = std::result::Result<T, Box<Error>>;

impl<'s> Scanner<'s> {
    /// Scans `source` from `start`, which must begin a line.
    pub(crate) fn new(source: &'s str, start: usize, line: usize) -> Self {
        Self {
            source,
            bytes: source.as_bytes(),
            at: start,
            line,
            line_start: start,
            is_ascii: source.is_ascii(),
            counted: (start, 0),
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            simple_keys: VecDeque::new(),
            tokens: Vec::with_capacity(64),
            head: 0,
            taken: 0,
            head_is_ready: false,
            last_taken_end: 0,
            ended: false,
            first_break: "",
            trailing_breaks: String::new(),
            comments: Vec::new(),
            decoded: String::new(),
            tags: Vec::new(),
        }
    }

    /// Goes on at `start`, which must begin a line, as if the source began there.
    pub(crate) fn restart(&mut self, start: usize) {
        self.at = start;
        self.line += 1;
        self.line_start = start;
        self.counted = (start, 0);
        self.flow_level = 0;
        self.indent = -1;
        self.indents.clear();
        self.simple_key_allowed = true;
        self.simple_keys.clear();
        self.tokens.clear();
        self.head = 0;
        self.taken = 0;
        self.head_is_ready = false;
        self.ended = false;
        self.comments.retain(|comment| (comment.start as usize) < start);
    }

    /// The byte `ahead` of here; 0 past the end.
    #[inline]
    pub(crate) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Length in bytes of the line break that stands `ahead` of here; 0 if none does.
    #[inline]
    pub(crate) fn break_len(&self, ahead: usize) -> usize {
        match self.peek(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.peek(ahead + 1) == b'\n'),
            0xC2 if self.peek(ahead + 1) == 0x85 => 2,
            0xE2 if self.peek(ahead + 1) == 0x80 && matches!(self.peek(ahead + 2), 0xA8 | 0xA9) => {
                3
            }
            _ => 0,
        }
    }

    #[inline]
    pub(crate) fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t')
    }

    /// Blank, line break or end.
    #[inline]
    pub(crate) fn is_blankz(&self, ahead: usize) -> bool {
        matches!(self.peek(ahead), b' ' | b'\t' | 0) || self.break_len(ahead) > 0
    }

    /// Line break or end.
    #[inline]
    pub(crate) fn is_breakz(&self, ahead: usize) -> bool {
        self.peek(ahead) == 0 || self.break_len(ahead) > 0
    }

    /// Column of the current place in code points, from 0.
    #[inline]
    pub(crate) fn column(&mut self) -> i32 {
        if self.is_ascii {
            return (self.at - self.line_start) as i32;
        }
        let (from, column) = match self.counted {
            (from, column) if from >= self.line_start && from <= self.at => (from, column),
            _ => (self.line_start, 0),
        };
        let between = self.bytes.get(from..self.at).unwrap_or_default();
        let column = column + between.iter().filter(|byte| !is_continuation(**byte)).count() as i32;
        self.counted = (self.at, column);
        column
    }

    /// Passes a line break of `len` bytes.
    #[inline]
    pub(crate) fn skip_break(&mut self, len: usize) {
        self.at += len;
        self.line += 1;
        self.line_start = self.at;
    }

    /// Passes a comment, up to the line's end, and remembers it.
    pub(crate) fn skip_comment(&mut self) {
        let start = self.at;
        self.skip_to_break();
        self.comments.push(Span::new(start, self.at));
    }

    /// Goes to the next line break, or to the end.
    pub(crate) fn skip_to_break(&mut self) {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let next = if self.is_ascii {
                memchr::memchr3(b'\n', b'\r', 0, rest)
            } else {
                rest.iter().position(|byte| matches!(byte, b'\n' | b'\r' | 0 | 0xC2 | 0xE2))
            };
            self.at += next.unwrap_or(rest.len());
            if self.is_breakz(0) {
                return;
            }
            self.at += 1;
        }
    }

    /// The kind of the next token, which is left in the queue.
    #[inline]
    pub(crate) fn peek_kind(&mut self) -> Result<TokenKind> {
        if self.head_is_ready {
            return Ok(self.head().kind);
        }
        self.fetch_head()
    }

    /// The next token, which is left in the queue.
    #[inline]
    pub(crate) fn peek_token(&mut self) -> Result<Token> {
        self.peek_kind()?;
        Ok(self.head())
    }

    /// The head of the queue; the stream's end if it is empty.
    #[inline]
    pub(crate) fn head(&self) -> Token {
        match self.tokens.get(self.head) {
            Some(token) => *token,
            None => Token::new(TokenKind::StreamEnd, Span::new(self.bytes.len(), self.bytes.len())),
        }
    }

    /// Scans until the head of the queue is sure to stay the head.
    fn fetch_head(&mut self) -> Result<TokenKind> {
        loop {
            if let Some(kind) = self.tokens.get(self.head).map(|token| token.kind) {
                self.drop_stale_keys()?;
                // A key candidate at the head may still get a Key token before it.
                let pending =
                    self.simple_keys.front().is_some_and(|key| key.token_number == self.taken);
                if !pending {
                    self.head_is_ready = true;
                    return Ok(kind);
                }
            } else if self.ended {
                return Ok(TokenKind::StreamEnd);
            }
            self.fetch()?;
        }
    }

    /// Removes the head of the queue.
    #[inline]
    pub(crate) fn take_token(&mut self) {
        self.head_is_ready = false;
        if self.head < self.tokens.len() {
            self.head += 1;
            self.taken += 1;
            if self.head == self.tokens.len() {
                self.tokens.clear();
                self.head = 0;
            }
        }
    }

    /// Number of the token that is queued next.
    fn next_number(&self) -> usize {
        self.taken + self.tokens.len() - self.head
    }

    /// Puts a token before the one of this number.
    fn insert(&mut self, number: usize, token: Token) {
        let at = (self.head + number).saturating_sub(self.taken).min(self.tokens.len());
        self.tokens.insert(at, token);
    }

    #[inline]
    pub(crate) fn push(&mut self, kind: TokenKind, start: usize) {
        self.push_token(Token::new(kind, Span::new(start, self.at)));
    }

    pub(crate) fn push_with(&mut self, kind: TokenKind, start: usize, a: u32, b: u32) {
        self.push_token(Token { a, b, ..Token::new(kind, Span::new(start, self.at)) });
    }

    #[inline]
    pub(crate) fn push_token(&mut self, token: Token) {
        self.tokens.push(token);
    }

    fn fetch(&mut self) -> Result<()> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        let column = self.column();
        self.unroll(column);
        let byte = self.peek(0);
        if byte == 0 {
            return self.fetch_end();
        }
        if column == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if let Some(kind) = self.document_indicator() {
                return self.fetch_document_indicator(kind);
            }
        }
        match byte {
            b'[' => self.fetch_flow_start(TokenKind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(TokenKind::FlowMappingStart),
            b']' => self.fetch_flow_end(TokenKind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(TokenKind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if self.flow_level > 0 || self.is_blankz(1) => self.fetch_key(),
            b':' if self.flow_level > 0 || self.is_blankz(1) => self.fetch_value(),
            b'*' => self.fetch_anchor(TokenKind::Alias),
            b'&' => self.fetch_anchor(TokenKind::Anchor),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if self.flow_level == 0 => self.fetch_block_scalar(byte == b'|'),
            b'\'' | b'"' => self.fetch_quoted_scalar(byte),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => Err(self.no_token(byte)),
            _ => self.fetch_plain_scalar(),
        }
    }

    fn no_token(&self, byte: u8) -> Box<Error> {
        let end = self.at + 1;
        let mut error = Error::syntax("", self.at);
        error.span = Span::new(self.at, end);
        match byte {
            b'\t' => {
                error.message = "a tab can't indent".into();
                error.help("use spaces")
            }
            b'@' | b'`' => {
                error.message =
                    format!("`{}` can't start a plain scalar: it is reserved", byte as char);
                error.help("quote the value")
            }
            _ => {
                error.message = format!("`{}` can't start a value here", byte as char);
                error.help("quote the value")
            }
        }
    }

    /// `---` or `...` at the start of a line, followed by a blank or a break.
    pub(crate) fn document_indicator(&self) -> Option<TokenKind> {
        let kind = match self.bytes.get(self.at..self.at + 3)? {
            b"---" => TokenKind::DocumentStart,
            b"..." => TokenKind::DocumentEnd,
            _ => return None,
        };
        self.is_blankz(3).then_some(kind)
    }

    fn skip_to_token(&mut self) {
        loop {
            if self.at == self.line_start
                && self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\xEF\xBB\xBF"))
            {
                self.at += 3;
            }
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            while self.peek(0) == b' ' || (tabs && self.peek(0) == b'\t') {
                self.at += 1;
            }
            if self.peek(0) == b'#' {
                self.skip_comment();
            }
            match self.break_len(0) {
                0 => return,
                len => self.skip_break(len),
            }
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    /// Drops key candidates that can't be keys any more: a key ends on its line
    /// and within 1,024 characters.
    #[inline]
    fn drop_stale_keys(&mut self) -> Result<()> {
        if self.simple_keys.is_empty() { Ok(()) } else { self.drop_stale_keys_of_some() }
    }

    fn drop_stale_keys_of_some(&mut self) -> Result<()> {
        while let Some(key) = self.simple_keys.front().copied() {
            if key.line == self.line && !self.is_too_long(&key) {
                return Ok(());
            }
            if key.required {
                return Err(missing_colon(&key));
            }
            self.simple_keys.pop_front();
        }
        Ok(())
    }

    fn is_too_long(&self, key: &SimpleKey) -> bool {
        let length = self.at - key.at;
        if length <= MAX_SIMPLE_KEY || self.is_ascii {
            return length > MAX_SIMPLE_KEY;
        }
        length > 4 * MAX_SIMPLE_KEY
            || self.bytes.get(key.at..self.at).is_some_and(|text| {
                text.iter().filter(|byte| !is_continuation(**byte)).count() > MAX_SIMPLE_KEY
            })
    }

    fn save_simple_key(&mut self) -> Result<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let column = self.column();
        self.remove_simple_key()?;
        self.simple_keys.push_back(SimpleKey {
            flow_level: self.flow_level,
            required: self.flow_level == 0 && self.indent == column,
            token_number: self.next_number(),
            at: self.at,
            line: self.line,
            column,
        });
        Ok(())
    }

    /// The key candidate of this flow level, if there is one.
    fn simple_key(&self) -> Option<SimpleKey> {
        self.simple_keys.back().copied().filter(|key| key.flow_level == self.flow_level)
    }

    fn remove_simple_key(&mut self) -> Result<()> {
        if let Some(key) = self.simple_key() {
            if key.required {
                return Err(missing_colon(&key));
            }
            self.simple_keys.pop_back();
        }
        Ok(())
    }

    fn roll(&mut self, column: i32, number: Option<usize>, kind: TokenKind, at: usize) {
        if self.flow_level > 0 || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token::new(kind, Span::new(at, at));
        match number {
            None => self.push_token(token),
            Some(number) => self.insert(number, token),
        }
    }

    fn unroll(&mut self, column: i32) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(TokenKind::BlockEnd, self.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_end(&mut self) -> Result<()> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_keys.clear();
        self.simple_key_allowed = false;
        self.ended = true;
        self.push(TokenKind::StreamEnd, self.at);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Result<()> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.scan_directive()
    }

    fn fetch_document_indicator(&mut self, kind: TokenKind) -> Result<()> {
        self.unroll(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.at;
        self.at += 3;
        self.push(kind, start);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: TokenKind) -> Result<()> {
        self.save_simple_key()?;
        self.flow_level += 1;
        self.simple_key_allowed = true;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: TokenKind) -> Result<()> {
        self.remove_simple_key()?;
        self.flow_level = self.flow_level.saturating_sub(1);
        self.simple_key_allowed = false;
        self.fetch_indicator(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::FlowEntry);
        Ok(())
    }

    fn fetch_indicator(&mut self, kind: TokenKind) {
        let start = self.at;
        self.at += 1;
        self.push(kind, start);
    }

    fn fetch_block_entry(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Error::syntax("a list item can't start here", self.at)
                    .help("begin the list on its own line"));
            }
            let column = self.column();
            self.roll(column, None, TokenKind::BlockSequenceStart, self.at);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.fetch_indicator(TokenKind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<()> {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(Error::syntax("a mapping key can't start here", self.at));
            }
            let column = self.column();
            self.roll(column, None, TokenKind::BlockMappingStart, self.at);
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.fetch_indicator(TokenKind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<()> {
        if let Some(key) = self.simple_key() {
            self.simple_keys.pop_back();
            let token = Token::new(TokenKind::Key, Span::new(key.at, key.at));
            self.insert(key.token_number, token);
            self.roll(key.column, Some(key.token_number), TokenKind::BlockMappingStart, key.at);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return Err(Error::syntax("a mapping value can't start here", self.at).help(
                        "quote the value if the `:` belongs to it, or mend the indentation",
                    ));
                }
                let column = self.column();
                self.roll(column, None, TokenKind::BlockMappingStart, self.at);
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.fetch_indicator(TokenKind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, kind: TokenKind) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.at;
        self.at += 1;
        let name = self.at;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        let ends = self.is_blankz(0)
            || matches!(self.peek(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if self.at == name || !ends {
            let what = if kind == TokenKind::Alias { "an alias" } else { "an anchor" };
            return Err(Error::syntax(
                format!("the name of {what} has only letters, digits, `-` and `_`"),
                self.at,
            )
            .related(start, format!("{what} starts here"))
            .help("quote the value if it is a text"));
        }
        self.push(kind, start);
        Ok(())
    }

    fn fetch_tag(&mut self) -> Result<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        self.scan_tag()
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Result<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.scan_block_scalar(literal)
    }

    fn fetch_quoted_scalar(&mut self, quote: u8) -> Result<()> {
        if !self.simple_key_allowed {
            let token = self.scan_quoted_scalar(quote)?;
            self.push_token(token);
            return Ok(());
        }
        let (start, line, column) = (self.at, self.line, self.column());
        self.remove_simple_key()?;
        let token = self.scan_quoted_scalar(quote)?;
        let is_short = line == self.line && self.at - start <= MAX_SIMPLE_KEY;
        if is_short && self.peek(0) == b':' && (self.flow_level > 0 || self.is_blankz(1)) {
            self.fetch_key_and_value(token, column);
            return Ok(());
        }
        self.simple_keys.push_back(SimpleKey {
            flow_level: self.flow_level,
            required: self.flow_level == 0 && self.indent == column,
            token_number: self.next_number(),
            at: start,
            line,
            column,
        });
        self.simple_key_allowed = false;
        self.push_token(token);
        Ok(())
    }

    fn fetch_plain_scalar(&mut self) -> Result<()> {
        if let Some(end) = self.plain_key_end() {
            let text = Self::source_text(self.at, end);
            let column = self.column();
            self.remove_simple_key()?;
            let token = Token::scalar(Style::Plain, text, Span::new(self.at, end));
            self.fetch_key_and_value(token, column);
            return Ok(());
        }
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        self.scan_plain_scalar()
    }

    /// A scalar that is seen to be a key, since a `:` and a blank follow it on its
    /// line: the same tokens that [`Scanner::fetch_value`] would make of it, without
    /// the detour. Most scalars of ordinary files are such keys, or values that
    /// can't be.
    fn fetch_key_and_value(&mut self, scalar: Token, column: i32) {
        let (start, end) = (scalar.span.start as usize, scalar.span.end as usize);
        self.at = start;
        self.roll(column, None, TokenKind::BlockMappingStart, start);
        self.push(TokenKind::Key, start);
        self.push_token(scalar);
        self.at = end + 1;
        self.push(TokenKind::Value, end);
        self.simple_key_allowed = false;
    }

    /// Where a plain key of ASCII ends, if one starts here: a word, a `:` and a
    /// blank or line end.
    fn plain_key_end(&self) -> Option<usize> {
        if !self.simple_key_allowed {
            return None;
        }
        let rest = self.bytes.get(self.at..)?;
        let length =
            rest.iter().take(MAX_SIMPLE_KEY).position(|byte| !IN_KEY[usize::from(*byte)])?;
        let follows = matches!(rest.get(length + 1), Some(b' ' | b'\n' | b'\r' | b'\t'));
        (length > 0 && rest.get(length) == Some(&b':') && follows).then_some(self.at + length)
    }

    /// Passes a line break of `len` bytes and keeps it for [`Scanner::push_fold`]:
    /// as the first of a gap, or as one of the empty lines behind it.
    pub(crate) fn take_break(&mut self, len: usize, first: bool) {
        let text = self.break_text(len);
        if first {
            self.first_break = text;
            self.trailing_breaks.clear();
        } else {
            self.trailing_breaks.push_str(text);
        }
        self.skip_break(len);
    }

    /// What a line break of `len` bytes stands for: `\n`, but for the Unicode
    /// line and paragraph separators, which stay themselves.
    pub(crate) fn break_text(&self, len: usize) -> &'static str {
        match (len, self.peek(2)) {
            (3, 0xA8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        }
    }

    /// Forgets kept breaks.
    pub(crate) fn clear_breaks(&mut self) {
        self.first_break = "";
        self.trailing_breaks.clear();
    }

    /// Appends what a gap with line breaks folds to.
    pub(crate) fn push_fold(&mut self) {
        if self.first_break != "\n" {
            self.decoded.push_str(self.first_break);
        } else if self.trailing_breaks.is_empty() {
            self.decoded.push(' ');
        }
        self.push_trailing();
        self.first_break = "";
    }

    pub(crate) fn trailing_is_empty(&self) -> bool {
        self.trailing_breaks.is_empty()
    }

    /// Appends the kept empty lines.
    pub(crate) fn push_trailing(&mut self) {
        self.decoded.push_str(&self.trailing_breaks);
        self.trailing_breaks.clear();
    }

    /// The side buffer's text from `from` on.
    pub(crate) fn decoded_from(&self, from: usize) -> Text {
        Text { start: from as u32, len: (self.decoded.len() - from) as u32, decoded: true }
    }

    /// A stretch of the source as a text.
    pub(crate) fn source_text(start: usize, end: usize) -> Text {
        Text { start: start as u32, len: (end - start) as u32, decoded: false }
    }

    /// Appends a stretch of the source to the side buffer.
    #[inline]
    pub(crate) fn decode_source(&mut self, start: usize, end: usize) {
        if let Some(text) = self.source.get(start..end) {
            self.decoded.push_str(text);
        }
    }
}

/// Bytes that a key may hold and that mean nothing else anywhere in one.
const IN_KEY: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let known = byte as u8;
        table[byte] =
            known.is_ascii_alphanumeric() || matches!(known, b'_' | b'-' | b'.' | b'/' | b'$');
        byte += 1;
    }
    table
};

fn missing_colon(key: &SimpleKey) -> Box<Error> {
    Error::syntax("no `:` follows this mapping key", key.at).help(
        "a key, its `:` and the space behind it stand on one line; a list item begins with `- `",
    )
}

/// A letter, digit, `_` or `-` of ASCII.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
