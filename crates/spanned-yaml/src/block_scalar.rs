//! Literal and folded block scalars.

use crate::{
    Error, Span, Style,
    scanner::{Scanner, Token},
};

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chomping {
    Strip,
    Clip,
    Keep,
}

impl Scanner<'_> {
    /// Scans a block scalar, at its `|` or `>`, and queues it.
    pub(crate) fn scan_block_scalar(&mut self, literal: bool) -> Result<(), Box<Error>> {
        let start = self.at;
        self.at += 1;
        let (chomping, increment) = self.scan_block_header(start)?;
        let mut end = self.at;
        while self.is_blank(0) {
            self.at += 1;
        }
        if self.peek(0) == b'#' {
            self.skip_comment();
        }
        if !self.is_breakz(0) {
            return Err(Error::syntax(
                "only a comment may follow the head of a block scalar",
                self.at,
            )
            .related(start, "the block scalar starts here")
            .help("begin the text on the next line"));
        }
        let len = self.break_len(0);
        if len > 0 {
            self.skip_break(len);
        }
        let mut indent = increment.map_or(0, |increment| self.indent.max(0) + increment);
        let from = self.decoded.len();
        self.clear_breaks();
        // The break behind the last line; the blank lines behind it wait as trailing breaks.
        let mut after_line: Option<&'static str> = None;
        let mut led_by_blank = false;
        self.scan_block_breaks(&mut indent, start)?;
        while self.peek(0) != 0 && self.column() == indent {
            let is_blank = self.is_blank(0);
            let folds = !literal && after_line == Some("\n") && !led_by_blank && !is_blank;
            if folds {
                if self.trailing_is_empty() {
                    self.decoded.push(' ');
                }
            } else if let Some(line_break) = after_line {
                self.decoded.push_str(line_break);
            }
            self.push_trailing();
            led_by_blank = is_blank;
            let line = self.at;
            self.skip_to_break();
            self.decode_source(line, self.at);
            end = self.at;
            let len = self.break_len(0);
            after_line = (len > 0).then(|| self.break_text(len));
            if len > 0 {
                self.skip_break(len);
            }
            self.scan_block_breaks(&mut indent, start)?;
        }
        if chomping != Chomping::Strip {
            self.decoded.push_str(after_line.unwrap_or_default());
        }
        if chomping == Chomping::Keep {
            self.push_trailing();
        }
        self.clear_breaks();
        let text = self.decoded_from(from);
        let style = if literal { Style::Literal } else { Style::Folded };
        self.push_token(Token::scalar(style, text, Span::new(start, end)));
        Ok(())
    }

    fn scan_block_header(&mut self, start: usize) -> Result<(Chomping, Option<i32>), Box<Error>> {
        let mut chomping = None;
        let mut increment = None;
        for _ in 0..2 {
            match self.peek(0) {
                b'+' if chomping.is_none() => chomping = Some(Chomping::Keep),
                b'-' if chomping.is_none() => chomping = Some(Chomping::Strip),
                b'0' if increment.is_none() => {
                    return Err(Error::syntax("a block scalar can't be indented by 0", self.at)
                        .related(start, "the block scalar starts here"));
                }
                digit @ b'1'..=b'9' if increment.is_none() => {
                    increment = Some(i32::from(digit - b'0'));
                }
                _ => break,
            }
            self.at += 1;
        }
        Ok((chomping.unwrap_or(Chomping::Clip), increment))
    }

    /// Passes indentation and empty lines; finds the indentation, while it is 0,
    /// from the most indented of them and the first line that isn't empty.
    fn scan_block_breaks(&mut self, indent: &mut i32, start: usize) -> Result<(), Box<Error>> {
        let mut deepest = 0;
        loop {
            // Only spaces stand between the line's start and here.
            let mut column = self.column();
            while (*indent == 0 || column < *indent) && self.peek(0) == b' ' {
                self.at += 1;
                column += 1;
            }
            deepest = deepest.max(column);
            if (*indent == 0 || column < *indent) && self.peek(0) == b'\t' {
                return Err(Error::syntax("a tab can't indent", self.at)
                    .related(start, "in the block scalar that starts here")
                    .help("use spaces"));
            }
            match self.break_len(0) {
                0 => break,
                len => self.take_break(len, false),
            }
        }
        if *indent == 0 {
            *indent = deepest.max(self.indent + 1).max(1);
        }
        Ok(())
    }
}
