//! What the engine can say, sorted into kinds that Camp explains.

use crate::diagnostic::{Code, Diagnostic, codes::data};
use crate::secret::covered;
use crate::source::Span;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The memory limit was reached and nothing could be spilled.
    OutOfMemory,
    /// The limit of the spill directory was reached, or it cannot be written.
    SpillFull,
    /// No room on the disk.
    DiskFull,
    /// The user stopped it.
    Interrupted,
    /// A value could not be converted.
    Conversion,
    /// A number or time left the range of its type.
    Overflow,
    /// Two rows of one key where one may be.
    Constraint,
    /// Another connection changed the same thing first.
    Conflict,
    /// A file could not be read or written.
    Io,
    /// Another process holds the file.
    Locked,
    /// Stored data is damaged.
    Corrupt,
    /// A CSV or JSON file is not what it was stated to be.
    Format,
    /// An extension is not there.
    Extension,
    /// Forbidden by `--safe`.
    Forbidden,
    /// A table, column or function that does not exist, or text the engine does not understand: a
    /// mistake of Camp, of a plugin or of a `sql` expression.
    Statement,
    /// Anything else.
    Other,
}

/// An error of the engine. It has no place: the caller knows which part of the script it ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The engine's words, without its advice on its own settings.
    pub message: String,
    /// The engine's words in full.
    pub(super) full: String,
}

impl EngineError {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        EngineError { kind, full: message.clone(), message }
    }

    /// An error in the engine's words.
    pub(super) fn of_text(text: &str) -> Self {
        EngineError { kind: classify(text), message: essence(text), full: text.into() }
    }

    /// The interrupt.
    pub fn interrupted() -> Self {
        EngineError::new(ErrorKind::Interrupted, "interrupted")
    }

    /// As a diagnostic at the part of the script that was being run.
    pub fn into_diagnostic(self, span: Option<Span>) -> Diagnostic {
        let (code, title, label, help): (Code, &str, &str, Option<&str>) = match self.kind {
            ErrorKind::OutOfMemory => (
                data::OUT_OF_MEMORY,
                "the memory limit is too small for this step",
                "needs more memory than allowed",
                Some("raise `memory_limit`, or give `temp_directory` a place to spill to"),
            ),
            ErrorKind::SpillFull => (
                data::SPILL_FULL,
                "no room to spill: the limit `max_temp_directory_size` is reached",
                "needs more room to spill",
                Some(
                    "raise `max_temp_directory_size` or `memory_limit`, or point `temp_directory` \
                     to a larger disk",
                ),
            ),
            ErrorKind::DiskFull => (
                data::DISK_FULL,
                "the disk is full",
                "was writing here",
                Some("free space on the disk, or point `temp_directory` to another one"),
            ),
            ErrorKind::Interrupted => (data::INTERRUPTED, "interrupted", "stopped here", None),
            ErrorKind::Conversion => {
                (data::CONVERSION, "a value cannot be converted", "fails for some value", None)
            }
            ErrorKind::Overflow => {
                (data::OVERFLOW, "a number or a time is too large for its type", "overflows", None)
            }
            ErrorKind::Constraint => (
                data::CONSTRAINT,
                "a row breaks a constraint of its table",
                "breaks a constraint",
                None,
            ),
            ErrorKind::Conflict => (
                data::CONFLICT,
                "another run changed the same data first",
                "was being written here",
                Some("run it again"),
            ),
            ErrorKind::Io => {
                (data::ENGINE_IO, "a file cannot be read or written", "needs the file", None)
            }
            ErrorKind::Locked => (
                data::DATABASE_IN_USE,
                "the database is in use by another program",
                "needs the database",
                Some("wait for the other program, or raise `--wait`"),
            ),
            ErrorKind::Corrupt => (
                data::ENGINE_CORRUPT,
                "stored data is damaged",
                "reads the damaged data",
                Some("restore the file from a backup"),
            ),
            ErrorKind::Format => {
                (data::FILE_CHANGED, "a file cannot be read as it was", "reads the file", None)
            }
            ErrorKind::Extension => (
                data::EXTENSION_MISSING,
                "an extension of the engine is missing",
                "needs the extension",
                None,
            ),
            ErrorKind::Forbidden => {
                (data::SAFE_FORBIDDEN, "this is not allowed under `--safe`", "not allowed", None)
            }
            ErrorKind::Statement | ErrorKind::Other => {
                (data::ENGINE_OTHER, "a step failed in the engine", "failed here", None)
            }
        };
        let mut diagnostic = Diagnostic::error(code, title).maybe_help(help.map(str::to_string));
        if let Some(span) = span {
            diagnostic = diagnostic.label(span, label);
        }
        match self.kind {
            ErrorKind::Interrupted => diagnostic,
            _ => diagnostic.cause(self.message),
        }
    }
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EngineError {}

impl From<duckdb::Error> for EngineError {
    fn from(error: duckdb::Error) -> Self {
        // An address may hold a password.
        EngineError::of_text(&covered(&error.to_string()))
    }
}

/// The kind, by the engine's words: its C interface hands out nothing else.
fn classify(text: &str) -> ErrorKind {
    let has = |part: &str| text.contains(part);
    if has("INTERRUPT Error") || has("Interrupted!") {
        return ErrorKind::Interrupted;
    }
    if has("No space left on device") {
        return ErrorKind::DiskFull;
    }
    if has("max_temp_directory_size") && has("failed to offload") {
        return ErrorKind::SpillFull;
    }
    // Also of what is wrapped in a failed commit, a log that is not replayed, or the end of everything.
    if text.starts_with("Out of Memory")
        || has("* Increasing the memory limit")
        || has("bad allocation")
        || has("Allocation failure")
        || has("std::bad_alloc")
    {
        return ErrorKind::OutOfMemory;
    }
    if has("Conflicting lock is held") || has("Could not set lock on file") {
        return ErrorKind::Locked;
    }
    if has("orrupt database file")
        || has("Corrupt WAL")
        || has("replaying WAL")
        || has("Could not read enough bytes")
    {
        return ErrorKind::Corrupt;
    }
    if has("CSV Error on Line") || has("Malformed JSON") {
        return ErrorKind::Format;
    }
    // «Binder Error: …», «TransactionContext Error: …»: the first words name the class.
    let class = text.split(" Error: ").next().unwrap_or_default();
    match class {
        "Conversion" | "Mismatch Type" => ErrorKind::Conversion,
        "Out of Range" => ErrorKind::Overflow,
        "Invalid Input" if has("out of range") || has("Overflow") => ErrorKind::Overflow,
        "Invalid Input" if has("cast") || has("strptime") || has("parse") => ErrorKind::Conversion,
        "Constraint" => ErrorKind::Constraint,
        "TransactionContext" if has("onflict") => ErrorKind::Conflict,
        "Transaction" | "TransactionContext" if has("onflict") => ErrorKind::Conflict,
        "IO" | "HTTP" => ErrorKind::Io,
        "Missing Extension" => ErrorKind::Extension,
        "Permission" => ErrorKind::Forbidden,
        "Binder" | "Catalog" | "Parser" => ErrorKind::Statement,
        _ => ErrorKind::Other,
    }
}

/// The engine's words up to its advice on settings that Camp sets itself.
fn essence(text: &str) -> String {
    let ends =
        ["\nPossible solutions", "\nPossible fixes", "\nBy default, this setting", "\n\nLINE "];
    let end = ends.iter().filter_map(|mark| text.find(mark)).min().unwrap_or(text.len());
    let text = text[..end].trim_end();
    match text.split_once(". See also https://duckdb.org") {
        Some((before, _)) => before.to_string(),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_the_engines_words() {
        let cases = [
            ("Out of Range Error: Overflow in addition of INT64 (1 + 1)!", ErrorKind::Overflow),
            ("Conversion Error: Could not convert string 'a' to INT32", ErrorKind::Conversion),
            (
                "Out of Memory Error: failed to offload data block of size 256.0 KiB (0 bytes/0 \
                 bytes used).\nThis limit was set by the 'max_temp_directory_size' setting.",
                ErrorKind::SpillFull,
            ),
            ("Out of Memory Error: could not allocate block", ErrorKind::OutOfMemory),
            (
                "TransactionContext Error: Failure while replaying WAL file \"a.db.wal\": Failed to commit: \
                 Failed to allocate block of 262144 bytes (bad allocation)",
                ErrorKind::OutOfMemory,
            ),
            (
                "TransactionContext Error: Failure while replaying WAL file \"a.db.wal\": Failed to commit: \
                 could not allocate block of size 256.0 KiB (3.7 MiB/3.8 MiB used)\n\nPossible solutions:\n\
                 * Increasing the memory limit (SET memory_limit='...GB')",
                ErrorKind::OutOfMemory,
            ),
            ("IO Error: Could not write file \"x\": No space left on device", ErrorKind::DiskFull),
            ("INTERRUPT Error: Interrupted!", ErrorKind::Interrupted),
            (
                "IO Error: Could not set lock on file \"a.db\": Conflicting lock is held in p (PID 1)",
                ErrorKind::Locked,
            ),
            ("IO Error: Corrupt database file: computed checksum 1", ErrorKind::Corrupt),
            ("Catalog Error: Table with name x does not exist!", ErrorKind::Statement),
            ("TransactionContext Error: Catalog write-write conflict", ErrorKind::Conflict),
        ];
        for (text, kind) in cases {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn the_cause_leaves_out_advice_on_settings_camp_sets_itself() {
        let text =
            "Out of Memory Error: could not allocate\n\nPossible solutions:\n* SET threads=X";
        assert_eq!(essence(text), "Out of Memory Error: could not allocate");
    }
}
