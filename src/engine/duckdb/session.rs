//! One open engine: an in-memory main database, the project's file attached as `project`.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use duckdb::arrow::array::{Array, ArrayRef};
use duckdb::{Config, Connection, InterruptHandle};

use super::answers::Answers;
use super::attach::{Attached, Held};
use super::error::{EngineError, ErrorKind};
use super::lock::{self, Listener, OpenFile};
use super::measure::Measured;
use super::rejects::Rejected;
use super::spill::SpillDir;
use super::{identifier, literal, types};
use crate::diagnostic::{Diagnostic, codes::data};
use crate::fault;
use crate::fence::Fence;
use crate::model::value::Value;

/// The name under which the project's database is attached.
pub const PROJECT: &str = "project";

/// From where extensions of the engine may be fetched. Whatever it is, the engine loads only what
/// DuckDB has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repository {
    /// DuckDB's own.
    DuckDb,
    /// A folder or an address that has the same.
    At(String),
}

/// How the engine is set up.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// The project's database; it may not exist yet.
    pub database: Option<PathBuf>,
    /// At most so much memory: `4GB`.
    pub memory_limit: Option<String>,
    /// At most so many threads.
    pub threads: Option<u32>,
    /// Where to spill; else beside the database.
    pub temp_directory: Option<PathBuf>,
    /// At most so much is spilled: `100GB`.
    pub max_temp: Option<String>,
    /// Only what the scripts name may be read, and only inside of this.
    pub fence: Option<Fence>,
    /// How long to wait for a database that another program holds.
    pub wait: Duration,
    /// Hears, once, which program is waited for.
    pub waiting: Option<Listener>,
    /// Where extensions of the engine lie; else `CAMP_EXTENSION_DIRECTORY`, else where the engine
    /// installs them.
    pub extension_directory: Option<PathBuf>,
    /// From where missing extensions may be fetched; else none is.
    pub repository: Option<Repository>,
    /// Sources are asked for their columns and types alone, not for statistics that plans use.
    pub schemas_only: bool,
}

/// Stops the session's query from another thread.
#[derive(Clone)]
pub struct Interrupter {
    // The engine forgets an interrupt that comes while no query runs.
    requested: Arc<AtomicBool>,
    running: Arc<AtomicBool>,
    handle: Arc<InterruptHandle>,
}

impl Interrupter {
    /// Stops the query that runs, or the next one.
    pub fn interrupt(&self) {
        self.requested.store(true, Ordering::SeqCst);
        // A query that is only just starting resets the engine's flag, so it is raised again.
        for _ in 0..40 {
            if !self.running.load(Ordering::SeqCst) {
                return;
            }
            self.handle.interrupt();
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether it was asked for.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::SeqCst)
    }

    /// The flag that says so, for those who look at it from other threads.
    pub fn flag(&self) -> Arc<AtomicBool> {
        self.requested.clone()
    }

    /// Forgets an interrupt, before the next command of an interactive session.
    pub fn reset(&self) {
        self.requested.store(false, Ordering::SeqCst);
    }
}

/// Marks the time in which an interrupt reaches the engine.
struct Running<'a>(&'a AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// An open engine. One thread uses it at a time.
pub struct Session {
    // Dropped in this order: the connection gives up files and spill directory before their guards
    // tell others.
    pub(super) connection: Connection,
    pub(super) options: EngineOptions,
    interrupter: Interrupter,
    project: RefCell<Option<OpenFile>>,
    /// A project without a file is attached: it lives as long as the session.
    in_memory: Cell<bool>,
    read_only: Cell<bool>,
    pub(super) attached: RefCell<Vec<Attached>>,
    /// Databases that were opened before everything was shut.
    pub(super) held: RefCell<Held>,
    pub(super) answers: RefCell<Answers>,
    /// The files that scripts named, for `--safe`.
    pub(super) opened: RefCell<Vec<String>>,
    /// Rows that were set aside.
    pub(super) rejected: RefCell<Vec<Rejected>>,
    /// What was run, while that is measured.
    pub(super) measured: RefCell<Option<Vec<Measured>>>,
    /// Whether the engine was told what the environment knows of object stores.
    pub(super) store_known: Cell<bool>,
    locked: Cell<bool>,
    pub(super) spill: Option<SpillDir>,
}

impl Session {
    /// Opens the engine, and the project's database read-only when it exists.
    ///
    /// # Errors
    /// Settings that are not valid; a database that cannot be opened.
    pub fn open(options: &EngineOptions) -> Result<Session, Diagnostic> {
        let mut options = options.clone();
        if options.extension_directory.is_none() {
            options.extension_directory = std::env::var_os("CAMP_EXTENSION_DIRECTORY")
                .filter(|dir| !dir.is_empty())
                .map(PathBuf::from);
        }
        let options = &options;
        let connection =
            open_engine(options).map_err(|e| EngineError::from(e).into_diagnostic(None))?;
        set(&connection, "memory_limit", options.memory_limit.as_deref())?;
        if let Some(threads) = options.threads {
            set(&connection, "threads", Some(&threads.to_string()))?;
        }
        let spill = spill_directory(options)?;
        let place = spill.as_ref().map(|s| s.path().to_string_lossy().into_owned());
        set(&connection, "temp_directory", Some(place.as_deref().unwrap_or("")))?;
        set(&connection, "max_temp_directory_size", options.max_temp.as_deref())?;

        let interrupter = Interrupter {
            requested: Arc::default(),
            running: Arc::default(),
            handle: connection.interrupt_handle(),
        };
        let session = Session {
            connection,
            options: options.clone(),
            interrupter,
            project: RefCell::new(None),
            in_memory: Cell::new(false),
            read_only: Cell::new(true),
            attached: RefCell::default(),
            held: RefCell::default(),
            answers: RefCell::default(),
            opened: RefCell::default(),
            store_known: Cell::new(false),
            locked: Cell::new(false),
            rejected: RefCell::default(),
            measured: RefCell::default(),
            spill,
        };
        if session.project_exists() {
            session.attach_project(true)?;
        }
        Ok(session)
    }

    /// Runs one statement; the rows it wrote or created, where the engine tells.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute(&self, sql: &str) -> Result<u64, EngineError> {
        let _running = self.start()?;
        fault::step(sql);
        let rows = self.executed(sql)?;
        self.note_measured(sql, rows);
        Ok(rows)
    }

    fn executed(&self, sql: &str) -> Result<u64, EngineError> {
        let mut statement = self.connection.prepare(sql)?;
        let changed = statement.execute([])? as u64;
        // CREATE TABLE AS reports no changed rows, but gives one row with their count.
        let schema = statement.schema();
        if changed == 0
            && schema.fields().len() == 1
            && schema.field(0).name() == "Count"
            && let Some(batch) = statement.step()?
            && batch.len() == 1
            && let Value::Int(count) = types::value_at(batch.column(0), 0)?
        {
            return Ok(u64::try_from(count).unwrap_or(0));
        }
        Ok(changed)
    }

    /// All rows of a query.
    ///
    /// # Errors
    /// The engine's.
    pub fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, EngineError> {
        let mut rows = Vec::new();
        self.stream(sql, &mut |row| {
            rows.push(row.to_vec());
            Ok(())
        })?;
        Ok(rows)
    }

    /// Hands out the rows of a query one by one, without holding them all; the names of the columns
    /// come back.
    ///
    /// # Errors
    /// The engine's, in mid-stream too, and the first one of `each`.
    pub fn stream(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&[Value]) -> Result<(), EngineError>,
    ) -> Result<Vec<String>, EngineError> {
        let _running = self.start()?;
        let mut statement = self.connection.prepare(sql)?;
        // The crate's iterator panics on an error in mid-stream, so it is dropped at once and the
        // batches are fetched one by one.
        drop(statement.stream_arrow([]).map_err(|e| self.own_error(e.into(), sql))?);
        let names = statement.schema().fields().iter().map(|f| f.name().clone()).collect();
        let mut row = Vec::new();
        let mut given = 0;
        while let Some(batch) = statement.step().map_err(|e| self.own_error(e.into(), sql))? {
            if self.interrupter.is_requested() {
                return Err(EngineError::interrupted());
            }
            let columns: &[ArrayRef] = batch.columns();
            given += batch.len() as u64;
            for at in 0..batch.len() {
                row.clear();
                for column in columns {
                    row.push(types::value_at(column, at)?);
                }
                each(&row)?;
            }
        }
        drop(statement);
        self.note_measured(sql, given);
        Ok(names)
    }

    /// Of a stream that fails in one of its threads the engine may report the interrupt with which it
    /// stops the others. Where nobody asked for one, the query is run again as a whole, which gives its
    /// own error. In a transaction, which the failure has ended, it cannot be run again.
    fn own_error(&self, error: EngineError, sql: &str) -> EngineError {
        if error.kind != ErrorKind::Interrupted || self.interrupter.is_requested() {
            return error;
        }
        let again = self.connection.execute_batch(sql).err().map(EngineError::from);
        again.filter(|e| !e.message.starts_with("TransactionContext")).unwrap_or(error)
    }

    /// The names and engine types of a query's columns, without running it.
    ///
    /// # Errors
    /// The engine's.
    pub fn describe(&self, sql: &str) -> Result<Vec<(String, String)>, EngineError> {
        let rows = self.query(&format!("DESCRIBE {sql}"))?;
        Ok(rows
            .into_iter()
            .filter_map(|row| match (row.first(), row.get(1)) {
                (Some(Value::Text(name)), Some(Value::Text(ty))) => {
                    Some((name.clone(), ty.clone()))
                }
                _ => None,
            })
            .collect())
    }

    /// The rows that were set aside while files were opened.
    pub fn rejected(&self) -> Vec<Rejected> {
        self.rejected.borrow().clone()
    }

    /// One more connection to the engine. It sees neither temporary tables nor what is not committed.
    ///
    /// # Errors
    /// The engine's.
    pub fn another(&self) -> Result<Connection, EngineError> {
        Ok(self.connection.try_clone()?)
    }

    /// Attaches the database `scratch`, in memory, through which connections hand each other rows.
    ///
    /// # Errors
    /// The engine's.
    pub fn attach_scratch(&self) -> Result<(), EngineError> {
        self.execute("ATTACH IF NOT EXISTS ':memory:' AS scratch").map(drop)
    }

    fn start(&self) -> Result<Running<'_>, EngineError> {
        self.interrupter.running.store(true, Ordering::SeqCst);
        let running = Running(&self.interrupter.running);
        if self.interrupter.is_requested() {
            return Err(EngineError::interrupted());
        }
        Ok(running)
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// The engine's.
    pub fn begin(&self) -> Result<(), EngineError> {
        self.execute("BEGIN TRANSACTION").map(drop)
    }

    /// Commits.
    ///
    /// # Errors
    /// The engine's: the transaction is gone then, and changed nothing.
    pub fn commit(&self) -> Result<(), EngineError> {
        self.execute("COMMIT").map(drop)
    }

    /// Rolls back; also after an interrupt.
    ///
    /// # Errors
    /// The engine's, for example when no transaction is open.
    pub fn rollback(&self) -> Result<(), EngineError> {
        Ok(self.connection.execute_batch("ROLLBACK")?)
    }

    /// Stops queries of this session from other threads.
    pub fn interrupt_handle(&self) -> Interrupter {
        self.interrupter.clone()
    }

    /// The path of the project's database, when there is one.
    pub fn project_path(&self) -> Option<&Path> {
        self.options.database.as_deref()
    }

    /// Whether the project's database file exists.
    pub fn project_exists(&self) -> bool {
        match &self.options.database {
            Some(path) => path.exists(),
            None => self.in_memory.get(),
        }
    }

    /// Whether the project's database is attached now.
    pub fn project_attached(&self) -> bool {
        self.project.borrow().is_some() || self.in_memory.get()
    }

    /// Whether the project's database is attached for writing now.
    pub fn project_writable(&self) -> bool {
        self.project_attached() && !self.read_only.get()
    }

    /// Lets go of the project's file, so that others may write it.
    ///
    /// # Errors
    /// The engine's, in particular inside a transaction that used it.
    pub fn detach_project(&self) -> Result<(), EngineError> {
        let mut project = self.project.borrow_mut();
        if project.is_none() {
            return Ok(());
        }
        fault::step("detach the project");
        let result = self.connection.execute_batch(&format!("DETACH {}", identifier(PROJECT)));
        // The engine lets go of a file even when it could not tidy up: what is committed is in the
        // log then.
        let gone = match &result {
            Ok(()) => true,
            Err(error) => error.to_string().contains("Detached database"),
        };
        if gone {
            *project = None;
        }
        Ok(result?)
    }

    /// Attaches the project's file as `project`; for writing, it is created when it does not exist.
    /// Waits while another program holds it, as long as the options say.
    ///
    /// # Errors
    /// When there is no file or it cannot be opened.
    pub fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        self.attach_project_within(read_only, self.options.wait)
    }

    /// A project without a file: nobody else can hold it, and letting go of it would lose it.
    fn attach_memory(&self) -> Result<(), Diagnostic> {
        if !self.in_memory.get() {
            let attach = format!("ATTACH ':memory:' AS {}", identifier(PROJECT));
            let attached = self.connection.execute_batch(&attach);
            attached.map_err(|e| EngineError::from(e).into_diagnostic(None))?;
            self.in_memory.set(true);
            self.read_only.set(false);
        }
        Ok(())
    }

    /// As [`Session::attach_project`], waiting so long.
    ///
    /// # Errors
    /// When there is no file or it cannot be opened.
    pub fn attach_project_within(&self, read_only: bool, wait: Duration) -> Result<(), Diagnostic> {
        let Some(path) = &self.options.database else { return self.attach_memory() };
        if self.project_attached() {
            if self.read_only.get() == read_only {
                return Ok(());
            }
            self.detach_project().map_err(|e| e.into_diagnostic(None))?;
        }
        fault::step(match read_only {
            true => "attach the project",
            false => "attach the project for writing",
        });
        let open =
            lock::attach(&self.connection, path, PROJECT, read_only, wait, self.options.waiting)?;
        *self.project.borrow_mut() = Some(open);
        self.read_only.set(read_only);
        Ok(())
    }

    /// Under `--safe`, shuts everything but the files and databases opened so far, the databases that
    /// will be `written` and the session's own folder; without it, does nothing. After this no further file can be opened.
    ///
    /// The engine cannot allow a file for reading only, so what is written is the caller's to check.
    ///
    /// # Errors
    /// The engine's.
    pub fn lock_down(&self, written: &[PathBuf]) -> Result<(), EngineError> {
        if self.options.fence.is_none() || self.locked.get() {
            return Ok(());
        }
        let mut paths = self.opened.borrow().clone();
        let databases = self.options.database.iter().cloned().chain(self.attached_files());
        for database in databases.chain(written.iter().cloned()) {
            let absolute = std::path::absolute(&database).unwrap_or(database);
            // The files that the engine makes beside a database.
            for suffix in ["", ".wal", ".wal.checkpoint", ".wal.recovery"] {
                paths.push(format!("{}{suffix}", absolute.display()));
            }
        }
        let paths: Vec<String> = paths.iter().map(|p| literal(p)).collect();
        let spill = self.spill.as_ref().map(|s| literal(&s.path().to_string_lossy()));
        self.connection.execute_batch(&format!(
            "SET allowed_paths = [{}]; SET allowed_directories = [{}]; \
             SET enable_external_access = false",
            paths.join(", "),
            spill.unwrap_or_default()
        ))?;
        self.locked.set(true);
        Ok(())
    }

    /// Under `--safe`, lets no setting be changed from here on. Looking at files needs to change one.
    ///
    /// # Errors
    /// The engine's.
    pub fn lock_settings(&self) -> Result<(), EngineError> {
        match self.locked.get() {
            true => Ok(self.connection.execute_batch("SET lock_configuration = true")?),
            false => Ok(()),
        }
    }

    /// What scripts may not reach out of, under `--safe`.
    pub fn fence(&self) -> Option<&Fence> {
        self.options.fence.as_ref()
    }

    /// The session's own folder, where nobody else writes; `None` when none could be made.
    pub fn own_folder(&self) -> Option<&Path> {
        self.spill.as_ref().map(SpillDir::path)
    }

    pub(super) fn is_locked(&self) -> bool {
        self.locked.get()
    }

    pub(super) fn is_project(&self, path: &Path) -> bool {
        self.options.database.as_ref().is_some_and(|project| lock::same_file(project, path))
    }
}

/// An in-memory engine that fetches nothing from the network by itself.
fn open_engine(options: &EngineOptions) -> Result<Connection, duckdb::Error> {
    let mut config = Config::default()
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")?
        .with("allow_community_extensions", "false")?
        .with("custom_user_agent", "camp")?;
    if let Some(dir) = &options.extension_directory {
        config = config.with("extension_directory", dir.to_string_lossy())?;
    }
    let connection = Connection::open_in_memory_with_flags(config)?;
    // Populations are sets: everything that decides by order states it, and without this the engine
    // needs far less memory. TimeZone is per connection unless it is set globally.
    connection.execute_batch(
        "SET GLOBAL TimeZone = 'UTC'; SET preserve_insertion_order = false; \
         SET errors_as_json = false",
    )?;
    Ok(connection)
}

fn set(connection: &Connection, name: &str, value: Option<&str>) -> Result<(), Diagnostic> {
    let Some(value) = value else { return Ok(()) };
    // The engine reads `0` as a number without a unit, and refuses it.
    let value =
        if name == "max_temp_directory_size" && value.trim() == "0" { "0KB" } else { value };
    connection.execute_batch(&format!("SET {name} = {}", literal(value))).map_err(|error| {
        let error = EngineError::from(error);
        Diagnostic::error(data::ENGINE_SETTING, format!("`{value}` is not valid for `{name}`"))
            .help(match name {
                "threads" => "use a number of at least 1",
                "temp_directory" => "name a folder that can be written",
                _ => "use a size like `4GB` or `512MB`",
            })
            .cause(error.message)
    })
}

/// The session's own spill directory; `None` when no place can be written, and work has to fit into
/// memory.
fn spill_directory(options: &EngineOptions) -> Result<Option<SpillDir>, Diagnostic> {
    if let Some(base) = &options.temp_directory {
        return SpillDir::create(base).map(Some).map_err(|error| {
            Diagnostic::error(
                data::ENGINE_SETTING,
                format!("cannot write to the `temp_directory` `{}`", base.display()),
            )
            .help("name a folder that can be written")
            .cause(error)
        });
    }
    if let Some(database) = &options.database {
        let mut base = database.clone().into_os_string();
        base.push(".tmp");
        // Of a project that came from somebody else it may be a link to anywhere.
        let foreign = options.fence.is_some() && Path::new(&base).is_symlink();
        if !foreign && let Ok(dir) = SpillDir::create(Path::new(&base)) {
            return Ok(Some(dir));
        }
    }
    Ok(SpillDir::create(&std::env::temp_dir().join("camp.tmp")).ok())
}

impl From<Diagnostic> for EngineError {
    fn from(diagnostic: Diagnostic) -> Self {
        EngineError::new(ErrorKind::Other, diagnostic.title)
    }
}
