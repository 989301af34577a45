//! `publish`: a copy of the project's database for readers that are always open, replaced by a
//! rename after each commit, so that they never hold the file that a run has to write.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::lock::{first_bytes, same_file};
use crate::engine::duckdb::{Session as Engine, print};
use crate::fault;

use super::exports::beside;

/// The name the copy is attached under while it is written.
const COPY: &str = "published";

/// Why a file must not be replaced by the copy: what somebody wrote by mistake would be gone. Asked
/// before the project is opened.
pub fn refused(copy: &Path, database: Option<&Path>) -> Option<&'static str> {
    if copy.is_dir() {
        return Some("is a folder");
    }
    if database.is_some_and(|database| database == copy || same_file(database, copy)) {
        return Some("is the project's own database");
    }
    let is_database = first_bytes(copy).is_some_and(|head: [u8; 12]| head.ends_with(b"DUCK"));
    // An empty file has nothing to lose.
    let is_empty = || copy.metadata().is_ok_and(|m| m.is_file() && m.len() == 0);
    let replaces_nothing = is_database || copy.symlink_metadata().is_err() || is_empty();
    (!replaces_nothing).then_some("is no database, and would be replaced")
}

/// A copy that was just finished is renamed at once; what is older than this and held by nobody was
/// left by a run that was killed.
const LEFT_BEHIND: Duration = Duration::from_secs(60);

/// Replaces the copy. The project is detached before and after.
///
/// # Errors
/// A warning: the run itself is committed.
pub fn publish(engine: &Engine, copy: &Path) -> Result<(), Diagnostic> {
    let failed = |cause: &dyn std::fmt::Display| {
        Diagnostic::warning(
            codes::warnings::NOT_PUBLISHED,
            format!("The copy for readers `{}` was not replaced", copy.display()),
        )
        .help("check that the folder of `publish` can be written")
        .cause(cause)
    };
    if engine.attached_paths().iter().any(|attached| same_file(attached, copy)) {
        return Err(failed(&"it is a database that the campaign reads"));
    }
    let beside = &beside(copy);
    // Whatever has that name is not ours: this process has just been given its number.
    remove(beside);
    remove_left_behind(copy);
    engine.attach_project(true)?;
    let written = (|| {
        // Through the engine, under its read lock: a copy of the bytes could be torn by a writer.
        let path = print::text(&beside.to_string_lossy());
        engine.execute(&format!("ATTACH {path} AS {COPY}"))?;
        let copied = engine.execute(&format!("COPY FROM DATABASE project TO {COPY}"));
        engine.execute(&format!("DETACH {COPY}"))?;
        copied
    })();
    let detached = engine.detach_project();
    let result = written
        .map_err(|e| failed(&e.message))
        .and_then(|_| detached.map_err(|e| failed(&e.message)))
        .and_then(|()| {
            fault::step("publish");
            fs::rename(beside, copy).map_err(|e| failed(&e))
        });
    if result.is_err() {
        remove(beside);
    }
    result
}

/// The log that the engine keeps beside a database.
fn log_of(database: &Path) -> PathBuf {
    let mut log = OsString::from(database);
    log.push(".wal");
    PathBuf::from(log)
}

/// Removes a copy that is not finished, and its log: neither stays unless it cannot be removed.
fn remove(unfinished: &Path) {
    let _ = fs::remove_file(unfinished);
    let _ = fs::remove_file(log_of(unfinished));
}

/// Removes copies that runs were killed over: each is as large as the database.
fn remove_left_behind(copy: &Path) {
    let folder = copy.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = copy.file_name().and_then(|n| n.to_str()) else { return };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let Some(part) = found.to_str().map(|f| f.strip_suffix(".wal").unwrap_or(f)) else {
            continue;
        };
        let process = part.strip_prefix(&format!(".{name}.")).and_then(|p| p.strip_suffix(".part"));
        if !process.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit())) {
            continue;
        }
        let age = entry.metadata().and_then(|m| m.modified()).ok().and_then(|m| m.elapsed().ok());
        let part = folder.join(part);
        if age.is_some_and(|age| age > LEFT_BEHIND) && !is_held(&part) {
            remove(&part);
        }
    }
}

/// Whether another process has the database open: the engine locks it for as long.
#[cfg(unix)]
fn is_held(database: &Path) -> bool {
    use std::os::fd::AsRawFd;
    let Ok(file) = fs::File::open(database) else { return false };
    // SAFETY: all-zero is a value of it.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as libc::c_short;
    lock.l_whence = libc::SEEK_SET as libc::c_short;
    // SAFETY: an open file, and a lock to ask about that outlives the call.
    let asked = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GETLK, &mut lock) };
    asked != 0 || lock.l_type != libc::F_UNLCK as libc::c_short
}

/// An open file cannot be removed there.
#[cfg(not(unix))]
fn is_held(_: &Path) -> bool {
    false
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::os::fd::AsRawFd;
    use std::time::SystemTime;

    use super::*;

    fn made(path: &Path, seconds: u64) {
        let file = fs::File::options().create(true).append(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn what_a_killed_run_left_of_its_copy_goes_and_nothing_else_does() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        // Held as the engine holds a copy that takes long; such a lock is seen within one process too.
        let held = at(".read.duckdb.8.part");
        made(&held, 500);
        let holder = fs::File::options().write(true).open(&held).unwrap();
        // SAFETY: all-zero is a value of it: a lock of the whole file.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as libc::c_short;
        // SAFETY: an open file, and a lock that outlives the call.
        let locked = unsafe { libc::fcntl(holder.as_raw_fd(), libc::F_OFD_SETLK, &lock) };
        assert_eq!(locked, 0);
        let stays = [".read.duckdb.7.part", ".read.duckdb.x.part", ".other.duckdb.5.part"];
        let goes = [".read.duckdb.5.part", ".read.duckdb.5.part.wal", ".read.duckdb.6.part.wal"];
        stays.iter().for_each(|name| made(&at(name), if name.contains(".7.") { 5 } else { 500 }));
        goes.iter().for_each(|name| made(&at(name), 500));
        made(&at("read.duckdb"), 500);
        remove_left_behind(&at("read.duckdb"));
        assert!(held.exists(), "another run is still writing it");
        drop(holder);
        remove_left_behind(&at("read.duckdb"));
        assert!(goes.iter().chain([&".read.duckdb.8.part"]).all(|name| !at(name).exists()));
        assert!(stays.iter().chain([&"read.duckdb"]).all(|name| at(name).exists()));
    }
}
