//! From tokens to nodes, by libyaml's grammar (parser.c): a state machine with
//! a stack of its own, so that depth costs no recursion.

use crate::{
    Error, Limits, NodeId, Span, Style,
    builder::{Builder, Properties},
    scanner::{Scanner, Text, Token, TokenKind},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirstEntry,
    FlowSequenceEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirstKey,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
}

pub(crate) struct Parser<'s> {
    pub(crate) scanner: Scanner<'s>,
    pub(crate) builder: Builder<'s>,
    states: Vec<State>,
    pub(crate) tag_directives: Vec<(String, String)>,
    /// Whether no document was begun yet.
    pub(crate) is_first: bool,
    /// Where the last document ended.
    pub(crate) ended_at: usize,
}

type Result<T> = std::result::Result<T, Box<Error>>;

impl<'s> Parser<'s> {
    pub(crate) fn new(source: &'s str, start: usize, limits: &Limits) -> Self {
        Self {
            scanner: Scanner::new(source, start, 1),
            builder: Builder::new(source, limits),
            states: Vec::new(),
            tag_directives: Vec::new(),
            is_first: true,
            ended_at: start,
        }
    }

    /// Where the document that is parsed next may begin.
    pub(crate) fn next_start(&self) -> usize {
        self.ended_at
    }

    /// Goes on at a line that begins a document.
    pub(crate) fn restart(&mut self, start: usize) {
        self.scanner.restart(start);
        self.states.clear();
        self.tag_directives.clear();
        self.is_first = true;
        self.ended_at = start;
    }

    /// Parses one node and all that is in it.
    pub(crate) fn root(&mut self) -> Result<NodeId> {
        let root = self.builder.next_id();
        self.node(true, false)?;
        while let Some(state) = self.states.pop() {
            self.step(state)?;
        }
        Ok(root)
    }

    fn step(&mut self, state: State) -> Result<()> {
        match state {
            State::BlockSequenceEntry => self.block_sequence_entry(),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirstEntry => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.builder.close_at_child();
                self.states.push(State::FlowSequenceEntry);
                Ok(())
            }
            State::FlowMappingFirstKey => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                self.empty(self.builder.last_end());
                self.states.push(State::FlowMappingKey);
                Ok(())
            }
        }
    }

    fn next(&mut self) -> Result<Token> {
        self.scanner.peek_token()
    }

    /// An empty plain scalar at `at`.
    fn empty(&mut self, at: u32) {
        let span = Span { start: at, end: at };
        self.builder.scalar(span, Style::Plain, Text { start: at, len: 0, decoded: false }, None);
    }

    /// A node; what is within it is left to the states that it pushes.
    fn node(&mut self, block: bool, indentless: bool) -> Result<()> {
        let mut token = self.next()?;
        if token.kind == TokenKind::Alias {
            self.scanner.take_token();
            return self.builder.alias(token.span);
        }
        let mut properties = None;
        if matches!(token.kind, TokenKind::Anchor | TokenKind::Tag) {
            properties = Some(Box::new(self.properties(&mut token)?));
        }
        match token.kind {
            TokenKind::BlockEntry if indentless => {
                self.builder.open_sequence(token.span, Style::Block, properties)?;
                self.states.push(State::IndentlessSequenceEntry);
            }
            TokenKind::Scalar => {
                self.scanner.take_token();
                self.builder.scalar(token.span, token.style, token.text(), properties);
            }
            TokenKind::FlowSequenceStart => {
                self.scanner.take_token();
                self.builder.open_sequence(token.span, Style::Flow, properties)?;
                self.states.push(State::FlowSequenceFirstEntry);
            }
            TokenKind::FlowMappingStart => {
                self.scanner.take_token();
                self.builder.open_mapping(token.span, Style::Flow, properties)?;
                self.states.push(State::FlowMappingFirstKey);
            }
            TokenKind::BlockSequenceStart if block => {
                self.scanner.take_token();
                self.builder.open_sequence(token.span, Style::Block, properties)?;
                self.states.push(State::BlockSequenceEntry);
            }
            TokenKind::BlockMappingStart if block => {
                self.scanner.take_token();
                self.builder.open_mapping(token.span, Style::Block, properties)?;
                self.states.push(State::BlockMappingKey);
            }
            _ if properties.is_some() => {
                let end = self.scanner.last_taken_end;
                let span = Span { start: end, end };
                let text = Text { start: end, len: 0, decoded: false };
                self.builder.scalar(span, Style::Plain, text, properties);
            }
            _ => return Err(Self::no_value(token)),
        }
        Ok(())
    }

    /// An anchor and a tag, in either order.
    #[cold]
    fn properties(&mut self, token: &mut Token) -> Result<Properties> {
        let mut properties = Properties { start: token.span.start, ..Properties::default() };
        for _ in 0..2 {
            match token.kind {
                TokenKind::Anchor if properties.anchor.is_none() => {
                    let name = Span { start: token.span.start + 1, end: token.span.end };
                    properties.anchor = Some(name);
                }
                TokenKind::Tag if properties.tag.is_none() => {
                    let index = token.a;
                    properties.tag = Some(self.resolve_tag(index, token.span.start as usize)?);
                }
                _ => break,
            }
            self.scanner.last_taken_end = token.span.end;
            self.scanner.take_token();
            *token = self.next()?;
        }
        Ok(properties)
    }

    fn no_value(token: Token) -> Box<Error> {
        let mut error =
            Error::syntax(format!("a value is expected here, not {}", describe(token.kind)), 0);
        error.span = token.span;
        error
    }

    fn resolve_tag(&self, index: u32, at: usize) -> Result<String> {
        let Some((handle, suffix)) = self.scanner.tags.get(index as usize) else {
            return Ok(String::new());
        };
        if handle.is_empty() {
            return Ok(suffix.clone());
        }
        match self.tag_directives.iter().find(|(known, _)| known == handle) {
            Some((_, prefix)) => Ok(format!("{prefix}{suffix}")),
            None => {
                Err(Error::syntax(format!("no %TAG directive defines the handle {handle}"), at))
            }
        }
    }

    fn block_sequence_entry(&mut self) -> Result<()> {
        let token = self.next()?;
        match token.kind {
            TokenKind::BlockEntry => {
                self.scanner.take_token();
                self.states.push(State::BlockSequenceEntry);
                match self.scanner.peek_kind()? {
                    TokenKind::BlockEntry | TokenKind::BlockEnd => {
                        self.empty(token.span.end);
                        Ok(())
                    }
                    _ => self.node(true, false),
                }
            }
            TokenKind::BlockEnd => {
                self.scanner.take_token();
                self.builder.close_at_child();
                Ok(())
            }
            kind => {
                let message =
                    format!("`- ` or the list's end is expected here, not {}", describe(kind));
                Err(self
                    .builder
                    .in_collection(
                        Error::syntax(message, token.span.start as usize),
                        "the list starts here",
                    )
                    .help("items of a list are indented alike"))
            }
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<()> {
        let token = self.next()?;
        if token.kind != TokenKind::BlockEntry {
            self.builder.close_at_child();
            return Ok(());
        }
        self.scanner.take_token();
        self.states.push(State::IndentlessSequenceEntry);
        match self.scanner.peek_kind()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.empty(token.span.end);
                Ok(())
            }
            _ => self.node(true, false),
        }
    }

    fn block_mapping_key(&mut self) -> Result<()> {
        let token = self.next()?;
        match token.kind {
            TokenKind::Key => {
                self.scanner.take_token();
                self.states.push(State::BlockMappingValue);
                match self.scanner.peek_kind()? {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                        self.empty(token.span.end);
                        Ok(())
                    }
                    _ => self.node(true, true),
                }
            }
            TokenKind::BlockEnd => {
                self.scanner.take_token();
                self.builder.close_at_child();
                Ok(())
            }
            kind => {
                let message =
                    format!("a key or the mapping's end is expected here, not {}", describe(kind));
                Err(self
                    .builder
                    .in_collection(
                        Error::syntax(message, token.span.start as usize),
                        "the mapping starts here",
                    )
                    .help("keys of a mapping are indented alike"))
            }
        }
    }

    fn block_mapping_value(&mut self) -> Result<()> {
        let token = self.next()?;
        self.states.push(State::BlockMappingKey);
        if token.kind != TokenKind::Value {
            self.empty(self.builder.last_end());
            return Ok(());
        }
        self.scanner.take_token();
        match self.scanner.peek_kind()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.empty(token.span.end);
                Ok(())
            }
            _ => self.node(true, true),
        }
    }

    /// Passes the `,` between entries, or reports what stands there instead.
    fn flow_separator(&mut self, token: Token, close: char) -> Result<Token> {
        if token.kind == TokenKind::FlowEntry {
            self.scanner.take_token();
            return self.next();
        }
        let message = format!("`,` or `{close}` is expected here, not {}", describe(token.kind));
        let error = Error::syntax(message, token.span.start as usize);
        Err(self.builder.in_collection(error, "opened here"))
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<()> {
        let mut token = self.next()?;
        if token.kind != TokenKind::FlowSequenceEnd {
            if !first {
                token = self.flow_separator(token, ']')?;
            }
            if token.kind == TokenKind::Key {
                self.scanner.take_token();
                self.builder.open_mapping(token.span, Style::Flow, None)?;
                self.states.push(State::FlowPairKey);
                return Ok(());
            }
            if token.kind != TokenKind::FlowSequenceEnd {
                self.states.push(State::FlowSequenceEntry);
                return self.node(false, false);
            }
        }
        self.scanner.take_token();
        self.builder.close(token.span.end);
        Ok(())
    }

    fn flow_pair_key(&mut self) -> Result<()> {
        let token = self.next()?;
        self.states.push(State::FlowPairValue);
        if matches!(
            token.kind,
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
        ) {
            // As libyaml does, the token itself is passed, too.
            self.scanner.take_token();
            self.empty(token.span.end);
            return Ok(());
        }
        self.node(false, false)
    }

    fn flow_pair_value(&mut self) -> Result<()> {
        let token = self.next()?;
        self.states.push(State::FlowPairEnd);
        if token.kind == TokenKind::Value {
            self.scanner.take_token();
            let next = self.next()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                return self.node(false, false);
            }
            self.empty(token.span.end);
        } else {
            self.empty(self.builder.last_end());
        }
        Ok(())
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<()> {
        let mut token = self.next()?;
        if token.kind != TokenKind::FlowMappingEnd {
            if !first {
                token = self.flow_separator(token, '}')?;
            }
            if token.kind == TokenKind::Key {
                self.scanner.take_token();
                self.states.push(State::FlowMappingValue);
                let next = self.next()?;
                if matches!(
                    next.kind,
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
                ) {
                    self.empty(token.span.end);
                    return Ok(());
                }
                return self.node(false, false);
            }
            if token.kind != TokenKind::FlowMappingEnd {
                self.states.push(State::FlowMappingEmptyValue);
                return self.node(false, false);
            }
        }
        self.scanner.take_token();
        self.builder.close(token.span.end);
        Ok(())
    }

    fn flow_mapping_value(&mut self) -> Result<()> {
        let token = self.next()?;
        self.states.push(State::FlowMappingKey);
        if token.kind == TokenKind::Value {
            self.scanner.take_token();
            let next = self.next()?;
            if !matches!(next.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                return self.node(false, false);
            }
            self.empty(token.span.end);
        } else {
            self.empty(self.builder.last_end());
        }
        Ok(())
    }
}

/// A token in words.
fn describe(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::StreamEnd => "the end of the file",
        TokenKind::VersionDirective | TokenKind::TagDirective => "a directive",
        TokenKind::DocumentStart => "a new document",
        TokenKind::DocumentEnd => "the document's end",
        TokenKind::BlockSequenceStart => "a list",
        TokenKind::BlockMappingStart => "a mapping",
        TokenKind::BlockEnd => "the end of the block",
        TokenKind::FlowSequenceStart => "`[`",
        TokenKind::FlowSequenceEnd => "`]`",
        TokenKind::FlowMappingStart => "`{`",
        TokenKind::FlowMappingEnd => "`}`",
        TokenKind::BlockEntry => "`- `",
        TokenKind::FlowEntry => "`,`",
        TokenKind::Key => "a mapping key",
        TokenKind::Value => "`:`",
        TokenKind::Alias => "an alias",
        TokenKind::Anchor => "an anchor",
        TokenKind::Tag => "a tag",
        TokenKind::Scalar => "a value",
    }
}
