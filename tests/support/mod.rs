//! The harness: reads a case, lays out its folder, runs it, compares.

pub mod case;
pub mod compare;
pub mod database;
pub mod drive;
pub mod file_server;
pub mod project;
#[cfg(unix)]
pub mod sources;
pub mod web;
