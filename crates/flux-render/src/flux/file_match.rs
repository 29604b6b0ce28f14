//! Go's `filepath.Match` on Unix, which decides about one part of a path.
//!
//! It works on bytes, as Go's does: behind a star, matching goes on at any byte, be it within a
//! character. Whether a pattern is malformed may come out only while a name is matched, and callers
//! treat that differently from a name that doesn't match.

/// The pattern has an open class, an empty range or a backslash at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether a pattern matches all of a name.
///
/// # Errors
/// The pattern is malformed, and that was come upon.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let (mut pattern, mut name) = (pattern, name);
    while !pattern.is_empty() {
        let (star, chunk, rest) = next_chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        let is_last = pattern.is_empty();
        let fits = |left: &[u8]| left.is_empty() || !is_last;
        if let Some(left) = match_chunk(chunk, name)?.filter(|left| fits(left)) {
            name = left;
            continue;
        }
        let mut found = None;
        let mut later = name;
        while star && found.is_none() {
            let Some((_, behind)) = later.split_first().filter(|(first, _)| **first != b'/') else {
                break;
            };
            later = behind;
            found = match_chunk(chunk, later)?.filter(|left| fits(left));
        }
        match found {
            Some(left) => name = left,
            None => return Ok(false),
        }
    }
    Ok(name.is_empty())
}

/// What stands before the next star, whether a star stands before it, and the rest.
fn next_chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let (mut in_class, mut escaped) = (false, false);
    let end = pattern.iter().position(|byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        match byte {
            b'\\' => escaped = true,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'*' => return !in_class,
            _ => {}
        }
        false
    });
    let (chunk, rest) = pattern.split_at_checked(end.unwrap_or(pattern.len())).unwrap_or_default();
    (stars > 0, chunk, rest)
}

/// What is left of a name behind a chunk without stars; none if it doesn't begin with it. The chunk
/// is read to its end either way.
fn match_chunk<'n>(chunk: &[u8], name: &'n [u8]) -> Result<Option<&'n [u8]>, BadPattern> {
    let (mut chunk, mut name) = (chunk, name);
    let mut failed = false;
    while let Some((&operator, mut rest)) = chunk.split_first() {
        failed |= name.is_empty();
        match operator {
            b'[' => {
                let mut character = None;
                if !failed {
                    (character, name) = first_character(name);
                }
                let (is_in, behind) = class(rest, character.unwrap_or(NO_CHARACTER))?;
                failed |= !is_in;
                rest = behind;
            }
            b'?' => {
                if !failed {
                    failed = name.first() == Some(&b'/');
                    (_, name) = first_character(name);
                }
            }
            _ => {
                let mut literal = operator;
                if operator == b'\\' {
                    let (&escaped, behind) = rest.split_first().ok_or(BadPattern)?;
                    (literal, rest) = (escaped, behind);
                }
                if let Some((first, behind)) = name.split_first().filter(|_| !failed) {
                    failed = literal != *first;
                    name = behind;
                }
            }
        }
        chunk = rest;
    }
    Ok((!failed).then_some(name))
}

/// Whether a character is in the class that begins here, behind its bracket; and what follows it.
fn class(chunk: &[u8], character: char) -> Result<(bool, &[u8]), BadPattern> {
    let (negated, mut chunk) = match chunk.strip_prefix(b"^") {
        Some(rest) => (true, rest),
        None => (false, chunk),
    };
    let mut is_in = false;
    let mut is_first = true;
    loop {
        if let Some(rest) = chunk.strip_prefix(b"]").filter(|_| !is_first) {
            return Ok((is_in != negated, rest));
        }
        let (low, rest) = class_character(chunk)?;
        let mut high = low;
        chunk = rest;
        if let Some(rest) = chunk.strip_prefix(b"-") {
            (high, chunk) = class_character(rest)?;
        }
        is_in |= (low..=high).contains(&character);
        is_first = false;
    }
}

/// A character of a class, which a backslash may escape. Something must follow it.
fn class_character(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    if matches!(chunk.first(), None | Some(b'-' | b']')) {
        return Err(BadPattern);
    }
    let (character, rest) = first_character(chunk.strip_prefix(b"\\").unwrap_or(chunk));
    match character {
        Some(character) if !rest.is_empty() => Ok((character, rest)),
        _ => Err(BadPattern),
    }
}

/// What a byte that begins no character counts as.
const NO_CHARACTER: char = char::REPLACEMENT_CHARACTER;

/// The first character, and what follows it. None is a byte that begins no character.
fn first_character(text: &[u8]) -> (Option<char>, &[u8]) {
    let head = text.get(..text.len().min(4)).unwrap_or_default();
    let valid = head.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
    match valid.chars().next() {
        Some(first) => (Some(first), text.get(first.len_utf8()..).unwrap_or_default()),
        None => (None, text.get(1..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_match(pattern: &str, name: &str) -> Result<bool, BadPattern> {
        matches(pattern.as_bytes(), name.as_bytes())
    }

    #[test]
    fn stars_questions_and_classes() {
        for (pattern, name) in [
            ("", ""),
            ("*", ""),
            ("*", "a.b"),
            ("a*b*c", "aXbbYc"),
            ("a?c", "aéc"),
            ("[a-c]x", "bx"),
            ("[^a-c]x", "éx"),
            (r"\*\[", "*["),
            (r"[\]]", "]"),
            ("[*]", "*"),
            ("a]b", "a]b"),
            // Behind a star, matching goes on within the character.
            ("*[^é]", "é"),
        ] {
            assert_eq!(is_match(pattern, name), Ok(true), "{pattern} {name}");
        }
        for (pattern, name) in
            [("", "a"), ("a", ""), ("*b", "abc"), ("a*b*c", "acb"), ("[^a]", "a"), ("?", "")]
        {
            assert_eq!(is_match(pattern, name), Ok(false), "{pattern} {name}");
        }
    }

    #[test]
    fn malformed_patterns_are_errors_only_once_they_are_read() {
        for pattern in ["[", "[]", "[a", "[^", "[-a]", "[a-]", "a[", "\\", r"[\"] {
            assert_eq!(is_match(pattern, "a"), Err(BadPattern), "{pattern}");
        }
        // The chunk behind the star is never come to.
        assert_eq!(is_match("b*[", "a"), Ok(false));
    }
}
