//! Reads a text with expressions (envsubst/parse/parse.go).

use std::ops::Range;

use super::{
    Error, ErrorKind,
    scan::{Accept, Mode, Scanner, Token, is_name},
};

/// A piece of the text.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Bytes of the input, with escapes taken out.
    Text(Vec<Range<usize>>),
    /// `${...}`
    Expression(Expression),
}

#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) range: Range<usize>,
    pub(super) name: String,
    pub(super) operator: String,
    pub(super) arguments: Vec<Part>,
}

/// Deepest nesting of expressions.
const MOST_LEVELS: usize = 100;

pub(super) struct Parser<'s> {
    scanner: Scanner<'s>,
    depth: usize,
}

const TEXT: Mode = Mode { text: true, open: false, close: false, escape: false };
const CLOSE: Mode = Mode { text: false, open: false, close: true, escape: false };

fn not_closing(character: char, _: usize) -> bool {
    character != '}'
}

impl<'s> Parser<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { scanner: Scanner::new(source), depth: 0 }
    }

    pub(super) fn parse(mut self) -> Result<Vec<Part>, Error> {
        let mut parts = Vec::new();
        loop {
            self.scanner.accept = None;
            self.scanner.mode = Mode { text: true, open: true, close: false, escape: true };
            self.scanner.backslash = false;
            let start = self.scanner.position;
            match self.scanner.scan() {
                Token::Text => parts.push(Part::Text(self.scanner.pieces())),
                Token::Open => parts.push(Part::Expression(self.expression(start)?)),
                Token::End => return Ok(parts),
                Token::Close | Token::Illegal => return Err(self.fail(start, ErrorKind::Malformed)),
            }
        }
    }

    fn fail(&self, start: usize, kind: ErrorKind) -> Error {
        let end = self.scanner.position.max(start).min(self.scanner.source.len());
        Error { kind, at: start..end }
    }

    fn expect(
        &mut self,
        start: usize,
        accept: Accept,
        token: Token,
        kind: ErrorKind,
    ) -> Result<(), Error> {
        self.scanner.accept = Some(accept);
        self.scanner.mode = if token == Token::Close { CLOSE } else { TEXT };
        if self.scanner.scan() == token { Ok(()) } else { Err(self.fail(start, kind)) }
    }

    fn expression(&mut self, start: usize) -> Result<Expression, Error> {
        if self.depth >= MOST_LEVELS {
            return Err(self.fail(start, ErrorKind::Limit));
        }
        self.depth += 1;
        let mut expression = self.inner(start)?;
        self.depth -= 1;
        expression.range = start..self.scanner.position;
        Ok(expression)
    }

    fn inner(&mut self, start: usize) -> Result<Expression, Error> {
        self.scanner.backslash = true;
        let mut made = Expression {
            range: start..start,
            name: String::new(),
            operator: String::new(),
            arguments: Vec::new(),
        };
        if self.scanner.peek() == '#' {
            self.expect(start, |c, i| c == '#' && i == 1, Token::Text, ErrorKind::Malformed)?;
            self.scanner.text().clone_into(&mut made.operator);
            self.expect(start, is_name, Token::Text, ErrorKind::Malformed)?;
            self.scanner.text().clone_into(&mut made.name);
            self.close(start)?;
            return Ok(made);
        }
        self.expect(start, is_name, Token::Text, ErrorKind::Name)?;
        self.scanner.text().clone_into(&mut made.name);
        match self.scanner.peek() {
            ':' => {
                self.scanner.read();
                let next = self.scanner.peek();
                self.scanner.unread();
                if matches!(next, '=' | '-' | '?' | '+') {
                    self.default(start, &mut made)?;
                } else {
                    self.substring(start, &mut made)?;
                }
            }
            '=' => self.default(start, &mut made)?,
            ',' | '^' => {
                let accept: Accept = |c, i| matches!(c, ',' | '^') && i < 3;
                self.operator(start, &mut made, accept, ErrorKind::Malformed)?;
                self.close(start)?;
            }
            '/' => self.replace(start, &mut made)?,
            '#' => self.remove(start, &mut made, |c, i| c == '#' && i < 3)?,
            '%' => self.remove(start, &mut made, |c, i| c == '%' && i < 3)?,
            _ => self.expect(start, is_name, Token::Close, ErrorKind::Unclosed)?,
        }
        Ok(made)
    }

    fn operator(
        &mut self,
        start: usize,
        made: &mut Expression,
        accept: Accept,
        kind: ErrorKind,
    ) -> Result<(), Error> {
        self.expect(start, accept, Token::Text, kind)?;
        self.scanner.text().clone_into(&mut made.operator);
        Ok(())
    }

    fn close(&mut self, start: usize) -> Result<(), Error> {
        self.scanner.mode = CLOSE;
        if self.scanner.scan() == Token::Close {
            Ok(())
        } else {
            Err(self.fail(start, ErrorKind::Malformed))
        }
    }

    fn argument(
        &mut self,
        start: usize,
        made: &mut Expression,
        accept: Accept,
        escape: bool,
    ) -> Result<(), Error> {
        self.scanner.accept = Some(accept);
        self.scanner.mode = Mode { open: true, escape, ..TEXT };
        let from = self.scanner.position;
        let part = match self.scanner.scan() {
            Token::Open => Part::Expression(self.expression(from)?),
            Token::Text => Part::Text(self.scanner.pieces()),
            Token::Close | Token::End | Token::Illegal => {
                return Err(self.fail(start, ErrorKind::Argument));
            }
        };
        made.arguments.push(part);
        Ok(())
    }

    fn substring(&mut self, start: usize, made: &mut Expression) -> Result<(), Error> {
        self.operator(start, made, |c, i| c == ':' && i == 1, ErrorKind::Malformed)?;
        self.argument(start, made, |c, _| c != ':' && c != '}', false)?;
        self.scanner.accept = Some(|c, _| c == ':');
        self.scanner.mode = Mode { text: true, close: true, ..Mode::default() };
        match self.scanner.scan() {
            Token::Close => return Ok(()),
            Token::Text => {}
            Token::Open | Token::End | Token::Illegal => {
                return Err(self.fail(start, ErrorKind::Malformed));
            }
        }
        self.argument(start, made, not_closing, false)?;
        self.close(start)
    }

    fn remove(&mut self, start: usize, made: &mut Expression, accept: Accept) -> Result<(), Error> {
        self.operator(start, made, accept, ErrorKind::Malformed)?;
        self.argument(start, made, not_closing, false)?;
        self.close(start)
    }

    fn replace(&mut self, start: usize, made: &mut Expression) -> Result<(), Error> {
        let accept: Accept =
            |c, i| (i == 1 && c == '/') || (i == 2 && matches!(c, '/' | '#' | '%'));
        self.operator(start, made, accept, ErrorKind::Malformed)?;
        self.argument(start, made, |c, _| c != '/', true)?;
        self.expect(start, |c, _| c == '/', Token::Text, ErrorKind::Malformed)?;
        if self.scanner.peek() != '}' {
            self.argument(start, made, not_closing, true)?;
        }
        self.close(start)
    }

    fn default(&mut self, start: usize, made: &mut Expression) -> Result<(), Error> {
        let accept: Accept = if self.scanner.peek() == '=' {
            |c, i| i == 1 && c == '='
        } else {
            |c, i| (i == 1 && c == ':') || (i == 2 && matches!(c, '=' | '-' | '?' | '+'))
        };
        self.operator(start, made, accept, ErrorKind::Malformed)?;
        while self.scanner.peek() != '}' {
            self.argument(start, made, not_closing, false)?;
        }
        self.close(start)
    }
}
