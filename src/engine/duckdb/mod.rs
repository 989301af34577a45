//! DuckDB.

pub mod functions;
pub mod print;
