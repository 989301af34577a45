//! `publish`: a copy of the project's database for readers that are always open, replaced by a
//! rename after each commit, so that they never hold the file that a run has to write.

use std::fs;
use std::path::Path;

use crate::diagnostic::{Diagnostic, codes};
use crate::engine::duckdb::{Session as Engine, print};
use crate::fault;

use super::exports::beside;

/// The name the copy is attached under while it is written.
const COPY: &str = "published";

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
        let _ = fs::remove_file(beside);
    }
    result
}
