//! Compares what a run did with what its case says. Everything that differs is listed, not only
//! the first.

use std::path::Path;

use duckdb::Connection;
use serde_json::Value;

use super::case::{After, Expected, Fact};
use super::database::{self, ident};
use super::drive::{Outcome, Seen};

/// Expected and reported diagnostics: each expectation fits one, and none is left over.
pub fn diagnostics(expected: &[Expected], seen: &[Seen], problems: &mut Vec<String>) {
    let mut left: Vec<&Seen> = seen.iter().collect();
    for wanted in expected {
        match left.iter().position(|s| fits(wanted, s)) {
            Some(at) => {
                left.remove(at);
            }
            None => problems.push(format!("line {}: not reported: {wanted:?}", wanted.line)),
        }
    }
    for extra in left {
        problems.push(format!("not expected: {extra}"));
    }
}

fn fits(wanted: &Expected, seen: &Seen) -> bool {
    let part = |wanted: &Option<String>, seen: &Option<String>| {
        wanted.as_ref().is_none_or(|w| seen.as_ref().is_some_and(|s| s.contains(w.as_str())))
    };
    wanted.warning == seen.warning
        && wanted.on_line.is_none_or(|line| seen.line == Some(line))
        && wanted.code.as_ref().is_none_or(|code| *code == seen.code)
        && wanted.at.as_ref().is_none_or(|at| seen.at.as_ref() == Some(at))
        && wanted.title.as_ref().is_none_or(|t| seen.title.contains(t.as_str()))
        && part(&wanted.help, &seen.help)
        && part(&wanted.cause, &seen.cause)
        && part(&wanted.label, &seen.label)
}

/// One fact; what is wrong with it.
pub fn fact(
    after: &After,
    outcome: &Outcome,
    db: &Connection,
    folder: &Path,
) -> Result<(), String> {
    let report = outcome.report.as_ref().unwrap_or(&Value::Null);
    match &after.fact {
        Fact::Members { label, columns, rows } => members(db, label, columns, rows),
        Fact::Columns { label, columns } => {
            let stored = database::columns(db, label)?;
            let same = stored.len() == columns.len()
                && stored
                    .iter()
                    .zip(columns)
                    .all(|(s, (name, ty))| s.0 == *name && ty.as_ref().is_none_or(|ty| *ty == s.1));
            check(same, || format!("columns of `{label}`: {stored:?}"))
        }
        Fact::Audiences(labels) => {
            let mut wanted = labels.clone();
            wanted.sort();
            let stored: Vec<String> = database::snapshot(db)?.into_keys().collect();
            check(stored == wanted, || format!("audiences: {stored:?}"))
        }
        Fact::Saved { label, numbers } => {
            let save = list(report, "saves").find(|s| s["label"] == label.as_str());
            let Some(save) = save else { return Err(format!("no save of `{label}` reported")) };
            for (name, number) in numbers {
                let key = if name == "of" { "dimension_size" } else { name };
                check(save[key].as_u64() == Some(*number), || {
                    format!("`{label}`: {name} is {}, not {number}", save[key])
                })?;
            }
            Ok(())
        }
        Fact::Count { transition, rows } => number(report, transition, "rows", *rows),
        Fact::LeftOut { transition, rows } => number(report, transition, "missing_key", *rows),
        Fact::Skipped(words) => {
            let skipped: Vec<u64> = list(report, "steps")
                .filter(|s| s["skipped"] == true)
                .filter_map(|s| s["line"].as_u64())
                .collect();
            let lines = outcome.script.lines().zip(1..);
            let wanted: Vec<u64> = lines
                .filter(|(l, _)| !l.starts_with('#') && l.contains(words))
                .map(|l| l.1)
                .collect();
            check(wanted.len() == 1, || format!("`{words}` is on {} lines", wanted.len()))?;
            check(skipped.contains(&wanted[0]), || format!("skipped lines: {skipped:?}"))
        }
        Fact::Note(words) => {
            let notes: Vec<&str> =
                list(report, "steps").filter_map(|s| s["note"].as_str()).collect();
            check(notes.iter().any(|n| n.contains(words)), || format!("notes: {notes:?}"))
        }
        Fact::Exported { path, rows } => {
            let export = list(report, "exports").find(|e| {
                let told = e["path"].as_str().unwrap_or_default();
                told.trim_start_matches("./") == path
            });
            check(export.is_some_and(|e| e["rows"] == *rows), || {
                format!("export of {path}: {export:?}, not {rows} rows")
            })
        }
        Fact::Output { path, text } => {
            let found =
                std::fs::read_to_string(folder.join(path)).map_err(|e| format!("{path}: {e}"))?;
            check(found == *text, || format!("{path} holds {found:?}"))
        }
        Fact::NoOutput(path) => check(!folder.join(path).exists(), || format!("{path} exists")),
        Fact::Query { sql, rows } => {
            let sql = sql.replace("{dir}", &folder.display().to_string());
            let found: Vec<String> =
                database::rows(db, &sql)?.into_iter().map(|r| r.join(" | ")).collect();
            check(found == *rows, || format!("the query gives {found:?}"))
        }
        Fact::Stdout(text) => check(outcome.stdout == *text, || {
            format!("prints {:?}\n{}", outcome.stdout, outcome.stderr)
        }),
        Fact::Prints(words) => {
            check(outcome.stdout.contains(words) || outcome.stderr.contains(words), || {
                format!("prints\n{}\n{}", outcome.stdout, outcome.stderr)
            })
        }
    }
    .map_err(|problem| format!("line {}: {problem}", after.line))
}

fn check(holds: bool, problem: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(problem()) }
}

fn list<'v>(report: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    report[key].as_array().into_iter().flatten()
}

fn number(report: &Value, transition: &str, key: &str, wanted: u64) -> Result<(), String> {
    let found = list(report, "steps")
        .flat_map(|s| list(s, "transitions"))
        .find(|t| t["name"] == transition);
    let Some(found) = found else { return Err(format!("no transition `{transition}` reported")) };
    check(found[key].as_u64() == Some(wanted), || {
        format!("`{transition}`: {key} is {}, not {wanted}", found[key])
    })
}

fn members(
    db: &Connection,
    label: &str,
    columns: &[String],
    rows: &[Vec<String>],
) -> Result<(), String> {
    let stored = database::columns(db, label)?;
    check(!stored.is_empty(), || format!("there is no audience `{label}`"))?;
    let names: Vec<String> = if columns.is_empty() {
        let width = rows.first().map_or(1, Vec::len);
        stored.iter().take(width).map(|c| c.0.clone()).collect()
    } else {
        columns.to_vec()
    };
    check(rows.iter().all(|r| r.len() == names.len()), || "rows of unequal length".into())?;
    let names: Vec<String> = names.iter().map(|n| ident(n)).collect();
    let sql = format!("SELECT {} FROM audience.{}", names.join(", "), ident(label));
    let mut found = database::rows(db, &sql)?;
    let mut wanted = rows.to_vec();
    found.sort();
    wanted.sort();
    check(found == wanted, || format!("`{label}` holds {found:?}, not {wanted:?}"))
}
