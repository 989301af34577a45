//! DuckDB.

pub mod attach;
pub mod csv;
pub mod error;
pub mod files;
mod json;
pub mod lock;
pub mod session;
pub mod spill;
pub mod tables;
pub mod types;
mod typing;

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod tests;

pub use error::{EngineError, ErrorKind};
pub use session::{EngineOptions, Interrupter, Session};

/// An identifier in the engine's quotes.
pub fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text literal of the engine.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
