//! The formatter: one style for all scripts. `docs/formatting.md` says which.
//!
//! ```text
//! file ──syntax──▶ statements ──tokens──▶ words ──writer──▶ Doc ──doc──▶ text
//! ```
//!
//! The words of a statement are written out again one by one, comments with them; the tree only
//! says where lines may break. A statement that cannot be read stays as it is.

mod doc;
mod expressions;
mod file;
mod statements;
mod tokens;
mod unit_tests;
mod writer;

#[cfg(test)]
mod tests;

pub use file::{Formatted, format};

/// The columns of a line, where that is possible.
pub const WIDTH: usize = 100;
