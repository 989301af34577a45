//! The whole program: the examples through the library, and what a shell sees of the binary.

mod commands;
mod conformance;
mod deliveries;
mod examples;
mod new_plugins;
mod plugins;
mod readme;
mod removal;
