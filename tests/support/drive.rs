//! Runs the program on a case, and reads its machine-readable output: what a scheduler would see.

use std::cell::Cell;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use camp::plan::passes::Passes;
use serde_json::Value;

use super::case::Run;
use crate::cases::Stage;

std::thread_local! {
    /// Whether runs of cases go without every pass that shares work.
    pub static SHARES_NOTHING: Cell<bool> = const { Cell::new(false) };
}

/// The instant of a run whose case states none: nothing depends on the machine's clock.
pub const AS_OF: &str = "2025-06-30T12:00:00Z";

/// The code of «is never used».
const UNUSED: &str = "W0902";

/// What a run did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The program's exit code; -1 when a signal ended it.
    pub exit: i32,
    /// Errors and warnings, guards that did not hold among them.
    pub diagnostics: Vec<Seen>,
    /// The report.
    pub report: Option<Value>,
    /// The text of the first script.
    pub script: String,
    pub stdout: String,
    pub stderr: String,
}

/// A reported diagnostic.
#[derive(Debug, Default)]
pub struct Seen {
    pub code: String,
    pub warning: bool,
    pub title: String,
    /// The line of its primary label.
    pub line: Option<usize>,
    /// The text its primary label covers.
    pub at: Option<String>,
    pub help: Option<String>,
    pub cause: Option<String>,
    /// What its primary label says.
    pub label: Option<String>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.line.unwrap_or(0);
        let at = self.at.as_deref().unwrap_or_default();
        write!(f, "{} at line {line} {at:?}: {}", self.code, self.title)?;
        if let Some(help) = &self.help {
            write!(f, "\n      help: {help}")?;
        }
        if let Some(label) = &self.label {
            write!(f, "\n      label: {label}")?;
        }
        if let Some(cause) = &self.cause {
            write!(f, "\n      cause: {cause}")?;
        }
        Ok(())
    }
}

/// The program of this build, or the one that `CAMP_TEST_PROGRAM` names: what is measured is a release.
pub fn executable() -> PathBuf {
    std::env::var_os("CAMP_TEST_PROGRAM")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_camp")), PathBuf::from)
}

/// The program, in a folder, with nothing of the machine's zone or terminal.
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(executable());
    command.current_dir(folder).env("TZ", "UTC").env("NO_COLOR", "1").env_remove("CAMP_DB");
    command
}

/// Runs a case's scripts.
pub fn drive(folder: &Path, run: &Run, stage: Stage) -> Result<Outcome, String> {
    let mut command = program(folder);
    let scripts: Vec<&str> = if run.scripts.is_empty() {
        vec!["case.camp"]
    } else {
        run.scripts.iter().map(String::as_str).collect()
    };
    let script = std::fs::read_to_string(folder.join(scripts[0])).unwrap_or_default();
    match (&run.command, stage) {
        (Some(words), _) => {
            command.args(words);
        }
        (None, Stage::Parse) => {
            command.args(["debug", "ast", "--format", "json"]).args(&scripts);
        }
        (None, Stage::Check | Stage::Run) => {
            let verb = if stage == Stage::Check { "check" } else { "run" };
            command.args([verb, "--format", "json"]).args(&scripts);
            match run.as_of.as_deref() {
                Some("clock") => {}
                at => {
                    command.args(["--as-of", at.unwrap_or(AS_OF)]);
                }
            }
            for (name, value) in &run.set {
                command.args(["--set", &format!("{name}={value}")]);
            }
            if let Some(threads) = run.threads {
                command.args(["--threads", &threads.to_string()]);
            }
            if run.dry_run {
                command.arg("--dry-run");
            }
        }
    }
    if run.command.is_none() && stage == Stage::Run && SHARES_NOTHING.get() {
        for pass in Passes::names() {
            command.args(["--without", pass]);
        }
    }
    command.envs(run.env.iter().map(|(k, v)| (k, v)));
    let output = command.output().map_err(|e| e.to_string())?;
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let exit = output.status.code().unwrap_or(-1);
    if exit == -1 || exit == 101 {
        return Err(format!("the program broke off: {:?}\n{stderr}", output.status));
    }
    let mut outcome = Outcome { exit, script, ..Outcome::default() };
    if run.command.is_none() {
        for line in stderr.lines() {
            match serde_json::from_str::<Value>(line) {
                Ok(record) => outcome.diagnostics.push(seen(&record, folder)),
                Err(_) => return Err(format!("not a message: {line}\nin {stderr}")),
            }
        }
        outcome.report = serde_json::from_str(&stdout).ok();
        // For a check they are the result.
        let records = outcome.report.iter().flat_map(|r| r["diagnostics"].as_array()).flatten();
        outcome.diagnostics.extend(records.map(|r| seen(r, folder)));
        // That nothing is done with a population is beside the point of a check's case.
        let stated = |s: &Seen| run.diagnostics.iter().any(|d| d.code.as_ref() == Some(&s.code));
        outcome.diagnostics.retain(|s| stage == Stage::Run || s.code != UNUSED || stated(s));
        outcome.diagnostics.extend(outcome.report.iter().flat_map(failed_guards));
    }
    Ok(Outcome { stdout, stderr, ..outcome })
}

fn seen(record: &Value, folder: &Path) -> Seen {
    let text = |key: &str| record[key].as_str().map(str::to_owned);
    let number = |key: &str| record[key].as_u64().map(|n| n as usize);
    let covered = || {
        let file = std::fs::read_to_string(folder.join(record["file"].as_str()?)).ok()?;
        let file = file.strip_prefix('\u{feff}').unwrap_or(&file);
        let at = |line: usize, column: usize| {
            let start: usize = file.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let within: usize = file[start..].chars().take(column - 1).map(char::len_utf8).sum();
            start + within
        };
        let start = at(number("line")?, number("column")?);
        let end = at(number("end_line")?, number("end_column")?);
        file.get(start..end).map(str::to_owned)
    };
    Seen {
        code: text("code").unwrap_or_default(),
        warning: record["severity"] == "warning",
        title: text("title").unwrap_or_default(),
        line: number("line"),
        at: covered(),
        help: text("help"),
        cause: text("cause"),
        label: record["labels"][0]["text"].as_str().map(str::to_owned),
    }
}

/// A guard that did not hold is an error of the run, told by the report.
fn failed_guards(report: &Value) -> Vec<Seen> {
    let guards = report["expectations"].as_array().into_iter().flatten();
    guards
        .filter(|g| g["held"] == false)
        .map(|g| Seen {
            title: g["message"].as_str().or(g["text"].as_str()).unwrap_or_default().to_owned(),
            line: g["line"].as_u64().map(|n| n as usize),
            at: g["text"].as_str().map(str::to_owned),
            ..Seen::default()
        })
        .collect()
}
