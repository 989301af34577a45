//! Files: statements in their order, with the comments and blank lines between them.

use unicode_width::UnicodeWidthStr;

use super::WIDTH;
use super::tokens;
use super::writer::Writer;
use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::ast::StatementKind;
use crate::syntax::scan::{Kind, Lexer};
use crate::syntax::{self, Piece};

/// A file in the style.
pub struct Formatted {
    /// Its whole text.
    pub text: String,
    /// The statements that are as they were, because something is wrong with them.
    pub left: Vec<Span>,
    /// What is wrong with them.
    pub diagnostics: Diagnostics,
}

/// Formats a file.
pub fn format(sources: &SourceMap, id: SourceId) -> Formatted {
    let (pieces, diagnostics) = syntax::pieces(sources, id);
    let file = sources.file(id);
    let text = &*file.text;
    let mut lines = Lines::default();
    let mut left = Vec::new();
    let mut end = 0;
    for piece in &pieces {
        let line = text[..piece.range.start].rfind('\n').map_or(0, |at| at + 1);
        lines.between(&text[end..line.max(end)]);
        let written = &text[line.max(end)..piece.range.end];
        end = piece.range.end;
        // Nothing but a fault indents the first line of a statement.
        let done = (line == piece.range.start)
            .then(|| statement(&text[piece.range.clone()], file.start, piece))
            .flatten();
        match (done, &piece.statement) {
            (Some(done), Some(statement)) => lines.statement(done, Table::of(&statement.kind)),
            _ => {
                let start = file.start + piece.range.start as u32;
                left.push(Span::new(start, file.start + piece.range.end as u32));
                lines.statement(written.replace("\r\n", "\n"), None);
            }
        }
    }
    lines.between(&text[end..]);
    Formatted { text: lines.finish(), left, diagnostics }
}

/// A statement in the style; `None` when something is wrong with it, or when it would no longer say
/// the same.
fn statement(text: &str, base: u32, piece: &Piece) -> Option<String> {
    let statement = piece.statement.as_ref().filter(|_| piece.sound)?;
    let base = base + piece.range.start as u32;
    let done = Writer::new(tokens::words(text), base).statement(&statement.kind).print(WIDTH);
    let same = syntax::statement(&done).as_ref() == Some(&statement.kind)
        && comments(&done).eq(comments(text));
    same.then_some(done)
}

fn comments(text: &str) -> impl Iterator<Item = &str> {
    Lexer::new(text).filter(|t| t.kind == Kind::Comment).map(|t| t.text(text))
}

/// Statements whose `=` and `key` stand below each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Table {
    Dimension,
    Database,
}

impl Table {
    fn of(kind: &StatementKind) -> Option<Table> {
        match kind {
            StatementKind::Dimension(_) => Some(Table::Dimension),
            StatementKind::Database(_) => Some(Table::Database),
            _ => None,
        }
    }
}

/// The lines of the new text.
#[derive(Default)]
struct Lines {
    /// Statements and lines of comments.
    done: Vec<String>,
    /// Neighbours of one kind, at the end of `done`.
    rows: Vec<usize>,
    table: Option<Table>,
    blank: bool,
}

impl Lines {
    fn push(&mut self, text: String) {
        if std::mem::take(&mut self.blank) && !self.done.is_empty() {
            self.done.push(String::new());
        }
        self.done.push(text);
    }

    /// Comments and blank lines. Several blank lines are one.
    fn between(&mut self, text: &str) {
        let breaks = text.matches('\n').count();
        for (n, line) in text.split('\n').enumerate() {
            let content = line.trim();
            if content.is_empty() {
                // The first one ends a line and the last one begins one.
                self.blank |= n > 0 && n < breaks;
                continue;
            }
            self.align();
            // An indented comment speaks of the statement above, and is never its documentation.
            let indented = line.starts_with([' ', '\t']);
            self.push(if indented { format!("  {content}") } else { content.to_owned() });
        }
        if self.blank {
            self.align();
        }
    }

    fn statement(&mut self, text: String, table: Option<Table>) {
        if table.is_none() || table != self.table {
            self.align();
        }
        self.table = table;
        self.push(text);
        if table.is_some() {
            self.rows.push(self.done.len() - 1);
        }
    }

    /// Ends a run of neighbours: their `=` and `key` come to stand below each other, unless a line
    /// becomes too long by it.
    fn align(&mut self) {
        self.table = None;
        let rows = std::mem::take(&mut self.rows);
        if rows.len() < 2 {
            return;
        }
        let mut aligned: Vec<String> = rows.iter().map(|n| self.done[*n].clone()).collect();
        for column in [equals, key] {
            let places: Vec<Option<usize>> = aligned.iter().map(|row| column(row)).collect();
            let widths =
                aligned.iter().zip(&places).map(|(row, at)| at.map(|at| row[..at].width()));
            let Some(widest) = widths.clone().flatten().max() else { continue };
            let widths: Vec<Option<usize>> = widths.collect();
            for ((row, at), width) in aligned.iter_mut().zip(places).zip(widths) {
                if let (Some(at), Some(width)) = (at, width) {
                    row.insert_str(at, &" ".repeat(widest - width));
                }
            }
        }
        let first = |row: &str| row.lines().next().unwrap_or_default().width();
        let grown = |n: usize| first(&aligned[n]) > first(&self.done[rows[n]]);
        if (0..rows.len()).any(|n| grown(n) && first(&aligned[n]) > WIDTH) {
            return;
        }
        for (n, row) in rows.into_iter().zip(aligned) {
            self.done[n] = row;
        }
    }

    fn finish(mut self) -> String {
        self.align();
        let mut text = self.done.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        text
    }
}

/// Where the `=` of a row stands.
fn equals(row: &str) -> Option<usize> {
    first_line(row).find(|t| t.text(row) == "=").map(|t| t.start)
}

/// Where the `key` of a row stands: behind its source, a text or a path.
fn key(row: &str) -> Option<usize> {
    let mut words = first_line(row).skip_while(|t| t.text(row) != "=").skip(1);
    words.next()?;
    loop {
        let word = words.next()?;
        match word.text(row) {
            "." => words.next()?,
            "key" => return Some(word.start),
            _ => return None,
        };
    }
}

fn first_line(row: &str) -> impl Iterator<Item = crate::syntax::scan::Token> {
    let end = row.find('\n').unwrap_or(row.len());
    Lexer::new(row).take_while(move |t| t.start < end)
}
