//! `camp run`

use std::path::PathBuf;

use super::output::Output;
use super::progress::Shown;
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt, log, reports, scripts};
use crate::diagnostic::Severity;
use crate::run::saved_plan::SavedPlan;
use crate::session::Session;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts, run together, or folders of them; `-` is the standard input
    #[arg(required_unless_present = "plan", value_name = "FILES")]
    files: Vec<String>,
    /// Compute everything, save nothing
    #[arg(long, help_heading = "Script")]
    dry_run: bool,
    /// A campaign whose expectations do not hold saves nothing, and neither does one that is made from
    /// it; the others are saved [default: none is]
    #[arg(long, help_heading = "Script", conflicts_with = "plan")]
    keep_going: bool,
    /// Do exactly what a plan says that `camp plan --save-plan` wrote, or nothing; with its scripts,
    /// its instant and its parameters
    #[arg(long, help_heading = "Script", value_name = "FILE",
          conflicts_with_all = ["files", "as_of", "timezone", "set", "only"])]
    plan: Option<PathBuf>,
    #[command(flatten)]
    script: ScriptArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let agreed = match args.plan.as_deref().map(SavedPlan::read).transpose() {
        Ok(agreed) => agreed,
        Err(diagnostic) => return out.diagnostic(diagnostic),
    };
    let files = match &agreed {
        Some(plan) => plan.files.clone(),
        None => match scripts::together(&args.files, out) {
            Ok(files) => files,
            Err(exit) => return exit,
        },
    };
    let mut settings = match project::settings(&args.script, &files, args.dry_run, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    settings.keep_going = args.keep_going;
    if let Some(plan) = agreed {
        settings.as_of = Some(plan.as_of);
        settings.timezone = plan.timezone.clone();
        settings.set = plan.set.clone();
        settings.only = plan.only.clone();
        settings.agreed = Some(plan);
    }
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    let shown = Shown::start(out.quiet);
    let mut steps = log::Steps::new();
    let result = session.run(&files, &mut |progress| {
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
