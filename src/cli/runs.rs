//! `camp runs`

use clap::Subcommand;
use serde_json::json;

use super::Exit;
use super::audiences::{version_row, versions_table};
use super::numbers::instant;
use super::output::{Format, Output};
use super::project::ProjectArgs;
use super::store::Project;
use super::table::{Cell, Table};
use crate::catalogue::operations::{self, RunInfo};
use crate::diagnostic::Diagnostic;

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// The last runs, newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 20, value_name = "N")]
        limit: u64,
        #[command(flatten)]
        project: ProjectArgs,
    },
    /// What a run did
    Show {
        /// Its id, or the start of it; the last run without
        id: Option<String>,
        #[command(flatten)]
        project: ProjectArgs,
    },
}

pub(super) fn run(command: Command, out: &mut Output) -> Exit {
    let (Command::List { project: args, .. } | Command::Show { project: args, .. }) = &command;
    let project = match Project::open(args, out) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let done = match &command {
        Command::List { limit, .. } => list(&project, *limit, out),
        Command::Show { id, .. } => show(&project, id.as_deref(), out),
    };
    match done {
        Ok(()) => Exit::FINE,
        Err(diagnostic) => out.diagnostic(*diagnostic),
    }
}

fn list(project: &Project, limit: u64, out: &mut Output) -> Result<(), Box<Diagnostic>> {
    let mut table = Table::new(["run", "started", "status", "command", "campaigns", "as_of"]);
    for run in operations::runs(&project.store, limit)? {
        table.row([
            run.id.as_str().into(),
            run.started.into(),
            run.status.as_str().into(),
            run.command.as_str().into(),
            run.campaigns.join(", ").into(),
            run.as_of.into(),
        ]);
    }
    out.table(&table, "there are no runs yet");
    Ok(())
}

fn show(project: &Project, id: Option<&str>, out: &mut Output) -> Result<(), Box<Diagnostic>> {
    let last = operations::runs(&project.store, 1)?;
    let id = match (id, last.first()) {
        (Some(id), _) => id,
        (None, Some(run)) => run.id.as_str(),
        (None, None) => {
            out.say("there are no runs yet");
            return Ok(());
        }
    };
    let details = operations::run(&project.store, id)?;
    let run = &details.run;
    let mut steps = Table::new(["campaign", "activity", "transition", "rows", "millis", "note"]);
    for step in &details.steps {
        steps.row([
            step.campaign.as_str().into(),
            step.activity.as_str().into(),
            step.transition.clone().into(),
            step.rows.into(),
            Cell::Number(step.ms),
            step.note.clone().into(),
        ]);
    }
    let mut saves = versions_table().with_first("label");
    for (label, version) in &details.saves {
        let cells = version_row(version);
        saves.row(std::iter::once(label.as_str().into()).chain(cells));
    }
    match out.format {
        Format::Json => out.json(&json!({
            "schema_version": 1, "run": run.id, "sequence": run.sequence, "previous": run.previous,
            "command": run.command, "status": run.status, "error": run.error,
            "started": run.started, "finished": run.finished, "as_of": run.as_of,
            "timezone": run.timezone, "campaigns": run.campaigns, "files": run.files,
            "camp_version": run.camp_version, "steps": steps.json(), "saves": saves.json(),
        })),
        Format::Csv => out.table(&steps, ""),
        Format::Text => {
            let mut text = facts(run, out);
            for table in [&steps, &saves] {
                if !table.is_empty() {
                    text.push('\n');
                    text.push_str(&out.table_text(table));
                }
            }
            out.print(&text);
        }
    }
    Ok(())
}

fn facts(run: &RunInfo, out: &Output) -> String {
    let mut facts = vec![
        ("run", run.id.clone()),
        ("command", run.command.clone()),
        ("status", run.status.clone()),
        ("started", instant(run.started, &out.zone)),
        ("finished", instant(run.finished, &out.zone)),
        ("as of", instant(run.as_of, &out.zone)),
        ("campaigns", run.campaigns.join(", ")),
        ("files", run.files.join(", ")),
        ("error", run.error.clone().unwrap_or_default()),
        ("camp", run.camp_version.clone()),
    ];
    facts.retain(|(_, value)| !value.is_empty());
    facts.iter().map(|(name, value)| format!("{name:<10} {value}\n")).collect()
}
