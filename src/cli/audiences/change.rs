//! The commands that write.

use std::path::PathBuf;

use super::super::numbers::{count, counted};
use super::super::output::Output;
use super::super::project::ProjectArgs;
use super::super::store::Project;
use super::super::written::{same, unwritable};
use super::Done;
use crate::catalogue::operations;
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::engine::duckdb::literal;
use crate::run::exports::beside;

#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Export {
    /// Its label, in any case
    label: String,
    /// The file; its ending says how: .csv, .parquet, .json (an array), .jsonl (a line each)
    file: PathBuf,
    /// An older version: the keys of its members
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// Even when there is such a file
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pub project: ProjectArgs,
}

pub(super) fn export(project: &Project, args: &Export, out: &mut Output) -> Done {
    let file = args.file.display().to_string();
    let options = match args.file.extension().and_then(|e| e.to_str()) {
        Some("csv") => "FORMAT csv, HEADER",
        Some("parquet") => "FORMAT parquet",
        Some("json") => "FORMAT json, ARRAY true",
        Some("jsonl" | "ndjson") => "FORMAT json",
        _ => {
            return Err(Box::new(
                Diagnostic::error(usage::UNWRITABLE, format!("`{file}` has no known format"))
                    .help("end its name in .csv, .parquet, .json or .jsonl"),
            ));
        }
    };
    if args.file.exists() {
        if same(&args.file, &project.database) {
            return Err(Box::new(
                Diagnostic::error(usage::WOULD_OVERWRITE, format!("`{file}` is the database"))
                    .help("choose another file"),
            ));
        }
        if !args.force {
            return Err(Box::new(
                Diagnostic::error(usage::WOULD_OVERWRITE, format!("`{file}` is already there"))
                    .help("add `--force` to replace it"),
            ));
        }
    }
    let sql = operations::members(&project.store, &project.catalogue, &args.label, args.version)?;
    // Beside its place first: a reader never sees half a file.
    let beside = beside(&args.file);
    let target = literal(&beside.display().to_string());
    let rows = project.store.execute(&format!("COPY ({sql}) TO {target} ({options})"));
    let rows = rows.map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        unwritable(&args.file, &error)
    })?;
    std::fs::rename(&beside, &args.file).map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        unwritable(&args.file, &error)
    })?;
    out.say(&format!("exported {file}: {}", counted(rows, "row")));
    Ok(())
}

pub(super) fn restore(project: &Project, label: &str, version: u64, out: &mut Output) -> Done {
    let label = project.catalogue.get(label)?.audience.label.clone();
    let run = project.record(format!("restore \"{label}\" version {version}"), out);
    operations::restore(&project.store, &project.catalogue, &run, &label, version)?;
    project.store.attach_project(true)?;
    let newest = operations::versions(
        &project.store,
        &crate::catalogue::Catalogue::load(&project.store)?,
        &label,
    )?;
    if let Some(newest) = newest.first() {
        out.say(&format!(
            "restored \"{label}\" version {version} as version {}: now {}, +{} −{}",
            newest.version,
            count(newest.size),
            count(newest.entered),
            count(newest.left)
        ));
    }
    Ok(())
}

pub(super) fn drop(project: &Project, label: &str, force: bool, out: &mut Output) -> Done {
    let label = project.catalogue.get(label)?.audience.label.clone();
    let run = project.record(format!("drop \"{label}\""), out);
    operations::drop(&project.store, &run, &label, force)?;
    out.say(&format!("dropped \"{label}\""));
    Ok(())
}
