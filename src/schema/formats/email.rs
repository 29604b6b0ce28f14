//! Email addresses as Go's `net/mail` reads them (RFC 5322): `a@b`, `Name <a@b>`, with comments, and a
//! group of one.
//!
//! Left out: a name with an encoded word (RFC 2047) of a character set that Go doesn't know, which Go
//! refuses.

/// Whether it is one address.
pub(super) fn is_email(text: &str) -> bool {
    let mut parser = Parser { rest: text };
    parser.address(true) == Some(1) && parser.skip_comments() && parser.rest.is_empty()
}

struct Parser<'t> {
    rest: &'t str,
}

fn is_visible(c: char) -> bool {
    ('!'..='~').contains(&c) || !c.is_ascii()
}

/// A character of an atom, or a dot between two.
fn is_of_atom(c: char) -> bool {
    is_visible(c) && !"()<>[]:;@\\,\"".contains(c)
}

impl Parser<'_> {
    /// Reads an address, or a group of them if there may be one: how many addresses.
    fn address(&mut self, may_be_group: bool) -> Option<usize> {
        self.skip_space();
        if self.rest.is_empty() {
            return None;
        }
        let start = self.rest;
        if self.plain_address().is_some() {
            self.skip_space();
            if self.takes('(') && !self.skip_comment() {
                return None;
            }
            return Some(1);
        }
        self.rest = start;
        if !self.rest.starts_with('<') && !self.phrase() {
            return None;
        }
        self.skip_space();
        if may_be_group && self.takes(':') {
            return self.group();
        }
        let is_address = self.takes('<') && self.plain_address().is_some() && self.takes('>');
        is_address.then_some(1)
    }

    fn group(&mut self) -> Option<usize> {
        self.skip_space();
        let mut count = 0;
        if self.takes(';') {
            return self.skip_comments().then_some(count);
        }
        loop {
            self.skip_space();
            count += self.address(false)?;
            if !self.skip_comments() {
                return None;
            }
            if self.takes(';') {
                return self.skip_comments().then_some(count);
            }
            if !self.takes(',') {
                return None;
            }
        }
    }

    /// `local@domain`, without a name.
    fn plain_address(&mut self) -> Option<()> {
        self.skip_space();
        if self.rest.starts_with('"') {
            if self.quoted()? == 0 {
                return None;
            }
        } else {
            self.dotted(true)?;
        }
        if !self.takes('@') {
            return None;
        }
        self.skip_space();
        if !self.takes('[') {
            return self.dotted(true);
        }
        let (literal, rest) = self.rest.split_once(']')?;
        self.rest = rest;
        literal.parse::<std::net::IpAddr>().is_ok().then_some(())
    }

    /// The words of a name: at least one. What is no word ends it.
    fn phrase(&mut self) -> bool {
        let mut has_word = false;
        loop {
            if has_word && !self.skip_comments() {
                return false;
            }
            self.skip_space();
            let is_word = if self.rest.starts_with('"') {
                self.quoted().is_some()
            } else {
                self.dotted(false).is_some()
            };
            if !is_word {
                return has_word;
            }
            has_word = true;
        }
    }

    /// A text in quotes: how many characters.
    fn quoted(&mut self) -> Option<usize> {
        let inner = self.rest.strip_prefix('"')?;
        let (mut count, mut is_escaped) = (0, false);
        for (at, c) in inner.char_indices() {
            let is_text = is_visible(c) || matches!(c, ' ' | '\t');
            match c {
                _ if is_escaped && is_text => is_escaped = false,
                '"' => {
                    self.rest = inner.get(at + 1..).unwrap_or_default();
                    return Some(count);
                }
                '\\' => {
                    is_escaped = true;
                    continue;
                }
                _ if is_text => {}
                _ => return None,
            }
            count += 1;
        }
        None
    }

    /// Atoms with dots between them; with dots anywhere, unless that is asked for.
    fn dotted(&mut self, is_exact: bool) -> Option<()> {
        let end = self.rest.find(|c| !is_of_atom(c)).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at(end);
        if atom.is_empty() || is_exact && atom.split('.').any(str::is_empty) {
            return None;
        }
        self.rest = rest;
        Some(())
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn takes(&mut self, wanted: char) -> bool {
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn skip_comments(&mut self) -> bool {
        self.skip_space();
        while self.takes('(') {
            if !self.skip_comment() {
                return false;
            }
            self.skip_space();
        }
        true
    }

    /// The rest of a comment, whose start is read.
    fn skip_comment(&mut self) -> bool {
        let mut depth = 1;
        let mut is_escaped = false;
        for (at, c) in self.rest.char_indices() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\\' => is_escaped = true,
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.rest = self.rest.get(at + 1..).unwrap_or_default();
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::is_email;

    #[test]
    fn addresses_are_as_go_reads_them() {
        for text in [
            "a@b",
            "a.b@c.d",
            "A B <a@b>",
            "\"a b\"@c",
            "a@[10.0.0.1]",
            "a@b (c (d))",
            "<a@b>",
            "g: a@b;",
            "John Q. Public <a@b>",
        ] {
            assert!(is_email(text), "{text}");
        }
        for text in
            ["", "a", "a@", "@b", ".a@b", "a..b@c", "a@b, c@d", "g:;", "a@b(", "\"\"@b", "a@[b]"]
        {
            assert!(!is_email(text), "{text}");
        }
    }
}
