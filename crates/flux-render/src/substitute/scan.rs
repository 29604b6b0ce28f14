//! Cuts a text into tokens (envsubst/parse/scan.go). What counts as a token depends on what the
//! parser expects, and a character that is looked at ahead can change how far the scanner steps
//! back: both are kept as they are upstream.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Nothing that is expected.
    Illegal,
    /// The text's end, or a NUL byte.
    End,
    /// A run of accepted characters.
    Text,
    /// `${`
    Open,
    /// `}`
    Close,
}

/// What the parser looks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mode {
    pub(super) text: bool,
    pub(super) open: bool,
    pub(super) close: bool,
    pub(super) escape: bool,
}

/// Whether a character belongs to the token, given its byte offset behind it in the token.
pub(super) type Accept = fn(char, usize) -> bool;

pub(super) struct Scanner<'s> {
    pub(super) source: &'s str,
    pub(super) position: usize,
    start: usize,
    width: usize,
    pub(super) mode: Mode,
    /// Besides `$$`, `\/` and `\\` stand for their second character.
    pub(super) backslash: bool,
    /// What a run is made of; of anything, if there is none.
    pub(super) accept: Option<Accept>,
    /// Bytes of the present token that an escape took out.
    removed: Vec<usize>,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self {
            source,
            position: 0,
            start: 0,
            width: 0,
            mode: Mode::default(),
            backslash: false,
            accept: None,
            removed: Vec::new(),
        }
    }

    /// The next character; NUL at the end.
    pub(super) fn read(&mut self) -> char {
        let next = self.source.get(self.position..).and_then(|rest| rest.chars().next());
        self.width = next.map_or(0, char::len_utf8);
        self.position += self.width;
        next.unwrap_or('\0')
    }

    pub(super) fn unread(&mut self) {
        self.position = self.position.saturating_sub(self.width);
    }

    pub(super) fn peek(&mut self) -> char {
        let next = self.read();
        self.unread();
        next
    }

    /// The pieces of the source that the present token is made of.
    pub(super) fn pieces(&self) -> Vec<Range<usize>> {
        let mut pieces = Vec::new();
        let mut from = self.start;
        for removed in &self.removed {
            if *removed > from {
                pieces.push(from..*removed);
            }
            from = removed + 1;
        }
        if self.position > from {
            pieces.push(from..self.position);
        }
        pieces
    }

    /// The present token where it has no escapes.
    pub(super) fn text(&self) -> &'s str {
        self.source.get(self.start..self.position).unwrap_or_default()
    }

    pub(super) fn scan(&mut self) -> Token {
        self.start = self.position;
        self.removed.clear();
        let next = self.read();
        if next == '\0' {
            Token::End
        } else if self.opens(next) {
            Token::Open
        } else if self.mode.close && next == '}' {
            Token::Close
        } else if self.mode.text && self.run(next) {
            Token::Text
        } else {
            Token::Illegal
        }
    }

    fn accepts(&self, character: char) -> bool {
        self.accept
            .is_none_or(|accept| accept(character, self.position - self.start - self.removed.len()))
    }

    /// Steps over what can be nothing but part of a run of anything.
    fn skip_ordinary(&mut self) {
        let rest = self.source.as_bytes().get(self.position..).unwrap_or_default();
        self.position += memchr::memchr3(b'$', b'\\', 0, rest).unwrap_or(rest.len());
    }

    fn run(&mut self, first: char) -> bool {
        if self.escaped(first) {
            self.skip();
        } else if !self.accepts(first) {
            return false;
        }
        loop {
            if self.accept.is_none() {
                self.skip_ordinary();
            }
            let next = self.read();
            if next == '\0' {
                self.unread();
                break;
            }
            if self.opens(next) {
                self.unread();
                self.unread();
                break;
            }
            if self.escaped(next) {
                self.skip();
            } else if !self.accepts(next) {
                self.unread();
                break;
            }
        }
        true
    }

    /// Drops the character before, and takes the one that it escapes.
    fn skip(&mut self) {
        self.removed.push(self.position - 1);
        self.position += 1;
    }

    fn opens(&mut self, character: char) -> bool {
        if !self.mode.open || character != '$' {
            return false;
        }
        if self.read() == '{' {
            return true;
        }
        self.unread();
        false
    }

    fn escaped(&mut self, character: char) -> bool {
        if !self.mode.escape {
            return false;
        }
        match character {
            '$' => self.peek() == '$',
            '\\' if self.backslash => matches!(self.peek(), '/' | '\\'),
            _ => false,
        }
    }
}

/// A letter, a decimal digit or `_`, as Go's `unicode.IsLetter` and `IsDigit` have it.
pub(super) fn is_name(character: char, _: usize) -> bool {
    static OTHERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{Nd}]$").ok());
    if character.is_ascii() {
        return character.is_ascii_alphanumeric() || character == '_';
    }
    let mut buffer = [0; 4];
    OTHERS.as_ref().is_some_and(|others| others.is_match(character.encode_utf8(&mut buffer)))
}
