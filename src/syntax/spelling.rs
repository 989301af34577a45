//! Spellings of other languages, and those of word processors, answered with the right ones.
//!
//! What can never be right is patched before the grammar reads the statement, so that the rest of
//! it is checked too. What may be a name (`WHERE`, `null`) is patched only when the grammar refused
//! the statement, and only when that helps.

use super::names;
use super::scan::{Kind, Token};
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::Span;

/// A part of a statement and what it is read as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Patch {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Read instead.
    pub with: String,
}

/// A statement with its patches applied, and the way back to its own bytes.
#[derive(Debug)]
pub(super) struct Patched {
    /// What the grammar reads.
    pub text: String,
    /// Where in `text` each patch stands, and where in the statement.
    places: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
}

impl Patched {
    /// Applies patches, which are in order and do not overlap.
    pub fn new(statement: &str, patches: &[Patch]) -> Self {
        let mut text = String::with_capacity(statement.len() + 8);
        let mut places = Vec::with_capacity(patches.len());
        let mut at = 0;
        for patch in patches {
            text.push_str(&statement[at..patch.start]);
            let start = text.len();
            text.push_str(&patch.with);
            places.push((start..text.len(), patch.start..patch.end));
            at = patch.end;
        }
        text.push_str(&statement[at..]);
        Patched { text, places }
    }

    /// The bytes of the statement that a range of the patched text came from.
    pub fn original(&self, start: usize, end: usize) -> (usize, usize) {
        let start = self.map(start, false);
        (start, self.map(end, true).max(start))
    }

    fn map(&self, at: usize, is_end: bool) -> usize {
        let inside =
            |new: &std::ops::Range<usize>| if is_end { new.start < at } else { new.start <= at };
        let index = self.places.partition_point(|(new, _)| inside(new));
        let Some((new, old)) = index.checked_sub(1).and_then(|i| self.places.get(i)) else {
            return at;
        };
        if at < new.end || (is_end && at == new.end) {
            if new.len() == old.len() {
                return old.start + (at - new.start);
            }
            return if is_end { old.end } else { old.start };
        }
        old.end + (at - new.end)
    }
}

/// One spelling: what stands there, what it is read as, and what to say.
struct Wrong {
    with: String,
    title: String,
    help: String,
}

fn wrong(with: &str, title: &str, help: &str) -> Option<Wrong> {
    Some(Wrong { with: with.into(), title: title.into(), help: help.into() })
}

fn operator(text: &str) -> Option<Wrong> {
    let (with, help) = match text {
        "==" | "===" => ("=", "write `=`"),
        "<>" | "!==" => ("!=", "write `!=`"),
        "=<" => ("<=", "write `<=`"),
        "=>" => (">=", "write `>=`"),
        ":=" => ("=", "write `=`"),
        "&&" => (" and ", "write `and`"),
        "||" => (" or ", "write `or`; texts are joined by `concat(a, b)`"),
        "--" => ("#", "begin comments with `#`; for a minus twice, put a blank between"),
        "//" => ("#", "begin comments with `#`"),
        "/*" => ("#", "begin comments with `#`, on each line"),
        _ => return None,
    };
    wrong(with, &format!("`{text}` is not an operator"), help)
}

fn character(text: &str, before: Option<&Token>, last: bool) -> Option<Wrong> {
    let c = text.chars().next()?;
    let odd = |name: &str| format!("{name} (`U+{:04X}`) stands between words", c as u32);
    match c {
        '≠' => wrong("!=", "`≠` is not an operator", "write `!=`"),
        '≤' => wrong("<=", "`≤` is not an operator", "write `<=`"),
        '≥' => wrong(">=", "`≥` is not an operator", "write `>=`"),
        '−' | '–' | '—' => wrong("-", &format!("`{c}` is not a minus"), "write `-`"),
        '×' => wrong("*", "`×` is not an operator", "write `*`"),
        '÷' => wrong("/", "`÷` is not an operator", "write `/`"),
        '[' => wrong("(", "A list stands in square brackets", "write lists in round brackets"),
        ']' => wrong(")", "A list stands in square brackets", "write lists in round brackets"),
        '{' | '}' => {
            wrong("", "Braces stand outside a text", "write the name alone: `{{…}}` is for texts")
        }
        '&' => wrong(" and ", "`&` is not an operator", "write `and`"),
        '|' => wrong(" or ", "`|` is not an operator", "write `or`"),
        '!' => wrong(" not ", "`!` is not an operator", "write `not`"),
        '，' => wrong(",", "`，` is not a comma", "write `,`"),
        ';' if last => {
            wrong("", "`;` ends no statement", "remove it: a statement ends with its line")
        }
        '%' => match before.map(|t| t.kind) {
            Some(Kind::Number) => {
                wrong("", "`%` stands apart from its number", "glue it to the number: `10%`")
            }
            _ => wrong("*", "`%` is not an operator", "write `mod(a, b)` for the remainder"),
        },
        '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' | '\u{3000}' => {
            wrong(" ", &odd("A no-break space"), "replace it by a plain space")
        }
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {
            wrong("", &odd("An invisible character"), "remove it")
        }
        c if c.is_whitespace() => {
            wrong(" ", &odd("An unusual blank"), "replace it by a plain space")
        }
        _ => None,
    }
}

/// `“a "b"”` → `"a ""b"""`
fn straight(text: &str) -> String {
    let mut inner = text.chars();
    inner.next();
    inner.next_back();
    format!("\"{}\"", inner.as_str().replace('"', "\"\""))
}

/// The patches that are right whatever the grammar says, and what to report for them: one
/// diagnostic for each kind of mistake.
pub(super) fn certain(text: &str, tokens: &[Token], base: u32) -> (Vec<Patch>, Vec<Diagnostic>) {
    let mut patches = Vec::new();
    let mut found: Vec<Diagnostic> = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let written = token.text(text);
        let before = index.checked_sub(1).map(|i| &tokens[i]);
        let (code, wrong) = match token.kind {
            Kind::Operator => (codes::SPELLING, operator(written)),
            Kind::Curly => {
                let with = straight(written);
                let help = format!("write `{with}`");
                let shown = with.chars().count() <= 40;
                let help = if shown { help } else { "use straight quotes: `\"`".to_owned() };
                let title = "A text stands in typographic quotes".to_owned();
                (codes::TYPOGRAPHY, Some(Wrong { with, title, help }))
            }
            Kind::Other => {
                let wrong = character(written, before, index + 1 == tokens.len());
                let blank = wrong.as_ref().is_some_and(|w| w.title.contains("U+"));
                (if blank { codes::TYPOGRAPHY } else { codes::SPELLING }, wrong)
            }
            _ => continue,
        };
        let Some(mut wrong) = wrong else { continue };
        // The blanks around `and` are needed only where it would grow together with a word.
        if wrong.with.starts_with(' ') && wrong.with.len() > 1 {
            wrong.with = wrong.with.trim_start().to_owned();
            if token.start > 0 && !text[..token.start].ends_with([' ', '\n', '\t']) {
                wrong.with.insert(0, ' ');
            }
        }
        let span = Span::new(base + token.start as u32, base + token.end as u32);
        let code_title = |d: &&mut Diagnostic| d.code == code && d.title == wrong.title;
        match found.iter_mut().find(code_title) {
            Some(same) if same.labels.len() < 4 => {
                *same = same.clone().label(span, "here too");
            }
            Some(_) => {}
            None => found.push(
                Diagnostic::error(code, wrong.title).label(span, "found here").help(wrong.help),
            ),
        }
        patches.push(Patch { start: token.start, end: token.end, with: wrong.with });
    }
    (patches, found)
}

/// Words that may be keywords in the wrong case, or `null`: patches to try when the grammar refuses
/// a statement.
pub(super) fn possible(text: &str, tokens: &[Token]) -> Vec<Patch> {
    let mut patches = Vec::new();
    for (index, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
        let written = token.text(text);
        let lower = written.to_ascii_lowercase();
        let before =
            |n: usize| index.checked_sub(n).map(|i| tokens[i].text(text).to_ascii_lowercase());
        let is = |n| before(n).as_deref() == Some("is");
        let after_is = is(1) || (before(1).as_deref() == Some("not") && is(2));
        let with = match lower.as_str() {
            "null" | "nil" | "none" if after_is => "missing",
            "elseif" | "elsif" | "elif" => "else if",
            word if word != written && names::is_keyword(word) => word,
            _ => continue,
        };
        patches.push(Patch { start: token.start, end: token.end, with: with.to_owned() });
    }
    patches
}

/// What to say of a patch of [`possible`] that helped.
pub(super) fn explain(text: &str, patch: &Patch, base: u32) -> Diagnostic {
    let written = &text[patch.start..patch.end];
    let span = Span::new(base + patch.start as u32, base + patch.end as u32);
    let with = &patch.with;
    if written.eq_ignore_ascii_case(with) {
        Diagnostic::error(codes::KEYWORD_CASE, format!("`{written}` is not in lower case"))
            .label(span, "keywords are lower case")
            .help(format!("write `{with}`"))
    } else {
        let title = format!("`{written}` is not a word of the language");
        Diagnostic::error(codes::SPELLING, title)
            .label(span, "found here")
            .help(format!("write `{with}`"))
    }
}
