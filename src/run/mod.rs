//! Runs: what a plan did, or would do.

pub mod report;
