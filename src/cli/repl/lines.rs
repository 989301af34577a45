//! Where entries come from: a terminal, with editing and completion, or a pipe.

use std::borrow::Cow;
use std::io::{BufRead, Write};
use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::repl::complete::{Known, complete};
use crate::syntax::entry::{Look, begins_statement, is_unfinished, looks};

const PROMPT: &str = "camp> ";
/// In front of the further lines of an entry, as wide as the prompt.
const MORE: &str = "  ... ";

/// What was typed.
pub(super) enum Next {
    /// An entry, perhaps of several lines.
    Entry(String),
    /// The entry was given up.
    Dropped,
    /// There is nothing more.
    End,
}

/// A source of entries.
pub(super) trait Lines {
    /// The next entry; `known` is what could be typed.
    fn next(&mut self, known: Known) -> Next;

    /// Whether somebody types.
    fn is_terminal(&self) -> bool;
}

/// Whether an entry is a command of the prompt.
fn is_command(text: &str) -> bool {
    text.trim_start().starts_with(':')
}

// ---- a pipe

/// Lines of a pipe or a file. An entry ends at a blank line, and before a line that begins another
/// one, by the layout rule.
pub(super) struct Piped {
    /// The line that ended the entry before it.
    ahead: Option<String>,
    echo: bool,
}

impl Piped {
    /// Of the standard input.
    pub fn new(echo: bool) -> Piped {
        Piped { ahead: None, echo }
    }

    fn line(&mut self) -> Option<String> {
        if let Some(line) = self.ahead.take() {
            return Some(line);
        }
        let mut bytes = Vec::new();
        match std::io::stdin().lock().read_until(b'\n', &mut bytes) {
            Ok(0) | Err(_) => None,
            Ok(_) => {
                // Bytes that are no text are shown as such, in the entry that has them.
                let line = String::from_utf8_lossy(&bytes);
                Some(line.trim_end_matches(['\n', '\r']).to_owned())
            }
        }
    }

    fn shown(&self, entry: &str) {
        if self.echo {
            let mut text = String::new();
            for (n, line) in entry.lines().enumerate() {
                let prompt = if n == 0 { PROMPT } else { MORE };
                text += format!("{prompt}{line}").trim_end();
                text.push('\n');
            }
            let mut out = crate::plugin::stdout::Results;
            let _ = out.write_all(text.as_bytes());
            let _ = out.flush();
        }
    }
}

impl Lines for Piped {
    fn next(&mut self, _known: Known) -> Next {
        let mut entry = String::new();
        while let Some(line) = self.line() {
            if line.trim().is_empty() {
                if entry.is_empty() {
                    continue;
                }
                break;
            }
            let goes_on = line.starts_with([' ', '\t', ')']);
            // `##` lines belong to the statement below them.
            let documents = entry.lines().next_back().is_some_and(|l| l.starts_with("##"));
            let begins = is_command(&line) || begins_statement(&line);
            if !entry.is_empty() && !goes_on && (begins || !is_unfinished(&entry)) && !documents {
                self.ahead = Some(line);
                break;
            }
            if !entry.is_empty() {
                entry.push('\n');
            }
            entry.push_str(&line);
            if is_command(&entry) {
                break;
            }
        }
        if entry.is_empty() {
            return Next::End;
        }
        self.shown(&entry);
        Next::Entry(entry)
    }

    fn is_terminal(&self) -> bool {
        false
    }
}

// ---- a terminal

/// A terminal: history, editing, completion, colours.
pub(super) struct Terminal {
    editor: Editor<Typing, FileHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// Takes the terminal; with colours where `colour`.
    ///
    /// # Errors
    /// The terminal cannot be used so.
    pub fn open(colour: bool) -> Result<Terminal, ReadlineError> {
        let config =
            Config::builder().completion_type(CompletionType::List).auto_add_history(false).build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Typing { known: Known::default(), colour }));
        let history = history_file();
        if let Some(file) = &history {
            // The first session of a user has none yet.
            let _ = editor.load_history(file);
        }
        Ok(Terminal { editor, history })
    }
}

impl Lines for Terminal {
    fn next(&mut self, known: Known) -> Next {
        if let Some(helper) = self.editor.helper_mut() {
            helper.known = known;
        }
        match self.editor.readline(PROMPT) {
            Ok(entry) => {
                if !entry.trim().is_empty() {
                    let _ = self.editor.add_history_entry(entry.trim_end());
                    // Now, so that it is there when the program ends otherwise than by Ctrl-D.
                    if let Some(file) = &self.history {
                        let _ = self.editor.append_history(file);
                    }
                }
                Next::Entry(entry)
            }
            Err(ReadlineError::Interrupted) => Next::Dropped,
            Err(_) => Next::End,
        }
    }

    fn is_terminal(&self) -> bool {
        true
    }
}

/// Where the history of entries is kept; nowhere without a home.
fn history_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("XDG_STATE_HOME").filter(|v| !v.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => std::env::home_dir()?.join(".local/state"),
    };
    let folder = folder.join("camp");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// What happens while an entry is typed.
struct Typing {
    known: Known,
    colour: bool,
}

impl Helper for Typing {}

impl Hinter for Typing {
    type Hint = String;
}

impl Completer for Typing {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(complete(&line[..at], &self.known))
    }
}

impl Validator for Typing {
    fn validate(&self, typed: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = typed.input();
        let blank_line =
            text.ends_with('\n') || text.lines().next_back().is_some_and(|l| l.trim().is_empty());
        let whole = is_command(text) || blank_line || !is_unfinished(text);
        Ok(if whole { ValidationResult::Valid(None) } else { ValidationResult::Incomplete })
    }
}

impl Highlighter for Typing {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if self.colour { Cow::Owned(coloured(line)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.colour {
            Cow::Owned(format!("\u{1b}[1m{prompt}\u{1b}[0m"))
        } else {
            Cow::Borrowed(prompt)
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.colour && kind != CmdKind::MoveCursor
    }
}

/// An entry with the colours of its tokens.
fn coloured(text: &str) -> String {
    if is_command(text) {
        return format!("\u{1b}[36m{text}\u{1b}[0m");
    }
    let mut out = String::new();
    let mut done = 0;
    for (range, look) in looks(text) {
        // The basic colours, which every terminal's theme makes readable.
        let code = match look {
            Look::Keyword => "34",
            Look::Text => "32",
            Look::Number => "35",
            Look::Comment => "2",
            Look::Wrong => "31",
            Look::Plain => continue,
        };
        out.push_str(&text[done..range.start]);
        out.push_str(&format!("\u{1b}[{code}m{}\u{1b}[0m", &text[range.clone()]));
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_no_character() {
        let text = "x = build audience from customers where a = \"ü\" and b > 1.5 # note\n  and §";
        let plain = coloured(text);
        let mut kept = String::new();
        let mut escape = false;
        for c in plain.chars() {
            match c {
                '\u{1b}' => escape = true,
                'm' if escape => escape = false,
                c if !escape => kept.push(c),
                _ => {}
            }
        }
        assert_eq!(kept, text);
        assert!(plain.contains("\u{1b}[34mbuild\u{1b}[0m"));
        assert!(plain.contains("\u{1b}[32m\"ü\"\u{1b}[0m"));
    }
}
