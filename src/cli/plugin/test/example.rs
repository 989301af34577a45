//! The examples of a manifest, run as campaigns.

use std::io::Write;
use std::path::Path;

use super::cases::{files, unchanged};
use super::process::camp;
use super::tables;
use crate::diagnostic::render::Record;
use crate::plugin::kit::{AS_OF, SCRIPT};
use crate::plugin::manifest::{Activity, Example, ExampleError, Kind};

/// An example runs, and gives the rows that it says; or fails as it says. One of a delivery rehearses,
/// and every row must have been looked at.
pub(super) fn runs(activity: &Activity, example: &Example, folder: &Path) -> Result<(), String> {
    if let Some(wanted) = &example.error {
        return fails(example, wanted, folder);
    }
    if activity.kind == Kind::Delivery {
        let report = well(folder, &["--dry-run"])?;
        let mut rows = 0;
        for delivery in report["deliveries"].as_array().into_iter().flatten() {
            if delivery["checked"] != delivery["rows"] {
                return Err(format!("not every row was checked: {delivery}"));
            }
            rows += delivery["rows"].as_u64().unwrap_or_default();
        }
        return match rows {
            0 => Err("the example delivers nothing".into()),
            _ => Ok(()),
        };
    }
    let text = |e: std::io::Error| e.to_string();
    let script = folder.join("work").join(SCRIPT);
    let mut script = std::fs::OpenOptions::new().append(true).open(script).map_err(text)?;
    for transition in example.expect.keys() {
        writeln!(script, "export {transition} to \"out_{transition}.csv\"").map_err(text)?;
    }
    drop(script);
    well(folder, &[])?;
    for (transition, expected) in &example.expect {
        let file = folder.join("work").join(format!("out_{transition}.csv"));
        let found = std::fs::read_to_string(file).map_err(text)?;
        tables::compare(transition, expected, &found)?;
    }
    Ok(())
}

/// A dry run goes well and changes no file.
pub(super) fn rehearses(folder: &Path) -> Result<(), String> {
    let before = files(&folder.join("work"))?;
    well(folder, &["--dry-run"])?;
    unchanged(&before, &files(&folder.join("work"))?)
}

/// Runs the script, which must go well; its report.
fn well(folder: &Path, more: &[&str]) -> Result<serde_json::Value, String> {
    let ran =
        camp(folder, &[&["run", SCRIPT, "--as-of", AS_OF, "--format", "json"], more].concat())?;
    if let Some(how) = ran.crashed() {
        return Err(how);
    }
    if !ran.status.success() {
        let records = records(&ran.stderr);
        let words: Vec<String> = records.iter().map(in_words).collect();
        return Err(if words.is_empty() { ran.stderr } else { words.join("\n") });
    }
    serde_json::from_str(&ran.stdout)
        .map_err(|_| format!("it writes to the standard output:\n{}", ran.stdout))
}

fn in_words(record: &Record) -> String {
    let place = record.place.as_ref().map(|p| format!(" (line {})", p.line)).unwrap_or_default();
    let cause = record.cause.as_ref().map(|c| format!(": {c}")).unwrap_or_default();
    format!("{} {}{place}{cause}", record.code, record.title)
}

fn records(stderr: &str) -> Vec<Record> {
    stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The script fails with the code, the words and the place that the example states.
fn fails(example: &Example, wanted: &ExampleError, folder: &Path) -> Result<(), String> {
    let ran = camp(folder, &["run", SCRIPT, "--as-of", AS_OF, "--format", "json"])?;
    if let Some(how) = ran.crashed() {
        return Err(how);
    }
    if ran.status.success() {
        return Err(format!("it runs, and should fail with `{}`", wanted.code));
    }
    let found = records(&ran.stderr);
    let code = |r: &Record| {
        r.code == wanted.code
            || r.name == wanted.code
            || r.plugin_code.as_ref() == Some(&wanted.code)
    };
    let fits = |r: &Record| {
        code(r)
            && r.title.contains(&wanted.message)
            && (wanted.at.is_empty() || underlined(&example.script, r) == wanted.at)
    };
    if found.iter().any(fits) {
        return Ok(());
    }
    let wants = format!("`{}` {:?} at {:?} is wanted", wanted.code, wanted.message, wanted.at);
    let given: Vec<String> = found
        .iter()
        .map(|r| {
            let code = r.plugin_code.as_ref().unwrap_or(&r.code);
            format!("`{code}` {:?} at {:?} is given", r.title, underlined(&example.script, r))
        })
        .collect();
    Err(format!("{wants}\n{}", given.join("\n")))
}

/// The piece of the script that a diagnostic underlines; of several lines, the first.
fn underlined(script: &str, record: &Record) -> String {
    let Some(place) = &record.place else { return String::new() };
    let line = script.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
    let end = if place.end_line == place.line { place.end_column } else { usize::MAX };
    let from = place.column.saturating_sub(1);
    line.chars().take(end.saturating_sub(1)).skip(from).collect()
}
