//! Lines and columns.

/// A place in the source as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode code points, from 1.
    pub column: u32,
    /// Offset in bytes, from 0.
    pub offset: u32,
}

/// Where the lines of a source begin. Lines end at `\n`, `\r\n` or a lone `\r`,
/// as editors have it.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// Finds the lines of `source`.
    pub fn new(source: &str) -> Self {
        let bytes = source.as_bytes();
        let mut starts = vec![0];
        starts.extend(
            memchr::memchr2_iter(b'\n', b'\r', bytes)
                .filter(|at| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n'))
                .map(|at| at as u32 + 1),
        );
        Self { starts }
    }

    /// Line and column of a byte offset. An offset past the end counts as the
    /// end; one inside a character counts as its start. `source` is the text
    /// that the index was made of.
    pub fn position(&self, source: &str, offset: u32) -> Position {
        let offset = offset.min(source.len() as u32);
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default();
        let before = source.as_bytes().get(start as usize..offset as usize).unwrap_or_default();
        let column = before.iter().filter(|byte| !is_continuation(**byte)).count();
        Position { line: line as u32, column: column as u32 + 1, offset }
    }

    /// Offset of the first byte of a line (from 1); none past the last line.
    pub fn line_start(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// Number of lines, at least 1.
    pub fn line_count(&self) -> u32 {
        self.starts.len() as u32
    }
}

/// Whether a byte continues a character of several bytes.
pub(crate) fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_as_editors_have_it() {
        let source = "a\r\nb\rc\né!";
        let lines = LineIndex::new(source);
        let at = |offset| {
            let at = lines.position(source, offset);
            (at.line, at.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (2, 1));
        assert_eq!(at(5), (3, 1));
        assert_eq!(at(7), (4, 1));
        assert_eq!(at(9), (4, 2));
        assert_eq!(at(1000), (4, 3));
        assert_eq!(lines.line_count(), 4);
        assert_eq!(lines.line_start(4), Some(7));
        assert_eq!(lines.line_start(5), None);
    }
}
