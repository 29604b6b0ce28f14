//! The style in which go-yaml v2 writes a text (encode.go, `yaml_emitter_analyze_scalar`).

use spanned_yaml::{Dialect, Scalar};

/// Whether go-yaml v2 would read the text as a string, and neither as a base 60 number.
pub(crate) fn is_plain_string(text: &str) -> bool {
    matches!(spanned_yaml::resolve_plain(text, Dialect::GoYamlV2), Scalar::Str(_))
        && text != "<<"
        && !is_base_60(text)
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`
fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = digits.split(':');
    let first = parts.next().is_some_and(|part| {
        part.starts_with(|c: char| c.is_ascii_digit())
            && part.bytes().all(|c| c.is_ascii_digit() || c == b'_')
    });
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let sixty = |part: &str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => matches!(ten, b'0'..=b'5') && digit.is_ascii_digit(),
        _ => false,
    };
    let (whole, fraction) = last.split_once('.').unwrap_or((last, ""));
    first
        && middle.iter().all(|part| sixty(part))
        && sixty(whole)
        && fraction.bytes().all(|c| c.is_ascii_digit() || c == b'_')
}

/// Whether go-yaml may write the text as a block.
pub(crate) fn may_be_block(text: &str) -> bool {
    Shape::of_v3(text).block_allowed
}

/// What a text allows (`yaml_emitter_analyze_scalar`).
pub(crate) struct Shape {
    pub(crate) plain_allowed: bool,
    pub(crate) single_quoted_allowed: bool,
    pub(crate) block_allowed: bool,
}

impl Shape {
    /// As go-yaml v3 sees it: a tab doesn't keep a text from being a block.
    fn of_v3(text: &str) -> Self {
        Self::of(&text.replace('\t', "-"))
    }

    pub(crate) fn of(text: &str) -> Self {
        if spanned_yaml::is_printable_ascii(text) && !text.is_empty() {
            return if text.contains('\n') { Self::of_lines(text) } else { Self::of_line(text) };
        }
        Self::of_any(text)
    }

    /// Of a text in printable ASCII without a line feed.
    fn of_line(text: &str) -> Self {
        let bytes = text.as_bytes();
        let is_blank = |at: usize| bytes.get(at).is_none_or(|byte| *byte == b' ');
        let leads = match bytes.first() {
            Some(b'?' | b'-') => is_blank(1),
            Some(first) => b"#,[]{}&*!|>'\"%@`".contains(first),
            None => false,
        };
        let within = memchr::memchr2_iter(b':', b'#', bytes).any(|at| {
            if bytes.get(at) == Some(&b':') {
                is_blank(at + 1)
            } else {
                is_blank(at.wrapping_sub(1))
            }
        });
        let begins = text.starts_with("---") || text.starts_with("...");
        let (first_blank, last_blank) = (text.starts_with(' '), text.ends_with(' '));
        Self {
            plain_allowed: !(leads || within || begins || first_blank || last_blank),
            single_quoted_allowed: true,
            block_allowed: !last_blank,
        }
    }

    /// Of a text in printable ASCII with line feeds.
    fn of_lines(text: &str) -> Self {
        let space_break = text.contains(" \n");
        Self {
            plain_allowed: false,
            single_quoted_allowed: !space_break && !text.contains("\n "),
            block_allowed: !space_break && !text.ends_with(' '),
        }
    }

    fn of_any(text: &str) -> Self {
        let mut shape =
            Self { plain_allowed: true, single_quoted_allowed: true, block_allowed: true };
        if text.is_empty() {
            shape.block_allowed = false;
            return shape;
        }
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let mut edges = false;
        let (mut break_space, mut space_break, mut special, mut line_breaks) =
            (false, false, false, false);
        let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
        let mut trailing_space = false;
        let mut rest = text;
        let mut first = true;
        while let Some(c) = rest.chars().next() {
            if !first && is_ordinary(c) {
                let ordinary =
                    rest.bytes().take_while(|byte| is_ordinary(char::from(*byte))).count();
                rest = rest.get(ordinary..).unwrap_or_default();
                (previous_space, previous_break, after_blank) = (false, false, false);
                continue;
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            let last = rest.is_empty();
            let before_blank = last || rest.starts_with([' ', '\t']);
            match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if first =>
                {
                    indicators = true;
                }
                '?' | ':' | '-' if first && before_blank => indicators = true,
                ':' if before_blank => indicators = true,
                '#' if after_blank => indicators = true,
                _ => {}
            }
            special |= !is_printable(c);
            if c == ' ' {
                edges |= first || last;
                trailing_space |= last;
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                line_breaks = true;
                edges |= first || last;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            after_blank = matches!(c, ' ' | '\t' | '\0') || is_break(c);
            first = false;
        }
        shape.plain_allowed =
            !(edges || break_space || space_break || special || line_breaks || indicators);
        shape.single_quoted_allowed = !(break_space || space_break || special);
        shape.block_allowed = !(trailing_space || space_break || special);
        shape
    }
}

/// Whether it decides nothing, unless it is the first of a text.
fn is_ordinary(c: char) -> bool {
    matches!(c, '!'..='~') && !matches!(c, '#' | ':')
}

pub(crate) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// go-yaml's `is_printable`: a line feed is, a tab is not.
pub(crate) fn is_printable(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{feff}' => false,
        '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => !matches!(c, '\u{fffe}' | '\u{ffff}'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value;

    /// Every text of up to four of these characters, and the words of YAML 1.1.
    fn texts() -> Vec<String> {
        let characters = ["a", "N", "o", "e", "0", "1", "-", "_", ".", "/", ":", " ", "x"];
        let mut texts = vec![String::new()];
        let mut last = texts.clone();
        for _ in 0..4 {
            last = last
                .iter()
                .flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")))
                .collect();
            texts.extend(last.iter().cloned());
        }
        for word in ["yes", "no", "on", "off", "true", "false", "null", "y", "n", "inf", "nan"] {
            let capital = word.get(..1).unwrap_or_default().to_uppercase()
                + word.get(1..).unwrap_or_default();
            texts.extend([word.to_owned(), word.to_uppercase(), capital]);
        }
        texts
    }

    #[test]
    fn printable_ascii_has_the_shape_that_its_characters_give_it() {
        let characters = [" ", "a", "-", ".", ":", "#", "'", "?", "\n", "`", "~"];
        let mut texts: Vec<String> = vec!["---".into(), "...".into(), "---a".into(), "a ".into()];
        let mut last = vec![String::new()];
        for _ in 0..5 {
            last = last
                .iter()
                .flat_map(|text| characters.iter().map(move |c| format!("{text}{c}")))
                .collect();
            texts.extend(last.iter().cloned());
        }
        let parts =
            |shape: Shape| (shape.plain_allowed, shape.single_quoted_allowed, shape.block_allowed);
        for text in texts {
            assert_eq!(parts(Shape::of(&text)), parts(Shape::of_any(&text)), "{text:?}");
        }
    }

    #[test]
    fn words_are_plain_strings_for_both_versions_of_go_yaml() {
        let words: Vec<String> = texts().into_iter().filter(|text| value::is_word(text)).collect();
        assert!(words.len() > 4_000, "{} words", words.len());
        for text in words {
            assert!(is_plain_string(&text) && Shape::of(&text).plain_allowed, "{text}");
            let v3 = spanned_yaml::resolve_plain(&text, Dialect::GoYamlV3);
            assert!(matches!(v3, Scalar::Str(_)), "{text}");
        }
    }
}
