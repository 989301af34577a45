//! `camp run`

use super::output::Output;
use super::progress::Shown;
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt, log, reports};
use crate::diagnostic::Severity;
use crate::session::Session;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts, run together; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
    /// Compute everything, save nothing
    #[arg(long, help_heading = "Script")]
    dry_run: bool,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let settings = match project::settings(&args.script, &args.files, args.dry_run, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    let shown = Shown::start(out.quiet);
    let mut steps = log::Steps::new();
    let result = session.run(&args.files, &mut |progress| {
        steps.note(&progress);
        shown.note(progress);
    });
    shown.end();
    match result {
        Ok(report) => {
            out.sorted(&report.warnings, &session.sources);
            log::report(&report);
            reports::print_run(&report, &session.sources, out);
            // What went wrong after the commit, such as a delivery that broke off.
            let late = report.warnings.iter().filter(|d| d.severity == Severity::Error);
            match late.map(|d| d.code.0.area).max() {
                Some(_) if asked.already() => Exit::INTERRUPTED,
                Some(area) => Exit::of_area(area),
                None => reports::exit_of(report.status),
            }
        }
        Err(_) if asked.already() => {
            out.say("interrupted: nothing was saved");
            Exit::INTERRUPTED
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}
