//! One statement's text → its tree. This folder is the only place that sees pest.

mod expressions;
mod failure;
mod hints;
mod statements;
mod unit_tests;

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};

use super::ast::{Name, Path, StatementKind, Text};
use super::scan::{self, Kind, Token};
use super::spelling::{self, Patch, Patched};
use super::{literals, names};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::usage;
use crate::source::{Span, Spanned};

/// The grammar's parser. The file's documentation becomes that of the rules.
#[derive(pest_derive::Parser)]
#[grammar = "grammar/camp.pest"]
struct Grammar;

type Node<'p> = Pair<'p, Rule>;

/// What reading one statement gave.
pub(super) struct Read {
    /// The tree.
    pub kind: StatementKind,
    /// From its first word to its last.
    pub span: Span,
    /// What is wrong with it.
    pub diagnostics: Vec<Diagnostic>,
    /// A bracket was never closed: the lines that follow may belong to it.
    pub bracket_open: bool,
}

/// Reads a statement whose first byte is at `base`.
pub(super) fn statement(text: &str, base: u32) -> Read {
    read(text, base, Rule::statement)
}

/// Reads a value that is asked for, as if a guard spoke of it.
pub(super) fn value(text: &str, base: u32) -> Read {
    read(text, base, Rule::value)
}

/// How far the grammar gets with a text.
pub(super) enum Reach {
    /// It is whole.
    Whole,
    /// It may go on, and has to.
    Unfinished,
    /// It is wrong from this byte on.
    Wrong(usize),
}

/// How far the grammar gets with a text as a statement or a value.
pub(super) fn reach(text: &str, rule: Rule) -> Reach {
    let tokens = scan::tokens(text);
    let (mut patches, mut diagnostics) = spelling::certain(text, &tokens, 0);
    literals::check(text, &tokens, 0, &mut patches, &mut diagnostics);
    patches.sort_by_key(|p| p.start);
    let read = Reading::new(text, &patches);
    let place = |start: usize, end: usize| Span::new(start as u32, end as u32);
    let structure = scan::structure(&read.patched.text, &read.tokens, &place);
    match structure.diagnostics.as_slice() {
        [] => {}
        [_] if structure.bracket_open => return Reach::Unfinished,
        _ => return Reach::Wrong(0),
    }
    match read.parse(rule) {
        Ok(_) => Reach::Whole,
        Err(error) => {
            let at = failure::Failure::of(&error).at;
            if read.tokens.last().is_none_or(|t| t.end <= at) {
                Reach::Unfinished
            } else {
                Reach::Wrong(read.patched.original(at, at).0)
            }
        }
    }
}

/// What the grammar would take behind a text; nothing when it does not come that far.
pub(super) fn wanted_behind(text: &str, rule: Rule) -> Vec<Rule> {
    // No script has this character, so the grammar stops there at the latest.
    let text = format!("{text} \u{1}");
    let read = Reading::new(&text, &[]);
    let Err(error) = read.parse(rule) else { return Vec::new() };
    let failure = failure::Failure::of(&error);
    let end = read.tokens.iter().rev().nth(1).map_or(0, |t| t.end);
    if failure.at >= end { failure.wanted } else { Vec::new() }
}

fn read(text: &str, base: u32, rule: Rule) -> Read {
    let tokens = scan::tokens(text);
    let (mut patches, mut diagnostics) = spelling::certain(text, &tokens, base);
    literals::check(text, &tokens, base, &mut patches, &mut diagnostics);
    patches.sort_by_key(|p| p.start);
    let whole = match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => Span::new(base + first.start as u32, base + last.end as u32),
        _ => Span::new(base, base),
    };
    let source = Source { text, base, whole };
    let invalid = || StatementKind::Invalid(defined(text, &tokens));
    let nul = tokens.iter().filter(|t| t.kind != Kind::Comment).find_map(|token| {
        let at = (token.start + token.text(text).find('\0')?) as u32;
        Some(Span::new(base + at, base + at + 1))
    });
    if let Some(at) = nul {
        diagnostics.push(
            Diagnostic::error(usage::NUL, "The character NUL stands in the script")
                .label(at, "cannot be seen, and means nothing")
                .help("delete it, or save the file as UTF-8"),
        );
        return Read { kind: invalid(), span: whole, diagnostics, bracket_open: false };
    }

    let patched = Reading::new(text, &patches);
    let structure = scan::structure(&patched.patched.text, &patched.tokens, &|start, end| {
        source.span(&patched.patched, start, end)
    });
    if !structure.diagnostics.is_empty() {
        diagnostics.extend(structure.diagnostics);
        let bracket_open = structure.bracket_open;
        return Read { kind: invalid(), span: whole, diagnostics, bracket_open };
    }

    let kind = match patched.parse(rule) {
        Ok(pairs) => source.build(&patched, pairs, &mut diagnostics),
        Err(error) => {
            source.second_try(rule, &tokens, &patches, &patched, &error, &mut diagnostics)
        }
    };
    Read { kind: kind.unwrap_or_else(invalid), span: whole, diagnostics, bracket_open: false }
}

/// A statement as the grammar reads it, with its tokens.
struct Reading {
    patched: Patched,
    tokens: Vec<Token>,
    /// The patched text, byte by byte, with a blank for all that stands between tokens: the grammar
    /// passes over white space at every step, so there is only one kind of it.
    plain: String,
}

impl Reading {
    fn new(text: &str, patches: &[Patch]) -> Self {
        let patched = Patched::new(text, patches);
        let tokens = scan::tokens(&patched.text);
        let mut plain = String::with_capacity(patched.text.len());
        for token in &tokens {
            plain.extend(std::iter::repeat_n(' ', token.start - plain.len()));
            plain.push_str(token.text(&patched.text));
        }
        plain.extend(std::iter::repeat_n(' ', patched.text.len() - plain.len()));
        Reading { patched, tokens, plain }
    }

    fn parse(&self, rule: Rule) -> Result<Pairs<'_, Rule>, Box<pest::error::Error<Rule>>> {
        Grammar::parse(rule, &self.plain).map_err(Box::new)
    }
}

/// A statement as written.
struct Source<'t> {
    text: &'t str,
    base: u32,
    whole: Span,
}

impl Source<'_> {
    fn span(&self, patched: &Patched, start: usize, end: usize) -> Span {
        let (start, end) = patched.original(start, end);
        Span::new(self.base + start as u32, self.base + end as u32)
    }

    fn build(
        &self,
        text: &Reading,
        mut pairs: Pairs<'_, Rule>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<StatementKind> {
        let mut builder = Builder {
            source: self,
            text,
            whole: self.whole,
            diagnostics: Vec::new(),
            level: 0,
            too_deep: false,
        };
        let kind = pairs.next().and_then(|statement| builder.statement(statement));
        diagnostics.append(&mut builder.diagnostics);
        kind
    }

    /// The grammar refused the statement: perhaps because of a spelling that may also be a name.
    fn second_try(
        &self,
        rule: Rule,
        tokens: &[Token],
        patches: &[Patch],
        first: &Reading,
        error: &pest::error::Error<Rule>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<StatementKind> {
        let refused = failure::Failure::of(error);
        let extra = spelling::possible(self.text, tokens);
        if !extra.is_empty() && !refused.too_deep {
            let mut all: Vec<Patch> = patches.iter().chain(&extra).cloned().collect();
            all.sort_by_key(|p| p.start);
            let second = Reading::new(self.text, &all);
            match second.parse(rule) {
                Ok(pairs) => {
                    let keywords: Vec<usize> = pairs
                        .clone()
                        .flatten()
                        .filter(|p| {
                            p.as_rule() == Rule::unit || names::is_keyword_rule(p.as_rule())
                        })
                        .map(|p| second.patched.original(p.as_span().start(), p.as_span().end()).0)
                        .collect();
                    let used = extra.iter().filter(|p| keywords.contains(&p.start));
                    diagnostics.extend(used.map(|p| spelling::explain(self.text, p, self.base)));
                    return self.build(&second, pairs, diagnostics);
                }
                Err(error) => {
                    let later = failure::Failure::of(&error);
                    let was = first.patched.original(refused.at, refused.at).0;
                    let is = second.patched.original(later.at, later.at).0;
                    if is > was {
                        let between = extra.iter().filter(|p| p.start >= was && p.start < is);
                        diagnostics
                            .extend(between.map(|p| spelling::explain(self.text, p, self.base)));
                        diagnostics.push(failure::explain(self, &second, later));
                        return None;
                    }
                }
            }
        }
        diagnostics.push(failure::explain(self, first, refused));
        None
    }
}

/// Turns pairs into a tree.
struct Builder<'b> {
    source: &'b Source<'b>,
    text: &'b Reading,
    whole: Span,
    diagnostics: Vec<Diagnostic>,
    /// How deep the tree is above the node being built.
    level: usize,
    too_deep: bool,
}

impl Builder<'_> {
    /// Where a node stands in the file. A pair may end in blanks and comments: those are no part.
    fn span(&self, node: &Node<'_>) -> Span {
        let place = node.as_span();
        let (start, end) = (place.start(), place.end());
        let tokens = &self.text.tokens;
        let last = tokens.partition_point(|t| t.start < end).checked_sub(1);
        let end = last.map_or(end, |last| tokens[last].end.min(end)).max(start);
        self.source.span(&self.text.patched, start, end)
    }

    /// The text at a place of this statement, as written.
    fn source(&self, span: Span) -> &str {
        let base = self.source.base;
        let range =
            span.start.saturating_sub(base) as usize..span.end.saturating_sub(base) as usize;
        self.source.text.get(range).unwrap_or("")
    }

    fn name(&mut self, node: Node<'_>) -> Name {
        let span = self.span(&node);
        // From the file itself: what looked like a keyword in capitals may have been a name.
        let written = self.source(span);
        let inner = written.strip_prefix('`').and_then(|w| w.strip_suffix('`'));
        Spanned::new(inner.unwrap_or(written).to_owned(), span)
    }

    fn names(&mut self, node: Node<'_>) -> Vec<Name> {
        node.into_inner().filter(|p| p.as_rule() == Rule::name).map(|n| self.name(n)).collect()
    }

    fn path(&mut self, node: Node<'_>) -> Path {
        let span = self.span(&node);
        Path { parts: self.names(node), span }
    }

    fn text(&mut self, node: Node<'_>) -> Text {
        let span = self.span(&node);
        let written = node.as_str();
        let quote = &written[..1];
        let inner = written[1..written.len() - 1].replace(&quote.repeat(2), quote);
        Spanned::new(inner, span)
    }
}

/// The names a statement that cannot be read may have defined: the words before its `=`.
fn defined(text: &str, tokens: &[Token]) -> Vec<String> {
    let first = tokens.first().map_or("", |t| t.text(text));
    let end = if first == "link" {
        tokens.iter().position(|t| t.text(text) == "on")
    } else {
        tokens.iter().position(|t| matches!(t.text(text), "=" | ":" | "(" | "=="))
    };
    let Some(end) = end.filter(|end| *end <= 64) else { return Vec::new() };
    tokens[..end]
        .iter()
        .enumerate()
        .filter(|(index, t)| match t.kind {
            Kind::Word => *index > 0 || end == 1 || !names::STATEMENTS.contains(&t.text(text)),
            Kind::Quoted => true,
            _ => false,
        })
        .map(|(_, t)| t.text(text).trim_matches('`').to_owned())
        .collect()
}

/// A piece of source on one line, shortened where it is long.
fn condensed(text: &str, limit: usize) -> String {
    let mut short = String::new();
    let mut blank = false;
    for c in text.chars() {
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank && !short.is_empty() {
            short.push(' ');
        }
        blank = false;
        if short.chars().count() >= limit {
            short.push('…');
            return short;
        }
        short.push(c);
    }
    if blank {
        short.push(' ');
    }
    short
}
