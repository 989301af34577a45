//! The lines that labels point at, cut out of their files and made fit to be shown.
//!
//! A long line is cut around its label, tabs become spaces, and characters that would steer a
//! terminal (or turn the direction of the text) become visible. Each excerpt has its own range of
//! an offset space that only the drawing knows.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::diagnostic::Diagnostic;
use crate::secret::covered;
use crate::source::{Place, SourceId, SourceMap, Span};
use crate::terminal::{steers, visible};

/// Tab stops are so many columns apart.
const TAB: usize = 4;
/// Labels with at most so many lines between them share an excerpt.
const NEAR: usize = 3;
/// A span over more lines than this is shown by its first line.
const TALL: usize = 6;
/// A cut line keeps at least so many columns.
const NARROWEST: usize = 20;
/// The words of a label are broken into lines of at least so many columns.
const SHORTEST: usize = 10;

/// Lines of one file with the labels on them.
pub(super) struct Excerpt {
    /// Where its text starts in the offset space of the drawing.
    pub start: usize,
    /// The number of its first line, from 1.
    pub first_line: usize,
    /// Its lines, each with its line break.
    pub text: String,
    /// What points into it.
    pub labels: Vec<Mark>,
}

/// A label in an excerpt.
pub(super) struct Mark {
    /// In the offset space of the drawing.
    pub range: Range<usize>,
    /// Its words.
    pub text: String,
    /// Whether it is the primary one.
    pub primary: bool,
    /// Where it is, for people.
    pub place: Place,
}

impl Excerpt {
    /// Its range in the offset space of the drawing.
    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The place of a span, anchored.
pub(super) fn place(sources: &SourceMap, span: Span) -> Option<Place> {
    sources.place(anchor(sources, span)?)
}

/// A span that covers a character that can be seen: the end of a file and of a line stand for the
/// last character before that is not blank.
///
/// `None` for a span that belongs to no file.
pub(super) fn anchor(sources: &SourceMap, span: Span) -> Option<Span> {
    let file = sources.file(sources.locate(Span::new(span.start, span.start))?);
    let text = &file.text;
    let mut start = (span.start - file.start) as usize;
    let mut end = ((span.end - file.start) as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    while !text.is_char_boundary(end) {
        end += 1;
    }
    if text[start..end].trim().is_empty() {
        let next = text[start..].chars().next();
        (start, end) = match next {
            // A blank inside a line is shown as it is: it may be the very character that is wrong.
            Some(c) if c != '\n' && c != '\r' => {
                (start, end.max(start + c.len_utf8()).min(line_end(text, start)))
            }
            _ => {
                let kept = text[..start].trim_end();
                let last = kept.chars().next_back().map_or(0, char::len_utf8);
                (kept.len() - last, kept.len())
            }
        };
    }
    Some(Span::new(file.start + start as u32, file.start + end as u32))
}

/// The excerpts of a diagnostic: the one with the primary label first, then in the order of labels.
pub(super) fn excerpts(diagnostic: &Diagnostic, sources: &SourceMap, width: usize) -> Vec<Excerpt> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, label) in diagnostic.labels.iter().enumerate() {
        let Some(span) = anchor(sources, label.span) else { continue };
        let Some(id) = sources.locate(span) else { continue };
        let file = sources.file(id);
        let text: &str = &file.text;
        let mut bytes = (span.start - file.start) as usize..(span.end - file.start) as usize;
        if text[bytes.clone()].matches('\n').count() >= TALL {
            bytes.end = line_end(text, bytes.start);
        }
        let lines = line_number(text, bytes.start)..line_number(text, bytes.end) + 1;
        let wanted = Wanted { bytes, label: index };
        // Joined when near to a group of the same file, and groups that meet become one.
        let mut merged = Group { file: id, lines, wanted: vec![wanted] };
        let mut position = groups.len();
        while let Some(at) = groups.iter().position(|g| g.near(&merged)) {
            let other = groups.remove(at);
            position = position.min(at);
            merged.lines =
                merged.lines.start.min(other.lines.start)..merged.lines.end.max(other.lines.end);
            merged.wanted.extend(other.wanted);
        }
        groups.insert(position.min(groups.len()), merged);
    }
    let mut start = 0;
    let mut all = Vec::new();
    for group in groups {
        let excerpt = group.cut(diagnostic, sources, width, start);
        start = excerpt.range().end + 1;
        all.push(excerpt);
    }
    all
}

/// Breaks a label's words over lines where they would not fit; a very narrow place is left to the
/// terminal.
fn wrap(text: &str, width: usize) -> String {
    let mut wrapped = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let length: usize = word.chars().map(shown_width).sum();
        if used > 0 && used + 1 + length > width.max(SHORTEST) {
            wrapped.push('\n');
            used = 0;
        } else if used > 0 {
            wrapped.push(' ');
            used += 1;
        }
        wrapped.push_str(word);
        used += length;
    }
    wrapped
}

/// A label and its bytes in its file.
struct Wanted {
    bytes: Range<usize>,
    label: usize,
}

/// Labels of one file that are shown together; `lines` counts from 0.
struct Group {
    file: SourceId,
    lines: Range<usize>,
    wanted: Vec<Wanted>,
}

impl Group {
    fn near(&self, other: &Group) -> bool {
        self.file == other.file
            && self.lines.start <= other.lines.end + NEAR
            && other.lines.start <= self.lines.end + NEAR
    }

    fn cut(
        &self,
        diagnostic: &Diagnostic,
        sources: &SourceMap,
        width: usize,
        start: usize,
    ) -> Excerpt {
        let file = sources.file(self.file);
        let first = self.lines.start.saturating_sub(1);
        let mut excerpt =
            Excerpt { start, first_line: first + 1, text: String::new(), labels: Vec::new() };
        let mut marks: Vec<(usize, usize)> = vec![(0, 0); self.wanted.len()];
        let mut offset = 0;
        for (number, line) in file.text.split_inclusive('\n').enumerate() {
            if number > self.lines.end {
                break;
            }
            if number >= first {
                let here = offset..offset + line.len();
                // The part of the line that has to stay when it is cut: its first label.
                let keep = self
                    .wanted
                    .iter()
                    .filter(|w| w.bytes.start < here.end && w.bytes.end > here.start)
                    .map(|w| w.bytes.start.max(offset) - offset..w.bytes.end.min(here.end) - offset)
                    .min_by_key(|range| range.start)
                    .unwrap_or(0..0);
                let line = &covered(line);
                let shown = show_line(line.trim_end_matches(['\n', '\r']), keep, width);
                for (wanted, mark) in self.wanted.iter().zip(&mut marks) {
                    if here.contains(&wanted.bytes.start) {
                        mark.0 = excerpt.text.len() + shown.position(wanted.bytes.start - offset);
                    }
                    if wanted.bytes.end > here.start && wanted.bytes.end <= here.end {
                        mark.1 = excerpt.text.len() + shown.position(wanted.bytes.end - offset);
                    }
                }
                excerpt.text.push_str(&shown.text);
                excerpt.text.push('\n');
            }
            offset += line.len();
        }
        if excerpt.text.is_empty() {
            // An empty file: something must be there to point at.
            excerpt.text.push_str(" \n");
        }
        for (wanted, (from, to)) in self.wanted.iter().zip(marks) {
            let label = &diagnostic.labels[wanted.label];
            let Some(place) = place(sources, label.span) else { continue };
            // A label that is cut away with the rest of its line is shown at the cut.
            let from = from.min(excerpt.text.len() - 1);
            let mut to = to.clamp(from, excerpt.text.len());
            if from == to {
                to += excerpt.text[from..].chars().next().map_or(0, char::len_utf8);
            }
            // The words hang on the middle of the underline, behind three characters of line.
            let middle = excerpt.text.floor_char_boundary(from + (to - from) / 2);
            let line = excerpt.text[..middle].rsplit('\n').next().unwrap_or_default();
            let column: usize = line.chars().map(shown_width).sum();
            excerpt.labels.push(Mark {
                range: start + from..start + to,
                text: wrap(&visible(&label.text), width.saturating_sub(column + 4)),
                primary: wanted.label == 0,
                place,
            });
        }
        excerpt
    }
}

/// A line as shown, and where its characters went.
struct ShownLine {
    text: String,
    /// Offset in the line, offset in `text`; in order, the line's end last.
    moved: Vec<(usize, usize)>,
}

impl ShownLine {
    fn position(&self, at: usize) -> usize {
        let index = self.moved.partition_point(|&(original, _)| original < at);
        self.moved.get(index).map_or(self.text.len(), |&(_, shown)| shown)
    }
}

/// Makes a line fit to be shown, in at most `width` columns when it can be cut around `keep`.
fn show_line(line: &str, keep: Range<usize>, width: usize) -> ShownLine {
    let width = width.max(NARROWEST);
    // The columns before each character.
    let mut columns = Vec::new();
    let mut column = 0;
    for (offset, c) in line.char_indices() {
        columns.push((offset, column));
        column += if c == '\t' { TAB - column % TAB } else { shown_width(c) };
    }
    let total = column;
    let column_at = |offset: usize| {
        let index = columns.partition_point(|&(o, _)| o < offset);
        columns.get(index).map_or(total, |&(_, c)| c)
    };
    let window = if total <= width {
        0..total
    } else {
        let (from, to) = (column_at(keep.start), column_at(keep.end));
        // Two thirds of what is free goes before the label: that is where its sense comes from.
        let free = width.saturating_sub(to - from);
        let left = from.saturating_sub(free * 2 / 3).min(total - width);
        left..left + width
    };
    let mut shown = ShownLine { text: String::new(), moved: Vec::new() };
    if window.start > 0 {
        shown.text.push('…');
    }
    for (index, c) in line.chars().enumerate() {
        let (offset, column) = columns[index];
        shown.moved.push((offset, shown.text.len()));
        let next = columns.get(index + 1).map_or(total, |&(_, c)| c);
        // One column on a cut side belongs to the dots.
        let inside = column >= window.start + usize::from(window.start > 0)
            && next + usize::from(window.end < total) <= window.end;
        match c {
            _ if !inside => {}
            '\t' => shown.text.extend(std::iter::repeat_n(' ', next - column)),
            c if steers(c) => shown.text.push('\u{fffd}'),
            c => shown.text.push(c),
        }
    }
    shown.moved.push((line.len(), shown.text.len()));
    if window.end < total {
        shown.text.push('…');
    }
    shown
}

fn shown_width(c: char) -> usize {
    if steers(c) { 1 } else { c.width().unwrap_or(0) }
}

fn line_number(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

fn line_end(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let line = rest.split('\n').next().unwrap_or(rest);
    at + line.trim_end_matches('\r').len()
}
