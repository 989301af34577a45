//! A case file: a script whose comments say what exists before it and what must be true after.
//!
//! `tests/cases/README.md` is the reference of the format.

use std::path::Path;

/// A case, read.
#[derive(Debug)]
pub struct Case {
    /// `field/003_is_not_x_keeps_blanks`
    pub name: String,
    /// The whole text: what runs is the case itself, so that lines agree.
    pub text: String,
    /// At least one.
    pub runs: Vec<Run>,
}

/// One run of a case: what happens before it, how it runs, what must be true after it.
#[derive(Debug, Default)]
pub struct Run {
    /// In the order written: SQL for the project's database, files of the project's folder.
    pub before: Vec<Before>,
    /// The scripts; empty for the case itself.
    pub scripts: Vec<String>,
    /// The words of a command line instead of a script.
    pub command: Option<Vec<String>>,
    /// `--as-of`; `clock` for none.
    pub as_of: Option<String>,
    /// `--set`
    pub set: Vec<(String, String)>,
    /// Variables of the process; the run goes through the program.
    pub env: Vec<(String, String)>,
    /// `threads`
    pub threads: Option<usize>,
    /// Nothing is saved.
    pub dry_run: bool,
    /// What must be true after it.
    pub after: Vec<After>,
    /// Errors and warnings that must be reported, and no others.
    pub diagnostics: Vec<Expected>,
    /// The program's exit code, where it is stated.
    pub exit: Option<i32>,
}

/// What happens before a run.
#[derive(Debug)]
pub enum Before {
    /// Statements for the project's database.
    Sql(String),
    /// A file with this content.
    File(String, Vec<u8>),
    /// A script that runs, without a fault, at this run's instant.
    Script(String),
}

/// What must be true after a run, with its line for messages.
#[derive(Debug)]
pub struct After {
    pub line: usize,
    pub fact: Fact,
}

/// The kinds of expectation.
#[derive(Debug)]
pub enum Fact {
    /// The members of an audience; the columns that are compared, or its leading ones.
    Members { label: String, columns: Vec<String>, rows: Vec<Vec<String>> },
    /// The columns of an audience, in order, with their types where stated.
    Columns { label: String, columns: Vec<(String, Option<String>)> },
    /// The labels of all audiences.
    Audiences(Vec<String>),
    /// Numbers that the report gives for a save.
    Saved { label: String, numbers: Vec<(String, u64)> },
    /// Rows of a transition, as reported.
    Count { transition: String, rows: u64 },
    /// Rows left out because their key is missing, as reported.
    LeftOut { transition: String, rows: u64 },
    /// A step that was skipped: words of its line.
    Skipped(String),
    /// Words of some step's note.
    Note(String),
    /// Rows written to a file, as reported.
    Exported { path: String, rows: u64 },
    /// The whole content of a file.
    Output { path: String, text: String },
    /// A file that must not exist.
    NoOutput(String),
    /// A query over the project's database, and its rows as text.
    Query { sql: String, rows: Vec<String> },
    /// Words that the program prints.
    Prints(String),
    /// All that the program prints as its result.
    Stdout(String),
}

/// An error or a warning that must be reported.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Where the expectation stands.
    pub line: usize,
    /// `error` or `warning`.
    pub warning: bool,
    /// The line it must point at, for one that stands on the line itself.
    pub on_line: Option<usize>,
    /// `E0203`
    pub code: Option<String>,
    /// The text its primary label must cover.
    pub at: Option<String>,
    /// A part of its title.
    pub title: Option<String>,
    /// A part of its help.
    pub help: Option<String>,
    /// A part of its cause.
    pub cause: Option<String>,
    /// A part of what its primary label says.
    pub label: Option<String>,
}

impl Case {
    /// Reads a case file.
    pub fn read(path: &Path) -> Result<Case, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let stage = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let runs = parse(&text).map_err(|(line, e)| format!("{}:{line}: {e}", path.display()))?;
        Ok(Case { name: format!("{stage}/{stem}"), text, runs })
    }
}

type Problem = (usize, String);

fn parse(text: &str) -> Result<Vec<Run>, Problem> {
    let mut runs = vec![Run::default()];
    let mut lines = text.lines().enumerate().map(|(i, l)| (i + 1, l)).peekable();
    while let Some((number, line)) = lines.next() {
        let fail = |message: String| Err((number, message));
        let Some(directive) = line.strip_prefix("#!") else {
            if line.starts_with("#|") || line.starts_with("#=") {
                return fail("a continuation without a directive above".into());
            }
            if let Some(expected) = inline(number, line)? {
                runs.last_mut().expect("there is one").diagnostics.push(expected);
            }
            continue;
        };
        let mut more = Vec::new();
        let mut rows = Vec::new();
        while let Some((_, next)) =
            lines.next_if(|(_, l)| l.starts_with("#|") || l.starts_with("#="))
        {
            let content = &next[2..];
            let content = content.strip_prefix(' ').unwrap_or(content).to_owned();
            if next.starts_with("#=") { rows.push(content) } else { more.push(content) }
        }
        let (head, value) = match split_head(directive.trim()) {
            (head, Some(value)) => (head, value.trim()),
            (head, None) => (head, ""),
        };
        let (word, name) = head.split_once(' ').unwrap_or((head, ""));
        let name = unquote(name.trim());
        if word == "run" {
            runs.push(Run::default());
            continue;
        }
        let run = runs.last_mut().expect("there is one");
        let mut after = |fact| run.after.push(After { line: number, fact });
        let whole = || {
            let mut all = value.to_owned();
            for line in &more {
                all.push('\n');
                all.push_str(line);
            }
            all
        };
        let number_of = |text: &str| {
            text.trim()
                .replace('_', "")
                .parse::<u64>()
                .map_err(|e| (number, format!("{text}: {e}")))
        };
        match word {
            "sql" => run.before.push(Before::Sql(whole())),
            "file" => {
                let text: String = more.iter().map(|l| format!("{l}\n")).collect();
                run.before.push(Before::File(name, text.into_bytes()));
            }
            "bytes" => {
                let text = whole().replace('\n', "");
                let bytes = unescape(&text).map_err(|e| (number, e))?;
                run.before.push(Before::File(name, bytes));
            }
            "prepare" => run.before.push(Before::Script(value.to_owned())),
            "script" => run.scripts.extend(value.split_whitespace().map(str::to_owned)),
            "command" => run.command = Some(words(value)),
            "as-of" => run.as_of = Some(value.to_owned()),
            "set" => {
                let Some((k, v)) = value.split_once('=') else {
                    return fail("set: name=value".into());
                };
                run.set.push((k.trim().to_owned(), v.trim().to_owned()));
            }
            "env" => {
                let Some((k, v)) = value.split_once('=') else {
                    return fail("env: NAME=value".into());
                };
                run.env.push((k.trim().to_owned(), v.trim().to_owned()));
            }
            "threads" => run.threads = Some(number_of(value)? as usize),
            "dry-run" => run.dry_run = true,
            "exit" => run.exit = Some(number_of(value)? as i32),
            "expect" => {
                let (label, columns) = label_and_columns(&name);
                let rows = if value == "nobody" {
                    Vec::new()
                } else {
                    members(&whole()).map_err(|e| (number, e))?
                };
                if rows.is_empty() && value != "nobody" {
                    return fail("no rows: write `nobody`".into());
                }
                after(Fact::Members { label, columns, rows });
            }
            "columns" => {
                let columns = value
                    .split(", ")
                    .map(|c| match c.trim().rsplit_once(':') {
                        Some((n, t)) => (unquote(n), Some(t.trim().to_owned())),
                        None => (unquote(c.trim()), None),
                    })
                    .collect();
                after(Fact::Columns { label: name, columns });
            }
            "audiences" => {
                let labels = if value == "none" {
                    Vec::new()
                } else {
                    value.split(", ").map(|l| unquote(l.trim())).collect()
                };
                after(Fact::Audiences(labels));
            }
            "saved" => {
                let numbers = saved(value).map_err(|e| (number, e))?;
                after(Fact::Saved { label: name, numbers });
            }
            "count" => after(Fact::Count { transition: name, rows: number_of(value)? }),
            "left-out" => after(Fact::LeftOut { transition: name, rows: number_of(value)? }),
            "skipped" => after(Fact::Skipped(value.to_owned())),
            "note" => after(Fact::Note(value.to_owned())),
            "exported" => after(Fact::Exported { path: name, rows: number_of(value)? }),
            "output" => {
                let text = more.iter().map(|l| format!("{l}\n")).collect();
                after(Fact::Output { path: name, text });
            }
            "no-output" => after(Fact::NoOutput(value.to_owned())),
            "query" => {
                let sql = whole();
                after(Fact::Query { sql, rows });
            }
            "stdout" => {
                let text = more.iter().map(|l| format!("{l}\n")).collect();
                after(Fact::Stdout(text));
            }
            "prints" => after(Fact::Prints(value.to_owned())),
            "error" | "warning" => {
                let expected =
                    expected(number, word == "warning", None, value).map_err(|e| (number, e))?;
                run.diagnostics.push(expected);
            }
            "help" | "cause" | "label" => {
                let Some(last) = run.diagnostics.last_mut() else {
                    return fail(format!("`{word}` belongs to an error above it"));
                };
                let part = Some(value.to_owned());
                match word {
                    "help" => last.help = part,
                    "cause" => last.cause = part,
                    _ => last.label = part,
                }
            }
            _ => return fail(format!("unknown directive `{word}`")),
        }
    }
    Ok(runs)
}

/// `expect "a: b" (x, y): rows` → everything before the colon outside quotes and brackets.
fn split_head(text: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            ':' if !quoted && depth == 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}

/// `… # error: E0203 at "vips": is not known` at the end of a line of the script.
fn inline(number: usize, line: &str) -> Result<Option<Expected>, Problem> {
    let found = [("# error:", false), ("# warning:", true)]
        .into_iter()
        .find_map(|(mark, warning)| line.split_once(mark).map(|(_, rest)| (rest, warning)));
    let Some((rest, warning)) = found else { return Ok(None) };
    expected(number, warning, Some(number), rest.trim()).map(Some).map_err(|e| (number, e))
}

/// `E0203 at "vips": is not known`, each part may be left out.
fn expected(
    line: usize,
    warning: bool,
    on_line: Option<usize>,
    text: &str,
) -> Result<Expected, String> {
    let mut out = Expected { line, warning, on_line, ..Expected::default() };
    let mut rest = text.trim();
    let is_code = |w: &str| {
        w.len() == 5 && w.starts_with(['E', 'W']) && w[1..].bytes().all(|b| b.is_ascii_digit())
    };
    let word = rest.split([' ', ':']).next().unwrap_or_default();
    if is_code(word) {
        out.code = Some(word.to_owned());
        rest = rest[word.len()..].trim_start();
    }
    if let Some(after) = rest.strip_prefix("at \"") {
        let (slice, tail) = quoted(after)?;
        out.at = Some(slice);
        rest = tail.trim_start();
    }
    let title = rest.trim_start_matches(':').trim();
    if !title.is_empty() {
        out.title = Some(title.to_owned());
    }
    if out.code.is_none() && out.at.is_none() && out.title.is_none() && on_line.is_none() {
        return Err("says nothing of the error".into());
    }
    Ok(out)
}

/// Reads to the closing quote; a doubled quote is a quote.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut out = String::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find('"') else { return Err(format!("no closing quote: {text}")) };
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(tail) = rest.strip_prefix('"') else { return Ok((out, rest)) };
        out.push('"');
        rest = tail;
    }
}

fn unquote(text: &str) -> String {
    match text.strip_prefix('"').map(quoted) {
        Some(Ok((inner, tail))) => inner + tail,
        _ => text.to_owned(),
    }
}

/// `vip (id, city)` → label and columns.
fn label_and_columns(head: &str) -> (String, Vec<String>) {
    let Some((label, columns)) = head.split_once(" (") else {
        return (head.to_owned(), Vec::new());
    };
    let columns = columns.trim_end_matches(')').split(", ").map(|c| unquote(c.trim())).collect();
    (unquote(label.trim()), columns)
}

/// `1 2 'a b' (3, x) (4, ∅)`: one row per blank-separated value or bracket.
fn members(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
        } else if c == '(' {
            chars.next();
            let mut row = Vec::new();
            loop {
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                row.push(value(&mut chars, true)?);
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                match chars.next() {
                    Some(',') => {}
                    Some(')') => break,
                    other => return Err(format!("`,` or `)` expected, found {other:?}")),
                }
            }
            rows.push(row);
        } else {
            rows.push(vec![value(&mut chars, false)?]);
        }
    }
    Ok(rows)
}

fn value(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    in_brackets: bool,
) -> Result<String, String> {
    let mut out = String::new();
    if chars.next_if_eq(&'\'').is_some() {
        loop {
            match chars.next() {
                Some('\'') if chars.next_if_eq(&'\'').is_some() => out.push('\''),
                Some('\'') => return Ok(out),
                Some(c) => out.push(c),
                None => return Err("no closing quote".into()),
            }
        }
    }
    while let Some(c) =
        chars.next_if(|&c| if in_brackets { c != ',' && c != ')' } else { !c.is_whitespace() })
    {
        out.push(c);
    }
    Ok(out.trim_end().to_owned())
}

/// `was 2, now 0, +0 -2 ~0`
fn saved(text: &str) -> Result<Vec<(String, u64)>, String> {
    let mut out = Vec::new();
    let mut words = text.split([' ', ',']).filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        let (name, number) = if let Some(n) = word.strip_prefix('+') {
            ("entered", n)
        } else if let Some(n) = word.strip_prefix(['-', '−']) {
            ("left", n)
        } else if let Some(n) = word.strip_prefix('~') {
            ("changed", n)
        } else if word == "of" || word == "version" || word == "was" || word == "now" {
            (word, words.next().ok_or("a number is missing")?)
        } else {
            return Err(format!("unknown number `{word}`"));
        };
        let number = number.replace('_', "").parse().map_err(|e| format!("{number}: {e}"))?;
        out.push((name.to_owned(), number));
    }
    Ok(out)
}

/// `\n \r \t \\ \xE9` and everything else as it is.
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.extend(c.to_string().bytes());
            continue;
        }
        match chars.next() {
            Some('n') => out.push(b'\n'),
            Some('r') => out.push(b'\r'),
            Some('t') => out.push(b'\t'),
            Some('\\') => out.push(b'\\'),
            Some('x') => {
                let hex: String = chars.by_ref().take(2).collect();
                out.push(u8::from_str_radix(&hex, 16).map_err(|e| format!("\\x{hex}: {e}"))?);
            }
            other => return Err(format!("unknown escape {other:?}")),
        }
    }
    Ok(out)
}

/// Words of a command line; "double quotes" keep blanks.
fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            ' ' if !quoted => {
                if begun {
                    out.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        out.push(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_read_as_written() {
        let text = "# Case 0.\n#! sql: CREATE TABLE t(id INT);\n#| INSERT INTO t VALUES (1);\n\
            #! file a.csv:\n#| id\n#| 1\n#! expect \"a: b\" (id, n): (1, 'x y') (2, ∅)\n\
            #! saved v: was 2, now 1_000, +998 -0\nx = build audience from vips # error: E0203 at \"vips\": not known\n\
            #! run: again\n#! expect v: nobody\n";
        let runs = parse(text).unwrap();
        assert_eq!(runs.len(), 2);
        let first = &runs[0];
        assert_eq!(first.before.len(), 2);
        let Before::File(path, content) = &first.before[1] else { panic!() };
        assert_eq!((path.as_str(), content.as_slice()), ("a.csv", &b"id\n1\n"[..]));
        let Fact::Members { label, columns, rows } = &first.after[0].fact else { panic!() };
        assert_eq!(label, "a: b");
        assert_eq!(columns, &["id", "n"]);
        assert_eq!(rows, &[["1", "x y"], ["2", "∅"]]);
        let Fact::Saved { numbers, .. } = &first.after[1].fact else { panic!() };
        assert_eq!(numbers[1], ("now".to_owned(), 1000));
        let error = &first.diagnostics[0];
        assert_eq!(error.on_line, Some(9));
        assert_eq!(error.code.as_deref(), Some("E0203"));
        assert_eq!(error.at.as_deref(), Some("vips"));
        assert_eq!(error.title.as_deref(), Some("not known"));
        assert!(matches!(&runs[1].after[0].fact, Fact::Members { rows, .. } if rows.is_empty()));
    }

    #[test]
    fn a_misspelled_directive_is_refused() {
        assert!(parse("#! expcet x: 1\n").is_err());
        assert!(parse("#! expect x:\n").is_err());
    }
}
