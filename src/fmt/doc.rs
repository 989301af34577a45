//! A document with places where its lines may break, and how it is laid out: all breaks of a group
//! are made, or none (P. Wadler, "A prettier printer").

use unicode_width::UnicodeWidthStr;

/// How far a level is indented.
const INDENT: usize = 2;

/// A piece of a document.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Stands as it is, on one line.
    Text(String),
    /// A comment: nothing is broken for its length.
    Comment(String),
    /// A place where a line may break.
    Line(Line),
    /// A blank, or a break where what follows, up to the next break, is too long.
    Fill,
    /// A line break that has to be; whether a blank line comes before it.
    Hard(bool),
    /// One level further in.
    Nest(Box<Doc>),
    /// All of its own breaks or none; whether they are certain.
    Group(Box<Doc>, bool),
    /// One after another.
    Concat(Vec<Doc>),
}

/// A place where a line may break.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    /// A blank when the line does not break.
    pub space: bool,
    /// It is broken as written, so its group breaks.
    pub wanted: bool,
    /// A blank line was written here.
    pub blank: bool,
}

impl Doc {
    /// Nothing.
    pub fn empty() -> Doc {
        Doc::Concat(Vec::new())
    }

    /// One level further in.
    pub fn nest(self) -> Doc {
        Doc::Nest(Box::new(self))
    }

    /// Breaks as a whole, and surely where a part of it has to.
    pub fn group(self) -> Doc {
        let breaks = self.breaks();
        Doc::Group(Box::new(self), breaks)
    }

    /// Whether something in it is surely broken.
    fn breaks(&self) -> bool {
        match self {
            Doc::Text(_) | Doc::Comment(_) | Doc::Fill => false,
            Doc::Line(line) => line.wanted,
            Doc::Hard(_) => true,
            Doc::Nest(inner) => inner.breaks(),
            Doc::Group(_, breaks) => *breaks,
            Doc::Concat(parts) => parts.iter().any(Doc::breaks),
        }
    }

    /// The text of the document, in lines that have `width` columns where that is possible.
    pub fn print(&self, width: usize) -> String {
        let mut printer = Printer { width, text: String::new(), column: 0, indent: 0 };
        let mut todo = vec![Todo { indent: 0, flat: false, doc: self }];
        while let Some(next) = todo.pop() {
            printer.print(next, &mut todo);
        }
        printer.text
    }
}

/// A part still to be printed: how far in, whether its group is on one line.
#[derive(Clone, Copy)]
struct Todo<'d> {
    indent: usize,
    flat: bool,
    doc: &'d Doc,
}

struct Printer {
    width: usize,
    text: String,
    column: usize,
    /// Of the line being written; it is written before a text only.
    indent: usize,
}

impl Printer {
    fn print<'d>(&mut self, part: Todo<'d>, todo: &mut Vec<Todo<'d>>) {
        let Todo { indent, flat, doc } = part;
        match doc {
            Doc::Text(text) | Doc::Comment(text) => self.write(text),
            Doc::Line(line) if flat => {
                if line.space {
                    self.write(" ");
                }
            }
            Doc::Line(line) => self.break_line(indent, line.blank),
            Doc::Fill if flat || self.fits(1, None, todo) => self.write(" "),
            Doc::Fill => self.break_line(indent, false),
            Doc::Hard(blank) => self.break_line(indent, *blank),
            Doc::Nest(doc) => todo.push(Todo { indent: indent + INDENT, flat, doc }),
            Doc::Group(doc, breaks) => {
                let one = Todo { indent, flat: true, doc };
                let flat = flat || (!breaks && self.fits(0, Some(one), todo));
                todo.push(Todo { indent, flat, doc });
            }
            Doc::Concat(parts) => {
                todo.extend(parts.iter().rev().map(|doc| Todo { indent, flat, doc }));
            }
        }
    }

    /// Whether `first` and what stands behind it, up to the next possible break, are short enough.
    fn fits(&self, used: usize, first: Option<Todo<'_>>, rest: &[Todo<'_>]) -> bool {
        let column = if self.column == 0 { self.indent } else { self.column };
        let Some(mut left) = self.width.checked_sub(column + used) else { return false };
        let mut rest = rest.iter().rev();
        let mut todo: Vec<Todo<'_>> = first.into_iter().collect();
        loop {
            let Some(next) = todo.pop().or_else(|| rest.next().copied()) else { return true };
            let Todo { indent, flat, doc } = next;
            let needed = match doc {
                Doc::Text(text) => text.width(),
                Doc::Line(line) if flat => usize::from(line.space),
                Doc::Fill if flat => 1,
                Doc::Line(_) | Doc::Fill | Doc::Hard(_) => return true,
                Doc::Comment(_) => 0,
                // What stands behind may break, so it is no reason to break here.
                Doc::Nest(doc) | Doc::Group(doc, _) => {
                    todo.push(Todo { indent, flat, doc });
                    0
                }
                Doc::Concat(parts) => {
                    todo.extend(parts.iter().rev().map(|doc| Todo { indent, flat, doc }));
                    0
                }
            };
            match left.checked_sub(needed) {
                Some(less) => left = less,
                None => return false,
            }
        }
    }

    fn write(&mut self, text: &str) {
        if self.column == 0 {
            self.text.push_str(&" ".repeat(self.indent));
            self.column = self.indent;
        }
        self.text.push_str(text);
        self.column += text.width();
    }

    fn break_line(&mut self, indent: usize, blank: bool) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push_str(if blank { "\n\n" } else { "\n" });
        self.column = 0;
        self.indent = indent;
    }
}
