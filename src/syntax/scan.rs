//! Statements → tokens, and what is wrong with them before any grammar looks: texts without their
//! end, brackets without their partner, nesting without end.
//!
//! The tokens are coarser than the grammar's: they serve to find places, not to decide meaning.

use super::MAX_NESTING;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::codes::syntax as codes;
use crate::source::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, digits, `_`, not beginning with a digit.
    Word,
    /// A name in backticks.
    Quoted,
    /// A text in straight quotes.
    Text,
    /// A text or a quoted name that does not end on its line.
    Unclosed,
    /// What begins with a digit and has no blanks: numbers, percentages.
    Number,
    /// Digits with `-`, `/` or `.` between three groups, a time of day glued to them.
    Date,
    /// `07:00`
    Clock,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Operators of the language, and what other languages use for them.
    Operator,
    /// A text in typographic quotes.
    Curly,
    /// From `#` to the end of the line.
    Comment,
    /// A character that the language does not use.
    Other,
}

/// A token and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub kind: Kind,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Token {
    /// Its text.
    pub fn text<'t>(&self, source: &'t str) -> &'t str {
        &source[self.start..self.end]
    }
}

/// Reads tokens, comments included, blanks not.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

/// Operators, longer ones first; those of other languages among them.
const OPERATORS: [&str; 24] = [
    "--", "===", "!==", "==", "!=", "<>", "<=", ">=", "=>", "=<", "&&", "||", "//", "/*", ":=",
    "=", "<", ">", "+", "-", "*", "/", ":", ",",
];

/// Typographic quotes: what opens a text, and what may close it, the likeliest first.
const CURLY: [(char, &[char]); 6] = [
    ('“', &['”', '"']),
    ('”', &['”', '"']),
    ('„', &['“', '”', '"']),
    ('«', &['»']),
    ('‘', &['’', '\'']),
    ('’', &['’']),
];

pub(super) fn is_word_start(c: char) -> bool {
    c == '_' || unicode_start(c)
}

fn unicode_start(c: char) -> bool {
    // The grammar decides by the Unicode tables; letters are close enough to find a word's place.
    c.is_alphabetic()
}

pub(super) fn is_word_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric() || is_mark(c)
}

/// Combining marks, which `char` knows no test for.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93a}'..='\u{94d}' | '\u{3099}'..='\u{309a}' | '\u{200c}'..='\u{200d}')
}

impl<'t> Lexer<'t> {
    /// Reads from the beginning.
    pub fn new(text: &'t str) -> Self {
        Lexer { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn line_end(&self) -> usize {
        let rest = self.rest();
        self.at + rest.find('\n').map_or(rest, |n| &rest[..n]).trim_end().len()
    }

    /// A text or a name between equal quotes; doubled ones stand for themselves where `doubling`.
    fn quoted(&self, quote: u8, doubling: bool) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at + 1;
        while at < bytes.len() && bytes[at] != b'\n' {
            if bytes[at] == quote {
                if doubling && bytes.get(at + 1) == Some(&quote) {
                    at += 1;
                } else {
                    return Some(at + 1);
                }
            }
            at += 1;
        }
        None
    }

    /// The end of a text in typographic quotes, the likeliest closing quote first.
    fn curly(&self, closing: &[char]) -> Option<usize> {
        let line = &self.text[self.at..self.line_end()];
        let first = line.chars().next()?.len_utf8();
        let found = closing.iter().find_map(|c| Some((line[first..].find(*c)?, c.len_utf8())));
        found.map(|(at, length)| self.at + first + at + length)
    }

    /// What begins with a digit.
    fn numeric(&self) -> (Kind, usize) {
        let rest = self.rest();
        if let Some(length) = date_like(rest) {
            return (Kind::Date, self.at + length);
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits <= 2 && rest[digits..].starts_with(':') {
            let minutes = &rest[digits + 1..];
            let more = minutes.find(|c: char| !c.is_ascii_digit()).unwrap_or(minutes.len());
            if more > 0 {
                return (Kind::Clock, self.at + digits + 1 + more);
            }
        }
        let mut length = 0;
        for (at, c) in rest.char_indices() {
            let point = c == '.' && rest[at + 1..].starts_with(|c: char| c.is_ascii_digit());
            if !(is_word_char(c) || point) {
                break;
            }
            length = at + c.len_utf8();
        }
        if rest[length..].starts_with('%') {
            length += 1;
        }
        (Kind::Number, self.at + length)
    }
}

/// How long a thing like a date is: three groups of digits with the same sign between them, and the
/// time glued to it; also year and month alone (`2026-11`).
fn date_like(text: &str) -> Option<usize> {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let first = digits(0);
    let sign = *text.as_bytes().get(first)?;
    if !matches!(sign, b'-' | b'/' | b'.') {
        return None;
    }
    let second = digits(first + 1);
    let mut end = first + 1 + second;
    if second == 0 {
        return None;
    }
    let third = if text.as_bytes().get(end) == Some(&sign) { digits(end + 1) } else { 0 };
    if third > 0 {
        end += 1 + third;
    } else {
        let year = text[..first].parse().unwrap_or(0);
        let month = text[first + 1..end].parse().unwrap_or(0);
        if !(sign == b'-'
            && second == 2
            && (1900..2100).contains(&year)
            && (1..=12).contains(&month))
        {
            return None;
        }
    }
    let bytes = text.as_bytes();
    while end < bytes.len()
        && (bytes[end].is_ascii_alphanumeric()
            || matches!(bytes[end], b':' | b'_')
            || (matches!(bytes[end], b'.' | b'-' | b'+')
                && bytes.get(end + 1).is_some_and(u8::is_ascii_digit)))
    {
        end += 1;
    }
    Some(end)
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let blank = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
        self.at += self.rest().find(|c| !blank(c)).unwrap_or(self.rest().len());
        let start = self.at;
        let c = self.rest().chars().next()?;
        let one = start + c.len_utf8();
        let (kind, end) = match c {
            '#' => (Kind::Comment, self.line_end()),
            '"' | '\'' => match self.quoted(c as u8, true) {
                Some(end) => (Kind::Text, end),
                None => (Kind::Unclosed, self.line_end()),
            },
            '`' => match self.quoted(b'`', false) {
                Some(end) => (Kind::Quoted, end),
                None => (Kind::Unclosed, self.line_end()),
            },
            '(' => (Kind::Open, one),
            ')' => (Kind::Close, one),
            '0'..='9' => self.numeric(),
            c if is_word_start(c) => {
                let rest = self.rest();
                (Kind::Word, start + rest.find(|c| !is_word_char(c)).unwrap_or(rest.len()))
            }
            c => {
                let curly = CURLY.iter().find(|(open, _)| *open == c);
                if let Some(end) = curly.and_then(|(_, close)| self.curly(close)) {
                    (Kind::Curly, end)
                } else if let Some(op) = OPERATORS.iter().find(|op| self.rest().starts_with(**op)) {
                    (Kind::Operator, start + op.len())
                } else {
                    (Kind::Other, one)
                }
            }
        };
        self.at = end;
        Some(Token { kind, start, end })
    }
}

/// The tokens of a statement, without its comments.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    Lexer::new(text).filter(|t| t.kind != Kind::Comment).collect()
}

/// What is wrong with the brackets and quotes of a statement.
pub(super) struct Structure {
    /// What was found; when it is not empty, no grammar need look.
    pub diagnostics: Vec<Diagnostic>,
    /// A bracket was never closed.
    pub bracket_open: bool,
}

/// The words that nest within one bracket.
#[derive(Clone, Copy, Default)]
struct Frame {
    open: usize,
    ifs: usize,
    conditions: usize,
}

/// Checks brackets, quotes and nesting; `place` gives the place of a range of bytes.
pub(super) fn structure(
    text: &str,
    tokens: &[Token],
    place: &dyn Fn(usize, usize) -> Span,
) -> Structure {
    let span = |t: &Token| place(t.start, t.end);
    let mut diagnostics = Vec::new();
    let mut frames = vec![Frame::default()];
    let mut depth = 0;
    let mut too_deep = false;
    let mut unclosed = false;
    for token in tokens {
        let inner = frames.len() > 1;
        let frame = frames.last_mut().filter(|_| !too_deep);
        match (token.kind, frame) {
            (Kind::Unclosed, _) => {
                unclosed = true;
                diagnostics.push(not_closed(token.text(text), span(token)));
            }
            (Kind::Open, _) => {
                frames.push(Frame { open: token.start, ..Frame::default() });
                depth += 1;
            }
            (Kind::Close, _) if inner => {
                let frame = frames.pop().unwrap_or_default();
                depth -= 1 + frame.ifs + frame.conditions;
            }
            (Kind::Close, _) if !unclosed => diagnostics.push(
                Diagnostic::error(codes::BRACKET, "A closing bracket has no partner")
                    .label(span(token), "closes nothing")
                    .help("remove the `)`, or add the `(` that it closes"),
            ),
            (Kind::Word, Some(frame)) => match token.text(text) {
                "if" => {
                    frame.ifs += 1;
                    depth += 1;
                }
                "else" if frame.ifs > 0 => {
                    frame.ifs -= 1;
                    depth -= 1;
                }
                "where" => {
                    frame.conditions += 1;
                    depth += 1;
                }
                "and" | "or" | "select" | "order" => {
                    depth -= frame.conditions;
                    frame.conditions = 0;
                }
                _ => {}
            },
            (Kind::Operator, Some(frame)) if token.text(text) == "," => {
                depth -= frame.conditions;
                frame.conditions = 0;
            }
            _ => {}
        }
        if depth > MAX_NESTING && !too_deep {
            too_deep = true;
            diagnostics.push(too_deep_at(span(token)));
        }
    }
    let bracket_open = frames.len() > 1;
    if bracket_open && !unclosed && !too_deep {
        let open = frames[frames.len() - 1].open;
        diagnostics.push(
            Diagnostic::error(codes::BRACKET, "A bracket is not closed")
                .label(place(open, open + 1), "opened here")
                .help("add the `)`, or indent the lines that belong to the statement"),
        );
    }
    Structure { diagnostics, bracket_open }
}

/// The answer to nesting without end.
pub(super) fn too_deep_at(span: Span) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, "The rule is nested too deeply")
        .label(span, format!("deeper than {MAX_NESTING} levels"))
        .help("name the inner parts with `define`")
}

fn not_closed(text: &str, span: Span) -> Diagnostic {
    let quote = &text[..1];
    let opening = Span::new(span.start, span.start + 1);
    if quote == "`" {
        return Diagnostic::error(codes::NOT_CLOSED, "A name in backticks is not closed")
            .label(opening, "opened here")
            .help("add the second backtick behind the name");
    }
    let help = match text.chars().find(|c| matches!(c, '“' | '”' | '’' | '»')) {
        Some(curly) => format!("write `{quote}` instead of `{curly}`"),
        None => format!("add `{quote}` where the text ends, on the same line"),
    };
    Diagnostic::error(codes::NOT_CLOSED, "A text is not closed")
        .label(opening, "no end on this line")
        .help(help)
}
