//! The whole program: the examples through the library, and what a shell sees of the binary.

mod commands;
mod conformance;
mod deliveries;
pub mod examples;
mod executors;
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
mod removal;
mod repl;
mod safe;
mod sharing;
mod terminal;
mod tutorial;
mod unit_tests;
mod why;
