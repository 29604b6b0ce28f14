//! Quoted scalars.

use crate::{
    Error, Span, Style,
    scanner::{Scanner, Token},
};

impl Scanner<'_> {
    /// Scans a scalar in `quote`s.
    pub(crate) fn scan_quoted_scalar(&mut self, quote: u8) -> Result<Token, Box<Error>> {
        let start = self.at;
        let single = quote == b'\'';
        self.at += 1;
        let content = self.at;
        let mut decoded_from: Option<usize> = None;
        // Start of the source that is not in the side buffer yet, once that is used.
        let mut chunk = content;
        loop {
            if self.at == self.line_start && self.document_indicator().is_some() {
                return Err(Error::syntax(
                    "a document marker stands inside a quoted value",
                    self.at,
                )
                .related(start, "the value starts here")
                .help("close the quote before it"));
            }
            if self.peek(0) == 0 {
                return Err(Error::syntax("the quote is never closed", start)
                    .related(self.at, "the file ends here"));
            }
            let mut broken = false;
            loop {
                let rest = self.bytes.get(self.at..).unwrap_or_default();
                self.at +=
                    rest.iter().position(|byte| is_special(*byte, quote)).unwrap_or(rest.len());
                if self.is_blankz(0) {
                    break;
                }
                if self.peek(0) == quote {
                    if !single || self.peek(1) != quote {
                        break;
                    }
                    // A doubled quote stands for one.
                    self.at += 1;
                    self.flush(&mut decoded_from, chunk);
                    self.at += 1;
                    chunk = self.at;
                } else if !single && self.peek(0) == b'\\' {
                    self.flush(&mut decoded_from, chunk);
                    let len = self.break_len(1);
                    if len > 0 {
                        self.at += 1;
                        self.skip_break(len);
                        self.clear_breaks();
                        broken = true;
                        chunk = self.at;
                        break;
                    }
                    self.scan_escape(start)?;
                    chunk = self.at;
                } else {
                    self.at += 1;
                }
            }
            if !broken && self.peek(0) == quote {
                break;
            }
            let gap = self.at;
            loop {
                match self.peek(0) {
                    b' ' | b'\t' => self.at += 1,
                    _ => match self.break_len(0) {
                        0 => break,
                        len => {
                            if !broken {
                                let here = std::mem::replace(&mut self.at, gap);
                                self.flush(&mut decoded_from, chunk);
                                self.at = here;
                            }
                            self.take_break(len, !broken);
                            broken = true;
                        }
                    },
                }
            }
            if broken {
                self.push_fold();
                chunk = self.at;
            }
        }
        let text = match decoded_from {
            None => Self::source_text(content, self.at),
            Some(from) => {
                self.decode_source(chunk, self.at);
                self.decoded_from(from)
            }
        };
        self.at += 1;
        let style = if single { Style::SingleQuoted } else { Style::DoubleQuoted };
        let span = Span::new(start, self.at);
        Ok(Token::scalar(style, text, span))
    }

    /// Copies the source from `chunk` to here into the side buffer.
    fn flush(&mut self, decoded_from: &mut Option<usize>, chunk: usize) {
        decoded_from.get_or_insert(self.decoded.len());
        self.decode_source(chunk, self.at);
    }

    /// Decodes an escape sequence, at its backslash.
    fn scan_escape(&mut self, start: usize) -> Result<(), Box<Error>> {
        let digits = match self.peek(1) {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            letter => {
                let Some(character) = escaped(letter) else { return Err(self.bad_escape(start)) };
                self.decoded.push(character);
                self.at += 2;
                return Ok(());
            }
        };
        let mut code = 0u32;
        for at in 0..digits {
            if let Some(digit) = (self.peek(2 + at) as char).to_digit(16) {
                code = (code << 4) | digit;
            } else {
                let message =
                    format!("`\\{}` wants {digits} hexadecimal digits", self.peek(1) as char);
                return Err(
                    Error::syntax(message, self.at).related(start, "in the value that starts here")
                );
            }
        }
        match char::from_u32(code) {
            Some(character) => self.decoded.push(character),
            None => {
                return Err(Error::syntax("the escape names no Unicode character", self.at)
                    .related(start, "in the value that starts here")
                    .help("write the character itself, or one `\\U` escape instead of a surrogate pair"));
            }
        }
        self.at += 2 + digits;
        Ok(())
    }

    fn bad_escape(&self, start: usize) -> Box<Error> {
        let letter =
            self.source.get(self.at + 1..).and_then(|rest| rest.chars().next()).unwrap_or(' ');
        Error::syntax(format!("`\\{letter}` is no escape sequence"), self.at)
            .related(start, "in the value that starts here")
            .help("double the backslash, or use single quotes")
    }
}

fn is_special(byte: u8, quote: u8) -> bool {
    byte <= 0x20 || byte == quote || matches!(byte, b'\\' | 0xC2 | 0xE2)
}

/// What a one-letter escape stands for.
fn escaped(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' => ' ',
        b'"' => '"',
        b'/' => '/',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
