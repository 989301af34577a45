//! `camp profile`

use std::path::Path;

use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use super::table::{Cell, Table};
use super::{Exit, interrupt, numbers};
use crate::profile::{ColumnProfile, Profile, Share};
use crate::session::{self, Session};

/// The longest value in a cell of an overview.
const CELL: usize = 24;

/// The longest bar.
const BAR: u64 = 32;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A dimension, `customers`; a value of its rows, `customers.email`: a column, a path, a
    /// definition, an expression; or a table or a file
    #[arg(value_name = "DIMENSION[.VALUE]")]
    what: String,
    /// The script that declares the dimension [default: the one in this folder that does,
    /// model.camp before others]
    #[arg(value_name = "FILE")]
    file: Option<String>,
    /// The value, where the dimension is a file: `--of email`
    #[arg(long, value_name = "VALUE")]
    of: Option<String>,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let (dimension, value) = session::profile::split(&args.what);
    let value = args.of.or(value);
    if dimension.is_empty() {
        return out.diagnostic(session::profile::nothing_named(&args.what));
    }
    let scripts = match args.file {
        Some(file) => vec![file],
        None => session::profile::declaring(Path::new("."), &dimension),
    };
    let settings = match project::settings(&args.script, &scripts, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    match session.profile(&dimension, value.as_deref(), &scripts) {
        Ok(profile) => {
            print(&profile, value.is_some(), out);
            Exit::FINE
        }
        Err(_) if asked.already() => {
            out.say("interrupted");
            Exit::INTERRUPTED
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}

/// Prints a profile: everything about its one value, or a line for each column.
pub(super) fn print(profile: &Profile, detailed: bool, out: &mut Output) {
    match out.format {
        Format::Json => out.json(profile),
        Format::Csv if detailed => out.exact(&distribution(profile).csv()),
        Format::Csv => out.exact(&overview(profile, usize::MAX).csv()),
        Format::Text => {
            let mut text = heading(profile);
            match (detailed, profile.columns.as_slice()) {
                (true, [column]) => text += &details(column, profile.rows),
                _ => {
                    text += "\n";
                    text += &out.table_text(&overview(profile, CELL));
                }
            }
            text += &remarks(profile, detailed);
            out.print(&text);
        }
    }
}

fn heading(profile: &Profile) -> String {
    let mut text = format!("{}: {}", profile.dimension, numbers::counted(profile.rows, "row"));
    if profile.left_out > 0 {
        let n = numbers::count(profile.left_out);
        text += &format!("; {n} more have no key, or are left out by `where`");
    }
    text + "\n"
}

/// A row for each column, with values of at most so many characters.
fn overview(profile: &Profile, limit: usize) -> Table {
    let names = ["column", "type", "missing", "distinct", "min", "max", "most_frequent"];
    let mut table = Table::new(names);
    for column in &profile.columns {
        let name = if column.key { format!("{} (key)", column.name) } else { column.name.clone() };
        let frequent = column.frequent.iter().map(|s| short(&s.value, limit)).collect::<Vec<_>>();
        table.row([
            name.into(),
            column.ty.as_str().into(),
            Cell::Count(column.missing),
            match column.estimated && limit == CELL {
                true => format!("≈ {}", numbers::count(column.distinct)).into(),
                false => Cell::Count(column.distinct),
            },
            column.min.as_deref().map(|v| short(v, limit)).into(),
            column.max.as_deref().map(|v| short(v, limit)).into(),
            frequent.join(", ").into(),
        ]);
    }
    table
}

/// Everything about one value.
fn details(column: &ColumnProfile, rows: u64) -> String {
    let mut text = format!("{}: {}\n\n", column.name, column.ty);
    let filled = rows.saturating_sub(column.missing);
    let mut facts: Vec<(&str, String)> = Vec::new();
    facts.push((
        "missing",
        format!("{} ({})", numbers::count(column.missing), share(column.missing, rows)),
    ));
    if column.empty > 0 {
        facts.push(("empty", numbers::count(column.empty)));
    }
    let distinct = numbers::count(column.distinct);
    facts.push((
        "distinct",
        if filled > 1 && column.distinct == filled {
            format!("{distinct}, each once")
        } else {
            distinct
        },
    ));
    if let Some((low, high)) = column.lengths {
        facts.push(("length", format!("{low} to {high}")));
    }
    if let (Some(min), Some(max)) = (&column.min, &column.max) {
        facts.push(("lowest", short(min, 60)));
        facts.push(("highest", short(max, 60)));
    }
    if let Some(mean) = &column.mean {
        facts.push(("mean", mean.clone()));
    }
    for (name, value) in facts {
        text += &format!("  {name:<9} {value}\n");
    }
    if !column.quantiles.is_empty() {
        text += "\nnot more than\n";
        let width = column.quantiles.iter().map(|(_, v)| v.chars().count()).max().unwrap_or(0);
        for (percent, value) in &column.quantiles {
            text += &format!("  {value:>width$}  in {percent} % of the rows\n");
        }
    }
    // Few different values are told one by one.
    let few = column.distinct <= column.frequent.len() as u64;
    if !column.histogram.is_empty() && !few {
        text += "\nfrom\n";
        text += &bars(&column.histogram, filled, true);
    } else if !column.frequent.is_empty() {
        text += if few { "\nvalues\n" } else { "\nmost frequent\n" };
        text += &bars(&column.frequent, filled, column.mean.is_some());
    }
    text
}

/// Values with their rows, as bars.
fn bars(shares: &[Share], of: u64, right: bool) -> String {
    let values: Vec<String> = shares.iter().map(|s| short(&s.value, 40)).collect();
    let width = values.iter().map(|v| v.chars().count()).max().unwrap_or(0);
    let counts: Vec<String> = shares.iter().map(|s| numbers::count(s.rows)).collect();
    let digits = counts.iter().map(|c| c.chars().count()).max().unwrap_or(0);
    let most = shares.iter().map(|s| s.rows).max().unwrap_or(0).max(1);
    let mut text = String::new();
    for ((value, count), rows) in values.iter().zip(counts).zip(shares.iter().map(|s| s.rows)) {
        let length = if rows == 0 { 0 } else { (rows * BAR / most).max(1) };
        let bar = "▇".repeat(length as usize);
        let share = share(rows, of);
        let value = if right { format!("{value:>width$}") } else { format!("{value:<width$}") };
        text += format!("  {value}  {count:>digits$}  {share:>6}  {bar}").trim_end();
        text.push('\n');
    }
    text
}

fn share(part: u64, of: u64) -> String {
    numbers::share(part, of).unwrap_or_else(|| "–".to_owned())
}

fn remarks(profile: &Profile, detailed: bool) -> String {
    let mut lines: Vec<String> = profile.remarks.clone();
    for column in &profile.columns {
        for remark in &column.remarks {
            lines.push(if detailed {
                remark.clone()
            } else {
                format!("{}: {remark}", column.name)
            });
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = lines.iter().map(|line| format!("  ! {line}\n")).collect();
    format!("\nlook at\n{}", lines.concat())
}

/// The values and ranges of a column, one a row.
fn distribution(profile: &Profile) -> Table {
    let mut table = Table::new(["kind", "value", "rows"]);
    for column in &profile.columns {
        let rows = Cell::Number;
        let fact = |kind: &str, n: u64| [kind.into(), Cell::None, rows(n)];
        table.row(fact("rows", profile.rows));
        table.row(fact("missing", column.missing));
        table.row(fact("empty", column.empty));
        table.row(fact("distinct", column.distinct));
        for (kind, value) in [("min", &column.min), ("max", &column.max), ("mean", &column.mean)] {
            if let Some(value) = value {
                table.row([kind.into(), value.as_str().into(), Cell::None]);
            }
        }
        for (percent, value) in &column.quantiles {
            table.row([format!("quantile_{percent}").into(), value.as_str().into(), Cell::None]);
        }
        for (kind, shares) in [("frequent", &column.frequent), ("from", &column.histogram)] {
            for share in shares {
                table.row([kind.into(), share.value.as_str().into(), rows(share.rows)]);
            }
        }
        for remark in &column.remarks {
            table.row(["remark".into(), remark.as_str().into(), Cell::None]);
        }
    }
    table
}

/// A value that may be long, on one line.
fn short(value: &str, limit: usize) -> String {
    let value = value.replace(['\n', '\r', '\t'], " ");
    if value.chars().count() <= limit {
        return value;
    }
    let start: String = value.chars().take(limit - 1).collect();
    format!("{start}…")
}
