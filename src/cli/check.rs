//! `camp check`

use serde_json::json;

use super::output::{Format, Output};
use super::project::{self, ScriptArgs};
use super::{Exit, scripts};
use crate::diagnostic::Severity;
use crate::diagnostic::render::record;
use crate::session::Session;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts, or folders of them; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
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
    let (_, found) = session.check(&files);
    let found = found.sorted();
    if out.format == Format::Json {
        // Here the diagnostics are the result.
        let count = |severity| found.iter().filter(|d| d.severity == severity).count();
        let records: Vec<_> = found.iter().map(|d| record(d, &session.sources)).collect();
        out.json(&json!({
            "errors": count(Severity::Error),
            "warnings": count(Severity::Warning),
            "diagnostics": records,
        }));
    } else {
        out.sorted(&found, &session.sources);
        if found.is_empty() {
            let files = files.len();
            out.say(&format!("{files} file{} without errors", if files == 1 { "" } else { "s" }));
        }
    }
    Exit::of(&found)
}
