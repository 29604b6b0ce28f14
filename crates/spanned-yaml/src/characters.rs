//! The characters that YAML allows (YAML 1.1, 5.1, as libyaml's reader has it).

use crate::{Error, ErrorKind, Span};

/// More are not worth listing: the file is no text.
const MAX_REPORTED: usize = 10_000;

/// Bytes looked at together: few enough that one suspect costs little.
const CHUNK: usize = 64;

/// Finds the characters of `source` that YAML doesn't allow.
pub(crate) fn bad_characters(source: &str) -> Vec<Error> {
    let mut errors = Vec::new();
    for (index, chunk) in source.as_bytes().chunks(CHUNK).enumerate() {
        // Arithmetic without branches, which compilers turn into wide instructions.
        let suspects = chunk.iter().fold(false, |any, byte| any | is_suspect(*byte));
        if suspects {
            let start = index * CHUNK;
            for at in (start..start + chunk.len()).filter(|at| source.is_char_boundary(*at)) {
                let character = source.get(at..).and_then(|rest| rest.chars().next());
                errors.extend(
                    character.filter(|character| !is_allowed(*character)).map(|bad| error(bad, at)),
                );
            }
            if errors.len() >= MAX_REPORTED {
                break;
            }
        }
    }
    errors
}

/// Whether a byte may begin a character that isn't allowed.
fn is_suspect(byte: u8) -> bool {
    let control = byte < 0x20 && byte != b'\t' && byte != b'\n' && byte != b'\r';
    control || (byte == 0x7F) || (byte == 0xC2) || (byte == 0xEF)
}

fn is_allowed(character: char) -> bool {
    !matches!(
        character as u32,
        0..=8 | 0xB | 0xC | 0xE..=0x1F | 0x7F..=0x84 | 0x86..=0x9F | 0xFFFE | 0xFFFF
    )
}

/// Whether a text has no control characters, and no line breaks but the one that everybody writes:
/// a tree says of it what its file does.
pub fn is_printable(text: &str) -> bool {
    is_printable_ascii(text)
        || text.chars().all(|c| {
            matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}')
                || matches!(c, '\u{e000}'..='\u{fefe}')
        })
}

/// Whether a text is made of printable ASCII characters and line feeds.
pub fn is_printable_ascii(text: &str) -> bool {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    let (chunks, rest) = text.as_bytes().as_chunks::<32>();
    // As above: without branches within a chunk.
    chunks.iter().all(|chunk| chunk.iter().fold(true, |all, byte| all & is_printable(*byte)))
        && rest.iter().all(|byte| is_printable(*byte))
}

fn error(character: char, at: usize) -> Error {
    let what = if character.is_ascii() { "control character" } else { "character" };
    let message = format!("the {what} U+{:04X} is not allowed in YAML", character as u32);
    let span = Span::new(at, at + character.len_utf8());
    *Error::new(ErrorKind::Encoding, message, span)
        .help("delete it, or write it as an escape in double quotes; is the file text at all?")
}

#[cfg(test)]
mod tests {
    use super::bad_characters;

    #[test]
    fn every_bad_character_is_found_wherever_it_stands() {
        for bad in ['\0', '\u{7}', '\u{7f}', '\u{80}', '\u{9f}', '\u{fffe}', '\u{ffff}'] {
            for before in [0, 1, 62, 63, 64, 65, 200] {
                let text = "x".repeat(before) + &bad.to_string() + "é\u{85}\u{a0}\u{feff}\t\r\n";
                let errors = bad_characters(&text);
                assert_eq!(errors.len(), 1, "{bad:?} after {before}");
                assert_eq!(errors[0].span.start as usize, before);
            }
        }
    }
}
