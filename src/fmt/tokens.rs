//! The words of a statement in their order, each with the comments around it: what is written out
//! again, so that nothing can get lost.

use crate::syntax::scan::{Kind, Lexer};

/// A comment on a line of its own.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Remark {
    /// As written, `#` included.
    pub text: String,
    /// A blank line stands above.
    pub blank: bool,
}

/// A word, a sign, a literal.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Where it begins in the statement.
    pub start: usize,
    /// How it is written out.
    pub text: String,
    /// What it is.
    pub kind: Kind,
    /// Comments on lines above it.
    pub above: Vec<Remark>,
    /// A comment behind it.
    pub behind: Option<String>,
    /// It begins a line.
    pub newline: bool,
    /// A blank line stands above it (below its comments).
    pub blank: bool,
}

/// Reads a statement; comments that stand behind its last word belong to that.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut above: Vec<Remark> = Vec::new();
    let mut last = 0;
    for token in Lexer::new(text) {
        let breaks = text[last..token.start].matches('\n').count();
        last = token.end;
        if token.kind == Kind::Comment {
            let comment = token.text(text).to_owned();
            match words.last_mut() {
                Some(word) if breaks == 0 && above.is_empty() => word.behind = Some(comment),
                _ => above.push(Remark { text: comment, blank: breaks > 1 }),
            }
            continue;
        }
        let mut word = Word {
            start: token.start,
            text: written(token.text(text), token.kind),
            kind: token.kind,
            above: std::mem::take(&mut above),
            behind: None,
            newline: breaks > 0,
            blank: breaks > 1,
        };
        // `a # why` above `, b`: the comment speaks of `a`, the comma goes with it.
        if word.text == ","
            && let Some(before) = words.last_mut()
            && word.above.is_empty()
        {
            word.behind = before.behind.take();
            word.newline = word.newline && word.behind.is_none();
        }
        words.push(word);
    }
    words
}

/// A text in double quotes where that needs no doubling; everything else as it is.
fn written(text: &str, kind: Kind) -> String {
    match text.strip_prefix('\'').and_then(|t| t.strip_suffix('\'')) {
        Some(inner) if kind == Kind::Text && !inner.contains('"') => {
            format!("\"{}\"", inner.replace("''", "'"))
        }
        _ => text.to_owned(),
    }
}
