//! `camp plan`

use super::output::Output;
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt, reports};
use crate::diagnostic::Area;
use crate::session::Session;

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
    let asked = interrupt::watch(session.interrupter());
    match session.plan(&args.files) {
        Ok(report) => {
            out.sorted(&report.warnings, &session.sources);
            reports::print_plan(&report, &session.sources, out);
            let holds = report.expectations.iter().all(|e| e.held);
            if holds { Exit::FINE } else { Exit::of_area(Area::Expectation) }
        }
        Err(_) if asked.already() => {
            out.say("interrupted");
            Exit::INTERRUPTED
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}
