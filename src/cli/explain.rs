//! `camp explain`

use std::collections::BTreeMap;

use serde_json::json;

use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt, scripts};
use crate::engine::duckdb::measure::Measured;
use crate::numbers;
use crate::session::{Analyzed, AnalyzedStep, ExplainedStep, Session};
use crate::terminal::visible_line;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts that would run together, or folders of them; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
    /// Compute everything, save nothing, and tell time and rows of each step and what it reads
    #[arg(long, help_heading = "Script")]
    analyze: bool,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files = match scripts::together(&args.files, out) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    let explained = match args.analyze {
        true => session.analyze(&files),
        false => session.explain(&files).map(|steps| Analyzed {
            steps: steps.into_iter().map(|step| AnalyzedStep { step, measured: None }).collect(),
            beside: Vec::new(),
        }),
    };
    let explained = match explained {
        Ok(explained) => explained,
        Err(_) if asked.already() => return Exit::INTERRUPTED,
        Err(found) => return out.diagnostics(found, &session.sources),
    };
    if out.format == Format::Json {
        let steps: Vec<_> = explained.steps.iter().map(|step| as_json(step, &session)).collect();
        out.json(&steps);
        return Exit::FINE;
    }
    let mut text = String::new();
    for (number, step) in explained.steps.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        text.push_str(&as_text(number + 1, step, &session));
    }
    if args.analyze {
        text.push_str(&totals(&explained));
    }
    out.exact(&text);
    Exit::FINE
}

/// File and line of the clauses that a step came from.
fn places(step: &AnalyzedStep, session: &Session) -> Vec<(String, usize)> {
    let places = step.step.places.iter().filter_map(|&span| session.sources.place(span));
    let mut places: Vec<_> = places.map(|p| (p.file, p.line)).collect();
    places.dedup();
    places
}

fn as_json(step: &AnalyzedStep, session: &Session) -> serde_json::Value {
    let places: Vec<_> = places(step, session)
        .into_iter()
        .map(|(file, line)| json!({"file": file, "line": line}))
        .collect();
    let ExplainedStep { title, sql, notes, .. } = &step.step;
    let mut record = json!({"title": title, "places": places, "sql": sql, "notes": notes});
    if let (Some(measured), Some(record)) = (&step.measured, record.as_object_mut()) {
        record.insert("millis".into(), json!(measured.time.as_secs_f64() * 1000.0));
        record.insert("rows".into(), json!(measured.rows));
        record.insert("scans".into(), json!(measured.scans));
    }
    record
}

/// All but the statement as comments, so that it can be given to the engine as it is.
fn as_text(number: usize, step: &AnalyzedStep, session: &Session) -> String {
    let mut text = format!("-- {number}. {}", visible_line(&step.step.title));
    let places: Vec<String> =
        places(step, session).into_iter().map(|(file, line)| format!("{file}:{line}")).collect();
    if !places.is_empty() {
        text.push_str(&format!(" ({})", visible_line(&places.join(", "))));
    }
    for note in &step.step.notes {
        text.push_str(&format!("\n--    {}", visible_line(note)));
    }
    if let Some(measured) = &step.measured {
        text.push_str(&format!(
            "\n--    {}, {}",
            numbers::duration(measured.time),
            numbers::counted(measured.rows, "row")
        ));
        for scan in &measured.scans {
            text.push_str(&format!(
                "\n--    reads {}: {}, {:.0} ms of all threads",
                visible_line(&scan.source),
                numbers::counted(scan.rows, "row"),
                scan.millis
            ));
        }
    }
    let sql = step.step.sql.trim_end().trim_end_matches(';');
    format!("{text}\n{sql};\n")
}

/// What stands at the end: all other statements, and how often each source was read.
fn totals(explained: &Analyzed) -> String {
    let steps = explained.steps.iter().filter_map(|s| s.measured.as_ref());
    let all: Vec<&Measured> = steps.chain(&explained.beside).collect();
    let time = |of: &[&Measured]| numbers::duration(of.iter().map(|m| m.time).sum());
    let beside: Vec<&Measured> = explained.beside.iter().collect();
    let mut text = format!(
        "\n-- {} in all; {} of it for {} statements that are no step, such as comparisons with what \
         was saved\n",
        time(&all),
        time(&beside),
        beside.len()
    );
    let mut sources: BTreeMap<&str, usize> = BTreeMap::new();
    for scan in all.iter().flat_map(|m| &m.scans) {
        // Tables of the run itself are no sources.
        if !scan.source.starts_with("\"temp\".") {
            *sources.entry(scan.source.as_str()).or_default() += 1;
        }
    }
    for (source, times) in sources {
        let times = match times {
            1 => "once".to_owned(),
            n => format!("{n} times"),
        };
        text.push_str(&format!("-- {} is read {times}\n", visible_line(source)));
    }
    text
}
