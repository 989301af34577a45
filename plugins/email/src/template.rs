//! A template file: what stands between `---` lines at its head, and text with `{{column}}`.

use camp_plugin::{Column, Result, Rows};

/// What is wrong with a file.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
    /// What to do; begins with a verb.
    pub help: String,
}

impl Fault {
    fn new(line: usize, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line, what: what.into(), help: help.into() }
    }
}

/// Text with places for columns.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text(Vec<Piece>);

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Plain(String),
    Column(Column),
}

impl Text {
    /// Reads a text that begins in a line of the file.
    fn parse(text: &str, first_line: usize, columns: &[Column]) -> Result<Self, Fault> {
        let line = |rest: &str| {
            first_line + text[..text.len() - rest.len()].bytes().filter(|b| *b == b'\n').count()
        };
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((plain, place)) = rest.split_once("{{") {
            let open = || Fault::new(line(place), "`{{` is never closed", "close it with `}}`");
            let (name, after) = place.split_once("}}").ok_or_else(open)?;
            if name.contains(['{', '\n']) {
                return Err(open());
            }
            let name = name.trim().trim_matches('`');
            let column = columns.iter().find(|column| column.column == name).ok_or_else(|| {
                let known: Vec<_> =
                    columns.iter().map(|column| format!("`{}`", column.column)).collect();
                Fault::new(
                    line(place),
                    format!("there is no column `{name}` to put into it"),
                    format!("add `{name}` to `select`, or use one of {}", known.join(", ")),
                )
            })?;
            pieces.push(Piece::Plain(plain.to_owned()));
            pieces.push(Piece::Column(column.clone()));
            rest = after;
        }
        pieces.push(Piece::Plain(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Plain(text) if text.is_empty()));
        Ok(Self(pieces))
    }

    /// The text with the values of a row in place; a missing value leaves nothing.
    ///
    /// # Errors
    /// The host's rows lack a column.
    pub fn fill(&self, rows: &Rows, row: usize, escape: fn(&str) -> String) -> Result<String> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Plain(text) => out.push_str(text),
                Piece::Column(column) => {
                    out.push_str(&escape(&rows.text(row, column)?.unwrap_or_default()));
                }
            }
        }
        Ok(out)
    }
}

/// A value as HTML shows it, in text and in quoted attributes.
pub fn html(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// A value as it is.
pub fn plain(value: &str) -> String {
    value.to_owned()
}

/// A text for a header: no line can end inside it.
pub fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{2029}')
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .trim()
        .to_owned()
}

/// One file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The subject, with columns.
    pub subject: Option<Text>,
    /// The sender as written, and its line.
    pub from: Option<(String, usize)>,
    /// The address for answers as written, and its line.
    pub reply_to: Option<(String, usize)>,
    /// Everything below the head.
    pub body: Text,
}

impl Page {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(file: &str, columns: &[Column]) -> Result<Self, Fault> {
        let file = file.strip_prefix('\u{feff}').unwrap_or(file);
        let mut page = Self::default();
        let mut rest = file;
        let mut number = 1;
        if file.lines().next().is_some_and(|line| line.trim_end() == "---") {
            loop {
                let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                let line = line.trim();
                if number > 1 && line == "---" {
                    (rest, number) = (after, number + 1);
                    break;
                }
                if number > 1 && !line.is_empty() {
                    page.field(line, number, columns)?;
                }
                if after.is_empty() {
                    return Err(Fault::new(
                        1,
                        "its head is never closed",
                        "add a line `---` below `subject: …`",
                    ));
                }
                (rest, number) = (after, number + 1);
            }
        }
        page.body = Text::parse(rest, number, columns)?;
        Ok(page)
    }

    fn field(&mut self, line: &str, number: usize, columns: &[Column]) -> Result<(), Fault> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let (name, mut value) = (name.trim(), value.trim());
        for quote in ['"', '\''] {
            if let Some(inner) = value.strip_prefix(quote).and_then(|v| v.strip_suffix(quote)) {
                value = inner;
            }
        }
        if value.is_empty() {
            return Err(Fault::new(
                number,
                format!("`{name}` has no value"),
                "write `subject: …`, `from: …` or `reply_to: …`",
            ));
        }
        let twice = match name {
            "subject" => self.subject.replace(Text::parse(value, number, columns)?).is_some(),
            "from" => self.from.replace((value.to_owned(), number)).is_some(),
            "reply_to" => self.reply_to.replace((value.to_owned(), number)).is_some(),
            _ => {
                return Err(Fault::new(
                    number,
                    format!("`{name}` is nothing that the head of a template says"),
                    "use `subject`, `from` or `reply_to`",
                ));
            }
        };
        if twice {
            return Err(Fault::new(number, format!("`{name}` is said twice"), "keep one of them"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use camp_plugin::Type;

    use super::*;

    fn columns() -> Vec<Column> {
        vec![Column::new("name", Type::Text), Column::new("born", Type::Date)]
    }

    fn parse(file: &str) -> Result<Page, Fault> {
        Page::parse(file, &columns())
    }

    #[test]
    fn the_head_stands_between_lines() {
        let page = parse("---\r\nsubject: \"Dear {{ name }}\"\r\nfrom: a@x.test\r\n---\r\nHi\r\n");
        let page = page.unwrap();
        assert_eq!(
            page.subject.unwrap().0,
            [Piece::Plain("Dear ".into()), Piece::Column(columns()[0].clone())]
        );
        assert_eq!(page.from, Some(("a@x.test".into(), 3)));
        assert_eq!(page.body.0, [Piece::Plain("Hi\r\n".into())]);
        let page = parse("<p>\n---\n</p>").unwrap();
        assert_eq!(page.body.0, [Piece::Plain("<p>\n---\n</p>".into())], "no head");
    }

    #[test]
    fn faults_have_lines() {
        let fault = |file: &str| parse(file).map_err(|f| (f.line, f.what)).unwrap_err();
        let unknown = "there is no column `nmae` to put into it".to_owned();
        assert_eq!(fault("---\nsubject: {{nmae}}\n---\n"), (2, unknown.clone()));
        assert_eq!(fault("---\nsubject: x\n---\na\n{{nmae}}"), (5, unknown));
        assert_eq!(fault("a\nb {{name\n}} {{name}}"), (2, "`{{` is never closed".into()));
        assert_eq!(fault("---\nsubject: x\n"), (1, "its head is never closed".into()));
        assert_eq!(fault("---\nsubject: x\nsubject: y\n---\n").0, 3);
        assert_eq!(fault("---\ncc: x\n---\n").0, 2);
    }

    #[test]
    fn values_cannot_leave_their_place() {
        assert_eq!(html("<b a=\"x\">&'"), "&lt;b a=&quot;x&quot;&gt;&amp;&#39;");
        assert_eq!(one_line("Hi\r\nBcc: x@y.test\u{2028}!\n"), "Hi Bcc: x@y.test !");
    }
}
