//! Databases that a script attaches, read-only.

use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::lock::{self, OpenFile};
use super::session::{EngineOptions, PROJECT, Session};
use super::{identifier, literal};
use crate::diagnostic::{Diagnostic, codes::data};
use crate::fence::Breach;
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
    _open: Option<OpenFile>,
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
}

impl Source {
    fn file(&self) -> Option<&PathBuf> {
        match self {
            Source::DuckDb(path) | Source::Sqlite(path) => Some(path),
            Source::Postgres(_) => None,
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
            None => (name.to_string(), self.open_database(name, uri, &source, span)?),
        };
        attached.push(Attached { name: name.to_string(), engine_name, source, _open: open });
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
        match self.open_database(&engine_name, uri, &source, span) {
            Ok(open) => held.open.push(Attached {
                name: engine_name.clone(),
                engine_name,
                source,
                _open: open,
            }),
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
        uri: &str,
        source: &Source,
        span: Span,
    ) -> Result<Option<OpenFile>, Diagnostic> {
        let (extension, target, kind) = match source {
            Source::DuckDb(path) => {
                let EngineOptions { wait, waiting, .. } = self.options;
                return lock::attach(&self.connection, path, name, true, wait, waiting)
                    .map(Some)
                    .map_err(|d| d.label(span, "cannot be opened"));
            }
            Source::Sqlite(path) => {
                if !path.exists() {
                    return Err(Diagnostic::error(
                        data::NO_DATABASE,
                        format!("the database `{}` does not exist", path.display()),
                    )
                    .label(span, "no such file")
                    .help("check the path"));
                }
                ("sqlite_scanner", path.to_string_lossy().into_owned(), "sqlite")
            }
            Source::Postgres(dsn) => ("postgres_scanner", dsn.clone(), "postgres"),
        };
        self.load_extension(extension, span)?;
        let sql =
            format!("ATTACH {} AS {} (TYPE {kind}, READ_ONLY)", literal(&target), identifier(name));
        self.connection.execute_batch(&sql).map_err(|error| {
            // A connection text can hold a password.
            let words = EngineError::from(error).message;
            let words = words.replace(&target, "…").replace(uri, "…");
            Diagnostic::error(
                data::ATTACH_FAILED,
                format!("the database `{name}` cannot be opened"),
            )
            .label(span, "cannot be opened")
            .help("check the path or the connection text")
            .cause(hide_password(&words))
        })?;
        Ok(None)
    }

    /// Loads an extension of the engine from where it is installed; never from the network.
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
        self.connection.execute_batch(&format!("LOAD {what}")).map_err(|error| {
            Diagnostic::error(
                data::EXTENSION_MISSING,
                format!("the DuckDB extension `{extension}` is not installed"),
            )
            .label(span, "needs the extension")
            .help(format!(
                "install it once with DuckDB (`INSTALL {extension}`), or name the folder that holds \
                 `{extension}.duckdb_extension` in `CAMP_EXTENSION_DIRECTORY`"
            ))
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
        // A single letter is a drive.
        Some((scheme, _))
            if scheme.len() > 1 && scheme.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            Err(Diagnostic::error(
                data::ATTACH_FAILED,
                format!("databases of the kind `{scheme}:` cannot be attached"),
            )
            .label(span, "unknown kind of database")
            .help("use a DuckDB file, `sqlite:path` or `postgres:…`"))
        }
        _ => {
            let path = local(uri, base);
            Ok(if is_sqlite(&path) { Source::Sqlite(path) } else { Source::DuckDb(path) })
        }
    }
}

/// The path as it is when absolute, else from the folder of the script.
fn local(path: &str, base: &Path) -> PathBuf {
    base.join(path.strip_prefix("//").unwrap_or(path))
}

/// Whether a file begins like a SQLite database.
fn is_sqlite(path: &Path) -> bool {
    lock::first_bytes(path).is_some_and(|start: [u8; 16]| &start == b"SQLite format 3\0")
}

/// `password=secret` and `user:secret@` without the secret.
fn hide_password(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let shown = if let Some(at) = word.to_ascii_lowercase().find("password=") {
            format!("{}…", &word[..at + "password=".len()])
        } else if let (Some(scheme), Some(at)) = (word.find("://"), word.rfind('@')) {
            format!("{}…{}", &word[..scheme + 3], &word[at..])
        } else {
            word.to_string()
        };
        words.push(shown);
    }
    words.join(" ")
}
