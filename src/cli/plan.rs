//! `camp plan`

use std::path::{Path, PathBuf};

use super::output::Output;
use super::project::{self, ScriptArgs};
use super::{Exit, interrupt, reports, scripts, written};
use crate::diagnostic::{Area, Diagnostic};
use crate::run::limits;
use crate::run::report::PlanReport;
use crate::session::Session;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scripts that would run together, or folders of them; `-` is the standard input
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
    /// How many keys are shown of those who would enter or leave
    #[arg(long, value_name = "N", help_heading = "Plan")]
    samples: Option<usize>,
    /// Warn when more than this share of an audience's members would leave: 30%, never
    /// [default: `warn_shrink` in camp.toml, else 30%]
    #[arg(long, value_name = "SHARE", help_heading = "Plan", value_parser = limit)]
    warn_shrink: Option<Limit>,
    /// Warn when more would enter than this share of its members: 100%, never
    /// [default: `warn_grow` in camp.toml, else 100%]
    #[arg(long, value_name = "SHARE", help_heading = "Plan", value_parser = limit)]
    warn_grow: Option<Limit>,
    /// End with exit code 3 when there is any warning
    #[arg(long, help_heading = "Plan")]
    fail_on_warning: bool,
    /// Write the plan to a file, which `camp run --plan` keeps to
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    save_plan: Option<PathBuf>,
    #[command(flatten)]
    script: ScriptArgs,
}

/// A share, or never.
#[derive(Clone, Copy, Debug)]
struct Limit(Option<f64>);

fn limit(text: &str) -> Result<Limit, String> {
    limits::parse(text).map(Limit)
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let files = match scripts::together(&args.files, out) {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let mut settings = match project::settings(&args.script, &files, true, out) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    settings.samples = args.samples;
    let limits = &mut settings.limits;
    limits.shrink = args.warn_shrink.map_or(limits.shrink, |limit| limit.0);
    limits.grow = args.warn_grow.map_or(limits.grow, |limit| limit.0);
    let mut session = Session::new(settings);
    let asked = interrupt::watch(session.interrupter());
    match session.plan(&files) {
        Ok(report) => {
            out.sorted(&report.warnings, &session.sources);
            reports::print_plan(&report, &session.sources, out);
            if let Some(file) = &args.save_plan
                && let Err(failed) = keep(&session, &report, &files, file)
            {
                return out.diagnostic(*failed);
            }
            let holds = report.expectations.iter().all(|e| e.held);
            let warned = args.fail_on_warning && !report.warnings.is_empty();
            if holds && !warned { Exit::FINE } else { Exit::of_area(Area::Expectation) }
        }
        Err(_) if asked.already() => {
            out.say("interrupted");
            Exit::INTERRUPTED
        }
        Err(found) => out.diagnostics(found, &session.sources),
    }
}

/// Writes the plan to a file.
fn keep(
    session: &Session,
    report: &PlanReport,
    files: &[String],
    file: &Path,
) -> Result<(), Box<Diagnostic>> {
    let scripts: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
    written::write(file, &session.saved_plan(report, files).text(), &scripts)
}
