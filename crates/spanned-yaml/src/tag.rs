//! Tags and directives.

use crate::{
    Error,
    scanner::{Scanner, TokenKind, is_word},
};

/// Longest number in a `%YAML` directive, from libyaml.
const MAX_VERSION_DIGITS: usize = 9;

impl Scanner<'_> {
    /// Scans a directive, at its `%`, and queues it.
    pub(crate) fn scan_directive(&mut self) -> Result<(), Box<Error>> {
        let start = self.at;
        self.at += 1;
        let name = self.at;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        let (kind, a, b) = match self.source.get(name..self.at).filter(|_| self.is_blankz(0)) {
            Some("YAML") => self.scan_version(start)?,
            Some("TAG") => self.scan_tag_directive(start)?,
            _ => {
                return Err(Error::syntax("there are only the directives %YAML and %TAG", start)
                    .help("quote a value that starts with `%`"));
            }
        };
        self.push_with(kind, start, a, b);
        while self.is_blank(0) {
            self.at += 1;
        }
        if self.peek(0) == b'#' {
            self.skip_comment();
        }
        if !self.is_breakz(0) {
            return Err(Error::syntax("only a comment may follow a directive", self.at)
                .related(start, "the directive starts here"));
        }
        let len = self.break_len(0);
        if len > 0 {
            self.skip_break(len);
        }
        Ok(())
    }

    fn scan_version(&mut self, start: usize) -> Result<(TokenKind, u32, u32), Box<Error>> {
        while self.is_blank(0) {
            self.at += 1;
        }
        let major = self.scan_version_number(start)?;
        if self.peek(0) != b'.' {
            return Err(bad_version(start));
        }
        self.at += 1;
        let minor = self.scan_version_number(start)?;
        Ok((TokenKind::VersionDirective, major, minor))
    }

    fn scan_version_number(&mut self, start: usize) -> Result<u32, Box<Error>> {
        let from = self.at;
        while self.peek(0).is_ascii_digit() && self.at - from <= MAX_VERSION_DIGITS {
            self.at += 1;
        }
        let digits =
            self.source.get(from..self.at).filter(|digits| digits.len() <= MAX_VERSION_DIGITS);
        digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| bad_version(start))
    }

    fn scan_tag_directive(&mut self, start: usize) -> Result<(TokenKind, u32, u32), Box<Error>> {
        while self.is_blank(0) {
            self.at += 1;
        }
        let handle = self.scan_tag_handle(true, start)?;
        if !self.is_blank(0) {
            return Err(bad_tag("a blank follows the handle of a %TAG directive", self.at, start));
        }
        while self.is_blank(0) {
            self.at += 1;
        }
        let prefix = self.scan_tag_uri(true, "", start)?;
        if !self.is_blankz(0) {
            return Err(bad_tag("a blank or line break follows a %TAG directive", self.at, start));
        }
        Ok((TokenKind::TagDirective, self.keep_tag(handle, prefix), 0))
    }

    /// Scans a tag, at its `!`, and queues it.
    pub(crate) fn scan_tag(&mut self) -> Result<(), Box<Error>> {
        let start = self.at;
        let (handle, suffix) = if self.peek(1) == b'<' {
            self.at += 2;
            let uri = self.scan_tag_uri(true, "", start)?;
            if self.peek(0) != b'>' {
                return Err(bad_tag("a `>` closes a tag that starts with `!<`", self.at, start));
            }
            self.at += 1;
            (String::new(), uri)
        } else {
            let handle = self.scan_tag_handle(false, start)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri(false, "", start)?;
                (handle, suffix)
            } else {
                // What looked like a handle is the start of a local tag; `!` alone
                // stands for "not plain".
                let suffix = self.scan_tag_uri(false, &handle, start)?;
                if suffix.is_empty() {
                    (String::new(), "!".to_owned())
                } else {
                    ("!".to_owned(), suffix)
                }
            }
        };
        if !self.is_blankz(0) && (self.flow_level == 0 || self.peek(0) != b',') {
            return Err(bad_tag("a blank or line break follows a tag", self.at, start));
        }
        let index = self.keep_tag(handle, suffix);
        self.push_with(TokenKind::Tag, start, index, 0);
        Ok(())
    }

    fn keep_tag(&mut self, handle: String, suffix: String) -> u32 {
        self.tags.push((handle, suffix));
        self.tags.len() as u32 - 1
    }

    /// `!`, `!!` or `!word!`; of a local tag as `!word`, what could be a handle.
    fn scan_tag_handle(&mut self, directive: bool, start: usize) -> Result<String, Box<Error>> {
        if self.peek(0) != b'!' {
            return Err(bad_tag("a tag starts with `!`", self.at, start));
        }
        let from = self.at;
        self.at += 1;
        while is_word(self.peek(0)) {
            self.at += 1;
        }
        if self.peek(0) == b'!' {
            self.at += 1;
        } else if directive && self.at - from > 1 {
            return Err(bad_tag("a `!` closes the handle of a %TAG directive", self.at, start));
        }
        Ok(self.source.get(from..self.at).unwrap_or_default().to_owned())
    }

    /// A tag's address; `head` is what was taken for a handle and belongs to it.
    fn scan_tag_uri(
        &mut self,
        brackets: bool,
        head: &str,
        start: usize,
    ) -> Result<String, Box<Error>> {
        let mut bytes = head.get(1..).unwrap_or_default().as_bytes().to_vec();
        let mut is_empty = head.is_empty();
        loop {
            let byte = self.peek(0);
            let allowed = is_word(byte)
                || b";/?:@&=+$.!~*'()".contains(&byte)
                || (brackets && matches!(byte, b',' | b'[' | b']'));
            if allowed {
                bytes.push(byte);
                self.at += 1;
            } else if byte == b'%' {
                self.scan_uri_escape(&mut bytes, start)?;
            } else {
                break;
            }
            is_empty = false;
        }
        if is_empty {
            return Err(bad_tag("the tag names nothing", self.at, start));
        }
        String::from_utf8(bytes)
            .map_err(|_| bad_tag("the tag's escapes are not UTF-8", self.at, start))
    }

    fn scan_uri_escape(&mut self, bytes: &mut Vec<u8>, start: usize) -> Result<(), Box<Error>> {
        let digit = |byte: u8| (byte as char).to_digit(16);
        match (digit(self.peek(1)), digit(self.peek(2))) {
            (Some(high), Some(low)) => {
                bytes.push((high << 4 | low) as u8);
                self.at += 3;
                Ok(())
            }
            _ => Err(bad_tag("`%` in a tag wants two hexadecimal digits", self.at, start)),
        }
    }
}

fn bad_version(start: usize) -> Box<Error> {
    Error::syntax("a %YAML directive names a version, as `%YAML 1.1`", start)
}

fn bad_tag(message: &str, at: usize, start: usize) -> Box<Error> {
    Error::syntax(message, at).related(start, "the tag starts here")
}
