//! The command line: one file per command.
//!
//! A command takes its arguments and an [`Output`], and gives an [`Exit`]. Results go to the
//! standard output, everything that is said about them to the standard error.

mod activities;
mod audiences;
mod check;
mod completions;
mod debug;
mod error;
mod explain;
mod fmt;
mod functions;
mod graph;
mod init;
mod interrupt;
mod junit;
mod log;
mod man;
mod output;
mod plan;
mod plugin;
mod profile;
mod progress;
mod project;
mod repl;
mod reports;
mod run;
mod runs;
mod scripts;
mod store;
mod table;
mod test;
mod vacuum;
mod values;
mod why;
mod written;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::diagnostic::{Area, Diagnostic, Severity};
use crate::numbers;
use output::Output;

/// Build marketing audiences from scripts.
#[derive(Parser, Debug)]
#[command(name = "camp", version, arg_required_else_help = true)]
#[command(after_help = "Exit codes: 0 fine, 1 the script has errors, 2 wrong usage, \
    3 an expectation failed, 4 data or engine, 5 a plugin, 130 interrupted.")]
struct Cli {
    #[command(flatten)]
    output: output::Args,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run campaigns: everything is saved, exported and delivered together, or nothing
    Run(run::Args),
    /// Look for errors without reading any data but the columns of tables and files
    Check(check::Args),
    /// Show what a run would change: who enters, who leaves; nothing is saved
    Plan(plan::Args),
    /// Explain why one row is in a population, or is not: each condition with its values
    Why(why::Args),
    /// Show the steps of a run and the SQL of each
    Explain(explain::Args),
    /// Draw campaigns: activities as boxes, populations as arrows with the counts of the last run
    Graph(graph::Args),
    /// Show what the values of a dimension look like, so that a rule can be written
    Profile(profile::Args),
    /// Type statements and see at once what they give; nothing is saved before `:run`
    Repl(repl::Args),
    /// Run the tests of campaigns, each over its own rows, in memory
    Test(test::Args),
    /// Write scripts in the one style, or say where they are not
    Fmt(fmt::Args),
    /// Show what a pass makes of a script
    Debug(debug::Args),
    /// Look at saved audiences
    #[command(subcommand)]
    Audiences(audiences::Command),
    /// Look at past runs
    #[command(subcommand)]
    Runs(runs::Command),
    /// Remove what is not wanted any longer: expired audiences, old versions, records of old runs
    Vacuum(vacuum::Args),
    /// List the functions of rules and selections, or explain one
    Functions(functions::Args),
    /// List the activities, or explain one
    Activities(activities::Args),
    /// Look at plugins, trust them, test them
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Explain an error by its code, with a bad and a good script
    Error(error::Args),
    /// Start a project with sample data
    Init(init::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Print a manual page, or write those of all commands
    Man(man::Args),
    /// Describe a plugin's library; the child process of `camp plugin`
    #[command(name = crate::plugin::probe::COMMAND, hide = true)]
    Probe {
        /// The library
        library: std::path::PathBuf,
    },
    /// Try a case of the conformance kit; the child process of `camp plugin test`
    #[command(name = crate::plugin::kit::COMMAND, hide = true)]
    PluginCase {
        /// The case
        case: String,
    },
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results, not errors; clap knows where each goes.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let begun = std::time::Instant::now();
    let mut out = Output::new(&cli.output);
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .take_while(|word| !word.starts_with("--set"))
        .collect();
    let version = env!("CARGO_PKG_VERSION");
    let start =
        serde_json::json!({ "pid": std::process::id(), "version": version, "arguments": words });
    log::line("info", "start", start);
    if !matches!(cli.command, Command::Probe { .. } | Command::PluginCase { .. }) {
        crate::plugin::stdout::allow();
    }
    let exit = match cli.command {
        Command::Run(args) => run::run(args, &mut out),
        Command::Check(args) => check::run(args, &mut out),
        Command::Plan(args) => plan::run(args, &mut out),
        Command::Why(args) => why::run(args, &mut out),
        Command::Explain(args) => explain::run(args, &mut out),
        Command::Graph(args) => graph::run(args, &mut out),
        Command::Profile(args) => profile::run(args, &mut out),
        Command::Repl(args) => repl::run(args, &mut out),
        Command::Test(args) => test::run(args, &mut out),
        Command::Fmt(args) => fmt::run(args, &mut out),
        Command::Debug(args) => debug::run(args, &mut out),
        Command::Audiences(command) => audiences::run(command, &mut out),
        Command::Runs(command) => runs::run(command, &mut out),
        Command::Vacuum(args) => vacuum::run(args, &mut out),
        Command::Functions(args) => functions::run(args, &mut out),
        Command::Activities(args) => activities::run(args, &mut out),
        Command::Plugin(command) => plugin::run(command, &mut out),
        Command::Probe { library } => match crate::plugin::probe::answer(&library) {
            Ok(()) => Exit::FINE,
            Err(why) => {
                out.say(&why);
                Exit::of_area(Area::Plugin)
            }
        },
        Command::PluginCase { case } => match crate::plugin::kit::answer(&case) {
            Ok(()) => Exit::FINE,
            Err(why) => {
                out.say(&why);
                Exit::of_area(Area::Plugin)
            }
        },
        Command::Error(args) => error::run(args, &mut out),
        Command::Init(args) => init::run(args, &mut out),
        Command::Completions(args) => completions::run(args, &mut out),
        Command::Man(args) => man::run(args, &mut out),
    };
    let level = if exit == Exit::FINE { "info" } else { "error" };
    let ms = begun.elapsed().as_millis() as u64;
    log::line(level, "end", serde_json::json!({ "exit": exit.0, "ms": ms }));
    crate::plugin::guard::end_if_abandoned(exit.0);
    ExitCode::from(exit.0)
}

/// The exit code of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Exit(u8);

impl Exit {
    /// All went well.
    const FINE: Exit = Exit(0);
    /// A script is not as it should be.
    const SCRIPT: Exit = Exit(1);
    /// The user stopped it; what a shell says of a program ended by Ctrl-C.
    const INTERRUPTED: Exit = Exit(130);

    /// Of this area.
    fn of_area(area: Area) -> Exit {
        Exit(area.exit_code())
    }

    /// Of the worst error among these; fine when there is none.
    fn of<'a>(diagnostics: impl IntoIterator<Item = &'a Diagnostic>) -> Exit {
        let errors = diagnostics.into_iter().filter(|d| d.severity == Severity::Error);
        Exit(errors.map(|d| d.code.0.area.exit_code()).max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_worst_error_decides_the_exit_code_and_warnings_do_not() {
        use crate::diagnostic::codes::usage;
        let error = Diagnostic::error(usage::AS_OF, "t");
        let warning = Diagnostic::warning(usage::AS_OF, "t");
        assert_eq!(Exit::of([&warning]), Exit::FINE);
        assert_eq!(Exit::of([&warning, &error]), Exit(2));
    }
}
