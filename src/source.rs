//! Source files, spans and places.
//!
//! All files of one session share **one offset space**: every file gets a range of it, so a
//! [`Span`] alone tells the file it belongs to, and an error may point into several files.
//! Offsets are bytes everywhere; lines and columns exist only at the edge, in [`Place`].

use std::sync::Arc;

/// A half-open byte range in the offset space of a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`.
    pub fn new(start: u32, end: u32) -> Self {
        debug_assert!(start <= end, "span {start}..{end} runs backwards");
        Span { start, end }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the span covers nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A node together with where it stands. Equality and hashing ignore the place, so that equal
/// things written at two places are equal.
#[derive(Clone, Copy, Debug)]
pub struct Spanned<T> {
    /// The thing itself.
    pub node: T,
    /// Where it is written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a thing at its place.
    pub fn new(node: T, span: Span) -> Self {
        Spanned { node, span }
    }
}

impl<T: PartialEq> PartialEq for Spanned<T> {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}
impl<T: Eq> Eq for Spanned<T> {}
impl<T: std::hash::Hash> std::hash::Hash for Spanned<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.node.hash(state)
    }
}

/// A file's number in its [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(pub u32);

/// One source text.
#[derive(Debug)]
pub struct SourceFile {
    /// As the user named it: a path, `<stdin>`, `<entry 3>`.
    pub name: String,
    /// The whole text, UTF-8, a BOM already removed.
    pub text: Arc<str>,
    /// Offset of the first byte in the shared space.
    pub start: u32,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// One past the last byte in the shared space.
    pub fn end(&self) -> u32 {
        self.start + self.text.len() as u32
    }
}

/// A place for people: 1-based line and column, columns counted in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's name.
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
}

/// All source texts of a session.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

/// The offset space is full: together the files have 4 GiB or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

impl SourceMap {
    /// Adds a text and gives its number.
    ///
    /// # Errors
    /// When the shared offset space would overflow.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        text: impl Into<Arc<str>>,
    ) -> Result<SourceId, TooLarge> {
        let text: Arc<str> = text.into();
        // One byte between files, so that a span at the end of one is not at the start of the next.
        let start = self.files.last().map_or(0, |f| f.end() + 1);
        let end = (start as usize).checked_add(text.len()).ok_or(TooLarge)?;
        if end >= u32::MAX as usize {
            return Err(TooLarge);
        }
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at as u32 + 1));
        self.files.push(SourceFile { name: name.into(), text, start, line_starts });
        Ok(SourceId(self.files.len() as u32 - 1))
    }

    /// The file with this number.
    pub fn file(&self, id: SourceId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// All files, in the order they were added.
    pub fn files(&self) -> impl Iterator<Item = (SourceId, &SourceFile)> {
        self.files.iter().enumerate().map(|(i, f)| (SourceId(i as u32), f))
    }

    /// The file a span lies in; `None` for a span that belongs to no file of this map.
    pub fn locate(&self, span: Span) -> Option<SourceId> {
        let index = self.files.partition_point(|f| f.start <= span.start).checked_sub(1)?;
        (span.end <= self.files[index].end()).then_some(SourceId(index as u32))
    }

    /// The text under a span, empty when the span belongs to no file.
    pub fn slice(&self, span: Span) -> &str {
        let Some(id) = self.locate(span) else { return "" };
        let file = self.file(id);
        let range = (span.start - file.start) as usize..(span.end - file.start) as usize;
        file.text.get(range).unwrap_or("")
    }

    /// File, line and column of the first byte of a span.
    pub fn place(&self, span: Span) -> Option<Place> {
        let file = self.file(self.locate(span)?);
        let at = span.start - file.start;
        let line = file.line_starts.partition_point(|&s| s <= at) - 1;
        let line_start = file.line_starts[line] as usize;
        let column = file.text.get(line_start..at as usize).map_or(0, |s| s.chars().count()) + 1;
        Some(Place { file: file.name.clone(), line: line + 1, column })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_find_their_file_and_place_counts_characters() {
        let mut map = SourceMap::default();
        map.add("a.camp", "één\ntwee").unwrap();
        let b = map.add("b.camp", "save «é日本» vvip\n").unwrap();
        let start = map.file(b).start;
        let at = start + "save «é日本» ".len() as u32;
        let span = Span::new(at, at + 4);
        assert_eq!(map.slice(span), "vvip");
        let place = map.place(span).unwrap();
        assert_eq!((place.file.as_str(), place.line, place.column), ("b.camp", 1, 12));
        let twee = Span::new("één\n".len() as u32, "één\ntwee".len() as u32);
        assert_eq!(map.place(twee).unwrap(), Place { file: "a.camp".into(), line: 2, column: 1 });
    }

    #[test]
    fn a_span_at_the_end_of_a_file_belongs_to_it() {
        let mut map = SourceMap::default();
        let a = map.add("a", "x").unwrap();
        map.add("b", "y").unwrap();
        assert_eq!(map.locate(Span::new(1, 1)), Some(a));
    }
}
