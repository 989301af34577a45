//! What the catalogue asks of an engine session.
//!
//! A trait, since the catalogue must stay whole whatever fails, and tests make every single
//! statement of a commit fail.

use crate::diagnostic::Diagnostic;
use crate::engine::duckdb::{EngineError, Session};
use crate::model::value::Value;

/// A session with the project's database attached as `project`.
pub trait Store {
    /// Runs a statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// The engine's.
    fn execute(&self, sql: &str) -> Result<u64, EngineError>;

    /// Runs a query and gives all its rows.
    ///
    /// # Errors
    /// The engine's.
    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, EngineError>;

    /// Whether the project's database file exists.
    fn project_exists(&self) -> bool;

    /// Lets go of the project's file. Nothing happens when it is not attached.
    ///
    /// # Errors
    /// The engine's.
    fn detach_project(&self) -> Result<(), EngineError>;

    /// Attaches the project; for writing, creates its file when there is none. Waits for a lock as
    /// long as configured.
    ///
    /// # Errors
    /// When it is held by another program, or is no database.
    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic>;

    /// Attaches the project for writing, or fails at once when another program holds it.
    ///
    /// # Errors
    /// When it is held by another program, or is no database.
    fn attach_project_now(&self) -> Result<(), Diagnostic>;

    /// Begins a transaction.
    ///
    /// # Errors
    /// The engine's.
    fn begin(&self) -> Result<(), EngineError>;

    /// Commits it.
    ///
    /// # Errors
    /// The engine's.
    fn commit(&self) -> Result<(), EngineError>;

    /// Undoes it.
    ///
    /// # Errors
    /// The engine's.
    fn rollback(&self) -> Result<(), EngineError>;
}

impl Store for Session {
    fn execute(&self, sql: &str) -> Result<u64, EngineError> {
        Session::execute(self, sql)
    }

    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, EngineError> {
        Session::query(self, sql)
    }

    fn project_exists(&self) -> bool {
        Session::project_exists(self)
    }

    fn detach_project(&self) -> Result<(), EngineError> {
        Session::detach_project(self)
    }

    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        Session::attach_project(self, read_only)
    }

    fn attach_project_now(&self) -> Result<(), Diagnostic> {
        Session::attach_project_within(self, false, std::time::Duration::ZERO)
    }

    fn begin(&self) -> Result<(), EngineError> {
        Session::begin(self)
    }

    fn commit(&self) -> Result<(), EngineError> {
        Session::commit(self)
    }

    fn rollback(&self) -> Result<(), EngineError> {
        Session::rollback(self)
    }
}
