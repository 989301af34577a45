//! Every file under `tests/cases/` is a test of its own; `tests/cases/README.md` describes them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::support::case::{Before, Case, Run};
use crate::support::database::{self, Snapshot};
use crate::support::{compare, drive};

/// A test for each case of a folder. The name is the file's, with `n` before a number.
macro_rules! cases {
    ($stage:ident: $($name:ident)*) => {
        mod $stage {
            $(#[test] fn $name() { super::run(stringify!($stage), stringify!($name)); })*
        }
    };
}

include!("cases/list.rs");

/// What cases give does not depend on the passes that share work: without them, all that run give
/// the same. In parts, which run beside each other.
fn without_sharing(part: usize) {
    drive::SHARES_NOTHING.set(true);
    let mut names = Vec::new();
    for stage in ["run", "field"] {
        for entry in std::fs::read_dir(folder().join(stage)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "camp") {
                names.push((stage, path.file_stem().unwrap().to_str().unwrap().to_owned()));
            }
        }
    }
    names.sort();
    assert!(names.len() > 200, "{} cases", names.len());
    for (stage, name) in names.iter().skip(part).step_by(PARTS) {
        run(stage, name);
    }
}

const PARTS: usize = 4;

#[test]
fn cases_hold_without_sharing_1() {
    without_sharing(0);
}

#[test]
fn cases_hold_without_sharing_2() {
    without_sharing(1);
}

#[test]
fn cases_hold_without_sharing_3() {
    without_sharing(2);
}

#[test]
fn cases_hold_without_sharing_4() {
    without_sharing(3);
}

/// How far a case goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Only read.
    Parse,
    /// Read and checked.
    Check,
    /// Run.
    Run,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

const STAGES: [&str; 5] = ["parse", "check", "run", "field", "fixme"];

fn run(stage: &str, name: &str) {
    let numbered = |n: &str| n.starts_with(|c: char| c.is_ascii_digit());
    let file = name.strip_prefix('n').filter(|n| numbered(n)).unwrap_or(name);
    let path = folder().join(stage).join(format!("{file}.camp"));
    let wanted = if stage == "fixme" { file.split('_').next().unwrap() } else { stage };
    let how = match wanted {
        "parse" => Stage::Parse,
        "check" => Stage::Check,
        _ => Stage::Run,
    };
    let problems = match Case::read(&path) {
        Ok(case) => try_case(&case, how),
        Err(problem) => vec![problem],
    };
    if stage == "fixme" {
        let mended = problems.is_empty();
        assert!(!mended, "mended: move {} to the folder of its stage", path.display());
    } else {
        assert!(problems.is_empty(), "{}\n{}\n", path.display(), problems.join("\n"));
    }
}

/// Everything that is wrong with a case.
fn try_case(case: &Case, stage: Stage) -> Vec<String> {
    let mut problems = Vec::new();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("case.camp"), &case.text).unwrap();
    std::fs::create_dir(folder.join("data")).unwrap();
    std::fs::create_dir(folder.join("out")).unwrap();
    // What a script says nothing of is in UTC, without the warning that would otherwise be due.
    std::fs::write(folder.join("camp.toml"), "timezone = \"UTC\"\n").unwrap();
    for (number, run) in case.runs.iter().enumerate() {
        let mut found = Vec::new();
        if let Err(problem) = one_run(folder, run, stage, &mut found) {
            found.push(problem);
        }
        problems.extend(found.into_iter().map(|p| format!("run {}: {p}", number + 1)));
    }
    problems
}

fn one_run(
    folder: &Path,
    run: &Run,
    stage: Stage,
    problems: &mut Vec<String>,
) -> Result<(), String> {
    let database = folder.join("camp.duckdb");
    for step in &run.before {
        prepare(folder, step, run)?;
    }
    let before = database::snapshot(&database::open(&database)?)?;
    let files = files(folder);
    let outcome = drive::drive(folder, run, stage)?;
    if std::env::var_os("CAMP_SHOW").is_some() {
        outcome.diagnostics.iter().for_each(|seen| println!("{seen}"));
    }
    compare::diagnostics(&run.diagnostics, &outcome.diagnostics, problems);
    if let Some(exit) = run.exit
        && exit != outcome.exit
    {
        problems.push(format!("exit code {}, not {exit}\n{}", outcome.exit, outcome.stderr));
    }
    let db = database::open(&database)?;
    for after in &run.after {
        if let Err(problem) = compare::fact(after, &outcome, &db, folder) {
            problems.push(problem);
        }
    }
    let after = database::snapshot(&db)?;
    if outcome.exit != 0 || run.dry_run || stage != Stage::Run {
        untouched(&before, &after, problems);
        let now = self::files(folder);
        if now != files {
            problems.push(format!("files before {files:?}, after {now:?}"));
        }
    } else if run.command.is_none()
        && let Err(problem) = sound(&db, &after)
    {
        problems.push(problem);
    }
    Ok(())
}

fn prepare(folder: &Path, step: &Before, run: &Run) -> Result<(), String> {
    match step {
        Before::Sql(sql) => {
            let sql = sql.replace("{dir}", &folder.display().to_string());
            let db = database::open(&folder.join("camp.duckdb"))?;
            db.execute_batch(&sql).map_err(|e| format!("{e}\n  in {sql}"))
        }
        Before::File(path, content) => {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).map_err(|e| e.to_string())?;
            std::fs::write(path, content).map_err(|e| e.to_string())
        }
        Before::Script(script) => {
            let scripts = vec![script.clone()];
            let run = Run { scripts, as_of: run.as_of.clone(), ..Run::default() };
            let outcome = drive::drive(folder, &run, Stage::Run)?;
            if outcome.exit == 0 { Ok(()) } else { Err(format!("{script}: {}", outcome.stderr)) }
        }
    }
}

/// A run that ends with an error leaves no trace in any audience.
fn untouched(before: &Snapshot, after: &Snapshot, problems: &mut Vec<String>) {
    if before != after {
        problems.push(format!("it failed, and audiences changed from {before:?} to {after:?}"));
    }
}

/// Each audience has as many rows as the catalogue says, and each key once.
fn sound(db: &duckdb::Connection, audiences: &Snapshot) -> Result<(), String> {
    for (label, (_, rows)) in audiences {
        let said = database::catalogue_entry(db, label)?;
        let (size, key) = said.ok_or_else(|| format!("`{label}` is not in the catalogue"))?;
        if size != rows.len() as u64 {
            return Err(format!("`{label}` has {} rows, the catalogue says {size}", rows.len()));
        }
        let mut keys: Vec<_> = rows.iter().map(|r| &r[..key]).collect();
        keys.sort();
        keys.dedup();
        if keys.len() != rows.len() {
            return Err(format!("`{label}` holds a key twice"));
        }
        if keys.iter().any(|k| k.iter().any(|v| v == database::MISSING)) {
            return Err(format!("`{label}` holds a row without its key"));
        }
    }
    Ok(())
}

/// The data files of a case's folder, with their sizes; not what the engine and the log need.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut out = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with("camp.duckdb") || name.starts_with(".camp") {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else {
                out.push((path.clone(), entry.metadata().unwrap().len()));
            }
        }
    }
    out.sort();
    out
}

#[test]
fn the_list_names_every_case() {
    let mut list = String::from("// Written by `CAMP_BLESS=1 cargo test --test main the_list`.\n");
    for stage in STAGES {
        let mut names: Vec<String> = std::fs::read_dir(folder().join(stage))
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| Some(e.file_name().to_str()?.strip_suffix(".camp")?.to_owned()))
            .collect();
        names.sort();
        write!(list, "\ncases! {{ {stage}:\n").unwrap();
        for name in names {
            let letter = if name.starts_with(|c: char| c.is_ascii_digit()) { "n" } else { "" };
            writeln!(list, "    {letter}{name}").unwrap();
        }
        list.push_str("}\n");
    }
    let path = folder().join("list.rs");
    if std::env::var_os("CAMP_BLESS").is_some() {
        std::fs::write(path, list).unwrap();
    } else {
        let help = "add the new case by `CAMP_BLESS=1 cargo test --test main the_list`";
        assert_eq!(std::fs::read_to_string(path).unwrap(), list, "{help}");
    }
}

#[test]
fn a_case_says_what_it_protects() {
    for stage in STAGES {
        for entry in std::fs::read_dir(folder().join(stage)).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|e| e != "camp") {
                continue;
            }
            let case = Case::read(&path).unwrap();
            assert!(case.text.starts_with("# "), "{} says nothing first", case.name);
            let looks = case
                .runs
                .iter()
                .any(|r| !r.after.is_empty() || !r.diagnostics.is_empty() || r.exit.is_some());
            assert!(looks || stage == "parse", "{} expects nothing", case.name);
        }
    }
}
