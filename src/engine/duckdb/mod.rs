//! DuckDB.

pub mod functions;
