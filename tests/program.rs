//! The whole program: the examples through the library, and what a shell sees of the binary.

mod commands;
mod conformance;
#[cfg(unix)]
mod databases;
mod deliveries;
pub mod examples;
mod executors;
#[cfg(unix)]
mod export_tables;
mod fmt;
mod graph;
mod hostile;
mod keep_going;
mod new_plugins;
mod operations;
mod plans;
mod plugin_faults;
mod plugins;
mod profile;
mod readme;
mod rejects;
#[cfg(unix)]
mod remote;
mod removal;
mod repl;
mod safe;
mod sharing;
mod terminal;
mod tutorial;
mod unit_tests;
mod why;
