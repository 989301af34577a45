//! Text → Ast. The only place that knows pest.
//!
//! ```text
//! text ──layout──▶ statements ──scan──▶ tokens ──spelling──▶ patched text ──parser──▶ Ast
//! ```
//!
//! [`layout`] cuts a file into statements, so that one mistake cannot hide another one. [`scan`]
//! reads a statement's tokens: it finds what no grammar says well (a text without its end, a bracket
//! without its partner, nesting without end). [`spelling`] answers what other languages write
//! otherwise. [`parser`] reads the rest with the grammar in `grammar/camp.pest`.

pub mod ast;
pub mod comments;
pub(crate) mod entry;
mod layout;
mod literals;
mod names;
mod parser;
pub(crate) mod scan;
mod schedule;
mod spelling;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, SourceMap};
use ast::{Ast, Statement, StatementKind};

/// How deep brackets, `if`s and conditions of quantifiers may nest.
pub const MAX_NESTING: usize = 128;

/// How deep a tree may be: brackets and the operators between them. Every pass over a tree may
/// recurse this deep, so it has to fit a thread's stack of 2 MiB in a debug build.
pub const MAX_DEPTH: usize = 256;

/// Reads one file. Statements that cannot be read are [`StatementKind::Invalid`]; every independent
/// mistake is reported.
pub fn parse(sources: &SourceMap, id: SourceId) -> (Ast, Diagnostics) {
    let (pieces, diagnostics) = pieces(sources, id);
    let statements = pieces.into_iter().filter_map(|p| p.statement).collect();
    (Ast { statements }, diagnostics)
}

/// A part of a file that the layout takes for a statement.
pub(crate) struct Piece {
    /// Its bytes in the file, from its first character to its last one that is no blank.
    pub range: Range<usize>,
    /// What it says; nothing for lines of a bracket that was left open above.
    pub statement: Option<Statement>,
    /// Nothing is wrong with it.
    pub sound: bool,
}

/// The parts of a file, with what is wrong in it.
pub(crate) fn pieces(sources: &SourceMap, id: SourceId) -> (Vec<Piece>, Diagnostics) {
    let file = sources.file(id);
    let mut diagnostics = Diagnostics::default();
    let mut pieces = Vec::new();
    let mut bracket_open = false;
    for layout::Piece { range, doc } in layout::statements(&file.text, file.start, &mut diagnostics)
    {
        let text = &file.text[range.clone()];
        let base = file.start + range.start as u32;
        // A line at the margin that cannot begin a statement belongs to a bracket left open above,
        // which is reported already.
        let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '`');
        if bracket_open && !begins {
            pieces.push(Piece { range, statement: None, sound: false });
            continue;
        }
        let read = parser::statement(text, base);
        bracket_open = read.bracket_open;
        let sound = read.diagnostics.is_empty();
        diagnostics.extend(read.diagnostics);
        let statement = Some(Statement { doc, kind: read.kind, span: read.span });
        pieces.push(Piece { range, statement, sound });
    }
    (pieces, diagnostics)
}

/// What a text says that is one statement; `None` when something is wrong with it.
pub(crate) fn statement(text: &str) -> Option<StatementKind> {
    let read = parser::statement(text, 0);
    read.diagnostics.is_empty().then_some(read.kind)
}

/// Whether a word is a name only in backticks.
pub fn is_reserved(word: &str) -> bool {
    names::RESERVED.contains(&word)
}

impl Ast {
    /// Whether every statement could be read.
    pub fn is_complete(&self) -> bool {
        !self.statements.iter().any(|s| matches!(s.kind, StatementKind::Invalid(_)))
    }
}
