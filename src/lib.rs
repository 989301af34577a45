//! Camp: a language for marketing audiences, and its interpreter on DuckDB.
