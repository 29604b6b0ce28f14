//! Patterns with `*`, `?` and `[...]`, in which `*` matches `/`, too (envsubst/path/match.go).

/// The pattern is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadPattern;

/// Whether a pattern matches all of a name.
pub(super) fn matches(mut pattern: &[u8], mut name: &[u8]) -> Result<bool, BadPattern> {
    'pattern: while !pattern.is_empty() {
        let (star, chunk, rest) = chunk(pattern);
        pattern = rest;
        if star && chunk.is_empty() {
            return Ok(true);
        }
        if let Some(left) = match_chunk(chunk, name)?
            && (left.is_empty() || !pattern.is_empty())
        {
            name = left;
            continue;
        }
        if star {
            for skip in 1..=name.len() {
                let left = match_chunk(chunk, name.get(skip..).unwrap_or_default())?;
                if let Some(left) = left
                    && (left.is_empty() || !pattern.is_empty())
                {
                    name = left;
                    continue 'pattern;
                }
            }
        }
        return Ok(false);
    }
    Ok(name.is_empty())
}

/// Whether the pattern starts with stars, what follows up to the next star, and the rest.
fn chunk(pattern: &[u8]) -> (bool, &[u8], &[u8]) {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    let pattern = pattern.get(stars..).unwrap_or_default();
    let mut in_range = false;
    let mut at = 0;
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'\\' if at + 1 < pattern.len() => at += 1,
            b'[' => in_range = true,
            b']' => in_range = false,
            b'*' if !in_range => break,
            _ => {}
        }
        at += 1;
    }
    let (chunk, rest) = pattern.split_at(at.min(pattern.len()));
    (stars > 0, chunk, rest)
}

/// The character at the start and its width, as Go decodes it: an invalid byte is one of its own.
fn decode(bytes: &[u8]) -> (char, usize) {
    for width in 1..=4.min(bytes.len()) {
        let text = bytes.get(..width).and_then(|start| std::str::from_utf8(start).ok());
        if let Some(character) = text.and_then(|text| text.chars().next()) {
            return (character, width);
        }
    }
    (char::REPLACEMENT_CHARACTER, usize::from(!bytes.is_empty()))
}

/// What is left of a name behind a chunk without stars; nothing if it doesn't match.
fn match_chunk<'n>(mut chunk: &[u8], mut name: &'n [u8]) -> Result<Option<&'n [u8]>, BadPattern> {
    while let Some((first, behind)) = chunk.split_first() {
        if name.is_empty() {
            return Ok(None);
        }
        match first {
            b'[' => {
                let (character, width) = decode(name);
                name = name.get(width..).unwrap_or_default();
                chunk = behind;
                let negated = chunk.first() == Some(&b'^');
                if negated {
                    chunk = chunk.get(1..).unwrap_or_default();
                }
                let (mut matched, mut ranges) = (false, 0);
                loop {
                    if chunk.first() == Some(&b']') && ranges > 0 {
                        chunk = chunk.get(1..).unwrap_or_default();
                        break;
                    }
                    let low;
                    (low, chunk) = escaped(chunk)?;
                    let mut high = low;
                    if chunk.first() == Some(&b'-') {
                        (high, chunk) = escaped(chunk.get(1..).unwrap_or_default())?;
                    }
                    matched |= low <= character && character <= high;
                    ranges += 1;
                }
                if matched == negated {
                    return Ok(None);
                }
            }
            b'?' => {
                name = name.get(decode(name).1..).unwrap_or_default();
                chunk = behind;
            }
            _ => {
                let (literal, behind) = if *first == b'\\' {
                    behind.split_first().ok_or(BadPattern)?
                } else {
                    (first, behind)
                };
                if name.first() != Some(literal) {
                    return Ok(None);
                }
                name = name.get(1..).unwrap_or_default();
                chunk = behind;
            }
        }
    }
    Ok(Some(name))
}

/// A character of a range, perhaps behind a backslash. Something must follow it.
fn escaped(chunk: &[u8]) -> Result<(char, &[u8]), BadPattern> {
    let chunk = match chunk {
        [] | [b'-' | b']', ..] => return Err(BadPattern),
        [b'\\', rest @ ..] => rest,
        chunk => chunk,
    };
    let (character, width) = decode(chunk);
    let rest = chunk.get(width..).unwrap_or_default();
    let invalid = character == char::REPLACEMENT_CHARACTER && width <= 1;
    if invalid || rest.is_empty() { Err(BadPattern) } else { Ok((character, rest)) }
}
