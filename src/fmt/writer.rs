//! Writes the words of a statement out in their order, with what stands between two of them. The
//! tree only says where lines may break, so no word can be lost or change places.

use super::doc::{Doc, Line};
use super::tokens::{Remark, Word};
use crate::source::Span;
use crate::syntax::scan::Kind;

/// Words that are still to be written.
pub(super) struct Writer {
    words: Vec<Word>,
    next: usize,
    /// Where the statement begins in the sources.
    base: u32,
    /// The next word touches the one before.
    glued: bool,
    /// What stands before the next word is written already.
    fresh: bool,
    /// A comment ended the line.
    commented: bool,
}

impl Writer {
    /// Of a statement that begins at `base`.
    pub fn new(words: Vec<Word>, base: u32) -> Self {
        Writer { words, next: 0, base, glued: false, fresh: true, commented: false }
    }

    /// The next word.
    pub fn peek(&self) -> Option<&Word> {
        self.words.get(self.next)
    }

    /// Whether the next word is this one.
    pub fn at(&self, text: &str) -> bool {
        self.peek().is_some_and(|w| w.text == text)
    }

    /// Whether the next word begins before a place.
    pub fn before(&self, place: u32) -> bool {
        self.peek().is_some_and(|w| self.base + (w.start as u32) < place)
    }

    /// The next word touches the one before it.
    pub fn glue(&mut self) {
        self.glued = true;
    }

    /// The next word stands where it would, whatever was said before.
    pub fn unglue(&mut self) {
        self.glued = false;
    }

    /// Writes the next word.
    pub fn word(&mut self) -> Doc {
        let gap = self.gap();
        let Some(word) = self.words.get_mut(self.next) else { return gap };
        let mut parts = vec![gap, Doc::Text(std::mem::take(&mut word.text))];
        if let Some(comment) = word.behind.take() {
            parts.push(Doc::Comment(format!(" {comment}")));
            self.commented = true;
        }
        self.next += 1;
        Doc::Concat(parts)
    }

    /// Writes the words before a place.
    pub fn upto(&mut self, place: u32) -> Doc {
        let mut parts = Vec::new();
        while self.before(place) {
            parts.push(self.word());
        }
        Doc::Concat(parts)
    }

    /// Writes the rest of something.
    pub fn rest_of(&mut self, span: Span) -> Doc {
        self.upto(span.end)
    }

    /// Writes all that is left.
    pub fn rest(&mut self) -> Doc {
        self.upto(u32::MAX)
    }

    /// Leaves out the comma that comes next; its comments stay.
    pub fn skip_comma(&mut self) -> Doc {
        let Some(comma) = self.words.get_mut(self.next).filter(|w| w.text == ",") else {
            return Doc::empty();
        };
        let (behind, above) = (comma.behind.take(), std::mem::take(&mut comma.above));
        self.next += 1;
        if !above.is_empty() {
            match self.words.get_mut(self.next) {
                Some(word) => drop(word.above.splice(0..0, above)),
                None => return remarks(above).nest(),
            }
        }
        let Some(comment) = behind else { return Doc::empty() };
        self.commented = true;
        Doc::Comment(format!(" {comment}"))
    }

    /// A place where the line may break before the next word; the break is wanted where the word,
    /// or the one behind it when `after` is set, begins a line.
    pub fn line(&mut self, space: bool, after: bool) -> Doc {
        self.fresh = true;
        let commented = std::mem::take(&mut self.commented);
        let second = after && self.words.get(self.next + 1).is_some_and(|w| w.newline);
        let Some(word) = self.words.get_mut(self.next) else { return Doc::empty() };
        let blank = word.blank;
        if commented || !word.above.is_empty() {
            let above = std::mem::take(&mut word.above);
            return Doc::Concat(vec![remarks(above), Doc::Hard(blank)]);
        }
        Doc::Line(Line { space, wanted: word.newline || second, blank })
    }

    /// A blank before the next word, which becomes a break where the line is full.
    pub fn fill(&mut self) -> Doc {
        match self.line(true, false) {
            Doc::Line(_) => Doc::Fill,
            hard => hard,
        }
    }

    /// The comments above the next word, one level further in than it.
    pub fn remarks_inside(&mut self) -> Doc {
        match self.words.get_mut(self.next) {
            Some(word) => {
                let above = std::mem::take(&mut word.above);
                self.commented |= !above.is_empty();
                remarks(above)
            }
            None => Doc::empty(),
        }
    }

    /// What stands between the last word and the next one where no break is foreseen.
    fn gap(&mut self) -> Doc {
        let (glued, fresh) = (std::mem::take(&mut self.glued), std::mem::take(&mut self.fresh));
        if fresh {
            return Doc::empty();
        }
        let commented = std::mem::take(&mut self.commented);
        let before = self.next.checked_sub(1).and_then(|n| self.words.get(n)).map(|w| w.kind);
        let Some(word) = self.words.get_mut(self.next) else { return Doc::empty() };
        if commented || !word.above.is_empty() {
            // A comment ends its line; what follows has to stay indented.
            let above = std::mem::take(&mut word.above);
            return Doc::Concat(vec![remarks(above), Doc::Hard(false)]).nest();
        }
        // A point is the only other sign that a statement without errors has.
        let tight = glued
            || matches!(before, Some(Kind::Open | Kind::Other))
            || matches!(word.kind, Kind::Close | Kind::Other)
            || matches!(word.text.as_str(), "," | ":");
        if tight { Doc::empty() } else { Doc::Text(" ".into()) }
    }
}

/// Comments, each on its line.
fn remarks(above: Vec<Remark>) -> Doc {
    let lines = above.into_iter().flat_map(|r| [Doc::Hard(r.blank), Doc::Comment(r.text)]);
    Doc::Concat(lines.collect())
}
