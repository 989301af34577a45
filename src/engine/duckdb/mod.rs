//! DuckDB.

mod answers;
pub mod attach;
mod bytes;
pub mod csv;
pub mod error;
pub mod files;
pub mod functions;
mod json;
pub mod lock;
pub mod measure;
pub mod print;
pub mod profile;
pub mod rejects;
mod remarks;
pub mod session;
mod set_aside;
pub mod spill;
mod statistics;
mod store;
pub mod tables;
pub mod targets;
pub mod types;
mod typing;

#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod tests;

pub use error::{EngineError, ErrorKind};
pub use print::{identifier, text as literal};
pub use session::{EngineOptions, Interrupter, Session};
