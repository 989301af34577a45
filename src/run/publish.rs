//! `publish`: a copy of the project's database for readers that are always open, replaced by a
//! rename after each commit, so that they never hold the file that a run has to write.

use std::fs;
use std::path::Path;

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
    let _ = fs::remove_file(beside);
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
        // Left behind only when it cannot be removed either.
        for suffix in ["", ".wal", ".wal.checkpoint"] {
            let mut path = beside.as_os_str().to_owned();
            path.push(suffix);
            let _ = fs::remove_file(path);
        }
    }
    result
}
