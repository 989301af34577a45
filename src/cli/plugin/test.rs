//! `camp plugin test`: runs the examples of a plugin, each in a project and a process of its own, so
//! that a crash is the result of one example.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::super::Exit;
use super::super::output::{Format, Output};
use super::{info, is_path};
use crate::diagnostic::{Area, Diagnostic};

use crate::plugin::finder::Finder;
use crate::plugin::manifest::{Example, Manifest};
use crate::plugin::{lock, probe, trust};

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Args {
    /// An installed plugin, or the path of a library
    #[arg(value_name = "NAME|LIBRARY")]
    plugin: String,
}

pub(super) fn run(args: &Args, finder: &Finder, out: &mut Output) -> Exit {
    let library = is_path(&args.plugin).then(|| PathBuf::from(&args.plugin));
    let manifest = match &library {
        Some(path) => of_library(path, out),
        None => info::of_name(&args.plugin, finder).map(|(manifest, _)| manifest),
    };
    let manifest = match manifest {
        Ok(manifest) => manifest,
        Err(wrong) => return out.diagnostic(*wrong),
    };
    // An installed one that did not come with Camp is tested from where it is installed.
    let library = library.or_else(|| {
        finder.find(&args.plugin).filter(|place| !place.shipped).map(|place| place.path)
    });
    let mut results = Vec::new();
    for activity in &manifest.activities {
        for (n, example) in activity.examples.iter().enumerate() {
            let title = match example.title.as_str() {
                "" => format!("{}, example {}", activity.name, n + 1),
                title => format!("{}: {title}", activity.name),
            };
            let result = one(example, library.as_deref());
            if out.format != Format::Json {
                let line = match &result {
                    Ok(()) => format!("ok    {title}\n"),
                    Err(why) => format!("WRONG {title}\n{}\n", indented(why)),
                };
                out.print(&line);
            }
            results.push((title, result));
        }
    }
    if out.format == Format::Json {
        let list: Vec<_> = results
            .iter()
            .map(|(title, r)| serde_json::json!({"example": title, "ok": r.is_ok(), "why": r.as_ref().err()}))
            .collect();
        out.json(&list);
    }
    let wrong = results.iter().filter(|(_, r)| r.is_err()).count();
    out.say(&format!("{} examples, {wrong} wrong", results.len()));
    if wrong == 0 { Exit::FINE } else { Exit::of_area(Area::Plugin) }
}

fn of_library(path: &Path, out: &mut Output) -> Result<Manifest, Box<Diagnostic>> {
    let bytes = trust::read(path)?;
    out.say(&format!("{} {}", path.display(), lock::hash(&bytes)));
    Ok(probe::probe(&trust::private_copy(&bytes)?, path)?.manifest)
}

fn indented(text: &str) -> String {
    text.lines().map(|l| format!("      {l}")).collect::<Vec<_>>().join("\n")
}

/// Runs one example; what is wrong with it.
fn one(example: &Example, library: Option<&Path>) -> Result<(), String> {
    let folder = scratch().map_err(|e| e.to_string())?;
    let result = in_folder(example, library, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn scratch() -> std::io::Result<PathBuf> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("camp-plugin-test-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder)?;
    Ok(folder)
}

fn in_folder(example: &Example, library: Option<&Path>, folder: &Path) -> Result<(), String> {
    let system = |e: std::io::Error| e.to_string();
    std::fs::write(folder.join("camp.toml"), "timezone = \"UTC\"\n").map_err(system)?;
    for (name, text) in &example.files {
        let inside =
            Path::new(name).components().all(|c| matches!(c, std::path::Component::Normal(_)));
        if !inside {
            return Err(format!("the file `{name}` is not beside the script"));
        }
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(system)?;
        }
        std::fs::write(path, text).map_err(system)?;
    }
    let mut script = example.script.clone();
    script.push('\n');
    for transition in example.expect.keys() {
        script.push_str(&format!("export {transition} to \"{}\"\n", file_of(transition)));
    }
    std::fs::write(folder.join("example.camp"), script).map_err(system)?;
    if let Some(library) = library {
        let library = library.canonicalize().map_err(system)?;
        let added = camp(folder, &["plugin", "add", "--yes", &library.to_string_lossy()])?;
        if !added.ok {
            return Err(added.stderr);
        }
    }
    const RUN: [&str; 4] = ["run", "example.camp", "--as-of", "2026-11-24T05:00:00Z"];
    let mut ran = if example.dry_run {
        camp(folder, &[&RUN[..], &["--dry-run"]].concat())?
    } else {
        camp(folder, &RUN)?
    };
    // The files that show the rows are written by themselves, without what the dry run left out.
    for transition in example.expect.keys().filter(|_| example.dry_run) {
        if ran.ok {
            ran = camp(folder, &[&RUN[..], &["--only", &file_of(transition)]].concat())?;
        }
    }
    match (&example.error, ran.ok) {
        (Some(_), true) => Err("it runs, and should fail".into()),
        (Some(code), false) if ran.stderr.contains(code.as_str()) || !ran.crashed => Ok(()),
        (Some(_), false) => Err(ran.stderr),
        (None, false) => Err(ran.stderr),
        (None, true) => {
            for (transition, expected) in &example.expect {
                let found =
                    std::fs::read_to_string(folder.join(file_of(transition))).map_err(system)?;
                compare(transition, expected, &found)?;
            }
            Ok(())
        }
    }
}

/// Where the rows of a transition are exported to.
fn file_of(transition: &str) -> String {
    format!("out_{transition}.csv")
}

struct Ran {
    ok: bool,
    crashed: bool,
    stderr: String,
}

fn camp(folder: &Path, args: &[&str]) -> Result<Ran, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let output = Command::new(program)
        .current_dir(folder)
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .map_err(|e| e.to_string())?;
    let mut stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code().is_none() {
        stderr.push_str(&format!("the process ended with {}", output.status));
    }
    Ok(Ran { ok: output.status.success(), crashed: output.status.code().is_none(), stderr })
}

/// Compares two tables: the expected columns by name, the rows in any order.
fn compare(transition: &str, expected: &str, found: &str) -> Result<(), String> {
    let (names, rows) = table(expected);
    let (has, found_rows) = table(found);
    let mut at = Vec::new();
    for name in &names {
        let place = has.iter().position(|h| h == name);
        at.push(place.ok_or_else(|| format!("`{transition}` has no column `{name}`"))?);
    }
    let picked = found_rows
        .iter()
        .map(|row| at.iter().map(|&n| row.get(n).cloned().unwrap_or_default()).collect());
    if counted(rows.into_iter()) == counted(picked) {
        return Ok(());
    }
    Err(format!("`{transition}` has other rows\nexpected:\n{expected}\nfound:\n{found}"))
}

fn counted(rows: impl Iterator<Item = Vec<String>>) -> BTreeMap<Vec<String>, usize> {
    let mut counts = BTreeMap::new();
    rows.for_each(|row| *counts.entry(row).or_insert(0) += 1);
    counts
}

/// A table as CSV, whose values may stand in quotes.
fn table(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = Vec::new();
    let mut value = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => {
                chars.next();
                value.push('"');
            }
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut value)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut value));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => value.push(c),
        }
    }
    if !value.is_empty() || !row.is_empty() {
        row.push(value);
        rows.push(row);
    }
    let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
    (header, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_compared_by_name_in_any_order() {
        let found = "id,email,extra\n2,\"a, b\",x\n1,,y\n";
        assert!(compare("t", "email,id\n,1\n\"a, b\",2\n", found).is_ok());
        assert!(compare("t", "id\n1\n", found).is_err(), "a row too few");
        assert!(compare("t", "phone\n1\n", found).unwrap_err().contains("`phone`"));
    }
}
