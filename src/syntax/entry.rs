//! What is typed at a prompt: statements, or a value that is asked for.

use super::ast::{Expect, Expr, Statement, StatementKind};
use super::names::{self, Words};
use super::parser::{self, Reach, Rule};
use super::scan::{Kind, Lexer};
use super::{Piece, layout, pieces};
use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, SourceMap};

/// An entry, read.
pub(crate) enum Entry {
    /// Statements, each with its own text.
    Statements(Vec<Written>),
    /// A value.
    Value(Expr),
}

/// A statement as it was written.
pub(crate) struct Written {
    /// Its tree.
    pub statement: Statement,
    /// Its text, without what documents it.
    pub text: String,
    /// The lines above it with comments that do not document it, each with its end.
    pub above: String,
    /// The same below the last statement of a text.
    pub below: String,
}

/// Whether an entry is not finished: it could go on, and has to.
pub(crate) fn is_unfinished(text: &str) -> bool {
    must_go_on(&joined(text))
}

/// An entry with its further lines indented where they can only go on with the line above: at a
/// prompt nobody types blanks to say so.
pub(crate) fn joined(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let at_margin = !line.starts_with([' ', '\t', ')', '#', '\r', '\n']);
        let documents = joined.lines().next_back().is_some_and(|above| above.starts_with('#'));
        if at_margin && !documents && !begins_statement(line) && must_go_on(&joined) {
            joined.push_str("  ");
        }
        joined.push_str(line);
    }
    joined
}

/// Whether a line can hardly be anything but the beginning of a statement.
pub(crate) fn begins_statement(line: &str) -> bool {
    let tokens = super::scan::tokens(line);
    let word = |n: usize| tokens.get(n).map_or("", |t: &super::scan::Token| t.text(line));
    let is_name =
        |n: usize| tokens.get(n).is_some_and(|t| matches!(t.kind, Kind::Word | Kind::Quoted));
    if names::STATEMENTS.contains(&word(0)) {
        return is_name(1) || tokens.get(1).is_some_and(|t| t.kind == Kind::Text);
    }
    let mut at = 0;
    while is_name(at) && word(at + 1) == "," {
        at += 2;
    }
    let activity = |n: usize| {
        names::ACTIVITIES.contains(&word(n))
            || (is_name(n) && is_name(n + 1) && !names::is_keyword(word(n + 1)))
    };
    is_name(at) && word(at + 1) == "=" && activity(at + 2)
}

fn must_go_on(text: &str) -> bool {
    if text.is_empty() {
        return false;
    }
    let mut ignored = Diagnostics::default();
    let pieces = layout::statements(text, 0, &mut ignored);
    let Some(last) = pieces.last() else {
        // `##` lines stand above a statement.
        return text.lines().next_back().is_some_and(|line| line.starts_with("##"));
    };
    let last = &text[last.range.clone()];
    match (parser::reach(last, Rule::statement), parser::reach(last, Rule::value)) {
        (Reach::Whole, _) | (_, Reach::Whole) => false,
        (Reach::Unfinished, _) => true,
        (Reach::Wrong(_), Reach::Unfinished) => pieces.len() == 1,
        (Reach::Wrong(_), Reach::Wrong(_)) => false,
    }
}

/// Reads an entry. What is wrong with it is said of the reading that comes further.
pub(crate) fn read(sources: &SourceMap, id: SourceId) -> (Entry, Diagnostics) {
    let file = sources.file(id);
    let (found, diagnostics) = pieces(sources, id);
    if let [piece] = found.as_slice()
        && let Some(value) = value(&file.text, file.start, piece)
    {
        return value;
    }
    (Entry::Statements(with_texts(&file.text, found)), diagnostics)
}

/// Reads a file as an entry: statements.
pub(crate) fn read_file(sources: &SourceMap, id: SourceId) -> (Vec<Written>, Diagnostics) {
    let (found, diagnostics) = pieces(sources, id);
    (with_texts(&sources.file(id).text, found), diagnostics)
}

fn with_texts(text: &str, found: Vec<Piece>) -> Vec<Written> {
    let mut all: Vec<Written> = Vec::new();
    let mut end = 0;
    for piece in found {
        let gap = &text[end..piece.range.start];
        end = piece.range.end;
        let Some(statement) = piece.statement else { continue };
        let documents = statement.doc.as_ref().map_or(0, |doc| doc.split('\n').count());
        let (above, text) = (comments(gap, documents), text[piece.range].to_owned());
        all.push(Written { statement, text, above, below: String::new() });
    }
    if let Some(last) = all.last_mut() {
        last.below = comments(&text[end..], 0);
    }
    all
}

/// The lines of a gap between statements from its first comment on, without the last ones, which
/// document what follows.
fn comments(gap: &str, documents: usize) -> String {
    let lines: Vec<&str> =
        gap.lines().map(|l| l.trim_start_matches('\u{feff}').trim_end()).collect();
    let lines = &lines[..lines.len().saturating_sub(documents)];
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    let Some(first) = lines.iter().position(is_comment) else { return String::new() };
    lines[first..].iter().map(|line| format!("{line}\n")).collect()
}

/// The entry as a value, unless it is rather a statement.
fn value(text: &str, base: u32, piece: &Piece) -> Option<(Entry, Diagnostics)> {
    let part = &text[piece.range.clone()];
    let further = match (parser::reach(part, Rule::value), parser::reach(part, Rule::statement)) {
        // A name alone is also an activity without anything.
        (Reach::Whole, _) => true,
        (_, Reach::Whole) => false,
        (Reach::Unfinished, Reach::Wrong(_)) => true,
        (Reach::Wrong(value), Reach::Wrong(statement)) => value > statement,
        _ => false,
    };
    if !further {
        return None;
    }
    let read = parser::value(part, base + piece.range.start as u32);
    let mut diagnostics = Diagnostics::default();
    diagnostics.extend(read.diagnostics);
    let value = match read.kind {
        StatementKind::Expect(Expect { condition, .. }) => condition,
        _ => Expr::new(super::ast::ExprKind::Invalid, read.span),
    };
    Some((Entry::Value(value), diagnostics))
}

/// What could stand behind a text.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Wanted {
    /// Words and signs of the language.
    pub words: Vec<&'static str>,
    /// A value: columns, functions, definitions.
    pub value: bool,
    /// How a comparison goes on.
    pub comparison: bool,
    /// A population of a `combine`.
    pub set: bool,
    /// A name of something that exists, or a new one.
    pub name: bool,
    /// An activity of a plugin.
    pub activity: bool,
}

/// What could stand behind a text, as a statement or as a value.
pub(crate) fn wanted_behind(text: &str) -> Wanted {
    let mut ignored = Diagnostics::default();
    let pieces = layout::statements(text, 0, &mut ignored);
    let (last, single) = match pieces.last() {
        Some(piece) => (&text[piece.range.clone()], pieces.len() == 1),
        None => ("", true),
    };
    let tokens = super::scan::tokens(last);
    let first = tokens.first().map_or("", |t| t.text(last));
    let mut rules = parser::wanted_behind(last, Rule::statement);
    // Words that begin a statement could also be columns, and are not meant so; nor is the name of
    // what is about to be made.
    let word = |n: usize| tokens.get(n).map_or("", |t| t.text(last));
    let named = word(1) == "=" && (tokens.len() == 2 || names::ACTIVITIES.contains(&word(2)));
    if single && !named && !names::STATEMENTS.contains(&first) {
        rules.extend(parser::wanted_behind(last, Rule::value));
    }
    // A unit of time, or `ago`, may stand behind every value.
    let counted = tokens.last().is_some_and(|t| matches!(t.kind, Kind::Number | Kind::Close));
    let mut wanted = Wanted::default();
    for rule in rules {
        match rule {
            Rule::unit | Rule::kw_ago if !counted => continue,
            Rule::activity | Rule::call => wanted.activity = true,
            Rule::tail => wanted.comparison = true,
            Rule::set | Rule::set_term | Rule::population => wanted.set = true,
            Rule::name | Rule::names | Rule::path | Rule::paths | Rule::link_end => {
                wanted.name = true;
            }
            Rule::entry => wanted.name = true,
            _ => match names::words(rule) {
                Words::Typed(words) => {
                    let plain = words.iter().filter(|w| w.starts_with(char::is_alphabetic));
                    wanted.words.extend(plain);
                }
                Words::Kind(kind) => {
                    wanted.value |= kind.ends_with("a value") || kind == "a column"
                }
                Words::Silent => {}
            },
        }
    }
    wanted.words.sort_unstable();
    wanted.words.dedup();
    wanted
}

/// How a part of a text is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A word of the language.
    Keyword,
    /// A text in quotes.
    Text,
    /// Numbers, dates.
    Number,
    /// A comment.
    Comment,
    /// What no script can have, or a text without its end.
    Wrong,
    /// All else.
    Plain,
}

/// The tokens of a text with their bytes, comments included.
pub(crate) fn looks(text: &str) -> Vec<(std::ops::Range<usize>, Look)> {
    let look = |kind: Kind, word: &str| match kind {
        Kind::Word if names::is_keyword(word) => Look::Keyword,
        Kind::Text => Look::Text,
        Kind::Number | Kind::Date | Kind::Clock => Look::Number,
        Kind::Comment => Look::Comment,
        Kind::Unclosed | Kind::Other | Kind::Curly => Look::Wrong,
        _ => Look::Plain,
    };
    Lexer::new(text).map(|t| (t.start..t.end, look(t.kind, t.text(text)))).collect()
}

/// The names that a text speaks of: its words and what stands in backticks, each as a name.
pub(crate) fn words(text: &str) -> Vec<String> {
    Lexer::new(text)
        .filter(|t| matches!(t.kind, Kind::Word | Kind::Quoted))
        .map(|t| t.text(text).trim_matches('`').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_go_on_is_unfinished() {
        for text in [
            "x = build audience from",
            "x = build audience from customers where",
            "x = build audience from customers where (a = 1",
            "x = build audience from customers where a = 1 and",
            "french =",
            "count(",
            "1 +",
            "## What it is.",
            "define eu = (",
            "a = build audience from b\nsave audience a",
        ] {
            assert!(is_unfinished(text), "{text}");
        }
        for text in [
            "",
            "x = build audience from customers",
            "x = build audience form customers where",
            "count(x)",
            "x",
            "customers.country",
            "a )",
            "\"open",
            "# a comment",
        ] {
            assert!(!is_unfinished(text), "{text}");
        }
    }

    #[test]
    fn lines_that_can_only_go_on_are_indented_and_statements_are_not() {
        for (text, wanted) in [
            ("count(\npeople\n)", "count(\n  people\n)"),
            (
                "x = build audience from people where\na = 1",
                "x = build audience from people where\n  a = 1",
            ),
            (
                "x = build audience from people\nwhere a = 1",
                "x = build audience from people\nwhere a = 1",
            ),
            (
                "x = build audience from\ny = build audience from z",
                "x = build audience from\ny = build audience from z",
            ),
            (
                "## What it is.\na = build audience from b",
                "## What it is.\na = build audience from b",
            ),
            (
                "x = combine a exclude\nsave audience x as \"X\"",
                "x = combine a exclude\nsave audience x as \"X\"",
            ),
        ] {
            assert_eq!(joined(text), wanted);
        }
    }

    /// Whether a text is read as a value, and as a sound one.
    fn read_as(text: &str) -> (bool, bool) {
        let mut sources = SourceMap::default();
        let id = sources.add("entry", text).unwrap();
        let (entry, found) = read(&sources, id);
        (matches!(entry, Entry::Value(_)), !found.has_errors())
    }

    #[test]
    fn a_name_and_a_comparison_are_values_and_all_else_that_can_be_is_a_statement() {
        for text in
            ["french", "customers.country", "country = \"FR\"", "count(x) > 3", "90 days ago"]
        {
            assert_eq!(read_as(text), (true, true), "{text}");
        }
        for text in
            ["deduplicate x with by: email", "expect count(x) > 3", "a = build audience from b"]
        {
            assert_eq!(read_as(text), (false, true), "{text}");
        }
        assert_eq!(read_as("a = build audience form b"), (false, false));
        assert_eq!(read_as("count(x) >> 3"), (true, false));
    }
}
