//! The whole program: the examples through the library, and what a shell sees of the binary.

#![allow(clippy::unwrap_used)]

mod commands;
mod examples;
mod readme;
