//! `camp audiences`

mod change;
mod look;
mod overlap;

use clap::Subcommand;

use super::Exit;
use super::output::Output;
use super::project::ProjectArgs;
use super::store::Project;
use crate::diagnostic::Diagnostic;

pub(super) use look::{table, version_row, versions_table};

type Done = Result<(), Box<Diagnostic>>;

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// All audiences: dimension, size, version, when and by which campaign
    List {
        #[command(flatten)]
        project: ProjectArgs,
    },
    /// One audience with its columns
    Show {
        /// Its label, in any case
        label: String,
        #[command(flatten)]
        project: ProjectArgs,
    },
    /// Its members
    Members(look::Members),
    /// Its versions; with a key, when that member came and went
    History(look::History),
    /// Who entered and who left between two versions; who is in one of two audiences only
    Diff(look::Diff),
    /// How many members audiences share, each combination of them
    Overlap(overlap::Args),
    /// Write the members to a CSV, Parquet or JSON file
    Export(change::Export),
    /// Save the members of an older version as a new version
    Restore {
        /// Its label, in any case
        label: String,
        /// The version to go back to
        version: u64,
        #[command(flatten)]
        project: ProjectArgs,
    },
    /// Remove an audience with its history
    Drop {
        /// Its label, in any case
        label: String,
        /// Even when other audiences are computed from it
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        project: ProjectArgs,
    },
}

pub(super) fn run(command: Command, out: &mut Output) -> Exit {
    let args = match &command {
        Command::List { project }
        | Command::Show { project, .. }
        | Command::Restore { project, .. }
        | Command::Drop { project, .. } => project,
        Command::Members(args) => &args.project,
        Command::History(args) => &args.project,
        Command::Diff(args) => &args.project,
        Command::Overlap(args) => &args.project,
        Command::Export(args) => &args.project,
    };
    let project = match Project::open(args, out) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let done = match &command {
        Command::List { .. } => {
            look::list(&project, out);
            Ok(())
        }
        Command::Show { label, .. } => look::show(&project, label, out),
        Command::Members(args) => look::members(&project, args, out),
        Command::History(args) => look::history(&project, args, out),
        Command::Diff(args) => look::diff(&project, args, out),
        Command::Overlap(args) => overlap::overlap(&project, args, out),
        Command::Export(args) => change::export(&project, args, out),
        Command::Restore { label, version, .. } => change::restore(&project, label, *version, out),
        Command::Drop { label, force, .. } => change::drop(&project, label, *force, out),
    };
    match done {
        Ok(()) => Exit::FINE,
        Err(diagnostic) => out.diagnostic(*diagnostic),
    }
}

#[cfg(test)]
mod tests;
