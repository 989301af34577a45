//! The project's catalogue, opened for a command.

use super::output::Output;
use super::project::{self, ProjectArgs};
use crate::catalogue::Catalogue;
use crate::catalogue::commit::RunRecord;
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::engine::duckdb::lock::Listener;
use crate::engine::duckdb::{EngineOptions, Session as Engine};
use crate::model::value::Value;
use jiff::{Timestamp, tz::TimeZone};
use std::path::{Path, PathBuf};

/// The open project of a command that works on the catalogue alone.
pub(super) struct Project {
    /// The engine.
    pub store: Engine,
    /// What the catalogue holds.
    pub catalogue: Catalogue,
    /// The database.
    pub database: PathBuf,
}

impl Project {
    /// Opens the project that the options and `camp.toml` name; it must exist.
    ///
    /// # Errors
    /// The exit code, after what is wrong has been printed.
    pub fn open(args: &ProjectArgs, out: &mut Output) -> Result<Project, super::Exit> {
        let config = project::find_config(Path::new(""), out)?;
        if let Some(zone) = config.timezone.as_deref().and_then(|z| TimeZone::get(z).ok()) {
            out.zone = zone;
        }
        let database = project::database(args, &config).filter(|path| path.exists());
        let Some(database) = database else {
            let named = project::database(args, &config);
            let title = match named {
                Some(path) => format!("there is no database `{}`", path.display()),
                None => "a database in memory has no audiences".to_owned(),
            };
            return Err(out.diagnostic(
                Diagnostic::error(usage::NO_DATABASE, title)
                    .help("run a campaign first, or name the database with `--db`"),
            ));
        };
        let options = EngineOptions {
            database: Some(database.clone()),
            memory_limit: args.memory_limit.clone().or(config.memory_limit),
            threads: args.threads.or(config.threads),
            temp_directory: args.temp_directory.clone().or(config.temp_directory),
            wait: args.wait.or(config.wait).unwrap_or(project::WAIT),
            waiting: Some(Listener(super::progress::waiting)),
            ..EngineOptions::default()
        };
        let opened = Engine::open(&options).and_then(|store| {
            let catalogue = Catalogue::load(&store)?;
            Ok(Project { store, catalogue, database })
        });
        opened.map_err(|diagnostic| out.diagnostic(diagnostic))
    }

    /// The names of a query's columns.
    ///
    /// # Errors
    /// The engine's.
    pub fn describe(&self, sql: &str) -> Result<Vec<String>, Diagnostic> {
        let columns = self.store.describe(sql).map_err(|error| error.into_diagnostic(None))?;
        Ok(columns.into_iter().map(|(name, _)| name).collect())
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The engine's.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, Diagnostic> {
        self.store.query(sql).map_err(|error| error.into_diagnostic(None))
    }

    /// The record of a command that writes.
    pub fn record(&self, command: String, out: &Output) -> RunRecord {
        let now = Timestamp::now();
        RunRecord {
            id: RunRecord::new_id(now),
            command,
            started: now,
            as_of: now,
            timezone: out.zone.iana_name().unwrap_or("UTC").to_owned(),
            campaigns: Vec::new(),
            files: Vec::new(),
            strict: false,
            steps: Vec::new(),
        }
    }
}
