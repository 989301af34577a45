//! Engines: they list schemas, print SQL, execute steps. SQL text is made only here.

pub mod duckdb;
