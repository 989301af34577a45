//! Runs: what a plan did, or would do.

mod deliver;
pub mod execute;
mod expectations;
pub mod exports;
pub mod for_each;
pub mod history;
pub mod limits;
pub mod publish;
pub mod report;
pub mod saved_plan;
