//! Files → statements, by the layout rule: a statement starts at the margin; a line break is white
//! space only when the next line with content is indented or begins with `)`.

use std::ops::Range;

use crate::diagnostic::codes::syntax as codes;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::Span;

/// One statement's place in its file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Bytes of the file, from its first character to its last one that is no blank.
    pub range: Range<usize>,
    /// The `##` lines directly above.
    pub doc: Option<String>,
}

/// A line as layout sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Line<'a> {
    Blank,
    Comment,
    /// The text behind `##`.
    Doc(&'a str),
    /// A line that Git left in an unfinished merge.
    Conflict,
    /// Continues the statement above.
    Indented,
    /// Begins a statement.
    Margin,
}

fn classify(line: &str) -> Line<'_> {
    let content = line.trim_start_matches([' ', '\t', '\r']);
    if content.trim_end().is_empty() {
        Line::Blank
    } else if content.starts_with('#') {
        match line.strip_prefix("##") {
            // `###…` is a ruler, not a text.
            Some(text) if !text.starts_with('#') => Line::Doc(text),
            _ => Line::Comment,
        }
    } else if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|m| line.starts_with(m)) {
        Line::Conflict
    } else if content.len() < line.len() || content.starts_with(')') {
        Line::Indented
    } else {
        Line::Margin
    }
}

/// Cuts a file whose first byte is at `base` into its statements.
pub(super) fn statements(text: &str, base: u32, diagnostics: &mut Diagnostics) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut doc: Vec<&str> = Vec::new();
    let mut conflict: Option<Diagnostic> = None;
    // After a conflict marker an indented line begins a piece of its own.
    let mut open = false;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let mut start = at;
        at += line.len();
        let mut line = line.trim_end();
        if start == 0 && line.starts_with('\u{feff}') {
            line = &line['\u{feff}'.len_utf8()..];
            start = '\u{feff}'.len_utf8();
        }
        let end = start + line.len();
        match classify(line) {
            Line::Doc(text) => doc.push(text.strip_prefix(' ').unwrap_or(text)),
            Line::Blank | Line::Comment => doc.clear(),
            Line::Conflict => {
                let span = Span::new(base + start as u32, base + end as u32);
                conflict = Some(match conflict.take() {
                    Some(open) => open.label(span, "and this line"),
                    None => Diagnostic::error(codes::MERGE_MARKER, "A merge was left unfinished")
                        .label(span, "written by Git")
                        .help("keep one of the versions and remove the marker lines"),
                });
                if line.starts_with('>') {
                    diagnostics.extend(conflict.take());
                }
                doc.clear();
                open = false;
            }
            Line::Indented => {
                match pieces.last_mut().filter(|_| open) {
                    Some(piece) => piece.range.end = end,
                    None => {
                        let first = start + line.len() - line.trim_start().len();
                        if pieces.is_empty() && !line.trim_start().starts_with(')') {
                            let span = Span::new(base + start as u32, base + first as u32);
                            diagnostics.push(
                                Diagnostic::error(
                                    codes::INDENTED_START,
                                    "An indented line continues nothing",
                                )
                                .label(span, "no statement above")
                                .help("start the statement at the margin"),
                            );
                        }
                        pieces.push(Piece { range: first..end, doc: None });
                        open = true;
                    }
                }
                doc.clear();
            }
            Line::Margin => {
                let text = (!doc.is_empty()).then(|| doc.join("\n"));
                doc.clear();
                pieces.push(Piece { range: start..end, doc: text });
                open = true;
            }
        }
    }
    diagnostics.extend(conflict);
    pieces
}
