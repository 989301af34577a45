//! Database files: which are open in this process, and what it means when one cannot be attached.
//!
//! DuckDB's lock on a file belongs to the process. Opening the file a second time in it is not
//! refused, and closing any other handle on it drops the lock, so that another writer gets in. Hence
//! one registry of all files that are open here, and nothing in this process reads their bytes.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use duckdb::Connection;

use super::error::{EngineError, ErrorKind};
use super::{identifier, literal};
use crate::diagnostic::{Diagnostic, codes::data};

/// Hears, once, which program is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Listener(pub fn(&str));

impl PartialEq for Listener {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

/// How long a program is waited for before that is told.
const TOLD_AFTER: Duration = Duration::from_millis(500);

static OPEN: Mutex<Vec<Identity>> = Mutex::new(Vec::new());

/// A file, by its path and, once it exists, by its place on the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity {
    path: PathBuf,
    inode: Option<(u64, u64)>,
}

impl Identity {
    fn of(path: &Path) -> Identity {
        Identity { path: canonical(path), inode: inode(path) }
    }

    fn is(&self, other: &Identity) -> bool {
        self.path == other.path || (self.inode.is_some() && self.inode == other.inode)
    }
}

#[cfg(unix)]
fn inode(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|m| (m.dev(), m.ino()))
}

#[cfg(not(unix))]
fn inode(_: &Path) -> Option<(u64, u64)> {
    None
}

/// The path without links and dots, also of a file that does not exist yet.
pub(super) fn canonical(path: &Path) -> PathBuf {
    if let Ok(path) = path.canonicalize() {
        return path;
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (parent.canonicalize(), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_path_buf(),
    }
}

/// Whether two paths are one file.
pub fn same_file(a: &Path, b: &Path) -> bool {
    Identity::of(a).is(&Identity::of(b))
}

/// Whether this process has the file open as a database; its bytes must not be read then.
pub fn is_open(path: &Path) -> bool {
    let identity = Identity::of(path);
    registry().iter().any(|open| open.is(&identity))
}

/// The first bytes of a file that is not open as a database here; nothing for one that is.
pub fn first_bytes<const N: usize>(path: &Path) -> Option<[u8; N]> {
    use std::io::Read;
    let identity = Identity::of(path);
    // Held while reading: no session may attach the file in between.
    let open = registry();
    if open.iter().any(|o| o.is(&identity)) {
        return None;
    }
    let mut start = [0; N];
    std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start)).ok()?;
    Some(start)
}

fn registry() -> std::sync::MutexGuard<'static, Vec<Identity>> {
    // A panic while it was held leaves a list that is still right.
    OPEN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The right to have a file open; given back when dropped, which must be after detaching.
#[derive(Debug)]
pub struct OpenFile(Identity);

impl OpenFile {
    fn claim(path: &Path) -> Option<OpenFile> {
        let identity = Identity::of(path);
        let mut open = registry();
        if open.iter().any(|o| o.is(&identity)) {
            return None;
        }
        open.push(identity.clone());
        Some(OpenFile(identity))
    }

    /// Takes up the inode of a file that attaching created.
    fn created(&mut self) {
        let fresh = Identity { path: self.0.path.clone(), inode: inode(&self.0.path) };
        if let Some(open) = registry().iter_mut().find(|o| **o == self.0) {
            *open = fresh.clone();
        }
        self.0 = fresh;
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        registry().retain(|open| *open != self.0);
    }
}

/// Attaches a DuckDB file, waiting up to `wait` while another program holds it.
///
/// # Errors
/// One clear diagnostic for each way it can fail.
pub fn attach(
    connection: &Connection,
    path: &Path,
    name: &str,
    read_only: bool,
    wait: Duration,
    waiting: Option<Listener>,
) -> Result<OpenFile, Diagnostic> {
    let mode = if read_only { "READ_ONLY" } else { "READ_WRITE" };
    let sql = format!(
        "ATTACH {} AS {} (TYPE duckdb, {mode})",
        literal(&path.to_string_lossy()),
        identifier(name)
    );
    let begun = Instant::now();
    let deadline = begun + wait;
    let mut untold = waiting;
    let mut pause = Duration::from_millis(10);
    loop {
        let failure = match OpenFile::claim(path) {
            None => Diagnostic::error(
                data::DATABASE_OPEN_TWICE,
                format!("the database `{}` is open already in this program", path.display()),
            ),
            Some(mut open) => match connection.execute_batch(&sql) {
                Ok(()) => {
                    open.created();
                    return Ok(open);
                }
                Err(error) => explain(path, error.into()),
            },
        };
        let busy =
            failure.code == data::DATABASE_IN_USE || failure.code == data::DATABASE_OPEN_TWICE;
        if !busy || Instant::now() >= deadline {
            return Err(failure);
        }
        // Commits of others are short: nobody is told of those.
        if begun.elapsed() >= TOLD_AFTER
            && let Some(tell) = untold.take()
        {
            (tell.0)(&failure.title);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

/// Why a file cannot be attached.
fn explain(path: &Path, error: EngineError) -> Diagnostic {
    // What is lacking while a log is replayed is no fault of the log.
    if matches!(error.kind, ErrorKind::OutOfMemory | ErrorKind::SpillFull | ErrorKind::DiskFull) {
        return error.into_diagnostic(None);
    }
    let text = error.full.as_str();
    let file = path.display();
    let has = |part: &str| text.contains(part);
    if has("Conflicting lock is held") || has("Could not set lock on file") {
        let holder = text
            .split_once("Conflicting lock is held in ")
            .map(|(_, rest)| rest.split(". See also").next().unwrap_or(rest).trim())
            .filter(|holder| !holder.is_empty());
        let by = holder.map_or("another program".to_string(), |h| format!("`{h}`"));
        return Diagnostic::error(
            data::DATABASE_IN_USE,
            format!("the database `{file}` is in use by {by}"),
        )
        .help("close the other program, or wait longer with `--wait`")
        .cause(&error.message);
    }
    let (code, title, help) = if has("not a valid DuckDB database file") {
        let help = if has_sqlite_name(path) {
            "attach a SQLite file with `database name = \"sqlite:path\"`"
        } else {
            "check the path"
        };
        (data::NOT_A_DATABASE, format!("`{file}` is not a DuckDB database"), help)
    } else if has("database file with version number")
        || has("greater than the latest version supported")
        || has("Failed to read WAL of version")
    {
        (
            data::DATABASE_NEWER,
            format!("the database `{file}` was written by a newer version of DuckDB"),
            "use a newer Camp, or write the database again with an older storage version",
        )
    } else if has("WAL") || has("wal\"") {
        (
            data::DATABASE_LOG_DAMAGED,
            format!("the write-ahead log `{file}.wal` is damaged"),
            "copy the database and its `.wal` to a safe place, then restore both from a backup",
        )
    } else if has("orrupt") || has("Could not read enough bytes") || has("checksum") {
        (
            data::DATABASE_CORRUPT,
            format!("the database `{file}` is damaged"),
            "keep the file and its `.wal` as they are and restore both from a backup",
        )
    } else if has("Permission denied") || has("Read-only file system") {
        (
            data::DATABASE_ACCESS,
            format!("no permission to open the database `{file}`"),
            "check the permissions of the file and its folder",
        )
    } else if has("Is a directory") || path.is_dir() {
        (
            data::DATABASE_ACCESS,
            format!("`{file}` is a folder, not a database"),
            "name the database file",
        )
    } else if has("does not exist") || has("No such file") {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.exists());
        match folder {
            Some(folder) => (
                data::DATABASE_ACCESS,
                format!("the folder `{}` does not exist", folder.display()),
                "create the folder first",
            ),
            None => (
                data::NO_DATABASE,
                format!("the database `{file}` does not exist"),
                "check the path",
            ),
        }
    } else {
        (data::ATTACH_FAILED, format!("the database `{file}` cannot be opened"), "check the path")
    };
    Diagnostic::error(code, title).help(help).cause(&error.message)
}

fn has_sqlite_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| {
        ["sqlite", "sqlite3", "db3"].iter().any(|known| e.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(words: &str) -> Diagnostic {
        explain(Path::new("x.db"), EngineError::of_text(words))
    }

    #[test]
    fn a_log_that_there_is_no_memory_or_room_to_replay_is_not_called_damaged() {
        let replaying = "Failure while replaying WAL file \"x.db.wal\": ";
        for (words, code) in [
            (
                "Failed to commit: Failed to allocate block of 262144 bytes (bad allocation)",
                data::OUT_OF_MEMORY,
            ),
            ("Could not write file \"x.db\": No space left on device", data::DISK_FULL),
            ("Attempting to read past the end of the file", data::DATABASE_LOG_DAMAGED),
        ] {
            let words = format!("TransactionContext Error: {replaying}{words}");
            assert_eq!(explained(&words).code, code, "{words}");
        }
    }

    // A newer file cannot be made here: these are the engine's words for one.
    #[test]
    fn a_newer_file_is_not_called_damaged() {
        for words in [
            "IO Error: Trying to read a database file with version number 99, but we can only read \
             versions between 64 and 68.",
            "Error opening \"x.db\": file was written with a storage version greater than the latest \
             version supported by this DuckDB instance.",
            "IO Error: Failed to read WAL of version 9 - can only read version 1, 2 and 3",
        ] {
            assert_eq!(explained(words).code, data::DATABASE_NEWER, "{words}");
        }
    }

    #[test]
    fn a_forbidden_file_is_a_matter_of_permissions() {
        let words = "IO Error: Cannot open file \"x.db\": Permission denied";
        let diagnostic = explained(words);
        assert_eq!(diagnostic.code, data::DATABASE_ACCESS);
        assert!(diagnostic.title.contains("permission"));
    }

    #[test]
    fn a_file_is_claimed_once_until_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let open = OpenFile::claim(&path).unwrap();
        assert!(OpenFile::claim(&dir.path().join(".").join("a.db")).is_none());
        assert!(is_open(&path));
        drop(open);
        assert!(!is_open(&path));
    }
}
