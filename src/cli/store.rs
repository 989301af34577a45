//! The project's catalogue, opened for a command.

use super::output::Output;
use super::project::{self, ProjectArgs};
use crate::catalogue::Catalogue;
use crate::catalogue::commit::RunRecord;
use crate::catalogue::store::{Store, StoreError};
use crate::diagnostic::{Diagnostic, codes::usage};
use crate::engine::duckdb::{EngineOptions, Session as Engine};
use crate::model::value::Value;
use jiff::{Timestamp, tz::TimeZone};
use std::path::{Path, PathBuf};

/// The open project of a command that works on the catalogue alone.
pub(super) struct Project {
    /// The engine.
    pub store: EngineStore,
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
            ..EngineOptions::default()
        };
        let opened = Engine::open(&options).map(EngineStore::new).and_then(|store| {
            let catalogue = Catalogue::load(&store)?;
            Ok(Project { store, catalogue, database })
        });
        opened.map_err(|diagnostic| out.diagnostic(diagnostic))
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
            steps: Vec::new(),
        }
    }
}

/// The engine as the catalogue sees it.
pub(super) struct EngineStore(Engine);

impl EngineStore {
    /// Of an open engine.
    pub fn new(engine: Engine) -> Self {
        EngineStore(engine)
    }

    /// The names of a query's columns.
    ///
    /// # Errors
    /// The engine's.
    pub fn describe(&self, sql: &str) -> Result<Vec<String>, Diagnostic> {
        let columns = self.0.describe(sql).map_err(|error| error.into_diagnostic(None))?;
        Ok(columns.into_iter().map(|(name, _)| name).collect())
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The engine's.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Value>>, Diagnostic> {
        self.0.query(sql).map_err(|error| error.into_diagnostic(None))
    }
}

impl Store for EngineStore {
    fn execute(&self, sql: &str) -> Result<u64, StoreError> {
        self.0.execute(sql).map_err(|e| StoreError(e.message))
    }
    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        self.0.query(sql).map_err(|e| StoreError(e.message))
    }
    fn project_exists(&self) -> bool {
        self.0.project_exists()
    }
    fn detach_project(&self) -> Result<(), StoreError> {
        self.0.detach_project().map_err(|e| StoreError(e.message))
    }
    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        self.0.attach_project(read_only)
    }
    fn begin(&self) -> Result<(), StoreError> {
        self.0.begin().map_err(|e| StoreError(e.message))
    }
    fn commit(&self) -> Result<(), StoreError> {
        self.0.commit().map_err(|e| StoreError(e.message))
    }
    fn rollback(&self) -> Result<(), StoreError> {
        self.0.rollback().map_err(|e| StoreError(e.message))
    }
}
