//! The whole program: the examples through the library, and what a shell sees of the binary.

mod commands;
mod conformance;
mod deliveries;
mod examples;
mod executors;
mod fmt;
mod hostile;
mod new_plugins;
mod operations;
mod plugin_faults;
mod plugins;
mod profile;
mod readme;
mod removal;
mod safe;
mod unit_tests;
