//! The whole program: the examples through the library, and what a shell sees of the binary.

mod commands;
mod deliveries;
mod examples;
mod executors;
mod fmt;
mod plugin_faults;
mod plugins;
mod profile;
mod readme;
mod unit_tests;
