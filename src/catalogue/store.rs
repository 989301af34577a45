//! What the catalogue asks of an engine session.
//!
//! A trait, since the catalogue must stay whole whatever fails, and tests make every single
//! statement of a commit fail.

use std::fmt;

use crate::diagnostic::Diagnostic;
use crate::engine::duckdb::{EngineError, Session};
use crate::model::value::Value;

/// The engine's own words about a statement that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError(pub String);

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A session with the project's database attached as `project`.
pub trait Store {
    /// Runs a statement; gives the number of rows it changed.
    ///
    /// # Errors
    /// The engine's.
    fn execute(&self, sql: &str) -> Result<u64, StoreError>;

    /// Runs a query and gives all its rows.
    ///
    /// # Errors
    /// The engine's.
    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError>;

    /// Whether the project's database file exists.
    fn project_exists(&self) -> bool;

    /// Lets go of the project's file. Nothing happens when it is not attached.
    ///
    /// # Errors
    /// The engine's.
    fn detach_project(&self) -> Result<(), StoreError>;

    /// Attaches the project; for writing, creates its file when there is none. Waits for a lock as
    /// long as configured.
    ///
    /// # Errors
    /// When it is held by another program, or is no database.
    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic>;

    /// Begins a transaction.
    ///
    /// # Errors
    /// The engine's.
    fn begin(&self) -> Result<(), StoreError>;

    /// Commits it.
    ///
    /// # Errors
    /// The engine's.
    fn commit(&self) -> Result<(), StoreError>;

    /// Undoes it.
    ///
    /// # Errors
    /// The engine's.
    fn rollback(&self) -> Result<(), StoreError>;
}

impl Store for Session {
    fn execute(&self, sql: &str) -> Result<u64, StoreError> {
        Session::execute(self, sql).map_err(StoreError::from)
    }

    fn query(&self, sql: &str) -> Result<Vec<Vec<Value>>, StoreError> {
        Session::query(self, sql).map_err(StoreError::from)
    }

    fn project_exists(&self) -> bool {
        Session::project_exists(self)
    }

    fn detach_project(&self) -> Result<(), StoreError> {
        Session::detach_project(self).map_err(StoreError::from)
    }

    fn attach_project(&self, read_only: bool) -> Result<(), Diagnostic> {
        Session::attach_project(self, read_only)
    }

    fn begin(&self) -> Result<(), StoreError> {
        Session::begin(self).map_err(StoreError::from)
    }

    fn commit(&self) -> Result<(), StoreError> {
        Session::commit(self).map_err(StoreError::from)
    }

    fn rollback(&self) -> Result<(), StoreError> {
        Session::rollback(self).map_err(StoreError::from)
    }
}

impl From<EngineError> for StoreError {
    fn from(error: EngineError) -> Self {
        StoreError(error.message)
    }
}
