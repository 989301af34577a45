//! Camp: a language for marketing audiences, and its interpreter on DuckDB.
//!
//! ```text
//! text ──syntax──▶ Ast ──check──▶ Program ──plan──▶ Plan ──run──▶ RunReport
//! ```
//!
//! Each arrow is one pass in its own folder. A pass returns a value **and** diagnostics; nothing
//! before the run does I/O except reading schemas through [`model::schema::World`].

// What the grammar's derive writes names it: pest is built without `std`.
extern crate alloc;

pub mod activity;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod engine;
mod fault;
pub mod fence;
pub mod fmt;
#[cfg(test)]
mod generated;
pub mod graph;
pub mod model;
mod numbers;
pub mod plan;
pub mod plugin;
pub mod profile;
pub(crate) mod repl;
pub mod run;
mod secret;
pub mod session;
pub mod source;
pub mod syntax;
mod terminal;
pub mod unit_tests;
pub mod why;
