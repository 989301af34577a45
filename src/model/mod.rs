//! What a checked campaign speaks of: types and values, dimensions and links, typed expressions,
//! the function catalogue, and the [`Program`](program::Program) that binds them together.
//!
//! Nothing here knows the engine or does I/O.

pub mod expr;
pub mod format;
pub mod functions;
pub mod label;
pub mod program;
pub mod schema;
pub mod types;
pub mod unit_test;
pub mod value;
