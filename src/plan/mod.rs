//! Program → Plan: the SQL steps of a run, work shared between all its audiences.
//!
//! Nothing here does I/O.

pub mod query;

use crate::model::program::Program;

/// Builds the plan of a program.
pub struct Planner<'a> {
    /// What is planned.
    pub program: &'a Program,
}
