//! Makes text from files harmless on terminals and in CI logs.
//!
//! Three things in a line do more than show themselves:
//! - control characters, which terminals obey, and marks of writing direction,
//!   which show text in an order that it isn't written in;
//! - `##[…]`, `##vso[…]`, `##teamcity[…]` anywhere in a line of a CI log
//!   (GitHub's runner: `ActionCommand.TryParse` in actions/runner);
//! - `::name …::` at the start of such a line, after white space
//!   (`ActionCommand.TryParseV2`).
//!
//! In plain text they are shown as `\u{1b}`; in JSON, where a string may spell
//! any character with an escape, they lose nothing.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Text for a terminal or a log, on one line.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(may_be_active) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        push(&mut escaped, text, at, c);
    }
    Cow::Owned(escaped)
}

/// Appends `c`, which stands at byte `at` of `text`, as [`plain`] shows it.
pub(super) fn push(out: &mut String, text: &str, at: usize, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '#' if ends_marker(text, at) => out.push_str("\\u{23}"),
        ':' if starts_command(text, at) => out.push_str("\\u{3a}"),
        c if is_active(c) => {
            // A String takes whatever is written to it.
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Writes a value as indented JSON and ends the line.
pub(super) fn write_json(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let mut serializer = Serializer::with_formatter(&mut *out, Harmless(PrettyFormatter::new()));
    value.serialize(&mut serializer)?;
    out.write_all(b"\n")
}

/// Whether a byte can be part of what [`push`] escapes.
fn may_be_active(byte: u8) -> bool {
    // From 0x80 on: the first bytes of U+0080.., U+061C, U+200E.. and U+FEFF.
    byte < b' ' || matches!(byte, b'#' | b':' | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef)
}

/// Whether a character acts instead of showing itself.
fn is_active(c: char) -> bool {
    match c {
        '\t' => false,
        // Marks of direction, separators of lines and paragraphs, byte order mark,
        // and the two that XML can't have.
        '\u{61c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}'
        | '\u{fffe}'
        | '\u{ffff}' => true,
        c => c.is_control(),
    }
}

/// Whether the `#` at `at` is the second of `##[` or `##word[`.
fn ends_marker(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    let word_end =
        |rest: &str| rest.trim_start_matches(|c: char| c.is_ascii_alphabetic()).starts_with('[');
    before.ends_with('#') && rest.strip_prefix('#').is_some_and(word_end)
}

/// Whether the `:` at `at` starts `::name ` or `::name::`, where a line may start.
/// Text is wrapped at white space, so that counts as a start too.
fn starts_command(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at(at);
    let is_start = before.chars().next_back().is_none_or(char::is_whitespace);
    let Some(name) = rest.strip_prefix("::").filter(|_| is_start) else { return false };
    let after = name.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '-');
    after.len() < name.len() && (after.starts_with("::") || after.starts_with([' ', '\t']))
}

/// Indented JSON whose strings are harmless in a log: what [`plain`] escapes
/// is written as `\uXXXX`.
struct Harmless<'a>(PrettyFormatter<'a>);

impl Formatter for Harmless<'_> {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let mut written = 0;
        let mut before = None;
        for (at, c) in fragment.char_indices() {
            if is_active(c) || (c == '#' && before == Some('#')) {
                out.write_all(fragment.as_bytes().get(written..at).unwrap_or_default())?;
                // All of them are in the basic plane: one unit of UTF-16.
                write!(out, "\\u{:04x}", u32::from(c))?;
                written = at + c.len_utf8();
            }
            before = Some(c);
        }
        out.write_all(fragment.as_bytes().get(written..).unwrap_or_default())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, write_json};

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "container \"api\" has no memory limit",
            "egress to ::/0 is open",
            "fe80::1 and ::ffff:10.0.0.1",
            "größe 日本 \u{1f469}\u{200d}\u{1f4bb}",
            "# a comment ## and another",
            "tab\there",
            "a::b",
        ] {
            assert_eq!(plain(text), text);
        }
    }

    #[test]
    fn what_terminals_obey_is_spelled_out() {
        assert_eq!(plain("a\u{1b}[31mb\u{7}"), "a\\u{1b}[31mb\\u{7}");
        assert_eq!(plain("one\r\ntwo"), "one\\r\\ntwo");
        assert_eq!(plain("\u{9b}2J\u{7f}\u{0}"), "\\u{9b}2J\\u{7f}\\u{0}");
        assert_eq!(plain("\u{202e}evil\u{2066}\u{feff}"), "\\u{202e}evil\\u{2066}\\u{feff}");
        assert_eq!(plain("a\u{2028}b\u{85}"), "a\\u{2028}b\\u{85}");
    }

    #[test]
    fn what_ci_logs_obey_is_spelled_out() {
        assert_eq!(plain("x ##[error]boo"), "x #\\u{23}[error]boo");
        assert_eq!(plain("##vso[task.x]"), "#\\u{23}vso[task.x]");
        assert_eq!(plain("###[a]"), "##\\u{23}[a]");
        assert_eq!(plain("::error::boo"), "\\u{3a}:error::boo");
        assert_eq!(plain("a ::add-mask::x"), "a \\u{3a}:add-mask::x");
        assert_eq!(plain("::error file=a::b"), "\\u{3a}:error file=a::b");
    }

    #[test]
    fn json_spells_it_out_and_loses_nothing() {
        let text = "\u{1b}[0m\u{9b}2J \u{202e} ##[error] ### \u{7f} é";
        let mut out = Vec::new();
        write_json(&mut out, &text).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert_eq!(
            written,
            "\"\\u001b[0m\\u009b2J \\u202e #\\u0023[error] #\\u0023\\u0023 \\u007f é\"\n"
        );
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
