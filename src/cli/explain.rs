//! `camp explain`

use serde_json::json;

use super::Exit;
use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use crate::session::Session;
use crate::terminal::visible_line;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts that would run together; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let settings = match project::settings(&args.script, &args.files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let steps = match session.explain(&args.files) {
        Ok(steps) => steps,
        Err(found) => return out.diagnostics(found, &session.sources),
    };
    let places = |step: &crate::session::ExplainedStep| -> Vec<(String, usize)> {
        let mut places: Vec<_> = step
            .places
            .iter()
            .filter_map(|&span| session.sources.place(span))
            .map(|p| (p.file, p.line))
            .collect();
        places.dedup();
        places
    };
    if out.format == Format::Json {
        let steps = steps.iter().map(|step| {
            let places: Vec<_> = places(step)
                .into_iter()
                .map(|(file, line)| json!({"file": file, "line": line}))
                .collect();
            json!({"title": step.title, "places": places, "sql": step.sql})
        });
        out.json(&steps.collect::<Vec<_>>());
        return Exit::FINE;
    }
    let mut text = String::new();
    for (number, step) in steps.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        let places: Vec<String> =
            places(step).into_iter().map(|(file, line)| format!("{file}:{line}")).collect();
        // As a comment, so that all of it can be given to the engine.
        text.push_str(&format!("-- {}. {}", number + 1, visible_line(&step.title)));
        if !places.is_empty() {
            text.push_str(&format!(" ({})", visible_line(&places.join(", "))));
        }
        text.push_str(&format!("\n{};\n", step.sql.trim_end().trim_end_matches(';')));
    }
    out.exact(&text);
    Exit::FINE
}
