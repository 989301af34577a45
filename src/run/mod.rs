//! Runs: what a plan did, or would do.

pub mod execute;
pub mod exports;
pub mod history;
pub mod publish;
pub mod report;
