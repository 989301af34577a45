//! Tests of campaigns: what a test gives becomes tables in memory, the campaign runs over them, and
//! its populations are compared with what the test expects.
//!
//! ```text
//! test ──check──▶ Program over given tables ──plan──▶ run in memory ──compare──▶ TestReport
//! ```

pub mod compare;
pub mod data;

use serde::Serialize;

use crate::diagnostic::Diagnostic;

/// What became of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Everything is as expected.
    Passed,
    /// Something is not.
    Failed,
    /// It could not be run.
    Error,
}

/// A test and what became of it.
#[derive(Clone, Debug, Serialize)]
pub struct TestReport {
    /// As the user named the file.
    pub file: String,
    /// What the test shows, in words.
    pub label: String,
    /// Its first line, from 1.
    pub line: usize,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub millis: u64,
    /// The expectations that do not hold.
    pub failures: Vec<Failure>,
    /// Why it could not be run.
    #[serde(skip)]
    pub errors: Vec<Diagnostic>,
}

/// An expectation that does not hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    /// Its line, from 1.
    pub line: usize,
    /// As written, on one line.
    pub expectation: String,
    /// What is different, a line each.
    pub details: Vec<String>,
}
