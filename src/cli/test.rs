//! `camp test`

use std::path::PathBuf;

use serde_json::{Value, json};

use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use super::table::{Cell, Table};
use super::{Exit, interrupt, junit, scripts};
use crate::diagnostic::codes::{unit_tests as codes, usage};
use crate::diagnostic::render::record;
use crate::diagnostic::{Area, Diagnostic, Diagnostics};
use crate::session::Session;
use crate::unit_tests::{TestReport, Verdict};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts with tests, and folders with such scripts; `-` is the standard input
    #[arg(required = true, value_name = "PATHS")]
    paths: Vec<String>,
    /// Only tests whose label has these words in it
    #[arg(long, value_name = "WORDS")]
    name: Option<String>,
    /// Also write the results as JUnit XML, for build servers
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let mut found = Diagnostics::default();
    let files = scripts::named(&args.paths, &mut found);
    let settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    let wanted = |label: &str| args.name.as_ref().is_none_or(|words| label.contains(words));
    let text = out.format == Format::Text;
    let mut reports: Vec<TestReport> = Vec::new();
    for file in &files {
        let mut first = true;
        let done = session.test(file, &wanted, &mut |report| {
            if text {
                let heading =
                    if std::mem::take(&mut first) { format!("{file}\n") } else { String::new() };
                out.print(&format!("{heading}{}", told(report)));
            }
        });
        match done {
            Ok(done) => reports.extend(done),
            Err(_) if asked.already() => {
                out.say("interrupted");
                return Exit::INTERRUPTED;
            }
            Err(wrong) => found.extend(wrong),
        }
    }
    if reports.is_empty() && found.is_empty() {
        let title = match &args.name {
            Some(words) => format!("No test has \"{words}\" in its label"),
            None => format!("There is no test in {}", args.paths.join(", ")),
        };
        return out.diagnostic(
            Diagnostic::error(codes::NO_TESTS, title)
                .help("write one: `test \"…\" given … expect …`"),
        );
    }
    match out.format {
        Format::Text => {}
        Format::Json => {
            let tests: Vec<Value> = reports.iter().map(|r| as_json(r, &session)).collect();
            let count = |v| reports.iter().filter(|r| r.verdict == v).count();
            out.json(&json!({
                "passed": count(Verdict::Passed),
                "failed": count(Verdict::Failed),
                "errors": count(Verdict::Error),
                "tests": tests,
            }));
        }
        Format::Csv => out.table(&table(&reports), ""),
    }
    if let Some(path) = &args.junit
        && let Err(error) = std::fs::write(path, junit::xml(&reports))
    {
        let title = format!("`{}` cannot be written", path.display());
        found.push(Diagnostic::error(usage::UNWRITABLE, title).cause(error));
    }
    let broken: Vec<Diagnostic> = reports.iter().flat_map(|r| r.errors.clone()).collect();
    if text && !reports.is_empty() {
        out.print(&format!("\n{}\n", summary(&reports)));
    }
    found.extend(broken);
    let exit = out.diagnostics(found, &session.sources);
    let failed = reports.iter().any(|r| r.verdict == Verdict::Failed);
    if exit == Exit::FINE && failed { Exit::of_area(Area::Expectation) } else { exit }
}

/// A test as people read it.
fn told(report: &TestReport) -> String {
    let word = match report.verdict {
        Verdict::Passed => "ok",
        Verdict::Failed => "FAILED",
        Verdict::Error => "ERROR",
    };
    let mut text = format!("  {word:<6}  {}  ({} ms)\n", report.label, report.millis);
    for failure in &report.failures {
        text += &format!("          line {}: {}\n", failure.line, failure.expectation);
        for detail in &failure.details {
            text += &format!("            {detail}\n");
        }
    }
    for error in &report.errors {
        text += &format!("          {}\n", error.title);
    }
    text
}

fn summary(reports: &[TestReport]) -> String {
    let count = |v| reports.iter().filter(|r| r.verdict == v).count();
    let (passed, failed, errors) =
        (count(Verdict::Passed), count(Verdict::Failed), count(Verdict::Error));
    let all = reports.len();
    let mut parts = vec![format!("{all} test{}: {passed} passed", if all == 1 { "" } else { "s" })];
    if failed > 0 {
        parts.push(format!("{failed} failed"));
    }
    if errors > 0 {
        parts.push(format!("{errors} could not be run"));
    }
    parts.join(", ")
}

fn as_json(report: &TestReport, session: &Session) -> Value {
    let mut value = json!(report);
    if let Some(object) = value.as_object_mut() {
        let errors: Vec<_> = report.errors.iter().map(|d| record(d, &session.sources)).collect();
        object.insert("errors".into(), json!(errors));
    }
    value
}

fn table(reports: &[TestReport]) -> Table {
    let mut table = Table::new(["file", "line", "test", "verdict", "millis", "details"]);
    for report in reports {
        let verdict = match report.verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Error => "error",
        };
        let failures =
            report.failures.iter().map(|f| format!("{}: {}", f.expectation, f.details.join("; ")));
        let errors = report.errors.iter().map(|d| d.title.clone());
        let details: Vec<String> = failures.chain(errors).collect();
        table.row([
            report.file.as_str().into(),
            Cell::Number(report.line as u64),
            report.label.as_str().into(),
            verdict.into(),
            Cell::Number(report.millis),
            details.join("\n").into(),
        ]);
    }
    table
}
