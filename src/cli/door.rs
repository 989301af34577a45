//! The front door as the commands use it.

pub use crate::session::{ExplainedStep, Interrupter, Session, Settings, Stage};
