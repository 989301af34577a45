//! `camp why`

use std::path::Path;

use super::numbers::{count, counted, instant};
use super::output::{Format, Ink, Output};
use super::project::{self, ScriptArgs};
use super::table::{Cell, Table};
use super::{Exit, interrupt};
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::session::{Session, why::making};
use crate::why::{Fact, Kind, Linked, Node, Otherwise, Place, Question, Why};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// The row's key: 17, or the parts of a key with several columns: FR,17
    #[arg(value_name = "KEY", allow_hyphen_values = true)]
    key: String,
    /// A transition, or the label of an audience that a script saves
    #[arg(value_name = "TRANSITION")]
    population: String,
    /// The scripts [default: one of the current folder that makes the transition]
    #[arg(value_name = "FILES")]
    files: Vec<String>,
    /// Also say what would have to differ
    #[arg(long)]
    not: bool,
    /// How many keys of linked rows are shown
    #[arg(long, value_name = "N", default_value_t = 3)]
    samples: usize,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files = match files_of(&args) {
        Ok(files) => files,
        Err(diagnostic) => return out.diagnostic(*diagnostic),
    };
    let settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let question = Question {
        key: args.key,
        population: args.population,
        otherwise: args.not,
        samples: args.samples,
    };
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    match session.why(&files, &question) {
        Ok(why) => {
            match out.format {
                Format::Json => out.json(&why),
                Format::Csv => out.exact(&table(&why).csv()),
                Format::Text => {
                    let text = text(&why, out);
                    out.print(&text);
                }
            }
            Exit::FINE
        }
        Err(_) if asked.already() => {
            out.say("interrupted");
            Exit::INTERRUPTED
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}

/// The scripts that were named, else the one of the current folder that makes the population.
fn files_of(args: &Args) -> Result<Vec<String>, Box<Diagnostic>> {
    if !args.files.is_empty() {
        return Ok(args.files.clone());
    }
    let files = making(Path::new("."), &args.population);
    if files.len() == 1 {
        return Ok(files);
    }
    let (title, help) = if files.is_empty() {
        (
            format!("No script of this folder makes `{}`", args.population),
            format!("name the script: `camp why {} {} FILE`", args.key, args.population),
        )
    } else {
        (
            format!("Several scripts of this folder make `{}`", args.population),
            format!("name one of them: `{}`", files.join("`, `")),
        )
    };
    Err(Box::new(Diagnostic::error(usage::WHICH_POPULATION, title).help(help)))
}

// ---- text

/// The answer for people.
pub(super) fn text(why: &Why, out: &Output) -> String {
    let zone = jiff::tz::TimeZone::get(&why.timezone).unwrap_or(jiff::tz::TimeZone::UTC);
    let key: Vec<String> = why.key.iter().map(|part| part.plain()).collect();
    let key = if let [one] = &key[..] { one.clone() } else { format!("({})", key.join(", ")) };
    let mut text = format!(
        "{} {} {key} {} in `{}`, as of {}\n",
        mark(why.member, out),
        why.dimension,
        if why.member { "is" } else { "is not" },
        why.transition,
        instant(why.as_of, &zone)
    );
    let files = Lines { out, main: why.tree.place.as_ref().map(|p| p.file.clone()) };
    for left in &why.left {
        let place = left.place.as_ref().map(|p| format!(", {}", full(p))).unwrap_or_default();
        text.push_str(&format!("  left the flow at `{}`{place}\n", left.transition));
    }
    text.push('\n');
    files.node(&why.tree, "", "", &mut text);
    if let Some(otherwise) = &why.otherwise {
        text.push('\n');
        text.push_str(&files.otherwise(otherwise, &why.transition));
    }
    text
}

fn mark(holds: bool, out: &Output) -> String {
    if holds { out.ink(Ink::Good, "✓") } else { out.ink(Ink::Bad, "✗") }
}

/// `win_back.camp:19`
fn full(place: &Place) -> String {
    format!("{}:{}", place.file, place.line)
}

/// Prints nodes.
struct Lines<'a> {
    out: &'a Output,
    /// The file of the population that was asked about.
    main: Option<String>,
}

impl Lines<'_> {
    /// `line 19`, with the file where it is another one.
    fn place(&self, place: &Place) -> String {
        if Some(&place.file) == self.main.as_ref() {
            format!("line {}", place.line)
        } else {
            full(place)
        }
    }

    /// A node with everything below it: `first` starts its line, `rest` those below.
    fn node(&self, node: &Node, first: &str, rest: &str, text: &mut String) {
        let place = node.place.as_ref().map(|p| self.place(p)).unwrap_or_default();
        let place = if node.kind == Kind::Row { String::new() } else { place };
        let again = if node.as_above.is_some() { ", as above" } else { "" };
        let place = match place.as_str() {
            "" => String::new(),
            place => self.out.ink(Ink::Faint, &format!("  {place}{again}")),
        };
        text.push_str(&format!("{first}{} {}{place}\n", mark(node.holds, self.out), node.text));
        let below = if node.parts.is_empty() { "     " } else { "│    " };
        for (name, shown) in beside(node) {
            let name = self.out.ink(Ink::Faint, &name);
            let line = format!("{rest}{below}{name}{shown}");
            text.push_str(line.trim_end());
            text.push('\n');
        }
        let last = node.parts.len().saturating_sub(1);
        for (n, part) in node.parts.iter().enumerate() {
            let (branch, under) = if n == last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.node(part, &format!("{rest}{branch}"), &format!("{rest}{under}"), text);
        }
    }

    fn otherwise(&self, otherwise: &Otherwise, transition: &str) -> String {
        let not = if otherwise.member { "" } else { "not " };
        if otherwise.ways.is_empty() {
            return format!(
                "nothing that these conditions say would make it {not}in `{transition}`\n"
            );
        }
        let mut text = format!("it would {not}be in `{transition}` if\n");
        let several = otherwise.ways.len() > 1;
        for (n, way) in otherwise.ways.iter().enumerate() {
            let number = if several { format!("{}. ", n + 1) } else { String::new() };
            for (m, change) in way.iter().enumerate() {
                let start = match m {
                    0 => number.clone(),
                    _ => " ".repeat(number.len()),
                };
                let and = if m + 1 < way.len() { ", and" } else { "" };
                let verb = if change.holds { "held" } else { "did not hold" };
                let place = change.place.as_ref().map(|p| self.place(p));
                let place = place.map(|p| self.out.ink(Ink::Faint, &format!("  {p}")));
                text.push_str(&format!(
                    "  {start}`{}` {verb}{and}{}\n",
                    change.text,
                    place.unwrap_or_default()
                ));
            }
        }
        if otherwise.more {
            text.push_str("  and in other ways\n");
        }
        text
    }
}

/// What stands below a node: values under each other, linked rows, notes.
fn beside(node: &Node) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for Fact { name, shown, .. } in &node.values {
        lines.push((safe(name), safe(shown)));
    }
    for linked in &node.linked {
        lines.push((safe(&linked.name), safe(&rows(linked))));
        for (part, rows) in &linked.parts {
            lines.push((String::new(), format!("{} where {}", count(*rows), safe(part))));
        }
    }
    let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let pad = |name: String| {
        let blanks = " ".repeat(width - name.chars().count() + 2);
        name + &blanks
    };
    let mut lines: Vec<(String, String)> =
        lines.into_iter().map(|(name, shown)| (pad(name), shown)).collect();
    lines.extend(node.notes.iter().map(|note| (safe(note), String::new())));
    lines
}

/// `5 rows, 2 of them: 17, 203`
fn rows(linked: &Linked) -> String {
    let keys: Vec<String> = linked
        .first
        .iter()
        .map(|parts| match parts.as_slice() {
            [one] => one.clone(),
            parts => format!("({})", parts.join(", ")),
        })
        .collect();
    let shown = |of: u64| match keys.len() as u64 {
        0 => String::new(),
        n if n < of => format!(": {}, …", keys.join(", ")),
        _ => format!(": {}", keys.join(", ")),
    };
    let all = counted(linked.rows, "row");
    match linked.matching {
        None => format!("{all}{}", shown(linked.rows)),
        Some(_) if linked.rows == 0 => all,
        Some(matching) if linked.first_do_not_hold => {
            let not = linked.rows.saturating_sub(matching);
            format!("{all}, {} do not match{}", count(not), shown(not))
        }
        Some(1) => format!("{all}, 1 matches{}", shown(1)),
        Some(matching) => format!("{all}, {} match{}", count(matching), shown(matching)),
    }
}

/// Data can hold characters that steer a terminal.
fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

// ---- CSV

/// A row for each node.
fn table(why: &Why) -> Table {
    let columns =
        ["node", "part_of", "kind", "text", "file", "line", "holds", "values", "as_above"];
    let mut table = Table::new(columns);
    push(&why.tree, None, &mut table);
    table
}

fn push(node: &Node, parent: Option<usize>, table: &mut Table) {
    let number = |n: usize| Cell::Number(n as u64);
    let kind = serde_json::to_value(node.kind).ok();
    let kind = kind.and_then(|k| k.as_str().map(str::to_owned));
    let values = beside(node);
    let values: Vec<String> = values
        .iter()
        .map(|(name, shown)| format!("{} {shown}", name.trim()).trim().to_owned())
        .collect();
    table.row([
        number(node.id),
        parent.map_or(Cell::None, number),
        kind.into(),
        node.text.as_str().into(),
        node.place.as_ref().map(|p| p.file.clone()).into(),
        node.place.as_ref().map_or(Cell::None, |p| number(p.line)),
        Cell::Flag(node.holds),
        Some(values.join("; ")).filter(|v| !v.is_empty()).into(),
        node.as_above.map_or(Cell::None, number),
    ]);
    for part in &node.parts {
        push(part, Some(node.id), table);
    }
}
