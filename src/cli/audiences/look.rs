//! The commands that only read.

use serde_json::json;

use super::super::numbers::{count, counted, instant};
use super::super::output::{Form, Format, Output, Picture, form};
use super::super::project::ProjectArgs;
use super::super::store::Project;
use super::super::table::{Cell, Table};
use super::super::values;
use super::Done;
use crate::catalogue::Catalogue;
use crate::catalogue::operations::{self, VersionInfo};
use crate::diagnostic::Diagnostic;
use crate::graph::history::{picture, sparkline};

/// How many members are shown to people.
const SHOWN: usize = 20;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Members {
    /// Its label, in any case
    label: String,
    /// An older version: the keys of its members
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// At most so many [default: 20 as text, else all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    pub project: ProjectArgs,
}

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct History {
    /// Its label, in any case
    label: String,
    /// The key of a member, a value for each of its columns
    #[arg(value_name = "KEY")]
    key: Vec<String>,
    /// How results are printed; a picture of the versions, not of one member
    #[arg(
        id = "format",
        long = "format",
        help_heading = "Output",
        value_parser = form(&[Picture::Svg]),
        value_name = "FORMAT"
    )]
    form: Option<Form>,
    #[command(flatten)]
    pub project: ProjectArgs,
}

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Diff {
    /// Its label, in any case
    label: String,
    /// The earlier version [default: the one before]
    from: Option<u64>,
    /// The later version [default: the newest]
    to: Option<u64>,
    /// Another audience to compare it with, both as they are now
    #[arg(long, value_name = "LABEL", conflicts_with_all = ["from", "to"])]
    with: Option<String>,
    /// At most so many keys [default: 20 as text, else all]
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    #[command(flatten)]
    pub project: ProjectArgs,
}

pub(super) fn list(project: &Project, out: &mut Output) {
    out.table(&table(&project.catalogue), "there are no audiences yet");
}

/// All audiences, a row for each.
pub(in crate::cli) fn table(catalogue: &Catalogue) -> Table {
    let mut table =
        Table::new(["label", "dimension", "size", "version", "updated", "campaign", "expires"]);
    for entry in catalogue.entries() {
        let audience = &entry.audience;
        table.row([
            audience.label.as_str().into(),
            audience.dimension.as_str().into(),
            audience.size.into(),
            Cell::Number(audience.version),
            entry.updated.into(),
            entry.campaign.as_str().into(),
            audience.expires.into(),
        ]);
    }
    table
}

pub(super) fn show(project: &Project, label: &str, out: &mut Output) -> Done {
    let entry = project.catalogue.get(label)?;
    let audience = &entry.audience;
    let readers = project.catalogue.readers(label);
    let key: Vec<&str> = audience.key.iter().map(|c| c.name.as_str()).collect();
    let mut columns = Table::new(["column", "type", "key"]);
    for column in &audience.columns {
        columns.row([
            column.name.as_str().into(),
            column.ty.to_string().into(),
            Cell::Flag(key.contains(&column.name.as_str())),
        ]);
    }
    if out.format != Format::Text {
        if out.format == Format::Csv {
            out.table(&columns, "");
            return Ok(());
        }
        out.json(&json!({
            "label": audience.label, "dimension": audience.dimension, "size": audience.size,
            "key": key, "columns": columns.json(), "table": format!("audience.\"{}\"", entry.table),
            "version": audience.version, "oldest_version": audience.oldest_version,
            "created": entry.created, "updated": entry.updated, "expires": audience.expires,
            "campaign": entry.campaign, "run": entry.run, "retain": entry.retain,
            "reads": entry.reads, "readers": readers, "doc": entry.doc,
        }));
        return Ok(());
    }
    let mut text = format!("{}\n", audience.label);
    if let Some(doc) = &entry.doc {
        text.push_str(&format!("\n{doc}\n"));
    }
    let mut facts = vec![
        ("members", format!("{} of {}", count(audience.size), audience.dimension)),
        ("key", key.join(", ")),
        ("version", audience.version.to_string()),
        ("created", instant(entry.created, &out.zone)),
        ("updated", instant(entry.updated, &out.zone)),
    ];
    if let Some(at) = audience.expires {
        facts.push(("expires", instant(at, &out.zone)));
    }
    if let Some(versions) = entry.retain {
        facts.push(("keeps", counted(versions, "version")));
    }
    facts.push(("campaign", entry.campaign.clone()));
    facts.push(("run", entry.run.clone()));
    if !entry.reads.is_empty() {
        facts.push(("made from", entry.reads.join(", ")));
    }
    if !readers.is_empty() {
        facts.push(("read by", readers.join(", ")));
    }
    facts.push(("table", format!("audience.\"{}\"", entry.table.replace('"', "\"\""))));
    text.push('\n');
    for (name, value) in facts {
        text.push_str(&format!("{name:<10} {value}\n"));
    }
    text.push('\n');
    text.push_str(&out.table_text(&columns));
    out.print(&text);
    Ok(())
}

pub(super) fn members(project: &Project, args: &Members, out: &mut Output) -> Done {
    let entry = project.catalogue.get(&args.label)?;
    let audience = &entry.audience;
    let present = args.version.is_none_or(|v| v == audience.version);
    let sql = operations::members(&project.store, &project.catalogue, &args.label, args.version)?;
    let (table, more) = rows(project, &sql, limit(args.limit, out))?;
    out.table(&table, "it has no members");
    if more {
        let shown = count(limit(args.limit, out).unwrap_or(0) as u64);
        let all = if present { count(audience.size) } else { "more".to_owned() };
        out.say(&format!("{shown} of {all}; choose how many with `--limit`"));
    }
    Ok(())
}

pub(super) fn history(project: &Project, args: &History, out: &mut Output) -> Done {
    let drawn = args.form == Some(Form::Picture(Picture::Svg));
    if args.key.is_empty() || drawn {
        let label = &project.catalogue.get(&args.label)?.audience.label;
        let mut versions = operations::versions(&project.store, &project.catalogue, label)?;
        if drawn {
            versions.reverse();
            out.print(&picture(label, &versions, &out.zone));
            return Ok(());
        }
        let mut table = versions_table();
        versions.iter().for_each(|version| table.row(version_row(version)));
        out.table(&table, "it has no versions");
        if out.format == Format::Text && versions.len() > 1 {
            let sizes: Vec<u64> = versions.iter().rev().map(|version| version.size).collect();
            out.print(&format!("\n{}\n", sparkline(&sizes, out.width())));
        }
        return Ok(());
    }
    let mut table = Table::new(["entered", "entered_version", "left", "left_version"]);
    for stay in operations::stays(&project.store, &project.catalogue, &args.label, &args.key)? {
        table.row([
            stay.entered.map(|(_, at)| at).into(),
            stay.entered.map_or(Cell::None, |(version, _)| Cell::Number(version)),
            stay.left.map(|(_, at)| at).into(),
            stay.left.map_or(Cell::None, |(version, _)| Cell::Number(version)),
        ]);
    }
    out.table(&table, "was never a member, as far as the kept versions tell");
    Ok(())
}

pub(super) fn diff(project: &Project, args: &Diff, out: &mut Output) -> Done {
    if let Some(other) = &args.with {
        return diff_with(project, args, other, out);
    }
    let audience = &project.catalogue.get(&args.label)?.audience;
    let to = args.to.unwrap_or(audience.version);
    let from = args.from.unwrap_or(to.saturating_sub(1));
    let difference =
        operations::difference(&project.store, &project.catalogue, &args.label, from, to)?;
    let limit = limit(args.limit, out);
    let (entered, _) = rows(project, &difference.entered_sql, limit)?;
    let (left, _) = rows(project, &difference.left_sql, limit)?;
    match out.format {
        Format::Json => out.json(&json!({
            "label": audience.label, "from": from, "to": to,
            "entered": difference.entered, "left": difference.left,
            "entered_keys": entered.json(), "left_keys": left.json(),
        })),
        Format::Csv => out.exact(&entered.with_column("change", "entered", left, "left").csv()),
        Format::Text => {
            let title = format!("{}, version {from} to {to}", audience.label);
            let parts = [("entered", difference.entered, entered), ("left", difference.left, left)];
            print_parts(&title, parts, limit, out);
        }
    }
    Ok(())
}

/// Two audiences, as they are now.
fn diff_with(project: &Project, args: &Diff, other: &str, out: &mut Output) -> Done {
    let catalogue = &project.catalogue;
    let (first, second) = (&catalogue.get(&args.label)?.audience, &catalogue.get(other)?.audience);
    let found = operations::difference_of(&project.store, catalogue, &first.label, &second.label)?;
    let limit = limit(args.limit, out);
    let (in_first, _) = rows(project, &found.left_sql, limit)?;
    let (in_second, _) = rows(project, &found.entered_sql, limit)?;
    let both = first.size.saturating_sub(found.left);
    match out.format {
        Format::Json => out.json(&json!({
            "first": first.label, "second": second.label, "both": both,
            "only_first": found.left, "only_second": found.entered,
            "only_first_keys": in_first.json(), "only_second_keys": in_second.json(),
        })),
        Format::Csv => {
            let (a, b) = (&first.label, &second.label);
            out.exact(&in_first.with_column("only_in", a, in_second, b).csv());
        }
        Format::Text => {
            let title = format!("{}, {}: {} in both", first.label, second.label, count(both));
            let (a, b) = (format!("only in {}", first.label), format!("only in {}", second.label));
            let parts = [(a.as_str(), found.left, in_first), (&b, found.entered, in_second)];
            print_parts(&title, parts, limit, out);
        }
    }
    Ok(())
}

/// Two parts of what is compared: how many, and the first keys.
fn print_parts(
    title: &str,
    parts: [(&str, u64, Table); 2],
    limit: Option<usize>,
    out: &mut Output,
) {
    let mut text = format!("{title}\n");
    for (words, all, keys) in parts {
        text.push_str(&format!("\n{} {words}\n", count(all)));
        if !keys.is_empty() {
            text.push_str(&out.table_text(&keys));
        }
        if limit.is_some_and(|limit| all > limit as u64) {
            text.push_str("…\n");
        }
    }
    out.print(&text);
}

/// The table of versions, as [`version_row`] fills it.
pub(in crate::cli) fn versions_table() -> Table {
    Table::new(["version", "at", "size", "entered", "left", "changed", "run"])
}

/// A version as a row.
pub(in crate::cli) fn version_row(version: &VersionInfo) -> [Cell; 7] {
    [
        Cell::Number(version.version),
        version.at.into(),
        version.size.into(),
        version.entered.into(),
        version.left.into(),
        version.changed.into(),
        version.run.as_str().into(),
    ]
}

/// How many rows of the user's data to show: programs want all of them.
fn limit(asked: Option<usize>, out: &Output) -> Option<usize> {
    asked.or((out.format == Format::Text).then_some(SHOWN))
}

/// The rows of a query as a table, and whether there are more than the limit.
fn rows(
    project: &Project,
    sql: &str,
    limit: Option<usize>,
) -> Result<(Table, bool), Box<Diagnostic>> {
    let columns = project.describe(sql)?;
    let mut table = Table::of_data(columns);
    // One more than is shown tells whether there are more.
    let sql = match limit {
        Some(limit) => format!("SELECT * FROM ({sql}) LIMIT {}", limit + 1),
        None => sql.to_owned(),
    };
    let found = project.rows(&sql)?;
    let more = limit.is_some_and(|limit| found.len() > limit);
    for row in found.iter().take(limit.unwrap_or(usize::MAX)) {
        table.row(row.iter().map(values::cell));
    }
    Ok((table, more))
}
