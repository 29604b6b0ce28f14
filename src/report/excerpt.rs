//! The few lines of a file that a snippet shows.
//!
//! An excerpt is cut out around the places it is made for, by their byte
//! offsets, so that its cost doesn't depend on the size of the file: ten
//! thousand findings in one large file are no trouble. Lines that are too long
//! are cut around what is to be seen, and what acts on a terminal is spelled
//! out.

use std::collections::BTreeMap;

use memchr::{memchr2, memrchr2};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::escape;
use crate::finding::Location;

/// How far the ends of a line are looked for, in bytes. Longer lines are cut
/// anyway.
const REACH: usize = 4096;

/// Lines of one file, ready to be shown, and places in them.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    lines: Vec<Line>,
    spans: Vec<Shown>,
}

/// A line in [`Excerpt::text`].
#[derive(Debug)]
struct Line {
    /// In the file, from 1.
    number: u32,
    start: usize,
    /// Just past the line feed.
    end: usize,
}

/// A place in [`Excerpt::text`].
#[derive(Clone, Copy, Debug, Default)]
struct Shown {
    start: usize,
    end: usize,
    /// In the file, from 1.
    column: u32,
}

/// A line in the file, without its break; cut off where it reaches too far.
#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    end: usize,
    /// Whether the line goes on before `start`.
    is_cut_before: bool,
    /// Whether the line goes on behind `end`.
    is_cut_after: bool,
}

/// How lines are cut.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    /// Characters that a line may have.
    pub(super) width: usize,
    /// Stands for what is left out.
    pub(super) mark: &'static str,
}

impl Excerpt {
    /// Cuts out the lines of `places` in `source`, with one line around them.
    /// Places are known by their order; the first matters most where not all
    /// can be shown. Of a place that spans lines, the first line is shown.
    pub(super) fn new(name: String, source: &str, places: &[&Location], cut: Cut) -> Self {
        let offset = |at: u32| source.floor_char_boundary(at as usize);
        let mut pieces: BTreeMap<u32, Piece> = BTreeMap::new();
        for place in places {
            let piece = || Piece::around(source, offset(place.start.offset));
            pieces.entry(place.start.line).or_insert_with(piece);
        }
        let mut spans = Vec::with_capacity(places.len());
        for place in places {
            let number = place.start.line;
            let Some(piece) = pieces.get(&number).copied() else { continue };
            if let Some(before) = piece.before(source) {
                pieces.entry(number.saturating_sub(1)).or_insert(before);
            }
            if let Some(after) = piece.after(source) {
                pieces.entry(number.saturating_add(1)).or_insert(after);
            }
            let start = offset(place.start.offset).clamp(piece.start, piece.end);
            spans.push((number, start..offset(place.end.offset).clamp(start, piece.end)));
        }
        let mut excerpt = Self {
            name,
            text: String::new(),
            lines: Vec::with_capacity(pieces.len()),
            spans: vec![Shown::default(); places.len()],
        };
        for (number, piece) in pieces {
            let start = excerpt.text.len();
            let here = |(_, (at, _)): &(usize, &(u32, _))| *at == number;
            let marks = spans.iter().enumerate().filter(here);
            let marks: Vec<_> = marks.map(|(place, (_, span))| (place, span.clone())).collect();
            let line = source.get(piece.start..piece.end).unwrap_or_default();
            let marks_in_line = marks
                .iter()
                .map(|(place, span)| (*place, span.start - piece.start..span.end - piece.start));
            excerpt.push_line(line, piece, &marks_in_line.collect::<Vec<_>>(), cut);
            excerpt.text.push('\n');
            excerpt.lines.push(Line { number, start, end: excerpt.text.len() });
        }
        for (shown, place) in excerpt.spans.iter_mut().zip(places) {
            shown.column = place.start.column;
        }
        excerpt
    }

    /// Where a place is, in the excerpt's own offsets.
    pub(super) fn span(&self, place: usize) -> SourceSpan {
        let shown = self.spans.get(place).copied().unwrap_or_default();
        (shown.start, shown.end - shown.start).into()
    }

    /// Appends a line, cut to its width, and notes where places in it are.
    fn push_line(
        &mut self,
        line: &str,
        piece: Piece,
        marks: &[(usize, std::ops::Range<usize>)],
        cut: Cut,
    ) {
        let length = line.chars().count();
        let window = match marks.first() {
            _ if length <= cut.width => 0..length,
            None => 0..cut.width,
            Some((_, span)) => {
                let chars = |to: usize| line.get(..to).map_or(0, |text| text.chars().count());
                window(chars(span.start), chars(span.end), length, cut.width)
            }
        };
        if piece.is_cut_before || window.start > 0 {
            self.text.push_str(cut.mark);
        }
        // Where each character that is shown starts: in the line, in the excerpt.
        let mut starts = Vec::with_capacity(if marks.is_empty() { 0 } else { window.len() });
        for (at, c) in line.char_indices().skip(window.start).take(window.len()) {
            if !marks.is_empty() {
                starts.push((at, self.text.len()));
            }
            escape::push(&mut self.text, line, at, c);
        }
        let end = self.text.len();
        for (place, span) in marks {
            let shown_at = |at: usize| {
                let next = starts.partition_point(|(start, _)| *start < at);
                starts.get(next).map_or(end, |(_, shown)| *shown)
            };
            if let Some(shown) = self.spans.get_mut(*place) {
                (shown.start, shown.end) = (shown_at(span.start), shown_at(span.end));
            }
        }
        if piece.is_cut_after || window.end < length {
            self.text.push_str(cut.mark);
        }
    }
}

/// Which characters of a line to show, so that `start..end` is among them.
fn window(start: usize, end: usize, length: usize, width: usize) -> std::ops::Range<usize> {
    if end <= width {
        return 0..width;
    }
    let room = width.saturating_sub(end - start);
    // A span longer than the window keeps a little of what stands before it.
    let before = if room == 0 { width / 8 } else { room / 2 };
    let from = start.saturating_sub(before).min(length.saturating_sub(width));
    from..from + width
}

impl Piece {
    /// The line that has the offset `at`.
    fn around(source: &str, at: usize) -> Self {
        let bytes = source.as_bytes();
        // An offset between CR and LF is at the end of its line.
        let is_inside_break =
            at > 0 && bytes.get(at) == Some(&b'\n') && bytes.get(at - 1) == Some(&b'\r');
        let at = if is_inside_break { at - 1 } else { at };
        let least = source.ceil_char_boundary(at.saturating_sub(REACH)).min(at);
        let most = source.floor_char_boundary(at.saturating_add(REACH)).max(at);
        let before = bytes.get(least..at).and_then(|before| memrchr2(b'\n', b'\r', before));
        let after = bytes.get(at..most).and_then(|after| memchr2(b'\n', b'\r', after));
        Self {
            start: before.map_or(least, |found| least + found + 1),
            end: after.map_or(most, |found| at + found),
            is_cut_before: before.is_none() && least > 0,
            is_cut_after: after.is_none() && most < source.len(),
        }
    }

    /// The line above.
    fn before(self, source: &str) -> Option<Self> {
        let at = self.start.checked_sub(1).filter(|_| !self.is_cut_before)?;
        Some(Self::around(source, at))
    }

    /// The line below. The break at the end of a file starts none.
    fn after(self, source: &str) -> Option<Self> {
        if self.is_cut_after {
            return None;
        }
        let rest = source.get(self.end..)?;
        let width = if rest.starts_with("\r\n") { 2 } else { 1 };
        (rest.len() > width).then(|| Self::around(source, self.end + width))
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let line_at = |offset: usize| self.lines.partition_point(|line| line.end <= offset);
        let mut first = line_at(span.offset());
        let mut last = line_at((span.offset() + span.len()).saturating_sub(1).max(span.offset()));
        let number = |index: usize| self.lines.get(index).map(|line| line.number);
        let follows = |index: usize| {
            index > 0
                && number(index).is_some()
                && number(index) == number(index - 1).map(|n| n + 1)
        };
        if !(first + 1..=last).all(follows) {
            return Err(MietteError::OutOfBounds);
        }
        for _ in 0..lines_before {
            first -= usize::from(follows(first));
        }
        for _ in 0..lines_after {
            last += usize::from(follows(last + 1));
        }
        let (Some(from), Some(to)) = (self.lines.get(first), self.lines.get(last)) else {
            return Err(MietteError::OutOfBounds);
        };
        // Asked without context for the place that the snippet's head names.
        let shown = self.spans.iter().find(|shown| shown.start == span.offset());
        let column =
            shown.filter(|_| lines_before == 0).map_or(0, |shown| shown.column.saturating_sub(1));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            self.text.get(from.start..to.end).unwrap_or_default().as_bytes(),
            (from.start, to.end - from.start).into(),
            from.number.saturating_sub(1) as usize,
            column as usize,
            last - first + 1,
        )))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Cut, Excerpt};
    use crate::{
        finding::{Location, Position},
        report::testing::location,
    };

    const CUT: Cut = Cut { width: 20, mark: "…" };

    fn excerpt(source: &str, places: &[&Location]) -> Excerpt {
        Excerpt::new("f".to_owned(), source, places, CUT)
    }

    /// Line numbers, and the text of each place as it is shown.
    fn shown(excerpt: &Excerpt) -> (Vec<u32>, Vec<&str>) {
        let numbers = excerpt.lines.iter().map(|line| line.number).collect();
        let texts = excerpt.spans.iter().map(|span| &excerpt.text[span.start..span.end]).collect();
        (numbers, texts)
    }

    #[test]
    fn it_has_one_line_around_each_place() {
        let source = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let place = |words| location("f", source, words);
        let cut = excerpt(source, &[&place("b"), &place("h")]);
        assert_eq!(shown(&cut), (vec![1, 2, 3, 7, 8], vec!["b", "h"]));
        assert_eq!(cut.text, "a\nb\nc\ng\nh\n");
    }

    #[test]
    fn every_kind_of_line_break_ends_a_line() {
        let source = "a\r\nb\rc\nd";
        for (words, line) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
            let mut place = location("f", source, words);
            (place.start.line, place.end.line) = (line, line);
            let cut = excerpt(source, &[&place]);
            assert_eq!(shown(&cut).1, [words]);
            let numbers: Vec<u32> = (line.saturating_sub(1).max(1)..=(line + 1).min(4)).collect();
            assert_eq!(shown(&cut).0, numbers);
        }
    }

    #[test]
    fn a_place_over_several_lines_shows_its_first() {
        let source = "key:\n  a: 1\n  b: 2\n";
        let place = location("f", source, "a: 1\n  b: 2");
        let cut = excerpt(source, &[&place]);
        assert_eq!(shown(&cut), (vec![1, 2, 3], vec!["a: 1"]));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let source = format!("{}WORD{}", "é".repeat(700), "ü".repeat(700));
        let cut = excerpt(&source, &[&location("f", &source, "WORD")]);
        assert_eq!(cut.text, "…ééééééééWORDüüüüüüüü…\n");
        assert_eq!(shown(&cut).1, ["WORD"]);
        let at_start = excerpt(&source, &[&location("f", &source, "é")]);
        assert_eq!(at_start.text, "éééééééééééééééééééé…\n");
        let at_end = location("f", &source, &"ü".repeat(700)[1398..]);
        let place = Location { start: Position { offset: 2802, ..at_end.start }, ..at_end };
        assert_eq!(excerpt(&source, &[&place]).text, "…üüüüüüüüüüüüüüüüüüüü\n");
    }

    #[test]
    fn a_place_longer_than_the_line_may_be_shows_its_start() {
        let source = format!("key: {} tail", "x".repeat(600));
        let cut = excerpt(&source, &[&location("f", &source, &"x".repeat(600))]);
        assert_eq!(cut.text, "…: xxxxxxxxxxxxxxxxxx…\n");
        assert_eq!(shown(&cut).1, ["xxxxxxxxxxxxxxxxxx"]);
    }

    #[test]
    fn a_line_of_megabytes_costs_no_more_than_its_cut() {
        let source = format!("{}WORD{}", "a ".repeat(1 << 20), "b ".repeat(1 << 20));
        let cut = excerpt(&source, &[&location("f", &source, "WORD")]);
        assert_eq!(cut.text, "…a a a a WORDb b b b …\n");
    }

    #[test]
    fn of_places_far_apart_on_a_line_the_first_is_shown() {
        let source = format!("ONE{}TWO", "x".repeat(10_000));
        let (one, two) = (location("f", &source, "ONE"), location("f", &source, "TWO"));
        assert_eq!(excerpt(&source, &[&one, &two]).text, "ONExxxxxxxxxxxxxxxxx…\n");
        assert_eq!(excerpt(&source, &[&two, &one]).text, "…xxxxxxxxxxxxxxxxxTWO\n");
    }

    #[test]
    fn what_acts_is_spelled_out_and_places_keep_their_text() {
        let source = "a\u{1b}[1m b ##[error] \u{202e}WORD\n";
        let place = location("f", source, "WORD");
        let cut = Excerpt::new("f".to_owned(), source, &[&place], Cut { width: 80, mark: "…" });
        assert_eq!(cut.text, "a\\u{1b}[1m b #\\u{23}[error] \\u{202e}WORD\n");
        assert_eq!(shown(&cut).1, ["WORD"]);
    }

    #[test]
    fn places_outside_of_the_text_are_harmless() {
        let far = Position { line: 9, column: 9, offset: 999 };
        let inside = Position { line: 1, column: 1, offset: 1 };
        for source in ["", "é", "\n", "\r\n", "a\n"] {
            for (start, end) in [(far, far), (inside, far), (far, inside), (inside, inside)] {
                let place = Location { file: Arc::from("f"), start, end };
                let cut = excerpt(source, &[&place, &place]);
                assert!(cut.text.ends_with('\n'));
                assert_eq!(shown(&cut).1[0], shown(&cut).1[1]);
            }
        }
    }
}
