//! Plain scalars: no quotes, on one line or folded over several.

use crate::{
    Error, Span, Style,
    scanner::{Scanner, Token},
};

/// Bytes that neither end a word nor begin something that does.
const ORDINARY: [bool; 256] = {
    let mut table = [true; 256];
    let mut byte = 0;
    while byte <= 0x20 {
        table[byte] = false;
        byte += 1;
    }
    let special = *b":,[]{}\xC2\xE2";
    let mut at = 0;
    while at < special.len() {
        table[special[at] as usize] = false;
        at += 1;
    }
    table
};

impl Scanner<'_> {
    /// Scans a plain scalar and queues it.
    pub(crate) fn scan_plain_scalar(&mut self) -> Result<(), Box<Error>> {
        let start = self.at;
        let indent = self.indent + 1;
        let mut end = start;
        let mut decoded_from: Option<usize> = None;
        // Whether the gap before the current word has a line break.
        let mut broken = false;
        loop {
            if self.at == self.line_start && self.document_indicator().is_some() {
                break;
            }
            if self.peek(0) == b'#' && self.at > start {
                break;
            }
            let word = self.at;
            self.skip_word(start)?;
            if self.at > word {
                if word > start && (broken || decoded_from.is_some()) {
                    if decoded_from.is_none() {
                        decoded_from = Some(self.decoded.len());
                        self.decode_source(start, end);
                    }
                    if broken {
                        self.push_fold();
                    } else {
                        self.decode_source(end, word);
                    }
                    self.decode_source(word, self.at);
                }
                broken = false;
                end = self.at;
            }
            let gap = self.at;
            self.skip_gap(start, indent, &mut broken)?;
            if self.at == gap || (self.flow_level == 0 && broken && self.column() < indent) {
                break;
            }
        }
        if broken {
            self.simple_key_allowed = true;
        }
        let text = decoded_from
            .map_or_else(|| Self::source_text(start, end), |from| self.decoded_from(from));
        let span = Span::new(start, end);
        self.push_token(Token::scalar(Style::Plain, text, span));
        Ok(())
    }

    /// Goes to the end of a run without blanks.
    fn skip_word(&mut self, start: usize) -> Result<(), Box<Error>> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at +=
                rest.iter().position(|byte| !ORDINARY[usize::from(*byte)]).unwrap_or(rest.len());
            match self.peek(0) {
                b':' => {
                    if self.flow_level > 0
                        && matches!(self.peek(1), b',' | b'?' | b'[' | b']' | b'{' | b'}')
                    {
                        return Err(Error::syntax(
                            "a `:` can't stand here in a plain scalar",
                            self.at,
                        )
                        .related(start, "the scalar starts here")
                        .help("quote the value, or put a space behind the `:`"));
                    }
                    if self.is_blankz(1) {
                        return Ok(());
                    }
                }
                b',' | b'[' | b']' | b'{' | b'}' if self.flow_level > 0 => return Ok(()),
                _ if self.is_blankz(0) => return Ok(()),
                _ => {}
            }
            self.at += 1;
        }
    }

    /// Passes blanks and line breaks; the breaks are left for [`Scanner::push_fold`].
    fn skip_gap(&mut self, start: usize, indent: i32, broken: &mut bool) -> Result<(), Box<Error>> {
        loop {
            match self.peek(0) {
                b' ' => self.at += 1,
                b'\t' => {
                    if *broken && self.column() < indent {
                        let mut error =
                            Error::syntax("a tab can't indent", self.at).help("use spaces");
                        error = error.related(start, "in the value that starts here");
                        return Err(error);
                    }
                    self.at += 1;
                }
                _ => match self.break_len(0) {
                    0 => return Ok(()),
                    len => {
                        self.take_break(len, !*broken);
                        *broken = true;
                    }
                },
            }
        }
    }
}
