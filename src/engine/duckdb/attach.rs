//! Databases that a script attaches, read-only.

use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::lock::{self, OpenFile};
use super::session::{EngineOptions, PROJECT, Repository, Session};
use super::{identifier, literal};
use crate::diagnostic::{Diagnostic, codes::data};
use crate::fence::Breach;
use crate::secret::covered;
use crate::source::Span;

/// Names that mean something else already.
const RESERVED: [&str; 8] =
    [PROJECT, "camp", "audience", "temp", "system", "memory", "main", "scratch"];

/// The version that extensions must be built for.
const ENGINE_VERSION: &str = "v1.5.5";

/// A database under a name of the script.
#[derive(Debug)]
pub struct Attached {
    /// As the script calls it.
    name: String,
    /// What the engine calls it: another name when one file has several.
    engine_name: String,
    source: Source,
    open: Option<OpenFile>,
}

/// Databases that a script of others names: opened before it is looked at, since nothing can be
/// opened afterwards.
#[derive(Debug, Default)]
pub struct Held {
    open: Vec<Attached>,
    failed: Vec<(Source, Diagnostic)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    DuckDb(PathBuf),
    Sqlite(PathBuf),
    Postgres(String),
    /// The address as the extension takes it, and the catalogue's file where it is one.
    DuckLake(String, Option<PathBuf>),
}

/// What keeps the tables of an attached database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeper {
    DuckDb,
    Sqlite,
    Postgres,
    DuckLake,
}

impl Source {
    fn file(&self) -> Option<&PathBuf> {
        match self {
            Source::DuckDb(path) | Source::Sqlite(path) => Some(path),
            Source::DuckLake(_, path) => path.as_ref(),
            Source::Postgres(_) => None,
        }
    }

    fn keeper(&self) -> Keeper {
        match self {
            Source::DuckDb(_) => Keeper::DuckDb,
            Source::Sqlite(_) => Keeper::Sqlite,
            Source::Postgres(_) => Keeper::Postgres,
            Source::DuckLake(..) => Keeper::DuckLake,
        }
    }

    fn is(&self, other: &Source) -> bool {
        match (self, other) {
            (Source::DuckDb(a), Source::DuckDb(b)) | (Source::Sqlite(a), Source::Sqlite(b)) => {
                lock::same_file(a, b)
            }
            (a, b) => a == b,
        }
    }
}

impl Session {
    /// The files of the databases that are attached beside the project's.
    pub fn attached_paths(&self) -> Vec<PathBuf> {
        let attached = self.attached.borrow();
        attached.iter().filter_map(|a| a.source.file().cloned()).collect()
    }

    /// Attaches a database under a name, read-only.
    ///
    /// # Errors
    /// A name that is taken, a database that cannot be opened, an extension that is missing.
    pub fn attach(
        &mut self,
        name: &str,
        uri: &str,
        base: &Path,
        span: Span,
    ) -> Result<(), Diagnostic> {
        if RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name)) {
            return Err(Diagnostic::error(
                data::ATTACH_NAME,
                format!("the name `{name}` is taken by Camp"),
            )
            .label(span, "choose another name")
            .help("choose another name"));
        }
        let source = self.fenced(source_of(uri, base, span)?, uri, span)?;
        let folded = name.to_lowercase();
        let mut attached = self.attached.borrow_mut();
        if let Some(known) = attached.iter().find(|a| a.name.to_lowercase() == folded) {
            // The same statement reached through two imports.
            if known.source.is(&source) {
                return Ok(());
            }
            return Err(Diagnostic::error(
                data::ATTACH_NAME,
                format!("two databases are called `{name}`"),
            )
            .label(span, "this name is taken")
            .help("choose another name"));
        }
        // One file is never opened twice: it gets a second name instead.
        let twin = match &source {
            Source::DuckDb(path) if self.project_exists() && self.is_project(path) => {
                Some(PROJECT.to_string())
            }
            source => {
                let held = self.held.borrow();
                let mut open = attached.iter().chain(&held.open);
                open.find(|a| a.source.is(source)).map(|a| a.engine_name.clone())
            }
        };
        let (engine_name, open) = match twin {
            Some(twin) => (twin, None),
            None if self.is_locked() => return Err(self.not_held(&source, uri, span)),
            None => (name.to_string(), self.open_database(name, &source, true, span)?),
        };
        attached.push(Attached { name: name.to_string(), engine_name, source, open });
        Ok(())
    }

    /// Opens a database ahead of everything, for [`Session::attach`] to find. What is wrong with it
    /// is told there.
    pub fn hold(&mut self, name: &str, uri: &str, base: &Path, span: Span) {
        let source = source_of(uri, base, span).and_then(|s| self.fenced(s, uri, span));
        let Ok(source) = source else { return };
        let mut held = self.held.borrow_mut();
        let known = matches!(&source, Source::DuckDb(p) if self.project_exists() && self.is_project(p))
            || held.open.iter().any(|a| a.source.is(&source))
            || held.failed.iter().any(|(s, _)| s.is(&source));
        if known {
            return;
        }
        let taken = |name: &str| {
            RESERVED.iter().any(|r| r.eq_ignore_ascii_case(name))
                || held.open.iter().any(|a| a.engine_name.eq_ignore_ascii_case(name))
        };
        let names = std::iter::once(name.to_string());
        let mut names = names.chain((2..).map(|n| format!("{name}_{n}")));
        let Some(engine_name) = names.find(|name| !taken(name)) else { return };
        match self.open_database(&engine_name, &source, true, span) {
            Ok(open) => {
                held.open.push(Attached { name: engine_name.clone(), engine_name, source, open })
            }
            Err(wrong) => held.failed.push((source, wrong)),
        }
    }

    /// Why a database is not among those that were opened ahead.
    fn not_held(&self, source: &Source, uri: &str, span: Span) -> Diagnostic {
        let held = self.held.borrow();
        match held.failed.iter().find(|(failed, _)| failed.is(source)) {
            Some((_, wrong)) => wrong.clone(),
            None => Breach::Outside.diagnostic(uri, span),
        }
    }

    /// Under `--safe`, the file where it really is.
    fn fenced(&self, source: Source, uri: &str, span: Span) -> Result<Source, Diagnostic> {
        let Some(fence) = self.fence() else { return Ok(source) };
        let judged = |path: PathBuf| {
            let place = fence.read(&path)?;
            let mut log = place.clone().into_os_string();
            log.push(".wal");
            fence.read(Path::new(&log))?;
            Ok(place)
        };
        match source {
            Source::DuckDb(path) => judged(path).map(Source::DuckDb),
            Source::Sqlite(path) => judged(path).map(Source::Sqlite),
            Source::Postgres(_) => Err(Breach::Remote),
            // Its files lie wherever its catalogue says.
            Source::DuckLake(..) => Err(Breach::Outside),
        }
        .map_err(|breach: Breach| match breach {
            // The text may hold a password.
            Breach::Remote => breach.diagnostic("postgres:…", span),
            breach => breach.diagnostic(uri, span),
        })
    }

    fn open_database(
        &self,
        name: &str,
        source: &Source,
        read_only: bool,
        span: Span,
    ) -> Result<Option<OpenFile>, Diagnostic> {
        let (extension, target, kind) = match source {
            Source::DuckDb(path) => {
                let EngineOptions { wait, waiting, .. } = self.options;
                return lock::attach(&self.connection, path, name, read_only, wait, waiting)
                    .map(Some)
                    .map_err(|d| d.label(span, "cannot be opened"));
            }
            Source::Sqlite(path) => {
                existing(path, span)?;
                ("sqlite_scanner", path.to_string_lossy().into_owned(), "sqlite")
            }
            Source::Postgres(dsn) => ("postgres_scanner", dsn.clone(), "postgres"),
            Source::DuckLake(target, file) => {
                if let Some(file) = file {
                    existing(file, span)?;
                }
                match lake(target) {
                    Lake::Sqlite(_) => self.load_extension("sqlite_scanner", span)?,
                    Lake::Postgres => self.load_extension("postgres_scanner", span)?,
                    Lake::DuckDb(_) => {}
                }
                ("ducklake", target.clone(), "ducklake")
            }
        };
        self.load_extension(extension, span)?;
        let mode = if read_only { ", READ_ONLY" } else { "" };
        let sql =
            format!("ATTACH {} AS {} (TYPE {kind}{mode})", literal(&target), identifier(name));
        self.connection.execute_batch(&sql).map_err(|error| {
            // A connection text can hold a password.
            let words = EngineError::from(error).message;
            let words = words.replace(&target, "…");
            Diagnostic::error(
                data::ATTACH_FAILED,
                format!("the database `{name}` cannot be opened"),
            )
            .label(span, "cannot be opened")
            .help("check the path or the connection text")
            .cause(covered(&words))
        })?;
        Ok(None)
    }

    /// Opens an attached database for writing too; the name under which it is written.
    pub(super) fn attach_for_writing(
        &self,
        engine_name: &str,
        span: Span,
    ) -> Result<String, Diagnostic> {
        let mut attached = self.attached.borrow_mut();
        let known = attached.iter_mut().find(|a| a.engine_name == engine_name && a.open.is_some());
        let Some(file) = known else {
            // What a server or SQLite keeps can be opened twice.
            let known = attached.iter().find(|a| a.engine_name == engine_name);
            let Some(source) = known.map(|a| a.source.clone()) else {
                return Ok(engine_name.to_string());
            };
            let name = format!("{engine_name}:written");
            self.open_database(&name, &source, false, span)?;
            return Ok(name);
        };
        let detach = format!("DETACH {}", identifier(engine_name));
        let detached = self.connection.execute_batch(&detach);
        detached.map_err(|e| EngineError::from(e).into_diagnostic(Some(span)))?;
        file.open = None;
        let source = file.source.clone();
        let opened = self.open_database(engine_name, &source, false, span);
        match opened {
            Ok(open) => file.open = open,
            Err(wrong) => {
                file.open =
                    self.open_database(engine_name, &source, true, span).unwrap_or_default();
                return Err(wrong);
            }
        }
        Ok(engine_name.to_string())
    }

    /// Ends what [`Session::attach_for_writing`] began. What cannot be opened again is missed by
    /// whoever reads it next.
    pub(super) fn attach_for_reading(&self, engine_name: &str, written: &str) {
        let detached = self.connection.execute_batch(&format!("DETACH {}", identifier(written)));
        if written != engine_name || detached.is_err() {
            return;
        }
        let mut attached = self.attached.borrow_mut();
        let known = attached.iter_mut().find(|a| a.engine_name == engine_name && a.open.is_some());
        if let Some(file) = known {
            file.open = None;
            let source = file.source.clone();
            file.open =
                self.open_database(engine_name, &source, true, Span::default()).unwrap_or_default();
        }
    }

    /// Loads an extension of the engine from where it is installed; it is fetched only where
    /// `camp.toml` allows that.
    pub(super) fn load_extension(&self, extension: &str, span: Span) -> Result<(), Diagnostic> {
        let name = format!("{extension}.duckdb_extension");
        // Flat, or a folder for each version as wheels and the engine keep them.
        let file = self.options.extension_directory.as_ref().and_then(|dir| {
            [dir.join(&name), dir.join(ENGINE_VERSION).join(&name)].into_iter().find(|f| f.exists())
        });
        let what = match &file {
            Some(file) => literal(&file.to_string_lossy()),
            None => extension.to_string(),
        };
        let load = format!("LOAD {what}");
        let Err(missing) = self.connection.execute_batch(&load) else { return Ok(()) };
        // Scripts of others fetch nothing, whatever their `camp.toml` says.
        let repository = self.options.repository.as_ref().filter(|_| self.fence().is_none());
        let from = match repository {
            Some(Repository::DuckDb) => String::new(),
            Some(Repository::At(place)) => format!(" FROM {}", literal(place)),
            None => {
                return Err(Diagnostic::error(
                    data::EXTENSION_MISSING,
                    format!("the DuckDB extension `{extension}` is not installed"),
                )
                .label(span, "needs the extension")
                .help(format!(
                    "install it once with DuckDB (`INSTALL {extension}`), name the folder that holds \
                     `{extension}.duckdb_extension` in `CAMP_EXTENSION_DIRECTORY`, or allow Camp to \
                     fetch it: `install_extensions = true` in `camp.toml`"
                ))
                .cause(EngineError::from(missing)));
            }
        };
        let install = format!("INSTALL {extension}{from}; LOAD {extension}");
        self.connection.execute_batch(&install).map_err(|error| {
            Diagnostic::error(
                data::EXTENSION_MISSING,
                format!("the DuckDB extension `{extension}` cannot be fetched"),
            )
            .label(span, "needs the extension")
            .help("check `install_extensions` in `camp.toml` and the network")
            .cause(EngineError::from(error))
        })
    }

    /// The engine's name of a database, ignoring case.
    pub(super) fn database_named(&self, name: &str) -> Option<String> {
        let folded = name.to_lowercase();
        if folded == PROJECT {
            return Some(PROJECT.to_string());
        }
        let attached = self.attached.borrow();
        attached.iter().find(|a| a.name.to_lowercase() == folded).map(|a| a.engine_name.clone())
    }

    /// What keeps the tables of a database, by the engine's name.
    pub(super) fn keeper(&self, engine_name: &str) -> Keeper {
        let attached = self.attached.borrow();
        let known = attached.iter().find(|a| a.engine_name == engine_name);
        known.map_or(Keeper::DuckDb, |a| a.source.keeper())
    }

    /// The files of databases that are open beside the project's.
    pub(super) fn attached_files(&self) -> Vec<PathBuf> {
        let held = self.held.borrow();
        let mut files = self.attached_paths();
        files.extend(held.open.iter().filter_map(|a| a.source.file().cloned()));
        files
    }

    pub(super) fn database_names(&self) -> Vec<String> {
        self.attached.borrow().iter().map(|a| a.name.clone()).collect()
    }
}

fn source_of(uri: &str, base: &Path, span: Span) -> Result<Source, Diagnostic> {
    let scheme = uri.split_once(':').map(|(scheme, rest)| (scheme.to_ascii_lowercase(), rest));
    match scheme {
        Some((scheme, rest)) if scheme == "postgres" || scheme == "postgresql" => {
            // libpq knows both a URI and `key=value` pairs.
            let dsn =
                if rest.starts_with("//") { uri.to_string() } else { rest.trim().to_string() };
            Ok(Source::Postgres(dsn))
        }
        Some((scheme, rest)) if scheme == "sqlite" => Ok(Source::Sqlite(local(rest, base))),
        Some((scheme, rest)) if scheme == "duckdb" => Ok(Source::DuckDb(local(rest, base))),
        Some((scheme, rest)) if scheme == "ducklake" => {
            let absolute = |path: &str| {
                let path = local(path, base);
                std::path::absolute(&path).unwrap_or(path)
            };
            Ok(match lake(rest) {
                Lake::Postgres => Source::DuckLake(rest.to_string(), None),
                Lake::Sqlite(path) => {
                    let path = absolute(path);
                    Source::DuckLake(format!("sqlite:{}", path.display()), Some(path))
                }
                Lake::DuckDb(path) => {
                    let path = absolute(path);
                    Source::DuckLake(path.to_string_lossy().into_owned(), Some(path))
                }
            })
        }
        // A single letter is a drive.
        Some((scheme, _))
            if scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Err(Diagnostic::error(
                data::ATTACH_FAILED,
                format!("databases of the kind `{scheme}:` cannot be attached"),
            )
            .label(span, "unknown kind of database")
            .help("use a DuckDB file, `sqlite:path`, `ducklake:path` or `postgres:…`"))
        }
        _ => {
            let path = local(uri, base);
            Ok(if is_sqlite(&path) { Source::Sqlite(path) } else { Source::DuckDb(path) })
        }
    }
}

/// What keeps the catalogue of a DuckLake.
enum Lake<'a> {
    DuckDb(&'a str),
    Sqlite(&'a str),
    Postgres,
}

/// What an address of a DuckLake, behind `ducklake:`, says of its catalogue.
fn lake(address: &str) -> Lake<'_> {
    match address.split_once(':') {
        Some(("sqlite", path)) => Lake::Sqlite(path),
        Some(("postgres" | "postgresql", _)) => Lake::Postgres,
        Some(("duckdb", path)) => Lake::DuckDb(path),
        _ => Lake::DuckDb(address),
    }
}

/// Refuses a file that does not exist: the extension would create it, or say less.
fn existing(path: &Path, span: Span) -> Result<(), Diagnostic> {
    if path.exists() {
        return Ok(());
    }
    Err(Diagnostic::error(
        data::NO_DATABASE,
        format!("the database `{}` does not exist", path.display()),
    )
    .label(span, "no such file")
    .help("check the path"))
}

/// The path as it is when absolute, else from the folder of the script.
fn local(path: &str, base: &Path) -> PathBuf {
    base.join(path.strip_prefix("//").unwrap_or(path))
}

/// Whether a file begins like a SQLite database.
fn is_sqlite(path: &Path) -> bool {
    lock::first_bytes(path).is_some_and(|start: [u8; 16]| &start == b"SQLite format 3\0")
}
