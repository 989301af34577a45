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
mod layout;
mod literals;
mod names;
mod parser;
mod scan;
mod schedule;
mod spelling;

#[cfg(test)]
mod tests;

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
    let file = sources.file(id);
    let mut diagnostics = Diagnostics::default();
    let mut ast = Ast::default();
    let mut bracket_open = false;
    for piece in layout::statements(&file.text, file.start, &mut diagnostics) {
        let text = &file.text[piece.range.clone()];
        let base = file.start + piece.range.start as u32;
        // A line at the margin that cannot begin a statement belongs to a bracket left open above,
        // which is reported already.
        let begins = text.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '`');
        if bracket_open && !begins {
            continue;
        }
        let read = parser::statement(text, base);
        bracket_open = read.bracket_open;
        diagnostics.extend(read.diagnostics);
        ast.statements.push(Statement { doc: piece.doc, kind: read.kind, span: read.span });
    }
    (ast, diagnostics)
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
