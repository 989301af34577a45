//! `camp vacuum`

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Exit;
use super::numbers::counted;
use super::output::{Format, Output};
use super::project::ProjectArgs;
use super::store::Project;
use super::table::{Cell, Table};
use crate::catalogue::vacuum::{self, Unwanted, Vacuumed};

#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["expired", "versions", "runs"])))]
pub(super) struct Args {
    /// Drop the audiences that have expired and that no other one was computed from
    #[arg(long)]
    expired: bool,
    /// Forget all but the newest N versions of each audience; their members stay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    versions: Option<u64>,
    /// Forget the records of runs that are older than so many days, but of those whose versions are
    /// kept or that sent something
    #[arg(long, value_name = "DAYS")]
    runs: Option<u32>,
    /// Say what would go, remove nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    project: ProjectArgs,
}

pub(super) fn run(args: Args, out: &mut Output) -> Exit {
    let project = match Project::open(&args.project, out) {
        Ok(project) => project,
        Err(exit) => return exit,
    };
    let now = Timestamp::now();
    let before = |days: u32| {
        let age = SignedDuration::from_hours(24 * i64::from(days));
        now.saturating_sub(age).unwrap_or(Timestamp::MIN)
    };
    let unwanted = Unwanted {
        expired: args.expired.then_some(now),
        versions: args.versions,
        runs: args.runs.map(before),
    };
    let result = if args.dry_run {
        vacuum::preview(&project.store, &project.catalogue, &unwanted)
    } else {
        let record = project.record(command(&args), out);
        vacuum::vacuum(&project.store, &record, &unwanted)
    };
    match result {
        Ok(done) => {
            tell(&done, args.dry_run, out);
            Exit::FINE
        }
        Err(diagnostic) => out.diagnostic(diagnostic),
    }
}

/// As it stands in the record.
fn command(args: &Args) -> String {
    let mut words = vec!["vacuum".to_owned()];
    words.extend(args.expired.then(|| "--expired".to_owned()));
    words.extend(args.versions.map(|n| format!("--versions {n}")));
    words.extend(args.runs.map(|n| format!("--runs {n}")));
    words.join(" ")
}

/// A line for each audience, and one each for the number of versions and of runs.
fn listed(done: &Vacuumed) -> Table {
    let mut table = Table::new(["what", "label", "count", "read_by"]);
    for label in &done.audiences {
        table.row([Cell::from("audience"), label.as_str().into(), 1.into(), Cell::None]);
    }
    for (label, readers) in &done.needed {
        let readers = json!(readers).to_string();
        table.row([Cell::from("needed"), label.as_str().into(), 0.into(), readers.into()]);
    }
    table.row([Cell::from("versions"), Cell::None, done.versions.into(), Cell::None]);
    table.row([Cell::from("runs"), Cell::None, done.runs.into(), Cell::None]);
    table
}

fn tell(done: &Vacuumed, dry_run: bool, out: &mut Output) {
    if out.format == Format::Csv {
        return out.table(&listed(done), "");
    }
    if out.format == Format::Json {
        let needed: Vec<_> = done
            .needed
            .iter()
            .map(|(label, readers)| json!({"label": label, "read_by": readers}))
            .collect();
        return out.json(&json!({
            "dry_run": dry_run, "audiences": done.audiences, "needed": needed,
            "versions": done.versions, "runs": done.runs,
        }));
    }
    let (dropped, forgotten) = match dry_run {
        true => ("would drop", "would forget"),
        false => ("dropped", "forgot"),
    };
    let mut text = String::new();
    for label in &done.audiences {
        text.push_str(&format!("{dropped} \"{label}\"\n"));
    }
    for (label, readers) in &done.needed {
        let readers: Vec<String> = readers.iter().map(|r| format!("\"{r}\"")).collect();
        text.push_str(&format!("\"{label}\" has expired, but {} reads it\n", readers.join(", ")));
    }
    text.push_str(&format!(
        "{forgotten} {} and {}\n",
        counted(done.versions, "version"),
        counted(done.runs, "run")
    ));
    out.print(&text);
}
