//! Where results and messages go, and how they look.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::table::Table;
use super::{Exit, log};
use crate::diagnostic::render::{self, Style};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::SourceMap;
use crate::terminal::{visible, visible_json};

/// The options of every command.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// How results are printed
    #[arg(
        long,
        global = true,
        help_heading = "Output",
        value_parser = form(&[]),
        default_value = "text",
        value_name = "FORMAT"
    )]
    format: Form,
    /// How errors and warnings are printed; `json` when results are
    #[arg(long, global = true, help_heading = "Output", value_enum, value_name = "STYLE")]
    messages: Option<Messages>,
    /// Whether to use colours; `NO_COLOR` counts as `never`
    #[arg(
        long,
        global = true,
        help_heading = "Output",
        value_enum,
        default_value_t,
        value_name = "WHEN"
    )]
    color: Colour,
    /// Log what happens on the standard error, messages included: one JSON object a line
    #[arg(long, global = true, help_heading = "Output", value_enum, value_name = "FORM")]
    log: Option<Log>,
    /// Print no progress and no report, only warnings and errors
    #[arg(long, short, global = true, help_heading = "Output")]
    quiet: bool,
}

/// The form of results.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs, with everything that is known
    Json,
    /// Lists only
    Csv,
}

/// What `--format` can be: a form of results, or of pictures for commands that draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Text or data.
    Results(Format),
    /// A picture.
    Picture(Picture),
}

/// The form of a picture.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Picture {
    /// A picture for browsers and documents
    Svg,
    /// For code hosts and wikis that draw it
    Mermaid,
    /// For Graphviz
    Dot,
    /// One page with the rule and the SQL of each box
    Html,
}

/// Reads `--format` where these pictures are possible. A command that draws declares the option
/// again, with the same name and type: then clap does not hand the general one down to it.
pub(super) fn form(pictures: &[Picture]) -> impl TypedValueParser<Value = Form> + use<> {
    let results = Format::value_variants().iter().filter_map(Format::to_possible_value);
    let drawn = pictures.iter().filter_map(Picture::to_possible_value);
    let values: Vec<PossibleValue> = results.chain(drawn).collect();
    parser(values)
}

/// The same for a command that does nothing but draw.
pub(super) fn picture() -> impl TypedValueParser<Value = Form> {
    parser(Picture::value_variants().iter().filter_map(Picture::to_possible_value).collect())
}

fn parser(values: Vec<PossibleValue>) -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(values).try_map(|name| {
        let results = Format::from_str(&name, false).map(Form::Results);
        results.or_else(|_| Picture::from_str(&name, false).map(Form::Picture))
    })
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Log {
    /// One JSON object a line
    Json,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Messages {
    /// With the lines of the script
    Fancy,
    /// One line each
    Concise,
    /// One JSON object a line
    Json,
}

#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Colour {
    /// On a terminal
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How a part of a result is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ink {
    /// As it should be.
    Good,
    /// As it should not be.
    Bad,
    /// Less than the rest.
    Faint,
}

/// What stands in a text for the order to the terminal that it becomes: characters that Unicode
/// keeps out of texts. In the order of [`Ink`], the last ends any of them.
const INKS: [(char, &str); 4] = [
    ('\u{fdd0}', "\u{1b}[32m"),
    ('\u{fdd1}', "\u{1b}[31m"),
    ('\u{fdd2}', "\u{1b}[2m"),
    ('\u{fdd3}', "\u{1b}[0m"),
];

/// The standard output and the standard error of the program.
pub(super) struct Output {
    /// The form of results.
    pub format: Format,
    /// Neither progress nor report.
    pub quiet: bool,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    messages: render::Options,
    /// Whether results go to a terminal.
    terminal: bool,
    /// The terminal's width when results go to one.
    table_width: Option<u16>,
    /// Whether results are coloured.
    coloured: bool,
    results: Box<dyn Write>,
    talk: Box<dyn Write>,
}

impl Output {
    /// As the options and the terminal say.
    pub fn new(args: &Args) -> Self {
        let stderr_width = terminal_size::terminal_size_of(std::io::stderr()).map(|(w, _)| w.0);
        let stdout_width = terminal_size::terminal_size_of(std::io::stdout()).map(|(w, _)| w.0);
        let format = match args.format {
            Form::Results(format) => format,
            Form::Picture(_) => Format::Text,
        };
        let style = match (args.messages, format) {
            (Some(Messages::Fancy), _) | (None, Format::Text | Format::Csv) => Style::Fancy,
            (Some(Messages::Concise), _) => Style::Concise,
            (Some(Messages::Json), _) | (None, Format::Json) => Style::Json,
        };
        if args.log.is_some() {
            log::start();
        }
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let terminal = std::io::stderr().is_terminal();
        let plain = no_color || dumb;
        let coloured = |terminal: bool| match args.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !plain,
        };
        Output {
            format,
            quiet: args.quiet,
            zone: TimeZone::UTC,
            messages: render::Options {
                style,
                // A narrow terminal makes a message longer, a wide one does not make it wider
                // than what can be read.
                width: stderr_width.map_or(80, |w| usize::from(w).clamp(40, 120)),
                colour: coloured(terminal),
                unicode: !dumb,
            },
            terminal: std::io::stdout().is_terminal(),
            table_width: stdout_width.map(|w| w.max(40)),
            coloured: coloured(std::io::stdout().is_terminal()),
            results: Box::new(crate::plugin::stdout::Results),
            talk: Box::new(std::io::stderr()),
        }
    }

    /// Into memory, for tests: results and what is said of them, one after another.
    #[cfg(test)]
    pub fn captured(format: Format) -> (Self, Captured) {
        let captured = Captured::default();
        let out = Output {
            format,
            quiet: false,
            zone: TimeZone::UTC,
            messages: render::Options { style: Style::Concise, ..render::Options::default() },
            terminal: false,
            table_width: None,
            coloured: false,
            results: Box::new(captured.clone()),
            talk: Box::new(captured.clone()),
        };
        (out, captured)
    }

    /// A text of a result in a colour, where results are coloured.
    pub fn ink(&self, ink: Ink, text: &str) -> String {
        if !self.coloured || text.is_empty() {
            return text.to_owned();
        }
        let (begin, _) = INKS[ink as usize];
        let (end, _) = INKS[INKS.len() - 1];
        format!("{begin}{text}{end}")
    }

    /// What people see: colours are orders to the terminal, and only ours are given.
    fn shown(&self, text: &str) -> String {
        let mut shown = visible(text);
        if self.coloured {
            for (mark, order) in INKS {
                shown = shown.replace(mark, order);
            }
        }
        shown
    }

    /// Prints a result for people: what data, labels and paths hold does not steer the terminal.
    pub fn print(&mut self, text: &str) {
        let shown = self.shown(text);
        self.write(&shown);
    }

    /// Prints a result whose bytes count: for programs, unless people look at it.
    pub fn exact(&mut self, text: &str) {
        match self.terminal {
            true => self.print(text),
            false => self.write(text),
        }
    }

    /// A reader that has gone away is nobody to tell anything.
    fn write(&mut self, text: &str) {
        let _ = self.results.write_all(text.as_bytes());
        let _ = self.results.flush();
    }

    /// Says something about the result, to people only.
    pub fn say(&mut self, text: &str) {
        if !self.quiet && self.messages.style != Style::Json && !log::wanted() {
            let _ = writeln!(self.talk, "{}", visible(text));
        }
    }

    /// Prints a result as JSON.
    pub fn json(&mut self, value: &impl Serialize) {
        // Only maps with keys that are no texts cannot be written, and no result has one.
        if let Ok(text) = serde_json::to_string_pretty(value) {
            self.write(&(visible_json(&text) + "\n"));
        }
    }

    /// Whether messages have colours.
    pub fn colour(&self) -> bool {
        self.messages.colour
    }

    /// Prints a list; `none` is said to people when it is empty.
    pub fn table(&mut self, table: &Table, none: &str) {
        match self.format {
            Format::Json => self.json(&table.json()),
            Format::Csv => self.exact(&table.csv()),
            Format::Text if table.is_empty() => self.say(none),
            Format::Text => self.print(&table.text(&self.zone, self.table_width)),
        }
    }

    /// A table as text, for reports that have several.
    pub fn table_text(&self, table: &Table) -> String {
        table.text(&self.zone, self.table_width)
    }

    /// A table as text without a frame, as wide as it is.
    pub fn plain_table_text(&self, table: &Table) -> String {
        table.text(&self.zone, None)
    }

    /// The columns of the terminal that results go to, if they do.
    pub fn terminal_width(&self) -> Option<usize> {
        self.table_width.map(usize::from)
    }

    /// The columns of text.
    pub fn width(&self) -> usize {
        self.table_width.map_or(80, usize::from).min(100)
    }

    /// Prints diagnostics in the order of their places and gives the exit code.
    pub fn diagnostics(&mut self, diagnostics: Diagnostics, sources: &SourceMap) -> Exit {
        let sorted = diagnostics.sorted();
        self.sorted(&sorted, sources);
        Exit::of(&sorted)
    }

    /// Prints diagnostics as they are ordered.
    pub fn sorted(&mut self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        if log::wanted() {
            for diagnostic in diagnostics {
                let record = render::record(diagnostic, sources);
                let level = record.severity.clone();
                let fields = serde_json::to_value(record).unwrap_or_default();
                log::line(&level, "message", fields);
            }
        } else if !diagnostics.is_empty() {
            render::write_all(&mut self.talk, diagnostics, sources, &self.messages);
        }
    }

    /// Prints one diagnostic that has no place in a file.
    pub fn diagnostic(&mut self, diagnostic: Diagnostic) -> Exit {
        let mut all = Diagnostics::default();
        all.push(diagnostic);
        self.diagnostics(all, &SourceMap::default())
    }
}

/// What a test's output holds.
#[cfg(test)]
#[derive(Clone, Default)]
pub(super) struct Captured(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

#[cfg(test)]
impl Captured {
    /// All of it so far, which is then forgotten.
    pub fn take(&self) -> String {
        String::from_utf8(self.0.take()).unwrap()
    }
}

#[cfg(test)]
impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Wraps prose; indented lines and lists keep their lines.
pub(super) fn wrap(text: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    // A paragraph is wrapped as one text, wherever its source breaks its lines.
    let mut paragraph = String::new();
    let flush = |paragraph: &mut String, lines: &mut Vec<String>| {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            lines.push(line);
        }
        paragraph.clear();
    };
    let mut fenced = false;
    for line in text.lines() {
        let fence = line.starts_with("```");
        fenced ^= fence;
        let verbatim = fenced || fence || line.starts_with([' ', '\t', '*', '|', '#']);
        if line.trim().is_empty() || verbatim {
            flush(&mut paragraph, &mut lines);
            lines.push(line.trim_end().to_owned());
        } else {
            paragraph.push_str(line);
            paragraph.push(' ');
        }
    }
    flush(&mut paragraph, &mut lines);
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn prose_is_wrapped_and_indented_lines_are_not() {
        assert_eq!(
            wrap("one two\nthree four\n\n    a long line stays\nfive", 9),
            "one two\nthree\nfour\n\n    a long line stays\nfive"
        );
    }
}
