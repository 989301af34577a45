//! `camp fmt`

use std::path::Path;

use serde_json::json;
use similar::TextDiff;

use super::Exit;
use super::output::{Format, Output};
use super::scripts;
use super::table::{Cell, Table};
use super::written;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::fmt::{self, Formatted};
use crate::session;
use crate::source::SourceMap;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts, and folders with scripts in them; `-` reads the standard input and prints the
    /// result
    #[arg(required = true, value_name = "PATHS")]
    paths: Vec<String>,
    /// Change nothing: show what would change, and exit with 1 when something would
    #[arg(long)]
    check: bool,
}

/// What became of one script.
struct Outcome {
    name: String,
    changed: bool,
    /// The lines of statements that stay as they are.
    left: Vec<usize>,
    diff: Option<String>,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let mut found = Diagnostics::default();
    let files = scripts::named(&args.paths, &mut found);
    let mut sources = SourceMap::default();
    let mut outcomes = Vec::new();
    for file in &files {
        match format(file, &args, &mut sources, out) {
            Ok((outcome, wrong)) => {
                found.extend(wrong);
                outcomes.push(outcome);
            }
            Err(wrong) => found.push(wrong),
        }
    }
    let prints = !args.check && files.iter().any(|f| f == "-");
    report(&outcomes, args.check, prints, out);
    let exit = out.diagnostics(found, &sources);
    let differs = args.check && outcomes.iter().any(|o| o.changed);
    if exit == Exit::FINE && differs { Exit::SCRIPT } else { exit }
}

fn format(
    file: &str,
    args: &Args,
    sources: &mut SourceMap,
    out: &mut Output,
) -> Result<(Outcome, Diagnostics), Diagnostic> {
    let source = session::open(sources, file)?;
    let Formatted { text, left, diagnostics } = fmt::format(sources, source);
    let old = &sources.file(source).text;
    let text = with_ends_of(old, text);
    // A BOM is no part of the text, so it goes with the first other change.
    let changed = text != **old;
    let name = sources.file(source).name.clone();
    let diff = (args.check && changed).then(|| difference(&name, old, &text));
    if file == "-" && !args.check {
        out.exact(&text);
    } else if changed && !args.check {
        written::write(Path::new(file), &text, &[]).map_err(|wrong| *wrong)?;
    }
    let left = left.iter().filter_map(|s| sources.place(*s)).map(|p| p.line).collect();
    Ok((Outcome { name, changed, left, diff }, diagnostics))
}

/// With the line ends of a file of Windows, where the first line has one: whoever keeps a script
/// that way would see every line change.
fn with_ends_of(old: &str, text: String) -> String {
    match old.split_once('\n') {
        Some((first, _)) if first.ends_with('\r') => {
            text.replace("\r\n", "\n").replace('\n', "\r\n")
        }
        _ => text,
    }
}

/// As `diff -u` shows it.
fn difference(name: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let shown = diff.unified_diff().context_radius(2).header(name, "formatted").to_string();
    if shown.ends_with('\n') { shown } else { shown + "\n" }
}

fn report(outcomes: &[Outcome], check: bool, prints: bool, out: &mut Output) {
    let changed: Vec<&Outcome> = outcomes.iter().filter(|o| o.changed).collect();
    if !prints {
        match out.format {
            Format::Json => out.json(&json!({
                "files": outcomes.iter().map(|o| json!({
                    "file": o.name,
                    "changed": o.changed,
                    "left_lines": o.left,
                    "diff": o.diff,
                })).collect::<Vec<_>>(),
            })),
            Format::Csv => {
                let mut table = Table::new(["file", "changed"]);
                for o in outcomes {
                    table.row([o.name.as_str().into(), Cell::Flag(o.changed)]);
                }
                out.table(&table, "");
            }
            Format::Text => {
                for outcome in &changed {
                    match &outcome.diff {
                        Some(diff) => out.exact(diff),
                        None => out.print(&format!("{}\n", outcome.name)),
                    }
                }
            }
        }
    }
    for outcome in outcomes {
        for line in &outcome.left {
            let name = &outcome.name;
            out.say(&format!("{name}:{line}: this statement has an error and stays as it is"));
        }
    }
    if !prints && !outcomes.is_empty() {
        let (n, all) = (changed.len(), outcomes.len());
        let of = format!("{n} of {all} file{}", if all == 1 { "" } else { "s" });
        out.say(&format!("{of} {}", if check { "would change" } else { "changed" }));
    }
}
