//! What the arena keeps of a node.

use crate::{Kind, Span, Style, Tree};

/// A node in the arena. `a` and `b` are, of a scalar, start and length of its
/// text; of a collection, `b` is the id behind its last descendant; of an
/// alias, `a` is the id of what it names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) a: u32,
    pub(crate) b: u32,
    /// Of a scalar, first and last byte of its text: two texts mostly differ in them, or in length.
    pub(crate) ends: u16,
    meta: u8,
}

/// First and last byte of a text.
#[inline]
pub(crate) fn ends_of(text: &[u8]) -> u16 {
    match (text.first(), text.last()) {
        (Some(first), Some(last)) => u16::from_le_bytes([*first, *last]),
        _ => 0,
    }
}

/// The text of a scalar is in the side buffer.
pub(crate) const TEXT_DECODED: u8 = 0x80;

impl Record {
    pub(crate) fn new(kind: Kind, style: Style, flags: u8, span: Span, a: u32, b: u32) -> Self {
        Self {
            start: span.start,
            end: span.end,
            a,
            b,
            ends: 0,
            meta: flags | (style as u8) << 2 | kind as u8,
        }
    }

    pub(crate) fn kind(self) -> Kind {
        match self.meta & 3 {
            0 => Kind::Scalar,
            1 => Kind::Sequence,
            2 => Kind::Mapping,
            _ => Kind::Alias,
        }
    }

    /// Fills in what is known of a scalar only once its text is: `source`, or `decoded`.
    #[inline]
    pub(crate) fn complete(&mut self, source: &[u8], decoded: &[u8]) {
        if self.kind() == Kind::Scalar {
            let buffer = if self.meta & TEXT_DECODED == 0 { source } else { decoded };
            let (start, end) = (self.a as usize, (self.a + self.b) as usize);
            self.ends = ends_of(buffer.get(start..end).unwrap_or_default());
        }
    }

    pub(crate) fn style(self) -> Style {
        match self.meta >> 2 & 7 {
            0 => Style::Plain,
            1 => Style::SingleQuoted,
            2 => Style::DoubleQuoted,
            3 => Style::Literal,
            4 => Style::Folded,
            5 => Style::Block,
            _ => Style::Flow,
        }
    }
}

impl Tree {
    /// What the text of a scalar is a part of.
    #[inline]
    pub(crate) fn buffer_of(&self, scalar: &Record) -> &str {
        if scalar.meta & TEXT_DECODED == 0 { self.source() } else { self.decoded() }
    }

    #[inline]
    pub(crate) fn bytes_of(&self, scalar: &Record) -> &[u8] {
        let (start, end) = (scalar.a as usize, (scalar.a + scalar.b) as usize);
        self.buffer_of(scalar).as_bytes().get(start..end).unwrap_or_default()
    }
}

/// [`Record::ends`] of `<<`.
pub(crate) const MERGE: u16 = u16::from_le_bytes(*b"<<");

/// What an id of another tree is taken for.
pub(crate) const NOTHING: Record = Record { start: 0, end: 0, a: 0, b: 0, ends: 0, meta: 0 };
